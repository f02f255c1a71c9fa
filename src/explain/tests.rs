//! What happened before what, and what is told of it, of small traces.

use super::causes::Causes;
use super::fates::{Fate, fates};
use super::{Background, Part, explain, summary};
use crate::model::Rule;
use crate::report::telling;
use crate::report::tests::build::{Build, decided, voted};
use crate::trace::Trace;

const RULES: &[Rule] = &[
    Rule::timer("coordinator", "Begin", "the book, 1"),
    Rule::message("", "Prepare", "the book, 2"),
];

fn three() -> Build {
    let nodes = [
        ("C", "coordinator"),
        ("P1", "participant"),
        ("P2", "participant"),
    ];
    Build::new("2pc", &nodes)
}

/// C asks both; P1 answers and aborts alone; C, which has heard both, commits.
fn split() -> Build {
    let mut b = three();
    b.timeout("C", "Begin").send(&["P1", "P2"], "Prepare");
    b.deliver("C", "P1", "Prepare").observe(voted("yes"));
    b.send(&["C"], "Yes");
    b.deliver("C", "P2", "Prepare").observe(voted("yes"));
    b.send(&["C"], "Yes");
    b.deliver("P1", "C", "Yes");
    b.deliver("P2", "C", "Yes").observe(decided("commit"));
    b.send(&["P1", "P2"], "Commit");
    b.timeout("P2", "Idle");
    b.timeout("P1", "Inquiry").observe(decided("abort"));
    b.violates("atomicity", "C committed but P1 aborted");
    b.verdict(
        "violated",
        &["atomicity is violated: C committed but P1 aborted."],
    );
    b
}

fn causes(trace: &Trace) -> Causes {
    Causes::of(trace, &telling(trace, true))
}

#[test]
fn a_step_comes_after_the_one_before_of_its_node_and_after_the_send() {
    let b = split();
    let causes = causes(&b.trace);
    assert!(causes.direct(1).is_empty());
    assert_eq!(causes.direct(2), [1]);
    assert_eq!(causes.direct(4), [1, 2]);
    assert_eq!(causes.direct(5), [3, 4]);
    assert_eq!(causes.direct(7), [2]);
    let past: Vec<usize> = causes.past([7]).into_iter().collect();
    assert_eq!(past, [1, 2, 7]);
    assert_eq!(causes.past([5]).len(), 5);
}

#[test]
fn of_equal_messages_the_oldest_comes_first_and_a_copy_after_its_duplicate() {
    let mut b = three();
    b.timeout("C", "Begin").send(&["P1"], "Prepare");
    b.timeout("C", "Begin").send(&["P1"], "Prepare");
    b.duplicate("C", "P1", "Prepare");
    b.deliver("C", "P1", "Prepare");
    b.deliver("C", "P1", "Prepare");
    b.deliver("C", "P1", "Prepare");
    let causes = causes(&b.trace);
    assert_eq!(causes.direct(3), [1]);
    assert_eq!(causes.direct(4), [1]);
    assert_eq!(causes.direct(5), [2, 4]);
    assert_eq!(causes.direct(6), [3, 5]);
}

#[test]
fn every_message_has_a_fate() {
    let mut b = three();
    b.timeout("C", "Begin").send(&["P1", "P2"], "Prepare");
    b.drop("C", "P1", "Prepare");
    b.crash("P2");
    b.arrive_at_down("C", "P2", "Prepare");
    b.cut("{C} | {P1, P2}");
    b.timeout("C", "Vote")
        .send_lost(&["P1"], "Abort", Some("cut"));
    let telling = telling(&b.trace, true);
    let fates: Vec<Fate> = fates(&b.trace, &telling).iter().map(|s| s.fate).collect();
    assert_eq!(fates, [Fate::Dropped(2), Fate::AtDown(4), Fate::Cut(5)]);
    let causes = Causes::of(&b.trace, &telling);
    assert_eq!(causes.direct(4), [1, 3]);
}

#[test]
fn only_what_is_behind_the_verdict_is_told() {
    let b = split();
    let background = Background {
        rules: RULES,
        ..Background::default()
    };
    let told = explain(&b.trace, &background).expect("it failed");
    let steps: Vec<usize> = told.story.iter().map(|step| step.step).collect();
    assert_eq!(steps, [1, 2, 3, 4, 5, 7]);
    let facts: Vec<usize> = told.facts.iter().map(|fact| fact.step).collect();
    assert_eq!(facts, [5, 7]);
    assert_eq!(told.parted_after, Some(2));
    assert_eq!(told.story[0].rule.as_deref(), Some("the book, 1"));
    assert_eq!(told.story[3].rule, None);
    assert_eq!(told.story[5].part, Part::Fact);
    assert_eq!(told.story[5].after, [2]);
    assert_eq!(
        told.summary,
        "C decides commit (step 5); P1 decides abort (step 7); Commit from C to P1, sent in step 5, is still on \
         its way."
    );
}

#[test]
fn where_nothing_failed_there_is_nothing_to_explain() {
    let mut b = three();
    b.timeout("C", "Begin").send(&["P1"], "Prepare");
    b.verdict("ok", &[]);
    assert!(explain(&b.trace, &Background::default()).is_none());
    assert!(summary(&b.trace, &Background::default()).is_empty());
}

#[test]
fn a_trace_that_says_anything_is_explained() {
    let mut b = split();
    for step in &mut b.trace.steps {
        if let crate::trace::What::Deliver(m) = &mut step.what {
            (m.src, m.dst) = (17, 23);
        }
    }
    b.trace.nodes.truncate(1);
    b.trace.start.clear();
    assert!(explain(&b.trace, &Background::default()).is_some());
}
