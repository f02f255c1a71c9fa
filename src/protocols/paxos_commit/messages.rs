//! What is sent and waited for.

use serde::{Deserialize, Serialize};

use super::{Accepted, Ballot, Decision, Value, Votes};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// The leader asks for a vote.
    Prepare,
    /// Phase 2a of ballot 0: a participant asks to accept its vote. To the leader it says as well that
    /// the transaction is to begin. (GL: BEGIN-COMMIT.)
    Vote(Value),
    /// A participant asks for the outcome: whoever does not know it has to find out.
    Inquiry,
    /// A leader asks for promises.
    Phase1a(Ballot),
    /// An acceptor will accept nothing below this ballot, and tells what it has accepted.
    Phase1b(Ballot, Accepted),
    /// A leader asks to accept, in every instance.
    Phase2a(Ballot, Votes),
    /// An acceptor has accepted these in this ballot.
    Phase2b(Ballot, Votes),
    /// An acceptor refuses the first ballot, because it promised the second.
    Refused(Ballot, Ballot),
    Commit,
    Abort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// A participant begins.
    Begin,
    /// A participant that has not voted waits for PREPARE.
    Prepare,
    /// A prepared participant waits for the outcome.
    Outcome,
    /// An acceptor waits for votes.
    Votes,
    /// A leader waits for acceptors, and an acceptor that promised for its leader.
    Retry,
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
