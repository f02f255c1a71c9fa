//! Values by number: each distinct value gets the next small number, for good.
//!
//! Invariants: two values have the same number if and only if they are equal; numbers are dense,
//! and a number never changes what it stands for. Of [`Shared`] values that holds across all
//! workers of a search: what one of them knows is the beginning of what all have written down.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::{Equivalent, IndexSet};
use rustc_hash::FxBuildHasher;

/// The number of a value among those of its sort.
pub type Number = u32;

/// Not known yet, or nothing.
pub const NONE: Number = Number::MAX;

pub fn number(n: usize) -> Number {
    Number::try_from(n).expect("small numbers only")
}

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
    pub fn find<Q: Hash + Equivalent<T> + ?Sized>(&self, value: &Q) -> Option<Number> {
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

/// What one worker knows of values that all workers number alike.
///
/// Only a value that is new to a worker makes it look into what all share.
pub struct Shared<T> {
    written: Arc<Mutex<Vec<T>>>,
    known: Interner<T>,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Shared {
            written: Arc::default(),
            known: Interner::default(),
        }
    }
}

impl<T: Clone + Hash + Eq> Shared<T> {
    /// The same values, for another worker. It knows none yet.
    pub fn for_another(&self) -> Self {
        Shared {
            written: Arc::clone(&self.written),
            known: Interner::default(),
        }
    }

    /// The number of a value. Afterwards all that has a number up to this one is known.
    pub fn intern<V: Hash + Eq>(&mut self, value: V) -> Number
    where
        T: Borrow<V> + From<V>,
    {
        if let Some(number) = self.known.find(&value) {
            return number;
        }
        let written = Arc::clone(&self.written);
        let mut written = locked(&written);
        self.read_on(&written);
        if let Some(number) = self.known.find(&value) {
            return number;
        }
        let value = T::from(value);
        written.push(value.clone());
        self.known.intern(value).0
    }

    /// Learns what others have written by now.
    pub fn catch_up(&mut self) {
        let written = Arc::clone(&self.written);
        self.read_on(&locked(&written));
    }

    fn read_on(&mut self, written: &[T]) {
        for value in &written[self.known.len()..] {
            self.known.intern(value.clone());
        }
    }
}

impl<T> Shared<T> {
    #[inline]
    pub fn get(&self, number: Number) -> &T {
        self.known.get(number)
    }

    /// How many of them this worker knows.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    pub fn bytes(&self) -> usize {
        self.known.bytes() + self.known.len() * size_of::<T>()
    }
}

/// Nothing is left half done if a worker panics: what is written is written.
fn locked<T>(shared: &Mutex<Vec<T>>) -> MutexGuard<'_, Vec<T>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Interner, Shared};

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

        #[test]
        fn workers_agree_on_numbers(asked in prop::collection::vec((0..3usize, 0..20u64), 0..100)) {
            let first = Shared::<u64>::default();
            let mut workers = [first.for_another(), first.for_another(), first];
            let mut numbers = Interner::default();
            for (worker, value) in asked {
                let number = workers[worker].intern(value);
                prop_assert_eq!(number, numbers.intern(value).0);
                prop_assert_eq!(*workers[worker].get(number), value);
            }
            for worker in &mut workers {
                worker.catch_up();
                prop_assert_eq!(worker.len(), numbers.len());
                for at in 0..u32::try_from(numbers.len()).unwrap() {
                    prop_assert_eq!(worker.get(at), numbers.get(at));
                }
            }
        }
    }
}
