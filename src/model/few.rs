//! A set, or a map, of so few values that a list in order serves best: a tree takes ten times its code, which
//! comes anew for every type.

use std::fmt::{self, Debug};
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Few values in order, each once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Few<T>(Vec<T>);

impl<T> Few<T> {
    pub const fn new() -> Self {
        Few(Vec::new())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<T: Ord> Few<T> {
    pub fn contains(&self, value: &T) -> bool {
        self.0.binary_search(value).is_ok()
    }

    pub fn insert(&mut self, value: T) {
        if let Err(at) = self.0.binary_search(&value) {
            self.0.insert(at, value);
        }
    }

    pub fn remove(&mut self, value: &T) {
        if let Ok(at) = self.0.binary_search(value) {
            self.0.remove(at);
        }
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Few::new()
    }
}

impl<T: Debug> Debug for Few<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

impl<T: Ord> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut few = Few::new();
        for value in values {
            few.insert(value);
        }
        few
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Few<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Few values, each under a key, in the order of keys.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FewMap<K, V>(Vec<(K, V)>);

impl<K, V> FewMap<K, V> {
    pub const fn new() -> Self {
        FewMap(Vec::new())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }
}

impl<K: Ord, V> FewMap<K, V> {
    fn place(&self, key: &K) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.cmp(key))
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        let at = self.place(key).ok()?;
        Some(&self.0[at].1)
    }

    pub fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    /// The value under a key, which is the default one if there was none.
    pub fn of(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let at = self.place(&key).unwrap_or_else(|at| {
            self.0.insert(at, (key, V::default()));
            at
        });
        &mut self.0[at].1
    }
}

impl<K, V> Default for FewMap<K, V> {
    fn default() -> Self {
        FewMap::new()
    }
}

impl<K: Debug, V: Debug> Debug for FewMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Serialize, V: Serialize> Serialize for FewMap<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for FewMap<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<K, V>(PhantomData<(K, V)>);

        impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Entries<K, V> {
            type Value = FewMap<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(FewMap(entries))
            }
        }

        deserializer.deserialize_map(Entries(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::{Few, FewMap};
    use crate::model::bytes::{from_bytes, to_bytes};

    proptest! {
        #[test]
        fn it_is_a_set_in_order(changes in prop::collection::vec((any::<bool>(), 0..9u8), 0..40)) {
            let (mut few, mut set) = (Few::new(), BTreeSet::new());
            for (comes, value) in changes {
                if comes {
                    few.insert(value);
                    set.insert(value);
                } else {
                    few.remove(&value);
                    set.remove(&value);
                }
                prop_assert!(few.iter().eq(&set));
                prop_assert_eq!(few.contains(&value), set.contains(&value));
            }
            prop_assert_eq!(few.len(), set.len());
            prop_assert_eq!(format!("{few:?}"), format!("{set:?}"));
        }

        #[test]
        fn it_is_a_map_in_order(values in prop::collection::vec((0..9u8, any::<Option<u8>>()), 0..40)) {
            let (mut keyed, mut map) = (FewMap::new(), BTreeMap::new());
            for (key, value) in values {
                if let Some(value) = value {
                    keyed.insert(key, value);
                    map.insert(key, value);
                } else {
                    *keyed.of(key) |= 1;
                    *map.entry(key).or_default() |= 1;
                }
                prop_assert!(keyed.iter().eq(&map));
                prop_assert_eq!(keyed.get(&key), map.get(&key));
            }
            prop_assert_eq!(format!("{keyed:?}"), format!("{map:?}"));
            let bytes = to_bytes(&keyed).unwrap();
            prop_assert_eq!(&bytes, &to_bytes(&map).unwrap());
            prop_assert_eq!(from_bytes::<FewMap<u8, u8>>(&bytes).unwrap(), keyed);
        }
    }
}
