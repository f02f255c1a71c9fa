//! What a sink has in the external store: transactions, which survive whatever happens to the sink.
//!
//! It is what Flink's two-phase commit sinks ask of a store (Kafka's transactions, files that are renamed): a transaction is
//! prepared, which makes it last; afterwards it is committed or aborted, by whoever knows its name. One that is open is gone
//! with its sink, so it is no part of this.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::record::ranges;
use super::{Epoch, Record};
use crate::model::FewMap;

/// The transactions of one sink.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Store {
    /// Those that are neither committed nor aborted, by their names.
    pub prepared: FewMap<Epoch, Transaction>,
    /// Those that are visible, in the order in which they were committed.
    pub committed: Vec<(Epoch, Transaction)>,
}

/// What belongs together.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Transaction {
    /// The epoch whose end it was prepared at.
    pub epoch: Epoch,
    /// Its records, in their order: in which they came does not matter.
    pub records: Vec<Record>,
}

impl Store {
    /// Commits a transaction, if it is prepared: to commit it again changes nothing. Says what became visible.
    pub fn commit(&mut self, name: Epoch) -> Option<&Transaction> {
        let transaction = self.prepared.remove(&name)?;
        self.committed.push((name, transaction));
        self.committed.last().map(|(_, committed)| committed)
    }

    /// Aborts a transaction, if it is prepared. Says which epoch that was.
    pub fn abort(&mut self, name: Epoch) -> Option<Epoch> {
        self.prepared.remove(&name).map(|aborted| aborted.epoch)
    }

    /// All that whoever reads the output sees, in the order in which it became visible.
    pub fn output(&self) -> impl Iterator<Item = Record> {
        let all = self.committed.iter();
        all.flat_map(|(_, transaction)| transaction.records.iter().copied())
    }
}

/// `a1 a2 b1`
impl fmt::Display for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.records.is_empty() {
            return f.write_str("nothing");
        }
        f.write_str(&ranges(&self.records))
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.epoch)
    }
}
