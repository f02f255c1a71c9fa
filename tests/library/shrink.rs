//! Counterexamples as scenarios: whatever a check found, a run of the scenario comes to the same.

use std::path::Path;

use jury::check::Patient;
use jury::registry::Registry;
use jury::scenario::to_text;
use jury::shrink::scenario_of;
use jury::testbed::{CheckOptions, CheckVerdict, ExpectedOutcome, RunLimits, RunVerdict};

/// The scenarios of which each counterexample is told: of every protocol, on links of every kind.
const FOLDERS: [&str; 8] = [
    "2pc/bugs",
    "3pc/bugs",
    "d2pc/bugs",
    "tree-2pc/bugs",
    "paxos/bugs",
    "paxos-commit/bugs",
    "raft/bugs",
    "3pc",
];
/// Larger searches are left to others.
const STATES: u64 = 30_000;

#[test]
fn every_counterexample_told_as_a_scenario_comes_to_the_same() {
    let registry = Registry::shipped();
    let (mut told, mut problems) = (0, Vec::new());
    for folder in FOLDERS {
        let entries = std::fs::read_dir(Path::new("scenarios").join(folder)).expect("it is there");
        let mut files: Vec<_> = entries
            .map(|entry| entry.expect("it is read").path())
            .collect();
        files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
        files.sort();
        for file in files {
            let case = registry.open(&file).expect("it is a scenario");
            if !case.has_check() {
                continue;
            }
            let options = CheckOptions {
                states_max: Some(STATES),
                ..CheckOptions::default()
            };
            let report = case
                .check(&options, None, &mut Patient)
                .expect("there is no folder");
            for property in report.properties {
                let wanted = match property.verdict {
                    CheckVerdict::Violated => RunVerdict::Violated,
                    CheckVerdict::CanBlock => RunVerdict::Blocked,
                    _ => continue,
                };
                let Some(trace) = &property.trace else {
                    continue;
                };
                told += 1;
                let name = format!("{}: {}", file.display(), property.property);
                let limits = RunLimits::default();
                let scenario = match scenario_of(&registry, trace, &limits) {
                    Ok(scenario) => to_text(&scenario),
                    Err(why) => {
                        problems.push(format!("{name}: {why}"));
                        continue;
                    }
                };
                let again = registry
                    .open_text(&scenario, &name)
                    .expect("it is a scenario");
                let run = again.run(1, false, &limits);
                let as_run =
                    run.verdict == wanted && run.property.as_ref() == Some(&property.property);
                let expected = again.compare_runs(&[run]);
                let expects = expected
                    .iter()
                    .all(|e| e.outcome == ExpectedOutcome::AsExpected);
                if !expects || !as_run {
                    problems.push(format!("{name}: {expected:?}\n{scenario}"));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(told > 150, "{told}");
}
