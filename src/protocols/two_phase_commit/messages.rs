//! What is sent and waited for.

use serde::{Deserialize, Serialize};

use super::{Decision, Txn};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// C asks for a vote. (BHG: VOTE-REQ.)
    Prepare(Txn),
    Yes(Txn),
    No(Txn),
    Commit(Txn),
    Abort(Txn),
    Ack(Txn),
    /// A prepared participant asks for the outcome. (BHG: DECISION-REQ.)
    Inquiry(Txn),
    /// The answer of a peer that does not know the outcome either.
    Uncertain(Txn),
    /// C asks whether P could take part, where there is a query.
    Query(Txn),
    /// It could.
    Able(Txn),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// C begins.
    Begin(Txn),
    /// C waits for votes, or for answers to its query.
    Vote(Txn),
    /// C waits for acknowledgements.
    Resend(Txn),
    /// P waits for PREPARE.
    Prepare(Txn),
    /// P, prepared, waits for the outcome.
    Inquiry(Txn),
}

impl Msg {
    pub fn txn(self) -> Txn {
        match self {
            Msg::Prepare(txn)
            | Msg::Yes(txn)
            | Msg::No(txn)
            | Msg::Commit(txn)
            | Msg::Abort(txn)
            | Msg::Ack(txn)
            | Msg::Inquiry(txn)
            | Msg::Uncertain(txn)
            | Msg::Query(txn)
            | Msg::Able(txn) => txn,
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
            Timer::Begin(txn)
            | Timer::Vote(txn)
            | Timer::Resend(txn)
            | Timer::Prepare(txn)
            | Timer::Inquiry(txn) => txn,
        }
    }
}
