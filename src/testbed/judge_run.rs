//! The verdict of a run: was anything violated, was every goal reached, and if not, can it still
//! be?

use super::report::{RunReport, RunVerdict};
use crate::check::{self, Patient, Possible};
use crate::model::{
    Answer, Assumption, Cluster, Expectation, Property, Protocol, Sense, Statement, System, Timing,
    cluster::enumerate,
};
use crate::run::{Run, Violation};

/// How many worlds the search may hold that tells a blocked run from an undecided one.
const POSSIBLE_STATES_MAX: usize = 100_000;

/// A run that is stuck whenever timers fire is stuck.
const TIMING: Timing = Timing::Asynchronous;

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
    let stated: Vec<Statement> = properties.iter().map(Property::stated).collect();
    let judging = Judging {
        report: unjudged(seed, run),
        cluster: &system.cluster,
        properties: &stated,
        last: &LastWorld {
            system,
            properties,
            run,
        },
    };
    judging.judge(violations.to_vec(), unreached)
}

/// What is known of a run that somebody stopped.
pub fn interrupted<P: Protocol>(properties: &[Property<P>], seed: u64, run: &Run<P>) -> RunReport {
    let stated: Vec<Statement> = properties.iter().map(Property::stated).collect();
    let mut report = unjudged(seed, run);
    let held = fine(&stated, Vec::new());
    let steps = report.facts.steps;
    report.verdict = RunVerdict::Interrupted;
    report.sentences.push(format!(
        "Interrupted after {steps} steps, at {}: until then {held}",
        run.now
    ));
    report
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
        facts: run.facts.clone(),
        costs: run.costs.clone(),
        ended_at: run.now,
        hash: run.hash.to_string(),
        trace: None,
    }
}

/// The world in which a run ended, whatever its protocol. Properties are known by their places.
trait Last {
    /// Asks what a property holds worlds against.
    fn ask(&self, property: usize) -> Answer;

    /// Whether a property promises anything here.
    fn promises(&self, property: usize) -> Answer;

    /// Whether ordinary events lead to the goal of a property.
    fn possible(&self, property: usize) -> Possible;

    /// Why they do not, in whole sentences.
    fn explain(&self, property: usize) -> Vec<String>;
}

struct LastWorld<'a, P: Protocol> {
    system: &'a System<P>,
    properties: &'a [Property<P>],
    run: &'a Run<P>,
}

impl<P: Protocol> Last for LastWorld<'_, P> {
    fn ask(&self, property: usize) -> Answer {
        let predicate = self.properties[property].expectation.predicate();
        predicate.ask(&self.system.protocol, &self.run.world)
    }

    fn promises(&self, property: usize) -> Answer {
        match self.properties[property].expectation {
            Expectation::NeverBlocked {
                condition: Some(condition),
                ..
            } => condition.ask(&self.system.protocol, &self.run.world),
            _ => Ok(()),
        }
    }

    fn possible(&self, property: usize) -> Possible {
        let goal = self.properties[property].expectation.predicate();
        let (world, most) = (&self.run.world, POSSIBLE_STATES_MAX);
        check::possible(self.system, world, goal, TIMING, most, &mut Patient)
    }

    fn explain(&self, property: usize) -> Vec<String> {
        let goal = self.properties[property].expectation.predicate();
        let (world, most) = (&self.run.world, POSSIBLE_STATES_MAX);
        check::explain(self.system, world, goal, TIMING, most, &mut Patient).sentences
    }
}

/// A run about to be judged.
struct Judging<'a> {
    report: RunReport,
    cluster: &'a Cluster,
    properties: &'a [Statement],
    last: &'a dyn Last,
}

impl Judging<'_> {
    fn judge(mut self, mut violations: Vec<Violation>, unreached: &[String]) -> RunReport {
        violations.extend(self.broken_under_their_premise());
        if let Some(first) = violations.first() {
            self.report.verdict = RunVerdict::Violated;
            self.report.step = Some(first.step);
            for violation in &violations {
                let (property, reason) = (violation.property, &violation.reason.text);
                self.report.violated.push(property.to_owned());
                let sentence = format!("{property} is violated: {reason}.");
                self.report.sentences.push(sentence);
            }
            self.name(first.property);
        } else if !unreached.is_empty() {
            self.report.verdict = RunVerdict::Unreached;
            let faults = enumerate(unreached.iter().map(|fault| format!("`{fault}`")));
            let sentence = format!("The run never came to the moment of {faults}.");
            self.report.sentences.push(sentence);
        } else {
            self.progress();
        }
        self.report
    }

    /// The properties with a premise that this run met, and that do not hold where it ended.
    fn broken_under_their_premise(&self) -> Vec<Violation> {
        let facts = &self.report.facts;
        let held = |premise: &Assumption| premise.held(facts, self.cluster);
        let mut violations = Vec::new();
        for (nth, property) in self.properties.iter().enumerate() {
            let speaks = !property.premise.is_empty() && property.premise.iter().all(held);
            if speaks
                && property.sense == Sense::Always
                && let Err(reason) = self.last.ask(nth)
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
    fn progress(&mut self) {
        let mut worst: Option<(Possible, usize)> = None;
        let mut reached = Vec::new();
        for (nth, property) in self.properties.iter().enumerate() {
            if property.sense != Sense::NeverBlocked {
                continue;
            }
            if self.last.ask(nth).is_ok() {
                reached.push(property.name.to_owned());
                continue;
            }
            let possible = self.last.possible(nth);
            let is_worse = match &worst {
                None => true,
                Some((known, _)) => possible == Possible::No && *known != Possible::No,
            };
            if is_worse {
                worst = Some((possible, nth));
            }
        }
        let Some((possible, missed)) = worst else {
            self.report.sentences.push(fine(self.properties, reached));
            return;
        };
        if possible == Possible::No {
            self.report.verdict = RunVerdict::Blocked;
            self.report.sentences.extend(self.last.explain(missed));
        } else {
            self.report.verdict = RunVerdict::Undecided;
            let reason = self.last.ask(missed);
            let reason = reason.map_or_else(|r| r.text, |()| String::new());
            let sentence = format!("Undecided when the run ended: {reason}.");
            self.report.sentences.push(sentence);
            let outlook = match possible {
                Possible::Yes => "It could still be settled without any repair.",
                _ => "Whether it can still be settled without repair was left open by a limit.",
            };
            self.report.sentences.push(outlook.to_owned());
        }
        let name = self.properties[missed].name;
        if let Err(reason) = self.last.promises(missed) {
            let sentence = format!("{name} promises nothing here: {}.", reason.text);
            self.report.sentences.push(sentence);
        }
        self.name(name);
    }

    /// Names the property, and which of its assumptions the run broke.
    fn name(&mut self, property: &str) {
        let report = &mut self.report;
        report.property = Some(property.to_owned());
        let Some(property) = self.properties.iter().find(|p| p.name == property) else {
            return;
        };
        let broken = property
            .assumes
            .iter()
            .filter(|assumption| !assumption.held(&report.facts, self.cluster));
        report.broken_assumptions = broken.map(ToString::to_string).collect();
        if report.broken_assumptions.is_empty() {
            if report.verdict == RunVerdict::Violated {
                report.sentences.push(
                    "Everything that the property assumes held in this run: this is a bug."
                        .to_owned(),
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
}

fn fine(properties: &[Statement], reached: Vec<String>) -> String {
    let always = properties
        .iter()
        .filter(|p| p.sense == Sense::Always && p.premise.is_empty())
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
