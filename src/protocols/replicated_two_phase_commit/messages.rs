//! What is sent and waited for.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Decision;
use crate::protocols::multi_paxos;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// The leader asks for a vote.
    Prepare,
    /// A vote. To a leader that does not know of the transaction it says as well that it is to begin.
    Yes,
    No,
    Commit,
    Abort,
    /// A prepared participant asks for the outcome.
    Inquiry,
    /// Of one replica to another.
    Log(multi_paxos::Msg),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// A participant begins.
    Begin,
    /// A participant that has not voted waits for PREPARE.
    Prepare,
    /// A prepared participant waits for the outcome.
    Outcome,
    /// The leader waits for votes.
    Votes,
    /// A replica waits for others.
    Log(multi_paxos::Timer),
}

impl Msg {
    /// The message that carries a decision.
    pub(super) fn announce(decision: Decision) -> Self {
        match decision {
            Decision::Commit => Msg::Commit,
            Decision::Abort => Msg::Abort,
        }
    }
}

impl From<multi_paxos::Msg> for Msg {
    fn from(msg: multi_paxos::Msg) -> Self {
        Msg::Log(msg)
    }
}

impl From<multi_paxos::Timer> for Timer {
    fn from(timer: multi_paxos::Timer) -> Self {
        Timer::Log(timer)
    }
}

/// `Yes`; of the log `Log(Accept, 1 +1:commit, chosen 0)`.
impl fmt::Debug for Msg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Msg::Prepare => "Prepare",
            Msg::Yes => "Yes",
            Msg::No => "No",
            Msg::Commit => "Commit",
            Msg::Abort => "Abort",
            Msg::Inquiry => "Inquiry",
            Msg::Log(msg) => {
                let text = format!("{msg:?}");
                return write!(f, "Log({}", text.replacen('(', ", ", 1));
            }
        })
    }
}
