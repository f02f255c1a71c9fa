//! The one place where the command line meets the library: swapping what lies behind is a change
//! here and nowhere else.

use std::path::Path;

use jury::testbed::{self, Case};
use jury::trace::Trace;

pub use jury::matrix::skeen::{commit_protocols, concurrency_sets};
pub use jury::matrix::{matrix, variants};
pub use jury::report::{Options, diagram, step};
pub use jury::scenario::{SEEDS_MAX, Seeds, nearest};
pub use jury::testbed::{
    Certainty, Replayed, certainty, protocols, run_seeds, schema, starting_scenario,
};

use super::Failure;

/// A scenario on trial.
pub fn open(path: &Path) -> Result<Box<dyn Case>, Failure> {
    Ok(testbed::open(path)?)
}

/// The events of a trace, through the handlers of today.
pub fn replay(trace: &Trace) -> Result<Replayed, Failure> {
    testbed::replay(trace).map_err(|why| {
        Failure::new(
            why,
            "a trace replays with the protocol that it was recorded from",
        )
    })
}
