//! The successors that came lately, so that they need not be looked up again.
//!
//! Worlds with a parent in common have children in common, and lie next to each other. Of two equal
//! keys in a chunk only the first can be new.
//!
//! Invariant: what it says came lately did come since it was [cleared](Lately::clear). (The other way
//! round it may be wrong: a key is forgotten when another takes its place.)

use super::pack::Key;
use super::visited::GOLDEN;

/// A place for each key, and room for few: none before it is cleared for the first time.
#[derive(Default)]
pub struct Lately(Vec<Key>);

impl Lately {
    const BITS: u32 = 10;

    /// No world's.
    const NONE: Key = Key {
        first: u64::MAX,
        second: 0,
    };

    pub fn clear(&mut self) {
        self.0.clear();
        self.0.resize(1 << Self::BITS, Self::NONE);
    }

    /// Whether a key is not known to have come; now it is.
    #[inline]
    pub fn is_new(&mut self, key: Key) -> bool {
        let hash = (key.first ^ key.second.rotate_left(32)).wrapping_mul(GOLDEN);
        let at = usize::try_from(hash >> (u64::BITS - Self::BITS)).expect("a few bits");
        std::mem::replace(&mut self.0[at], key) != key
    }

    pub fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Key>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{Key, Lately};

    proptest! {
        /// Keys of two words, many of which have one of them in common; 0 stands for a new chunk.
        #[test]
        fn what_came_lately_came(keys in prop::collection::vec((0..40_u64, 0..40_u64), 0..4000)) {
            let (mut lately, mut came) = (Lately::default(), BTreeSet::new());
            lately.clear();
            for (first, second) in keys {
                if (first, second) == (0, 0) {
                    lately.clear();
                    came.clear();
                    continue;
                }
                let key = Key { first, second };
                let is_first = came.insert(key);
                prop_assert!(!is_first || lately.is_new(key), "{key:?}");
                lately.is_new(key);
                prop_assert!(!lately.is_new(key), "it came just now");
            }
        }
    }
}
