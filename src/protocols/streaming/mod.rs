//! A dataflow whose output appears exactly once, whoever commits it: records, the barriers among them, the channels
//! between tasks, and what each task has in a checkpoint.
//!
//! - K. M. Chandy, L. Lamport, *Distributed Snapshots: Determining Global States of Distributed Systems*, ACM TOCS 1985:
//!   a marker in each channel divides what was sent before a snapshot from what was sent behind it.
//! - P. Carbone, G. Fóra, S. Ewen, S. Haridi, K. Tzoumas, *Lightweight Asynchronous Snapshots for Distributed Dataflows*,
//!   2015 (ABS): in a dataflow without cycles no channel needs to be a part of the snapshot, if a task with several inputs
//!   waits until the marker, here called a barrier, has come on each of them.
//! - P. Carbone, S. Ewen, G. Fóra, S. Haridi, S. Richter, K. Tzoumas, *State Management in Apache Flink*, VLDB 2017
//!   (SMF): the same with several checkpoints under way, recovery, and output to a transactional store.
//!
//! ```text
//!   source S1 ---- a1 a2 | a3 -----+----> sink K1 ---> its transactions in the external store
//!                                   \ /
//!                                    X           | is a barrier: what is before it belongs to epoch 1, what
//!                                   / \            is behind it to epoch 2
//!   source S2 ---- b1 | b2 b3 -----+----> sink K2 ---> its transactions in the external store
//! ```
//!
//! An *epoch* is what lies between two barriers. What a sink has got in one goes to the external store as one transaction.
//!
//! Nothing here knows what a message is, or who decides that an epoch is complete. What must be true of the output, whoever does,
//! is in `properties.rs`.

mod checkpoint;
mod dataflow;
mod inputs;
pub mod properties;
mod record;
mod store;
mod successes;

pub use self::checkpoint::{Checkpoint, Epoch, Part};
pub use self::dataflow::{Dataflow, MANAGER, OPERATOR, SINK, SOURCE, manager, nth};
pub use self::inputs::{Gap, Inputs, Item, Taken};
pub use self::record::{Record, SOURCES_MAX, listed, ranges};
pub use self::store::{Store, Transaction};
pub use self::successes::{Phases, successes};
