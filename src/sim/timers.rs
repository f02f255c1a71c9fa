//! The timers that are armed, with the moments at which they fire.
//!
//! Arming a timer again is the common case (a leader is heard, an election is put off). A timer
//! therefore has at most one live entry in the agenda, which may be too early: when that comes
//! out, it is entered again at the right moment. So arming costs nothing while the moment only
//! moves away, and an agenda is no longer than there are timers.
//!
//! Invariant: a timer is armed here exactly when it is in the world. Durations and drift are not
//! known here.

use super::agenda::{Agenda, Entry, Rank};
use crate::model::cluster::index;
use crate::model::{Id, Time};

#[derive(Clone, Debug)]
struct Slot<T> {
    id: Id,
    timer: T,
    /// When it fires; `None` if it is not armed.
    fires: Option<Entry>,
    /// Its live entry in the agenda: never later than it fires.
    entered: Option<Entry>,
}

/// The timers of all nodes.
#[derive(Clone, Debug)]
pub struct Timers<T> {
    slots: Vec<Option<Slot<T>>>,
    free: Vec<u32>,
    /// For each node, where its timers are, in their order.
    of: Vec<Vec<u32>>,
}

impl<T: Ord + Clone> Timers<T> {
    pub fn new(nodes: usize) -> Self {
        Timers {
            slots: Vec::new(),
            free: Vec::new(),
            of: vec![Vec::new(); nodes],
        }
    }

    /// Arms a timer, again if it is armed.
    pub fn arm(&mut self, agenda: &mut Agenda, id: Id, timer: &T, due: Time) {
        let at = match self.place(id, timer) {
            Ok(place) => self.of[index(id)][place],
            Err(place) => self.occupy(id, timer, place),
        };
        let slot = self.slots[at as usize].as_mut().expect("it is occupied");
        let fires = agenda.entry(due, Rank::Timeout, at);
        slot.fires = Some(fires);
        if slot.entered.is_none_or(|entered| fires < entered) {
            slot.entered = Some(fires);
            agenda.push(fires);
        }
    }

    pub fn disarm(&mut self, id: Id, timer: &T) {
        if let Ok(place) = self.place(id, timer) {
            self.put_out(self.of[index(id)][place]);
        }
    }

    /// The node crashed.
    pub fn disarm_all(&mut self, id: Id) {
        for at in self.of[index(id)].clone() {
            self.put_out(at);
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
    pub fn due(&mut self, agenda: &mut Agenda, entry: Entry) -> Option<(Id, T)> {
        let slot = self.slots[entry.index as usize].as_mut()?;
        if slot.entered != Some(entry) {
            return None;
        }
        match slot.fires {
            Some(fires) if fires == entry => {
                slot.entered = None;
                Some((slot.id, slot.timer.clone()))
            }
            Some(later) => {
                slot.entered = Some(later);
                agenda.push(later);
                None
            }
            None => {
                slot.entered = None;
                self.put_out(entry.index);
                None
            }
        }
    }

    /// The place of a timer among those of its node, or where it would be.
    fn place(&self, id: Id, timer: &T) -> Result<usize, usize> {
        let timer_at = |at: u32| {
            let slot = self.slots[at as usize].as_ref();
            &slot.expect("it is occupied").timer
        };
        self.of[index(id)].binary_search_by(|&at| timer_at(at).cmp(timer))
    }

    fn occupy(&mut self, id: Id, timer: &T, place: usize) -> u32 {
        let slot = Some(Slot {
            id,
            timer: timer.clone(),
            fires: None,
            entered: None,
        });
        let at = if let Some(at) = self.free.pop() {
            self.slots[at as usize] = slot;
            at
        } else {
            self.slots.push(slot);
            u32::try_from(self.slots.len() - 1).expect("fewer timers than memory")
        };
        self.of[index(id)].insert(place, at);
        at
    }

    /// A slot is kept while an entry of the agenda points to it.
    fn put_out(&mut self, at: u32) {
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

    /// Runs until nothing is left: what fires, and when.
    fn fire_all(timers: &mut Timers<u8>, agenda: &mut Agenda) -> Vec<(u64, usize, u8)> {
        let mut fired = Vec::new();
        while let Some(entry) = agenda.pop() {
            if let Some((id, timer)) = timers.due(agenda, entry) {
                timers.disarm(id, &timer);
                fired.push((entry.due.0, index(id), timer));
            }
        }
        fired
    }

    #[test]
    fn a_timer_put_off_again_and_again_stays_one_entry() {
        let (mut timers, mut agenda) = (Timers::new(1), Agenda::default());
        for due in 10..1_000 {
            timers.arm(&mut agenda, Id::from(0), &1, Time(due));
        }
        assert_eq!(agenda.iter().count(), 1);
        assert_eq!(fire_all(&mut timers, &mut agenda), [(999, 0, 1)]);
    }

    #[test]
    fn a_crash_disarms_the_timers_of_one_node() {
        let (mut timers, mut agenda) = (Timers::new(2), Agenda::default());
        for (id, timer) in [(0, 1), (0, 2), (1, 1)] {
            timers.arm(&mut agenda, Id::from(id), &timer, Time(5));
        }
        timers.disarm_all(Id::from(0));
        assert_eq!(fire_all(&mut timers, &mut agenda), [(5, 1, 1)]);
        assert!(timers.slots.iter().all(Option::is_none));
    }

    proptest! {
        /// Against the plain meaning: a timer fires when it was last armed to, unless it was
        /// disarmed since.
        #[test]
        fn timers_fire_when_they_were_last_armed_to(
            commands in proptest::collection::vec((0usize..3, 0u8..3, 0u64..50, 0u8..4), 0..60),
        ) {
            let (mut timers, mut agenda) = (Timers::new(3), Agenda::default());
            let mut armed = BTreeMap::new();
            for (node, timer, due, what) in commands {
                let id = Id::from(node);
                if what == 0 {
                    timers.disarm(id, &timer);
                    armed.remove(&(node, timer));
                } else {
                    timers.arm(&mut agenda, id, &timer, Time(due));
                    armed.insert((node, timer), due);
                }
            }
            let live = agenda.iter().filter(|e| timers.is_live(*e)).count();
            prop_assert_eq!(live, armed.len());
            let mut expected: Vec<_> =
                armed.into_iter().map(|((node, timer), due)| (due, node, timer)).collect();
            let mut fired = fire_all(&mut timers, &mut agenda);
            prop_assert!(fired.is_sorted_by_key(|(due, ..)| *due));
            fired.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(fired, expected);
        }
    }
}
