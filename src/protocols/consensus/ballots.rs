//! Ballots, the proposals that are made in them, and who accepted these.

use std::fmt;

use derive_where::derive_where;
use serde::{Deserialize, Serialize};

use crate::model::{Id, NodeSet, Renaming};

/// The number of a proposal. Each proposer draws its numbers from a set of its own. Zero is below all
/// of them.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ballot(pub u32);

/// A value under the number of a ballot. Written `2:v1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Proposal<V> {
    pub ballot: Ballot,
    pub value: V,
}

/// Who accepted what, in the order of ballots.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[derive_where(Default)]
pub struct Acceptances<V>(Vec<(Proposal<V>, NodeSet)>);

impl<V: Copy + Ord> Acceptances<V> {
    /// Adds an acceptance; one that is known changes nothing.
    pub fn add(&mut self, proposal: Proposal<V>, acceptor: Id) {
        match self.0.binary_search_by_key(&proposal, |(p, _)| *p) {
            Ok(at) => self.0[at].1.insert(acceptor),
            Err(at) => self.0.insert(at, (proposal, NodeSet::only(acceptor))),
        }
    }

    /// Who accepted a proposal.
    pub fn of(&self, proposal: Proposal<V>) -> NodeSet {
        let mut same = self.iter().filter(|(p, _)| *p == proposal);
        same.next().map_or(NodeSet::EMPTY, |(_, who)| who)
    }

    /// With acceptors by other names.
    pub fn renamed(&self, by: &Renaming) -> Self {
        Acceptances(self.iter().map(|(p, who)| (p, by.set(who))).collect())
    }

    /// Each proposal that was accepted, with those who did.
    pub fn iter(&self) -> impl Iterator<Item = (Proposal<V>, NodeSet)> {
        self.0.iter().copied()
    }
}

impl fmt::Debug for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<V: fmt::Debug> fmt::Debug for Proposal<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{:?}", self.ballot, self.value)
    }
}
