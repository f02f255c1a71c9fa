//! Values by number: each distinct value gets the next small number, for good.
//!
//! Invariants: two values have the same number if and only if they are equal; numbers are dense,
//! and a number never changes what it stands for.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

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
    /// By their numbers.
    values: Vec<T>,
    places: Places,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Interner {
            values: Vec::new(),
            places: Places::default(),
        }
    }
}

impl<T: Hash + Eq> Interner<T> {
    /// The number of a value, and whether it is new.
    pub fn intern(&mut self, value: T) -> (Number, bool) {
        let hash = FxBuildHasher.hash_one(&value);
        match self.at(hash, &value) {
            Some(number) => (number, false),
            None => (self.add(hash, value), true),
        }
    }

    /// The same for a value that is copied only if it is new.
    pub fn intern_copy(&mut self, value: &T) -> (Number, bool)
    where
        T: Clone,
    {
        let hash = FxBuildHasher.hash_one(value);
        match self.at(hash, value) {
            Some(number) => (number, false),
            None => (self.add(hash, value.clone()), true),
        }
    }

    fn add(&mut self, hash: u64, value: T) -> Number {
        self.values.push(value);
        self.places.add(hash)
    }

    /// The number of a value that was interned before.
    pub fn find<Q: Hash + Eq + ?Sized>(&self, value: &Q) -> Option<Number>
    where
        T: Borrow<Q>,
    {
        self.at(FxBuildHasher.hash_one(value), value)
    }

    fn at<Q: Eq + ?Sized>(&self, hash: u64, value: &Q) -> Option<Number>
    where
        T: Borrow<Q>,
    {
        let is_it = |number| self.get(number).borrow() == value;
        self.places.find(hash, is_it)
    }
}

impl<T: Hash + Eq> FromIterator<T> for Interner<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut interner = Interner::default();
        for value in values {
            interner.intern(value);
        }
        interner
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

    /// All of them, in the order of their numbers.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// What the table holds, in bytes; what its values hold elsewhere is not counted.
    pub fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<T>() + self.places.bytes()
    }
}

/// Which numbers belong to a hash: all that a table has to know that is compiled once for values of
/// all types.
///
/// Invariant: it is open addressing with linear probing, never more than three quarters full, and
/// nothing is ever taken out.
#[derive(Default)]
struct Places {
    /// Half of a hash, with a number or none. They are as many as a power of two, or none at all.
    slots: Vec<(u32, Number)>,
    len: usize,
}

impl Places {
    /// The first number with this hash that passes the test.
    #[inline]
    fn find(&self, hash: u64, is_it: impl Fn(Number) -> bool) -> Option<Number> {
        let mask = self.slots.len().checked_sub(1)?;
        let hash = half(hash);
        let mut at = hash as usize;
        loop {
            match self.slots[at & mask] {
                (_, NONE) => return None,
                (other, number) if other == hash && is_it(number) => return Some(number),
                _ => at += 1,
            }
        }
    }

    /// Gives the next number to a value with this hash.
    fn add(&mut self, hash: u64) -> Number {
        assert!(self.len < NUMBERS_MAX, "at most 2^30 values of one sort");
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            let room = (self.slots.len() * 2).max(4);
            let old = std::mem::replace(&mut self.slots, vec![(0, NONE); room]);
            for (hash, number) in old {
                if number != NONE {
                    self.place(hash, number);
                }
            }
        }
        let number = number(self.len);
        self.place(half(hash), number);
        self.len += 1;
        number
    }

    fn place(&mut self, hash: u32, number: Number) {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].1 != NONE {
            at = (at + 1) & mask;
        }
        self.slots[at] = (hash, number);
    }

    fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<(u32, Number)>()
    }
}

/// The lower half of a hash, which is the better one.
#[inline]
fn half(hash: u64) -> u32 {
    u32::try_from(hash & u64::from(u32::MAX)).expect("half a word")
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
