//! The set of worlds seen, each one word: open addressing over words.
//!
//! Invariant: it is exact. The hash is a bijection, so it loses nothing, but it is the word itself
//! that is kept. The set is made of many segments, each of which grows by two fifths when it is
//! three quarters full: no moment needs the memory of two whole sets. They begin with different
//! lengths, so that they grow one after the other and not all at once.

use std::hint::black_box;
use std::sync::atomic::{AtomicU8, Ordering};

/// No world: words have their highest bit clear, or are pairs of numbers below 2^31.
const FREE: u64 = u64::MAX;

const SEGMENT_BITS: u32 = 5;

/// A set of words.
pub struct Visited {
    segments: Vec<Segment>,
}

/// The words whose hashes begin alike.
struct Segment {
    slots: Vec<u64>,
    filled: usize,
}

/// Some segments of a set, to be filled apart from the others.
pub struct Share<'a> {
    segments: &'a mut [Segment],
    /// How many segments come before these.
    first: usize,
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

/// The segment of a word, and the rest of its hash.
#[inline]
fn home(word: u64) -> (usize, u64) {
    let hash = mix(word);
    let segment = usize::try_from(hash >> (64 - SEGMENT_BITS)).expect("a few bits");
    (segment, hash << SEGMENT_BITS)
}

impl Segment {
    fn new(slots: usize) -> Self {
        Segment {
            slots: vec![FREE; slots.max(2)],
            filled: 0,
        }
    }

    /// The slot at which to begin: the rest of the hash as a fraction of the length.
    #[inline]
    fn begin(&self, rest: u64) -> usize {
        let slot = (u128::from(rest) * self.slots.len() as u128) >> 64;
        usize::try_from(slot).expect("it is below the length")
    }

    /// Where a word is, or the free slot where it would be.
    #[inline]
    fn look(&self, word: u64, rest: u64) -> Result<usize, usize> {
        let mut slot = self.begin(rest);
        loop {
            match self.slots[slot] {
                FREE => return Err(slot),
                found if found == word => return Ok(slot),
                _ => slot += 1,
            }
            if slot == self.slots.len() {
                slot = 0;
            }
        }
    }

    /// Adds a word; whether it is new.
    #[inline]
    fn insert(&mut self, word: u64, rest: u64) -> bool {
        let Err(slot) = self.look(word, rest) else {
            return false;
        };
        self.slots[slot] = word;
        self.filled += 1;
        if self.filled * 4 > self.slots.len() * 3 {
            self.grow();
        }
        true
    }

    fn grow(&mut self) {
        let larger = Segment::new(self.slots.len() * 7 / 5 + 1);
        let old = std::mem::replace(self, larger);
        for word in old.slots.into_iter().filter(|word| *word != FREE) {
            let slot = self.look(word, home(word).1).expect_err("all differ");
            self.slots[slot] = word;
        }
        self.filled = old.filled;
    }
}

impl Share<'_> {
    /// Looks at where these words would lie, so that it is in the cache when they are asked for in
    /// earnest. The looks do not wait for each other, so their cache misses overlap.
    pub fn warm(&self, words: &[u64]) {
        let look = |word: &u64| {
            let (segment, rest) = home(*word);
            let segment = &self.segments[segment - self.first];
            segment.slots[segment.begin(rest)]
        };
        black_box(words.iter().fold(0, |all, word| all ^ look(word)));
    }

    /// Adds a word of this share; whether it is new.
    #[inline]
    pub fn insert(&mut self, word: u64) -> bool {
        debug_assert_ne!(word, FREE);
        let (segment, rest) = home(word);
        self.segments[segment - self.first].insert(word, rest)
    }
}

impl Visited {
    /// The most shares that a set can be divided into.
    pub const SHARES_MAX: usize = 1 << SEGMENT_BITS;

    /// An empty set with room for so many words, and at least so many slots in each segment.
    pub fn new(slots: usize, words: usize) -> Self {
        let segments = 1 << SEGMENT_BITS;
        // The shortest is about to grow, the longest has just grown.
        let shortest = slots.max(words / segments * 4 / 3);
        let length = |nth| shortest + shortest * 2 * nth / (5 * segments);
        Visited {
            segments: (0..segments).map(|nth| Segment::new(length(nth))).collect(),
        }
    }

    /// In which of so many shares a word belongs. The number of shares is a power of two.
    #[inline]
    pub fn share_of(word: u64, shares: usize) -> usize {
        (home(word).0 * shares) >> SEGMENT_BITS
    }

    /// All of it, in so many shares.
    pub fn shares(&mut self, shares: usize) -> Vec<Share<'_>> {
        debug_assert!(shares.is_power_of_two() && shares <= Self::SHARES_MAX);
        let size = self.segments.len() / shares;
        let share = |(nth, segments)| Share {
            segments,
            first: nth * size,
        };
        self.segments
            .chunks_mut(size)
            .enumerate()
            .map(share)
            .collect()
    }

    #[inline]
    pub fn find(&self, word: u64) -> Option<Place> {
        let (segment, rest) = home(word);
        let slot = self.segments[segment].look(word, rest).ok()?;
        Some(Place { segment, slot })
    }

    /// A table with an entry for every place.
    pub fn marks(&self) -> Marks {
        let entries = |segment: &Segment| (0..segment.slots.len()).map(|_| AtomicU8::new(0));
        Marks {
            segments: self.segments.iter().map(|s| entries(s).collect()).collect(),
        }
    }

    pub fn bytes(&self) -> usize {
        let slots: usize = self.segments.iter().map(|s| s.slots.capacity()).sum();
        slots * size_of::<u64>()
    }

    /// What [`marks`](Visited::marks) would hold, in bytes.
    pub fn bytes_of_marks(&self) -> usize {
        self.bytes() / size_of::<u64>()
    }
}

/// A few bits for each world of a set that does not change any more. Bits are only ever added, so
/// that it does not matter which of two workers sees the other's first.
pub struct Marks {
    segments: Vec<Vec<AtomicU8>>,
}

impl Marks {
    pub fn get(&self, at: Place) -> u8 {
        self.segments[at.segment][at.slot].load(Ordering::Relaxed)
    }

    pub fn add(&self, at: Place, bits: u8) {
        self.segments[at.segment][at.slot].fetch_or(bits, Ordering::Relaxed);
    }

    pub fn bytes(&self) -> usize {
        self.segments.iter().map(Vec::capacity).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::Visited;

    #[test]
    fn it_grows_little_by_little() {
        let mut visited = Visited::new(64, 0);
        let mut bytes = visited.bytes();
        for filled in 1..=1 << 20 {
            visited.shares(1)[0].insert(filled as u64 * 3);
            let grown = visited.bytes();
            assert!(grown - bytes <= bytes / 40, "from {bytes} to {grown}");
            assert!(filled < 1 << 12 || grown < filled * 8 * 17 / 10);
            bytes = grown;
        }
    }

    proptest! {
        #[test]
        fn it_is_a_set(
            words in prop::collection::vec(0..5000u64, 0..3000),
            slots in 1..9usize,
            shares in 0..=5u32,
        ) {
            let shares = 1 << shares;
            let mut visited = Visited::new(slots, 0);
            let mut set = BTreeSet::new();
            for word in &words {
                let share = &mut visited.shares(shares)[Visited::share_of(*word, shares)];
                prop_assert_eq!(share.insert(*word), set.insert(*word));
            }
            let filled: usize = visited.segments.iter().map(|s| s.filled).sum();
            prop_assert_eq!(filled, set.len());
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
