//! What sections 6 to 8 and the thesis add to basic Raft, each of it alone.

pub mod configuration;
pub mod membership;
pub mod reads;
pub mod snapshots;
pub mod stability;
pub mod transfer;
