//! The set of worlds seen, each one word or two: open addressing over keys.
//!
//! Invariant: it is exact, because the keys that it is given are kept themselves.
//!
//! The set is made of many segments, each of which grows by two fifths when it is three quarters full: no
//! moment needs the memory of two whole sets. They begin with different lengths, so that they grow one
//! after the other and not all at once.

use std::hint::black_box;
use std::sync::atomic::{AtomicU8, Ordering};

use super::pack::Key;

/// No world begins so: words have their highest bit clear, or are pairs of numbers below 2^31.
const FREE: u64 = u64::MAX;

/// The odd number closest to 2^64 divided by the golden ratio.
pub const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

const SEGMENT_BITS: u32 = 5;

/// A set of keys.
pub struct Visited {
    segments: Vec<Segment>,
}

/// The keys whose hashes begin alike.
struct Segment {
    /// Words in a key.
    key_words: usize,
    /// How many keys have a place.
    slots: usize,
    /// Of each slot the first word, and behind it the second if there is one.
    words: Vec<u64>,
    filled: usize,
}

/// Some segments of a set, to be filled apart from the others.
pub struct Share<'a> {
    segments: &'a mut [Segment],
    /// How many segments come before these.
    first: usize,
}

/// Where a key is kept; stable as long as nothing is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
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

/// The segment of a key, and the rest of its hash.
#[inline]
fn home(key: Key) -> (usize, u64) {
    let hash = mix(key.first ^ key.second.wrapping_mul(GOLDEN));
    let segment = usize::try_from(hash >> (64 - SEGMENT_BITS)).expect("a few bits");
    (segment, hash << SEGMENT_BITS)
}

impl Segment {
    fn new(key_words: usize, slots: usize) -> Self {
        let slots = slots.max(2);
        Segment {
            key_words,
            slots,
            words: vec![FREE; slots * key_words],
            filled: 0,
        }
    }

    /// The slot at which to begin: the rest of the hash as a fraction of the length.
    #[inline]
    fn begin(&self, rest: u64) -> usize {
        let slot = (u128::from(rest) * self.slots as u128) >> 64;
        usize::try_from(slot).expect("it is below the length")
    }

    /// Where a key is, or the free slot where it would be.
    #[inline]
    fn look(&self, key: Key, rest: u64) -> Result<usize, usize> {
        let mut slot = self.begin(rest);
        loop {
            let at = slot * self.key_words;
            let found = self.words[at];
            if found == FREE {
                return Err(slot);
            }
            if found == key.first && (self.key_words == 1 || self.words[at + 1] == key.second) {
                return Ok(slot);
            }
            slot += 1;
            if slot == self.slots {
                slot = 0;
            }
        }
    }

    #[inline]
    fn put(&mut self, slot: usize, key: Key) {
        let at = slot * self.key_words;
        self.words[at] = key.first;
        if self.key_words > 1 {
            self.words[at + 1] = key.second;
        }
    }

    /// Adds a key; whether it is new.
    #[inline]
    fn insert(&mut self, key: Key, rest: u64) -> bool {
        let Err(slot) = self.look(key, rest) else {
            return false;
        };
        self.put(slot, key);
        self.filled += 1;
        if self.filled * 4 > self.slots * 3 {
            self.grow();
        }
        true
    }

    fn grow(&mut self) {
        let larger = Segment::new(self.key_words, self.slots * 7 / 5 + 1);
        let old = std::mem::replace(self, larger);
        let keys = old.words.chunks_exact(old.key_words).map(Key::of);
        for key in keys.filter(|key| key.first != FREE) {
            let slot = self.look(key, home(key).1).expect_err("all differ");
            self.put(slot, key);
        }
        self.filled = old.filled;
    }
}

impl Share<'_> {
    /// Looks at where these keys would lie, so that it is in the cache when they are asked for in
    /// earnest. The looks do not wait for each other, so their cache misses overlap.
    pub fn warm(&self, keys: &[Key]) {
        let look = |key: &Key| {
            let (segment, rest) = home(*key);
            let segment = &self.segments[segment - self.first];
            segment.words[segment.begin(rest) * segment.key_words]
        };
        black_box(keys.iter().fold(0, |all, key| all ^ look(key)));
    }

    /// Adds a key of this share; whether it is new.
    #[inline]
    pub fn insert(&mut self, key: Key) -> bool {
        debug_assert_ne!(key.first, FREE);
        let (segment, rest) = home(key);
        self.segments[segment - self.first].insert(key, rest)
    }
}

impl Visited {
    /// The most shares that a set can be divided into.
    pub const SHARES_MAX: usize = 1 << SEGMENT_BITS;

    /// An empty set for keys of so many words, with room for so many keys, and at least so many slots
    /// in each segment.
    pub fn new(key_words: usize, slots: usize, keys: usize) -> Self {
        let segments = 1 << SEGMENT_BITS;
        // The shortest is about to grow, the longest has just grown.
        let shortest = slots.max(keys / segments * 4 / 3);
        let length = |nth| shortest + shortest * 2 * nth / (5 * segments);
        let segment = |nth| Segment::new(key_words, length(nth));
        Visited {
            segments: (0..segments).map(segment).collect(),
        }
    }

    /// How many slots there are in a set with room for so many keys, more or less.
    pub fn slots_for(keys: usize) -> usize {
        keys / 5 * 8
    }

    /// In which of so many shares a key belongs. The number of shares is a power of two.
    #[inline]
    pub fn share_of(key: Key, shares: usize) -> usize {
        (home(key).0 * shares) >> SEGMENT_BITS
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
    pub fn find(&self, key: Key) -> Option<Location> {
        let (segment, rest) = home(key);
        let slot = self.segments[segment].look(key, rest).ok()?;
        Some(Location { segment, slot })
    }

    /// A table with an entry for every place.
    pub fn marks(&self) -> Marks {
        let entries = |segment: &Segment| (0..segment.slots).map(|_| AtomicU8::new(0));
        Marks {
            segments: self.segments.iter().map(|s| entries(s).collect()).collect(),
        }
    }

    pub fn bytes(&self) -> usize {
        let words: usize = self.segments.iter().map(|s| s.words.capacity()).sum();
        words * size_of::<u64>()
    }

    /// What [`marks`](Visited::marks) would hold, in bytes.
    pub fn bytes_of_marks(&self) -> usize {
        self.segments.iter().map(|segment| segment.slots).sum()
    }
}

/// A few bits for each world of a set that does not change any more. Bits are only ever added, so
/// that it does not matter which of two workers sees the other's first.
pub struct Marks {
    segments: Vec<Vec<AtomicU8>>,
}

impl Marks {
    pub fn get(&self, at: Location) -> u8 {
        self.segments[at.segment][at.slot].load(Ordering::Relaxed)
    }

    pub fn add(&self, at: Location, bits: u8) {
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

    use super::{Key, Visited};

    #[test]
    fn it_grows_little_by_little() {
        for key_words in 1..=2 {
            let mut visited = Visited::new(key_words, 64, 0);
            let mut bytes = visited.bytes();
            for filled in 1..=1 << 20 {
                let first = filled as u64 * 3;
                visited.shares(1)[0].insert(Key { first, second: 0 });
                let grown = visited.bytes();
                assert!(grown - bytes <= bytes / 40, "from {bytes} to {grown}");
                assert!(filled < 1 << 12 || grown < filled * 8 * key_words * 17 / 10);
                bytes = grown;
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_a_set(
            keys in prop::collection::vec(0..5000u64, 0..3000),
            key_words in 1..=2usize,
            slots in 1..9usize,
            shares in 0..=5u32,
        ) {
            let shares = 1 << shares;
            let mut visited = Visited::new(key_words, slots, 0);
            let mut set = BTreeSet::new();
            // Where there are two words, many differ in one of them alone.
            let key = |n: u64| match key_words {
                1 => Key { first: n, second: 0 },
                _ => Key { first: n % 70, second: n / 70 },
            };
            for n in &keys {
                let share = &mut visited.shares(shares)[Visited::share_of(key(*n), shares)];
                prop_assert_eq!(share.insert(key(*n)), set.insert(key(*n)));
            }
            let filled: usize = visited.segments.iter().map(|s| s.filled).sum();
            prop_assert_eq!(filled, set.len());
            let places: BTreeSet<_> = set
                .iter()
                .map(|key| visited.find(*key).expect("it was added"))
                .map(|place| (place.segment, place.slot))
                .collect();
            prop_assert_eq!(places.len(), set.len());
            prop_assert!((5000..5100).all(|n| visited.find(key(n)).is_none()));
            prop_assert_eq!(visited.marks().bytes(), visited.bytes_of_marks());
        }
    }
}
