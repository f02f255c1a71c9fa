//! The ring: points in order, and whose the first one is that a key comes to.

use std::fmt::Display;

use super::Space;

/// One virtual node on the ring. The order of points is that of the ring, and decides where hashes are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point<N> {
    pub hash: u64,
    pub node: N,
    /// Which virtual node of that node, counted from 0.
    pub number: u32,
}

/// The points of all members. Rings with the same members, each with as many virtual nodes, are equal.
///
/// A node is hashed as it is displayed, so two that are displayed alike have their points in the same places: the lesser
/// is the owner of all that either has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ring<N> {
    space: Space,
    /// In order.
    points: Vec<Point<N>>,
}

impl<N> Ring<N> {
    /// A ring without members.
    pub const fn new(space: Space) -> Self {
        let points = Vec::new();
        Ring { space, points }
    }

    pub const fn space(&self) -> Space {
        self.space
    }

    /// In order.
    pub fn points(&self) -> &[Point<N>] {
        &self.points
    }

    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The owner of a key: nobody, if there are no members.
    pub fn owner(&self, key: impl AsRef<[u8]>) -> Option<&N> {
        self.owner_at(self.space.key(key))
    }

    /// The owner of all keys with this hash.
    ///
    /// # Panics
    ///
    /// If the space has no such hash.
    pub fn owner_at(&self, hash: u64) -> Option<&N> {
        self.clockwise(hash).next()
    }

    /// The nodes of all points, once round the ring, beginning with the first point that has this hash or a greater one.
    fn clockwise(&self, hash: u64) -> impl Iterator<Item = &N> {
        assert!(hash <= self.space.last(), "the space has no such hash");
        let first = self.points.partition_point(|point| point.hash < hash);
        let (behind, ahead) = self.points.split_at(first);
        ahead.iter().chain(behind).map(|point| &point.node)
    }
}

impl<N: Ord> Ring<N> {
    /// In order, each once.
    pub fn members(&self) -> Vec<&N> {
        let mut members: Vec<&N> = self.points.iter().map(|point| &point.node).collect();
        members.sort_unstable();
        members.dedup();
        members
    }

    pub fn contains(&self, node: &N) -> bool {
        self.points.iter().any(|point| point.node == *node)
    }

    /// The preference list of a key: the first so many distinct nodes from its hash on, clockwise; all members, if there
    /// are no more. The first is the owner.
    pub fn replicas(&self, key: impl AsRef<[u8]>, most: usize) -> Vec<&N> {
        self.replicas_at(self.space.key(key), most)
    }

    /// The preference list of all keys with this hash.
    ///
    /// # Panics
    ///
    /// If the space has no such hash.
    pub fn replicas_at(&self, hash: u64, most: usize) -> Vec<&N> {
        let mut replicas = Vec::new();
        for node in self.clockwise(hash) {
            if replicas.len() == most {
                break;
            }
            if !replicas.contains(&node) {
                replicas.push(node);
            }
        }
        replicas
    }

    /// Takes a node off the ring. Whether it was a member.
    pub fn leave(&mut self, node: &N) -> bool {
        let before = self.points.len();
        self.points.retain(|point| point.node != *node);
        self.points.len() < before
    }
}

impl<N: Ord + Clone + Display> Ring<N> {
    /// A ring of nodes that have equally many virtual nodes; one that is named twice is a member once.
    ///
    /// # Panics
    ///
    /// If that is none.
    pub fn of(space: Space, nodes: impl IntoIterator<Item = N>, virtual_nodes: u32) -> Self {
        assert!(virtual_nodes > 0, "a member has a virtual node");
        let mut nodes: Vec<N> = nodes.into_iter().collect();
        nodes.sort_unstable();
        nodes.dedup();
        let mut ring = Ring::new(space);
        for node in &nodes {
            ring.put(node, virtual_nodes);
        }
        ring.points.sort_unstable();
        ring
    }

    /// Puts a node on the ring. Whether it was no member before; if it was, it keeps the virtual nodes that it has.
    ///
    /// # Panics
    ///
    /// If it is to have no virtual nodes: then nobody could tell whether it is a member.
    pub fn join(&mut self, node: &N, virtual_nodes: u32) -> bool {
        assert!(virtual_nodes > 0, "a member has a virtual node");
        if self.contains(node) {
            return false;
        }
        self.put(node, virtual_nodes);
        // This sort makes use of it that most are in order.
        self.points.sort();
        true
    }

    /// Adds points, which are not in order then.
    fn put(&mut self, node: &N, virtual_nodes: u32) {
        let space = self.space;
        self.points.extend((0..virtual_nodes).map(|number| Point {
            hash: space.virtual_node(node, number),
            node: node.clone(),
            number,
        }));
    }
}
