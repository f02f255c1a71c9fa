//! What must be true of Multi-Paxos: consensus in each slot (PMS, 2.1 and 2.2), one state machine (PMS, 3), what
//! clients may expect, and what stays possible.

use super::configurations::is_majority;
use super::{
    Ballot, Claim, Command, History, MultiPaxos, Proposal, Role, Server, Slot, State, Storage,
};
use crate::model::{
    Answer, Id, NodeSet, Nodes, Predicate, Property, Reason, Step, StepAnswer, TwoNodes, View,
};
use crate::protocols::clients::{name, progress};
use crate::protocols::consensus::properties::choice;
use crate::protocols::consensus::{self, Consensus};

/// A slot, and the servers of which a majority chooses its command.
#[derive(Clone, Copy)]
pub struct Decided {
    slot: Slot,
    by: NodeSet,
}

impl Consensus for MultiPaxos {
    type Value = Command;
    type Instance = Decided;

    fn choices<'a>(
        &self,
        history: &'a History,
    ) -> impl Iterator<Item = (Decided, &'a consensus::History<Command>)> {
        let choices = history.choices.iter();
        choices.map(|(slot, choice)| {
            let by = history.deciders(self, *slot);
            (Decided { slot: *slot, by }, choice)
        })
    }

    fn about(&self, decided: Decided) -> String {
        format!("in slot {} ", decided.slot)
    }

    fn acceptors(&self, decided: Decided) -> NodeSet {
        decided.by
    }

    fn chooses(&self, decided: Decided, acceptors: NodeSet) -> bool {
        is_majority(decided.by, acceptors)
    }

    fn accepted(storage: &Storage, Decided { slot, .. }: Decided) -> Option<Proposal> {
        storage.stable()?.log.get(slot)
    }

    /// A snapshot stands for what was chosen.
    fn keeps(storage: &Storage, decided: Decided, value: Command) -> bool {
        let compacted = |stable: &super::Stable| decided.slot <= stable.log.compacted();
        storage.stable().is_some_and(compacted)
            || Self::accepted(storage, decided).is_some_and(|proposal| proposal.value == value)
    }
}

/// None assumes anything. (PMS, 2.1: messages may be late, lost or doubled, and agents may stop and restart.)
pub fn properties(paxos: &MultiPaxos) -> Vec<Property<MultiPaxos>> {
    // Who proposes what a slot chooses is no matter; that somebody asked for it is.
    let of_slots = |p: &Property<_>| p.name != "non-triviality";
    let mut all = Property::those(&choice(), &of_slots);
    all.extend(safety());
    if paxos.params.clients.clients() > 0 {
        all.extend(service());
    }
    all.extend(possible());
    all
}

fn safety() -> Vec<Property<MultiPaxos>> {
    vec![
        Property::always(
            "one-leader-per-ballot",
            "At most one server leads a ballot.",
            "Lamport 2001, 2.5 and 3",
            Predicate::History(one_leader_per_ballot),
        ),
        Property::always(
            "in-order",
            "A server executes a slot only after all slots before it.",
            "Lamport 2001, 3",
            Predicate::Step("in-order", in_order),
        ),
    ]
}

/// Only what clients ask for can be asked for by nobody, or change a state.
fn service() -> Vec<Property<MultiPaxos>> {
    vec![
        Property::always(
            "non-triviality",
            "Only what a client asked for, a leader's own command or a no-op is chosen.",
            "Lamport 2001, 2.1 and 3",
            Predicate::History(non_triviality),
        ),
        Property::always(
            "state-machine-safety",
            "Two servers that have executed equally many slots are in the same state.",
            "Lamport 2001, 3",
            Predicate::EveryTwo(servers, outcome_is_the_same),
        ),
        Property::always(
            "exactly-once",
            "No command of a client is executed twice.",
            "van Renesse & Altinbuken 2015, 2; Ongaro 2014, 6.3",
            Predicate::History(exactly_once),
        ),
        Property::always(
            "linearizability",
            "Each operation of a client appears to take effect at one moment between its invocation and \
             its response.",
            "Herlihy & Wing 1990; Lamport 2001, 3",
            Predicate::History(linearizability),
        ),
    ]
}

fn possible() -> Vec<Property<MultiPaxos>> {
    vec![
        Property::reachable(
            "leading-possible",
            "A server can come to lead.",
            "Lamport 2001, 2.4 and 3",
            Predicate::History(somebody_led),
        ),
        Property::never_blocked(
            "progress",
            "While a majority of the servers, of those before a change and after it, are up and connected, it \
             stays possible that a leader executes all that it has, those that follow it as well, and that \
             every client is served.",
            "Lamport 2001, 2.3, 2.4 and 3",
            Some(Predicate::World(enough_are_up)),
            Predicate::World(is_served),
        ),
        Property::recovers(
            "recovers",
            "Once all failures are repaired, it stays possible that a leader executes all that it has, those \
             that follow it as well, and that every client is served.",
            "Lamport 2001, 2.3 to 2.5 and 3",
            Predicate::World(is_served),
        ),
    ]
}

fn non_triviality(paxos: &MultiPaxos, history: &History) -> Answer {
    for (decided, choices) in paxos.choices(history) {
        let slot = decided.slot;
        for (Proposal { value, .. }, who) in choices.chosen(paxos, decided) {
            let is_fine = match value {
                Command::NoOp | Command::Own(..) => true,
                // Only of a log that is a part of another algorithm, which has properties of its own.
                Command::Decision(_) => false,
                Command::Of(..) | Command::Members(..) => history.asked.contains(&value),
            };
            let text = || format!("{value} was chosen in slot {slot} and nobody asked for it");
            Reason::unless(is_fine, who, text)?;
        }
    }
    Ok(())
}

fn one_leader_per_ballot(_: &MultiPaxos, history: &History) -> Answer {
    let Some((Ballot(ballot), first, second)) = history.led_both else {
        return Ok(());
    };
    let (one, other) = (name(first), name(second));
    let text = format!("{one} and {other} both led ballot {ballot}");
    Err(Reason::new(NodeSet::only(first).with(second), text))
}

/// (A state that is taken over stands for all slots up to its last.)
fn in_order(_: &MultiPaxos, step: &Step<'_, MultiPaxos>) -> StepAnswer {
    // Who comes back has executed what its snapshot stands for.
    let Some(server) = step.before.state().and_then(State::server) else {
        return Ok(());
    };
    let mut executed = server.executed;
    for claim in &step.reaction.observations {
        match claim {
            Claim::Learned(slot, _) if *slot != executed + 1 => {
                return Err(format!("executed slot {slot} after slot {executed}"));
            }
            Claim::Installed(slot) if *slot <= executed => {
                return Err(format!("went back to slot {slot} from slot {executed}"));
            }
            Claim::Learned(slot, _) | Claim::Installed(slot) => executed = *slot,
            _ => {}
        }
    }
    let after = step.after.and_then(State::server);
    match after.filter(|server| server.executed > executed) {
        Some(server) => Err(format!("passed over slots up to {}", server.executed)),
        None => Ok(()),
    }
}

/// Of two servers that have executed equally much, the outcome is the same.
fn outcome_is_the_same(_: &MultiPaxos, nodes: &TwoNodes<'_, MultiPaxos>) -> Answer {
    let Some([State::Server(one), State::Server(other)]) = nodes.states() else {
        return Ok(());
    };
    let [first, second] = nodes.ids;
    let (one_name, other_name) = (name(first), name(second));
    let alike = one.executed != other.executed
        || one.applied == other.applied && one.configurations == other.configurations;
    Reason::unless(alike, NodeSet::only(first).with(second), || {
        let executed = one.executed;
        format!(
            "{one_name} and {other_name} have executed {executed} slots each, and are in different states"
        )
    })
}

fn exactly_once(paxos: &MultiPaxos, history: &History) -> Answer {
    let Some((id, at, command)) = history.executed_again else {
        return Ok(());
    };
    let first = history.executed[&command];
    let (who, command) = (name(id), paxos.name_of(command));
    let text = format!("{who} executed {command} in slot {at}, after it was in {first}");
    Err(Reason::new(NodeSet::only(id), text))
}

fn linearizability(_: &MultiPaxos, history: &History) -> Answer {
    let verdict = history.clients.verdict();
    verdict.map_err(|broken| Reason::new(NodeSet::EMPTY, broken.to_string()))
}

pub fn somebody_led(_: &MultiPaxos, history: &History) -> Answer {
    let somebody = history.leaders.iter().next().is_some();
    Reason::unless(somebody, NodeSet::EMPTY, || "nobody led".to_owned())
}

pub fn something_chosen(_: &MultiPaxos, history: &History) -> Answer {
    let mut choices = history.choices.iter();
    let known = choices.any(|(_, choice)| !choice.learned.is_empty());
    let text = "nobody knows anything to be chosen";
    Reason::unless(known, NodeSet::EMPTY, || text.to_owned())
}

/// The condition of progress: of whoever decides a slot that is not executed yet, as far as any of them knows, or
/// may come to know by what it has accepted, a majority is among them.
fn enough_are_up(paxos: &MultiPaxos, world: &dyn View<MultiPaxos>) -> Answer {
    let nodes = Nodes::new(world);
    let decide = |set: NodeSet| {
        let mut all = running(paxos, &nodes).filter(|(id, _)| set.contains(*id));
        !set.is_empty() && all.all(|(_, s)| may_decide(s).all(|of| is_majority(of, set)))
    };
    progress::enough_are_up(world, paxos.servers, &decide)
}

/// The servers of the slots that a server has not executed yet, and what the changes make of them that it has accepted.
fn may_decide(server: &Server) -> impl Iterator<Item = NodeSet> {
    let accepted = server.stable.log.from(server.executed + 1).iter();
    let foreseen = accepted.scan(server.configurations.newest(), |newest, (_, proposal)| {
        if let Command::Members(_, _, members) = proposal.value {
            let target = members.out_of(*newest);
            *newest = if target.is_empty() { *newest } else { target };
        }
        Some(*newest)
    });
    server.configurations.sets().chain(foreseen)
}

/// The goal of progress: a leader has executed all that it has, so has who follows it and can be reached, which is
/// a majority, and no client that is up waits for anything, or has anything left to ask for.
fn is_served(paxos: &MultiPaxos, world: &dyn View<MultiPaxos>) -> Answer {
    progress::clients_are_served(paxos, world)?;
    let nodes = Nodes::new(world);
    let serves = |(leader, l): (Id, &Server)| {
        let (ballot, executed) = (l.stable.promised, l.executed);
        let follows = |s: &Server| s.leader == Some(leader) && s.stable.promised == ballot;
        // Who was removed need not keep up.
        let is_reached = |id| l.takes_part(id) && progress::is_open(world, leader, id);
        let mut followers = NodeSet::EMPTY;
        let mut keep_up = true;
        for (id, s) in running(paxos, &nodes).filter(|(id, s)| follows(s) && is_reached(*id)) {
            followers.insert(id);
            keep_up &= s.executed == executed;
        }
        executed == l.last() && keep_up && is_majority(l.configurations.next(), followers)
    };
    let mut leaders = running(paxos, &nodes).filter(|(_, s)| matches!(s.role, Role::Leader(_)));
    let text = "no leader has executed all that it has, and a majority with it";
    Reason::unless(leaders.any(serves), NodeSet::EMPTY, || text.to_owned())
}

/// The servers that are up.
pub fn running<'a>(
    paxos: &'a MultiPaxos,
    nodes: &'a Nodes<'_, MultiPaxos>,
) -> impl Iterator<Item = (Id, &'a Server)> {
    let server = |id| Some((id, nodes.state(id)?.server()?));
    paxos.servers.iter().filter_map(server)
}

fn servers(paxos: &MultiPaxos) -> NodeSet {
    paxos.servers
}
