//! Keeping what failed: shrunk, as a scenario that expects to fail so.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shrink::{Shrinker, Shrunk, SoFar, Unshrinkable};
use crate::testbed::RunLimits;
use crate::trace::Trace;

use super::output::remark;
use super::progress::ShrinkBar;
use super::{Failure, edge, scenario_file, words};

/// How many worlds the search for the shortest run may find.
pub const STATES: u64 = 200_000;

/// Shrinks a run, and says how far it has come.
pub fn shrink(
    trace: &Trace,
    limits: &RunLimits<'_>,
    states_max: u64,
) -> Result<Shrunk, Unshrinkable> {
    let bar = ShrinkBar::new();
    let shrunk = Shrinker {
        registry: edge::registry(),
        limits,
        states_max,
        on_step: &mut |so_far: SoFar| bar.show(so_far),
    }
    .shrink(trace);
    bar.clear();
    shrunk
}

/// Shrinks a run that failed and writes it into a folder: where to. Why one cannot be shrunk is told, and no failure.
pub fn kept(
    folder: &Path,
    file: &Path,
    trace: &Trace,
    limits: &RunLimits<'_>,
) -> Result<Option<PathBuf>, Failure> {
    match shrink(trace, limits, STATES) {
        Ok(shrunk) => keep(folder, file, &shrunk).map(Some),
        Err(why) => {
            remark(format!("Nothing was kept of a run: {why}."));
            Ok(None)
        }
    }
}

/// Writes what a run of this file was shrunk to into a folder, under a name of its own. If the very same is there, that
/// is it.
pub fn keep(folder: &Path, file: &Path, shrunk: &Shrunk) -> Result<PathBuf, Failure> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let property = shrunk.report.property.as_deref().unwrap_or("run");
    let text = shrunk.text();
    for nth in 1u32.. {
        let number = if nth == 1 {
            String::new()
        } else {
            format!("-{nth}")
        };
        let path = folder.join(format!("{stem}-{property}{number}.json"));
        match fs::read_to_string(&path) {
            Ok(there) if is_same(&there, &text) => return Ok(path),
            Ok(_) => {}
            Err(_) => {
                scenario_file::write(&path, &text, false)?;
                return Ok(path);
            }
        }
    }
    unreachable!("there are more numbers than files")
}

/// Whether two scenarios are the same, whatever schema they name.
fn is_same(one: &str, other: &str) -> bool {
    scenario_file::with_schema(one, None) == scenario_file::with_schema(other, None)
}

/// What to do where a run cannot be what it was meant to be.
pub fn failure(what: &str, meant: &str, why: &Unshrinkable) -> Failure {
    let program = words::program();
    let advice = match why {
        Unshrinkable::NothingFails(_) => format!(
            "only a run that violates a property or is blocked can be shrunk: `{program} run` and `{program} hunt` find \
             some"
        ),
        Unshrinkable::Unrecorded => {
            "lower `until` or `steps` in the scenario: a violation ends a run".to_owned()
        }
        Unshrinkable::UnknownProtocol(_) => format!("`{program} list` names those there are"),
        Unshrinkable::Unfit(_) => "it was recorded by another version".to_owned(),
        Unshrinkable::FailsOtherwise(_) => {
            format!("is it the same twice? `{program} run FILE --verify`")
        }
        Unshrinkable::Stopped => "give it more time, or more memory".to_owned(),
    };
    Failure::new(format!("{what} cannot be {meant}: {why}"), advice)
}
