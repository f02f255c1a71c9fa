//! The one place where the command line meets the library: swapping what lies behind is a change
//! here and nowhere else.

use std::path::Path;
use std::sync::OnceLock;

use crate::matrix::{Attendant, Effort};
use crate::registry::Registry;
use crate::scenario::{File, Scenario, to_text};
use crate::testbed::{Case, ProtocolInfo};
use crate::trace::Trace;

pub use crate::matrix::Matrix;
pub use crate::matrix::skeen::{commit_protocols, concurrency_sets};
pub use crate::report::{Landmark, Options, details, diagram, landmark, prose, screen};
pub use crate::scenario::{SEEDS_MAX, Seeds, nearest};
pub use crate::testbed::{Replayed, estimate, replicated_stores, run_seeds};

use super::{Failure, sources};

/// The protocols of this program. It has one command line, and every command asks for them.
static REGISTRY: OnceLock<Registry> = OnceLock::new();

/// Says which protocols there are, once.
pub fn on_trial(registry: Registry) {
    // A program that calls its `main` twice keeps to the first.
    let _ = REGISTRY.set(registry);
}

pub fn registry() -> &'static Registry {
    REGISTRY.get_or_init(Registry::shipped)
}

pub fn protocols() -> Vec<ProtocolInfo> {
    registry().protocols()
}

pub fn schema() -> serde_json::Value {
    registry().schema()
}

pub fn starting_scenario(protocol: &str) -> Option<String> {
    registry().starting_scenario(protocol)
}

pub fn variants() -> Vec<(&'static str, Vec<&'static str>)> {
    registry().variants()
}

pub fn matrix(
    wanted: &dyn Fn(&str, &str) -> bool,
    effort: &Effort,
    attendant: &mut dyn Attendant,
) -> Matrix {
    registry().matrix(wanted, effort, attendant)
}

/// Complains of a name that is no protocol that solves atomic commitment.
pub fn check_commit_protocols(names: &[String]) -> Result<(), Failure> {
    check_protocols(names, &commit_protocols(), "solves atomic commitment")
}

/// Complains of a name that is no protocol that replicates a key-value store.
pub fn check_replicated_stores(names: &[String]) -> Result<(), Failure> {
    check_protocols(names, &replicated_stores(), "replicates a key-value store")
}

fn check_protocols(names: &[String], known: &[&str], what: &str) -> Result<(), Failure> {
    let unknown = names.iter().find(|name| !known.contains(&name.as_str()));
    unknown.map_or(Ok(()), |name| {
        Err(Failure::new(
            format!("`{name}` is no protocol that {what}"),
            format!("those are {}", known.join(", ")),
        ))
    })
}

/// A scenario on trial: of a file, of standard input (`-`), or of its name alone.
pub fn open(path: &Path) -> Result<Box<dyn Case>, Failure> {
    if sources::is_stdin(path) {
        let bytes = sources::stdin()?;
        return Ok(registry().open_bytes(bytes, sources::STDIN_NAME)?);
    }
    Ok(registry().open(&sources::find(path)?)?)
}

/// A scenario that was made rather than read.
pub fn open_file(file: &File, name: &str) -> Result<Box<dyn Case>, Failure> {
    Ok(registry().open_text(&to_text(file), name)?)
}

/// The file of a scenario; see [`open`].
pub fn file_of(path: &Path) -> Result<File, Failure> {
    let scenario = if sources::is_stdin(path) {
        Scenario::parse_bytes(sources::stdin()?, sources::STDIN_NAME)
    } else {
        Scenario::load(sources::find(path)?)
    };
    Ok(scenario?.file)
}

/// The events of a trace, through the handlers of today.
pub fn replay(trace: &Trace) -> Result<Replayed, Failure> {
    registry().replay(trace).map_err(|why| {
        Failure::new(
            why,
            "a trace replays with the protocol that it was recorded from",
        )
    })
}
