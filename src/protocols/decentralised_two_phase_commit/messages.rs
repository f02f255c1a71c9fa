//! What is sent and waited for.

use serde::{Deserialize, Serialize};

use super::{Decision, Txn};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// A vote, which is also the answer of one that is uncertain.
    Yes(Txn),
    /// A vote, and with it the decision.
    No(Txn),
    /// A prepared participant asks for the outcome. (BHG: DECISION-REQ.)
    Inquiry(Txn),
    /// The answer of one that knows.
    Commit(Txn),
    Abort(Txn),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// Its part of the transaction is done: it votes.
    Begin(Txn),
    /// It waits to be asked for its vote.
    Vote(Txn),
    /// Prepared, it waits for the outcome.
    Inquiry(Txn),
}

impl Msg {
    pub fn txn(self) -> Txn {
        match self {
            Msg::Yes(txn)
            | Msg::No(txn)
            | Msg::Inquiry(txn)
            | Msg::Commit(txn)
            | Msg::Abort(txn) => txn,
        }
    }

    /// The message that carries a decision.
    pub(super) fn announce(decision: Decision, txn: Txn) -> Self {
        match decision {
            Decision::Commit => Msg::Commit(txn),
            Decision::Abort => Msg::Abort(txn),
        }
    }
}

impl Timer {
    pub fn txn(self) -> Txn {
        match self {
            Timer::Begin(txn) | Timer::Vote(txn) | Timer::Inquiry(txn) => txn,
        }
    }
}
