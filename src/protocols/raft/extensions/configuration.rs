//! Who takes part (6), and which sets of servers decide.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{Id, NodeSet};
use crate::protocols::clients::{Servers, names};

/// The servers that vote. While the cluster passes from one set to another by joint consensus,
/// both: C-old,new.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Configuration {
    voters: Servers,
    next: Option<Servers>,
}

impl Configuration {
    pub fn of(voters: NodeSet) -> Self {
        Configuration {
            voters: Servers::of(voters),
            next: None,
        }
    }

    pub fn joint(voters: NodeSet, next: NodeSet) -> Self {
        Configuration {
            voters: Servers::of(voters),
            next: Some(Servers::of(next)),
        }
    }

    /// Those that vote: C-old, in C-old,new.
    pub fn voters(self) -> NodeSet {
        self.voters.into()
    }

    /// The set to which the cluster is passing.
    pub fn next(self) -> Option<NodeSet> {
        self.next.map(NodeSet::from)
    }

    /// The sets of which a majority each is needed.
    fn sets(self) -> impl Iterator<Item = NodeSet> {
        std::iter::once(self.voters()).chain(self.next())
    }

    /// All that take part.
    pub fn all(self) -> NodeSet {
        self.voters().union(self.next().unwrap_or_default())
    }

    pub fn contains(self, id: Id) -> bool {
        self.all().contains(id)
    }

    /// Whether these decide: a majority, or, in C-old,new, a majority of each of the two (6).
    pub fn is_quorum(self, set: NodeSet) -> bool {
        let majority = |of: NodeSet| of.intersection(set).len() > of.len() / 2;
        majority(self.voters()) && self.next().is_none_or(majority)
    }

    /// Whether every set that decides here has a server in common with every one that decides there.
    pub fn overlaps(self, other: Configuration) -> bool {
        // Two majorities of one set overlap: that is most of what is asked here.
        let has = |set: Option<Servers>| set == Some(self.voters) || set == self.next;
        if has(Some(other.voters)) || other.next.is_some() && has(other.next) {
            return true;
        }
        // Whoever decides holds a majority of each of its sets. So one pair of sets is enough, and needed
        // where there is only one.
        let mut pairs = self
            .sets()
            .flat_map(|one| other.sets().map(move |there| (one, there)));
        if pairs.any(|(one, there)| majorities_overlap(one, there)) {
            return true;
        }
        if self.next.is_none() && other.next.is_none() {
            return false;
        }
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

/// Whether every majority of one set has a server in common with every one of another. Those that need
/// the fewest of the common servers take all others first; then they must want more than there are.
fn majorities_overlap(one: NodeSet, other: NodeSet) -> bool {
    let wanted = |of: NodeSet, apart: NodeSet| {
        let majority = of.len() / 2 + 1;
        majority.saturating_sub(of.minus(apart).len())
    };
    let common = one.intersection(other).len();
    wanted(one, other) + wanted(other, one) > common
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.next() {
            None => write!(f, "{{{}}}", names(self.voters())),
            Some(next) => write!(f, "{{{} -> {}}}", names(self.voters()), names(next)),
        }
    }
}
