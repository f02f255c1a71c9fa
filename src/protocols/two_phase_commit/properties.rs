//! What must be true of two-phase commit (BHG 7.3: AC1 to AC5), and the history it is read from.

use serde::{Deserialize, Serialize};

use super::problem::{self, Ballot};
use super::protocol::name;
use super::{
    Coordinator, Participant, PerTxn, PlannedVote, State, TwoPhaseCommit, Txn, coordinator,
};
use crate::model::cluster::enumerate;
use crate::model::{
    Answer, Assumption, Id, NodeSet, Observation, Predicate, Property, Reason, Value, View,
};

/// Who voted, decided and holds locks, in each transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct History {
    pub(super) outcomes: PerTxn<Outcomes>,
}

/// What was observed of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Outcomes {
    /// Was to vote NO because the environment chose so, whether it did or not.
    pub chose_no: NodeSet,
    pub voted_yes: NodeSet,
    pub voted_no: NodeSet,
    pub committed: NodeSet,
    pub aborted: NodeSet,
    /// Took locks and has not decided since. (A crash does not give them up for good.) There is
    /// no table of locks: who is prepared holds them.
    pub locked: NodeSet,
}

impl History {
    /// The outcomes of each transaction that anything was observed of.
    pub fn transactions(&self) -> impl Iterator<Item = (Txn, &Outcomes)> {
        self.outcomes.iter()
    }

    /// Adds one observation.
    pub(in crate::protocols) fn record(&mut self, id: Id, observation: &Observation) {
        let is = |value: &Value, word| matches!(value, Value::Word(w) if w == word);
        match observation {
            Observation::Intends { subject, value } if is(value, "no") => {
                self.of(*subject).chose_no.insert(id);
            }
            Observation::Voted { subject, value } if is(value, "yes") => {
                self.of(*subject).voted_yes.insert(id);
            }
            Observation::Voted { subject, .. } => self.of(*subject).voted_no.insert(id),
            Observation::Decided { subject, value } => {
                let outcomes = self.of(*subject);
                outcomes.locked.remove(id);
                if is(value, "commit") {
                    outcomes.committed.insert(id);
                } else {
                    outcomes.aborted.insert(id);
                }
            }
            Observation::Locked { subject } => self.of(*subject).locked.insert(id),
            Observation::Released { subject } => self.of(*subject).locked.remove(id),
            _ => {}
        }
    }

    fn of(&mut self, subject: u64) -> &mut Outcomes {
        let txn = Txn::try_from(subject).expect("a subject is a transaction");
        self.outcomes.entry(txn)
    }
}

pub fn properties(protocol: &TwoPhaseCommit) -> Vec<Property<TwoPhaseCommit>> {
    let mut properties = vec![
        Property::always(
            "atomicity",
            "No two nodes decide differently.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC1",
            Predicate::History(problem::atomicity),
        ),
        Property::always(
            "irrevocability",
            "No node reverses its decision.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC2",
            Predicate::History(problem::irrevocability),
        ),
        Property::always(
            "validity",
            "Commit is only decided if all participants were for it, and voted YES.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC3",
            Predicate::History(validity),
        ),
        Property::always(
            "commit-without-failures",
            "If nothing fails, nobody aborts unless somebody is for NO.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC4",
            Predicate::History(abort_has_a_reason),
        )
        .given([
            Assumption::NoLoss,
            Assumption::NoCut,
            Assumption::MaxCrashes {
                crashes: 0,
                role: None,
            },
            Assumption::Synchrony,
        ]),
        Property::always(
            "no-lock-after-decision",
            "A participant that knows the decision takes no locks any more.",
            "Gray 1978; Mohan, Lindsay & Obermarck 1986, section 2",
            Predicate::History(no_lock_after_decision),
        ),
        Property::reachable(
            "commit-possible",
            "Commit can be decided.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC4",
            Predicate::History(problem::commit_possible),
        ),
        Property::never_blocked(
            "non-blocking",
            "Every node that is up can decide without waiting for a repair.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3 and 7.4",
            None,
            Predicate::World(all_up_decided),
        )
        // A lost message is sent again, or asked for; a participant that is down is only
        // missed by a coordinator that has decided. Uncertainty ends with the coordinator.
        .assuming([
            Assumption::NoCut,
            Assumption::MaxCrashes {
                crashes: 0,
                role: Some("coordinator"),
            },
        ]),
        Property::recovers(
            "recovers",
            "Once all failures are repaired, every node decides.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC5",
            Predicate::World(all_decided),
        ),
        Property::recovers(
            "forgets",
            "Once all failures are repaired, the coordinator may forget the transaction.",
            "Mohan, Lindsay & Obermarck 1986; Bernstein, Hadzilacos & Goodman 1987, 7.4",
            Predicate::World(all_forgotten),
        ),
    ];
    if protocol.votes.contains(&PlannedVote::No) {
        // Then it cannot, whatever the protocol does.
        properties.retain(|property| property.name != "commit-possible");
    }
    properties
}

fn ballot(protocol: &TwoPhaseCommit) -> Ballot<'_> {
    Ballot {
        participants: protocol.participants,
        votes: &protocol.votes,
    }
}

fn validity(protocol: &TwoPhaseCommit, history: &History) -> Answer {
    problem::validity(&ballot(protocol), history)
}

fn abort_has_a_reason(protocol: &TwoPhaseCommit, history: &History) -> Answer {
    problem::abort_has_a_reason(&ballot(protocol), history)
}

fn no_lock_after_decision(_: &TwoPhaseCommit, history: &History) -> Answer {
    for (txn, outcomes) in history.transactions() {
        let decided = outcomes.committed.union(outcomes.aborted);
        let again = outcomes.locked.intersection(decided);
        if !again.is_empty() {
            let text = format!("{} took locks again after deciding", names(again));
            return problem::refuse(history, txn, again, text);
        }
    }
    Ok(())
}

fn all_up_decided(protocol: &TwoPhaseCommit, world: &dyn View<TwoPhaseCommit>) -> Answer {
    let mut waiting = Waiting::default();
    for id in world.ids() {
        match world.node(id).state() {
            Some(State::Coordinator(c)) => {
                for (_, phase) in c.phase.iter() {
                    if let Coordinator::Initial | Coordinator::Collecting { .. } = phase {
                        waiting.votes.insert(id);
                    }
                }
            }
            Some(State::Participant(p)) => {
                for (_, phase) in p.phase.iter() {
                    match phase {
                        Participant::Open | Participant::Working { .. } => {
                            waiting.prepare.insert(id);
                        }
                        Participant::Prepared { .. } => waiting.outcome.insert(id),
                        Participant::Committed | Participant::Aborted => {}
                    }
                }
            }
            None => {}
        }
    }
    debug_assert!(waiting.votes.is_subset(NodeSet::only(coordinator())));
    debug_assert!(waiting.outcome.is_subset(protocol.participants));
    waiting.answer()
}

fn all_decided(protocol: &TwoPhaseCommit, world: &dyn View<TwoPhaseCommit>) -> Answer {
    let down = NodeSet::first(world.nodes()).minus(world.up());
    if !down.is_empty() {
        let text = format!("{} {} down", names(down), are(down));
        return Err(Reason::new(down, text));
    }
    all_up_decided(protocol, world)
}

fn all_forgotten(protocol: &TwoPhaseCommit, world: &dyn View<TwoPhaseCommit>) -> Answer {
    all_decided(protocol, world)?;
    let c = coordinator();
    let remembers = |phase| phase != Coordinator::Forgotten;
    match world.node(c).state() {
        Some(State::Coordinator(site)) if site.phase.iter().any(|(_, p)| remembers(*p)) => {
            let text = format!("{} may not forget its decision yet", name(c));
            Err(Reason::new(NodeSet::only(c), text))
        }
        _ => Ok(()),
    }
}

/// Who has not decided, by what it waits for.
#[derive(Default)]
struct Waiting {
    votes: NodeSet,
    prepare: NodeSet,
    outcome: NodeSet,
}

impl Waiting {
    fn answer(&self) -> Answer {
        let do_not = |set: NodeSet| if set.len() == 1 { "does not" } else { "do not" };
        let have = |set: NodeSet| if set.len() == 1 { "has" } else { "have" };
        let mut clauses = Vec::new();
        if !self.outcome.is_empty() {
            let (who, set) = (names(self.outcome), self.outcome);
            clauses.push(format!(
                "{who} voted yes and {} know the outcome",
                do_not(set)
            ));
        }
        if !self.prepare.is_empty() {
            let (who, set) = (names(self.prepare), self.prepare);
            clauses.push(format!("{who} {} not voted", have(set)));
        }
        if !self.votes.is_empty() {
            clauses.push(format!("{} has not decided", names(self.votes)));
        }
        if clauses.is_empty() {
            return Ok(());
        }
        let nodes = self.outcome.union(self.prepare).union(self.votes);
        Err(Reason::new(nodes, enumerate(clauses)))
    }
}

fn names(set: NodeSet) -> String {
    enumerate(set.iter().map(name))
}

fn are(set: NodeSet) -> &'static str {
    if set.len() == 1 { "is" } else { "are" }
}
