//! Ballots, values and proposals; what is sent and waited for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::Value as Word;

/// The number of a proposal. Each proposer draws its numbers from a set of its own: with P
/// proposers, round r of the i-th is ballot (r - 1) · P + i. Zero is below all ballots.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ballot(pub u32);

/// What may be chosen: the value that the i-th proposer wants is called `v1`, `v2` and so on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Value(pub u8);

/// A value under the number of a ballot. Written `2:v1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Proposal {
    pub ballot: Ballot,
    pub value: Value,
}

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

impl fmt::Debug for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{:?}", self.ballot, self.value)
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
