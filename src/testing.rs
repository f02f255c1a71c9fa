//! Scenarios as tests of a crate of one's own.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::check::Patient;
use crate::model::promise::{self, Broken};
use crate::registry::Registry;
use crate::testbed::{
    Blame, Case, CheckOptions, Expected, ExpectedOutcome, ProtocolInfo, RunLimits, run_seeds,
};

/// Tries every scenario of a folder, and of those in it: every seed, and the check of what is
/// expected. Where nothing is expected, no property may be violated by a bug. And what the mistakes of a
/// protocol are said to break must be properties of it, in one of its scenarios or by default.
///
/// ```no_run
/// # use jury::registry::Registry;
/// jury::testing::scenarios(&Registry::shipped(), "scenarios");
/// ```
///
/// # Panics
/// With all that did not turn out as expected; and if there is no scenario.
pub fn scenarios(registry: &Registry, folder: impl AsRef<Path>) {
    let mut files = Vec::new();
    find(folder.as_ref(), &mut files);
    files.sort();
    assert!(
        !files.is_empty(),
        "there is no scenario in {}",
        folder.as_ref().display()
    );
    let mut problems = String::new();
    let mut properties = BTreeMap::<&str, BTreeSet<&str>>::new();
    for file in files {
        let trial = || match registry.open(&file) {
            Ok(case) => {
                let known = properties.entry(case.protocol()).or_default();
                known.extend(case.properties());
                tried(&*case)
            }
            Err(error) => vec![error.to_string()],
        };
        // What goes wrong with one is its problem, and no other's.
        let done = catch_unwind(AssertUnwindSafe(trial));
        for problem in done.unwrap_or_else(|payload| vec![panicked(&*payload)]) {
            writeln!(problems, "{}: {problem}", file.display()).expect("a string takes all");
        }
    }
    for protocol in registry.protocols() {
        let known = properties.get(protocol.name.as_str());
        for problem in known.map_or_else(Vec::new, |known| unknown_breaks(&protocol, known)) {
            writeln!(problems, "{problem}").expect("a string takes all");
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

/// What mistakes are said to break, and no property is called, neither by default nor in a scenario.
fn unknown_breaks(protocol: &ProtocolInfo, in_scenarios: &BTreeSet<&str>) -> Vec<String> {
    let by_default = |name: &String| protocol.properties.iter().any(|p| p.name == *name);
    let known = |name: &String| in_scenarios.contains(name.as_str()) || by_default(name);
    let of_each = protocol.bugs.iter().flat_map(|bug| {
        let unknown = bug.breaks.iter().filter(|name| !known(name));
        unknown.map(|name| {
            let ProtocolInfo { name: of, .. } = protocol;
            format!(
                "{of}: the mistake {} is said to break `{name}`, and there is no such property",
                bug.name
            )
        })
    });
    of_each.collect()
}

/// A promise that the protocol did not keep, or whatever else a panic says.
fn panicked(payload: &(dyn Any + Send)) -> String {
    match payload.downcast_ref::<Broken>() {
        Some(broken) => format!("a broken promise: {broken}"),
        None => format!("a panic: {}", promise::text(payload)),
    }
}

/// JSON files that say that they are scenarios.
fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder);
    let entries = entries.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("an entry of a folder can be read").path();
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|e| e == "json")
            && fs::read_to_string(&path).is_ok_and(|text| text.contains("\"jury\""))
        {
            files.push(path);
        }
    }
}

/// What did not turn out as expected.
fn tried(case: &dyn Case) -> Vec<String> {
    let refuted = case.refuted_run().or(case.refuted_check());
    if let Some(story) = refuted {
        return vec![format!("its story cannot happen: {}", story.obstacle)];
    }
    let mut problems = Vec::new();
    if let Some(seeds) = case.seeds() {
        let reports = run_seeds(case, seeds, &RunLimits::default(), &|_| ());
        let compared = case.compare_runs(&reports);
        problems.extend(unmet(&compared));
        let failing = reports.iter().find(|report| case.refutes(report));
        problems.extend(failing.map(|report| {
            let sentences = report.sentences.join(" ");
            format!("seed {}: {sentences}", report.seed)
        }));
    }
    if case.has_check() {
        let options = CheckOptions {
            properties: case.expected_of_check(),
            ..CheckOptions::default()
        };
        let report = case.check(&options, None, &mut Patient);
        let report = report.expect("there are no checkpoints that could be wrong");
        problems.extend(unmet(&case.compare_check(&report)));
        if options.properties.is_empty() {
            let bugs = report.properties.iter();
            let bugs = bugs.filter(|property| property.standing == Some(Blame::Bug));
            problems.extend(bugs.map(|p| format!("{}: {}", p.property, p.qualified)));
        }
    }
    problems
}

fn unmet(compared: &[Expected]) -> impl Iterator<Item = String> {
    let unmet = compared
        .iter()
        .filter(|e| e.outcome != ExpectedOutcome::AsExpected);
    unmet.map(|e| format!("{}: expected {}, found {}", e.of, e.expected, e.found))
}
