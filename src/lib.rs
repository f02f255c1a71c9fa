//! Jury puts commit and consensus protocols on trial.

#[cfg(feature = "stateright-bridge")]
pub mod adapter;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod estimate;
pub mod matrix;
#[macro_use]
pub mod model;
pub mod prelude;
pub mod protocols;
pub mod registry;
pub mod report;
pub mod run;
pub mod scenario;
pub mod sim;
pub mod testbed;
pub mod testing;
pub mod trace;
