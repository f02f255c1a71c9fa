//! The search: which worlds are expanded, in which order and by whom, and what has come of it.
//!
//! `attempt` is a whole search, from its beginning or from a checkpoint. What it has found so far is its
//! `state`. It goes through the worlds level by level (`forward`), a `round` at a time, and has them
//! expanded and looked up by workers on threads (`crew`). A way to a world is found again by expanding
//! what lies before it (`schedule`), and what can still be reached is found out backwards (`sweep`). How
//! far it has come can be written down, and it goes on from there (`saved`, `seen`); so can what it
//! found, once it is through (`through`).
//!
//! Nothing here knows a protocol, but for what is searched (`searched`), and what asks for it (`attempt`).

mod attempt;
mod crew;
mod forward;
mod round;
mod saved;
mod schedule;
mod searched;
mod seen;
mod state;
mod sweep;
mod through;

pub use attempt::explore;
