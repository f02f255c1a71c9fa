//! Values by number: each distinct value gets the next small number, for good.
//!
//! Invariant: two values have the same number if and only if they are equal; numbers are dense,
//! and a number never changes what it stands for.

use std::hash::Hash;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

/// The number of a value among those of its sort.
pub type Number = u32;

/// One past the largest number. It is so small that "none" and two bits beside it fit into a word.
const NUMBERS_MAX: usize = 1 << 30;

/// The values of one sort.
pub struct Interner<T> {
    values: IndexSet<T, FxBuildHasher>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Interner {
            values: IndexSet::default(),
        }
    }
}

impl<T: Hash + Eq> Interner<T> {
    /// The number of a value, and whether it is new.
    pub fn intern(&mut self, value: T) -> (Number, bool) {
        let (at, new) = self.values.insert_full(value);
        assert!(at < NUMBERS_MAX, "at most 2^30 values of one sort");
        (Number::try_from(at).expect("it was just compared"), new)
    }

    /// The number of a value that was interned before.
    pub fn find(&self, value: &T) -> Option<Number> {
        let at = self.values.get_index_of(value)?;
        Some(Number::try_from(at).expect("all numbers are small"))
    }
}

impl<T> Interner<T> {
    #[inline]
    pub fn get(&self, number: Number) -> &T {
        &self.values[number as usize]
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// What the table holds, in bytes; what its values hold elsewhere is not counted.
    pub fn bytes(&self) -> usize {
        // Beside the value the index map keeps a hash, and a position with a tag.
        self.values.capacity() * (size_of::<T>() + 2 * size_of::<usize>() + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Interner;

    proptest! {
        #[test]
        fn equal_values_have_equal_numbers(values in prop::collection::vec(0..20u8, 0..100)) {
            let mut interner = Interner::default();
            let numbers: Vec<_> = values.iter().map(|v| interner.intern(*v).0).collect();
            for (value, number) in values.iter().zip(&numbers) {
                prop_assert_eq!(interner.get(*number), value);
                prop_assert_eq!(interner.find(value), Some(*number));
                prop_assert!((*number as usize) < interner.len());
            }
        }
    }
}
