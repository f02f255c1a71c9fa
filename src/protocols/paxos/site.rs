//! What each role keeps, in memory and on stable storage.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Acceptances, Ballot, Proposal, Value};
use crate::model::NodeSet;

/// What a node knows while it is up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    Proposer(Proposer),
    Acceptor(Acceptor),
    Learner(Learner),
}

/// What survives a crash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Storage {
    /// The highest ballot that the proposer has tried to use.
    Proposer(Ballot),
    Acceptor(Acceptor),
    /// What the learner has learned.
    Learner(Option<Value>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Proposer {
    pub phase: Phase,
    /// The learners that have told it what was chosen.
    pub told: NodeSet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Has no ballot under way, and will begin this one.
    Waiting { next: Ballot },
    /// Phase 1: collects promises for just this ballot.
    Preparing {
        ballot: Ballot,
        promised: NodeSet,
        /// The highest-numbered proposal that the promises reported.
        reported: Option<Proposal>,
    },
    /// Phase 2: has asked to accept this.
    Proposing(Proposal),
    /// Every learner knows what was chosen.
    Done,
}

/// The same in memory and on stable storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Acceptor {
    /// It accepts nothing below this ballot.
    pub promised: Ballot,
    /// The highest-numbered proposal that it has accepted.
    pub accepted: Option<Proposal>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Learner {
    /// Who accepted what, as far as it has heard.
    Listening(Acceptances),
    Learned(Value),
}

/// As a record of a log: what it says last.
impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Storage::Proposer(ballot) => write!(f, "Used({ballot:?})"),
            Storage::Acceptor(Acceptor { promised, accepted }) => match accepted {
                Some(proposal) if proposal.ballot == *promised => {
                    write!(f, "Accepted({proposal:?})")
                }
                Some(proposal) => write!(f, "Promised({promised:?}), accepted {proposal:?}"),
                None => write!(f, "Promised({promised:?})"),
            },
            Storage::Learner(Some(value)) => write!(f, "Learned({value:?})"),
            Storage::Learner(None) => f.write_str("Nothing"),
        }
    }
}
