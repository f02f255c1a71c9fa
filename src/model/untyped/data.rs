//! Plain data of some type.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHasher;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::model::actor::Data;

/// Plain data of some type: it can be copied, compared, hashed, printed and written down as that type can, and to
/// the same effect. It cannot be read: who reads has to know the type (see [`Types`](crate::model::types::Types)).
#[derive(Clone)]
pub struct AnyData {
    value: Arc<dyn Datum>,
    /// Of the value. It is asked for often, and takes a walk through all of it.
    hash: u64,
}

impl AnyData {
    pub fn new<T: Data>(value: T) -> Self {
        AnyData {
            hash: hash(&value),
            value: Arc::new(Plain(value)),
        }
    }

    /// The same of what has an order, and may be asked for it.
    pub fn in_order<T: Data + Ord>(value: T) -> Self {
        AnyData {
            hash: hash(&value),
            value: Arc::new(Ordered(value)),
        }
    }

    /// # Panics
    /// If it is of another type.
    pub fn as_of<T: 'static>(&self) -> &T {
        let value = self.value.as_any().downcast_ref();
        value.expect("the values of one run are of one protocol")
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Of no use, but where something has to be there.
impl Default for AnyData {
    fn default() -> Self {
        AnyData::in_order(())
    }
}

impl PartialEq for AnyData {
    fn eq(&self, other: &Self) -> bool {
        let is_same = || Arc::ptr_eq(&self.value, &other.value) || self.value.is(&*other.value);
        self.hash == other.hash && is_same()
    }
}

impl Eq for AnyData {}

impl PartialOrd for AnyData {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for AnyData {
    fn cmp(&self, other: &Self) -> Ordering {
        self.value.compare(&*other.value)
    }
}

impl Hash for AnyData {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.hash);
    }
}

impl Debug for AnyData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl Serialize for AnyData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        erased_serde::serialize(&*self.value, serializer)
    }
}

impl<'de> Deserialize<'de> for AnyData {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("nobody knows of which type it is"))
    }
}

trait Datum: erased_serde::Serialize + Debug + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn is(&self, other: &dyn Datum) -> bool;
    fn compare(&self, other: &dyn Datum) -> Ordering;
}

/// A value that has no order.
#[derive(Serialize)]
#[serde(transparent)]
struct Plain<T>(T);

/// A value that has one.
#[derive(Serialize)]
#[serde(transparent)]
struct Ordered<T>(T);

impl<T: Debug> Debug for Plain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Debug> Debug for Ordered<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Data> Datum for Plain<T> {
    fn as_any(&self) -> &dyn Any {
        &self.0
    }

    fn is(&self, other: &dyn Datum) -> bool {
        other.as_any().downcast_ref() == Some(&self.0)
    }

    fn compare(&self, _: &dyn Datum) -> Ordering {
        panic!("nobody asks for an order of what has none")
    }
}

impl<T: Data + Ord> Datum for Ordered<T> {
    fn as_any(&self) -> &dyn Any {
        &self.0
    }

    fn is(&self, other: &dyn Datum) -> bool {
        other.as_any().downcast_ref() == Some(&self.0)
    }

    fn compare(&self, other: &dyn Datum) -> Ordering {
        let other: Option<&T> = other.as_any().downcast_ref();
        self.0.cmp(other.expect("what is compared is of one type"))
    }
}
