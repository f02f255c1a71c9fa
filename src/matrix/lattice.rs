//! Sets of faults, ordered by inclusion, and where on them a property stops holding.
//!
//! Nothing here knows what a fault is, but for one thing: a recovery needs a crash.

use crate::model::{Fault, FewMap};

/// A set of kinds of faults, by their position in the list of a variant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultSet(u16);

impl FaultSet {
    pub const NOTHING: FaultSet = FaultSet(0);

    /// The first `n` kinds.
    pub fn first(n: usize) -> Self {
        assert!(n < 16, "at most 15 kinds of faults");
        FaultSet((1 << n) - 1)
    }

    pub fn contains(self, kind: usize) -> bool {
        self.0 >> kind & 1 == 1
    }

    pub fn with(self, kind: usize) -> Self {
        FaultSet(self.0 | 1 << kind)
    }

    pub fn without(self, kind: usize) -> Self {
        FaultSet(self.0 & !(1 << kind))
    }

    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// A subset, and not the same.
    pub fn is_below(self, other: Self) -> bool {
        self != other && self.is_subset(other)
    }

    /// The kinds in it, in ascending order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..16).filter(move |&kind| self.contains(kind))
    }

    /// The kinds in it.
    pub fn of(self, kinds: &[Fault]) -> Vec<Fault> {
        self.iter().map(|kind| kinds[kind]).collect()
    }
}

impl FromIterator<usize> for FaultSet {
    fn from_iter<I: IntoIterator<Item = usize>>(kinds: I) -> Self {
        kinds.into_iter().fold(FaultSet::NOTHING, FaultSet::with)
    }
}

/// The sets that mean something (no recovery without a crash), smaller ones first.
pub fn sets(kinds: &[Fault]) -> Vec<FaultSet> {
    let means_something = |set: &FaultSet| {
        let faults = set.of(kinds);
        !faults.contains(&Fault::Recovery) || faults.iter().any(|fault| fault.is_crash())
    };
    let all = 0..=FaultSet::first(kinds.len()).0;
    let mut sets: Vec<FaultSet> = all.map(FaultSet).filter(means_something).collect();
    sets.sort_by_key(|set| (set.len(), *set));
    sets
}

/// What was found of a property under one set of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Holds,
    Fails,
    /// A limit left it open.
    Open,
}

/// Where a property stops holding. Each list is an antichain: none of its sets lies in another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    /// The largest sets under which it holds, as it does under everything smaller.
    pub holds: Vec<FaultSet>,
    /// The smallest sets under which it fails.
    pub fails: Vec<FaultSet>,
    /// The smallest sets under which it holds although it fails under a smaller one.
    pub again: Vec<FaultSet>,
    /// The smallest sets that were left open, and under nothing smaller does it fail.
    pub open: Vec<FaultSet>,
}

/// Reads the frontier off a table of all sets that mean something.
pub fn frontier(table: &FewMap<FaultSet, Found>) -> Frontier {
    let mut order: Vec<FaultSet> = table.keys().copied().collect();
    order.sort_by_key(|set| (set.len(), *set));
    let mut frontier = Frontier::default();
    // From the smallest on: whether it holds from here down.
    let mut safe: Vec<FaultSet> = Vec::new();
    let lies_above = |sets: &[FaultSet], set: FaultSet| sets.iter().any(|s| s.is_subset(set));
    for &set in &order {
        let fails_below = lies_above(&frontier.fails, set);
        match table[&set] {
            Found::Fails if !fails_below => frontier.fails.push(set),
            Found::Holds if fails_below && !lies_above(&frontier.again, set) => {
                frontier.again.push(set);
            }
            // What lies one kind lower holds all the way down, or this does not.
            Found::Holds if !fails_below => {
                let mut lower = set.iter().map(|kind| set.without(kind));
                if lower.all(|lower| !table.contains_key(&lower) || safe.contains(&lower)) {
                    safe.push(set);
                }
            }
            Found::Open if !fails_below && !lies_above(&frontier.open, set) => {
                frontier.open.push(set);
            }
            _ => {}
        }
    }
    let is_largest = |set: &FaultSet| !safe.iter().any(|other| set.is_below(*other));
    frontier.holds = safe.iter().copied().filter(is_largest).collect();
    frontier
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definitions, word by word.
    fn by_definition(table: &FewMap<FaultSet, Found>) -> Frontier {
        let all: Vec<FaultSet> = table.keys().copied().collect();
        let below = |set: FaultSet| all.iter().copied().filter(move |s| s.is_below(set));
        let is = |found: Found| move |set: &FaultSet| table[set] == found;
        let holds_down = |set: &FaultSet| {
            is(Found::Holds)(set) && below(*set).all(|lower| is(Found::Holds)(&lower))
        };
        let fails_below = |set: &FaultSet| below(*set).any(|lower| is(Found::Fails)(&lower));
        let again = |set: &FaultSet| is(Found::Holds)(set) && fails_below(set);
        let open = |set: &FaultSet| is(Found::Open)(set) && !fails_below(set);
        let sorted = |mut sets: Vec<FaultSet>| {
            sets.sort_by_key(|set| (set.len(), *set));
            sets
        };
        let smallest = |of: &dyn Fn(&FaultSet) -> bool| {
            let smallest = |set: &FaultSet| of(set) && !below(*set).any(|lower| of(&lower));
            sorted(all.iter().copied().filter(smallest).collect())
        };
        let largest = |set: &FaultSet| {
            let above = |other: &FaultSet| set.is_below(*other) && holds_down(other);
            holds_down(set) && !all.iter().any(above)
        };
        Frontier {
            holds: sorted(all.iter().copied().filter(largest).collect()),
            fails: smallest(&is(Found::Fails)),
            again: smallest(&again),
            open: smallest(&open),
        }
    }

    fn kinds(by_role: bool) -> Vec<Fault> {
        if !by_role {
            return Fault::ALL.to_vec();
        }
        let roles = ["a", "b"].map(|role| Fault::Crash { role: Some(role) });
        let rest = [Fault::Loss, Fault::Recovery, Fault::Cut];
        roles.into_iter().chain(rest).collect()
    }

    proptest! {
        #[test]
        fn the_frontier_is_what_its_definition_says(
            by_role: bool,
            // Mostly sparse, so that something holds at all.
            dice in proptest::collection::vec(0u8..16, 64),
        ) {
            let sets = sets(&kinds(by_role));
            let table: FewMap<FaultSet, Found> = sets
                .iter()
                .zip(&dice)
                .map(|(set, die)| (*set, match die {
                    0 | 1 => Found::Fails,
                    2 => Found::Open,
                    _ => Found::Holds,
                }))
                .collect();
            prop_assert_eq!(table.len(), sets.len());
            prop_assert_eq!(frontier(&table), by_definition(&table));
        }

        /// Where more faults never help, and nothing was left open, the two antichains determine
        /// each other.
        #[test]
        fn what_does_not_fail_holds(
            by_role: bool,
            seeds in proptest::collection::vec(0usize..64, 0..4),
        ) {
            let sets = sets(&kinds(by_role));
            let bad: Vec<FaultSet> = seeds.iter().map(|i| sets[i % sets.len()]).collect();
            let fails = |set: &FaultSet| bad.iter().any(|b| b.is_subset(*set));
            let found = |set: &FaultSet| if fails(set) { Found::Fails } else { Found::Holds };
            let table = sets.iter().map(|set| (*set, found(set))).collect();
            let frontier = frontier(&table);
            prop_assert!(frontier.again.is_empty() && frontier.open.is_empty());
            for set in &sets {
                let holds = frontier.holds.iter().any(|largest| set.is_subset(*largest));
                let fails = frontier.fails.iter().any(|smallest| smallest.is_subset(*set));
                prop_assert!(holds != fails);
            }
        }
    }

    #[test]
    fn a_recovery_needs_a_crash() {
        // Four kinds that stand alone, and crashes in three ways.
        assert_eq!(sets(&Fault::ALL).len(), 16 * 3);
        assert_eq!(sets(&kinds(true)).len(), 4 * (1 + 3 * 2));
        assert_eq!(sets(&[]), [FaultSet::NOTHING]);
    }
}
