//! What must be true of primary-backup replication.

use super::{
    Command, Failover, History, Member, Phase, PrimaryBackup, Replica, Server, State, View, name,
    progress,
};
use crate::model::{
    Answer, Assumption, Id, NodeSet, Nodes, OneNode, Predicate, Property, Protocol, Reason, Step,
    StepAnswer, TwoNodes,
};

pub fn properties(protocol: &PrimaryBackup) -> Vec<Property<PrimaryBackup>> {
    let mut all = safety(protocol);
    if protocol.is_static() {
        // Budhiraja et al. 1993: whoever has only time to tell a failure by needs bounds on delays.
        let bounded = [
            Assumption::Synchrony,
            Assumption::NoLoss,
            Assumption::NoCut,
            Assumption::CrashStop,
        ];
        all = all.into_iter().map(|p| p.assuming(bounded)).collect();
    }
    // Whoever goes back breaks its own rule, whatever others do.
    all.push(Property::always(
        "monotone-views",
        "A server never goes back to an earlier view while it is up.",
        "MIT 6.824, lab 2A; Liskov & Cowling 2012, 4",
        Predicate::Step("monotone-views", monotone_views),
    ));
    all.extend(progress::properties(protocol));
    all
}

fn safety(protocol: &PrimaryBackup) -> Vec<Property<PrimaryBackup>> {
    let mut all = match protocol.params.failover {
        Failover::Elected => of_elected(),
        Failover::Static | Failover::ViewService => of_pairs(),
    };
    all.push(Property::always(
        "exactly-once",
        "No command of a client is executed twice.",
        "MIT 6.824, lab 2B; Liskov & Cowling 2012, 4.1",
        Predicate::EachNode(servers, exactly_once),
    ));
    all.push(Property::always(
        "linearizability",
        "Each operation of a client appears to take effect at one moment between its invocation and its response.",
        "Herlihy & Wing 1990; CSE 452, lab 2",
        Predicate::History(linearizability),
    ));
    if protocol.service.is_some() {
        all.push(Property::always(
            "succession",
            "The primary of a view was primary or backup of the one before.",
            "MIT 6.824, lab 2A",
            Predicate::History(succession),
        ));
    }
    all
}

/// Of servers that elect their primary.
fn of_elected() -> Vec<Property<PrimaryBackup>> {
    vec![
        Property::always(
            "acknowledged-is-kept",
            "Whatever a client was answered is in the log of the primary of the latest view, if it is up.",
            "Liskov & Cowling 2012, 4.2",
            Predicate::Nodes(acknowledged_is_kept),
        ),
        Property::always(
            "executed-alike",
            "No two servers execute different commands at the same place.",
            "Liskov & Cowling 2012, 4",
            Predicate::EveryTwo(servers, executed_alike),
        ),
    ]
}

/// Of a primary with one backup.
fn of_pairs() -> Vec<Property<PrimaryBackup>> {
    vec![
        Property::always(
            "acknowledged-is-kept",
            "Whatever a client was answered was executed by the primary, if it is up.",
            "Alsberg & Day 1976; MIT 6.824, lab 2B",
            Predicate::Nodes(acknowledged_is_kept),
        ),
        Property::always(
            "backup-has-all",
            "While a primary serves, its backup has the state, and all that the primary has executed, in the same order.",
            "Alsberg & Day 1976; MIT 6.824, lab 2B",
            Predicate::Nodes(backup_has_all),
        ),
        Property::always(
            "one-serves-alone",
            "At most one server serves without a backup.",
            "Budhiraja et al. 1993: at most one primary at any time",
            Predicate::Nodes(one_serves_alone),
        ),
    ]
}

fn servers(protocol: &PrimaryBackup) -> NodeSet {
    protocol.servers
}

/// The servers that are up.
pub(super) fn running<'a>(
    protocol: &'a PrimaryBackup,
    nodes: &'a Nodes<'_, PrimaryBackup>,
) -> impl Iterator<Item = (Id, &'a Server)> {
    let server = |id| Some((id, nodes.state(id)?.server()?));
    protocol.servers.iter().filter_map(server)
}

/// The server that a view names, if it is up and has not come back with nothing since.
pub(super) fn as_named<'a>(nodes: &Nodes<'a, PrimaryBackup>, member: Member) -> Option<&'a Server> {
    let server = nodes.state(member.server)?.server()?;
    (server.incarnation == member.incarnation).then_some(server)
}

/// The servers that act as primary, and what they have: of the view that is acknowledged; of a static pair, whoever
/// serves in the latest view; of servers that elect, whoever was elected last.
fn acting<'a>(
    protocol: &'a PrimaryBackup,
    nodes: &'a Nodes<'_, PrimaryBackup>,
) -> Vec<(Id, &'a [Command])> {
    let of = |(id, server): (Id, &'a Server)| (id, &server.copy.log[..]);
    match (protocol.params.failover, protocol.service) {
        (Failover::ViewService, Some(service)) => {
            let view = match nodes.state(service) {
                Some(State::Service(service)) if service.acknowledged => service.view,
                _ => None,
            };
            let primary = |view: View| {
                let server = as_named(nodes, view.primary)?;
                (server.view == Some(view)).then_some(of((view.primary.server, server)))
            };
            view.and_then(primary).into_iter().collect()
        }
        (Failover::Elected, _) => {
            let id = protocol.primary_of(nodes.history().elected);
            let replica = nodes.state(id).and_then(State::replica);
            let leads = |replica: &&Replica| {
                replica.is_primary() && replica.view == nodes.history().elected
            };
            let acts = replica.filter(leads).map(|replica| (id, &replica.log[..]));
            acts.into_iter().collect()
        }
        (Failover::Static | Failover::ViewService, _) => {
            let serving = || running(protocol, nodes).filter(|(_, server)| server.serves());
            let latest = serving().map(|(_, server)| server.number()).max();
            let acts = |(_, server): &(Id, &Server)| Some(server.number()) == latest;
            serving().filter(acts).map(of).collect()
        }
    }
}

fn acknowledged_is_kept(protocol: &PrimaryBackup, nodes: &Nodes<'_, PrimaryBackup>) -> Answer {
    let answered = &nodes.history().answered;
    if answered.is_empty() {
        return Ok(());
    }
    for (id, log) in acting(protocol, nodes) {
        let mut lost = answered.iter().filter(|command| !log.contains(command));
        if let Some(command) = lost.next() {
            let name = name(id);
            let text = format!("{name} is primary without {command:?}, which was answered");
            return Err(Reason::new(NodeSet::only(id), text));
        }
    }
    Ok(())
}

fn backup_has_all(protocol: &PrimaryBackup, nodes: &Nodes<'_, PrimaryBackup>) -> Answer {
    for (id, primary) in running(protocol, nodes).filter(|(_, server)| server.serves()) {
        let Some(member) = primary.its_backup() else {
            continue;
        };
        let Some(backup) = as_named(nodes, member).filter(|backup| backup.view == primary.view)
        else {
            continue;
        };
        let has_all = backup.has_state() && backup.copy.log.starts_with(&primary.copy.log);
        let set = NodeSet::only(id).with(member.server);
        Reason::unless(has_all, set, || {
            let (primary, name) = (&primary.copy, name(id));
            let there = &backup.copy;
            format!(
                "{name} serves and has executed {primary:?}, and its backup {member:?} {there:?}"
            )
        })?;
    }
    Ok(())
}

fn one_serves_alone(protocol: &PrimaryBackup, nodes: &Nodes<'_, PrimaryBackup>) -> Answer {
    let is_alone = |server: &Server| server.serves() && server.its_backup().is_none();
    let alone = running(protocol, nodes).filter(|(_, server)| is_alone(server));
    let alone: NodeSet = alone.map(|(id, _)| id).collect();
    Reason::unless(alone.len() <= 1, alone, || {
        format!(
            "{} each serve without a backup",
            protocol.cluster().names(alone)
        )
    })
}

fn exactly_once(_: &PrimaryBackup, node: &OneNode<'_, PrimaryBackup>) -> Answer {
    let Some(copy) = node.state().and_then(State::copy) else {
        return Ok(());
    };
    let log = &copy.log;
    let mut places = log.iter().enumerate();
    let again = places.find(|(at, command)| log[..*at].contains(command));
    Reason::against(again.map(|(_, command)| {
        let name = name(node.id);
        let text = format!("{name} has executed {command:?} twice");
        (NodeSet::only(node.id), text)
    }))
}

fn linearizability(_: &PrimaryBackup, history: &History) -> Answer {
    match history.clients.verdict() {
        Ok(()) => Ok(()),
        Err(broken) => Err(Reason::new(NodeSet::EMPTY, broken.to_string())),
    }
}

fn succession(_: &PrimaryBackup, history: &History) -> Answer {
    Reason::against(history.jumped.map(|(view, before)| {
        let text = format!("view {view:?} came after view {before:?}");
        let primary = NodeSet::only(view.primary.server);
        (primary, text)
    }))
}

fn monotone_views(_: &PrimaryBackup, step: &Step<'_, PrimaryBackup>) -> StepAnswer {
    let numbers = step
        .states()
        .and_then(|(before, after)| Some((before.number()?, after.number()?)));
    match numbers {
        Some((before, after)) if after < before => Err("went back to an earlier view".to_owned()),
        _ => Ok(()),
    }
}

fn executed_alike(_: &PrimaryBackup, nodes: &TwoNodes<'_, PrimaryBackup>) -> Answer {
    let Some([Some(one), Some(other)]) = nodes.states().map(|both| both.map(State::copy)) else {
        return Ok(());
    };
    let mut places = one.log.iter().zip(&other.log);
    let at = places.position(|(here, there)| here != there);
    Reason::against(at.map(|at| {
        let [first, second] = nodes.ids;
        let text = format!(
            "{} has executed {:?} at place {}, and {} {:?}",
            name(first),
            one.log[at],
            at + 1,
            name(second),
            other.log[at]
        );
        (NodeSet::only(first).with(second), text)
    }))
}

/// Whether a primary waits for its backup.
pub(super) fn awaits_backup(server: &Server) -> bool {
    server
        .primary()
        .is_some_and(|primary| !matches!(primary.phase, Phase::Serving { forwarded: None }))
}
