//! What must be true of two-phase commit (BHG 7.3: AC1 to AC5), and the history it is read from.

use serde::Serialize;

use super::observations::ABORTING_RULES;
use super::protocol::name;
use super::{Coordinator, Participant, PerTxn, State, TwoPhaseCommit, Txn, coordinator};
use crate::model::cluster::enumerate;
use crate::model::{
    Answer, Assumption, Expectation, Id, NodeSet, Observation, Predicate, Property, Reason, Value,
    View,
};

/// Who voted, decided and holds locks, in each transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct History {
    outcomes: PerTxn<Outcomes>,
    /// Somebody aborted because something failed, or seemed to.
    gave_up: bool,
}

/// What was observed of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Outcomes {
    pub voted_yes: NodeSet,
    pub voted_no: NodeSet,
    pub committed: NodeSet,
    pub aborted: NodeSet,
    /// Took locks and has not decided since. (A crash does not give them up for good.)
    pub locked: NodeSet,
}

impl History {
    /// The outcomes of each transaction that anything was observed of.
    pub fn transactions(&self) -> impl Iterator<Item = (Txn, &Outcomes)> {
        self.outcomes.iter()
    }

    /// Adds one observation.
    pub(super) fn record(&mut self, id: Id, observation: &Observation) {
        let is = |value: &Value, word| matches!(value, Value::Word(w) if w == word);
        match observation {
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
            Observation::Applied { rule } => {
                self.gave_up |= ABORTING_RULES.contains(&rule.as_ref());
            }
            _ => {}
        }
    }

    fn of(&mut self, subject: u64) -> &mut Outcomes {
        let txn = Txn::try_from(subject).expect("a subject is a transaction");
        self.outcomes.entry(txn)
    }
}

pub fn properties() -> Vec<Property<TwoPhaseCommit>> {
    let always = |predicate| Expectation::Always(Predicate::History(predicate));
    vec![
        Property {
            name: "atomicity",
            about: "No two nodes decide differently.",
            citation: "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC1",
            premise: vec![],
            assumes: vec![],
            expectation: always(atomicity),
        },
        Property {
            name: "irrevocability",
            about: "No node reverses its decision.",
            citation: "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC2",
            premise: vec![],
            assumes: vec![],
            expectation: always(irrevocability),
        },
        Property {
            name: "validity",
            about: "Commit is only decided if all participants voted YES.",
            citation: "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC3",
            premise: vec![],
            assumes: vec![],
            expectation: always(validity),
        },
        Property {
            name: "commit-without-failures",
            about: "Nobody aborts unless somebody voted NO, or something failed or seemed to.",
            citation: "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC4",
            premise: vec![],
            assumes: vec![],
            expectation: always(abort_has_a_reason),
        },
        Property {
            name: "no-lock-after-decision",
            about: "A participant that knows the decision takes no locks any more.",
            citation: "Gray 1978; Mohan, Lindsay & Obermarck 1986, section 2",
            premise: vec![],
            assumes: vec![],
            expectation: always(no_lock_after_decision),
        },
        Property {
            name: "commit-possible",
            about: "Commit can be decided.",
            citation: "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC4",
            premise: vec![],
            assumes: vec![],
            expectation: Expectation::Reachable(Predicate::History(commit_possible)),
        },
        Property {
            name: "non-blocking",
            about: "Every node that is up can decide without waiting for a repair.",
            citation: "Bernstein, Hadzilacos & Goodman 1987, 7.3 and 7.4",
            // A lost message is sent again, or asked for; a participant that is down is only
            // missed by a coordinator that has decided. Uncertainty ends with the coordinator.
            premise: vec![],
            assumes: vec![
                Assumption::NoCut,
                Assumption::MaxCrashes {
                    crashes: 0,
                    role: Some("coordinator"),
                },
            ],
            expectation: Expectation::NeverBlocked {
                condition: None,
                goal: Predicate::World(all_up_decided),
            },
        },
        Property {
            name: "recovers",
            about: "Once all failures are repaired, every node decides.",
            citation: "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC5",
            premise: vec![],
            assumes: vec![],
            expectation: Expectation::Recovers {
                goal: Predicate::World(all_decided),
            },
        },
    ]
}

fn atomicity(_: &TwoPhaseCommit, history: &History) -> Answer {
    for (txn, outcomes) in history.transactions() {
        let (committed, aborted) = (outcomes.committed, outcomes.aborted);
        // A single node that decided both ways is what irrevocability is about.
        if !committed.is_empty() && !aborted.is_empty() && committed.union(aborted).len() > 1 {
            let text = format!(
                "{} committed but {} aborted",
                names(committed),
                names(aborted)
            );
            return refuse(history, txn, committed.union(aborted), text);
        }
    }
    Ok(())
}

fn irrevocability(_: &TwoPhaseCommit, history: &History) -> Answer {
    for (txn, outcomes) in history.transactions() {
        let both = outcomes.committed.intersection(outcomes.aborted);
        if !both.is_empty() {
            let text = format!("{} decided both to commit and to abort", names(both));
            return refuse(history, txn, both, text);
        }
    }
    Ok(())
}

fn validity(protocol: &TwoPhaseCommit, history: &History) -> Answer {
    for (txn, outcomes) in history.transactions() {
        let silent = protocol.participants.minus(outcomes.voted_yes);
        if !outcomes.committed.is_empty() && !silent.is_empty() {
            let text = format!(
                "{} committed but {} never voted yes",
                names(outcomes.committed),
                names(silent)
            );
            return refuse(history, txn, outcomes.committed.union(silent), text);
        }
    }
    Ok(())
}

fn abort_has_a_reason(_: &TwoPhaseCommit, history: &History) -> Answer {
    for (txn, outcomes) in history.transactions() {
        let reason = history.gave_up || !outcomes.voted_no.is_empty();
        if !outcomes.aborted.is_empty() && !reason {
            let text = format!(
                "{} aborted but nobody voted no, and nothing failed",
                names(outcomes.aborted)
            );
            return refuse(history, txn, outcomes.aborted, text);
        }
    }
    Ok(())
}

fn no_lock_after_decision(_: &TwoPhaseCommit, history: &History) -> Answer {
    for (txn, outcomes) in history.transactions() {
        let decided = outcomes.committed.union(outcomes.aborted);
        let again = outcomes.locked.intersection(decided);
        if !again.is_empty() {
            let text = format!("{} took locks again after deciding", names(again));
            return refuse(history, txn, again, text);
        }
    }
    Ok(())
}

fn commit_possible(_: &TwoPhaseCommit, history: &History) -> Answer {
    let committed = |(_, outcomes): (Txn, &Outcomes)| !outcomes.committed.is_empty();
    if history.transactions().any(committed) {
        return Ok(());
    }
    Err(Reason::new(NodeSet::EMPTY, "nobody committed"))
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

/// A reason, with the transaction where there are several.
fn refuse(history: &History, txn: Txn, nodes: NodeSet, text: String) -> Answer {
    let several = history.transactions().count() > 1;
    let text = if several {
        format!("in transaction {txn} {text}")
    } else {
        text
    };
    Err(Reason::new(nodes, text))
}

fn names(set: NodeSet) -> String {
    enumerate(set.iter().map(name))
}

fn are(set: NodeSet) -> &'static str {
    if set.len() == 1 { "is" } else { "are" }
}
