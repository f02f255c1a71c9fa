//! Values that all workers of a search number alike.
//!
//! Invariant: what one of them knows is the beginning of what all have written down.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::check::intern::{Interner, Number};

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

    use super::Shared;
    use crate::check::intern::Interner;

    proptest! {
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
