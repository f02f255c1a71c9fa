//! What happened before what, and what is told of it, of small traces.

use super::causes::Causes;
use super::fates::{Fate, fates};
use super::{Background, Part, explain, summary};
use crate::model::{Observation, Rule, Value};
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

/// The last cut that lasts has lost it; and it ends the last that began.
#[test]
fn what_several_cuts_lose_is_lost_to_the_last() {
    let both = "{C} | {P1, P2}";
    let mut b = three();
    b.cut(both).heal(both).cut(both).cut("{C, P2} | {P1}");
    let ask = |b: &mut Build| {
        b.timeout("C", "Begin")
            .send_lost(&["P1"], "Prepare", Some("cut"));
    };
    ask(&mut b);
    b.heal("{C, P2} | {P1}");
    ask(&mut b);
    b.heal(both);
    let telling = telling(&b.trace, true);
    let fates: Vec<Fate> = fates(&b.trace, &telling).iter().map(|s| s.fate).collect();
    assert_eq!(fates, [Fate::Cut(4), Fate::Cut(3)]);
    let causes = Causes::of(&b.trace, &telling);
    assert_eq!([2, 8].map(|heal| causes.direct(heal)), [[1], [3]]);
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

/// Neither what came about once more, nor what a node did afterwards, nor who has no part in it; and no message to
/// oneself.
#[test]
fn what_came_about_did_so_the_first_time_and_what_follows_is_no_matter() {
    let mut b = three();
    b.timeout("C", "Begin").send(&["P1"], "Prepare");
    b.send(&["C"], "Note");
    b.deliver("C", "P1", "Prepare").observe(voted("yes"));
    b.timeout("C", "Vote").observe(decided("commit"));
    b.send(&["P1"], "Commit");
    b.timeout("C", "Vote").observe(decided("commit"));
    b.crash("P2");
    b.timeout("P1", "Inquiry").observe(decided("abort"));
    b.violates("atomicity", "C committed but P1 aborted");
    // It was to go on.
    b.deliver("C", "P1", "Commit");
    b.verdict(
        "violated",
        &["atomicity is violated: C committed but P1 aborted."],
    );
    let told = explain(&b.trace, &Background::default()).expect("it failed");
    let facts: Vec<usize> = told.facts.iter().map(|fact| fact.step).collect();
    assert_eq!(facts, [3, 6]);
    let steps: Vec<usize> = told.story.iter().map(|step| step.step).collect();
    assert_eq!((steps, told.steps), (vec![1, 2, 3, 6], 6));
    assert_eq!(
        told.withheld,
        ["Commit from C to P1, sent in step 3, is still on its way."]
    );
}

/// The steps that a reason is about, where each of these nodes observes something in turn.
fn about(reason: &str, observed: &[(&str, Observation)]) -> Vec<usize> {
    let mut b = three();
    for (node, observation) in observed {
        b.timeout(node, "Tick").observe(observation.clone());
    }
    b.violates("it", reason);
    b.verdict("violated", &[&format!("it is violated: {reason}.")]);
    let told = explain(&b.trace, &Background::default()).expect("it failed");
    told.facts.iter().map(|fact| fact.step).collect()
}

#[test]
fn a_reason_is_about_what_it_names() {
    let accepted = |value| Observation::Accepted {
        subject: 2,
        value: Value::from(value),
    };
    let reason = "in ballot 2 P1 accepted v1 and P1 accepted v2";
    let observed = ["v1", "v1", "v2"].map(|value| ("P1", accepted(value)));
    assert_eq!(about(reason, &observed), [1, 3]);
    // Whoever was first to know it.
    let committed = |value| Observation::Committed {
        subject: 1,
        value: Value::from(value),
        term: 1,
        during: 1,
    };
    let reason = "C committed a1 and P2 committed b1 at 1";
    let observed = [("C", "a1"), ("P1", "a1"), ("P2", "b1")];
    let observed = observed.map(|(node, value)| (node, committed(value)));
    assert_eq!(about(reason, &observed), [1, 3]);
    let executed = Observation::Executed {
        subject: 1,
        value: Value::from("a1"),
    };
    let reason = "P1 executed a1 at 2, after it was at 1";
    let observed = ["P1", "P2", "P1"].map(|node| (node, executed.clone()));
    let observed = [&[("P1", committed("a1"))], &observed[..]].concat();
    assert_eq!(about(reason, &observed), [2, 4]);
    let reason = "C committed, and P2 never voted yes: P1 did";
    let observed = [
        ("P1", voted("yes")),
        ("P2", voted("no")),
        ("C", decided("commit")),
    ];
    assert_eq!(about(reason, &observed), [2, 3]);
}

/// So many quiet steps of a node.
fn tick(b: &mut Build, node: &str, times: usize) {
    for _ in 0..times {
        b.timeout(node, "Tick");
    }
}

#[test]
fn a_long_story_is_told_without_what_is_quiet_but_for_its_end_and_where_its_sides_parted() {
    let told = |b: &Build| {
        let told = explain(&b.trace, &Background::default()).expect("it failed");
        let steps = told.story.iter().map(|step| step.step);
        (steps.collect::<Vec<_>>(), told.behind, told.parted_after)
    };
    let mut b = three();
    tick(&mut b, "C", 20);
    b.verdict("blocked", &["C is blocked."]);
    assert_eq!(told(&b), (vec![20], 20, None));
    let mut b = three();
    tick(&mut b, "C", 18);
    b.send(&["P1"], "Ping");
    b.deliver("C", "P1", "Ping");
    tick(&mut b, "P1", 1);
    tick(&mut b, "C", 2);
    b.timeout("C", "Vote").observe(decided("commit"));
    b.timeout("P1", "Inquiry").observe(decided("abort"));
    b.violates("atomicity", "C committed but P1 aborted");
    assert_eq!(told(&b), (vec![18, 23, 24], 24, Some(18)));
}

/// Who crashes while it recovers is down since then.
#[test]
fn who_is_waited_for_is_down_since_its_last_crash() {
    let mut b = three();
    b.crash("C").recover("C").crash_after(0);
    b.crash("P2").recover("P2");
    b.verdict(
        "blocked",
        &["P1 waits for C.", "P1 could go on after C recovers."],
    );
    let told = explain(&b.trace, &Background::default()).expect("it failed");
    let waiting = [
        "P1 waits for C.",
        "C is down since step 2.",
        "P1 could go on after C recovers.",
    ];
    assert_eq!(told.waiting, waiting);
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
