//! What must be true of Paxos (PMS, 2.1 to 2.5).

use std::collections::BTreeMap;

use super::{Ballot, History, Learner, Paxos, Proposal, State, Storage, Value};
use crate::model::{Answer, Id, Link, NodeSet, Predicate, Property, Protocol, Reason, View};

/// Lamport assumes nothing for safety: messages may be late, lost or duplicated, and agents may stop
/// and restart.
pub fn properties(paxos: &Paxos) -> Vec<Property<Paxos>> {
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
    if paxos.learners.is_empty() {
        // Then nobody learns anything.
        properties.retain(|property| property.name != "learning");
    }
    properties
}

fn consistency(paxos: &Paxos, history: &History) -> Answer {
    let mut chosen = history.chosen(paxos);
    let first = chosen.next();
    let differs = |(p, _): &(Proposal, _)| first.is_some_and(|(one, _)| one.value != p.value);
    let two = first.zip(chosen.find(differs));
    Reason::against(two.map(|((first, who), (second, others))| {
        let by = |p: Proposal, who| format!("in ballot {:?}, by {}", p.ballot, names(paxos, who));
        let (one, other) = (by(first, who), by(second, others));
        let text = format!(
            "{:?} was chosen {one}, and {:?} {other}",
            first.value, second.value
        );
        (who.union(others), text)
    }))
}

fn non_triviality(paxos: &Paxos, history: &History) -> Answer {
    let mut chosen = history.chosen(paxos);
    let new = chosen.find(|(p, _)| !history.proposed.contains(&p.value));
    Reason::against(new.map(|(p, who)| {
        let text = format!("{:?} was chosen and nobody proposed it", p.value);
        (who, text)
    }))
}

fn learning(paxos: &Paxos, history: &History) -> Answer {
    let wrong = |(value, _): &&(Value, Id)| !history.is_chosen(paxos, *value);
    Reason::against(history.learned.iter().find(wrong).map(|(value, id)| {
        let who = NodeSet::only(*id);
        let name = names(paxos, who);
        (
            who,
            format!("{name} learned {value:?}, which was not chosen"),
        )
    }))
}

/// What was chosen cannot be undone: by P2b a member of the majority that chose it accepts nothing
/// else after it, so the last that it accepted, on its storage, is of the same value.
fn stability(paxos: &Paxos, world: &dyn View<Paxos>) -> Answer {
    let last = |id: Id| match world.node(id).storage() {
        Some(Storage::Acceptor(a)) => a.accepted.map(|p| p.value),
        _ => None,
    };
    let undone = world.history().chosen(paxos).find_map(|(chosen, _)| {
        let kept = |id: &Id| last(*id) == Some(chosen.value);
        let keepers: NodeSet = paxos.acceptors.iter().filter(kept).collect();
        (!paxos.is_majority(keepers)).then(|| (chosen, paxos.acceptors.minus(keepers)))
    });
    Reason::against(undone.map(|(Proposal { ballot, value }, others)| {
        let who = have(paxos, others);
        let chosen = format!("{value:?} was chosen in ballot {ballot:?}");
        (
            others,
            format!("{chosen}, but {who} it not on stable storage"),
        )
    }))
}

fn one_value_per_ballot(paxos: &Paxos, history: &History) -> Answer {
    let accepted: Vec<_> = history.accepted.iter().collect();
    let mut pairs = accepted.windows(2);
    let two = pairs.find(|pair| pair[0].0.ballot == pair[1].0.ballot);
    Reason::against(two.map(|pair| {
        let did = |(p, who): (Proposal, _)| format!("{} accepted {:?}", names(paxos, who), p.value);
        let (one, other) = (did(pair[0]), did(pair[1]));
        let text = format!("in ballot {:?} {one} and {other}", pair[0].0.ballot);
        (pair[0].1.union(pair[1].1), text)
    }))
}

/// PMS states it of proposals that are issued; one that nobody accepts harms nobody. It speaks of
/// what was accepted when the proposal was issued; the promises keep that from growing, so it can
/// be asked at any later time.
fn p2c(paxos: &Paxos, history: &History) -> Answer {
    // For each acceptor the last proposal below the one at hand. (An acceptor that accepts two
    // values in a ballot violates another property.)
    let mut last: BTreeMap<Id, Proposal> = BTreeMap::new();
    let proposals: Vec<_> = history.accepted.iter().collect();
    for ballot in proposals.chunk_by(|(p, _), (q, _)| p.ballot == q.ballot) {
        for &(proposal, who) in ballot {
            let left_open = |bound: Option<Ballot>| {
                let fits = |id: &Id| last.get(id).map(|p| p.ballot) <= bound;
                paxos.is_majority(paxos.acceptors.iter().filter(fits).collect())
            };
            // (a) They accepted nothing below; or (b) the same value last.
            let mut same = last.values().filter(|p| p.value == proposal.value);
            if !left_open(None) && !same.any(|p| left_open(Some(p.ballot))) {
                let text = format!(
                    "{} accepted {:?} in ballot {:?}, which no majority leaves open",
                    names(paxos, who),
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

fn choice_possible(paxos: &Paxos, history: &History) -> Answer {
    let is_chosen = history.chosen(paxos).next().is_some();
    Reason::unless(is_chosen, NodeSet::EMPTY, || {
        "no value is chosen".to_owned()
    })
}

/// The condition of progress: some proposer and some learner are up, and in reach of a majority
/// of acceptors that are up.
fn enough_is_up(paxos: &Paxos, world: &dyn View<Paxos>) -> Answer {
    let up = world.up();
    let open = |src: Id, dst: Id| !world.globals().is_cut(Link::new(src, dst));
    let suffices = |proposer: Id, learner: Option<Id>| {
        let serves = |a: &Id| {
            let heard = learner.is_none_or(|learner| open(*a, learner));
            heard && open(proposer, *a) && open(*a, proposer)
        };
        let acceptors = paxos.acceptors.intersection(up);
        paxos.is_majority(acceptors.iter().filter(serves).collect())
    };
    let learners = paxos.learners.intersection(up).iter().map(Some);
    let nobody = paxos.learners.is_empty().then_some(None);
    let learners: Vec<Option<Id>> = learners.chain(nobody).collect();
    let mut proposers = paxos.proposers.intersection(up).iter();
    let enough = proposers.any(|p| learners.iter().any(|l| suffices(p, *l)));
    let text = "no proposer and learner are up and connected to a majority of acceptors";
    Reason::unless(enough, NodeSet::EMPTY, || text.to_owned())
}

/// The goal of progress.
fn learned_by_one(paxos: &Paxos, world: &dyn View<Paxos>) -> Answer {
    let up = paxos.learners.intersection(world.up());
    learned(paxos, world, |ignorant| !up.is_subset(ignorant))
}

fn learned_by_all(paxos: &Paxos, world: &dyn View<Paxos>) -> Answer {
    learned(paxos, world, NodeSet::is_empty)
}

/// Whether it is enough that just these learners have not learned, or are down. Without learners it is
/// enough that a value is chosen.
fn learned(
    paxos: &Paxos,
    world: &dyn View<Paxos>,
    is_enough: impl FnOnce(NodeSet) -> bool,
) -> Answer {
    if paxos.learners.is_empty() {
        return choice_possible(paxos, world.history());
    }
    let knows = |id: Id| {
        let state = world.node(id).state();
        matches!(state, Some(State::Learner(Learner::Learned(_))))
    };
    let ignorant: NodeSet = paxos.learners.iter().filter(|id| !knows(*id)).collect();
    Reason::unless(is_enough(ignorant), ignorant, || {
        let who = have(paxos, ignorant);
        match world.history().chosen(paxos).next() {
            Some((p, _)) => format!("{who} not learned that {:?} is chosen", p.value),
            None => format!("{who} learned nothing, for nothing is chosen"),
        }
    })
}

fn names(paxos: &Paxos, set: NodeSet) -> String {
    paxos.cluster().names(set)
}

/// `A1 has`, `A1 and A2 have`.
fn have(paxos: &Paxos, set: NodeSet) -> String {
    let has = if set.len() == 1 { "has" } else { "have" };
    format!("{} {has}", names(paxos, set))
}
