//! Recording and replaying: a schedule becomes a trace, and a trace becomes one again.

use crate::model::{Event, Property, Protocol, Rules, System};
use crate::run::{Divergence, Judge, Run, Schedule, Scheduler, Script, execute};
use crate::trace::{Difference, Origin, Recorder, Trace};

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
    schedule: &[Event<P>],
) -> (Run<P>, Trace) {
    let system = system.under(Rules {
        remember_failures: true,
        ..system.rules.clone()
    });
    let mut scheduler = Schedule::new(schedule.to_vec());
    // The judge is left out: a schedule that breaks one property on its way to another's
    // violation is played to its end.
    let mut recorder = Recorder::new(params, origin, properties);
    let run = execute(&system, &mut scheduler, &mut [&mut recorder])
        .expect("what a search found is possible, step by step");
    let trace = recorder.finish(&run);
    (run, trace)
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
    let cluster = protocol.cluster();
    let absent = cluster
        .ids()
        .zip(&trace.start)
        .filter(|(_, start)| !start.after.up)
        .map(|(id, _)| id)
        .collect();
    let rules = Rules {
        links: trace.links,
        absent,
        ..Rules::physics(&cluster, trace.links.order)
    };
    let system = System::new(protocol, rules);
    let lines = trace.schedule().map(|(at, line)| (at, line.to_owned()));
    let mut script = Script::new(lines);
    let mut recorder = Recorder::new(params, trace.origin.clone(), properties);
    match execute(&system, &mut script, &mut [&mut recorder]) {
        Err(divergence) => Replayed::Diverges(divergence),
        Ok(run) => {
            let mut again = recorder.finish(&run);
            again.verdict.clone_from(&trace.verdict);
            match trace.first_difference(&again) {
                None => Replayed::Same(Box::new(again)),
                Some(difference) => Replayed::Differs(Box::new(again), difference),
            }
        }
    }
}
