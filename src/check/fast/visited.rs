//! The set of worlds seen, each one word: open addressing over words.
//!
//! Invariant: it is exact. The hash is a bijection, so it loses nothing, but it is the word itself
//! that is kept. The set is made of many segments, each of which grows by two fifths when it is
//! three quarters full: no moment needs the memory of two whole sets.

use std::hint::black_box;

/// No world: words have their highest bit clear, or are pairs of numbers below 2^31.
const FREE: u64 = u64::MAX;

const SEGMENT_BITS: u32 = 5;

/// A set of words.
pub struct Visited {
    segments: Vec<Vec<u64>>,
    /// How many words each segment holds.
    filled: Vec<usize>,
}

/// Where a word is kept; stable as long as nothing is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    segment: usize,
    slot: usize,
}

/// Moves every bit of a word to every other, and can be undone: David Stafford's thirteenth mix.
#[inline]
fn mix(word: u64) -> u64 {
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

impl Visited {
    /// An empty set with room for so many words, and at least so many slots in each segment.
    pub fn new(slots: usize, words: usize) -> Self {
        let segments = 1 << SEGMENT_BITS;
        // As full as a segment is on average.
        let needed = words / segments * 8 / 5;
        Visited {
            segments: vec![vec![FREE; slots.max(needed).max(2)]; segments],
            filled: vec![0; segments],
        }
    }

    #[inline]
    fn home(&self, word: u64) -> Place {
        let hash = mix(word);
        let segment = (hash >> (64 - SEGMENT_BITS)) as usize;
        // The rest of the hash, as a fraction of the length.
        let rest = u128::from(hash << SEGMENT_BITS);
        let slot = (rest * self.segments[segment].len() as u128) >> 64;
        Place {
            segment,
            slot: usize::try_from(slot).expect("it is below the length"),
        }
    }

    /// Looks at where these words would lie, so that it is in the cache when they are asked for in
    /// earnest. The looks do not wait for each other, so their cache misses overlap.
    pub fn warm(&self, words: &[u64]) {
        let look = |word: &u64| {
            let Place { segment, slot } = self.home(*word);
            self.segments[segment][slot]
        };
        black_box(words.iter().fold(0, |all, word| all ^ look(word)));
    }

    /// Adds a word; whether it is new.
    #[inline]
    pub fn insert(&mut self, word: u64) -> bool {
        debug_assert_ne!(word, FREE);
        let Place { segment, mut slot } = self.home(word);
        let slots = &mut self.segments[segment];
        loop {
            match slots[slot] {
                FREE => break,
                found if found == word => return false,
                _ => slot += 1,
            }
            if slot == slots.len() {
                slot = 0;
            }
        }
        slots[slot] = word;
        self.filled[segment] += 1;
        if self.filled[segment] * 4 > slots.len() * 3 {
            self.grow(segment);
        }
        true
    }

    fn grow(&mut self, segment: usize) {
        let larger = self.segments[segment].len() * 7 / 5 + 1;
        let old = std::mem::replace(&mut self.segments[segment], vec![FREE; larger]);
        for word in old.into_iter().filter(|word| *word != FREE) {
            let mut slot = self.home(word).slot;
            let slots = &mut self.segments[segment];
            while slots[slot] != FREE {
                slot = if slot + 1 == slots.len() { 0 } else { slot + 1 };
            }
            slots[slot] = word;
        }
    }

    #[inline]
    pub fn find(&self, word: u64) -> Option<Place> {
        let Place { segment, mut slot } = self.home(word);
        let slots = &self.segments[segment];
        loop {
            match slots[slot] {
                FREE => return None,
                found if found == word => return Some(Place { segment, slot }),
                _ => slot += 1,
            }
            if slot == slots.len() {
                slot = 0;
            }
        }
    }

    /// A table with an entry for every place.
    pub fn marks(&self) -> Marks {
        let segments = self.segments.iter().map(|slots| vec![0; slots.len()]);
        Marks {
            segments: segments.collect(),
        }
    }

    pub fn bytes(&self) -> usize {
        let slots: usize = self.segments.iter().map(Vec::capacity).sum();
        slots * size_of::<u64>()
    }
}

/// A few bits for each world of a set that does not change any more.
pub struct Marks {
    segments: Vec<Vec<u8>>,
}

impl Marks {
    pub fn get(&self, at: Place) -> u8 {
        self.segments[at.segment][at.slot]
    }

    pub fn set(&mut self, at: Place, bits: u8) {
        self.segments[at.segment][at.slot] = bits;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::Visited;

    proptest! {
        #[test]
        fn it_is_a_set(words in prop::collection::vec(0..5000u64, 0..3000), slots in 1..9usize) {
            let mut visited = Visited::new(slots, 0);
            let mut set = BTreeSet::new();
            for word in &words {
                prop_assert_eq!(visited.insert(*word), set.insert(*word));
            }
            prop_assert_eq!(visited.filled.iter().sum::<usize>(), set.len());
            let places: BTreeSet<_> = set
                .iter()
                .map(|word| visited.find(*word).expect("it was added"))
                .map(|place| (place.segment, place.slot))
                .collect();
            prop_assert_eq!(places.len(), set.len());
            prop_assert!((5000..5100).all(|word| visited.find(word).is_none()));
        }
    }
}
