//! The key-value machine that replicated-log protocols share, and the judge of what its clients see.
//!
//! - D. Ongaro, *Consensus: Bridging Theory and Practice*, 2014, section 6.3: sessions, so that a
//!   command that is asked for again is executed only once.
//! - M. Herlihy, J. Wing, *Linearizability: A Correctness Condition for Concurrent Objects*, 1990:
//!   what clients may be told. Section 3.3: it is enough to look at each object by itself.
//! - J. Wing, C. Gong, *Testing and Verifying Concurrent Objects*, 1993; G. Lowe, *Testing for
//!   Linearizability*, 2017: how to find out. Lowe's *just-in-time linearization* lets an operation
//!   take effect only when something that returns needs it to have.
//!
//! ```text
//!   client                      replicated log                        everywhere
//!
//!   invoke put x 1  ---->  (client, serial, put x 1)  ---->  Sessions: a new serial number?
//!                                                              yes: Machine executes it
//!   return done     <----------------------------------------  no: the same answer again
//!        |
//!   Linearizability: is there an order in which one copy could have said all that?
//! ```
//!
//! None of this is a protocol. It knows nothing of nodes, messages, logs or faults: a client is a
//! small number, and whoever uses it says which. (But for `store`, which states the problem for
//! protocols that are compared: what their servers, clients and messages are called.)

mod configuration;
mod linearizability;
mod machine;
mod operation;
mod order;
mod register;
mod sessions;
mod store;
#[cfg(test)]
mod tests;
mod workload;
mod written;

pub use linearizability::{Broken, Linearizability};
pub use machine::Machine;
pub use operation::{Answer, Key, Op};
pub use order::in_order;
pub use sessions::{Applied, Executed, Sessions};
pub use store::{Milestone, ReplicatedStore};
pub use workload::{Drawn, Workload};
pub use written::Misspelt;
