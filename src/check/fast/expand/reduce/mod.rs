//! The search goes by what is left after reduction: which events are left out of those enabled, and
//! which messages are taken out of flight.
//!
//! Why that is sound is said in [`check::reduction`](crate::check::reduction). Invariant: a cursor
//! that was told of no reduction offers and does exactly what the relation does. With one, what it
//! offers is enabled in the relation as well, so that every schedule is one of the relation.

mod dead;
mod prospect;

use std::sync::Arc;

pub use dead::Dead;
pub use prospect::{Open, Prospect, prospects};

use super::cursor::Cursor;
use crate::check::fast::store::books::{NONE, Numbers};
use crate::check::fast::store::intern::Number;
use crate::check::reduction::{Reduction, Reductions};
use crate::check::{Monitor, Progress, Stopped};
use crate::model::cluster::index;
use crate::model::{Carrier, Enabled, Envelope, Event, Input, Protocol, System, View};

/// What a cursor leaves out.
pub struct Reducer<P: Protocol> {
    no_op: bool,
    lost: bool,
    /// Out of its box while it is at work.
    pub(super) dead: Option<Box<Dead<P>>>,
}

impl<P: Protocol> Reducer<P> {
    pub fn none() -> Self {
        Reducer {
            no_op: false,
            lost: false,
            dead: None,
        }
    }

    /// What is used, and what can become of each node if that was found out.
    pub fn new(used: Reductions, prospects: Option<Arc<[Prospect<P>]>>) -> Self {
        Reducer {
            no_op: used.contains(Reduction::NoOp),
            lost: used.contains(Reduction::Lost),
            dead: prospects.map(|prospects| Box::new(Dead::new(prospects))),
        }
    }

    pub fn for_another(&self) -> Self {
        Reducer {
            no_op: self.no_op,
            lost: self.lost,
            dead: self.dead.as_ref().map(|dead| Box::new(dead.for_another())),
        }
    }

    pub fn bytes(&self) -> usize {
        self.dead.as_ref().map_or(0, |dead| dead.bytes())
    }
}

impl<P: Protocol> Cursor<P> {
    /// Leaves out what changes no verdict, of what comes from a link or a timer of the world just
    /// loaded.
    pub(super) fn leave_out(&mut self, enabled: &mut Enabled<Numbers>) {
        if self.reducer.lost {
            enabled
                .events
                .retain(|event| !matches!(event, Event::Drop(_)));
        }
        if self.reducer.no_op {
            enabled.events.retain(|event| match event {
                Event::Deliver(envelope) => !self.is_no_op(envelope),
                _ => true,
            });
        }
    }

    /// Whether a delivery changes nothing but what is in flight.
    fn is_no_op(&mut self, e: &Envelope<Numbers>) -> bool {
        if !self.is_up(e.dst) {
            return true;
        }
        let at = index(e.dst);
        let before: Number = self.parts()[at];
        let input = Input::Message {
            src: e.src,
            msg: &e.msg,
        };
        let system = self.system.clone();
        let reaction = self.react(&system, e.dst, input, None);
        self.undo();
        let book = &self.books().node[at];
        let known = book.remembered(reaction);
        known.after == before && known.observed == NONE && book.sent(reaction, 0).is_none()
    }

    /// Applies the n-th of the enabled events, and takes out of flight what is dead afterwards;
    /// whether a send was absorbed.
    #[inline]
    pub fn step(&mut self, system: &System<P>, enabled: &Enabled<Numbers>, nth: usize) -> bool {
        let absorbed = self.apply(system, enabled, nth);
        if self.reducer.dead.is_some() {
            self.bury();
        }
        absorbed
    }
}

/// Watches a search that begins once more, as part of the same search.
pub struct Again<'m> {
    pub monitor: &'m mut dyn Monitor,
    /// Events that were applied before.
    pub generated: u64,
}

impl Monitor for Again<'_> {
    fn look(&mut self, progress: &Progress) -> Result<(), Stopped> {
        self.monitor.look(&Progress {
            generated: self.generated + progress.generated,
            ..*progress
        })
    }

    fn prepares(&mut self, questions: u64) -> Result<(), Stopped> {
        self.monitor.prepares(questions)
    }

    fn cost(&self) -> u64 {
        self.monitor.cost()
    }

    fn wants_checkpoint(&mut self) -> bool {
        self.monitor.wants_checkpoint()
    }

    fn wrote_checkpoint(&mut self, outcome: Result<(), String>) {
        self.monitor.wrote_checkpoint(outcome);
    }
}
