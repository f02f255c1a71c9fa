//! The relation over numbers: what can happen in a world, what it leads to, and what predicates say of it.
//!
//! `cursor` is the carrier, so that the relation is the very same; what the relation said of an event before
//! is remembered (`offers`), and some events are left out (`reduce`). Predicates are asked once for what they
//! read (`views`). Worlds that differ by names are found to be one (`renamings`, `orbits`), and questions are
//! asked by all names (`equivariance`). A worker (`worker`) does all of that for many worlds in a row; the
//! one there is (`expander`) knows its protocol.
//!
//! Nothing here knows which worlds are expanded, or when.

pub mod cursor;
pub mod equivariance;
pub mod expander;
pub mod offers;
pub mod orbits;
pub mod reduce;
pub mod renamings;
pub mod views;
pub mod worker;
