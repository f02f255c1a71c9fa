//! The way to a world.
//!
//! Invariant: of all shortest ways it is the one whose events come first among those enabled, from
//! the start on; so it depends on the worlds and not on who found them.

use std::any::Any;

use super::state::BreadthFirst;
use crate::model::{Event, Protocol};

/// The events on the way to a world, of a protocol that is known to those who search.
pub struct Way(Vec<Box<dyn Any>>);

impl Way {
    /// The events themselves.
    ///
    /// # Panics
    /// If they are of another protocol.
    pub fn events<P: Protocol>(self) -> Vec<Event<P>> {
        let event = |event: Box<dyn Any>| *event.downcast().expect("one search, one protocol");
        self.0.into_iter().map(event).collect()
    }
}

impl BreadthFirst<'_> {
    /// A shortest path to a world.
    pub fn way(&mut self, at: usize) -> Way {
        let mut way = Vec::new();
        let mut key = self.keys.get(at);
        self.crew.first().catch_up();
        for level in (0..self.depth(at)).rev() {
            let mut worlds = self.levels[level]..self.levels[level + 1];
            let (keys, worker) = (&self.keys, self.crew.first());
            let (before, event) = worlds
                .find_map(|at| {
                    let from = keys.get(at);
                    Some((from, worker.event_between(from, key)?))
                })
                .expect("a world was found from one of the level before");
            key = before;
            way.push(event);
        }
        way.reverse();
        Way(way)
    }
}
