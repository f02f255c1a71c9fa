//! What a cursor leaves out, and which messages are dead. The cursor goes by it (`cursor::reduced`).

mod dead;
mod prospect;

use std::sync::Arc;

pub use dead::Dead;
pub use prospect::{Prospect, Unforeseen, prospects};

use crate::check::reduction::{Reduction, Reductions};
use crate::model::Protocol;

/// What a cursor leaves out.
pub struct Reducer<P: Protocol> {
    /// See [`Reduction::NoOp`] and [`Reduction::Lost`].
    pub no_op: bool,
    pub lost: bool,
    /// Out of its box while it is at work.
    pub dead: Option<Box<Dead<P>>>,
}

impl<P: Protocol> Reducer<P> {
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
