//! Recording and replaying: a schedule becomes a trace, and a trace becomes one again.

use super::case::{RUN_STATES, RunLimits};
use super::judge_run::{FinishedRun, judge_run};
use super::report::RunVerdict;
use crate::model::{Cluster, Property, Protocol, Rules, System};
use crate::run::{Divergence, Judge, Run, Scheduler, Script, execute, follow};
use crate::trace::{Difference, Origin, Outcome, Recorder, Trace};

/// Runs a scheduler and records what happens, judging as it goes.
pub fn record<P: Protocol>(
    system: &System<P>,
    params: &P::Params,
    properties: &[Property<P>],
    origin: Origin,
    scheduler: &mut dyn Scheduler<P>,
) -> Result<(Run<P>, Judge<P>, Trace), Divergence> {
    let mut recorder = Recorder::new(params, origin, properties);
    let mut judge = Judge::new(properties);
    let run = execute(system, scheduler, &mut [&mut recorder, &mut judge])?;
    let trace = recorder.finish(&run);
    Ok((run, judge, trace))
}

/// Records a schedule that a search found. Failures are remembered, so that the trace can say
/// which suspicions were true.
pub fn record_schedule<P: Protocol>(
    system: &System<P>,
    params: &P::Params,
    properties: &[Property<P>],
    origin: Origin,
    schedule: &[String],
) -> (Run<P>, Trace) {
    let system = system.under(Rules {
        remember_failures: true,
        ..system.rules.clone()
    });
    // The judge is left out: a schedule that breaks one property on its way to another's
    // violation is played to its end.
    let mut recorder = Recorder::new(params, origin, properties);
    let run = follow(&system, schedule, &mut [&mut recorder]);
    let trace = recorder.finish(&run);
    (run, trace)
}

/// How far the verdict of a record was judged again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It is the same, to the word.
    Judged,
    /// It says what one replay cannot show: that there is no shorter schedule, say, or that a planned
    /// fault never found its moment. It stands there as recorded.
    AsRecorded,
}

/// What a replay of a trace gave.
#[derive(Debug)]
pub enum Replayed {
    /// The same, step by step.
    Same(Box<Trace>),
    /// The events can still happen, but do something else.
    Differs(Box<Trace>, Difference),
    /// An event cannot happen any more.
    Diverges(Divergence),
}

/// Runs the events of a trace through the handlers of today.
pub fn replay<P: Protocol>(
    protocol: P,
    params: &P::Params,
    properties: &[Property<P>],
    trace: &Trace,
) -> Replayed {
    let rules = rules_of(trace, &protocol.cluster());
    let system = System::new(protocol, rules);
    let mut recorder = Recorder::new(params, trace.origin.clone(), properties);
    match execute(&system, &mut script_of(trace), &mut [&mut recorder]) {
        Err(divergence) => Replayed::Diverges(divergence),
        Ok(run) => {
            let repeated = recorder.finish(&run);
            compared(trace, repeated, &|| once_more(&system, trace, &run))
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
        // No time passes while a checker chooses.
        time_passes: trace.origin.engine != "checker",
        ..Rules::physics(cluster, trace.links.order)
    }
}

fn script_of(trace: &Trace) -> Script {
    Script::new(trace.schedule().map(|(at, line)| (at, line.to_owned())))
}

/// A trace beside one that repeats it, whose verdict can be judged.
fn compared(trace: &Trace, mut repeated: Trace, judge: &dyn Fn() -> Outcome) -> Replayed {
    repeated.verdict = match (certainty(trace), &trace.verdict) {
        (Certainty::Judged, Some(_)) => Some(judge()),
        (_, told) => told.clone(),
    };
    match trace.first_difference(&repeated) {
        None => Replayed::Same(Box::new(repeated)),
        Some(difference) => Replayed::Differs(Box::new(repeated), difference),
    }
}

/// Whether a replay judges the verdict of such a record again.
pub fn certainty(trace: &Trace) -> Certainty {
    let simulated = ["simulator", "schedule"].contains(&trace.origin.engine.as_str());
    let unreached = |verdict: &Outcome| verdict.verdict == RunVerdict::Unreached.word();
    if !simulated || trace.verdict.as_ref().is_some_and(unreached) {
        return Certainty::AsRecorded;
    }
    Certainty::Judged
}

/// What comes of a run that is judged once more.
fn once_more<P: Protocol>(system: &System<P>, trace: &Trace, run: &Run<P>) -> Outcome {
    let mut properties = system.protocol.properties();
    if let Some(counted) = &trace.origin.properties {
        properties.retain(|property| counted.iter().any(|name| name == property.name));
    }
    let mut run = run.clone();
    // How far clocks drifted is a fact that leaves no step behind.
    run.facts.drift_ppm_max = trace.facts.drift_ppm_max;
    let mut judge = Judge::new(&properties);
    judge.last(system, &run.world, trace.steps.len());
    let seed = trace.origin.seed.unwrap_or_default();
    let ended = FinishedRun {
        run: &run,
        violations: &judge.violations,
        unreached: &[],
        end: None,
    };
    let limits = RunLimits {
        states: trace.origin.states.unwrap_or(RUN_STATES),
        ..RunLimits::default()
    };
    let report = judge_run(system, &properties, seed, &ended, &limits);
    Outcome {
        verdict: report.verdict.word().to_owned(),
        sentences: report.sentences,
    }
}
