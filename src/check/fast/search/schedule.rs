//! The way to a world.
//!
//! Invariant: of all shortest ways it is the one whose events come first among those enabled, from
//! the start on; so it depends on the worlds and not on who found them.

use super::searched::AnyEvent;
use super::state::BreadthFirst;

impl BreadthFirst<'_> {
    /// A shortest path to a world.
    pub fn way(&mut self, at: usize) -> Vec<AnyEvent> {
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
        way
    }
}
