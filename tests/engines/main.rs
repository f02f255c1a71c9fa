//! The relation and the engines that search it, against each other and against definitions so naive
//! that they must be right.
//!
//! One program, so that each engine is compiled once for the protocols that these tests share.

mod checkpoint;
mod common;
mod fast;
mod notation;
mod reduce;
mod relation;
mod second_opinion;
mod semantics;
mod symmetry;
#[path = "common/theirs.rs"]
mod theirs;
mod two_phase_counts;
