//! Who takes part: nodes, their names and roles, sets of nodes, links between them.
//!
//! Invariant: node `i` of a cluster has `Id` `i`; there are at most [`MAX_NODES`].

use std::fmt;

use serde::de::Error as _;
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::id::{Id, named};

/// The largest cluster. A [`NodeSet`] is one machine word of this many bits.
pub const MAX_NODES: usize = 128;

/// The position of a node in its cluster.
#[inline]
pub fn index(id: Id) -> usize {
    usize::from(id)
}

/// A directed link. Messages from `src` to `dst` travel on it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Link {
    pub src: Id,
    pub dst: Id,
}

impl Link {
    pub fn new(src: Id, dst: Id) -> Self {
        Link { src, dst }
    }

    /// A node's link to itself is never cut and never loses or duplicates anything.
    pub fn is_loop(self) -> bool {
        self.src == self.dst
    }
}

/// A set of nodes.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeSet(u128);

impl NodeSet {
    pub const EMPTY: NodeSet = NodeSet(0);
    /// As many nodes as there can be.
    pub const EVERYBODY: NodeSet = NodeSet(!0);

    /// The nodes `0..n`.
    pub fn first(n: usize) -> Self {
        assert!(n <= MAX_NODES, "at most {MAX_NODES} nodes");
        NodeSet(if n == MAX_NODES { !0 } else { (1 << n) - 1 })
    }

    pub fn only(id: Id) -> Self {
        NodeSet(1 << index(id))
    }

    pub fn contains(self, id: Id) -> bool {
        self.0 >> index(id) & 1 == 1
    }

    pub fn insert(&mut self, id: Id) {
        self.0 |= 1 << index(id);
    }

    pub fn remove(&mut self, id: Id) {
        self.0 &= !(1 << index(id));
    }

    pub fn with(mut self, id: Id) -> Self {
        self.insert(id);
        self
    }

    pub fn without(mut self, id: Id) -> Self {
        self.remove(id);
        self
    }

    pub fn union(self, other: Self) -> Self {
        NodeSet(self.0 | other.0)
    }

    pub fn intersection(self, other: Self) -> Self {
        NodeSet(self.0 & other.0)
    }

    pub fn minus(self, other: Self) -> Self {
        NodeSet(self.0 & !other.0)
    }

    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The member, if there is only one.
    pub fn single(self) -> Option<Id> {
        let mut all = self.iter();
        let first = all.next()?;
        all.next().is_none().then_some(first)
    }

    /// As a machine word: node `i` is bit `i`.
    pub fn bits(self) -> u128 {
        self.0
    }

    pub fn from_bits(bits: u128) -> Self {
        NodeSet(bits)
    }

    /// The members, in ascending order.
    pub fn iter(self) -> impl Iterator<Item = Id> {
        // Half by half: nearly always all are in the lower one, and one word is cheaper than two.
        let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).expect("it is masked");
        let (mut rest, mut upper, mut first) = (half(self.0), half(self.0 >> 64), 0);
        std::iter::from_fn(move || {
            if rest == 0 {
                (rest, first) = (std::mem::take(&mut upper), 64);
            }
            (rest != 0).then(|| {
                let lowest = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                Id::from(first + lowest)
            })
        })
    }
}

impl FromIterator<Id> for NodeSet {
    fn from_iter<I: IntoIterator<Item = Id>>(ids: I) -> Self {
        ids.into_iter().fold(NodeSet::EMPTY, NodeSet::with)
    }
}

impl fmt::Debug for NodeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(index)).finish()
    }
}

/// The members, as a list of ids.
impl Serialize for NodeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Formats without names want to know the length.
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        for id in self.iter() {
            list.serialize_element(&id)?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for NodeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::<Id>::deserialize(deserializer)?;
        if list.iter().any(|id| index(*id) >= MAX_NODES) {
            return Err(D::Error::custom("no cluster has so many nodes"));
        }
        Ok(list.into_iter().collect())
    }
}

/// One node of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Short and unique, as scenario files and diagrams show it: `C`, `P1`.
    pub name: String,
    /// The paper's word for what it does: `coordinator`, `acceptor`.
    pub role: &'static str,
}

/// The nodes of one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    members: Vec<Member>,
}

impl Cluster {
    /// A cluster of the given `(name, role)` pairs, in the order of their ids.
    ///
    /// How many there are may depend on what a user wrote, so too many are no panic here: one
    /// more than [`MAX_NODES`] is kept, which whoever reads scenarios refuses.
    pub fn new(members: impl IntoIterator<Item = (impl Into<String>, &'static str)>) -> Self {
        let members: Vec<_> = members
            .into_iter()
            .map(|(name, role)| Member {
                name: name.into(),
                role,
            })
            .take(MAX_NODES + 1)
            .collect();
        Cluster { members }
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        (0..self.members.len()).map(Id::from)
    }

    pub fn all(&self) -> NodeSet {
        NodeSet::first(self.len())
    }

    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// A text in which nodes go by their names, where a protocol printed their ids.
    pub fn naming(&self, text: &str) -> String {
        let names: Vec<String> = self.members().iter().map(|m| m.name.clone()).collect();
        named(text, &names)
    }

    pub fn name(&self, id: Id) -> &str {
        &self.members[index(id)].name
    }

    pub fn role(&self, id: Id) -> &'static str {
        self.members[index(id)].role
    }

    pub fn find(&self, name: &str) -> Option<Id> {
        self.members
            .iter()
            .position(|m| m.name == name)
            .map(Id::from)
    }

    /// The nodes that have this role; empty if none has.
    pub fn with_role(&self, role: &str) -> NodeSet {
        self.ids().filter(|&id| self.role(id) == role).collect()
    }

    /// The roles, each once, in the order of their first node.
    pub fn roles(&self) -> Vec<&'static str> {
        let mut roles = Vec::new();
        for m in &self.members {
            if !roles.contains(&m.role) {
                roles.push(m.role);
            }
        }
        roles
    }

    /// The names of a set, for sentences: `P1`, `P1 and P2`, `P1, P2 and P3`.
    pub fn names(&self, set: NodeSet) -> String {
        enumerate(set.iter().map(|id| self.name(id).to_owned()))
    }
}

/// Members of one role, for [`Cluster::new`]: `P1`, `P2` and so on.
pub fn numbered(
    letter: &'static str,
    role: &'static str,
    n: usize,
) -> impl Iterator<Item = (String, &'static str)> {
    (1..=n).map(move |i| (format!("{letter}{i}"), role))
}

/// Joins words as a sentence does: `a`, `a and b`, `a, b and c`.
pub fn enumerate(words: impl IntoIterator<Item = String>) -> String {
    sentence(&words.into_iter().collect::<Vec<_>>())
}

fn sentence(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [word] => word.clone(),
        [words @ .., last] => format!("{} and {last}", words.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_iterates_in_ascending_order() {
        let set: NodeSet = [5, 0, 127, 3].map(Id::from).into_iter().collect();
        let back: Vec<usize> = set.iter().map(index).collect();
        assert_eq!(back, [0, 3, 5, 127]);
        assert_eq!(set.len(), 4);
        assert_eq!(NodeSet::first(128).len(), 128);
    }

    #[test]
    fn names_read_as_a_sentence() {
        let cluster = Cluster::new(["C", "P1", "P2"].map(|n| (n.to_owned(), "node")));
        assert_eq!(cluster.names(cluster.all()), "C, P1 and P2");
        assert_eq!(cluster.names(NodeSet::only(Id::from(1))), "P1");
    }
}
