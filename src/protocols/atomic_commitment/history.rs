//! What was observed of each transaction: who voted, decided and holds locks.

use serde::{Deserialize, Serialize};

use super::{Decision, PerTxn, Txn, Vote};
use crate::model::{Id, NodeSet, Observation, Renaming, Value};

/// The outcomes of all transactions: a fold of observations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct History {
    outcomes: PerTxn<Outcomes>,
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
    pub fn record(&mut self, id: Id, observation: &Observation) {
        let is = |value: &Value, word| matches!(value, Value::Word(w) if w == word);
        match observation {
            Observation::Intends { subject, value } if is(value, Vote::No.word()) => {
                self.of(*subject).chose_no.insert(id);
            }
            Observation::Voted { subject, value } if is(value, Vote::Yes.word()) => {
                self.of(*subject).voted_yes.insert(id);
            }
            Observation::Voted { subject, .. } => self.of(*subject).voted_no.insert(id),
            Observation::Decided { subject, value } => {
                let outcomes = self.of(*subject);
                outcomes.locked.remove(id);
                if is(value, Decision::Commit.word()) {
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

    /// The same by other names.
    pub fn renamed(&self, by: &Renaming) -> Self {
        let outcomes = self.outcomes.map(|outcomes| Outcomes {
            chose_no: by.set(outcomes.chose_no),
            voted_yes: by.set(outcomes.voted_yes),
            voted_no: by.set(outcomes.voted_no),
            committed: by.set(outcomes.committed),
            aborted: by.set(outcomes.aborted),
            locked: by.set(outcomes.locked),
        });
        History { outcomes }
    }
}
