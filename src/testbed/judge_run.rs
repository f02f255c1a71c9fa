//! The verdict of a run: was anything violated, was every goal reached, and if not, can it still
//! be?

use std::sync::OnceLock;

use super::case::RunLimits;
use super::report::{Blame, RunReport, RunVerdict};
use crate::check::{self, Means, Monitor, Possible, Progress, Stopped};
use crate::model::{
    Answer, Assumption, Cluster, Expectation, Property, Sense, Statement, System, Timing, Untyped,
    cluster::enumerate,
};
use crate::run::{Run, Violation};
use crate::sim::{End, STEPS_AT_ONCE_MAX};

/// A run that is over.
pub struct FinishedRun<'a> {
    pub run: &'a Run<Untyped>,
    /// Those of its last step, or all if it went on.
    pub violations: &'a [Violation],
    /// The planned faults that never found their moment.
    pub unreached: &'a [String],
    /// Why the simulator had no more, if that was it.
    pub end: Option<End>,
    /// Whether some timer of the protocol ever awaits somebody, once that is known.
    pub awaited: &'a OnceLock<bool>,
    /// When a timer may fire where it is judged whether the run can go on.
    pub timing: Timing,
}

/// Judges a run that is over.
pub fn judge_run(
    system: &System<Untyped>,
    properties: &[Property<Untyped>],
    seed: u64,
    ended: &FinishedRun<'_>,
    limits: &RunLimits<'_>,
) -> RunReport {
    let run = ended.run;
    let stated: Vec<Statement> = Property::all_stated(properties);
    let judging = Judging {
        report: unjudged(seed, run),
        cluster: &system.cluster,
        properties: &stated,
        last: LastWorld {
            system,
            properties,
            run,
            awaited: ended.awaited,
            timing: ended.timing,
        },
        limits,
        end: ended.end,
    };
    judging.judge(ended.violations.to_vec(), ended.unreached)
}

/// What is known of a run that had to end before it was over.
pub fn cut_off(
    stopped: Stopped,
    properties: &[Property<Untyped>],
    seed: u64,
    run: &Run<Untyped>,
) -> RunReport {
    let stated: Vec<Statement> = Property::all_stated(properties);
    let mut report = unjudged(seed, run);
    let held = fine(&stated, Vec::new());
    let steps = report.facts.steps;
    report.verdict = stopped.into();
    let why = match stopped {
        Stopped::Interrupted => "Interrupted".to_owned(),
        limit => format!("Out of {limit}"),
    };
    report.sentences.push(format!(
        "{why} after {steps} steps, at {}: until then {held}",
        run.now
    ));
    report
}

fn unjudged(seed: u64, run: &Run<Untyped>) -> RunReport {
    RunReport {
        seed,
        verdict: RunVerdict::Ok,
        property: None,
        violated: Vec::new(),
        step: None,
        sentences: Vec::new(),
        reason: None,
        broken_assumptions: Vec::new(),
        standing: None,
        facts: run.facts.clone(),
        costs: run.costs.clone(),
        ended_at: run.now,
        hash: run.hash.to_string(),
        trace: None,
        draws: Vec::new(),
    }
}

/// The world in which a run ended. Properties are known by their places.
struct LastWorld<'a> {
    system: &'a System<Untyped>,
    properties: &'a [Property<Untyped>],
    run: &'a Run<Untyped>,
    awaited: &'a OnceLock<bool>,
    timing: Timing,
}

impl LastWorld<'_> {
    /// Asks what a property holds worlds against.
    fn ask(&self, property: usize) -> Answer {
        let predicate = self.properties[property].expectation.predicate();
        predicate.ask(&self.system.protocol, &self.run.world)
    }

    /// Whether a property promises anything here.
    fn promises(&self, property: usize) -> Answer {
        match &self.properties[property].expectation {
            Expectation::NeverBlocked {
                condition: Some(condition),
                ..
            } => condition.ask(&self.system.protocol, &self.run.world),
            _ => Ok(()),
        }
    }

    /// Whether the goal of a property can be reached by what it counts on, by a search of so many worlds.
    fn possible(&self, property: usize, most: usize, monitor: &mut dyn Monitor) -> Possible {
        let Property { expectation, .. } = &self.properties[property];
        let by = match expectation.sense() {
            Sense::Recovers => Means::Repairs,
            _ => Means::Ordinary,
        };
        let (world, goal) = (&self.run.world, expectation.predicate());
        check::possible(self.system, world, goal, by, self.timing, most, monitor)
    }

    /// Whether some timer of the protocol ever awaits somebody, as far as that can be told.
    fn is_anybody_awaited(&self, monitor: &mut dyn Monitor) -> bool {
        // It takes a search, and is the same for every run.
        *self
            .awaited
            .get_or_init(|| check::is_anybody_awaited(self.system, monitor) == Possible::Yes)
    }

    /// Why a goal cannot be reached, in whole sentences.
    fn explain(&self, property: usize, most: usize, monitor: &mut dyn Monitor) -> Vec<String> {
        let Property { expectation, .. } = &self.properties[property];
        let (mut world, goal) = (self.run.world.clone(), expectation.predicate());
        if expectation.sense() == Sense::Recovers {
            // Whatever repairs do not lead to is seen best when they are done.
            let by = Means::Repairs;
            (_, world) = check::standstill(self.system, &world, goal, by, most, monitor);
        }
        let told = check::explain(self.system, &world, goal, self.timing, most, monitor);
        let mut sentences = told.sentences;
        if self.timing == Timing::Accurate {
            sentences.push(
                "That is so as long as no timer fires that awaits somebody who is up.".to_owned(),
            );
        }
        sentences
    }
}

/// A run about to be judged.
struct Judging<'a> {
    report: RunReport,
    cluster: &'a Cluster,
    properties: &'a [Statement],
    last: LastWorld<'a>,
    limits: &'a RunLimits<'a>,
    end: Option<End>,
}

/// Ends the searches of a run where the run itself would have to end.
struct Searching<'a> {
    limits: &'a RunLimits<'a>,
    stopped: Option<Stopped>,
}

impl Monitor for Searching<'_> {
    fn look(&mut self, _: &Progress) -> Result<(), Stopped> {
        let look = (self.limits.watch)();
        self.stopped = look.err().or(self.stopped);
        look
    }
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
                let sentence = if self.limits.go_on {
                    format!(
                        "{property} is violated in step {}: {reason}.",
                        violation.step
                    )
                } else {
                    format!("{property} is violated: {reason}.")
                };
                self.report.sentences.push(sentence);
            }
            self.report.reason = Some(first.reason.text.clone());
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

    /// Judges what the run did not reach: the worst of it counts. A goal that repairs may yet lead to is
    /// none that was missed.
    fn progress(&mut self) {
        let goals = self.properties.iter().enumerate();
        let goals = goals.filter(|(_, property)| property.sense.is_of_progress());
        let (reached, mut missed): (Vec<_>, Vec<_>) =
            goals.partition(|(nth, _)| self.last.ask(*nth).is_ok());
        // Of a run that is blocked it need not be known whether repairs help: that is told below.
        missed.sort_by_key(|(_, property)| property.sense == Sense::Recovers);
        let reached = reached.iter().map(|(_, property)| property.name.to_owned());
        let reached: Vec<String> = reached.collect();
        let mut searching = Searching {
            limits: self.limits,
            stopped: None,
        };
        if !missed.is_empty() {
            (self.limits.judging)(self.report.seed);
        }
        // Each takes two searches.
        let most = self.limits.states / (2 * missed.len()).max(1);
        let mut worst: Option<(Possible, usize)> = None;
        let (mut repairable, mut open) = (Vec::new(), Vec::new());
        for (nth, property) in missed {
            if property.sense == Sense::Recovers && matches!(worst, Some((Possible::No, _))) {
                break;
            }
            let possible = self.last.possible(nth, most, &mut searching);
            if property.sense == Sense::Recovers && possible != Possible::No {
                // Nothing speaks against it.
                let told = match possible {
                    Possible::Yes => &mut repairable,
                    _ => &mut open,
                };
                told.push(property.name.to_owned());
                continue;
            }
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
            if !repairable.is_empty() {
                let repairable = enumerate(repairable);
                let sentence = format!("What {repairable} asks for can still come, with repairs.");
                self.report.sentences.push(sentence);
            }
            if !open.is_empty() {
                let (open, states) = (enumerate(open), self.limits.states);
                self.report.sentences.push(format!(
                    "Whether what {open} asks for can still come was left open after {states} worlds: raise \
                     `--states`."
                ));
            }
            if let Some(stopped) = searching.stopped {
                self.report.verdict = stopped.into();
            }
            return;
        };
        if possible == Possible::No {
            self.report.verdict = RunVerdict::Blocked;
            if self.limits.explains {
                let most = self.limits.states;
                let blocked = self.last.explain(missed, most, &mut searching);
                self.report.sentences.extend(blocked);
            }
        } else if let Some(stopped) = searching.stopped {
            self.report.verdict = stopped.into();
            self.report.sentences.push(format!(
                "The run is over, and nothing was broken; whether it is blocked was being searched: {stopped}."
            ));
        } else {
            self.report.verdict = RunVerdict::Undecided;
            let reason = self.last.ask(missed);
            let reason = reason.map_or_else(|r| r.text, |()| String::new());
            let sentence = format!("Undecided when the run ended: {reason}.");
            self.report.sentences.push(sentence);
            self.report.sentences.push(match possible {
                Possible::Yes => "It could still be settled without any repair.".to_owned(),
                _ => format!(
                    "Whether it can still be settled without repair was left open after {} worlds: raise \
                     `--states`.",
                    self.limits.states
                ),
            });
            if self.end == Some(End::AtOnce) {
                self.report.sentences.push(format!(
                    "The run ended after {STEPS_AT_ONCE_MAX} steps without any time passing."
                ));
            }
        }
        let reason = self.last.ask(missed).err();
        self.report.reason = reason.map(|reason| reason.text);
        let name = self.properties[missed].name;
        self.missed(missed, name);
    }

    /// Names the property whose goal was missed, and whether it promises anything where the run ended.
    fn missed(&mut self, missed: usize, name: &str) {
        let promised = self.last.promises(missed);
        if let Err(reason) = &promised {
            let sentence = format!("{name} promises nothing here: {}.", reason.text);
            self.report.sentences.push(sentence);
        }
        self.name(name);
        if promised.is_err() && self.report.standing.is_some() {
            self.report.standing = Some(Blame::OutsideTheAssumptions);
        }
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
        let goes_against = matches!(report.verdict, RunVerdict::Violated | RunVerdict::Blocked);
        report.standing = goes_against.then_some(if report.broken_assumptions.is_empty() {
            Blame::Bug
        } else {
            Blame::OutsideTheAssumptions
        });
        if report.broken_assumptions.is_empty() {
            if report.verdict == RunVerdict::Violated {
                let mut searching = Searching {
                    limits: self.limits,
                    stopped: None,
                };
                let untold = property.leaves_untold(&report.facts)
                    && !self.last.is_anybody_awaited(&mut searching);
                if untold {
                    report.standing = Some(Blame::NotEstablished);
                }
                report.sentences.push(if untold {
                    "Whether this is a bug cannot be told: synchrony is assumed, and no timer awaits anybody. Say in \
                     `awaits` for whom timers wait."
                        .to_owned()
                } else {
                    "Everything that the property assumes held in this run: this is a bug."
                        .to_owned()
                });
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
    let (goal, was) = match reached.len() {
        1 => ("goal", "was"),
        _ => ("goals", "were"),
    };
    let reached = enumerate(reached);
    format!("{held}, and the {goal} of {reached} {was} reached.")
}
