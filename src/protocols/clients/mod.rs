//! Clients of a replicated log: what they ask its servers, how long they go on asking, and what they are
//! told. Protocols share them, so that logs can be compared: whoever serves them implements [`Serves`].
//!
//! - D. Ongaro, J. Ousterhout, *In Search of an Understandable Consensus Algorithm (Extended Version)*,
//!   2014, section 8, and D. Ongaro, *Consensus: Bridging Theory and Practice*, 2014, section 6: what is
//!   said there of clients holds of any log with a leader.
//!
//! None of this knows how servers agree, or how they lead.

mod ask;
mod client;
pub mod progress;
mod servers;
mod setup;
pub mod successes;

pub use self::ask::{Ask, Members, Reply};
pub use self::client::{Asked, Claim, Client, Serves, Wait, begin, hears, start, waits_no_longer};
pub use self::servers::{SERVERS_MAX, Servers, name, names};
pub use self::setup::{Clients, asks};
pub use super::key_value::{Drawn, Workload};
