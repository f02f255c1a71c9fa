//! How small failing runs get: for every mistake that ships the longest run that was found to fail by it, and what that
//! is shrunk to.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jury::model::Timing;
use jury::registry::Registry;
use jury::scenario::Scenario;
use jury::shrink::{Extent, STATES_AT_LAST, Shrinker, Shrunk, SoFar};
use jury::testbed::{
    Blame, Case, ExpectedOutcome, RunLimits, RunReport, RunVerdict, Signature, Strategy,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::cores::on_all_cores;
use crate::shipped::{all_well, blessing, compare, find};

const DATA: &str = "reports/shrinking.json";
const PAGE: &str = "reports/shrinking.md";

/// Runs of so many events are what nobody wants to read.
const LONG: usize = 200;
/// What such a run may be shrunk to, in the median.
const MEDIAN_MAX: usize = 40;
/// How long that may take, in the median and at most, in seconds.
const SECONDS_MEDIAN: f64 = 5.0;
const SECONDS_MAX: f64 = 60.0;
/// How many seeds each strategy has in each scenario, for a long run.
const SEEDS: u64 = 60;
/// How many steps runs may take together, where the longest of a mistake is looked for.
const STEPS: u64 = 50_000;
/// How many worlds a search for the shortest may find.
const STATES: u64 = 200_000;

/// What the longest run was shrunk to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Row {
    scenario: String,
    strategy: Strategy,
    seed: u64,
    property: String,
    before: Extent,
    deleted_to: Extent,
    shortest: Option<usize>,
    runs: u64,
    /// On the machine where it was measured; no part of a comparison.
    seconds: f64,
}

/// A mistake, and the longest run that was found to fail by it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct OfMistake {
    protocol: String,
    mistake: String,
    longest: Option<Row>,
}

/// A scenario with a mistake in it that is held against its properties alone.
fn with(path: &Path, mistake: &str) -> Option<String> {
    let mut scenario: Json = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    scenario.get("protocol")?;
    let is_to_hunt_in = path.parent().is_some_and(|folder| folder.ends_with("hunt"));
    let bug = scenario.pointer("/params/bug").and_then(Json::as_str);
    if !is_to_hunt_in && bug != Some(mistake) {
        return None;
    }
    let scenario = scenario.as_object_mut()?;
    scenario.entry("params").or_insert(json!({}))["bug"] = json!(mistake);
    scenario.remove("expect");
    Some(json!(scenario).to_string())
}

fn open(registry: &Registry, path: &Path, mistake: &str) -> Option<Box<dyn Case>> {
    let name = path.display().to_string();
    registry.open_text(&with(path, mistake)?, &name).ok()
}

/// A walk that blocks may do so only because sends are absorbed where equal ones are in flight.
fn fails(report: &RunReport, by: Strategy) -> bool {
    let is_against = match report.verdict {
        RunVerdict::Violated => true,
        verdict => verdict == RunVerdict::Blocked && by.has_time(),
    };
    is_against && report.standing != Some(Blame::OutsideTheAssumptions)
}

/// How the longest run was found, of all that together take so many steps: it takes minutes for all mistakes. Where
/// time does not pass a run may be as long as its limit.
fn longest(
    registry: &Registry,
    files: &[PathBuf],
    protocol: &str,
    mistake: &str,
) -> Option<(String, Strategy, u64)> {
    // What a run has missed matters less here than how many runs there are.
    let limits = RunLimits {
        states: 500,
        explains: false,
        ..RunLimits::default()
    };
    let cases = files.iter().filter_map(|path| {
        let case = open(registry, path, mistake).filter(|case| case.protocol() == protocol)?;
        case.refuted_run().is_none().then_some((path, case))
    });
    let cases: Vec<_> = cases.collect();
    let mut left = STEPS;
    let mut longest: Option<(u64, (String, Strategy, u64))> = None;
    for seed in 1..=SEEDS {
        for (path, case) in &cases {
            for by in case.strategies() {
                if left == 0 {
                    break;
                }
                let report = case.hunt(seed, by, false, &limits).report;
                let steps = report.facts.steps;
                left = left.saturating_sub(steps);
                if fails(&report, by) && longest.as_ref().is_none_or(|(most, _)| steps > *most) {
                    longest = Some((steps, (path.display().to_string(), by, seed)));
                }
            }
        }
    }
    longest.map(|(_, run)| run)
}

/// Shrinks a run; what it came to, and how long that took.
fn shrunk(registry: &Registry, case: &dyn Case, by: Strategy, seed: u64) -> (Shrunk, f64) {
    let limits = RunLimits::default();
    let trace = case.hunt(seed, by, true, &limits).report.trace;
    let begun = Instant::now();
    let shrunk = Shrinker {
        registry,
        limits: &limits,
        states_max: STATES,
        on_step: &mut |_: SoFar| (),
    }
    .shrink(&trace.expect("it was asked for"));
    let seconds = begun.elapsed().as_secs_f64();
    let shrunk =
        shrunk.unwrap_or_else(|why| panic!("seed {seed} of {} by {by}: {why}", case.about()));
    (shrunk, seconds)
}

fn again(registry: &Registry, of: &OfMistake, problems: &mut Vec<String>) -> Option<Row> {
    let known = of.longest.as_ref()?;
    let case = open(registry, Path::new(&known.scenario), &of.mistake);
    let case = case.expect("the scenario is there, and allows the mistake");
    let (shrunk, seconds) = shrunk(registry, &*case, known.strategy, known.seed);
    for problem in all_that_must_hold(registry, &shrunk) {
        problems.push(format!("{} of {}: {problem}", of.mistake, known.scenario));
    }
    Some(Row {
        property: shrunk.report.property.clone().unwrap_or_default(),
        before: shrunk.before,
        deleted_to: shrunk.deleted_to,
        shortest: shrunk.shortest,
        runs: shrunk.runs,
        seconds: (seconds * 1000.0).round() / 1000.0,
        ..known.clone()
    })
}

/// What does not hold of a scenario that a run was shrunk to.
fn all_that_must_hold(registry: &Registry, shrunk: &Shrunk) -> Vec<String> {
    let mut problems = Vec::new();
    let text = shrunk.text();
    let limits = RunLimits::default();
    let case = registry
        .open_text(&text, "shrunk")
        .expect("it is a scenario");
    // It fails as it expects to.
    let report = case.run(1, false, &limits);
    let nodes = case.sights().nodes;
    if Signature::of(&report, &nodes) != Signature::of(&shrunk.report, &nodes) {
        problems.push(format!("it fails otherwise: {:?}", report.sentences));
    }
    let expected = case.compare_runs(std::slice::from_ref(&report));
    if expected.is_empty()
        || expected
            .iter()
            .any(|e| e.outcome != ExpectedOutcome::AsExpected)
    {
        problems.push(format!("it is not as it expects to be: {expected:?}"));
    }
    // Without any one event it does not.
    let at_last = RunLimits {
        states: STATES_AT_LAST,
        ..limits
    };
    let file = Scenario::parse(&text, "shrunk")
        .expect("it was opened")
        .file;
    let run = file.run.as_ref().expect("it has a run");
    let lines = case
        .retell(&shrunk.lines, Timing::default(), false, &limits)
        .lines;
    assert_eq!(lines.len(), run.schedule.len());
    for left_out in 0..lines.len() {
        let mut fewer = lines.clone();
        let gone = fewer.remove(left_out);
        let without = case
            .retell(&fewer, Timing::default(), false, &at_last)
            .report;
        let is_same = Signature::of(&without, &nodes) == Signature::of(&report, &nodes);
        let breaks_more = |broken: &String| !report.broken_assumptions.contains(broken);
        if is_same && !without.broken_assumptions.iter().any(breaks_more) {
            problems.push(format!("`{}` is not needed", gone.1));
        }
    }
    // It is a path of the graph that a check explores.
    let scenario = |params: &Json, run: Json| {
        let mut scenario = json!({ "jury": 1, "protocol": *file.protocol, "params": params });
        scenario
            .as_object_mut()
            .expect("it is one")
            .append(run.as_object().cloned().as_mut().expect("it is one"));
        scenario.to_string()
    };
    let params = json!(file.params);
    let untimed: Vec<&String> = lines.iter().map(|(_, line)| line).collect();
    let late: Vec<String> = run
        .nodes
        .iter()
        .filter(|(_, node)| node.joins_later)
        .map(|(name, _)| (**name).clone())
        .collect();
    let order = run
        .network
        .as_ref()
        .and_then(|network| network.order)
        .unwrap_or_default();
    let check = json!({ "check": { "after": untimed, "joins-later": late, "order": order } });
    let path = registry.open_text(&scenario(&params, check), "path");
    if path.expect("it is a scenario").refuted_check().is_some() {
        problems.push("it is no path of a check".to_owned());
    }
    // Without the mistake it does not fail.
    let mut honest: Json = serde_json::from_str(&text).expect("it is JSON");
    honest["params"]
        .as_object_mut()
        .expect("there is a mistake")
        .remove("bug");
    // (Some stories could not even be told without it.)
    let Ok(honest) = registry.open_text(&honest.to_string(), "honest") else {
        return problems;
    };
    if honest.refuted_run().is_none() {
        let report = honest.run(1, false, &limits);
        if !honest.refutes(&report) {
            problems.push("it fails without the mistake".to_owned());
        }
    }
    problems
}

/// Takes as long as all runs together take to shrink. Runs are looked for (which takes longer) where the data have
/// none: delete them for that, or a mistake in them.
#[test]
fn long_runs_get_short() {
    let registry = Registry::shipped();
    let blesses = blessing();
    let asked = asked(&registry, blesses);
    let repeated = |of: &OfMistake| {
        let mut problems = Vec::new();
        (again(&registry, of, &mut problems), problems)
    };
    // Times are of runs that are shrunk one by one.
    let repeated: Vec<_> = if blesses {
        asked.iter().map(repeated).collect()
    } else {
        on_all_cores(&asked, repeated)
    };
    let (mut table, mut problems) = (Vec::new(), Vec::new());
    for (mut of, (row, odd)) in asked.into_iter().zip(repeated) {
        problems.extend(odd);
        let seconds = of.longest.as_ref().map(|row| row.seconds);
        of.longest = row.map(|row| Row {
            // Times are of the machine where it was blessed.
            seconds: seconds.filter(|_| !blesses).unwrap_or(row.seconds),
            ..row
        });
        table.push(of);
    }
    problems.extend(limits_that_are_missed(&table));
    let data = serde_json::to_string_pretty(&table).expect("it is plain data") + "\n";
    problems.extend(compare(Path::new(DATA), &data).err());
    problems.extend(compare(Path::new(PAGE), &page(&table)).err());
    all_well(&problems);
}

/// Every mistake, with the run that is to be shrunk.
fn asked(registry: &Registry, blesses: bool) -> Vec<OfMistake> {
    let text = std::fs::read_to_string(DATA).unwrap_or_else(|_| "[]".to_owned());
    let committed: Vec<OfMistake> = serde_json::from_str(&text).expect("it is what was measured");
    let mut files = Vec::new();
    find(Path::new("scenarios"), "json", &mut files);
    files.sort();
    let mut asked = Vec::new();
    for protocol in registry.protocols() {
        for bug in &protocol.bugs {
            let is_it = |of: &&OfMistake| of.protocol == protocol.name && of.mistake == bug.name;
            let known = committed.iter().find(is_it).cloned();
            let mut of = known.unwrap_or_else(|| OfMistake {
                protocol: protocol.name.clone(),
                mistake: bug.name.clone(),
                longest: None,
            });
            if of.longest.is_none() && blesses && !committed.iter().any(|c| is_it(&c)) {
                let found = longest(registry, &files, &protocol.name, &bug.name);
                of.longest = found.map(|(scenario, strategy, seed)| Row {
                    scenario,
                    strategy,
                    seed,
                    property: String::new(),
                    before: Extent {
                        nodes: 0,
                        events: 0,
                    },
                    deleted_to: Extent {
                        nodes: 0,
                        events: 0,
                    },
                    shortest: None,
                    runs: 0,
                    seconds: 0.0,
                });
            }
            asked.push(of);
        }
    }
    asked
}

fn rows(table: &[OfMistake]) -> Vec<&Row> {
    table.iter().filter_map(|of| of.longest.as_ref()).collect()
}

fn median<T: Copy + PartialOrd>(mut values: Vec<T>) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).expect("they are numbers"));
    values[values.len() / 2]
}

/// By how much deletion alone stays above the shortest there is, in percent.
fn above(row: &Row) -> Option<usize> {
    Some(row.deleted_to.events * 100 / row.shortest?.max(1))
}

fn limits_that_are_missed(table: &[OfMistake]) -> Vec<String> {
    let mut problems = Vec::new();
    let rows = rows(table);
    let long = rows.iter().filter(|row| row.before.events >= LONG);
    let left = median(long.map(|row| row.deleted_to.events).collect());
    if left > MEDIAN_MAX {
        problems.push(format!("long runs come to {left} events in the median"));
    }
    let seconds = median(rows.iter().map(|row| row.seconds).collect());
    let most = rows.iter().map(|row| row.seconds).fold(0.0, f64::max);
    if seconds > SECONDS_MEDIAN || most > SECONDS_MAX {
        problems.push(format!(
            "it takes {seconds} s in the median, {most} s at most"
        ));
    }
    let is_above = |row: &&&Row| above(row).is_some_and(|above| above > 200);
    for row in rows.iter().filter(is_above) {
        problems.push(format!(
            "{} seed {} by {}: {} events by deletion, {:?} by a search",
            row.scenario, row.seed, row.strategy, row.deleted_to.events, row.shortest
        ));
    }
    problems
}

fn page(table: &[OfMistake]) -> String {
    let rows = rows(table);
    let long: Vec<&&Row> = rows
        .iter()
        .filter(|row| row.before.events >= LONG)
        .collect();
    let at_most = rows
        .iter()
        .filter_map(|row| above(row))
        .max()
        .unwrap_or(100);
    let searched = rows.iter().filter(|row| row.shortest.is_some()).count();
    let none = rows.iter().filter(|row| above(row) == Some(100)).count();
    let mut page = format!(
        "# How small failing runs get

For every mistake that ships the longest run that {SEEDS} seeds of each strategy found to fail by it, in the scenarios of
[scenarios/hunt](../scenarios/hunt) and in those that are about it, and what `jury shrink` makes of it: by leaving out nodes, clients,
transactions and events as long as it fails in the same way. *Shortest* is the shortest way there is in the instance that remains, where a
search finds one within {STATES} worlds. A run is blocked from where the way ends: what is missing then is told by `jury explain`.
Seconds are of one machine with two cores. A test repeats all of it, but for the times, and checks that each of
these runs fails as it says, needs each of its events, is a path that a check explores, and does not fail without the mistake.

{} of {} runs have {LONG} events and more: these have {} in the median, and {} when they are shrunk. Shrinking any of the {} takes {:.2} s in the
median, and {:.1} s at most. In {searched} cases a search finds the shortest way: in {none} of them deletion has found one as short, and
nowhere one of more than {}.{:02} times its length.

| mistake | breaks | run of | strategy, seed | events | nodes | shortest | seconds |
|---|---|---|---|---|---|---|---|
",
        long.len(),
        rows.len(),
        median(long.iter().map(|row| row.before.events).collect()),
        median(long.iter().map(|row| row.deleted_to.events).collect()),
        rows.len(),
        median(rows.iter().map(|row| row.seconds).collect()),
        rows.iter().map(|row| row.seconds).fold(0.0, f64::max),
        at_most / 100,
        at_most % 100,
    );
    for of in table {
        let Some(row) = &of.longest else {
            let none = "no run was found that fails by it";
            writeln!(page, "| {} | {none} |  |  |  |  |  |  |", of.mistake)
                .expect("a string takes all");
            continue;
        };
        let scenario = row
            .scenario
            .trim_start_matches("scenarios/")
            .trim_end_matches(".json");
        writeln!(
            page,
            "| {} | {} | [{scenario}](../{}) | {} {} | {} to {} | {} to {} | {} | {:.2} |",
            of.mistake,
            row.property,
            row.scenario,
            row.strategy,
            row.seed,
            row.before.events,
            row.deleted_to.events,
            row.before.nodes,
            row.deleted_to.nodes,
            row.shortest
                .map_or_else(String::new, |events| events.to_string()),
            row.seconds,
        )
        .expect("a string takes all");
    }
    page
}
