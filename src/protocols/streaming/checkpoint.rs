//! What all tasks have at the barriers of one checkpoint: a consistent cut (Chandy & Lamport 1985, 2).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::record::listed;

/// What lies before the barriers of a checkpoint and behind those of the one before. Whoever starts again after a failure
/// makes another attempt, whose epochs are others.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Epoch {
    pub attempt: u32,
    /// The number of the checkpoint that ends it.
    pub checkpoint: u32,
}

/// What one task has in a checkpoint.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Part {
    /// A source: how much it has read.
    Offset(u32),
    /// An operator: its state, which is how many records it has seen.
    Count(u32),
    /// A sink: its transactions that are prepared and not committed, in order.
    Pending(Vec<Epoch>),
}

/// A checkpoint that is complete.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The epoch that it ends.
    pub epoch: Epoch,
    /// How many there have been, this one included.
    pub number: u32,
    /// What each task has, in the order of their ids.
    pub parts: Vec<Part>,
}

/// `1.2`: that of checkpoint 2, in attempt 1.
impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.attempt, self.checkpoint)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `offset 2`, `count 3`, `pending 1.1 1.2`
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Offset(offset) => write!(f, "offset {offset}"),
            Part::Count(count) => write!(f, "count {count}"),
            Part::Pending(pending) if pending.is_empty() => f.write_str("nothing"),
            Part::Pending(pending) => write!(f, "pending {}", listed(pending)),
        }
    }
}

/// `1.2 [offset 3, pending 1.2]`
impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.epoch, self.parts)
    }
}
