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
    Certainty, Replayed, certainty, estimate, protocols, run_seeds, schema, starting_scenario,
};

use super::{Failure, sources};

/// Complains of a name that is no protocol that solves atomic commitment.
pub fn check_commit_protocols(names: &[String]) -> Result<(), Failure> {
    let known = commit_protocols();
    let unknown = names.iter().find(|name| !known.contains(&name.as_str()));
    unknown.map_or(Ok(()), |name| {
        Err(Failure::new(
            format!("`{name}` is no protocol that solves atomic commitment"),
            format!("those are {}", known.join(", ")),
        ))
    })
}

/// A scenario on trial: of a file, of standard input (`-`), or of its name alone.
pub fn open(path: &Path) -> Result<Box<dyn Case>, Failure> {
    if sources::is_stdin(path) {
        let bytes = sources::stdin()?;
        return Ok(testbed::open_bytes(bytes, sources::STDIN_NAME)?);
    }
    Ok(testbed::open(&sources::find(path)?)?)
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
