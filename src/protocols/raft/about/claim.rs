//! What servers and clients observe of themselves.

use serde::{Deserialize, Serialize};

use crate::model::{Observation, Observed, Tally};
use crate::protocols::clients;
use crate::protocols::raft::{Ask, Content, Entry, Index, Raft, Reply, Term};

/// What a handler says of its step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Claim {
    /// A majority voted for it in this term.
    Elected(Term),
    /// Knows, in a certain term, that the entry at this place is committed. (Not said of what a
    /// snapshot stands for: that was committed elsewhere.)
    Committed {
        index: Index,
        entry: Entry,
        during: Term,
    },
    /// Applied a command that its session has not seen before.
    Executed { index: Index, command: Content },
    /// A client asks for something, under this serial number.
    Invoked { serial: u32, ask: Ask },
    /// A client is told what became of it, or stops waiting and never is.
    Returned { serial: u32, reply: Option<Reply> },
}

impl Observed<Raft> for Claim {
    /// A leader is elected, and entries are committed, again and again: nobody decides once and for all.
    fn tally(&self, _: &Raft) -> Option<Tally> {
        match *self {
            Claim::Invoked { .. } => Some(Tally::Asked),
            Claim::Returned { reply, .. } => reply.map(|_| Tally::Answered),
            _ => None,
        }
    }

    fn in_words(&self, raft: &Raft) -> Observation {
        match *self {
            Claim::Elected(Term(term)) => Observation::Elected {
                subject: term.into(),
            },
            Claim::Committed {
                index,
                entry,
                during,
            } => Observation::Committed {
                subject: index.into(),
                value: raft.name_of(entry.content),
                term: entry.term.0.into(),
                during: during.0.into(),
            },
            Claim::Executed { index, command } => Observation::Executed {
                subject: index.into(),
                value: raft.name_of(command),
            },
            Claim::Invoked { serial, ask } => clients::Claim::Invoked { serial, ask }.in_words(),
            Claim::Returned { serial, reply } => {
                clients::Claim::Returned { serial, reply }.in_words()
            }
        }
    }
}

impl From<clients::Claim> for Claim {
    fn from(claim: clients::Claim) -> Self {
        match claim {
            clients::Claim::Invoked { serial, ask } => Claim::Invoked { serial, ask },
            clients::Claim::Returned { serial, reply } => Claim::Returned { serial, reply },
        }
    }
}
