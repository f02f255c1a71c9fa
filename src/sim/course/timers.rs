//! The timers that are armed, with the moments at which they fire.
//!
//! Arming a timer again is the common case (a leader is heard, an election is put off). A timer
//! therefore has at most one live entry in the agenda, which may be too early: when that comes
//! out, it is entered again at the right moment. So arming costs nothing while the moment only
//! moves away, and an agenda is no longer than there are timers.
//!
//! Invariant: a timer is armed here exactly when it is in the world. Timers are known by number, and which one
//! has which is known to whoever arms them; durations and drift are not known here either.

use std::cmp::Ordering;

use super::agenda::{Agenda, Entry, Rank};
use super::small;
use crate::model::cluster::index;
use crate::model::{Id, Time};

#[derive(Clone, Debug)]
struct Slot {
    id: Id,
    /// When it fires; `None` if it is not armed.
    fires: Option<Entry>,
    /// Its live entry in the agenda: never later than it fires.
    entered: Option<Entry>,
}

/// The timers of all nodes.
#[derive(Clone, Debug)]
pub struct Timers {
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    /// For each node, the numbers of its timers, in the order of the timers.
    of: Vec<Vec<u32>>,
}

impl Timers {
    pub fn new(nodes: usize) -> Self {
        Timers {
            slots: Vec::new(),
            free: Vec::new(),
            of: vec![Vec::new(); nodes],
        }
    }

    /// The number of a node's timer, if it has one: `order` is where the timer of a number stands to it.
    pub fn number(&self, id: Id, order: &dyn Fn(u32) -> Ordering) -> Option<u32> {
        let place = self.place(id, order).ok()?;
        Some(self.of[index(id)][place])
    }

    /// The number of a node's timer, which it gets if it has none, and whether it is new.
    pub fn number_or_new(&mut self, id: Id, order: &dyn Fn(u32) -> Ordering) -> (u32, bool) {
        match self.place(id, order) {
            Ok(place) => (self.of[index(id)][place], false),
            Err(place) => (self.occupy(id, place), true),
        }
    }

    /// Arms a timer, again if it is armed.
    pub fn arm(&mut self, agenda: &mut Agenda, at: u32, due: Time) {
        let slot = self.slots[at as usize].as_mut().expect("it is occupied");
        let fires = agenda.entry(due, Rank::Timeout, at);
        slot.fires = Some(fires);
        if slot.entered.is_none_or(|entered| fires < entered) {
            slot.entered = Some(fires);
            agenda.push(fires);
        }
    }

    /// The node crashed.
    pub fn disarm_all(&mut self, id: Id) {
        for at in self.of[index(id)].clone() {
            self.disarm(at);
        }
    }

    /// Whether something comes of this entry, now or later.
    pub fn is_live(&self, entry: Entry) -> bool {
        self.slots[entry.index as usize]
            .as_ref()
            .is_some_and(|slot| slot.entered == Some(entry) && slot.fires.is_some())
    }

    /// An entry came out of the agenda: the timer that fires, if one does. It stays armed until
    /// it is [disarmed](Self::disarm).
    pub fn due(&mut self, agenda: &mut Agenda, entry: Entry) -> Option<(Id, u32)> {
        let slot = self.slots[entry.index as usize].as_mut()?;
        if slot.entered != Some(entry) {
            return None;
        }
        match slot.fires {
            Some(fires) if fires == entry => {
                slot.entered = None;
                Some((slot.id, entry.index))
            }
            Some(later) => {
                slot.entered = Some(later);
                agenda.push(later);
                None
            }
            None => {
                slot.entered = None;
                self.disarm(entry.index);
                None
            }
        }
    }

    /// The place of a timer among those of its node, or where it would be.
    fn place(&self, id: Id, order: &dyn Fn(u32) -> Ordering) -> Result<usize, usize> {
        self.of[index(id)].binary_search_by(|&at| order(at))
    }

    fn occupy(&mut self, id: Id, place: usize) -> u32 {
        let slot = Some(Slot {
            id,
            fires: None,
            entered: None,
        });
        let at = if let Some(at) = self.free.pop() {
            self.slots[at as usize] = slot;
            at
        } else {
            self.slots.push(slot);
            small(self.slots.len() - 1)
        };
        self.of[index(id)].insert(place, at);
        at
    }

    /// Disarms a timer. Its number is kept while an entry of the agenda points to it.
    pub fn disarm(&mut self, at: u32) {
        let Some(slot) = self.slots[at as usize].as_mut() else {
            return;
        };
        slot.fires = None;
        if slot.entered.is_none() {
            self.of[index(slot.id)].retain(|other| *other != at);
            self.slots[at as usize] = None;
            self.free.push(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Timers that are numbers themselves.
    struct Named {
        timers: Timers,
        agenda: Agenda,
        names: Vec<u8>,
    }

    impl Named {
        fn new(nodes: usize) -> Self {
            Named {
                timers: Timers::new(nodes),
                agenda: Agenda::default(),
                names: Vec::new(),
            }
        }

        fn arm(&mut self, node: usize, name: u8, due: u64) {
            let order = |at: u32| self.names[at as usize].cmp(&name);
            let (at, _) = self.timers.number_or_new(Id::from(node), &order);
            let known = self.names.len().max(at as usize + 1);
            self.names.resize(known, name);
            self.names[at as usize] = name;
            self.timers.arm(&mut self.agenda, at, Time(due));
        }

        fn disarm(&mut self, node: usize, name: u8) {
            let order = |at: u32| self.names[at as usize].cmp(&name);
            if let Some(at) = self.timers.number(Id::from(node), &order) {
                self.timers.disarm(at);
            }
        }

        /// Runs until nothing is left: what fires, and when.
        fn fire_all(&mut self) -> Vec<(u64, usize, u8)> {
            let mut fired = Vec::new();
            while let Some(entry) = self.agenda.pop() {
                if let Some((id, at)) = self.timers.due(&mut self.agenda, entry) {
                    self.timers.disarm(at);
                    fired.push((entry.due.0, index(id), self.names[at as usize]));
                }
            }
            fired
        }
    }

    #[test]
    fn a_timer_put_off_again_and_again_stays_one_entry() {
        let mut named = Named::new(1);
        for due in 10..1_000 {
            named.arm(0, 1, due);
        }
        assert_eq!(named.agenda.iter().count(), 1);
        assert_eq!(named.fire_all(), [(999, 0, 1)]);
    }

    #[test]
    fn a_crash_disarms_the_timers_of_one_node() {
        let mut named = Named::new(2);
        for (node, name) in [(0, 1), (0, 2), (1, 1)] {
            named.arm(node, name, 5);
        }
        named.timers.disarm_all(Id::from(0));
        assert_eq!(named.fire_all(), [(5, 1, 1)]);
        assert!(named.timers.slots.iter().all(Option::is_none));
    }

    proptest! {
        /// Against the plain meaning: a timer fires when it was last armed to, unless it was
        /// disarmed since.
        #[test]
        fn timers_fire_when_they_were_last_armed_to(
            commands in proptest::collection::vec((0usize..3, 0u8..3, 0u64..50, 0u8..4), 0..60),
        ) {
            let mut named = Named::new(3);
            let mut armed = BTreeMap::new();
            for (node, timer, due, what) in commands {
                if what == 0 {
                    named.disarm(node, timer);
                    armed.remove(&(node, timer));
                } else {
                    named.arm(node, timer, due);
                    armed.insert((node, timer), due);
                }
            }
            let live = named.agenda.iter().filter(|e| named.timers.is_live(*e)).count();
            prop_assert_eq!(live, armed.len());
            let mut expected: Vec<_> =
                armed.into_iter().map(|((node, timer), due)| (due, node, timer)).collect();
            let mut fired = named.fire_all();
            prop_assert!(fired.is_sorted_by_key(|(due, ..)| *due));
            fired.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(fired, expected);
        }
    }
}
