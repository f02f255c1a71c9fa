//! A set, or a map, of so few values that a list in order serves best: a tree takes six to ten times its code, which
//! comes anew for every type.
//!
//! What is done once, for a report or an answer, may keep some thousand values in one; a tree is for more, unless
//! they come in order: each that does not moves all that are behind it.

use std::borrow::Borrow;
use std::fmt::{self, Debug};
use std::marker::PhantomData;
use std::ops::Index;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Few values in order, each once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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

    pub fn first(&self) -> Option<&T> {
        self.0.first()
    }

    pub fn last(&self) -> Option<&T> {
        self.0.last()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn retain(&mut self, stays: impl FnMut(&T) -> bool) {
        self.0.retain(stays);
    }
}

impl<T: Ord> Few<T> {
    fn place<Q: Ord + ?Sized>(&self, value: &Q) -> Result<usize, usize>
    where
        T: Borrow<Q>,
    {
        self.0.binary_search_by(|other| other.borrow().cmp(value))
    }

    pub fn contains<Q: Ord + ?Sized>(&self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.place(value).is_ok()
    }

    /// Whether it is new.
    pub fn insert(&mut self, value: T) -> bool {
        let place = self.place(&value);
        if let Err(at) = place {
            self.0.insert(at, value);
        }
        place.is_err()
    }

    /// Whether it was there.
    pub fn remove<Q: Ord + ?Sized>(&mut self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        let place = self.place(value);
        if let Ok(at) = place {
            self.0.remove(at);
        }
        place.is_ok()
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
        few.extend(values);
        few
    }
}

impl<T: Ord> Extend<T> for Few<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        for value in values {
            self.insert(value);
        }
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for Few<T> {
    fn from(values: [T; N]) -> Self {
        values.into_iter().collect()
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

impl<'de, T: Ord + Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = Vec::deserialize(deserializer)?;
        Ok(values.into_iter().collect())
    }
}

/// Few values, each under a key, in the order of keys.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FewMap<K, V>(Vec<(K, V)>);

impl<K, V> FewMap<K, V> {
    pub const fn new() -> Self {
        FewMap(Vec::new())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> Entries<'_, K, V> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }

    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|(key, _)| key)
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.0.into_iter().map(|(_, value)| value)
    }
}

impl<K: Ord, V> FewMap<K, V> {
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0
            .binary_search_by(|(other, _)| other.borrow().cmp(key))
    }

    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let at = self.place(key).ok()?;
        Some(&self.0[at].1)
    }

    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.place(key).ok()?;
        Some(&mut self.0[at].1)
    }

    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.place(key).is_ok()
    }

    pub fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.place(key).ok()?;
        Some(self.0.remove(at).1)
    }

    pub fn retain(&mut self, stays: impl Fn(&K, &V) -> bool) {
        self.0.retain(|(key, value)| stays(key, value));
    }

    /// The value under a key, which is the default one if there was none.
    pub fn of(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.of_or(key, V::default)
    }

    /// The value under a key, which is made if there was none.
    pub fn of_or(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let at = self.place(&key).unwrap_or_else(|at| {
            self.0.insert(at, (key, make()));
            at
        });
        &mut self.0[at].1
    }
}

/// The entries of a map, one by one.
type Entries<'a, K, V> =
    std::iter::Map<std::slice::Iter<'a, (K, V)>, fn(&'a (K, V)) -> (&'a K, &'a V)>;

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

impl<K: Ord, V> FromIterator<(K, V)> for FewMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut few = FewMap::new();
        for (key, value) in entries {
            few.insert(key, value);
        }
        few
    }
}

impl<K, V> IntoIterator for FewMap<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, K, V> IntoIterator for &'a FewMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Entries<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// What is under a key that is there.
impl<Q: Ord + ?Sized, K: Ord + Borrow<Q>, V> Index<&Q> for FewMap<K, V> {
    type Output = V;

    fn index(&self, key: &Q) -> &V {
        self.get(key).expect("it is there")
    }
}

impl<K: Serialize, V: Serialize> Serialize for FewMap<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for FewMap<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMap<K, V>(PhantomData<(K, V)>);

        impl<'de, K: Ord + Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for OfMap<K, V> {
            type Value = FewMap<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut few = FewMap::new();
                while let Some((key, value)) = map.next_entry()? {
                    few.insert(key, value);
                }
                Ok(few)
            }
        }

        deserializer.deserialize_map(OfMap(PhantomData))
    }
}

/// To whoever reads what is written they are a set and a map.
#[cfg(test)]
mod schema {
    use std::borrow::Cow;
    use std::collections::{BTreeMap, BTreeSet};

    use schemars::{JsonSchema, Schema, SchemaGenerator};

    use super::{Few, FewMap};

    impl<T: JsonSchema> JsonSchema for Few<T> {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            BTreeSet::<T>::schema_name()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            BTreeSet::<T>::json_schema(generator)
        }
    }

    impl<K: JsonSchema, V: JsonSchema> JsonSchema for FewMap<K, V> {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            BTreeMap::<K, V>::schema_name()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            BTreeMap::<K, V>::json_schema(generator)
        }
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
            for &(comes, value) in &changes {
                if comes {
                    prop_assert_eq!(few.insert(value), set.insert(value));
                } else {
                    prop_assert_eq!(few.remove(&value), set.remove(&value));
                }
                prop_assert!(few.iter().eq(&set));
                prop_assert_eq!(few.contains(&value), set.contains(&value));
                prop_assert_eq!((few.first(), few.last()), (set.first(), set.last()));
            }
            prop_assert_eq!((few.len(), few.is_empty()), (set.len(), set.is_empty()));
            prop_assert_eq!(format!("{few:?}"), format!("{set:?}"));
            let values = || changes.iter().map(|(_, value)| *value);
            few.retain(|value| value % 2 == 0);
            set.retain(|value| value % 2 == 0);
            few.extend(values().take(5));
            set.extend(values().take(5));
            prop_assert!(few.into_iter().eq(set));
            let (few, set): (Few<_>, BTreeSet<_>) = (values().collect(), values().collect());
            prop_assert!(few.into_iter().eq(set));
        }

        #[test]
        fn it_is_a_map_in_order(values in prop::collection::vec((0..9u8, any::<Option<u8>>()), 0..40)) {
            let (mut keyed, mut map) = (FewMap::new(), BTreeMap::new());
            for &(key, value) in &values {
                match value {
                    Some(value) if value < 64 => {
                        prop_assert_eq!(keyed.remove(&key), map.remove(&key));
                    }
                    Some(value) => {
                        keyed.insert(key, value);
                        map.insert(key, value);
                    }
                    None => {
                        *keyed.of(key) |= 1;
                        *map.entry(key).or_default() |= 1;
                    }
                }
                prop_assert!(keyed.iter().eq(&map));
                prop_assert_eq!(keyed.get(&key), map.get(&key));
                prop_assert_eq!(keyed.get_mut(&key), map.get_mut(&key));
                prop_assert_eq!(keyed.contains_key(&key), map.contains_key(&key));
                prop_assert_eq!(keyed.first_key_value(), map.first_key_value());
            }
            prop_assert_eq!((keyed.len(), keyed.is_empty()), (map.len(), map.is_empty()));
            prop_assert!(keyed.keys().eq(map.keys()) && keyed.values().eq(map.values()));
            prop_assert!(keyed.iter_mut().eq(map.iter_mut()));
            prop_assert!(keyed.values_mut().eq(map.values_mut()));
            prop_assert_eq!(format!("{keyed:?}"), format!("{map:?}"));
            let bytes = to_bytes(&keyed).unwrap();
            prop_assert_eq!(&bytes, &to_bytes(&map).unwrap());
            prop_assert_eq!(&from_bytes::<FewMap<u8, u8>>(&bytes).unwrap(), &keyed);
            keyed.retain(|key, value| (key ^ value) % 2 == 0);
            map.retain(|key, value| (key ^ *value) % 2 == 0);
            prop_assert!(keyed.clone().into_values().eq(map.clone().into_values()));
            prop_assert!(keyed.into_iter().eq(map));
            let all = || values.iter().copied();
            let (keyed, map): (FewMap<_, _>, BTreeMap<_, _>) = (all().collect(), all().collect());
            prop_assert!(keyed.into_iter().eq(map));
        }
    }

    /// Whoever wrote it by hand wrote it in any order.
    #[test]
    fn it_is_read_in_any_order() {
        let text = r#"{"b": 1, "a": 2, "b": 3}"#;
        let keyed: FewMap<String, u8> = serde_json::from_str(text).unwrap();
        let map: BTreeMap<String, u8> = serde_json::from_str(text).unwrap();
        assert!(keyed.iter().eq(&map));
        let few: Few<u8> = serde_json::from_str("[3, 1, 2, 3]").unwrap();
        assert!(few.iter().eq(&[1, 2, 3]));
    }
}
