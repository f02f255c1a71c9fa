//! What the job manager and the tasks claim, and the fold of it.

use serde::{Deserialize, Serialize};

use super::{Log, StreamingTwoPhaseCommit};
use crate::model::{FewMap, Id, Observation, Observed, Value};
use crate::protocols::atomic_commitment::Outcomes;
use crate::protocols::streaming::{Epoch, Store, Transaction};

/// What a handler says of its step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Claim {
    /// A sink has made a transaction last, and votes for its epoch.
    Prepared(Transaction),
    /// The job manager decides that the checkpoint is complete that ends this epoch.
    Completed(Epoch),
    /// A sink has made the transaction of an epoch visible.
    Committed(Transaction),
    Aborted(Epoch),
    /// The external store has aborted the transaction of an epoch.
    Expired(Epoch),
    /// The job manager begins an attempt, from the checkpoint that ended this epoch.
    StartsAgain(u32, Epoch),
    /// Something is missing on a channel of a task.
    Misses,
}

/// What was claimed of each epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct History {
    pub epochs: FewMap<Epoch, Outcomes>,
}

impl Observed<StreamingTwoPhaseCommit> for Claim {
    fn in_words(&self, _: &StreamingTwoPhaseCommit) -> Observation {
        // An epoch has no number of its own: the words name it.
        let decided = |decision: String| Observation::Decided {
            subject: 0,
            value: Value::Word(decision.into()),
        };
        match self {
            Claim::Prepared(transaction) => {
                Observation::noted(format!("prepares {}: {transaction}", transaction.epoch))
            }
            Claim::Completed(epoch) => decided(format!("that {epoch} is complete")),
            Claim::Committed(transaction) => {
                decided(format!("to commit {}: {transaction}", transaction.epoch))
            }
            Claim::Aborted(epoch) => decided(format!("to abort {epoch}")),
            Claim::Expired(epoch) => {
                Observation::noted(format!("has {epoch} aborted by the external store"))
            }
            Claim::StartsAgain(attempt, from) if *from == Epoch::default() => {
                Observation::noted(format!("has all start again, in attempt {attempt}"))
            }
            Claim::StartsAgain(attempt, from) => Observation::noted(format!(
                "has all start again from {from}, in attempt {attempt}"
            )),
            Claim::Misses => Observation::noted("misses something on a channel"),
        }
    }
}

impl Claim {
    /// What has been claimed of what is in the external store: what is prepared has been voted for, what is visible committed.
    pub fn of_store(store: &Store) -> Vec<Claim> {
        let prepared = store.prepared.values().cloned().map(Claim::Prepared);
        let committed = store.committed.iter().map(|(_, it)| it.clone());
        prepared.chain(committed.map(Claim::Committed)).collect()
    }

    /// What is in the log has been decided.
    pub fn of_log(log: &Log) -> Vec<Claim> {
        let completed = &log.completed;
        let is_decided = completed.number > 0;
        let decided = is_decided.then_some(Claim::Completed(completed.epoch));
        decided.into_iter().collect()
    }
}

impl History {
    pub fn record(&mut self, id: Id, claim: &Claim) {
        match claim {
            Claim::Prepared(transaction) => self.of(transaction.epoch).voted_yes.insert(id),
            Claim::Completed(epoch) => self.of(*epoch).committed.insert(id),
            Claim::Committed(transaction) => self.of(transaction.epoch).committed.insert(id),
            Claim::Aborted(epoch) | Claim::Expired(epoch) => self.of(*epoch).aborted.insert(id),
            Claim::StartsAgain(..) | Claim::Misses => {}
        }
    }

    fn of(&mut self, epoch: Epoch) -> &mut Outcomes {
        self.epochs.of(epoch)
    }
}
