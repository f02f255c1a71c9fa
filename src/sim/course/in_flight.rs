//! The messages in flight, with the moments at which they arrive.
//!
//! Invariant: as many equal messages are pending on a link as the world has in flight on it. What is
//! in a message is known to whoever asked for its number; what an arrival does, and by which law a
//! latency is drawn, is not known here either.

use super::agenda::{Agenda, Entry, Rank};
use super::small;
use crate::model::{Link, Time};

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
#[derive(Clone, Debug)]
pub struct Pending {
    pub link: Link,
    pub luck: Luck,
    /// The plan has been asked about its arrival.
    pub announced: bool,
    /// The one entry of the agenda that counts.
    entry: Entry,
}

impl Pending {
    /// When it arrives.
    pub fn arrives(&self) -> Time {
        self.entry.due
    }
}

/// The place of one message. Its number means the same message for as long as that is pending or held.
#[derive(Clone, Debug, Default)]
struct Slot {
    pending: Option<Pending>,
    /// So many copies of it are yet to be made.
    held: u32,
}

/// All messages on their way.
#[derive(Clone, Debug, Default)]
pub struct InFlight {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl InFlight {
    /// Enters the arrival of a message: its number.
    pub fn add(&mut self, agenda: &mut Agenda, link: Link, due: Time, luck: Luck) -> u32 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            small(self.slots.len() - 1)
        });
        let entry = agenda.add(due, Rank::Arrival, index);
        self.slots[index as usize].pending = Some(Pending {
            link,
            luck,
            announced: false,
            entry,
        });
        index
    }

    pub fn get(&self, index: u32) -> Option<&Pending> {
        self.slots[index as usize].pending.as_ref()
    }

    pub fn get_mut(&mut self, index: u32) -> Option<&mut Pending> {
        self.slots[index as usize].pending.as_mut()
    }

    /// Whether this entry is still the arrival of a message: not if that was taken, or delayed.
    pub fn is_live(&self, entry: Entry) -> bool {
        self.get(entry.index).is_some_and(|p| p.entry == entry)
    }

    pub fn take(&mut self, index: u32) -> Option<Pending> {
        let slot = &mut self.slots[index as usize];
        let pending = slot.pending.take()?;
        if slot.held == 0 {
            self.free.push(index);
        }
        Some(pending)
    }

    /// Keeps the number of a message, whatever becomes of the message, until a copy is made of it.
    pub fn hold(&mut self, index: u32) {
        self.slots[index as usize].held += 1;
    }

    pub fn release(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        slot.held -= 1;
        if slot.held == 0 && slot.pending.is_none() {
            self.free.push(index);
        }
    }

    /// Takes the first to arrive of the messages on a link that are equal to one. Someone else chose that it
    /// arrives now; so it has to be searched for.
    pub fn take_equal(&mut self, link: Link, is_equal: &dyn Fn(u32) -> bool) {
        let pending = self.slots.iter().filter_map(|slot| slot.pending.as_ref());
        let equal = pending.filter(|p| p.link == link && is_equal(p.entry.index));
        if let Some(index) = equal.map(|p| p.entry).min().map(|e| e.index) {
            self.take(index);
        }
    }

    /// A cut loses everything on its links.
    pub fn lose(&mut self, is_cut: impl Fn(Link) -> bool) {
        for index in (0..self.slots.len()).map(small) {
            if self.get(index).is_some_and(|p| is_cut(p.link)) {
                self.take(index);
            }
        }
    }

    /// Makes a message arrive later. On a fifo link those behind it cannot arrive before it.
    pub fn delay(&mut self, agenda: &mut Agenda, index: u32, due: Time, fifo: bool) {
        let Some(first) = self.get(index).map(|p| p.entry) else {
            return;
        };
        let link = self.get(index).map(|p| p.link);
        let pending = self.slots.iter_mut();
        for pending in pending.filter_map(|slot| slot.pending.as_mut()) {
            let entry = pending.entry;
            let behind =
                fifo && Some(pending.link) == link && first.is_older(entry) && entry.due < due;
            if entry == first || behind {
                pending.entry = entry.at(due);
                agenda.push(pending.entry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Id;

    fn link(dst: usize) -> Link {
        Link::new(Id::from(0), Id::from(dst))
    }

    /// When which messages arrive, by number.
    fn arrivals(in_flight: &mut InFlight, agenda: &mut Agenda) -> Vec<(u64, u32)> {
        let mut came = Vec::new();
        while let Some(entry) = agenda.pop() {
            if in_flight.is_live(entry) {
                in_flight.take(entry.index).unwrap();
                came.push((entry.due.0, entry.index));
            }
        }
        came
    }

    #[test]
    fn what_is_taken_or_lost_does_not_arrive() {
        let (mut flying, mut agenda) = (InFlight::default(), Agenda::default());
        let contents = [7, 7, 8, 7];
        for (to, due) in [(1, 30), (1, 20), (1, 10), (2, 5)] {
            flying.add(&mut agenda, link(to), Time(due), Luck::Arrives);
        }
        // Of two equal messages the one that would arrive first goes.
        flying.take_equal(link(1), &|at| contents[at as usize] == 7);
        flying.lose(|l| l == link(2));
        assert_eq!(arrivals(&mut flying, &mut agenda), [(10, 2), (30, 0)]);
    }

    #[test]
    fn a_slot_used_again_does_not_revive_an_old_entry() {
        let (mut flying, mut agenda) = (InFlight::default(), Agenda::default());
        let at = flying.add(&mut agenda, link(1), Time(5), Luck::Arrives);
        flying.take(at);
        let again = flying.add(&mut agenda, link(1), Time(6), Luck::Arrives);
        assert_eq!(at, again);
        assert_eq!(arrivals(&mut flying, &mut agenda), [(6, at)]);
    }

    #[test]
    fn a_number_that_is_held_is_not_given_again() {
        let (mut flying, mut agenda) = (InFlight::default(), Agenda::default());
        let mut add =
            |flying: &mut InFlight| flying.add(&mut agenda, link(1), Time(5), Luck::Arrives);
        let held = add(&mut flying);
        flying.hold(held);
        flying.take(held);
        assert_ne!(add(&mut flying), held);
        flying.release(held);
        assert_eq!(add(&mut flying), held);
        // What is pending keeps its number, held or not.
        flying.hold(held);
        flying.release(held);
        assert_ne!(add(&mut flying), held);
    }

    #[test]
    fn a_delay_keeps_the_order_of_a_fifo_link_only() {
        for (fifo, expected) in [
            (true, [(9, 0), (10, 4), (20, 1), (20, 2), (30, 3)]),
            (false, [(9, 0), (10, 4), (12, 2), (20, 1), (30, 3)]),
        ] {
            let (mut flying, mut agenda) = (InFlight::default(), Agenda::default());
            let mut add = |to, due| flying.add(&mut agenda, link(to), Time(due), Luck::Arrives);
            add(1, 9);
            let delayed = add(1, 11);
            add(1, 12);
            add(1, 30);
            add(2, 10);
            flying.delay(&mut agenda, delayed, Time(20), fifo);
            assert_eq!(arrivals(&mut flying, &mut agenda), expected);
        }
    }
}
