//! The verdict of a run: was anything violated, was every goal reached, and if not, can it still
//! be?

use super::report::{RunReport, RunVerdict};
use crate::check::{self, Patient, Possible};
use crate::model::{
    Assumption, Expectation, Predicate, Property, Protocol, System, Timing, cluster::enumerate,
};
use crate::run::{Run, Violation};

/// How many worlds the search may hold that tells a blocked run from an undecided one.
const POSSIBLE_STATES_MAX: usize = 100_000;

/// Judges a run that is over. `violations` are those of its last step; `unreached` are the planned
/// faults that never found their moment.
pub fn judge_run<P: Protocol>(
    system: &System<P>,
    properties: &[Property<P>],
    seed: u64,
    run: &Run<P>,
    violations: &[Violation],
    unreached: &[String],
) -> RunReport {
    let mut report = unjudged(seed, run);
    let mut violations = violations.to_vec();
    violations.extend(broken_under_their_premise(system, properties, run));
    if let Some(first) = violations.first() {
        report.verdict = RunVerdict::Violated;
        report.step = Some(first.step);
        for violation in &violations {
            let (property, reason) = (violation.property, &violation.reason.text);
            report.violated.push(property.to_owned());
            let sentence = format!("{property} is violated: {reason}.");
            report.sentences.push(sentence);
        }
        let first = first.property;
        name(&mut report, system, properties, first);
    } else if !unreached.is_empty() {
        report.verdict = RunVerdict::Unreached;
        let faults = enumerate(unreached.iter().map(|fault| format!("`{fault}`")));
        report
            .sentences
            .push(format!("The run never came to the moment of {faults}."));
    } else {
        progress(&mut report, system, properties, run);
    }
    report
}

/// What is known of a run that somebody stopped.
pub fn interrupted<P: Protocol>(properties: &[Property<P>], seed: u64, run: &Run<P>) -> RunReport {
    let steps = run.ledger.facts.steps;
    let held = fine(properties, Vec::new());
    RunReport {
        verdict: RunVerdict::Interrupted,
        sentences: vec![format!(
            "Interrupted after {steps} steps, at {}: until then {held}",
            run.now
        )],
        ..unjudged(seed, run)
    }
}

fn unjudged<P: Protocol>(seed: u64, run: &Run<P>) -> RunReport {
    RunReport {
        seed,
        verdict: RunVerdict::Ok,
        property: None,
        violated: Vec::new(),
        step: None,
        sentences: Vec::new(),
        broken_assumptions: Vec::new(),
        facts: run.ledger.facts.clone(),
        costs: run.ledger.costs.clone(),
        ended_at: run.now,
        hash: run.hash.to_string(),
        trace: None,
    }
}

/// The properties with a premise that this run met, and that do not hold where it ended.
fn broken_under_their_premise<P: Protocol>(
    system: &System<P>,
    properties: &[Property<P>],
    run: &Run<P>,
) -> Vec<Violation> {
    let facts = &run.ledger.facts;
    let speaks = |property: &&Property<P>| {
        let held = |premise: &Assumption| premise.held(facts, &system.cluster);
        !property.premise.is_empty() && property.premise.iter().all(held)
    };
    let mut violations = Vec::new();
    for property in properties.iter().filter(speaks) {
        if let Expectation::Always(predicate) = property.expectation
            && let Err(reason) = predicate.ask(&system.protocol, &run.world)
        {
            violations.push(Violation {
                property: property.name,
                reason,
                step: usize::try_from(facts.steps).unwrap_or(usize::MAX),
            });
        }
    }
    violations
}

/// Judges what the run did not reach: the worst of it counts.
fn progress<P: Protocol>(
    report: &mut RunReport,
    system: &System<P>,
    properties: &[Property<P>],
    run: &Run<P>,
) {
    let mut worst: Option<(Possible, &Property<P>, Predicate<P>)> = None;
    let mut reached = Vec::new();
    for property in properties {
        let Expectation::NeverBlocked { goal, .. } = property.expectation else {
            continue;
        };
        if goal.ask(&system.protocol, &run.world).is_ok() {
            reached.push(property.name.to_owned());
            continue;
        }
        // A run that is stuck whenever timers fire is stuck.
        let timing = Timing::Asynchronous;
        let possible = {
            let most = POSSIBLE_STATES_MAX;
            check::possible(system, &run.world, goal, timing, most, &mut Patient)
        };
        let is_worse = match &worst {
            None => true,
            Some((known, ..)) => possible == Possible::No && *known != Possible::No,
        };
        if is_worse {
            worst = Some((possible, property, goal));
        }
    }
    let Some((possible, missed, goal)) = worst else {
        report.sentences.push(fine(properties, reached));
        return;
    };
    if possible == Possible::No {
        report.verdict = RunVerdict::Blocked;
        let timing = Timing::Asynchronous;
        let most = POSSIBLE_STATES_MAX;
        let blocked = check::explain(system, &run.world, goal, timing, most, &mut Patient);
        report.sentences.extend(blocked.sentences);
    } else {
        report.verdict = RunVerdict::Undecided;
        let reason = goal.ask(&system.protocol, &run.world);
        let reason = reason.map_or_else(|r| r.text, |()| String::new());
        let sentence = format!("Undecided when the run ended: {reason}.");
        report.sentences.push(sentence);
        let outlook = match possible {
            Possible::Yes => "It could still be settled without any repair.",
            _ => "Whether it can still be settled without repair was left open by a limit.",
        };
        report.sentences.push(outlook.to_owned());
    }
    if let Expectation::NeverBlocked {
        condition: Some(condition),
        ..
    } = missed.expectation
        && let Err(reason) = condition.ask(&system.protocol, &run.world)
    {
        let (name, reason) = (missed.name, reason.text);
        let sentence = format!("{name} promises nothing here: {reason}.");
        report.sentences.push(sentence);
    }
    name(report, system, properties, missed.name);
}

/// Names the property, and which of its assumptions the run broke.
fn name<P: Protocol>(
    report: &mut RunReport,
    system: &System<P>,
    properties: &[Property<P>],
    property: &str,
) {
    report.property = Some(property.to_owned());
    let Some(property) = properties.iter().find(|p| p.name == property) else {
        return;
    };
    let broken = property
        .assumes
        .iter()
        .filter(|assumption| !assumption.held(&report.facts, &system.cluster));
    report.broken_assumptions = broken.map(ToString::to_string).collect();
    if report.broken_assumptions.is_empty() {
        if report.verdict == RunVerdict::Violated {
            report.sentences.push(
                "Everything that the property assumes held in this run: this is a bug.".to_owned(),
            );
        }
    } else {
        let broken = enumerate(report.broken_assumptions.iter().cloned());
        report.sentences.push(format!(
            "This lies outside what {} assumes: {broken}.",
            property.name
        ));
    }
}

fn fine<P: Protocol>(properties: &[Property<P>], reached: Vec<String>) -> String {
    let always = properties
        .iter()
        .filter(|p| matches!(p.expectation, Expectation::Always(_)) && p.premise.is_empty())
        .map(|p| p.name.to_owned());
    let held = format!("{} held at every step", enumerate(always));
    if reached.is_empty() {
        return format!("{held}.");
    }
    format!(
        "{held}, and the goal of {} was reached.",
        enumerate(reached)
    )
}
