//! Jury puts commit and consensus protocols on trial.

pub mod model;
