//! Values; what is sent and waited for.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Ballot, Proposal};
use crate::model::Value as Word;

/// What may be chosen: the value that the i-th proposer wants is called `v1`, `v2` and so on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Value(pub u8);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// Phase 1 (a): a proposer asks for promises.
    Prepare(Ballot),
    /// Phase 1 (b): an acceptor will accept nothing below this ballot, and tells the proposal
    /// with the highest number that it has accepted.
    Promise(Ballot, Option<Proposal>),
    /// Phase 2 (a): a proposer asks to accept.
    Accept(Proposal),
    /// Phase 2 (b): an acceptor tells the learners what it accepted.
    Accepted(Proposal),
    /// An acceptor refuses the first ballot, because it promised the second.
    Nack(Ballot, Ballot),
    /// A learner tells the proposers what was chosen.
    Chosen(Value),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// A proposer waits before its next ballot: at its start, and when it backs off.
    Propose,
    /// A proposer waits for promises, or to hear that a value is chosen.
    Retry,
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl fmt::Debug for Msg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Msg::Prepare(ballot) => write!(f, "Prepare({ballot:?})"),
            Msg::Promise(ballot, None) => write!(f, "Promise({ballot:?})"),
            Msg::Promise(ballot, Some(accepted)) => write!(f, "Promise({ballot:?}, {accepted:?})"),
            Msg::Accept(proposal) => write!(f, "Accept({proposal:?})"),
            Msg::Accepted(proposal) => write!(f, "Accepted({proposal:?})"),
            Msg::Nack(ballot, promised) => write!(f, "Nack({ballot:?}, {promised:?})"),
            Msg::Chosen(value) => write!(f, "Chosen({value:?})"),
        }
    }
}

/// As observations tell it.
impl From<Value> for Word {
    fn from(value: Value) -> Word {
        Word::Word(format!("{value:?}").into())
    }
}
