//! The way to a world.
//!
//! Invariant: of all shortest ways it is the one whose events come first among those enabled, from
//! the start on; so it depends on the worlds and not on who found them.

use super::pack::Key;
use super::search::Search;
use crate::model::{Carrier, Event, Protocol};

impl<P: Protocol> Search<'_, P> {
    /// The events on a shortest path to a world.
    pub fn schedule(&mut self, at: usize) -> Vec<Event<P>> {
        let mut schedule = Vec::new();
        let mut key = self.keys.get(at);
        self.crew.first().cursor.catch_up();
        for level in (0..self.depth(at)).rev() {
            let mut worlds = self.levels[level]..self.levels[level + 1];
            let (before, event) = worlds
                .find_map(|at| self.event_to(at, key))
                .expect("a world was found from one of the level before");
            key = before;
            schedule.push(event);
        }
        schedule.reverse();
        schedule
    }

    /// The first event that leads from one world to the other, if one does.
    fn event_to(&mut self, at: usize, key: Key) -> Option<(Key, Event<P>)> {
        let from = self.keys.get(at);
        let system = self.system;
        let worker = self.crew.first();
        let cursor = &mut worker.cursor;
        cursor.load(from);
        cursor.enable(system, &mut worker.enabled);
        let enabled = &worker.enabled;
        let nth = (0..enabled.events.len()).find(|nth| {
            cursor.step(system, enabled, *nth);
            let leads_there = cursor.key() == key;
            cursor.undo();
            leads_there
        });
        nth.map(|nth| (from, cursor.spell_out(&enabled.events[nth])))
    }
}
