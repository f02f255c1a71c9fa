//! The transactions, which run side by side and know nothing of each other.
//!
//! Everything is small and `Copy`: a site is cloned, compared and hashed at every step.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Index, IndexMut};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A transaction, counted from 1.
pub type Txn = u8;

/// The largest number of concurrent transactions.
pub const MAX_TRANSACTIONS: u8 = 4;

/// One thing for each transaction.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct PerTxn<T> {
    len: u8,
    /// Beyond `len` there are only defaults.
    items: [T; MAX_TRANSACTIONS as usize],
}

impl<T: Copy + Default> PerTxn<T> {
    pub fn new(transactions: u8) -> Self {
        PerTxn {
            len: transactions,
            items: [T::default(); MAX_TRANSACTIONS as usize],
        }
    }

    /// The item of a transaction, for which there is room from now on.
    pub fn entry(&mut self, txn: Txn) -> &mut T {
        self.len = self.len.max(txn);
        &mut self[txn]
    }
}

impl<T> PerTxn<T> {
    pub fn iter(&self) -> impl Iterator<Item = (Txn, &T)> {
        (1..).zip(&self.items[..usize::from(self.len)])
    }
}

impl<T: Copy> PerTxn<T> {
    /// The same transactions, each with what `other` makes of its item.
    pub fn map<U: Copy + Default>(&self, mut other: impl FnMut(T) -> U) -> PerTxn<U> {
        let mut others = PerTxn::new(self.len);
        for (txn, item) in self.iter() {
            others[txn] = other(*item);
        }
        others
    }

    /// What `some` finds in the items.
    pub fn gather<U>(&self, some: impl Fn(T) -> Option<U>) -> Vec<U> {
        self.iter().filter_map(|(_, item)| some(*item)).collect()
    }

    /// `prepared`, or `1: prepared, 2: aborted` where there are several transactions.
    pub fn in_words<W: Into<String>>(&self, word: impl Fn(T) -> W) -> String {
        let words: Vec<_> = self
            .iter()
            .map(|(txn, item)| (txn, word(*item).into()))
            .collect();
        match &words[..] {
            [(_, only)] => only.clone(),
            _ => words
                .iter()
                .filter(|(_, word)| !word.is_empty())
                .map(|(txn, word)| format!("{txn}: {word}"))
                .collect::<Vec<_>>()
                .join(", "),
        }
    }
}

impl<T> Index<Txn> for PerTxn<T> {
    type Output = T;

    fn index(&self, txn: Txn) -> &T {
        &self.items[usize::from(txn) - 1]
    }
}

impl<T> IndexMut<Txn> for PerTxn<T> {
    fn index_mut(&mut self, txn: Txn) -> &mut T {
        &mut self.items[usize::from(txn) - 1]
    }
}

impl<T: Hash> Hash for PerTxn<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // What lies beyond `len` is the same for all.
        self.items[..usize::from(self.len)].hash(state);
    }
}

/// As people read it: a record alone, or one for each of several transactions.
impl<T: fmt::Debug> fmt::Debug for PerTxn<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.items[..usize::from(self.len)] {
            [only] => only.fmt(f),
            items => {
                f.write_str("Log")?;
                f.debug_list().entries(items).finish()
            }
        }
    }
}

impl<T: Serialize> Serialize for PerTxn<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|(_, item)| item))
    }
}

impl<'de, T: Copy + Default + Deserialize<'de>> Deserialize<'de> for PerTxn<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::<T>::deserialize(deserializer)?;
        let mut items = [T::default(); MAX_TRANSACTIONS as usize];
        let place = items.get_mut(..list.len());
        place
            .ok_or_else(|| D::Error::custom("too many transactions"))?
            .copy_from_slice(&list);
        let len = u8::try_from(list.len()).expect("there are few");
        Ok(PerTxn { len, items })
    }
}
