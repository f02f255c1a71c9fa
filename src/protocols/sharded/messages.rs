//! What is sent and waited for.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Attempt, Operation, Outcome, Transaction};
use crate::protocols::transactions::Txn;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// A client asks a coordinator, which it takes to have started so many times.
    Begin {
        attempt: Attempt,
        incarnation: u32,
        transaction: Transaction,
    },
    /// The coordinator tells its client.
    Reply(Txn, Outcome),
    /// The coordinator asks an owner for its vote.
    Prepare(Attempt, Vec<Operation>),
    /// A vote, with the values that were to be read.
    Yes(Txn, Values),
    No(Txn, Why),
    Commit(Txn),
    Abort(Txn),
    Ack(Txn),
    /// A prepared owner asks for the outcome.
    Inquiry(Txn),
    /// An owner asks a coordinator to abort its transaction, which is in the way of an older one.
    Wound(Txn, Attempt),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// A client has something to ask.
    Think,
    /// A client waits for an answer.
    Retry,
    /// A client waits before it tries again what has died.
    Backoff,
    /// A coordinator waits for votes.
    Votes(Txn),
    /// A coordinator waits for acknowledgements.
    Acks(Txn),
    /// A prepared owner waits for the outcome.
    Outcome(Txn),
}

/// Why an attempt is aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Why {
    /// What it asks for cannot be done.
    Refused,
    /// It was in the way of another, or somebody did not vote.
    Died,
}

/// Values of keys that were read.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Values(pub Vec<(super::Key, u32)>);

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, (key, value)) in self.0.iter().enumerate() {
            let space = if nth == 0 { "" } else { " " };
            write!(f, "{space}{key}={value}")?;
        }
        Ok(())
    }
}

/// `Prepare(T1, take x 1)`, `Yes(T1)`, `Yes(T1, x=10)`, `Reply(T1, committed)`.
impl fmt::Debug for Msg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Msg::Begin {
                attempt,
                incarnation,
                transaction,
            } => {
                write!(f, "Begin({attempt:?}, {transaction}")?;
                if *incarnation > 1 {
                    write!(f, ", incarnation {incarnation}")?;
                }
                f.write_str(")")
            }
            Msg::Reply(txn, outcome) => write!(f, "Reply({txn}, {outcome:?})"),
            Msg::Prepare(attempt, operations) => {
                write!(f, "Prepare({attempt:?}")?;
                let mut operations = operations.iter();
                operations.try_for_each(|operation| write!(f, ", {operation}"))?;
                f.write_str(")")
            }
            Msg::Yes(txn, values) if values.0.is_empty() => write!(f, "Yes({txn})"),
            Msg::Yes(txn, values) => write!(f, "Yes({txn}, {values:?})"),
            Msg::No(txn, Why::Refused) => write!(f, "No({txn}, refused)"),
            Msg::No(txn, Why::Died) => write!(f, "No({txn}, died)"),
            Msg::Commit(txn) => write!(f, "Commit({txn})"),
            Msg::Abort(txn) => write!(f, "Abort({txn})"),
            Msg::Ack(txn) => write!(f, "Ack({txn})"),
            Msg::Inquiry(txn) => write!(f, "Inquiry({txn})"),
            Msg::Wound(txn, by) => write!(f, "Wound({txn}, for {by:?})"),
        }
    }
}
