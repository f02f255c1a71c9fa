//! Why each shipped mistake fails: what `jury explain` tells of it, page by page.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use jury::check::Patient;
use jury::explain::{explain, text};
use jury::registry::Registry;
use jury::report::Options;
use jury::testbed::{
    CheckOptions, CheckVerdict, PropertyReport, RunLimits, RunReport, RunVerdict, run_seeds,
};
use jury::trace::Trace;

use crate::found::on_all_cores;
use crate::shipped::{Story, all_well, compare, stories};

/// Every scenario with a mistake, in the order of their names.
fn mistaken() -> Vec<&'static Story> {
    let makes_one = |story: &&Story| {
        let text = std::fs::read_to_string(&story.path).expect("it is shipped");
        let json: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        !json["params"]["bug"].is_null()
    };
    stories().iter().filter(makes_one).collect()
}

#[test]
fn every_mistake_is_explained() {
    let told = on_all_cores(&mistaken(), |story| {
        let trace = failing(story).unwrap_or_else(|| panic!("{} does not fail", story.name));
        let background = Registry::shipped().background(&trace);
        let told = explain(&trace, &background).expect("it failed");
        assert!(told.mistake.is_some(), "{}", story.name);
        (*story, trace, told)
    });
    let mut pages: BTreeMap<&str, String> = BTreeMap::new();
    for (story, trace, told) in &told {
        let protocol = story.case.protocol();
        let page = pages.entry(protocol).or_insert_with(|| {
            format!(
                "# Why each mistake of {protocol} fails\n\nWhat `jury explain` tells of every scenario with a mistake on \
                 purpose: of what its check found, or else of its first run that fails. The tests keep this page true.\n"
            )
        });
        let origin = &trace.origin;
        let of = match (&told.property, origin.seed) {
            (Some(property), Some(seed)) => format!("{property}, seed {seed}"),
            (Some(property), None) => property.clone(),
            (None, Some(seed)) => format!("seed {seed}"),
            (None, None) => String::new(),
        };
        let (name, about) = (&story.name, story.case.about());
        let text = text(told, &Options::default());
        write!(
            page,
            "\n## {name}: {of}\n\n{about}\n\n> {}\n\n```text\n{text}\n```\n",
            told.summary
        )
        .unwrap();
    }
    let path = |protocol: &str| Path::new("reports/explained").join(format!("{protocol}.md"));
    let compared = pages
        .iter()
        .map(|(protocol, page)| compare(&path(protocol), page));
    all_well(&compared.filter_map(Result::err).collect::<Vec<_>>());
}

/// What the check of a scenario found against a property, or its first run that fails. (They are quickly found, so
/// that nobody has to wait for the checks of all scenarios.)
fn failing(story: &Story) -> Option<Trace> {
    let against =
        |p: &PropertyReport| matches!(p.verdict, CheckVerdict::Violated | CheckVerdict::CanBlock);
    if story.case.has_check() {
        let options = CheckOptions::default();
        let report = story.case.check(&options, None, &mut Patient).unwrap();
        let found = report.properties.into_iter().find(against);
        if let Some(trace) = found.and_then(|property| property.trace) {
            return Some(trace);
        }
    }
    let limits = RunLimits::default();
    let all = run_seeds(&*story.case, story.case.seeds()?, &limits, &|_| ());
    let is_failing = |run: &&RunReport| {
        use RunVerdict::{Blocked, Undecided, Violated};
        matches!(run.verdict, Violated | Blocked | Undecided)
    };
    let failing = all.iter().filter(is_failing);
    let first = failing.min_by_key(|run| (run.verdict, run.seed))?;
    story.case.run(first.seed, true, &limits).trace
}
