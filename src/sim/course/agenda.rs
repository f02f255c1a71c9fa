//! What is to come, under a total order.
//!
//! Entries are ordered by time, then by [`Rank`], then by the order in which they were entered;
//! no two are equal. Invariant: the order depends on nothing else, so the same entries come out in
//! the same order on every platform. An entry says only where to look: what became of the thing
//! it stands for (a timer armed again, a message lost to a cut) is known to whoever keeps that
//! thing, and is found out when the entry comes out. The agenda never searches.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::model::Time;

/// What comes first among things that are due at the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A planned fault: `"at": "20ms"` is before everything else that happens then.
    Plan,
    /// A node starts late.
    Start,
    /// The nemesis stops, and everything is repaired.
    Truce,
    /// A node that the nemesis crashed recovers.
    Recovery,
    /// A cut that the nemesis made is healed.
    Healing,
    /// The nemesis crashes a node.
    Crash,
    /// The nemesis makes a cut.
    Cut,
    /// A message arrives, or is lost.
    Arrival,
    /// A timer fires: whatever arrives at the same moment has come in time.
    Timeout,
}

const RANKS: [Rank; 9] = [
    Rank::Plan,
    Rank::Start,
    Rank::Truce,
    Rank::Recovery,
    Rank::Healing,
    Rank::Crash,
    Rank::Cut,
    Rank::Arrival,
    Rank::Timeout,
];

/// Bits of an entry's order that number the entries; the rank is above them.
const NUMBER_BITS: u32 = 56;

/// One thing to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub due: Time,
    /// The rank, then the number of the entry: together one word, so that comparing is cheap.
    order: u64,
    /// Where to look for what it stands for.
    pub index: u32,
}

impl Entry {
    pub fn rank(self) -> Rank {
        RANKS[(self.order >> NUMBER_BITS) as usize]
    }

    /// The same thing at another time.
    pub fn at(self, due: Time) -> Entry {
        Entry { due, ..self }
    }

    /// Whether this was entered before another of its rank.
    pub fn is_older(self, other: Entry) -> bool {
        self.order < other.order
    }
}

/// Everything to come.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    entries: BinaryHeap<Reverse<Entry>>,
    numbered: u64,
}

impl Agenda {
    /// Numbers an entry without entering it.
    pub fn entry(&mut self, due: Time, rank: Rank, index: u32) -> Entry {
        self.numbered += 1;
        let order = (rank as u64) << NUMBER_BITS | self.numbered;
        Entry { due, order, index }
    }

    pub fn push(&mut self, entry: Entry) {
        self.entries.push(Reverse(entry));
    }

    pub fn add(&mut self, due: Time, rank: Rank, index: u32) -> Entry {
        let entry = self.entry(due, rank, index);
        self.push(entry);
        entry
    }

    pub fn pop(&mut self) -> Option<Entry> {
        self.entries.pop().map(|Reverse(entry)| entry)
    }

    /// Everything that was entered and has not come out, in no order.
    pub fn iter(&self) -> impl Iterator<Item = Entry> {
        self.entries.iter().map(|Reverse(entry)| *entry)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranks_are_listed_in_their_order() {
        for (at, rank) in RANKS.into_iter().enumerate() {
            assert_eq!(rank as usize, at);
        }
    }

    #[test]
    fn simultaneous_things_come_by_rank_and_then_by_number() {
        let mut agenda = Agenda::default();
        agenda.add(Time(5), Rank::Timeout, 0);
        agenda.add(Time(5), Rank::Arrival, 1);
        agenda.add(Time(5), Rank::Arrival, 2);
        agenda.add(Time(5), Rank::Plan, 3);
        agenda.add(Time(4), Rank::Timeout, 4);
        let mut order = Vec::new();
        while let Some(entry) = agenda.pop() {
            order.push((entry.index, entry.rank()));
        }
        let expected = [
            (4, Rank::Timeout),
            (3, Rank::Plan),
            (1, Rank::Arrival),
            (2, Rank::Arrival),
            (0, Rank::Timeout),
        ];
        assert_eq!(order, expected);
    }

    proptest! {
        #[test]
        fn what_comes_out_is_sorted_and_complete(
            wanted in proptest::collection::vec((0u64..9, 0usize..RANKS.len()), 0..60),
        ) {
            let mut agenda = Agenda::default();
            let mut entered: Vec<Entry> = wanted
                .iter()
                .map(|&(due, rank)| agenda.add(Time(due), RANKS[rank], 0))
                .collect();
            entered.sort_by_key(|e| (e.due, e.rank(), e.order));
            let came: Vec<Entry> = std::iter::from_fn(|| agenda.pop()).collect();
            prop_assert_eq!(came, entered);
        }
    }
}
