//! Recording and replaying: a schedule becomes a trace, and a trace becomes one again.

use serde_json::Value as Json;
use std::sync::OnceLock;

use super::case::{RUN_STATES, RunLimits};
use super::judge_run::{FinishedRun, judge_run};
use super::report::{CheckVerdict, RunVerdict};
use crate::check::{self, Means, Patient, Possible};
use crate::model::{
    Cluster, Property, Protocol, Reason, Rules, Sense, System, Timing, Untyped, cluster::enumerate,
};
use crate::run::{Divergence, Judge, Run, Scheduler, Script, Violation, execute, follow};
use crate::trace::{Difference, Origin, Outcome, Recorder, Trace};

/// Runs a scheduler and records what happens, judging as it goes.
pub fn record(
    system: &System<Untyped>,
    params: &Json,
    properties: &[Property<Untyped>],
    origin: Origin,
    scheduler: &mut dyn Scheduler<Untyped>,
) -> Result<(Run<Untyped>, Judge<Untyped>, Trace), Divergence> {
    let mut recorder = Recorder::new(&*system.protocol, params, origin, properties);
    let mut judge = Judge::new(properties);
    let run = execute(system, scheduler, &mut [&mut recorder, &mut judge])?;
    let trace = recorder.finish(&run);
    Ok((run, judge, trace))
}

/// Records a schedule that a search found. Failures are remembered, so that the trace can say
/// which suspicions were true.
pub fn record_schedule(
    system: &System<Untyped>,
    params: &Json,
    properties: &[Property<Untyped>],
    origin: Origin,
    schedule: &[String],
) -> (Run<Untyped>, Trace) {
    let system = system.under(Rules {
        remember_failures: true,
        ..system.rules.clone()
    });
    // The judge is left out: a schedule that breaks one property on its way to another's
    // violation is played to its end.
    let mut recorder = Recorder::new(&*system.protocol, params, origin, properties);
    let run = follow(&system, schedule, &mut [&mut recorder]);
    let trace = recorder.finish(&run);
    (run, trace)
}

/// How far the verdict of a record was judged again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certainty {
    /// What the run ends in was judged again, and is the same.
    pub is_judged: bool,
    /// What stands there as recorded, since one replay cannot show it.
    pub as_recorded: Vec<&'static str>,
}

impl Certainty {
    fn judged_but(as_recorded: &[&'static str]) -> Self {
        Certainty {
            is_judged: true,
            as_recorded: as_recorded.to_vec(),
        }
    }

    fn nothing_of(what: &'static str) -> Self {
        Certainty {
            is_judged: false,
            as_recorded: vec![what],
        }
    }
}

/// What a replay of a trace gave.
#[derive(Debug)]
pub enum Replayed {
    /// The same, step by step; and the same verdict, as far as it was judged again.
    Same(Box<Trace>, Certainty),
    /// The events can still happen, but do something else.
    Differs(Box<Trace>, Difference),
    /// An event cannot happen any more.
    Diverges(Divergence),
}

/// Runs the events of a trace through the handlers of today.
pub fn replay(
    protocol: Untyped,
    params: &Json,
    properties: &[Property<Untyped>],
    trace: &Trace,
) -> Replayed {
    let rules = rules_of(trace, &protocol.cluster());
    let system = System::new(protocol, rules);
    let mut recorder = Recorder::new(&*system.protocol, params, trace.origin.clone(), properties);
    let mut judge = Judge::new(&counting(&system, trace)).going_on(true);
    match execute(
        &system,
        &mut script_of(trace),
        &mut [&mut recorder, &mut judge],
    ) {
        Err(divergence) => Replayed::Diverges(divergence),
        Ok(run) => {
            let repeated = recorder.finish(&run);
            let again = |told: &Outcome| match unjudged(trace, told) {
                Some(certainty) => (told.clone(), certainty),
                None if trace.origin.engine == CHECKER => {
                    checked(told, at_the_end(&system, trace, &run))
                }
                None => {
                    let outcome = once_more(&system, trace, &run, &judge.violations);
                    (outcome, Certainty::judged_but(&[]))
                }
            };
            compared(trace, repeated, &again)
        }
    }
}

/// All that can happen where a trace was recorded.
fn rules_of(trace: &Trace, cluster: &Cluster) -> Rules {
    let absent = cluster
        .ids()
        .zip(&trace.start)
        .filter(|(_, start)| !start.after.up)
        .map(|(id, _)| id)
        .collect();
    Rules {
        links: trace.links,
        absent,
        // No time passes while a checker chooses, or a walk, or in a story that does not say when.
        time_passes: trace.steps.iter().any(|step| step.at.is_some()),
        ..Rules::physics(cluster, trace.links.order)
    }
}

fn script_of(trace: &Trace) -> Script {
    Script::new(trace.schedule().map(|(at, line)| (at, line.to_owned())))
}

/// A trace beside one that repeats it, whose verdict can be judged.
fn compared(
    trace: &Trace,
    mut repeated: Trace,
    judge: &dyn Fn(&Outcome) -> (Outcome, Certainty),
) -> Replayed {
    // How far clocks drifted is a fact that leaves no step behind.
    repeated.facts.drift_ppm_max = trace.facts.drift_ppm_max;
    let judged = trace.verdict.as_ref().map(judge);
    let (verdict, certainty) = judged.unzip();
    repeated.verdict = verdict;
    match trace.first_difference(&repeated) {
        None => Replayed::Same(Box::new(repeated), certainty.unwrap_or_default()),
        Some(difference) => Replayed::Differs(Box::new(repeated), difference),
    }
}

/// What the origin of a counterexample or witness calls its engine.
const CHECKER: &str = "checker";
/// What that of a walk calls it.
const WALK: &str = "walk";

/// Why nothing of a verdict can be judged again, if so.
fn unjudged(trace: &Trace, told: &Outcome) -> Option<Certainty> {
    let is = |verdicts: &[RunVerdict]| verdicts.iter().any(|v| v.word() == told.verdict);
    let simulated = ["simulator", "schedule", WALK].contains(&trace.origin.engine.as_str());
    if !simulated && trace.origin.engine != CHECKER {
        return Some(Certainty::nothing_of("what came of it"));
    }
    if simulated && is(&[RunVerdict::Unreached]) {
        let what = "that a planned fault never found its moment";
        return Some(Certainty::nothing_of(what));
    }
    if simulated
        && is(&[
            RunVerdict::Interrupted,
            RunVerdict::Time,
            RunVerdict::Memory,
        ])
    {
        return Some(Certainty::nothing_of(
            "that it had to end before it was over",
        ));
    }
    if told.verdict.starts_with(CheckVerdict::NotJudged.word()) {
        return Some(Certainty::nothing_of("that it cannot be judged"));
    }
    None
}

/// How a property stands where a counterexample or a witness ends.
struct AtTheEnd {
    name: &'static str,
    sense: Sense,
    /// Whether what it asks for is so there, and why not.
    met: Result<(), Reason>,
    /// Those of its assumptions that did not hold on the way.
    broken: Vec<String>,
    /// Where a goal is missed: whether ordinary events can still reach it, and who waits for whom.
    missed: Option<(Possible, Vec<String>)>,
}

fn at_the_end(system: &System<Untyped>, trace: &Trace, run: &Run<Untyped>) -> Option<AtTheEnd> {
    let name = trace.origin.property.as_deref()?;
    let properties = system.protocol.properties();
    let property = properties.iter().find(|property| property.name == name)?;
    let predicate = property.expectation.predicate();
    let met = predicate.ask(&system.protocol, &run.world);
    let missed = property
        .expectation
        .goal()
        .filter(|_| met.is_err())
        .map(|goal| {
            // Whatever clocks do.
            let timing = Timing::Asynchronous;
            let world = &run.world;
            let by = match property.expectation.sense() {
                Sense::Recovers => Means::Repairs,
                _ => Means::Ordinary,
            };
            let most = RUN_STATES;
            let possible = check::possible(system, world, goal, by, timing, most, &mut Patient);
            // The last one is about repairs.
            let mut told = check::explain(system, world, goal, timing, 0, &mut Patient).sentences;
            told.pop();
            (possible, told)
        });
    let broken = property.assumes.iter();
    let broken = broken.filter(|assumption| !assumption.held(&run.facts, &system.cluster));
    Some(AtTheEnd {
        name: property.name,
        sense: property.expectation.sense(),
        met,
        broken: broken.map(ToString::to_string).collect(),
        missed,
    })
}

const SHORTEST: &str = "that no schedule is shorter";
const STANDING: &str = "what searches say of the assumptions";

/// The verdict of a check, as far as the end of its schedule shows it.
fn checked(told: &Outcome, end: Option<AtTheEnd>) -> (Outcome, Certainty) {
    let Some(end) = end else {
        let what = "what the search found: the property is not known any more";
        return (told.clone(), Certainty::nothing_of(what));
    };
    let AtTheEnd {
        name,
        sense,
        met,
        broken,
        missed,
    } = end;
    let reason = met.as_ref().err().map(|reason| reason.text.as_str());
    // The word that the verdict has to begin with, and what is said first.
    let (word, sentences, as_recorded) = match (sense, reason) {
        (Sense::Always, Some(reason)) => {
            let sentence = format!("{name} is violated: {reason}.");
            let word = CheckVerdict::Violated.word();
            (word, vec![sentence], vec![SHORTEST, STANDING])
        }
        (Sense::Always, None) => {
            let sentence = format!("{name} holds where the schedule ends.");
            ("not violated", vec![sentence], Vec::new())
        }
        (Sense::Reachable, None) => (CheckVerdict::Reached.word(), Vec::new(), vec![SHORTEST]),
        (Sense::Reachable, Some(reason)) => {
            let sentence = format!("Where the schedule ends {reason}.");
            ("not reached", vec![sentence], Vec::new())
        }
        (Sense::NeverBlocked | Sense::Recovers, None) => {
            let sentence = format!("The goal of {name} is met where the schedule ends.");
            ("not blocked", vec![sentence], Vec::new())
        }
        (Sense::NeverBlocked | Sense::Recovers, Some(_)) => {
            let (possible, sentences) = missed.expect("a goal is missed");
            let mut as_recorded = vec![SHORTEST, "which repairs help", STANDING];
            if possible != Possible::No {
                as_recorded.insert(0, "that the goal is out of reach");
            }
            (CheckVerdict::CanBlock.word(), sentences, as_recorded)
        }
    };
    let outside = format!(
        "{word} outside the assumptions: {}",
        enumerate(broken.iter().cloned())
    );
    let is_same = if sense == Sense::Always && !broken.is_empty() {
        told.verdict == outside
    } else {
        let rest = told.verdict.strip_prefix(word);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ',']))
    };
    if is_same && told.sentences.starts_with(&sentences) {
        return (told.clone(), Certainty::judged_but(&as_recorded));
    }
    let verdict = if is_same {
        told.verdict.clone()
    } else {
        word.to_owned()
    };
    (Outcome { verdict, sentences }, Certainty::default())
}

/// What comes of a run that is judged once more.
fn once_more(
    system: &System<Untyped>,
    trace: &Trace,
    run: &Run<Untyped>,
    violations: &[Violation],
) -> Outcome {
    let properties = counting(system, trace);
    let mut run = run.clone();
    run.facts.drift_ppm_max = trace.facts.drift_ppm_max;
    let mut judge = Judge::new(&properties);
    let violations = if trace.origin.go_on {
        violations
    } else {
        judge.last(system, &run.world, trace.steps.len());
        &judge.violations
    };
    let seed = trace.origin.seed.unwrap_or_default();
    let ended = FinishedRun {
        run: &run,
        violations,
        unreached: &[],
        end: None,
        awaited: &OnceLock::new(),
        timing: trace.origin.timing.unwrap_or_default(),
    };
    let limits = RunLimits {
        states: trace.origin.states.unwrap_or(RUN_STATES),
        go_on: trace.origin.go_on,
        ..RunLimits::default()
    };
    judge_run(system, &properties, seed, &ended, &limits).outcome()
}

/// The properties that counted where a trace was recorded.
fn counting(system: &System<Untyped>, trace: &Trace) -> Vec<Property<Untyped>> {
    let counted = &trace.origin.properties;
    let counts = |name: &str| {
        let counted = counted.as_ref();
        counted.is_none_or(|counted| counted.iter().any(|other| other == name))
    };
    Property::those(&system.protocol.properties(), &|p| counts(p.name))
}
