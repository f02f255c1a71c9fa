//! Who takes part (6), and which sets of servers decide.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ask::names;
use crate::model::{Id, NodeSet};

/// The servers that vote. While the cluster passes from one set to another by joint consensus,
/// both: C-old,new.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Configuration {
    pub voters: NodeSet,
    /// The set to which the cluster is passing.
    pub next: Option<NodeSet>,
}

impl Configuration {
    pub fn of(voters: NodeSet) -> Self {
        Configuration { voters, next: None }
    }

    pub fn joint(voters: NodeSet, next: NodeSet) -> Self {
        let next = Some(next);
        Configuration { voters, next }
    }

    /// All that take part.
    pub fn all(self) -> NodeSet {
        self.voters.union(self.next.unwrap_or_default())
    }

    pub fn contains(self, id: Id) -> bool {
        self.all().contains(id)
    }

    /// Whether these decide: a majority, or, in C-old,new, a majority of each of the two (6).
    pub fn is_quorum(self, set: NodeSet) -> bool {
        let majority = |of: NodeSet| of.intersection(set).len() > of.len() / 2;
        majority(self.voters) && self.next.is_none_or(majority)
    }

    /// Whether every set that decides here has a server in common with every one that decides there.
    pub fn overlaps(self, other: Configuration) -> bool {
        // Two sets that decide and have nothing in common would be found among a set and what it
        // leaves: more servers never make a set decide less.
        let all = self.all().union(other.all());
        let members: Vec<Id> = all.iter().collect();
        (0..1_u32 << members.len()).all(|chosen| {
            let some = |(at, id): (usize, &Id)| (chosen >> at & 1 == 1).then_some(*id);
            let set: NodeSet = members.iter().enumerate().filter_map(some).collect();
            !(self.is_quorum(set) && other.is_quorum(all.minus(set)))
        })
    }
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.next {
            None => write!(f, "{{{}}}", names(self.voters)),
            Some(next) => write!(f, "{{{} -> {}}}", names(self.voters), names(next)),
        }
    }
}
