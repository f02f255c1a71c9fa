//! What is sent and waited for.

use serde::{Deserialize, Serialize};

use super::{Decision, Local, Txn};
use crate::model::NodeSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// C asks for a vote. (BHG: VOTE-REQ.)
    CanCommit(Txn),
    Yes(Txn),
    No(Txn),
    /// Everybody voted YES.
    PreCommit(Txn),
    /// Nobody may move to *pre-committed* any more who gets this. (Skeen 1982.)
    PreAbort(Txn),
    /// Where the sender stands, now that it was asked to move.
    Ack(Txn, Local),
    Commit(Txn),
    Abort(Txn),
    /// A backup asks where the receiver stands. (BHG: STATE-REQ.)
    StateReq(Txn),
    /// The answer, by one who has not decided.
    State(Txn, Local),
    /// Asks for the outcome. (BHG: DECISION-REQ.)
    Inquiry(Txn),
    /// The answer of one that came back itself: where it stood, and whom it had found to have
    /// failed before.
    Recovered(Txn, Local, NodeSet),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// C begins.
    Begin(Txn),
    /// C waits for votes.
    Vote(Txn),
    /// P waits for CAN-COMMIT.
    CanCommit(Txn),
    /// A site that may not decide alone waits: for its coordinator, for states, for
    /// acknowledgements, for the outcome.
    Silence(Txn),
}

impl Msg {
    pub fn txn(self) -> Txn {
        match self {
            Msg::CanCommit(txn)
            | Msg::Yes(txn)
            | Msg::No(txn)
            | Msg::PreCommit(txn)
            | Msg::PreAbort(txn)
            | Msg::Ack(txn, _)
            | Msg::Commit(txn)
            | Msg::Abort(txn)
            | Msg::StateReq(txn)
            | Msg::State(txn, _)
            | Msg::Inquiry(txn)
            | Msg::Recovered(txn, ..) => txn,
        }
    }

    /// The message that carries a decision.
    pub(super) fn announce(decision: Decision, txn: Txn) -> Self {
        match decision {
            Decision::Commit => Msg::Commit(txn),
            Decision::Abort => Msg::Abort(txn),
        }
    }

    /// The message that moves others there.
    pub(super) fn moving(to: Local, txn: Txn) -> Self {
        match to {
            Local::PreAborted => Msg::PreAbort(txn),
            Local::Waiting | Local::PreCommitted => Msg::PreCommit(txn),
        }
    }
}

impl Timer {
    pub fn txn(self) -> Txn {
        match self {
            Timer::Begin(txn) | Timer::Vote(txn) | Timer::CanCommit(txn) | Timer::Silence(txn) => {
                txn
            }
        }
    }
}
