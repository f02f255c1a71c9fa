//! The search: which worlds are expanded, in which order and by whom, and what has come of it.
//!
//! `attempt` is a whole search, from its beginning or from a checkpoint. It goes through the worlds level by
//! level, a round at a time (`state`), and has them expanded and looked up by workers on threads (`crew`). A
//! way to a world is found again by expanding what lies before it (`schedule`), and what can still be
//! reached is found out backwards (`sweep`). How far it has come can be written down, and it goes on from
//! there (`saved`).
//!
//! Nothing here knows a protocol, but for `attempt` and for what a checkpoint says of schedules.

mod attempt;
mod crew;
mod saved;
mod schedule;
mod state;
mod sweep;

pub use attempt::{explore, explore_from};
