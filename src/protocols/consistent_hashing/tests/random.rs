//! Rings of any size, in any space, by chance.

use proptest::prelude::*;

use super::properties::arcs_are_few;
use super::*;

/// A node that joins, with so many virtual nodes, or leaves.
type Change = (Node, Option<u32>);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = (
        prop::char::range('A', 'H'),
        prop::option::weighted(0.7, 1u32..12),
    );
    prop::collection::vec(change, 0..24)
}

/// Small spaces as often as large ones.
fn spaces() -> impl Strategy<Value = Space> {
    (1u8..=64).prop_map(Space::new)
}

/// Hashes where something might happen: at points, and next to them; and anywhere.
fn hashes(rings: &[&Ring<Node>], others: &[u64]) -> Vec<u64> {
    let last = rings[0].space().last();
    let points = rings.iter().flat_map(|ring| ring.points());
    let at = points.map(|point| point.hash);
    let around = at.flat_map(|at| [at, at.wrapping_add(1) & last, at.wrapping_sub(1) & last]);
    let anywhere = others.iter().map(|hash| hash & last);
    around.chain(anywhere).chain([0, last]).collect()
}

/// What is left of a list of changes.
fn members_of(changes: &[Change]) -> Vec<(Node, u32)> {
    let mut members: Vec<(Node, u32)> = Vec::new();
    for (node, joins) in changes {
        let place = members.iter().position(|(other, _)| other == node);
        match (joins, place) {
            (Some(count), None) => members.push((*node, *count)),
            (None, Some(at)) => drop(members.remove(at)),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
    members
}

fn ring_of(space: Space, members: &[(Node, u32)]) -> Ring<Node> {
    let mut ring = Ring::new(space);
    for (node, count) in members {
        ring.join(node, *count);
    }
    ring
}

proptest! {
    /// Whatever happened: the ring is that of its members, as it is defined.
    #[test]
    fn a_ring_is_its_members(
        space in spaces(),
        changes in changes(),
        keys in prop::collection::vec("[a-z]{0,8}", 1..20),
        most in 0usize..6,
    ) {
        let mut ring = Ring::new(space);
        for (at, (node, joins)) in changes.iter().enumerate() {
            let was_member = members_of(&changes[..at]).iter().any(|(other, _)| other == node);
            if let Some(count) = joins {
                prop_assert_eq!(ring.join(node, *count), !was_member);
            } else {
                prop_assert_eq!(ring.leave(node), was_member);
            }
        }
        let mut members = members_of(&changes);
        prop_assert_eq!(&ring, &ring_of(space, &members));
        members.reverse();
        prop_assert_eq!(&ring, &ring_of(space, &members));
        for key in keys {
            let defined = by_definition(space, &members, space.key(&key), most);
            prop_assert_eq!(ring.replicas(&key, most), Vec::from_iter(&defined));
            let defined = by_definition(space, &members, space.key(&key), 1);
            prop_assert_eq!(ring.owner(key), defined.first());
        }
    }

    /// Who joins takes keys for itself alone, and gives them back to whom they were taken from.
    #[test]
    fn joining_moves_keys_to_who_joins(
        space in spaces(),
        changes in changes(),
        count in 1u32..20,
        others in prop::collection::vec(any::<u64>(), 20),
        most in 1usize..6,
    ) {
        let before = ring_of(space, &members_of(&changes));
        let mut after = before.clone();
        prop_assert!(after.join(&'X', count));
        for hash in hashes(&[&before, &after], &others) {
            let (old, new) = (before.owner_at(hash), after.owner_at(hash));
            prop_assert!(new.is_some());
            prop_assert!(new == old || new == Some(&'X'));
            let (old, mut new) = (before.replicas_at(hash, most), after.replicas_at(hash, most));
            prop_assert_eq!(new.len(), most.min(after.members().len()));
            new.retain(|node| **node != 'X');
            prop_assert!(old.starts_with(&new));
        }
        let there = moved(&before, &after);
        prop_assert!(there.iter().all(|m| m.to == Some(&'X') && m.from != Some(&'X')));
        let taken: u128 = there.iter().map(|m| m.range.size(space)).sum();
        let owned: u128 = after.ranges_of(&'X').iter().map(|range| range.size(space)).sum();
        prop_assert_eq!(taken, owned);

        let back = moved(&after, &before);
        let turned = |m: &Moved<&Node>| (m.range, m.from.copied(), m.to.copied());
        let returned = |m: &Moved<&Node>| (m.range, m.to.copied(), m.from.copied());
        let (there, back): (Vec<_>, Vec<_>) =
            (there.iter().map(turned).collect(), back.iter().map(returned).collect());
        prop_assert_eq!(there, back);
        prop_assert!(after.leave(&'X'));
        prop_assert_eq!(after, before);
    }

    /// Arcs are all hashes, each once, and agree with owners; what moves agrees with them before and after.
    #[test]
    fn arcs_agree_with_owners(
        space in spaces(),
        first in changes(),
        second in changes(),
        others in prop::collection::vec(any::<u64>(), 20),
    ) {
        let before = ring_of(space, &members_of(&first));
        let after = ring_of(space, &members_of(&second));
        let ranges = before.ranges();
        arcs_are_few(&ranges);
        let size: u128 = ranges.iter().map(|(range, _)| range.size(space)).sum();
        prop_assert_eq!(size, if before.is_empty() { 0 } else { space.size() });
        let moves = moved(&before, &after);
        let arcs: Vec<_> = moves.iter().map(|m| (m.range, (m.from, m.to))).collect();
        arcs_are_few(&arcs);
        for hash in hashes(&[&before, &after], &others) {
            let within = ranges.iter().filter(|(range, _)| range.contains(hash));
            let owners: Vec<_> = within.map(|(_, owner)| *owner).collect();
            prop_assert_eq!(owners, Vec::from_iter(before.owner_at(hash)));
            let within = moves.iter().filter(|m| m.range.contains(hash));
            let found: Vec<_> = within.map(|m| (m.from, m.to)).collect();
            let change = (before.owner_at(hash), after.owner_at(hash));
            let expected = Vec::from_iter((change.0 != change.1).then_some(change));
            prop_assert_eq!(found, expected);
        }
    }

    /// Of hashes only the beginning counts in a small space, so a ring there is that of a larger one, more coarsely.
    #[test]
    fn a_small_space_is_the_beginning_of_a_large_one(bits in 1u8..=64, key in "[a-z]{0,8}") {
        let space = Space::new(bits);
        prop_assert_eq!(space.key(&key), Space::WHOLE.key(&key) >> (64 - bits));
    }
}
