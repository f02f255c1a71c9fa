//! Which servers decide what each slot chooses: part of the state, and changed by ordinary commands (PMS, 3).
//!
//! Invariant: a change that slot s brings is in effect from slot s + α on. So whoever has executed so many slots
//! knows the servers of the next α, and of no slot beyond.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Slot;
use crate::model::NodeSet;
use crate::protocols::clients::{Servers, names};

/// The servers of the next slots, as the state says that some slots lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Configurations {
    /// Those of the next slot.
    next: Servers,
    /// Changes that were executed and are not in effect yet: the first slot of each, and its servers. In order.
    changes: Vec<(Slot, Servers)>,
}

impl Configurations {
    pub fn of(members: NodeSet) -> Self {
        Configurations {
            next: Servers::of(members),
            changes: Vec::new(),
        }
    }

    /// The servers of a slot that is not executed yet.
    pub fn at(&self, slot: Slot) -> NodeSet {
        let mut known = self.changes.iter().rev();
        let last = known.find(|(from, _)| *from <= slot);
        last.map_or(self.next, |(_, servers)| *servers).into()
    }

    /// Those of the next slot.
    pub fn next(&self) -> NodeSet {
        self.next.into()
    }

    /// What the last change made of them.
    pub fn newest(&self) -> NodeSet {
        let last = self.changes.last();
        last.map_or(self.next, |(_, servers)| *servers).into()
    }

    /// The sets that are known: of the next slot first.
    pub fn sets(&self) -> impl Iterator<Item = NodeSet> {
        let changes = self.changes.iter().map(|(_, servers)| *servers);
        std::iter::once(self.next).chain(changes).map(NodeSet::from)
    }

    /// All that take part in slots that are not executed yet, as far as it is known.
    pub fn all(&self) -> NodeSet {
        self.sets().fold(NodeSet::EMPTY, NodeSet::union)
    }

    /// Whether a change waits for its slot, and this is one before it.
    pub fn is_awaited(&self, slot: Slot) -> bool {
        self.changes.last().is_some_and(|(from, _)| slot < *from)
    }

    /// From this slot on these decide.
    pub fn change(&mut self, from: Slot, servers: NodeSet) {
        if servers != self.newest() {
            self.changes.push((from, Servers::of(servers)));
        }
    }

    /// This slot is executed.
    pub fn pass(&mut self, slot: Slot) {
        let now = self
            .changes
            .iter()
            .take_while(|(from, _)| *from <= slot + 1);
        let now = now.count();
        if let Some((_, servers)) = self.changes.drain(..now).next_back() {
            self.next = servers;
        }
    }
}

/// `S1 S2 S3, from 7 S1 S2`.
impl fmt::Display for Configurations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&names(self.next()))?;
        for (from, servers) in &self.changes {
            write!(f, ", from {from} {}", names((*servers).into()))?;
        }
        Ok(())
    }
}

/// Any two majorities of one set have a server in common.
pub fn is_majority(of: NodeSet, set: NodeSet) -> bool {
    of.intersection(set).len() > of.len() / 2
}
