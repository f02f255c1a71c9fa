//! Counterexamples as scenarios: whatever a check found, a run of the scenario comes to the same. And schedules that are
//! told again: what can still happen of them.

use std::path::{Path, PathBuf};

use jury::check::Patient;
use jury::model::{Time, Timing};
use jury::registry::Registry;
use jury::scenario::to_text;
use jury::shrink::scenario_of;
use jury::testbed::{CheckOptions, CheckVerdict, ExpectedOutcome, RunLimits, RunVerdict};

use crate::cores::on_all_cores;

/// The scenarios of which each counterexample is told: of every protocol, on links of every kind.
const FOLDERS: [&str; 12] = [
    "2pc/bugs",
    "3pc/bugs",
    "d2pc/bugs",
    "tree-2pc/bugs",
    "paxos/bugs",
    "paxos-commit/bugs",
    "replicated-2pc/bugs",
    "primary-backup/bugs",
    "sharded/bugs",
    "multi-paxos/bugs",
    "raft/bugs",
    "3pc",
];
/// Larger searches are left to others.
const STATES: u64 = 30_000;

#[test]
fn every_counterexample_told_as_a_scenario_comes_to_the_same() {
    let registry = Registry::shipped();
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in FOLDERS {
        let entries = std::fs::read_dir(Path::new("scenarios").join(folder)).expect("it is there");
        files.extend(entries.map(|entry| entry.expect("it is read").path()));
    }
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    let outcomes = on_all_cores(&files, |file| told(&registry, file));
    let (told, problems): (Vec<usize>, Vec<Vec<String>>) = outcomes.into_iter().unzip();
    let (told, problems): (usize, _) = (told.iter().sum(), problems.concat());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(told > 150, "{told}");
}

/// How many counterexamples of a scenario were told as scenarios, and which came to something else.
fn told(registry: &Registry, file: &Path) -> (usize, Vec<String>) {
    let (mut told, mut problems) = (0, Vec::new());
    let case = registry.open(file).expect("it is a scenario");
    if !case.has_check() {
        return (told, problems);
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
        // What is asked for is the verdict, not why it is one.
        let limits = RunLimits {
            explains: false,
            ..RunLimits::default()
        };
        let scenario = match scenario_of(registry, trace, &limits) {
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
        let as_run = run.verdict == wanted && run.property.as_ref() == Some(&property.property);
        let expected = again.compare_runs(&[run]);
        let expects = expected
            .iter()
            .all(|e| e.outcome == ExpectedOutcome::AsExpected);
        if !expects || !as_run {
            problems.push(format!("{name}: {expected:?}\n{scenario}"));
        }
    }
    (told, problems)
}

/// What happens of events at times, in milliseconds, where the coordinator's clock drifts; and by how much some clock
/// did.
fn told_again(drift_ppm: u32, events: &[(Option<u64>, &str)]) -> (Vec<String>, u32) {
    let scenario = serde_json::json!({
        "jury": 1, "protocol": "2pc", "params": { "participants": 2, "transactions": 2 },
        "run": { "nodes": { "C": { "drift-ppm": drift_ppm } } },
    });
    let case = Registry::shipped().open_text(&scenario.to_string(), "it");
    let events = events.iter();
    let lines: Vec<_> = events
        .map(|(at, event)| (at.map(Time::from_millis), (*event).to_owned()))
        .collect();
    let case = case.expect("it is a scenario");
    let retold = case.retell(&lines, Timing::default(), false, &RunLimits::default());
    let events = retold.lines.into_iter().map(|(_, event)| event);
    (events.collect(), retold.report.facts.drift_ppm_max)
}

#[test]
fn told_again_at_a_time_only_what_clocks_allow_happens() {
    let begin = "timeout C Begin(1)";
    let breaks_off = "crash C after 1 of timeout C Begin(1)";
    for (drift_ppm, at, happens) in [
        (0, 0, false),
        (0, 1, true),
        (0, 2, true),
        (0, 3, false),
        (500_000, 0, false),
        (500_000, 3, true),
        (500_000, 5, false),
    ] {
        for event in [begin, breaks_off] {
            let (told, drift) = told_again(drift_ppm, &[(Some(at), event)]);
            assert_eq!(
                !told.is_empty(),
                happens,
                "{event}, {drift_ppm} ppm, at {at}"
            );
            assert_eq!(drift, drift_ppm);
        }
    }
    // A timer of a handler, from when it was set.
    let vote = "timeout C Vote(1)";
    let two = |at| told_again(0, &[(Some(1), begin), (Some(at), vote)]).0.len();
    assert_eq!([90, 110, 160].map(two), [1, 2, 1]);
    // Without times clocks are any.
    let untimed = told_again(0, &[(None, begin), (None, vote)]);
    assert_eq!(untimed, (vec![begin.to_owned(), vote.to_owned()], u32::MAX));
}

#[test]
fn told_again_what_cannot_happen_is_left_out_or_what_is_nearest_happens() {
    let events = [
        "timeout C Begin(1)",
        "timeout C Begin(2)",
        "deliver C -> P1 Commit(1)",
        // There are but two transactions.
        "deliver C -> P1 Prepare(3)",
        "deliver P1 -> C Yes(2)",
    ];
    let (told, _) = told_again(0, &events.map(|event| (None, event)));
    let nearest = "deliver C -> P1 Prepare(2)";
    let expected = [events[0], events[1], nearest, events[4]];
    assert_eq!(told, expected);
}
