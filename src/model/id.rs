//! What a node is known by.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A node's place in its cluster, counted from 0.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(u64);

impl From<usize> for Id {
    fn from(place: usize) -> Self {
        Id(place as u64)
    }
}

impl From<Id> for usize {
    fn from(id: Id) -> usize {
        usize::try_from(id.0).expect("a place in a cluster")
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({})", self.0)
    }
}
