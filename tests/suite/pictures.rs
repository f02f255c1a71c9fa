//! What the pictures of the shipped stories must show, however they are drawn.

use jury::model::Observation;
use jury::report::{Options, diagram};
use jury::trace::{StepRecord, Trace};

use crate::found::{Way, explored, recorded};
use crate::shipped::stories;

/// What is drawn of a long run.
const STEPS_MAX: usize = 60;

fn at(trace: &Trace, width: usize) -> String {
    let options = Options {
        width,
        elide: Some(STEPS_MAX),
        ..Options::default()
    };
    diagram(trace, &options)
}

/// The lines beside which there is text: not those that span all lanes.
fn body(picture: &str) -> impl Iterator<Item = &str> {
    let steps = picture
        .lines()
        .skip_while(|line| !line.contains("all start"));
    let steps = steps.take_while(|line| !line.is_empty());
    steps.filter(|line| !line.contains('╌'))
}

/// A run of each shipped story, and what its check found.
fn pictures() -> impl Iterator<Item = (&'static str, &'static Trace)> {
    let runs = recorded().iter();
    let runs = runs.filter_map(|(name, report)| Some((*name, report.trace.as_ref()?)));
    let checks = explored(Way::Usual).iter().flat_map(|(name, report)| {
        let traces = report.properties.iter();
        traces.filter_map(|property| Some((*name, property.trace.as_ref()?)))
    });
    runs.chain(checks)
}

/// Figure 8 in a terminal: who leads, what is overwritten and what is committed, and not two screens of heartbeats.
#[test]
fn figure_8_shows_what_it_is_about() {
    let report = &recorded()["raft/figure-8"];
    let picture = at(report.trace.as_ref().expect("it was recorded"), 80);
    for point in [
        "conflict 1",
        "overwrites 1:a1",
        "commits e1 at 1",
        "log [2:e1 4:e2]",
        "heartbeats",
    ] {
        assert!(picture.contains(point), "{point}:\n{picture}");
    }
    // Each leader, and once in the legend.
    assert_eq!(picture.matches('★').count(), 5, "{picture}");
    let last = picture.lines().position(|line| line.contains("In the end"));
    let last: Vec<&str> = picture.lines().take(last.unwrap_or(0)).collect();
    assert!(last[last.len() - 2].contains("quiet steps"), "{picture}");
}

/// The text beside a step says all that it has to say, in as many lines as that takes.
#[test]
fn no_text_is_cut_at_80_columns() {
    assert!(stories().len() > 100);
    let mut cut = Vec::new();
    for (name, trace) in pictures() {
        let picture = at(trace, 80);
        let short = body(&picture).filter(|line| line.contains('…'));
        cut.extend(short.map(|line| format!("{name}: {line}")));
    }
    assert!(cut.is_empty(), "{} lines:\n{}", cut.len(), cut.join("\n"));
}

/// A rule by which something is decided is named where that was decided, and not where somebody hears something
/// that may lead there.
#[test]
fn words_follow_what_happened() {
    let ends = [
        "unilateral abort",
        "cooperative termination",
        "vote timeout",
        "TR1",
        "TR2",
        "TR3",
    ];
    let mut named = 0;
    for (name, trace) in pictures() {
        for step in &trace.steps {
            let rules = step.did.observed.iter().filter(|o| match o {
                Observation::Applied { rule } => ends.contains(&rule.as_ref()),
                _ => false,
            });
            for rule in rules {
                named += 1;
                assert!(decides(step), "{name}: {}: {rule}", step.event);
            }
        }
    }
    assert!(named > 50, "{named}");
}

fn decides(step: &StepRecord) -> bool {
    let is_decision = |o: &Observation| matches!(o, Observation::Decided { .. });
    step.did.observed.iter().any(is_decision)
}

/// A vote is cast once: who is asked again says again what it said, and votes no more.
#[test]
fn a_site_votes_once() {
    for (name, trace) in pictures() {
        if !name.starts_with("2pc") && !name.starts_with("3pc") || name.contains("bugs") {
            continue;
        }
        let mut voted = std::collections::BTreeSet::new();
        for step in &trace.steps {
            for observation in &step.did.observed {
                if let Observation::Voted { subject, .. } = observation {
                    let node = step.what.node();
                    assert!(voted.insert((node, *subject)), "{name}: {}", step.event);
                }
            }
        }
    }
}
