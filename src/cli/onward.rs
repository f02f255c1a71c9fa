//! The commands that go on from what failed.

use std::path::Path;

use crate::testbed::{RunVerdict, Strategy};

use super::output::{Output, Paint};
use super::{Failure, sources, words};

/// From a run, if there is anything in it to explain.
pub fn from_run(file: &Path, seed: u64, by: Strategy, verdict: RunVerdict) -> Vec<String> {
    let mut commands = Vec::new();
    if is_failing(verdict) {
        let which = which(seed, by);
        commands.push(("explain", which.clone()));
        commands.push(("shrink", format!("{which} -o small.json")));
    }
    all(file, &commands)
}

/// From a run that was explained.
pub fn from_told_run(file: &Path, seed: u64, by: Strategy, verdict: RunVerdict) -> Vec<String> {
    let draw = match by {
        Strategy::Random => "run",
        _ => "hunt",
    };
    let mut commands = vec![(draw, which(seed, by))];
    if is_failing(verdict) {
        commands.push(("shrink", which(seed, by)));
    }
    all(file, &commands)
}

/// From a trace that was explained.
pub fn from_told_trace(file: &Path, is_long: bool) -> Vec<String> {
    let mut commands = vec![("replay", String::new())];
    if is_long {
        commands.push(("shrink", String::new()));
    }
    all(file, &commands)
}

/// From a property that a check found broken, or a goal that it did not reach.
pub fn from_check(file: &Path, property: &str) -> Vec<String> {
    let which = format!(" --property {}", words::typed(property));
    let trace = format!("{which} --trace trace.json");
    all(file, &[("explain", which), ("check", trace)])
}

/// From such a property that was explained; whether a run shows it.
pub fn from_told_property(file: &Path, property: &str, is_shown: bool) -> Vec<String> {
    let mut which = format!(" --property {}", words::typed(property));
    if is_shown {
        which.push_str(" --trace t.json");
    }
    let mut commands = all(file, &[("check", which)]);
    if is_shown && !commands.is_empty() {
        commands.push(format!("{} replay t.json --step", words::program()));
    }
    commands
}

/// Whether a run can be explained and shrunk.
fn is_failing(verdict: RunVerdict) -> bool {
    matches!(verdict, RunVerdict::Violated | RunVerdict::Blocked)
}

/// What names a run of a file.
fn which(seed: u64, by: Strategy) -> String {
    match by {
        Strategy::Random => format!(" --seed {seed}"),
        by => format!(" --seed {seed} --strategy {by}"),
    }
}

/// Commands on a file: each with what stands before its name and behind it. What was piped is not there any more.
fn all(file: &Path, commands: &[(&str, String)]) -> Vec<String> {
    if sources::is_stdin(file) {
        return Vec::new();
    }
    let (program, file) = (words::program(), words::typed(&file.display().to_string()));
    let commands = commands.iter();
    commands
        .map(|(verb, which)| format!("{program} {verb} {file}{which}"))
        .collect()
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
