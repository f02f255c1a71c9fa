//! Results as `JUnit` XML: a suite for each file, a case for its runs and one for each property.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::test::Tried;
use super::{Outcome, summary};

/// The report.
pub fn report(files: &[Tried]) -> Vec<u8> {
    let mut report = Report::new("jury");
    report.add_test_suites(files.iter().map(suite));
    let mut xml = Vec::new();
    report
        .serialize(&mut xml)
        .expect("what is written to memory is written");
    xml
}

fn suite(tried: &Tried) -> TestSuite {
    let mut suite = TestSuite::new(tried.file.as_str());
    suite.set_time(Duration::from_secs_f64(tried.seconds));
    let mut add = |name: &str, outcome, seconds: f64, lines: &[String]| {
        let mut case = TestCase::new(name, status(outcome, lines));
        case.set_classname(tried.file.as_str());
        case.set_time(Duration::from_secs_f64(seconds));
        suite.add_test_case(case);
    };
    if let Some(error) = &tried.error {
        add(
            "scenario",
            Outcome::BadInput,
            tried.seconds,
            std::slice::from_ref(error),
        );
    }
    if let Some(run) = &tried.run {
        add(
            "run",
            run.outcome,
            run.seconds,
            &summary::of_run(tried, run),
        );
    }
    if let Some(check) = &tried.check {
        if check.divergence.is_some() {
            let lines = summary::of_check(tried, check);
            add("check", check.outcome, check.seconds, &lines);
        }
        for expected in &check.expected {
            let outcome = expected.outcome.into();
            let lines = summary::of_property(tried, check, expected);
            // The searches serve all properties together: their time cannot be shared out.
            add(&format!("check {}", expected.of), outcome, 0.0, &lines);
        }
    }
    suite
}

fn status(outcome: Outcome, lines: &[String]) -> TestCaseStatus {
    let kind = match outcome {
        Outcome::AsExpected => return TestCaseStatus::success(),
        Outcome::Refuted => NonSuccessKind::Failure,
        _ => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    let first = lines.first().map_or("", String::as_str);
    let first = ["run: ", "check: "]
        .iter()
        .find_map(|part| first.strip_prefix(part))
        .unwrap_or(first);
    status
        .set_message(first)
        .set_type(outcome.word())
        .set_description(lines.join("\n"));
    status
}
