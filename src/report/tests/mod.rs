//! Pictures reviewed as text, and traces that mean harm.

mod build;
mod hostile;
mod pictures;
mod points;
mod stories;
