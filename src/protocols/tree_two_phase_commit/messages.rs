//! What is sent and waited for.

use serde::{Deserialize, Serialize};

use super::{Decision, Txn};
use crate::model::Id;
use crate::model::cluster::index;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// Everybody on this side of the edge votes YES.
    Ready(Txn),
    /// The same, from one that asks for the outcome.
    ReadyAgain(Txn),
    Commit(Txn),
    Abort(Txn),
    /// One that sent READY to somebody else asks for the outcome.
    Inquiry(Txn),
    /// The answer of one that does not know the outcome either.
    Uncertain(Txn),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// Its part of the transaction is done.
    Done(Txn),
    /// It waits for READY from this neighbour, counted as in the parameter `tree`.
    Silence(Txn, u8),
    /// It sent READY, and waits for the outcome.
    Inquiry(Txn),
}

impl Msg {
    pub fn txn(self) -> Txn {
        match self {
            Msg::Ready(txn)
            | Msg::ReadyAgain(txn)
            | Msg::Commit(txn)
            | Msg::Abort(txn)
            | Msg::Inquiry(txn)
            | Msg::Uncertain(txn) => txn,
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
    pub(super) fn silence(txn: Txn, neighbour: Id) -> Self {
        let number = u8::try_from(index(neighbour) + 1).expect("there are few");
        Timer::Silence(txn, number)
    }

    /// Whose silence it is about.
    pub(super) fn neighbour(number: u8) -> Id {
        Id::from(usize::from(number) - 1)
    }

    pub fn txn(self) -> Txn {
        match self {
            Timer::Done(txn) | Timer::Silence(txn, _) | Timer::Inquiry(txn) => txn,
        }
    }
}
