//! Pictures reviewed as text, and traces that mean harm.

pub mod build;
mod hostile;
mod pictures;
mod points;
mod stories;
