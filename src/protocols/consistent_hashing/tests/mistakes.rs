//! Mistakes that are made with rings, each beside the properties that notice it on small rings, and no others.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use super::properties::{Placement, Property, broken};
use super::*;

/// The ring, but for its answers.
macro_rules! joins_and_leaves_as_the_ring {
    () => {
        fn new(space: Space, _: u8) -> Self {
            Self(Ring::new(space))
        }

        fn join(&mut self, node: Node, virtual_nodes: u32) {
            self.0.join(&node, virtual_nodes);
        }

        fn leave(&mut self, node: Node) {
            self.0.leave(&node);
        }
    };
}

/// Keys behind the last point have no owner: a binary search gives the length of the list, and nobody looks.
struct WithoutWrapAround(Ring<Node>);

impl Placement for WithoutWrapAround {
    joins_and_leaves_as_the_ring!();

    fn owner(&self, hash: u64) -> Option<Node> {
        let point = self.0.points().iter().find(|point| point.hash >= hash);
        point.map(|point| point.node)
    }

    fn replicas(&self, hash: u64, most: usize) -> Vec<Node> {
        match self.owner(hash) {
            Some(_) => Placement::replicas(&self.0, hash, most),
            None => Vec::new(),
        }
    }
}

#[test]
fn no_wrap_around_is_noticed() {
    let noticed = broken::<WithoutWrapAround>();
    let by = [
        Property::Total,
        Property::Distinct,
        Property::MonotoneReplicas,
    ];
    assert_eq!(noticed, by);
}

/// The owner is the successor of a key, but replicas are looked for from its predecessor on, backwards.
struct BothWays(Ring<Node>);

impl Placement for BothWays {
    joins_and_leaves_as_the_ring!();

    fn owner(&self, hash: u64) -> Option<Node> {
        Placement::owner(&self.0, hash)
    }

    fn replicas(&self, hash: u64, most: usize) -> Vec<Node> {
        distinct(backwards(&self.0, hash), most)
    }
}

/// The nodes of all points, from the predecessor of a hash on.
fn backwards(ring: &Ring<Node>, hash: u64) -> impl Iterator<Item = &Node> {
    let first = ring.points().partition_point(|point| point.hash < hash);
    let (behind, ahead) = ring.points().split_at(first);
    let points = behind.iter().rev().chain(ahead.iter().rev());
    points.map(|point| &point.node)
}

#[test]
fn successor_here_and_predecessor_there_is_noticed() {
    assert_eq!(broken::<BothWays>(), [Property::Consistent]);
}

/// The owner is the successor of a key, and further replicas are looked for backwards. (As in vimeo/galaxycache, pull
/// request 58.)
struct OwnerAndBackwards(Ring<Node>);

impl Placement for OwnerAndBackwards {
    joins_and_leaves_as_the_ring!();

    fn owner(&self, hash: u64) -> Option<Node> {
        Placement::owner(&self.0, hash)
    }

    fn replicas(&self, hash: u64, most: usize) -> Vec<Node> {
        let owner = self.0.owner_at(hash).into_iter();
        distinct(owner.chain(backwards(&self.0, hash)), most)
    }
}

#[test]
fn turning_round_behind_the_owner_is_noticed() {
    let noticed = broken::<OwnerAndBackwards>();
    assert_eq!(noticed, [Property::MonotoneReplicas]);
}

/// A map from hashes to nodes: who comes later takes the place of a point that is there, and whoever leaves takes it away.
/// (Apache Pekko, issue 3279; Pragmatica, issue 1324; go-zero, issue 5595.)
struct Overwriting {
    space: Space,
    points: BTreeMap<u64, Node>,
    counts: BTreeMap<Node, u32>,
}

impl Placement for Overwriting {
    fn new(space: Space, _: u8) -> Self {
        Overwriting {
            space,
            points: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    fn join(&mut self, node: Node, virtual_nodes: u32) {
        self.counts.insert(node, virtual_nodes);
        for number in 0..virtual_nodes {
            let hash = self.space.virtual_node(&node, number);
            self.points.insert(hash, node);
        }
    }

    fn leave(&mut self, node: Node) {
        for number in 0..self.counts[&node] {
            let hash = self.space.virtual_node(&node, number);
            self.points.remove(&hash);
        }
    }

    fn owner(&self, hash: u64) -> Option<Node> {
        let mut clockwise = self.points.range(hash..).chain(self.points.range(..hash));
        clockwise.next().map(|(_, node)| *node)
    }

    fn replicas(&self, hash: u64, most: usize) -> Vec<Node> {
        let clockwise = self.points.range(hash..).chain(self.points.range(..hash));
        distinct(clockwise.map(|(_, node)| node), most)
    }
}

#[test]
fn points_that_overwrite_each_other_are_noticed() {
    let by = [
        Property::Total,
        Property::IndependentOfOrder,
        Property::Minimal,
        Property::Inverse,
        Property::Distinct,
        Property::MonotoneReplicas,
    ];
    assert_eq!(broken::<Overwriting>(), by);
}

/// Points in the order of their hashes alone: where two collide, who came first is first. (Ringpop, pull request 317.)
struct FirstCome {
    space: Space,
    points: Vec<(u64, Node)>,
}

impl Placement for FirstCome {
    fn new(space: Space, _: u8) -> Self {
        let points = Vec::new();
        FirstCome { space, points }
    }

    fn join(&mut self, node: Node, virtual_nodes: u32) {
        let hash = |number| self.space.virtual_node(&node, number);
        self.points
            .extend((0..virtual_nodes).map(|number| (hash(number), node)));
        self.points.sort_by_key(|(hash, _)| *hash);
    }

    fn leave(&mut self, node: Node) {
        self.points.retain(|(_, other)| *other != node);
    }

    fn owner(&self, hash: u64) -> Option<Node> {
        self.replicas(hash, 1).first().copied()
    }

    fn replicas(&self, hash: u64, most: usize) -> Vec<Node> {
        let first = self.points.partition_point(|(at, _)| *at < hash);
        let (behind, ahead) = self.points.split_at(first);
        distinct(ahead.iter().chain(behind).map(|(_, node)| node), most)
    }
}

#[test]
fn points_in_the_order_of_coming_are_noticed() {
    assert_eq!(broken::<FirstCome>(), [Property::IndependentOfOrder]);
}

/// The hash modulo the number of members.
struct Modulo(BTreeSet<Node>);

impl Placement for Modulo {
    fn new(_: Space, _: u8) -> Self {
        Modulo(BTreeSet::new())
    }

    fn join(&mut self, node: Node, _: u32) {
        self.0.insert(node);
    }

    fn leave(&mut self, node: Node) {
        self.0.remove(&node);
    }

    fn owner(&self, hash: u64) -> Option<Node> {
        self.replicas(hash, 1).first().copied()
    }

    fn replicas(&self, hash: u64, most: usize) -> Vec<Node> {
        let Some(first) = remainder(hash, self.0.len()) else {
            return Vec::new();
        };
        let members = self.0.iter().chain(&self.0).copied();
        members.skip(first).take(most.min(self.0.len())).collect()
    }
}

fn remainder(hash: u64, length: usize) -> Option<usize> {
    usize::try_from(hash).ok()?.checked_rem(length)
}

#[test]
fn hash_modulo_members_is_noticed() {
    let by = [
        Property::Monotone,
        Property::Minimal,
        Property::MonotoneReplicas,
    ];
    assert_eq!(broken::<Modulo>(), by);
}

/// Slots that are named, sorted as text and numbered by their position; a key has the slot of its hash modulo their number.
struct Slots(BTreeSet<(String, Node)>);

impl Placement for Slots {
    fn new(_: Space, _: u8) -> Self {
        Slots(BTreeSet::new())
    }

    fn join(&mut self, node: Node, virtual_nodes: u32) {
        let slot = |number| (format!("node-{node}-{number}"), node);
        self.0.extend((0..virtual_nodes).map(slot));
    }

    fn leave(&mut self, node: Node) {
        self.0.retain(|(_, other)| *other != node);
    }

    fn owner(&self, hash: u64) -> Option<Node> {
        self.replicas(hash, 1).first().copied()
    }

    fn replicas(&self, hash: u64, most: usize) -> Vec<Node> {
        let first = remainder(hash, self.0.len()).unwrap_or(0);
        let slots = self.0.iter().skip(first).chain(&self.0);
        distinct(slots.map(|(_, node)| node), most)
    }
}

#[test]
fn slots_by_number_are_noticed() {
    let by = [
        Property::Monotone,
        Property::Minimal,
        Property::MonotoneReplicas,
    ];
    assert_eq!(broken::<Slots>(), by);
}

/// Replicas are the nodes of the next points, whosever these are.
struct Repeating(Ring<Node>);

impl Placement for Repeating {
    joins_and_leaves_as_the_ring!();

    fn owner(&self, hash: u64) -> Option<Node> {
        Placement::owner(&self.0, hash)
    }

    fn replicas(&self, hash: u64, most: usize) -> Vec<Node> {
        let points = self.0.points();
        let first = points.partition_point(|point| point.hash < hash);
        let (behind, ahead) = points.split_at(first);
        let clockwise = ahead.iter().chain(behind);
        clockwise.take(most).map(|point| point.node).collect()
    }
}

#[test]
fn replicas_that_are_not_distinct_are_noticed() {
    assert_eq!(broken::<Repeating>(), [Property::Distinct]);
}

/// A node as a process hashes it that has a seed of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Salted {
    node: Node,
    seed: u8,
}

impl Display for Salted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.seed, self.node)
    }
}

/// Every process draws a seed for its hash function when it starts.
struct Seeded {
    seed: u8,
    ring: Ring<Salted>,
}

impl Placement for Seeded {
    fn new(space: Space, process: u8) -> Self {
        let ring = Ring::new(space);
        let seed = process;
        Seeded { seed, ring }
    }

    fn join(&mut self, node: Node, virtual_nodes: u32) {
        let seed = self.seed;
        self.ring.join(&Salted { node, seed }, virtual_nodes);
    }

    fn leave(&mut self, node: Node) {
        let seed = self.seed;
        self.ring.leave(&Salted { node, seed });
    }

    fn owner(&self, hash: u64) -> Option<Node> {
        self.ring.owner_at(hash).map(|salted| salted.node)
    }

    fn replicas(&self, hash: u64, most: usize) -> Vec<Node> {
        let replicas = self.ring.replicas_at(hash, most);
        replicas.into_iter().map(|salted| salted.node).collect()
    }
}

#[test]
fn a_seed_for_each_process_is_noticed() {
    assert_eq!(broken::<Seeded>(), [Property::Consistent]);
}

/// One component keeps hashes in signed integers, and makes them positive before it asks the ring.
struct Absolute {
    has_signed: bool,
    ring: Ring<Node>,
}

impl Absolute {
    fn folded(&self, hash: u64) -> u64 {
        let last = self.ring.space().last();
        let is_negative = hash > last / 2;
        // In two's complement, where the least integer is its own absolute value.
        if self.has_signed && is_negative {
            last - hash + 1
        } else {
            hash
        }
    }
}

impl Placement for Absolute {
    fn new(space: Space, process: u8) -> Self {
        Absolute {
            has_signed: process > 0,
            ring: Ring::new(space),
        }
    }

    fn join(&mut self, node: Node, virtual_nodes: u32) {
        self.ring.join(&node, virtual_nodes);
    }

    fn leave(&mut self, node: Node) {
        self.ring.leave(&node);
    }

    fn owner(&self, hash: u64) -> Option<Node> {
        Placement::owner(&self.ring, self.folded(hash))
    }

    fn replicas(&self, hash: u64, most: usize) -> Vec<Node> {
        Placement::replicas(&self.ring, self.folded(hash), most)
    }
}

#[test]
fn absolute_values_of_hashes_are_noticed() {
    assert_eq!(broken::<Absolute>(), [Property::Consistent]);
}

/// No mistake: points and keys in the order of signed integers are the same ring, begun elsewhere.
struct TwosComplement {
    orders_as_signed: bool,
    space: Space,
    points: BTreeSet<(u64, Node, u32)>,
}

impl TwosComplement {
    /// The place of a hash in the order of signed integers.
    fn place(&self, hash: u64) -> u64 {
        if self.orders_as_signed {
            hash ^ (self.space.last() / 2 + 1)
        } else {
            hash
        }
    }
}

impl Placement for TwosComplement {
    fn new(space: Space, process: u8) -> Self {
        TwosComplement {
            orders_as_signed: process > 0,
            space,
            points: BTreeSet::new(),
        }
    }

    fn join(&mut self, node: Node, virtual_nodes: u32) {
        for number in 0..virtual_nodes {
            let place = self.place(self.space.virtual_node(&node, number));
            self.points.insert((place, node, number));
        }
    }

    fn leave(&mut self, node: Node) {
        self.points.retain(|(_, other, _)| *other != node);
    }

    fn owner(&self, hash: u64) -> Option<Node> {
        self.replicas(hash, 1).first().copied()
    }

    fn replicas(&self, hash: u64, most: usize) -> Vec<Node> {
        let place = self.place(hash);
        let ahead = self.points.iter().filter(|(at, ..)| *at >= place);
        let behind = self.points.iter().filter(|(at, ..)| *at < place);
        distinct(ahead.chain(behind).map(|(_, node, _)| node), most)
    }
}

#[test]
fn the_order_of_signed_integers_is_no_mistake() {
    assert_eq!(broken::<TwosComplement>(), []);
}
