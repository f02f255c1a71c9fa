//! What rests on the disks, who decides, and what clients may expect.

use smallvec::SmallVec;

use super::{running, value_at};
use crate::model::cluster::enumerate;
use crate::model::{Answer, Disks, Id, NodeSet, Nodes, Predicate, Property, Reason};
use crate::protocols::clients::name;
use crate::protocols::raft::{History, Membership, Raft, Server};

/// What rests on the disks, who decides, and what clients may expect.
///
/// Where the membership can change there is no *durability*: a majority of which servers should have an entry?
/// A leader commits by the latest configuration in its log, and that may be overwritten. Of S1 to S4, S4
/// is about to be removed: S1 and S2 commit an entry, two of three, and then the removal is lost; two of four have
/// the entry. That is safe, since three of four, who elect the next leader, are not without them. So what
/// is left to ask is that no leader lacks the entry, which is *leader-completeness*, and why it cannot:
/// *configurations-overlap*.
pub fn properties(raft: &Raft) -> Vec<Property<Raft>> {
    let mut all = Vec::new();
    if raft.params.membership == Membership::Fixed {
        all.push(Property::always(
            "durability",
            "What is committed is on the stable storage of a majority of the servers.",
            "Ongaro & Ousterhout 2014, 5.3, 5.4 and Figure 2",
            Predicate::Storage(durability),
        ));
    } else {
        all.push(Property::always(
            "configurations-overlap",
            "Of the configurations of servers that hold all that is committed, no two can decide \
             apart from each other.",
            "Ongaro & Ousterhout 2014, 6; thesis, 4.1",
            Predicate::Nodes(configurations_overlap),
        ));
    }
    if raft.params.clients.clients() > 0 {
        all.push(Property::always(
            "exactly-once",
            "No command of a client is executed twice.",
            "Ongaro & Ousterhout 2014, 8; thesis, 6.3",
            Predicate::History(exactly_once),
        ));
        all.push(Property::always(
            "linearizability",
            "Each operation of a client appears to take effect at one moment between its \
             invocation and its response.",
            "Ongaro & Ousterhout 2014, 8; Herlihy & Wing 1990",
            Predicate::History(linearizability),
        ));
    }
    all
}

fn durability(raft: &Raft, disks: &Disks<'_, Raft>) -> Answer {
    let Some(committed) = disks.history().last_committed() else {
        return Ok(());
    };
    let log = |id| Some(&disks.of(id)?.stable()?.log);
    let has = |id: &Id| log(*id).is_some_and(|log| log.holds(committed));
    let keepers: NodeSet = raft.first.all().iter().filter(has).collect();
    if raft.first.is_quorum(keepers) {
        return Ok(());
    }
    let others = raft.first.all().minus(keepers);
    let text = format!(
        "{} was committed at {}, but {} {} it not on stable storage",
        value_at(raft, disks.history(), committed.index),
        committed.index,
        enumerate(others.iter().map(name)),
        if others.len() == 1 { "has" } else { "have" },
    );
    Err(Reason::new(others, text))
}

/// Of the servers whose logs hold all that is committed. Whoever lacks some of it may use an older
/// configuration, and may even lead an older term: it can neither commit anything nor be elected,
/// because those that have it deny it. (And that the last configuration but one is committed, by a
/// leader that has committed an entry of its own term, is what keeps the others one step apart.)
fn configurations_overlap(raft: &Raft, nodes: &Nodes<'_, Raft>) -> Answer {
    let mut servers: SmallVec<[(Id, &Server); 8]> = running(raft, nodes).collect();
    let latest = |server: &Server| server.stable.log.configuration().1;
    // Most of the time all have the same.
    if servers
        .windows(2)
        .all(|two| latest(two[0].1) == latest(two[1].1))
    {
        return Ok(());
    }
    let committed = nodes.history().last_committed().unwrap_or_default();
    servers.retain(|(_, server)| server.stable.log.holds(committed));
    for (nth, (other, there)) in servers.iter().enumerate() {
        for (one, here) in &servers[..nth] {
            let (here, there) = (latest(here), latest(there));
            if here != there && !here.overlaps(there) {
                let text = format!(
                    "{} would decide by {here} and {} by {there}, and these can do without each other",
                    name(*one),
                    name(*other)
                );
                return Err(Reason::new(NodeSet::only(*one).with(*other), text));
            }
        }
    }
    Ok(())
}

fn exactly_once(raft: &Raft, history: &History) -> Answer {
    let Some((id, at, command)) = history.executed_again else {
        return Ok(());
    };
    let first = history.executed[&command];
    let (who, command) = (name(id), raft.name_of(command));
    let text = format!("{who} executed {command} at {at}, after it was at {first}");
    Err(Reason::new(NodeSet::only(id), text))
}

fn linearizability(_: &Raft, history: &History) -> Answer {
    match history.clients.verdict() {
        Ok(()) => Ok(()),
        Err(broken) => Err(Reason::new(NodeSet::EMPTY, broken.to_string())),
    }
}
