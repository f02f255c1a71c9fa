//! What must be true whenever a value is chosen by ballots (PMS, 2.1 and 2.2), read from a history of
//! claims, and from what acceptors have on disk. Where a protocol makes several choices, it must be true
//! of each.

use super::{Ballot, History, Proposal};
use crate::model::actor::Data;
use crate::model::{Answer, FewMap, Id, NodeSet, Predicate, Property, Protocol, Reason, View};

/// A protocol that solves the problem by ballots, once or several times.
pub trait Consensus: Protocol {
    type Value: Data + Copy + Ord;
    /// Which of its choices is meant, and who makes it, where that differs; `()` if there is only one.
    type Instance: Copy;

    /// Each choice, with what was claimed of it.
    fn choices<'a>(
        &self,
        history: &'a Self::History,
    ) -> impl Iterator<Item = (Self::Instance, &'a History<Self::Value>)>;

    /// Which choice a sentence is about, in front of it; empty if there is only one.
    fn about(&self, instance: Self::Instance) -> String;

    fn acceptors(&self, instance: Self::Instance) -> NodeSet;

    /// Whether a proposal that these acceptors have accepted is chosen. Any two such sets of one choice have
    /// an acceptor in common.
    fn chooses(&self, instance: Self::Instance, acceptors: NodeSet) -> bool;

    /// The last proposal that an acceptor has accepted, by what is on its stable storage.
    fn accepted(storage: &Self::Storage, instance: Self::Instance)
    -> Option<Proposal<Self::Value>>;

    /// Whether an acceptor keeps a value that was chosen, by what is on its stable storage.
    fn keeps(storage: &Self::Storage, instance: Self::Instance, value: Self::Value) -> bool {
        Self::accepted(storage, instance).is_some_and(|proposal| proposal.value == value)
    }
}

/// What must always be true, and that a value can be chosen at all. Lamport assumes nothing for safety:
/// messages may be late, lost or duplicated, and agents may stop and restart.
pub fn choice<P: Consensus>() -> Vec<Property<P>> {
    vec![
        Property::always(
            "consistency",
            "Only a single value is chosen.",
            "Lamport 2001, 2.1",
            Predicate::History(|protocol, history| of_each(protocol, history, consistency)),
        ),
        Property::always(
            "non-triviality",
            "Only a value that has been proposed is chosen.",
            "Lamport 2001, 2.1",
            Predicate::History(|protocol, history| of_each(protocol, history, non_triviality)),
        ),
        Property::always(
            "learning",
            "A learner learns only what has been chosen.",
            "Lamport 2001, 2.1",
            Predicate::History(|protocol, history| of_each(protocol, history, learning)),
        ),
        Property::always(
            "stability",
            "A majority keeps what was chosen on its stable storage.",
            "Lamport 2001, 2.2 (P2b) and 2.5",
            Predicate::World(stability),
        ),
        Property::always(
            "one-value-per-ballot",
            "At most one value is accepted in each ballot, whoever accepts it.",
            "Lamport 2001, 2.2 and 2.5; Lamport 1998, 2.1 (B1)",
            Predicate::History(|protocol, history| {
                of_each(protocol, history, one_value_per_ballot)
            }),
        ),
        Property::always(
            "p2c",
            "Of what is accepted in ballot n, some majority accepted nothing below n, or the same \
             value in the highest ballot below n in which it accepted anything.",
            "Lamport 2001, 2.2 (P2c); Lamport 1998, 2.1 (B3)",
            Predicate::History(|protocol, history| of_each(protocol, history, p2c)),
        ),
        Property::reachable(
            "choice-possible",
            "A value can be chosen.",
            "Lamport 2001, 2.1",
            Predicate::History(|protocol, history| of_each(protocol, history, choice_possible)),
        ),
    ]
}

/// Whether it is true of every choice.
fn of_each<P: Consensus>(
    protocol: &P,
    history: &P::History,
    ask: impl Fn(&P, P::Instance, &History<P::Value>) -> Answer,
) -> Answer {
    for (instance, history) in protocol.choices(history) {
        ask(protocol, instance, history).map_err(about(protocol, instance))?;
    }
    Ok(())
}

/// Says which choice a reason is about.
fn about<P: Consensus>(protocol: &P, instance: P::Instance) -> impl FnOnce(Reason) -> Reason {
    move |mut reason| {
        reason.text.insert_str(0, &protocol.about(instance));
        reason
    }
}

fn consistency<P: Consensus>(
    protocol: &P,
    instance: P::Instance,
    history: &History<P::Value>,
) -> Answer {
    let mut chosen = history.chosen(protocol, instance);
    let Some((first, who)) = chosen.next() else {
        return Ok(());
    };
    for (second, others) in chosen {
        let by = |ballot, who| format!("in ballot {ballot:?}, by {}", names(protocol, who));
        let text = || {
            let (one, other) = (by(first.ballot, who), by(second.ballot, others));
            let (value, another) = (first.value, second.value);
            format!("{value:?} was chosen {one}, and {another:?} {other}")
        };
        Reason::unless(first.value == second.value, who.union(others), text)?;
    }
    Ok(())
}

fn non_triviality<P: Consensus>(
    protocol: &P,
    instance: P::Instance,
    history: &History<P::Value>,
) -> Answer {
    for (Proposal { value, .. }, who) in history.chosen(protocol, instance) {
        let text = || format!("{value:?} was chosen and nobody proposed it");
        Reason::unless(history.proposed.contains(&value), who, text)?;
    }
    Ok(())
}

fn learning<P: Consensus>(
    protocol: &P,
    instance: P::Instance,
    history: &History<P::Value>,
) -> Answer {
    for &(value, id) in &history.learned {
        let who = NodeSet::only(id);
        let name = || names(protocol, who);
        let text = || format!("{} learned {value:?}, which was not chosen", name());
        Reason::unless(history.is_chosen(protocol, instance, value), who, text)?;
    }
    Ok(())
}

/// What was chosen cannot be undone: by P2b a member of the majority that chose it accepts nothing
/// else after it, so the last that it accepted, on its storage, is of the same value.
fn stability<P: Consensus>(protocol: &P, world: &dyn View<P>) -> Answer {
    for (instance, history) in protocol.choices(world.history()) {
        keeps(protocol, world, instance, history).map_err(about(protocol, instance))?;
    }
    Ok(())
}

fn keeps<P: Consensus>(
    protocol: &P,
    world: &dyn View<P>,
    instance: P::Instance,
    history: &History<P::Value>,
) -> Answer {
    for (Proposal { ballot, value }, _) in history.chosen(protocol, instance) {
        let storage = |id: Id| world.storage(id);
        let kept = |id: &Id| storage(*id).is_some_and(|s| P::keeps(s, instance, value));
        let keepers: NodeSet = protocol.acceptors(instance).iter().filter(kept).collect();
        let others = protocol.acceptors(instance).minus(keepers);
        let text = || {
            let who = have(protocol, others);
            format!("{value:?} was chosen in ballot {ballot:?}, but {who} it not on stable storage")
        };
        Reason::unless(protocol.chooses(instance, keepers), others, text)?;
    }
    Ok(())
}

fn one_value_per_ballot<P: Consensus>(
    protocol: &P,
    _: P::Instance,
    history: &History<P::Value>,
) -> Answer {
    let next = history.accepted.iter().skip(1);
    for ((one, who), (other, others)) in history.accepted.iter().zip(next) {
        let did = |who, value| format!("{} accepted {value:?}", names(protocol, who));
        let text = || {
            let (one_did, other_did) = (did(who, one.value), did(others, other.value));
            format!("in ballot {:?} {one_did} and {other_did}", one.ballot)
        };
        Reason::unless(one.ballot != other.ballot, who.union(others), text)?;
    }
    Ok(())
}

/// PMS states it of proposals that are issued; one that nobody accepts harms nobody. It speaks of
/// what was accepted when the proposal was issued; the promises keep that from growing, so it can
/// be asked at any later time.
fn p2c<P: Consensus>(protocol: &P, instance: P::Instance, history: &History<P::Value>) -> Answer {
    // For each acceptor the last proposal below the one at hand. (An acceptor that accepts two
    // values in a ballot violates another property.)
    let mut last: FewMap<Id, Proposal<P::Value>> = FewMap::new();
    let proposals: Vec<_> = history.accepted.iter().collect();
    for ballot in proposals.chunk_by(|(p, _), (q, _)| p.ballot == q.ballot) {
        for &(proposal, who) in ballot {
            let left_open = |bound: Option<Ballot>| {
                let fits = |id: &Id| last.get(id).map(|p| p.ballot) <= bound;
                protocol.chooses(
                    instance,
                    protocol.acceptors(instance).iter().filter(fits).collect(),
                )
            };
            // (a) They accepted nothing below; or (b) the same value last.
            let mut same = last.iter().filter(|(_, p)| p.value == proposal.value);
            let is_open = left_open(None) || same.any(|(_, p)| left_open(Some(p.ballot)));
            let text = || {
                let (who, Proposal { ballot, value }) = (names(protocol, who), proposal);
                format!(
                    "{who} accepted {value:?} in ballot {ballot:?}, which no majority leaves open"
                )
            };
            Reason::unless(is_open, who, text)?;
        }
        for &(proposal, who) in ballot {
            for id in who.iter() {
                last.insert(id, proposal);
            }
        }
    }
    Ok(())
}

pub fn choice_possible<P: Consensus>(
    protocol: &P,
    instance: P::Instance,
    history: &History<P::Value>,
) -> Answer {
    let is_chosen = history.chosen(protocol, instance).next().is_some();
    Reason::unless(is_chosen, NodeSet::EMPTY, || {
        "no value is chosen".to_owned()
    })
}

fn names<P: Protocol>(protocol: &P, set: NodeSet) -> String {
    protocol.cluster().names(set)
}

/// `A1 has`, `A1 and A2 have`.
pub fn have<P: Protocol>(protocol: &P, set: NodeSet) -> String {
    let has = if set.len() == 1 { "has" } else { "have" };
    format!("{} {has}", names(protocol, set))
}
