//! A run in the types of its protocol and the same without them.

use std::path::{Path, PathBuf};

use jury::model::Timing;
use jury::registry::Registry;
use jury::scenario::ScheduleLine;
use jury::testbed::{RunLimits, RunReport};

/// Of so many scenarios one is looked at: all of them take five minutes.
const SAMPLED: usize = 25;

fn scenarios(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().expect("it can be read") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            scenarios(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            found.push(path);
        }
    }
}

/// All that is said of a run, but for what only a record has.
fn told(report: &RunReport) -> String {
    let report = RunReport {
        trace: None,
        draws: Vec::new(),
        ..report.clone()
    };
    serde_json::to_string(&report).expect("a report is plain data")
}

/// A recorded run takes place without types, any other in those of its protocol.
#[test]
fn a_run_is_the_same_with_and_without_types() {
    let registry = Registry::shipped();
    let mut all = Vec::new();
    scenarios(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"),
        &mut all,
    );
    all.sort();
    let limits = RunLimits::default();
    let mut compared = 0;
    for path in all.into_iter().step_by(SAMPLED) {
        // Comparisons are no scenarios.
        let Ok(case) = registry.open(&path) else {
            continue;
        };
        let strategies = case.strategies();
        let is_possible = case.refuted_run().is_none() && case.refuted_check().is_none();
        for strategy in strategies.into_iter().filter(|_| is_possible) {
            let seed = case.seeds().map_or(1, |seeds| *seeds.start());
            let [typed, untyped] =
                [false, true].map(|record| case.hunt(seed, strategy, record, &limits));
            let name = path.display();
            assert_eq!(typed.seen, untyped.seen, "{name}, {strategy}");
            assert_eq!(
                told(&typed.report),
                told(&untyped.report),
                "{name}, {strategy}"
            );
            compared += 1;
            if case.seeds().is_none() {
                // It has no run that could be told again.
                continue;
            }
            let trace = untyped.report.trace.as_ref().expect("it was recorded");
            let lines: Vec<ScheduleLine> = trace
                .schedule()
                .map(|(at, line)| (at, line.to_owned()))
                .collect();
            let again = [false, true]
                .map(|record| case.retell(&lines, Timing::Asynchronous, record, &limits));
            let [once, again] = again;
            assert_eq!(once.lines, again.lines, "{name}, {strategy}, told again");
            assert_eq!(
                told(&once.report),
                told(&again.report),
                "{name}, {strategy}, told again"
            );
        }
    }
    assert!(compared > 50, "only {compared}");
}
