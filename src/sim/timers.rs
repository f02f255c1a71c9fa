//! The timers that are armed, with the moments at which they fire.
//!
//! Arming a timer again is the common case (a leader is heard, an election is put off). A timer
//! therefore has at most one live entry in the agenda, which may be too early: when that comes
//! out, it is entered again at the right moment. So arming costs nothing while the moment only
//! moves away, and an agenda is no longer than there are timers.
//!
//! Invariant: a timer is armed here exactly when it is in the world. Durations and drift are not
//! known here.

use std::collections::BTreeMap;

use derive_where::derive_where;

use super::agenda::{Agenda, Class, Entry};
use crate::model::cluster::index;
use crate::model::{Id, Protocol, Time};

#[derive_where(Clone, Debug)]
struct Slot<P: Protocol> {
    id: Id,
    timer: P::Timer,
    /// When it fires; `None` if it is not armed.
    fires: Option<Entry>,
    /// Its live entry in the agenda: never later than it fires.
    entered: Option<Entry>,
}

/// The timers of all nodes.
#[derive_where(Clone)]
pub struct Timers<P: Protocol> {
    slots: Vec<Option<Slot<P>>>,
    free: Vec<u32>,
    /// For each node, where its timers are.
    of: Vec<BTreeMap<P::Timer, u32>>,
}

impl<P: Protocol> Timers<P> {
    pub fn new(nodes: usize) -> Self {
        Timers {
            slots: Vec::new(),
            free: Vec::new(),
            of: vec![BTreeMap::new(); nodes],
        }
    }

    /// Arms a timer, again if it is armed.
    pub fn arm(&mut self, agenda: &mut Agenda, id: Id, timer: &P::Timer, due: Time) {
        let at = self.of[index(id)].get(timer).copied();
        let at = at.unwrap_or_else(|| self.occupy(id, timer));
        let slot = self.slots[at as usize].as_mut().expect("it is occupied");
        let fires = agenda.entry(due, Class::Timeout, at);
        slot.fires = Some(fires);
        if slot.entered.is_none_or(|entered| fires < entered) {
            slot.entered = Some(fires);
            agenda.push(fires);
        }
    }

    pub fn disarm(&mut self, id: Id, timer: &P::Timer) {
        if let Some(&at) = self.of[index(id)].get(timer) {
            self.put_out(at);
        }
    }

    /// The node crashed.
    pub fn disarm_all(&mut self, id: Id) {
        let all: Vec<u32> = self.of[index(id)].values().copied().collect();
        for at in all {
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
    pub fn due(&mut self, agenda: &mut Agenda, entry: Entry) -> Option<(Id, P::Timer)> {
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

    fn occupy(&mut self, id: Id, timer: &P::Timer) -> u32 {
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
        self.of[index(id)].insert(timer.clone(), at);
        at
    }

    /// A slot is kept while an entry of the agenda points to it.
    fn put_out(&mut self, at: u32) {
        let Some(slot) = self.slots[at as usize].as_mut() else {
            return;
        };
        slot.fires = None;
        if slot.entered.is_none() {
            self.of[index(slot.id)].remove(&slot.timer);
            self.slots[at as usize] = None;
            self.free.push(at);
        }
    }
}
