//! The messages in flight, with the moments at which they arrive.
//!
//! Invariant: as many equal messages are pending on a link as the world has in flight on it. What
//! an arrival does, and by which law a latency is drawn, is not known here.

use super::agenda::{Agenda, Entry, Rank};
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
pub struct Pending<M> {
    pub link: Link,
    pub msg: M,
    pub luck: Luck,
    /// The plan has been asked about its arrival.
    pub announced: bool,
    /// The one entry of the agenda that counts.
    entry: Entry,
}

impl<M> Pending<M> {
    /// When it arrives.
    pub fn arrives(&self) -> Time {
        self.entry.due
    }
}

/// All messages on their way.
#[derive(Clone, Debug)]
pub struct InFlight<M> {
    slots: Vec<Option<Pending<M>>>,
    free: Vec<u32>,
}

impl<M> Default for InFlight<M> {
    fn default() -> Self {
        let (slots, free) = (Vec::new(), Vec::new());
        InFlight { slots, free }
    }
}

impl<M: PartialEq> InFlight<M> {
    /// Notes a message and enters its arrival.
    pub fn add(&mut self, agenda: &mut Agenda, link: Link, msg: M, due: Time, luck: Luck) -> u32 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("fewer messages than memory")
        });
        let entry = agenda.add(due, Rank::Arrival, index);
        self.slots[index as usize] = Some(Pending {
            link,
            msg,
            luck,
            announced: false,
            entry,
        });
        index
    }

    pub fn get(&self, index: u32) -> Option<&Pending<M>> {
        self.slots[index as usize].as_ref()
    }

    pub fn get_mut(&mut self, index: u32) -> Option<&mut Pending<M>> {
        self.slots[index as usize].as_mut()
    }

    /// Whether this entry is still the arrival of a message: not if that was taken, or delayed.
    pub fn is_live(&self, entry: Entry) -> bool {
        self.get(entry.index).is_some_and(|p| p.entry == entry)
    }

    pub fn take(&mut self, index: u32) -> Option<Pending<M>> {
        let pending = self.slots[index as usize].take()?;
        self.free.push(index);
        Some(pending)
    }

    /// Takes the first to arrive of the messages equal to this one. Someone else chose that it
    /// arrives now; so it has to be searched for.
    pub fn take_equal(&mut self, link: Link, msg: &M) {
        let equal = self
            .slots
            .iter()
            .flatten()
            .filter(|p| p.link == link && p.msg == *msg);
        if let Some(index) = equal.map(|p| p.entry).min().map(|e| e.index) {
            self.take(index);
        }
    }

    /// A cut loses everything on its links.
    pub fn lose(&mut self, is_cut: impl Fn(Link) -> bool) {
        for index in 0..self.slots.len() {
            let lost = self.slots[index].as_ref();
            if lost.is_some_and(|p| is_cut(p.link)) {
                self.take(u32::try_from(index).expect("fewer messages than memory"));
            }
        }
    }

    /// Makes a message arrive later. On a fifo link those behind it cannot arrive before it.
    pub fn delay(&mut self, agenda: &mut Agenda, index: u32, due: Time, fifo: bool) {
        let Some(first) = self.get(index).map(|p| p.entry) else {
            return;
        };
        let link = self.get(index).map(|p| p.link);
        for pending in self.slots.iter_mut().flatten() {
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

    fn arrivals(in_flight: &mut InFlight<u8>, agenda: &mut Agenda) -> Vec<(u64, u8)> {
        let mut came = Vec::new();
        while let Some(entry) = agenda.pop() {
            if in_flight.is_live(entry) {
                let pending = in_flight.take(entry.index).unwrap();
                came.push((entry.due.0, pending.msg));
            }
        }
        came
    }

    #[test]
    fn what_is_taken_or_lost_does_not_arrive() {
        let (mut flying, mut agenda) = (InFlight::default(), Agenda::default());
        for (to, msg, due) in [(1, 7, 30), (1, 7, 20), (1, 8, 10), (2, 7, 5)] {
            flying.add(&mut agenda, link(to), msg, Time(due), Luck::Arrives);
        }
        // Of two equal messages the one that would arrive first goes.
        flying.take_equal(link(1), &7);
        flying.lose(|l| l == link(2));
        assert_eq!(arrivals(&mut flying, &mut agenda), [(10, 8), (30, 7)]);
    }

    #[test]
    fn a_slot_used_again_does_not_revive_an_old_entry() {
        let (mut flying, mut agenda) = (InFlight::default(), Agenda::default());
        let at = flying.add(&mut agenda, link(1), 1, Time(5), Luck::Arrives);
        flying.take(at);
        let again = flying.add(&mut agenda, link(1), 2, Time(5), Luck::Arrives);
        assert_eq!(at, again);
        assert_eq!(arrivals(&mut flying, &mut agenda), [(5, 2)]);
    }

    #[test]
    fn a_delay_keeps_the_order_of_a_fifo_link_only() {
        for (fifo, expected) in [
            (true, [(9, 1), (20, 2), (20, 3), (30, 4), (10, 5)]),
            (false, [(9, 1), (20, 2), (12, 3), (30, 4), (10, 5)]),
        ] {
            let (mut flying, mut agenda) = (InFlight::default(), Agenda::default());
            let mut add =
                |to, msg, due| flying.add(&mut agenda, link(to), msg, Time(due), Luck::Arrives);
            add(1, 1, 9);
            let delayed = add(1, 2, 11);
            add(1, 3, 12);
            add(1, 4, 30);
            add(2, 5, 10);
            flying.delay(&mut agenda, delayed, Time(20), fifo);
            let came = arrivals(&mut flying, &mut agenda);
            let mut expected = expected.to_vec();
            expected.sort_unstable();
            assert_eq!(came, expected);
        }
    }
}
