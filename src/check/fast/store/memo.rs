//! Answers by question, both small: an exact table from one word to half a word.
//!
//! Invariant: what was put in is what comes out, for ever. It is open addressing with linear
//! probing, never more than three quarters full, and nothing is ever taken out.

use crate::check::intern::Number;

/// No question: none has all bits set.
const FREE: u64 = u64::MAX;

/// The odd number closest to 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A table of remembered answers.
pub struct Memo {
    slots: Vec<(u64, Number)>,
    /// By how much a hash is shifted to give a slot.
    shift: u32,
    len: usize,
}

/// A question of two halves.
#[inline]
pub fn question(about: Number, asked: Number) -> u64 {
    u64::from(about) << 32 | u64::from(asked)
}

impl Default for Memo {
    fn default() -> Self {
        Memo::with_slots(16)
    }
}

impl Memo {
    // Whoever remembers something begins with one: so it is called, not copied.
    #[inline(never)]
    fn with_slots(slots: usize) -> Self {
        Memo {
            slots: vec![(FREE, 0); slots],
            shift: 64 - slots.trailing_zeros(),
            len: 0,
        }
    }

    #[inline]
    fn home(&self, question: u64) -> usize {
        let hash = (question ^ question >> 32).wrapping_mul(GOLDEN);
        usize::try_from(hash >> self.shift).expect("the table is addressable")
    }

    #[inline]
    pub fn get(&self, question: u64) -> Option<Number> {
        let mask = self.slots.len() - 1;
        let mut at = self.home(question);
        loop {
            match self.slots[at & mask] {
                (q, answer) if q == question => return Some(answer),
                (FREE, _) => return None,
                _ => at += 1,
            }
        }
    }

    /// Remembers an answer to a question that has none yet.
    pub fn put(&mut self, question: u64, answer: Number) {
        debug_assert!(question != FREE && self.get(question).is_none());
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            let grown = Memo::with_slots(self.slots.len() * 2);
            let old = std::mem::replace(self, grown);
            for (question, answer) in old.slots {
                if question != FREE {
                    self.place(question, answer);
                }
            }
        }
        self.place(question, answer);
    }

    fn place(&mut self, question: u64, answer: Number) {
        let mask = self.slots.len() - 1;
        let mut at = self.home(question) & mask;
        while self.slots[at].0 != FREE {
            at = (at + 1) & mask;
        }
        self.slots[at] = (question, answer);
        self.len += 1;
    }

    pub fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<(u64, Number)>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{Memo, question};

    proptest! {
        #[test]
        fn it_answers_as_a_map_does(asked in prop::collection::vec((0..9u32, 0..900u32), 0..600)) {
            let mut memo = Memo::default();
            let mut map = BTreeMap::new();
            for (nth, (about, asked)) in (0..).zip(asked) {
                let question = question(about, asked);
                prop_assert_eq!(memo.get(question), map.get(&question).copied());
                if map.insert(question, nth).is_none() {
                    memo.put(question, nth);
                } else {
                    map.insert(question, memo.get(question).unwrap());
                }
            }
        }
    }
}
