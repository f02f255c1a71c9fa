//! The matrix of assumptions: which faults each property of a protocol bears, and whether that
//! agrees with what its file claims.
//!
//! A protocol declares small instances ([`Variant`](crate::model::Variant)). Each is explored
//! under every set of kinds of faults, a *cell*; all properties are judged there by what they say
//! alone. From the table follow the largest sets under which a property holds and the smallest
//! under which it fails. What the file claims is put to the test under everything that the claim
//! leaves.
//!
//! Invariant: nothing in what is reported depends on time, threads or memory, unless a monitor
//! stopped a search, and then the report says so. It draws no pictures and knows no scenario.

mod claims;
mod instance;
mod lattice;
mod layout;
mod markdown;
pub mod report;
pub mod skeen;
mod table;
pub mod words;

pub use instance::{Attendant, Effort, Instance, NextSearch, Unhurried, weigh};
pub use lattice::{FaultSet, Found, Frontier, frontier, sets};
pub use layout::layout;
pub use markdown::markdown;
pub use report::{Cell, CellWord, Claim, ClaimOutcome, Matrix, ProtocolMatrix, VariantMatrix};
