//! What was claimed of each transaction: who voted, decided and holds locks.

use serde::{Deserialize, Serialize};

use super::{Claim, Decision, PerTxn, Txn, Vote};
use crate::model::{Id, NodeSet, Renaming};

/// The outcomes of all transactions: a fold of claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct History {
    outcomes: PerTxn<Outcomes>,
}

/// What was claimed of one transaction.
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

impl Outcomes {
    /// AC1: the sites that decided differently, and how. (A single one that decided both ways is what AC2 is about.)
    pub fn differ(&self, names: &dyn Fn(NodeSet) -> String) -> Option<(NodeSet, String)> {
        let (committed, aborted) = (self.committed, self.aborted);
        let all = committed.union(aborted);
        let differ = !committed.is_empty() && !aborted.is_empty() && all.len() > 1;
        differ.then(|| {
            let (committed, aborted) = (names(committed), names(aborted));
            (all, format!("{committed} committed but {aborted} aborted"))
        })
    }

    /// AC2: the sites that decided both ways.
    pub fn are_reversed(&self, names: &dyn Fn(NodeSet) -> String) -> Option<(NodeSet, String)> {
        let both = self.committed.intersection(self.aborted);
        let text = || format!("{} decided both to commit and to abort", names(both));
        (!both.is_empty()).then(|| (both, text()))
    }
}

/// A protocol that remembers nothing else keeps just this.
impl AsRef<History> for History {
    fn as_ref(&self) -> &History {
        self
    }
}

impl History {
    /// The outcomes of each transaction that anything was claimed of.
    pub fn transactions(&self) -> impl Iterator<Item = (Txn, &Outcomes)> {
        self.outcomes.iter()
    }

    /// Adds what a site says.
    pub fn record(&mut self, id: Id, claim: &Claim) {
        match *claim {
            Claim::Intends(txn, Vote::No) => self.of(txn).chose_no.insert(id),
            Claim::Voted(txn, Vote::Yes) => self.of(txn).voted_yes.insert(id),
            Claim::Voted(txn, Vote::No) => self.of(txn).voted_no.insert(id),
            Claim::Decided(txn, decision) => {
                let outcomes = self.of(txn);
                outcomes.locked.remove(id);
                match decision {
                    Decision::Commit => outcomes.committed.insert(id),
                    Decision::Abort => outcomes.aborted.insert(id),
                }
            }
            Claim::Locked(txn) => self.of(txn).locked.insert(id),
            Claim::Released(txn) => self.of(txn).locked.remove(id),
            Claim::Intends(_, Vote::Yes) | Claim::Applied(_) => {}
        }
    }

    fn of(&mut self, txn: Txn) -> &mut Outcomes {
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
