//! The arcs of the ring: which hashes belong together, and which change their owner when members do.

use super::{Ring, Space};

/// An arc of the ring: all hashes from the first clockwise to the last, both included. It goes past zero if the first is
/// greater than the last. It is never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HashRange {
    pub first: u64,
    pub last: u64,
}

impl HashRange {
    pub const fn contains(self, hash: u64) -> bool {
        if self.first <= self.last {
            self.first <= hash && hash <= self.last
        } else {
            self.first <= hash || hash <= self.last
        }
    }

    /// The number of its hashes.
    ///
    /// # Panics
    ///
    /// If the space does not have them.
    pub fn size(self, space: Space) -> u128 {
        let HashRange { first, last } = self;
        assert!(
            first.max(last) <= space.last(),
            "the space has no such hash"
        );
        let past_zero = if first <= last { 0 } else { space.size() };
        past_zero + u128::from(last) + 1 - u128::from(first)
    }
}

/// An arc that changes its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moved<N> {
    pub range: HashRange,
    /// Nobody, if there were no members.
    pub from: Option<N>,
    /// Nobody, if there are no members left.
    pub to: Option<N>,
}

impl<N: PartialEq> Ring<N> {
    /// All arcs, each with its owner: as few as can be, in the order of their last hashes. Together they are all hashes,
    /// each once; there are none if there are no members.
    pub fn ranges(&self) -> Vec<(HashRange, &N)> {
        let ranges = divide(self.space(), self.ends().collect(), |hash| {
            self.owner_at(hash)
        });
        let owned = |(range, owner): (_, Option<_>)| Some((range, owner?));
        ranges.into_iter().filter_map(owned).collect()
    }

    /// The arcs of a node, in the order of their last hashes.
    pub fn ranges_of(&self, node: &N) -> Vec<HashRange> {
        let ranges = self.ranges().into_iter();
        let owned = ranges.filter(|(_, owner)| *owner == node);
        owned.map(|(range, _)| range).collect()
    }

    /// The last hashes of arcs.
    fn ends(&self) -> impl Iterator<Item = u64> {
        self.points().iter().map(|point| point.hash)
    }
}

/// The arcs whose owner changes, from whom and to whom: as few as can be, in the order of their last hashes.
///
/// # Panics
///
/// If the rings are of different spaces.
pub fn moved<'a, N: PartialEq>(before: &'a Ring<N>, after: &'a Ring<N>) -> Vec<Moved<&'a N>> {
    let space = before.space();
    assert!(space == after.space(), "the rings have different spaces");
    let ends = before.ends().chain(after.ends()).collect();
    let ranges = divide(space, ends, |hash| {
        (before.owner_at(hash), after.owner_at(hash))
    });
    ranges
        .into_iter()
        .filter(|(_, (from, to))| from != to)
        .map(|(range, (from, to))| Moved { range, from, to })
        .collect()
}

/// The arcs on which a function of hashes has one value, in the order of their last hashes. It may change its value only
/// behind the ends.
fn divide<T: PartialEq>(
    space: Space,
    mut ends: Vec<u64>,
    value: impl Fn(u64) -> T,
) -> Vec<(HashRange, T)> {
    ends.sort_unstable();
    let mut arcs: Vec<(u64, T)> = Vec::new();
    for end in ends {
        let value = value(end);
        match arcs.last_mut() {
            Some((last, same)) if *same == value => *last = end,
            _ => arcs.push((end, value)),
        }
    }
    // Behind the last end it goes on, past zero, with the first arc.
    if let [(_, first), .., (_, last)] = arcs.as_slice()
        && first == last
    {
        arcs.pop();
    }
    let whole = HashRange {
        first: 0,
        last: space.last(),
    };
    let Some(&(mut before, _)) = arcs.last() else {
        return vec![(whole, value(whole.last))];
    };
    if arcs.len() == 1 {
        return arcs.into_iter().map(|(_, value)| (whole, value)).collect();
    }
    let behind = |hash| if hash == whole.last { 0 } else { hash + 1 };
    let range = |(last, value)| {
        let first = behind(before);
        before = last;
        (HashRange { first, last }, value)
    };
    arcs.into_iter().map(range).collect()
}
