//! What a scenario expects, against what was found.

use super::report::{
    Blame, CheckReport, CheckVerdict, Expected, ExpectedOutcome, RunReport, RunVerdict, SOME,
};
use crate::scenario::{ExpectedRun, ExpectedStanding, ExpectedVerdict, RunExpectation};

/// Whether a run did not end as expected. Without an expectation a violation is not.
pub fn refutes(expectation: Option<&RunExpectation>, report: &RunReport) -> bool {
    if !report.verdict.is_over() {
        return false;
    }
    match expectation {
        None => report.verdict == RunVerdict::Violated,
        Some(RunExpectation::Each(expected)) => !run_fits(expected, report),
        Some(RunExpectation::Among { every, .. }) => {
            !every.is_empty() && !every.iter().any(|expected| run_fits(expected, report))
        }
    }
}

/// Whether a run ended as expected.
fn run_fits(expected: &ExpectedRun, report: &RunReport) -> bool {
    match expected {
        ExpectedRun::Ok => report.verdict == RunVerdict::Ok,
        ExpectedRun::Violated(property) => {
            report.verdict == RunVerdict::Violated
                && property
                    .as_ref()
                    .is_none_or(|name| report.violated.iter().any(|v| v == name.as_str()))
        }
        ExpectedRun::Blocked => report.verdict == RunVerdict::Blocked,
        ExpectedRun::Undecided => report.verdict == RunVerdict::Undecided,
    }
}

/// How the expectation of all runs turned out, if there is one, by those that are over.
pub fn runs_outcome(expectation: Option<&RunExpectation>, reports: &[RunReport]) -> Vec<Expected> {
    let over = |report: &&RunReport| report.verdict.is_over();
    let reports: Vec<RunReport> = reports.iter().filter(over).cloned().collect();
    expectation.map_or_else(Vec::new, |expected| outcome_of_runs(expected, &reports))
}

fn outcome_of_runs(expectation: &RunExpectation, reports: &[RunReport]) -> Vec<Expected> {
    let every = |what: String, fits: &dyn Fn(&RunReport) -> bool| {
        // A violation says more than a run that was cut off.
        let odd = reports.iter().filter(|report| !fits(report));
        let odd = odd.min_by_key(|report| report.verdict);
        Expected {
            of: "run".to_owned(),
            expected: what,
            found: match odd {
                Some(report) => format!("{} with seed {}", found(report), report.seed),
                None => summary(reports),
            },
            outcome: match odd {
                Some(_) => ExpectedOutcome::Refuted,
                None if reports.is_empty() => ExpectedOutcome::NotEstablished,
                None => ExpectedOutcome::AsExpected,
            },
        }
    };
    match expectation {
        RunExpectation::Each(expected) => {
            vec![every(expected.to_string(), &|report| {
                run_fits(expected, report)
            })]
        }
        RunExpectation::Among { every: all, some } => {
            let mut outcomes = Vec::new();
            if !all.is_empty() {
                let words = all.iter().map(|verdict| (**verdict).to_string());
                let words: Vec<String> = words.collect();
                outcomes.push(every(format!("every: {}", words.join(" or ")), &|report| {
                    all.iter().any(|expected| run_fits(expected, report))
                }));
            }
            for expected in some {
                let met = reports.iter().find(|report| run_fits(expected, report));
                outcomes.push(Expected {
                    of: "run".to_owned(),
                    expected: format!("{SOME}{}", **expected),
                    found: match met {
                        Some(report) => format!("{} with seed {}", found(report), report.seed),
                        None => format!("none in {} seeds: {}", reports.len(), summary(reports)),
                    },
                    outcome: match met {
                        Some(_) => ExpectedOutcome::AsExpected,
                        None => ExpectedOutcome::Refuted,
                    },
                });
            }
            outcomes
        }
    }
}

fn found(report: &RunReport) -> String {
    match (&report.property, report.verdict) {
        (Some(property), RunVerdict::Violated) => format!("violated ({property})"),
        (_, verdict) => verdict.word().to_owned(),
    }
}

/// The verdicts with their numbers: `97 ok, 3 blocked`.
pub fn summary(reports: &[RunReport]) -> String {
    let mut verdicts: Vec<_> = reports.iter().map(|report| report.verdict).collect();
    verdicts.sort_unstable();
    let groups = verdicts.chunk_by(|a, b| a == b);
    let words: Vec<String> = groups
        .map(|group| format!("{} {}", group.len(), group[0].word()))
        .collect();
    words.join(", ")
}

/// How the expectations of a check turned out, for the properties in the report.
pub fn check_outcome(
    expected: &[(&'static str, ExpectedVerdict)],
    report: &CheckReport,
) -> Vec<Expected> {
    let mut outcomes = Vec::new();
    for (property, expected) in expected {
        let Some(found) = report.properties.iter().find(|p| p.property == *property) else {
            continue;
        };
        let (verdict, standing) = match *expected {
            ExpectedVerdict::Holds => (CheckVerdict::Holds, None),
            ExpectedVerdict::HoldsWithinBounds => (CheckVerdict::HoldsWithinBounds, None),
            ExpectedVerdict::Violated(standing) => (CheckVerdict::Violated, standing),
            ExpectedVerdict::Reached => (CheckVerdict::Reached, None),
            ExpectedVerdict::Unreachable => (CheckVerdict::Unreachable, None),
            ExpectedVerdict::CanBlock(standing) => (CheckVerdict::CanBlock, standing),
            ExpectedVerdict::UnknownWithinBounds => (CheckVerdict::UnknownWithinBounds, None),
        };
        let unsettled = standing.is_some() && found.standing == Some(Blame::NotEstablished);
        let stands = match standing {
            None => true,
            Some(ExpectedStanding::Bug) => found.standing == Some(Blame::Bug),
            Some(ExpectedStanding::OutsideTheAssumptions) => {
                found.standing == Some(Blame::OutsideTheAssumptions) || unsettled
            }
        };
        let fits = found.verdict == verdict && stands;
        let open = found.verdict.is_open();
        outcomes.push(Expected {
            of: (*property).to_owned(),
            expected: expected.to_string(),
            found: if fits || found.standing != Some(Blame::NotEstablished) {
                found.qualified.clone()
            } else {
                format!("{}, and within them was left open", found.qualified)
            },
            outcome: match (fits, open) {
                // Bounds that were expected belong to the scenario; what cut a search short
                // does not.
                (true, true) if report.cut_short => ExpectedOutcome::NotEstablished,
                (true, _) if unsettled => ExpectedOutcome::NotEstablished,
                (true, _) => ExpectedOutcome::AsExpected,
                (false, true) => ExpectedOutcome::NotEstablished,
                (false, false) => ExpectedOutcome::Refuted,
            },
        });
    }
    outcomes
}

#[cfg(test)]
mod tests {
    use super::{ExpectedOutcome, RunReport, RunVerdict, runs_outcome};
    use crate::protocols::two_phase_commit::TwoPhaseCommit;
    use crate::scenario::{ExpectedRun, RunExpectation};
    use crate::testbed::{Case, RunLimits, Testbed};

    #[test]
    fn a_violation_says_more_than_a_run_that_was_cut_off() {
        let scenario =
            r#"{ "jury": 1, "about": "x", "protocol": "2pc", "run": { "seeds": "1..1" } }"#;
        let report = Testbed::parse::<TwoPhaseCommit>(scenario, "x.json")
            .expect("a scenario")
            .run(1, false, &RunLimits::default());
        let of = |seed, verdict, property: Option<&str>| RunReport {
            seed,
            verdict,
            property: property.map(str::to_owned),
            ..report.clone()
        };
        let reports = [
            of(1, RunVerdict::Undecided, None),
            of(2, RunVerdict::Violated, Some("atomicity")),
            of(3, RunVerdict::Violated, Some("validity")),
        ];
        let expected = &runs_outcome(Some(&RunExpectation::Each(ExpectedRun::Ok)), &reports)[0];
        assert_eq!(expected.found, "violated (atomicity) with seed 2");
        assert_eq!(expected.outcome, ExpectedOutcome::Refuted);
    }
}
