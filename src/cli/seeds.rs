//! Many seeds on all cores.

use std::ops::RangeInclusive;

use crate::check::Stopped;
use crate::testbed::{Case, Expected, RunLimits, RunReport, RunVerdict, Strategy};

use super::limits::RunGuard;
use super::{Outcome, edge, progress};

/// Reads one seed.
pub fn parse(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| {
        let whole = text
            .strip_prefix('-')
            .filter(|rest| rest.parse::<u64>().is_ok());
        match whole {
            Some(rest) => format!("seeds are whole numbers from 0 up: write `--seed {rest}`"),
            None if text.contains("..") => {
                format!("this names several seeds: write `--seeds {text}`")
            }
            None => "seeds are whole numbers from 0 up: write `--seed 7`".to_owned(),
        }
    })
}

/// How many.
pub fn len(seeds: &RangeInclusive<u64>) -> u64 {
    (seeds.end() - seeds.start()).saturating_add(1)
}

/// Runs every seed. In the order of the seeds; those missing that were not begun when it had to end.
pub fn run(
    case: &dyn Case,
    seeds: &RangeInclusive<u64>,
    what: &str,
    guard: &RunGuard,
) -> Vec<RunReport> {
    let bar = progress::count("seeds", len(seeds));
    bar.set_message(what.to_owned());
    let on_done = |_: &RunReport| {
        bar.set_message(what.to_owned());
        bar.inc(1);
    };
    let limits = RunLimits {
        states: guard.states,
        go_on: guard.go_on,
        watch: &|| guard.look(),
        judging: &|seed| bar.set_message(format!("{what}, judging seed {seed}")),
        ..RunLimits::default()
    };
    let reports = edge::run_seeds(case, seeds.clone(), &limits, &on_done);
    bar.finish_and_clear();
    reports
}

/// One of these seeds once more.
pub fn again(case: &dyn Case, seed: u64, record: bool, guard: &RunGuard) -> RunReport {
    let limits = RunLimits {
        states: guard.states,
        go_on: guard.go_on,
        watch: &|| guard.look(),
        ..RunLimits::default()
    };
    case.run(seed, record, &limits)
}

/// Whether a scenario has a run of a seed by a strategy. (A schedule is one run, whatever the seed. What goes by the rules
/// of a check begins where its story ends.)
pub fn has(case: &dyn Case, by: Strategy) -> bool {
    let begins = by.has_time() || case.refuted_check().is_none();
    let goes_by = || case.strategies().contains(&by);
    begins && (goes_by() || (by == Strategy::Random && case.seeds().is_some()))
}

/// The run of a seed by a strategy, with its trace.
pub fn drawn(case: &dyn Case, seed: u64, by: Strategy, guard: &RunGuard) -> RunReport {
    match by {
        Strategy::Random => again(case, seed, true, guard),
        by => {
            let limits = RunLimits {
                states: guard.states,
                watch: &|| guard.look(),
                ..RunLimits::default()
            };
            case.hunt(seed, by, true, &limits).report
        }
    }
}

/// Whether a run came to its end.
pub fn is_over(report: &RunReport) -> bool {
    report.verdict.is_over()
}

/// What runs came to.
#[derive(Debug)]
pub struct Judged {
    pub outcome: Outcome,
    /// How the expectations turned out; without those that a seed that did not run may meet.
    pub expected: Vec<Expected>,
    /// The position of the run that goes against what is expected and says most: the first of the worst
    /// kind, a violation before a run that was cut off.
    pub worst: Option<usize>,
    /// The position of the shortest run that came to the same as that one.
    pub shortest: Option<usize>,
    /// The positions of all runs that do.
    pub failing: Vec<usize>,
    /// Why it was not established, or what else there is to say.
    pub notes: Vec<String>,
}

/// Compares runs with what the scenario expects of them. `whole` says that these are all its
/// seeds: only then can it be said that something happened in none of them.
pub fn judge(case: &dyn Case, reports: &[RunReport], whole: bool, guard: &RunGuard) -> Judged {
    let stopped = guard.stopped();
    let mut expected = case.compare_runs(reports);
    // Where nothing is expected, a fault that never found its moment fails a run as well.
    let expects = !expected.is_empty();
    let refutes = |report: &RunReport| {
        case.refutes(report) || (!expects && report.verdict == RunVerdict::Unreached)
    };
    let failing = (0..reports.len()).filter(|i| refutes(&reports[*i]));
    let failing: Vec<usize> = failing.collect();
    let worst = failing.iter().copied();
    let worst = worst.min_by_key(|i| reports[*i].verdict);
    let shortest = worst.and_then(|worst| {
        let same = |i: &usize| {
            let (one, other) = (&reports[*i], &reports[worst]);
            (one.verdict, &one.property) == (other.verdict, &other.property)
        };
        let alike = failing.iter().copied().filter(same);
        alike.min_by_key(|i| reports[*i].facts.steps)
    });
    let mut notes = Vec::new();
    let mut outcome = if worst.is_some() {
        Outcome::Refuted
    } else {
        Outcome::of(&expected)
    };
    if worst.is_none() && outcome == Outcome::Refuted && (!whole || stopped.is_some()) {
        // What some run should have shown may be shown by a seed that did not run.
        outcome = if stopped.is_some() {
            Outcome::NotEstablished
        } else {
            Outcome::AsExpected
        };
        notes.push("Not all seeds of the scenario were run.".to_owned());
    }
    if let Some(stopped) = stopped {
        outcome = outcome.max(Outcome::NotEstablished);
        notes.push(match stopped {
            Stopped::Interrupted => "Interrupted.".to_owned(),
            limit => format!("Out of {limit}: raise `--{limit}`."),
        });
        let under_way = reports.iter().filter(|r| !is_over(r));
        notes.extend(under_way.map(|r| format!("Seed {}: {}", r.seed, r.sentences.join(" "))));
    }
    if !reports.iter().any(is_over) {
        // Nothing was found that could be compared.
        expected.clear();
    }
    let met = |e: &Expected| Outcome::from(e.outcome) == Outcome::AsExpected;
    expected.retain(|e| whole || met(e) || !e.of_some_run());
    Judged {
        outcome,
        expected,
        worst,
        shortest,
        failing,
        notes,
    }
}
