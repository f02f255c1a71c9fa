//! What is sent and waited for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::protocols::streaming::{Epoch, Item, Part, Record};

/// Where in a channel something is: connections are made anew in each attempt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    pub attempt: u32,
    pub nth: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// The job manager has a source end an epoch.
    Trigger(Epoch),
    /// On a channel.
    Record(Record, Place),
    /// On a channel: the epoch of this checkpoint ends here.
    Barrier(u32, Place),
    /// What a task has at the end of an epoch. From a sink this is its vote, and its inquiry when it is sent again.
    Ack(Epoch, Part),
    /// The checkpoint that ends this epoch is complete: commit all up to it.
    Notify(Epoch),
    /// What a task had in this attempt is gone: it crashed, or something on a channel is missing.
    Failed(u32),
    /// A new attempt, and what the task has in the checkpoint from which it starts.
    Restore(u32, Part),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// The next checkpoint is due.
    Trigger,
    /// A checkpoint takes too long.
    Late(u32),
    /// A source reads the next record.
    Read,
    /// A sink has prepared transactions, and hears nothing.
    Outcome,
    /// A task waits to be restored.
    Restore,
    /// The store does not keep a prepared transaction any longer.
    Expire(Epoch),
}

impl Msg {
    /// The attempt that it belongs to.
    pub fn attempt(&self) -> u32 {
        match self {
            Msg::Trigger(epoch) | Msg::Ack(epoch, _) | Msg::Notify(epoch) => epoch.attempt,
            Msg::Record(_, place) | Msg::Barrier(_, place) => place.attempt,
            Msg::Failed(attempt) | Msg::Restore(attempt, _) => *attempt,
        }
    }

    /// What is sent on a channel.
    pub(super) fn on_channel(item: Item, place: Place) -> Self {
        match item {
            Item::Record(record) => Msg::Record(record, place),
            Item::Barrier(checkpoint) => Msg::Barrier(checkpoint, place),
        }
    }
}

/// `1.4`: what was sent behind four others, in attempt 1.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.attempt, self.nth)
    }
}
