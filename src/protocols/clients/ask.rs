//! What clients ask of servers, and what they are told.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{SERVERS_MAX, Servers, name, names};
use crate::model::{Id, NodeSet};
use crate::protocols::key_value::{Answer, Op};

/// What a client, or an administrator, may ask for. Written `put x 1`, `add S4`, `remove S1`,
/// `members S1 S2 S4`, `transfer S2`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Ask {
    /// An operation on the state machine.
    Operation(Op),
    /// Another set of servers (Ongaro & Ousterhout, 6).
    Members(Members),
    /// That this server should lead instead (Ongaro, 3.10).
    Transfer(Id),
}

/// Which servers should take part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Members {
    Add(Id),
    Remove(Id),
    Exactly(Servers),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reply {
    /// What the state machine answered.
    Answer(Answer),
    /// What was asked of the cluster itself is done, or, of a transfer, under way.
    Accepted,
    /// The leader will not do that.
    Refused,
    /// Ask somebody else: this one, if the server knows of a leader (Ongaro & Ousterhout, 8).
    NotLeader(Option<Id>),
}

impl Members {
    /// The set that is asked for, out of the one that there is.
    pub fn out_of(self, voters: NodeSet) -> NodeSet {
        match self {
            Members::Add(id) => voters.with(id),
            Members::Remove(id) => voters.without(id),
            Members::Exactly(set) => set.into(),
        }
    }

    /// The servers that are named.
    pub fn named(self) -> NodeSet {
        match self {
            Members::Add(id) | Members::Remove(id) => NodeSet::only(id),
            Members::Exactly(set) => set.into(),
        }
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ask::Operation(op) => write!(f, "{op}"),
            Ask::Members(Members::Add(id)) => write!(f, "add {}", name(*id)),
            Ask::Members(Members::Remove(id)) => write!(f, "remove {}", name(*id)),
            Ask::Members(Members::Exactly(set)) => write!(f, "members {}", names((*set).into())),
            Ask::Transfer(id) => write!(f, "transfer {}", name(*id)),
        }
    }
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Ask {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let server = |word: &str| {
            let number = word.strip_prefix('S').and_then(|n| n.parse().ok());
            match number {
                Some(n) if (1..=usize::from(SERVERS_MAX)).contains(&n) => Ok(Id::from(n - 1)),
                Some(n) if n > 0 => {
                    Err(format!("`{word}`: there are {SERVERS_MAX} servers at most"))
                }
                _ => Err(format!("`{word}` is no server: write S1, S2 and so on")),
            }
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            ["add", id] => Ok(Ask::Members(Members::Add(server(id)?))),
            ["remove", id] => Ok(Ask::Members(Members::Remove(server(id)?))),
            ["members", ref ids @ ..] if !ids.is_empty() => {
                let ids: Result<NodeSet, String> = ids.iter().map(|id| server(id)).collect();
                Ok(Ask::Members(Members::Exactly(Servers::of(ids?))))
            }
            ["transfer", id] => Ok(Ask::Transfer(server(id)?)),
            ["add" | "remove" | "members" | "transfer", ..] => Err(format!(
                "`{text}` names no server, or too many: write `add S4`, `remove S1`, \
                 `members S1 S2 S4` or `transfer S2`"
            )),
            _ => text.parse().map(Ask::Operation).map_err(|e: <Op as FromStr>::Err| {
                format!("{e}; of the cluster itself one asks `add S4`, `remove S1`, `members S1 S2` or `transfer S2`")
            }),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Answer(answer) => write!(f, "{answer}"),
            Reply::Accepted => f.write_str("accepted"),
            Reply::Refused => f.write_str("refused"),
            Reply::NotLeader(None) => f.write_str("not leader"),
            Reply::NotLeader(Some(leader)) => write!(f, "not leader, ask {}", name(*leader)),
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
