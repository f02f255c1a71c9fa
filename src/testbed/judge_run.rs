//! The verdict of a run: was anything violated, was every goal reached, and if not, can it still
//! be?

use super::report::{RunReport, RunVerdict};
use crate::check::{self, Possible};
use crate::model::{Expectation, Property, Protocol, System, cluster::enumerate};
use crate::run::{Run, Violation};

/// How many worlds the search may hold that tells a blocked run from an undecided one.
const POSSIBLE_STATES_MAX: usize = 100_000;

/// Judges a run that is over. `unreached` are the planned faults that never found their moment.
pub fn judge_run<P: Protocol>(
    system: &System<P>,
    properties: &[Property<P>],
    seed: u64,
    run: &Run<P>,
    violation: Option<&Violation>,
    unreached: &[String],
) -> RunReport {
    let mut report = RunReport {
        seed,
        verdict: RunVerdict::Ok,
        property: None,
        step: None,
        sentences: Vec::new(),
        broken_assumptions: Vec::new(),
        facts: run.ledger.facts.clone(),
        costs: run.ledger.costs.clone(),
        ended_at: run.now,
        hash: run.hash.to_string(),
        trace: None,
    };
    if let Some(violation) = violation {
        report.verdict = RunVerdict::Violated;
        report.step = Some(violation.step);
        let property = violation.property;
        report.sentences.push(format!(
            "{property} is violated: {}.",
            violation.reason.text
        ));
        name(&mut report, system, properties, property);
    } else if !unreached.is_empty() {
        report.verdict = RunVerdict::Unreached;
        let faults = enumerate(unreached.iter().map(|fault| format!("`{fault}`")));
        report
            .sentences
            .push(format!("The run never came to the moment of {faults}."));
    } else if let Some(missed) = missed_goal(system, properties, run) {
        progress(&mut report, system, properties, run, missed);
    } else {
        report.sentences.push(fine(properties));
    }
    report
}

/// The first property whose goal the run did not reach.
fn missed_goal<'a, P: Protocol>(
    system: &System<P>,
    properties: &'a [Property<P>],
    run: &Run<P>,
) -> Option<&'a Property<P>> {
    properties
        .iter()
        .find(|property| match property.expectation {
            Expectation::NeverBlocked { goal, .. } => {
                goal.ask(&system.protocol, &run.world).is_err()
            }
            _ => false,
        })
}

fn progress<P: Protocol>(
    report: &mut RunReport,
    system: &System<P>,
    properties: &[Property<P>],
    run: &Run<P>,
    missed: &Property<P>,
) {
    let goal = missed.expectation.goal().expect("it asks for a goal");
    match check::possible(system, &run.world, goal, POSSIBLE_STATES_MAX) {
        Possible::No => {
            report.verdict = RunVerdict::Blocked;
            let blocked = check::explain(system, &run.world, goal, POSSIBLE_STATES_MAX);
            report.sentences.extend(blocked.sentences);
        }
        possible => {
            report.verdict = RunVerdict::Undecided;
            let reason = goal.ask(&system.protocol, &run.world);
            let reason = reason.map_or_else(|r| r.text, |()| String::new());
            report
                .sentences
                .push(format!("Undecided when the run ended: {reason}."));
            report.sentences.push(
                match possible {
                    Possible::Yes => "More time, without any repair, could still settle it.",
                    _ => "Whether ordinary events can still settle it was left open by a limit.",
                }
                .to_owned(),
            );
        }
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

fn fine<P: Protocol>(properties: &[Property<P>]) -> String {
    let always = properties
        .iter()
        .filter(|p| matches!(p.expectation, Expectation::Always(_)))
        .map(|p| p.name.to_owned());
    format!(
        "{} held at every step, and every goal was reached.",
        enumerate(always)
    )
}
