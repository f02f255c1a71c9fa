//! The ring by examples, and by its definition; its properties are in `properties`.

mod mistakes;
mod properties;
mod random;

use std::collections::BTreeSet;

use super::{HashRange, Moved, Point, Ring, Space, fnv1a, mix, moved};

/// What may become a member.
type Node = char;

/// The owner of a hash and its first replicas, by the definition and nothing else: all points from the hash on, clockwise.
fn by_definition(space: Space, members: &[(Node, u32)], hash: u64, most: usize) -> Vec<Node> {
    let points: BTreeSet<(u64, Node, u32)> = members
        .iter()
        .flat_map(|(node, count)| (0..*count).map(|i| (space.virtual_node(node, i), *node, i)))
        .collect();
    let ahead = points.iter().filter(|(at, ..)| *at >= hash);
    let behind = points.iter().filter(|(at, ..)| *at < hash);
    distinct(ahead.chain(behind).map(|(_, node, _)| node), most)
}

/// So many of the nodes at most, each once.
fn distinct<'a>(nodes: impl Iterator<Item = &'a Node>, most: usize) -> Vec<Node> {
    let mut distinct = Vec::new();
    for node in nodes {
        if !distinct.contains(node) {
            distinct.push(*node);
        }
    }
    distinct.truncate(most);
    distinct
}

/// Vectors of RFC 9923 (FNV-1a), of the reference implementation of `SplitMix64` (seeds 0 and 1,234,567), and of both
/// together, which were computed apart from this code.
#[test]
fn the_hash_is_the_stated_one() {
    assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    // What SplitMix64 adds to its seed before each number.
    let gamma = 0x9e37_79b9_7f4a_7c15_u64;
    assert_eq!(mix(gamma), 0xe220_a839_7b1d_cdaf);
    assert_eq!(mix(gamma.wrapping_mul(2)), 0x6e78_9e6a_a1b9_65f4);
    assert_eq!(mix(gamma.wrapping_mul(3)), 0x06c4_5d18_8009_454f);
    assert_eq!(mix(gamma + 1_234_567), 6_457_827_717_110_365_317);

    let whole = Space::WHOLE;
    assert_eq!(whole.key(""), 0xf52a_15e9_a9b5_e89b);
    assert_eq!(whole.key("a"), 0x02c0_bdbf_4814_20f8);
    assert_eq!(whole.key("foobar"), 0x404d_a9e3_b740_78c2);
    assert_eq!(whole.virtual_node(&"S1", 0), 0x7126_af6f_6681_da13);
    assert_eq!(whole.virtual_node(&"S1", 1), 0x7c0b_20ec_c8dd_9732);
    assert_eq!(whole.virtual_node(&"S2", 0), 0xfd49_3d86_c97a_02b2);
    assert_eq!(whole.virtual_node(&"S1", 256), 0x73dc_a986_bf0b_94c6);
    assert_eq!(Space::new(8).key("foobar"), 0x40);
    assert_eq!(Space::new(1).virtual_node(&"S2", 0), 1);
}

/// A node and a number are not mixed up with another node and number, as they would be if both were written as text.
#[test]
fn virtual_nodes_are_hashed_apart() {
    let whole = Space::WHOLE;
    assert_ne!(whole.virtual_node(&"S1", 12), whole.virtual_node(&"S11", 2));
    assert_eq!(whole.virtual_node(&12, 3), whole.virtual_node(&"12", 3));
}

/// Why FNV is not enough: the order of a ring is by the highest bits.
#[test]
fn keys_that_are_alike_are_scattered() {
    let keys = || (0..10).map(|i| format!("user-{i}"));
    let all: Vec<u64> = keys().map(|key| fnv1a(key.as_bytes())).collect();
    let apart = |hashes: &[u64]| hashes.iter().max().unwrap() - hashes.iter().min().unwrap();
    assert!(apart(&all) < 1 << 48);

    let tenths: BTreeSet<u64> = keys().map(|key| Space::new(8).key(key) / 26).collect();
    assert!(tenths.len() >= 5, "{tenths:?}");
}

#[test]
fn a_space_has_so_many_hashes() {
    let bits = |bits| (Space::new(bits).last(), Space::new(bits).size());
    assert_eq!(bits(1), (1, 2));
    assert_eq!(bits(8), (255, 256));
    assert_eq!(bits(64), (u64::MAX, 1 << 64));
    assert_eq!((Space::WHOLE.bits(), Space::new(64)), (64, Space::WHOLE));
}

#[test]
#[should_panic(expected = "1 to 64 bits")]
fn a_space_has_bits() {
    Space::new(0);
}

#[test]
#[should_panic(expected = "1 to 64 bits")]
fn a_hash_has_no_more_than_64_bits() {
    Space::new(65);
}

#[test]
#[should_panic(expected = "no such hash")]
fn nobody_owns_a_hash_that_there_is_not() {
    Ring::of(Space::new(8), ["A"], 1).owner_at(256);
}

#[test]
#[should_panic(expected = "no such hash")]
fn no_range_is_larger_than_its_space() {
    let range = HashRange {
        first: 9,
        last: 256,
    };
    range.size(Space::new(8));
}

#[test]
#[should_panic(expected = "a member has a virtual node")]
fn nobody_joins_without_virtual_nodes() {
    Ring::new(Space::new(8)).join(&"A", 0);
}

#[test]
#[should_panic(expected = "different spaces")]
fn nothing_moves_between_spaces() {
    let of = |bits| Ring::of(Space::new(bits), ["A"], 1);
    moved(&of(8), &of(9));
}

#[test]
fn without_members_nobody_has_anything() {
    let mut ring = Ring::new(Space::new(8));
    assert_eq!((ring.owner("x"), ring.is_empty()), (None, true));
    assert!(ring.replicas("x", 3).is_empty() && ring.members().is_empty());
    assert!(ring.ranges().is_empty() && !ring.leave(&"A"));

    // The first member takes over the whole ring from nobody, and the last leaves it to nobody.
    let before = ring.clone();
    assert!(ring.join(&"A", 3) && !ring.is_empty());
    let range = HashRange {
        first: 0,
        last: 255,
    };
    let (from, to) = (None, Some(&"A"));
    assert_eq!(moved(&before, &ring), [Moved { range, from, to }]);
    let (from, to) = (to, from);
    assert_eq!(moved(&ring, &before), [Moved { range, from, to }]);
    assert_eq!(ring.ranges(), [(range, &"A")]);
    assert_eq!(ring.owner("x"), Some(&"A"));
    assert_eq!(ring.replicas("x", 3), [&"A"]);
}

#[test]
fn whoever_is_a_member_does_not_join_again() {
    let mut ring = Ring::of(Space::new(8), ["B", "A", "B"], 2);
    let before = ring.clone();
    assert!(!ring.join(&"A", 7));
    assert_eq!(ring, before);
    assert_eq!((ring.members(), ring.points().len()), (vec![&"A", &"B"], 4));
    assert!(ring.contains(&"A") && !ring.contains(&"C"));
    assert!(ring.leave(&"A") && !ring.leave(&"A"));
    assert_eq!(ring.members(), [&"B"]);
}

/// An arc ends with its point and begins behind the point before it; what is behind the last point belongs to the first.
#[test]
fn a_key_belongs_to_the_point_that_it_comes_to() {
    let ring = Ring::of(Space::new(8), ["A", "B", "C"], 2);
    let at: Vec<_> = ring.points().iter().map(|p| (p.hash, p.node)).collect();
    let points = [
        (9, "C"),
        (111, "A"),
        (128, "B"),
        (138, "C"),
        (227, "A"),
        (242, "B"),
    ];
    assert_eq!(at, points);
    let owners = [
        (0, "C"),
        (9, "C"),
        (10, "A"),
        (111, "A"),
        (242, "B"),
        (243, "C"),
    ];
    for (hash, node) in owners {
        assert_eq!(ring.owner_at(hash), Some(&node), "{hash}");
    }
    let range = |first, last| HashRange { first, last };
    let ranges = [
        (range(243, 9), &"C"),
        (range(10, 111), &"A"),
        (range(112, 128), &"B"),
        (range(129, 138), &"C"),
        (range(139, 227), &"A"),
        (range(228, 242), &"B"),
    ];
    assert_eq!(ring.ranges(), ranges);
    assert_eq!(ring.ranges_of(&"C"), [range(243, 9), range(129, 138)]);
    assert_eq!(range(243, 9).size(ring.space()), 23);
    assert_eq!(ring.replicas_at(112, 2), [&"B", &"C"]);
    assert_eq!(ring.replicas_at(243, 9), [&"C", &"A", &"B"]);
}

/// Arcs that meet and have one owner are one.
#[test]
fn arcs_are_as_long_as_can_be() {
    let mut ring = Ring::of(Space::new(8), ["A", "B", "C"], 2);
    let before = ring.clone();
    ring.leave(&"B");
    let range = |first, last| HashRange { first, last };
    assert_eq!(ring.ranges_of(&"C"), [range(228, 9), range(112, 138)]);
    let (from, c) = (Some(&"B"), Some(&"C"));
    let of = |range| Moved { range, from, to: c };
    let moves = moved(&before, &ring);
    assert_eq!(moves, [of(range(112, 128)), of(range(228, 242))]);
}

/// A key can be a virtual node, byte by byte.
#[test]
fn a_key_that_is_hashed_to_a_point_belongs_to_it() {
    let ring = Ring::of(Space::WHOLE, ["A", "B", "C"], 4);
    for point in ring.points() {
        let key = [point.node.as_bytes(), &point.number.to_le_bytes()].concat();
        assert_eq!(ring.space().key(&key), point.hash);
        assert_eq!(ring.owner(&key), Some(&point.node));
        assert_eq!(ring.replicas(key, 3)[0], &point.node);
    }
}

/// In a space of one bit there are two places for six points.
#[test]
fn points_that_collide_are_all_there() {
    let mut ring = Ring::of(Space::new(1), ["C", "A", "B"], 2);
    let hash = |node, number| Space::new(1).virtual_node(&node, number);
    let mut points: Vec<_> = ["A", "B", "C"]
        .into_iter()
        .flat_map(|node| [0, 1].map(|number| (hash(node, number), node, number)))
        .collect();
    points.sort_unstable();
    let found = |ring: &Ring<&'static str>| -> Vec<_> {
        let points = ring.points().iter();
        points
            .map(|&Point { hash, node, number }| (hash, node, number))
            .collect()
    };
    assert_eq!(found(&ring), points);
    ring.leave(&"A");
    points.retain(|(_, node, _)| *node != "A");
    assert_eq!(found(&ring), points);
}

/// Nodes that are displayed alike collide everywhere, and are different nodes all the same.
#[test]
fn whoever_is_displayed_alike_waits_behind_the_lesser() {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Twin(u8);

    impl std::fmt::Display for Twin {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("twin")
        }
    }

    let mut ring = Ring::of(Space::WHOLE, [Twin(2), Twin(1)], 8);
    assert_eq!(ring.replicas("x", 2), [&Twin(1), &Twin(2)]);
    assert_eq!(ring.ranges().len(), 1);
    ring.leave(&Twin(1));
    assert_eq!(ring.owner("x"), Some(&Twin(2)));
}
