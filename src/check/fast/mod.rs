//! The fast engine: the same relation over numbers, every world one word or two.
//!
//! `store` holds what is known of parts and worlds, `expand` has the relation act on it, one worker at a
//! time, and `search` goes through the worlds with many. Each of them knows those before it, and none
//! that comes after.
//!
//! Invariant: it finds what the plain engine finds, world by world in the same order, so counts,
//! verdicts and schedules are equal, at any number of threads. It knows nothing of any protocol.
//!
//! Where it is asked to, it takes worlds that differ by names for one: the set has the key of the world
//! that stands for all of them, and the list that of the world that was found, so that schedules are
//! what really happens. Questions are asked by all names.
//!
//! One thing differs: a search that its monitor stopped may be stopped again while it looks for
//! blocked worlds. Then it reports none, and the search says that it was stopped.
//!
//! Unless it is told otherwise it leaves out what changes no verdict. Then it finds less
//! than the plain engine: the same verdicts, by schedules as short, in fewer worlds.

mod expand;
mod search;
mod store;
mod tuning;

pub use search::explore;
pub use tuning::{Sizes, Tuning};
