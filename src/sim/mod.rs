//! One execution: time and chance choose what happens next.

pub mod setup;
