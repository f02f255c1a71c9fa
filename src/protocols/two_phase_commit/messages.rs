//! What is sent, waited for, voted and decided.

use serde::{Deserialize, Serialize};

use super::site::Txn;

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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// C begins.
    Begin(Txn),
    /// C waits for votes.
    Vote(Txn),
    /// C waits for acknowledgements.
    Resend(Txn),
    /// P waits for PREPARE.
    Prepare(Txn),
    /// P, prepared, waits for the outcome.
    Inquiry(Txn),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Vote {
    Yes,
    No,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Decision {
    Commit,
    Abort,
}

/// The environment's choice of an open vote. (A handler is not told which choice was settled, so
/// the option says it.)
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Choice {
    pub txn: Txn,
    pub vote: Vote,
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
            | Msg::Uncertain(txn) => txn,
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

impl Vote {
    pub fn word(self) -> &'static str {
        match self {
            Vote::Yes => "yes",
            Vote::No => "no",
        }
    }
}

impl Decision {
    /// The message that carries it.
    pub fn announce(self, txn: Txn) -> Msg {
        match self {
            Decision::Commit => Msg::Commit(txn),
            Decision::Abort => Msg::Abort(txn),
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Decision::Commit => "commit",
            Decision::Abort => "abort",
        }
    }
}

impl std::fmt::Debug for Choice {
    /// The key of the choice names the transaction already.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.vote.fmt(f)
    }
}
