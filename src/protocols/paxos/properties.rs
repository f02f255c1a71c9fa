//! What must be true of Paxos (PMS, 2.1 to 2.5).

use std::collections::BTreeMap;

use super::{Ballot, History, Learner, Paxos, Proposal, State, Storage, Value};
use crate::model::{Answer, Id, Link, NodeSet, Predicate, Property, Protocol, Reason, View};

/// Lamport assumes nothing for safety: messages may be late, lost or duplicated, and agents may stop
/// and restart.
pub fn properties(protocol: &Paxos) -> Vec<Property<Paxos>> {
    let mut properties = vec![
        Property::always(
            "consistency",
            "Only a single value is chosen.",
            "Lamport 2001, 2.1",
            Predicate::History(consistency),
        ),
        Property::always(
            "non-triviality",
            "Only a value that has been proposed is chosen.",
            "Lamport 2001, 2.1",
            Predicate::History(non_triviality),
        ),
        Property::always(
            "learning",
            "A learner learns only what has been chosen.",
            "Lamport 2001, 2.1",
            Predicate::History(learning),
        ),
        Property::always(
            "stability",
            "A majority keeps what was chosen on its stable storage.",
            "Lamport 2001, 2.2 (P2b) and 2.5",
            Predicate::World(stability),
        ),
        Property::always(
            "one-value-per-ballot",
            "No two acceptors accept different values in the same ballot.",
            "Lamport 2001, 2.2 and 2.5; Lamport 1998, 2.1 (B1)",
            Predicate::History(one_value_per_ballot),
        ),
        Property::always(
            "p2c",
            "Of what is accepted in ballot n, some majority accepted nothing below n, or the same \
             value in the highest ballot below n in which it accepted anything.",
            "Lamport 2001, 2.2 (P2c); Lamport 1998, 2.1 (B3)",
            Predicate::History(p2c),
        ),
        Property::reachable(
            "choice-possible",
            "A value can be chosen.",
            "Lamport 2001, 2.1",
            Predicate::History(choice_possible),
        ),
        Property::never_blocked(
            "progress",
            "While a majority of acceptors, a proposer and a learner are up and connected, it stays \
             possible that a value is chosen and learned.",
            "Lamport 2001, 2.4",
            Some(Predicate::World(enough_is_up)),
            Predicate::World(learned_by_one),
        ),
        Property::recovers(
            "recovers",
            "Once all failures are repaired, it stays possible that every learner learns.",
            "Lamport 2001, 2.3 and 2.4",
            Predicate::World(learned_by_all),
        ),
    ];
    if protocol.learners.is_empty() {
        // Then nobody learns anything.
        properties.retain(|property| property.name != "learning");
    }
    properties
}

fn consistency(protocol: &Paxos, history: &History) -> Answer {
    let mut chosen = history.chosen(protocol);
    let Some((first, who)) = chosen.next() else {
        return Ok(());
    };
    match chosen.find(|(p, _)| p.value != first.value) {
        Some((second, others)) => {
            let text = format!(
                "{:?} was chosen in ballot {:?}, by {}, and {:?} in ballot {:?}, by {}",
                first.value,
                first.ballot,
                names(protocol, who),
                second.value,
                second.ballot,
                names(protocol, others),
            );
            Err(Reason::new(who.union(others), text))
        }
        None => Ok(()),
    }
}

fn non_triviality(protocol: &Paxos, history: &History) -> Answer {
    match history
        .chosen(protocol)
        .find(|(p, _)| !history.proposed.contains(&p.value))
    {
        Some((proposal, who)) => {
            let text = format!("{:?} was chosen and nobody proposed it", proposal.value);
            Err(Reason::new(who, text))
        }
        None => Ok(()),
    }
}

fn learning(protocol: &Paxos, history: &History) -> Answer {
    let wrong = |(value, _): &&(Value, Id)| !history.is_chosen(protocol, *value);
    match history.learned.iter().find(wrong) {
        Some((value, id)) => {
            let who = NodeSet::only(*id);
            let text = format!(
                "{} learned {value:?}, which was not chosen",
                names(protocol, who)
            );
            Err(Reason::new(who, text))
        }
        None => Ok(()),
    }
}

/// What was chosen cannot be undone: by P2b a member of the majority that chose it accepts nothing
/// else after it, so the last that it accepted, on its storage, is of the same value.
fn stability(protocol: &Paxos, world: &dyn View<Paxos>) -> Answer {
    let history = world.history();
    let last = |id: Id| match world.node(id).storage() {
        Some(Storage::Acceptor(a)) => a.accepted.map(|p| p.value),
        _ => None,
    };
    for (proposal, _) in history.chosen(protocol) {
        let kept = |id: &Id| last(*id) == Some(proposal.value);
        let keepers: NodeSet = protocol.acceptors.iter().filter(kept).collect();
        if !protocol.is_majority(keepers) {
            let others = protocol.acceptors.minus(keepers);
            let text = format!(
                "{:?} was chosen in ballot {:?}, but {} {} it not on stable storage",
                proposal.value,
                proposal.ballot,
                names(protocol, others),
                if others.len() == 1 { "has" } else { "have" },
            );
            return Err(Reason::new(others, text));
        }
    }
    Ok(())
}

fn one_value_per_ballot(protocol: &Paxos, history: &History) -> Answer {
    let mut before: Option<(Proposal, NodeSet)> = None;
    for (proposal, who) in history.accepted.iter() {
        if let Some((other, others)) = before
            && other.ballot == proposal.ballot
        {
            let text = format!(
                "in ballot {:?} {} accepted {:?} and {} accepted {:?}",
                proposal.ballot,
                names(protocol, others),
                other.value,
                names(protocol, who),
                proposal.value,
            );
            return Err(Reason::new(others.union(who), text));
        }
        before = Some((proposal, who));
    }
    Ok(())
}

/// PMS states it of proposals that are issued; one that nobody accepts harms nobody. It speaks of
/// what was accepted when the proposal was issued; the promises keep that from growing, so it can
/// be asked at any later time.
fn p2c(protocol: &Paxos, history: &History) -> Answer {
    // For each acceptor the last proposal below the one at hand. (An acceptor that accepts two
    // values in a ballot violates another property.)
    let mut last: BTreeMap<Id, Proposal> = BTreeMap::new();
    let proposals: Vec<_> = history.accepted.iter().collect();
    for ballot in proposals.chunk_by(|(p, _), (q, _)| p.ballot == q.ballot) {
        for &(proposal, who) in ballot {
            let left_open = |bound: Option<Ballot>| {
                let fits = |id: &Id| last.get(id).map(|p| p.ballot) <= bound;
                protocol.is_majority(protocol.acceptors.iter().filter(fits).collect())
            };
            // (a) They accepted nothing below; or (b) the same value last.
            let mut same = last.values().filter(|p| p.value == proposal.value);
            if !left_open(None) && !same.any(|p| left_open(Some(p.ballot))) {
                let text = format!(
                    "{} accepted {:?} in ballot {:?}, which no majority leaves open",
                    names(protocol, who),
                    proposal.value,
                    proposal.ballot,
                );
                return Err(Reason::new(who, text));
            }
        }
        for &(proposal, who) in ballot {
            last.extend(who.iter().map(|id| (id, proposal)));
        }
    }
    Ok(())
}

fn choice_possible(protocol: &Paxos, history: &History) -> Answer {
    match history.chosen(protocol).next() {
        Some(_) => Ok(()),
        None => Err(Reason::new(NodeSet::EMPTY, "no value is chosen")),
    }
}

/// The condition of progress: some proposer and some learner are up, and in reach of a majority
/// of acceptors that are up.
fn enough_is_up(protocol: &Paxos, world: &dyn View<Paxos>) -> Answer {
    let up = world.up();
    let open = |src: Id, dst: Id| !world.globals().is_cut(Link::new(src, dst));
    let suffices = |proposer: Id, learner: Option<Id>| {
        let serves = |a: &Id| {
            let heard = learner.is_none_or(|learner| open(*a, learner));
            heard && open(proposer, *a) && open(*a, proposer)
        };
        let acceptors = protocol.acceptors.intersection(up);
        protocol.is_majority(acceptors.iter().filter(serves).collect())
    };
    let learners: Vec<Option<Id>> = if protocol.learners.is_empty() {
        vec![None]
    } else {
        protocol
            .learners
            .intersection(up)
            .iter()
            .map(Some)
            .collect()
    };
    let mut proposers = protocol.proposers.intersection(up).iter();
    if proposers.any(|p| learners.iter().any(|l| suffices(p, *l))) {
        return Ok(());
    }
    let text = "no proposer and learner are up and connected to a majority of acceptors";
    Err(Reason::new(NodeSet::EMPTY, text))
}

/// The goal of progress. Without learners it is enough that a value is chosen.
fn learned_by_one(protocol: &Paxos, world: &dyn View<Paxos>) -> Answer {
    if protocol.learners.is_empty() {
        return choice_possible(protocol, world.history());
    }
    let ignorant = ignorant(protocol, world);
    let up = protocol.learners.intersection(world.up());
    if !up.is_subset(ignorant) {
        return Ok(());
    }
    missing(protocol, world, ignorant)
}

fn learned_by_all(protocol: &Paxos, world: &dyn View<Paxos>) -> Answer {
    if protocol.learners.is_empty() {
        return choice_possible(protocol, world.history());
    }
    let ignorant = ignorant(protocol, world);
    if ignorant.is_empty() {
        return Ok(());
    }
    missing(protocol, world, ignorant)
}

/// The learners that have not learned, or are down.
fn ignorant(protocol: &Paxos, world: &dyn View<Paxos>) -> NodeSet {
    let knows = |id: Id| {
        let state = world.node(id).state();
        matches!(state, Some(State::Learner(Learner::Learned(_))))
    };
    protocol.learners.iter().filter(|id| !knows(*id)).collect()
}

/// Says why these learners do not know.
fn missing(protocol: &Paxos, world: &dyn View<Paxos>, ignorant: NodeSet) -> Answer {
    let who = names(protocol, ignorant);
    let has = if ignorant.len() == 1 { "has" } else { "have" };
    let what = match world.history().chosen(protocol).next() {
        Some((proposal, _)) => format!("not learned that {:?} is chosen", proposal.value),
        None => "learned nothing, for nothing is chosen".to_owned(),
    };
    Err(Reason::new(ignorant, format!("{who} {has} {what}")))
}

fn names(protocol: &Paxos, set: NodeSet) -> String {
    protocol.cluster().names(set)
}
