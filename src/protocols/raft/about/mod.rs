//! What is said of Raft beside its algorithm: what can be set, what can be mistaken, what must be true.

pub mod bugs;
pub mod claim;
pub mod history;
pub mod matrix;
pub mod params;
pub mod properties;
pub mod protocol;
mod rules;
mod symmetry;
