//! A range of keys on its way from one server to another: what is cut out of one disk, and put into another.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::state::{Cell, Disk, Part, Session, joined, listed, written};
use super::{Key, Operation};
use crate::model::FewMap;
use crate::protocols::transactions::Txn;

/// What a server has of the keys that go to one other.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Range {
    pub values: FewMap<Key, Cell>,
    /// What is prepared, as far as it is about these keys.
    pub prepared: FewMap<Txn, Part>,
    /// All sessions: they are of clients, and not of keys.
    pub sessions: FewMap<u8, Session>,
}

impl Disk {
    /// Takes out what it has of some keys.
    pub fn cut(&mut self, goes: impl Fn(Key) -> bool) -> Range {
        let mut range = Range {
            sessions: self.sessions.clone(),
            ..Range::default()
        };
        for (key, cell) in &self.values {
            if goes(*key) {
                range.values.insert(*key, *cell);
            }
        }
        self.values.retain(|key, _| !goes(*key));
        for (txn, part) in self.prepared.iter_mut() {
            let gone = part.cut(&goes);
            if !gone.is_empty() {
                range.prepared.insert(*txn, gone);
            }
        }
        self.prepared.retain(|_, part| !part.is_empty());
        range
    }

    /// Puts in what another had. Of each client the later session stays.
    pub fn put(&mut self, range: Range) {
        for (key, cell) in range.values {
            self.values.insert(key, cell);
        }
        for (txn, part) in range.prepared {
            match self.prepared.get_mut(&txn) {
                Some(own) => own.add(part),
                None => self.prepared.insert(txn, part),
            }
        }
        for (client, session) in range.sessions {
            let own = self.sessions.get(&client);
            if own.is_none_or(|own| own.txn < session.txn) {
                self.sessions.insert(client, session);
            }
        }
    }
}

impl Part {
    fn is_empty(&self) -> bool {
        self.request.operations.is_empty()
    }

    /// Takes out what is about some keys.
    fn cut(&mut self, goes: impl Fn(Key) -> bool) -> Part {
        let mut gone = self.clone();
        let of = |operation: &Operation| goes(operation.key());
        gone.request.operations.retain(of);
        gone.reads.retain(|(key, _)| goes(*key));
        gone.writes.retain(|(key, _)| goes(*key));
        self.request.operations.retain(|operation| !of(operation));
        self.reads.retain(|(key, _)| !goes(*key));
        self.writes.retain(|(key, _)| !goes(*key));
        gone
    }

    fn add(&mut self, other: Part) {
        self.request.operations.extend(other.request.operations);
        self.reads.extend(other.reads);
        self.writes.extend(other.writes);
    }
}

/// `x=9, prepared T1`
impl fmt::Debug for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prepared = listed("prepared", &mut self.prepared.keys());
        f.write_str(&joined(&[written(&self.values), prepared]))
    }
}
