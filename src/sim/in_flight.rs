//! The messages in flight, with the moments at which they arrive.
//!
//! Invariant: as many equal messages are pending on a link as the world has in flight on it. What
//! an arrival does, and by which law a latency is drawn, is not known here.

use derive_where::derive_where;

use super::agenda::{Agenda, Class, Entry};
use crate::model::{Envelope, Link, Protocol, Time};

/// Whether a message gets lost on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Luck {
    Arrives,
    /// Chance loses it, unless loss has ended when it would arrive.
    Unlucky,
    /// The plan loses it.
    Doomed,
}

/// One message on its way.
#[derive_where(Clone, Debug)]
pub struct Pending<P: Protocol> {
    pub envelope: Envelope<P>,
    pub luck: Luck,
    /// The plan has been asked about its arrival.
    pub announced: bool,
    /// The one entry of the agenda that counts.
    entry: Entry,
}

impl<P: Protocol> Pending<P> {
    /// When it arrives.
    pub fn arrives(&self) -> Time {
        self.entry.due
    }
}

/// All messages on their way.
#[derive_where(Clone, Default)]
pub struct InFlight<P: Protocol> {
    slots: Vec<Option<Pending<P>>>,
    free: Vec<u32>,
}

impl<P: Protocol> InFlight<P> {
    /// Notes a message and enters its arrival.
    pub fn add(
        &mut self,
        agenda: &mut Agenda,
        envelope: Envelope<P>,
        due: Time,
        luck: Luck,
    ) -> u32 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("fewer messages than memory")
        });
        let entry = agenda.add(due, Class::Arrival, index);
        self.slots[index as usize] = Some(Pending {
            envelope,
            luck,
            announced: false,
            entry,
        });
        index
    }

    pub fn get(&self, index: u32) -> Option<&Pending<P>> {
        self.slots[index as usize].as_ref()
    }

    pub fn get_mut(&mut self, index: u32) -> Option<&mut Pending<P>> {
        self.slots[index as usize].as_mut()
    }

    /// Whether this entry is still the arrival of a message: not if that was taken, or delayed.
    pub fn is_live(&self, entry: Entry) -> bool {
        self.get(entry.index).is_some_and(|p| p.entry == entry)
    }

    pub fn take(&mut self, index: u32) -> Option<Envelope<P>> {
        let pending = self.slots[index as usize].take()?;
        self.free.push(index);
        Some(pending.envelope)
    }

    /// Takes the first to arrive of the messages equal to this one. Someone else chose that it
    /// arrives now; so it has to be searched for.
    pub fn take_equal(&mut self, envelope: &Envelope<P>) {
        let equal = self
            .slots
            .iter()
            .flatten()
            .filter(|p| p.envelope == *envelope);
        if let Some(index) = equal.map(|p| p.entry).min().map(|e| e.index) {
            self.take(index);
        }
    }

    /// A cut loses everything on its links.
    pub fn lose(&mut self, is_cut: impl Fn(Link) -> bool) {
        for index in 0..self.slots.len() {
            let lost = self.slots[index].as_ref();
            if lost.is_some_and(|p| is_cut(p.envelope.link())) {
                self.take(u32::try_from(index).expect("fewer messages than memory"));
            }
        }
    }

    /// Makes a message arrive later. On a fifo link those behind it cannot arrive before it.
    pub fn delay(&mut self, agenda: &mut Agenda, index: u32, due: Time, fifo: bool) {
        let Some(first) = self.get(index).map(|p| p.entry) else {
            return;
        };
        let link = self.get(index).map(|p| p.envelope.link());
        for pending in self.slots.iter_mut().flatten() {
            let entry = pending.entry;
            let behind = fifo
                && Some(pending.envelope.link()) == link
                && first.is_older(entry)
                && entry.due < due;
            if entry == first || behind {
                pending.entry = entry.at(due);
                agenda.push(pending.entry);
            }
        }
    }
}
