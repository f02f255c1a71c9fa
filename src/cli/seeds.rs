//! Many seeds on all cores.

use std::ops::RangeInclusive;

use jury::testbed::{Case, Expected, RunReport, RunVerdict};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::{Outcome, interrupt, progress};

/// So many seeds may be asked for at once: their reports are kept.
const SEEDS_MAX: u64 = 10_000_000;

/// Reads `1..100`, both included, or a single seed.
pub fn parse(text: &str) -> Result<RangeInclusive<u64>, String> {
    let help = || format!("`{text}` are no seeds: write `1..100` (both included) or `7`");
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| help());
    let (first, last) = match text.split_once("..") {
        Some((first, last)) => (number(first)?, number(last.trim_start_matches('='))?),
        None => (number(text)?, number(text)?),
    };
    if first > last {
        return Err(format!("`{text}` has no seeds: the first is the larger"));
    }
    if last - first >= SEEDS_MAX {
        return Err(format!("`{text}` are too many seeds: at most {SEEDS_MAX}"));
    }
    Ok(first..=last)
}

/// How many.
pub fn len(seeds: &RangeInclusive<u64>) -> u64 {
    (seeds.end() - seeds.start()).saturating_add(1)
}

/// Runs every seed. In the order of the seeds; those missing when somebody interrupted.
pub fn run(case: &dyn Case, seeds: &RangeInclusive<u64>, what: &str) -> Vec<RunReport> {
    let bar = progress::count("seeds", len(seeds));
    bar.set_message(what.to_owned());
    let reports: Vec<Option<RunReport>> = seeds
        .clone()
        .into_par_iter()
        .map(|seed| {
            if interrupt::asked() {
                return None;
            }
            let report = one(case, seed, false);
            bar.inc(1);
            Some(report)
        })
        .collect();
    bar.finish_and_clear();
    reports.into_iter().flatten().collect()
}

/// One run. Should it panic, the seed is named: it is needed to find out why.
pub fn one(case: &dyn Case, seed: u64, record: bool) -> RunReport {
    struct Naming(u64);
    impl Drop for Naming {
        fn drop(&mut self) {
            if std::thread::panicking() {
                super::output::remark(format!("This happened with --seed {}.", self.0));
            }
        }
    }
    let naming = Naming(seed);
    let report = case.run(seed, record);
    std::mem::forget(naming);
    report
}

/// What runs came to.
#[derive(Debug)]
pub struct Judged {
    pub outcome: Outcome,
    /// Empty if the scenario expects nothing, or if not all of its seeds were run.
    pub expected: Vec<Expected>,
    /// The position of the first run that goes against what is expected.
    pub first_failing: Option<usize>,
    /// Why it was not established, or what else there is to say.
    pub notes: Vec<String>,
}

/// Compares runs with what the scenario expects of them. `whole` says that these are all its
/// seeds: only then can it be said that something happened in none of them.
pub fn judge(case: &dyn Case, reports: &[RunReport], whole: bool) -> Judged {
    let interrupted = interrupt::asked();
    let expected = case.compare_runs(reports);
    let expects = !expected.is_empty();
    let refutes = |report: &RunReport| {
        if expects {
            case.refutes(report)
        } else {
            matches!(report.verdict, RunVerdict::Violated | RunVerdict::Unreached)
        }
    };
    let first_failing = reports.iter().position(refutes);
    let mut notes = Vec::new();
    let mut outcome = if first_failing.is_some() {
        Outcome::Refuted
    } else {
        Outcome::of(&expected)
    };
    if first_failing.is_none() && outcome == Outcome::Refuted && (!whole || interrupted) {
        // What some run should have shown may be shown by a seed that did not run.
        outcome = if interrupted {
            Outcome::NotEstablished
        } else {
            Outcome::AsExpected
        };
        notes.push("Not all seeds of the scenario were run.".to_owned());
    }
    if interrupted {
        outcome = outcome.max(Outcome::NotEstablished);
        notes.push("Interrupted.".to_owned());
    }
    Judged {
        outcome,
        expected: if whole { expected } else { Vec::new() },
        first_failing,
        notes,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn ranges_include_both_ends() {
        assert_eq!(parse("1..100"), Ok(1..=100));
        assert_eq!(parse("1..=3"), Ok(1..=3));
        assert_eq!(parse("7"), Ok(7..=7));
        assert!(parse("9..1").is_err());
        assert!(parse("1..").is_err());
        assert!(parse("0..18446744073709551615").is_err());
    }
}
