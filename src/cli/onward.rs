//! The commands that go on from what failed.

use std::path::Path;

use crate::testbed::{RunVerdict, Strategy};

use super::output::{Output, Paint};
use super::{Failure, sources, words};

/// From a run, if there is anything in it to explain.
pub fn from_run(file: &Path, seed: u64, by: Strategy, verdict: RunVerdict) -> Vec<String> {
    let fails = matches!(verdict, RunVerdict::Violated | RunVerdict::Blocked);
    if !fails || sources::is_stdin(file) {
        return Vec::new();
    }
    let (program, file) = (words::program(), words::typed(&file.display().to_string()));
    let by = match by {
        Strategy::Random => String::new(),
        by => format!(" --strategy {by}"),
    };
    vec![
        format!("{program} explain {file} --seed {seed}{by}"),
        format!("{program} shrink {file} --seed {seed}{by} -o small.json"),
    ]
}

/// From a property that a check found broken, or a goal that it did not reach.
pub fn from_check(file: &Path, property: &str) -> Vec<String> {
    if sources::is_stdin(file) {
        return Vec::new();
    }
    let (program, file) = (words::program(), words::typed(&file.display().to_string()));
    let property = words::typed(property);
    vec![
        format!("{program} explain {file} --property {property}"),
        format!("{program} check {file} --property {property} --trace trace.json"),
    ]
}

/// Tells them, if there are any.
pub fn tell(out: &mut Output, commands: &[String]) -> Result<(), Failure> {
    if commands.is_empty() {
        return Ok(());
    }
    out.line("")?;
    out.line("Go on from here:")?;
    for command in commands {
        out.line(format!("  {}", out.paint(Paint::Bold, command)))?;
    }
    Ok(())
}
