//! Basic Raft: Figure 2, part by part.

pub mod application;
pub mod election;
pub mod log;
pub mod messages;
pub mod replication;
pub mod state;
pub mod turn;
mod written;
