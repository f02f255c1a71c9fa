//! One execution: whoever chooses the events, the same loop applies them.
//!
//! A [`Scheduler`] chooses what happens next: time and chance, a record, a person. A [`Witness`]
//! watches. Nothing here knows which scheduler it serves.

use std::cell::Cell;
use std::ops::ControlFlow;

use derive_where::derive_where;

use crate::model::facts::{Costs, Facts, Ledger};
use crate::model::promise::{Promise, located};
use crate::model::world::Owned;
use crate::model::{
    Answer, Effects, Event, Expectation, Kinds, News, NodeSet, Obstacle, Predicate, Property,
    Protocol, Reaction, Reason, StartEffects, Suspicion, System, Time, World,
};
use crate::trace::TraceHash;

/// What an event did to a plain world.
pub type WorldEffects<P> = Effects<P, Owned<Reaction<P>>>;

/// The next event with its time (`None` where time means nothing); `None` at the end of a run.
pub type Next<P> = Option<(Option<Time>, Event<P>)>;

/// Chooses what happens next.
pub trait Scheduler<P: Protocol> {
    /// The nodes have started.
    fn started(&mut self, system: &System<P>, world: &World<P>, starts: &[StartEffects<P>]) {
        let _ = (system, world, starts);
    }

    /// What happens next. The event must be possible in this world.
    fn next(&mut self, system: &System<P>, world: &mut World<P>) -> Result<Next<P>, Divergence>;

    /// The draw that decided what happens next, in words, if one did and it was to be told.
    fn drawn(&mut self) -> Option<String> {
        None
    }

    /// An event happened.
    fn happened(&mut self, moment: &Moment<'_, P>) {
        let _ = moment;
    }
}

/// Watches a run.
pub trait Witness<P: Protocol> {
    fn started(&mut self, system: &System<P>, world: &World<P>, starts: &[StartEffects<P>]) {
        let _ = (system, world, starts);
    }

    fn happened(&mut self, moment: &Moment<'_, P>);

    /// Asked after each step: whether this witness has seen enough.
    fn verdict(&self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// One step of a run, as it is shown to those who watch.
pub struct Moment<'a, P: Protocol> {
    pub system: &'a System<P>,
    pub now: Option<Time>,
    pub event: &'a Event<P>,
    /// The draw that decided it, where that is told.
    pub drawn: Option<&'a str>,
    /// What accurate timing says of the timer that fired.
    pub suspicion: Suspicion,
    pub effects: &'a WorldEffects<P>,
    /// After the event.
    pub world: &'a World<P>,
}

impl<P: Protocol> Moment<'_, P> {
    /// What is new of all that predicates read.
    pub fn news(&self) -> News {
        match (&self.effects.reaction, self.event) {
            (Some((id, reaction)), _) => {
                let saved = reaction.saved().is_some();
                News {
                    observed: !reaction.observations.is_empty(),
                    broken: !reaction.breaches.is_empty(),
                    changed: if saved || reaction.changed {
                        NodeSet::only(*id)
                    } else {
                        NodeSet::EMPTY
                    },
                    saved,
                }
            }
            // A node that crashes does not react.
            (None, Event::Crash(id)) => News {
                changed: NodeSet::only(*id),
                ..News::default()
            },
            (None, _) => News::default(),
        }
    }
}

/// A record that the relation does not follow any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("step {step}, `{event}`: {obstacle}")]
pub struct Divergence {
    /// Counted from 1.
    pub step: usize,
    pub event: String,
    /// Why it cannot happen.
    pub obstacle: Obstacle,
}

/// How a run ended.
#[derive_where(Clone)]
pub struct Run<P: Protocol> {
    pub world: World<P>,
    /// The time of the last step.
    pub now: Time,
    pub facts: Facts,
    pub costs: Costs,
    pub hash: TraceHash,
}

/// Runs a system from its start until the scheduler has nothing more, or a witness has seen
/// enough.
pub fn execute<P: Protocol>(
    system: &System<P>,
    scheduler: &mut dyn Scheduler<P>,
    witnesses: &mut [&mut dyn Witness<P>],
) -> Result<Run<P>, Divergence> {
    let at = Cell::new(None);
    located(
        || run(system, scheduler, witnesses, &at),
        || match at.get() {
            None => "at the start".to_owned(),
            Some((step, None)) => format!("in step {step}"),
            Some((step, Some(now))) => format!("in step {step}, at {now}"),
        },
    )
}

/// The same, telling which step is taken, and when.
fn run<P: Protocol>(
    system: &System<P>,
    scheduler: &mut dyn Scheduler<P>,
    witnesses: &mut [&mut dyn Witness<P>],
    at: &Cell<Option<(u64, Option<Time>)>>,
) -> Result<Run<P>, Divergence> {
    let (mut world, starts) = system.start();
    let mut ledger = Ledger::new(system);
    for start in &starts {
        ledger.note_start(start);
    }
    ledger.note_up(&world);
    scheduler.started(system, &world, &starts);
    for witness in &mut *witnesses {
        witness.started(system, &world, &starts);
    }
    let mut hash = TraceHash::default();
    let mut now = Time::ZERO;
    // What is broken before anything happened needs no run.
    let mut enough = witnesses.iter().any(|witness| witness.verdict().is_break());
    while !enough {
        at.set(Some((ledger.facts.steps + 1, None)));
        let Some((time, event)) = scheduler.next(system, &mut world)? else {
            break;
        };
        now = time.unwrap_or(now);
        at.set(Some((ledger.facts.steps + 1, time)));
        // A timer may also fire at a node that crashes inside its handler.
        let fires = match &event {
            Event::CrashInside { event, .. } => event,
            event => event,
        };
        let suspicion = match fires {
            Event::Timeout { id, timer } => system.suspicion(&world, *id, timer),
            _ => Suspicion::Free,
        };
        let effects = system.apply(&mut world, &event);
        ledger.suspect(suspicion);
        ledger.note(now, &event, &effects, &world);
        hash.step(now, &event);
        let drawn = scheduler.drawn();
        let moment = Moment {
            system,
            now: time,
            event: &event,
            drawn: drawn.as_deref(),
            suspicion,
            effects: &effects,
            world: &world,
        };
        scheduler.happened(&moment);
        for witness in &mut *witnesses {
            witness.happened(&moment);
            enough |= witness.verdict().is_break();
        }
    }
    let (facts, costs) = ledger.close(now);
    Ok(Run {
        world,
        now,
        facts,
        costs,
        hash,
    })
}

/// Runs a schedule that a search found: events in the one notation, each of which is possible.
///
/// # Panics
/// If they do not read as they were written.
pub fn follow<P: Protocol>(
    system: &System<P>,
    schedule: &[String],
    witnesses: &mut [&mut dyn Witness<P>],
) -> Run<P> {
    let mut script = Script::new(schedule.iter().map(|line| (None, line.as_str())));
    execute(system, &mut script, witnesses).unwrap_or_else(|divergence| {
        Promise::Notation.complain(format!(
            "what a search found does not read as it was written: {divergence}"
        ))
    })
}

/// A record as a scheduler: replay.
#[derive(Clone, Debug)]
pub struct Script {
    lines: Vec<(Option<Time>, String)>,
    next: usize,
}

impl Script {
    /// Replays events in the one notation, each with its time if it has one.
    pub fn new<S: Into<String>>(lines: impl IntoIterator<Item = (Option<Time>, S)>) -> Self {
        let lines = lines.into_iter().map(|(at, s)| (at, s.into())).collect();
        Script { lines, next: 0 }
    }

    /// Whether every line has been played.
    pub fn is_over(&self) -> bool {
        self.next == self.lines.len()
    }
}

impl<P: Protocol> Scheduler<P> for Script {
    fn next(&mut self, system: &System<P>, world: &mut World<P>) -> Result<Next<P>, Divergence> {
        let Some((at, line)) = self.lines.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        let diverges = |obstacle| Divergence {
            step: self.next,
            event: line.clone(),
            obstacle,
        };
        let event = system.read(world, line).map_err(diverges)?;
        Ok(Some((*at, event)))
    }
}

/// Events that were chosen before, as a scheduler.
#[derive(Debug)]
pub struct Schedule<P: Protocol> {
    events: std::vec::IntoIter<Event<P>>,
    step: usize,
}

impl<P: Protocol> Schedule<P> {
    pub fn new(events: Vec<Event<P>>) -> Self {
        let events = events.into_iter();
        Schedule { events, step: 0 }
    }
}

impl<P: Protocol> Scheduler<P> for Schedule<P> {
    fn next(&mut self, system: &System<P>, world: &mut World<P>) -> Result<Next<P>, Divergence> {
        let Some(event) = self.events.next() else {
            return Ok(None);
        };
        self.step += 1;
        match system.obstacle(world, &event) {
            None => Ok(Some((None, event))),
            Some(obstacle) => Err(Divergence {
                step: self.step,
                event: event.notation(&system.cluster).to_string(),
                obstacle: Obstacle::Impossible(obstacle),
            }),
        }
    }
}

/// So many steps lie between two looks of [`Stop`].
const STOP_EVERY: u64 = 1024;

/// Ends a run when somebody wants it to end.
pub struct Stop<'a> {
    wanted: &'a dyn Fn() -> bool,
    steps: u64,
    stopped: bool,
}

impl<'a> Stop<'a> {
    /// Asks this every thousand steps or so.
    pub fn when(wanted: &'a dyn Fn() -> bool) -> Self {
        Stop {
            wanted,
            steps: 0,
            stopped: false,
        }
    }

    /// Whether the run was ended.
    pub fn stopped(&self) -> bool {
        self.stopped
    }
}

impl<P: Protocol> Witness<P> for Stop<'_> {
    fn happened(&mut self, _: &Moment<'_, P>) {
        self.steps += 1;
        self.stopped |= self.steps.is_multiple_of(STOP_EVERY) && (self.wanted)();
    }

    fn verdict(&self) -> ControlFlow<()> {
        if self.stopped {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Watches that what must always hold does, and stops a run that breaks it. What has a premise is
/// judged when the run is over, and all that happened is known.
pub struct Judge<P: Protocol> {
    watched: Vec<Watched<P>>,
    /// What any of it reads.
    reads: Kinds,
    steps: usize,
    /// A run goes on behind a violation, for what else it breaks.
    goes_on: bool,
    /// The first of each property, in the order of steps and, where one step broke several, of the protocol.
    pub violations: Vec<Violation>,
}

/// A property that is watched, or a part of one.
struct Watched<P: Protocol> {
    property: &'static str,
    predicate: Predicate<P>,
    reads: Kinds,
}

/// A property that broke in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub property: &'static str,
    pub reason: Reason,
    /// The step that broke it, counted from 1; 0 if it was broken at the start.
    pub step: usize,
}

impl<P: Protocol> Judge<P> {
    pub fn new(properties: &[Property<P>]) -> Self {
        let (mut watched, mut any) = (Vec::new(), Kinds::NONE);
        for judged in properties.iter().filter(|p| p.premise.is_empty()) {
            if let Expectation::Always(predicate) = &judged.expectation {
                predicate.each_part(&mut |predicate| {
                    let (property, reads) = (judged.name, predicate.reads());
                    any = any.and(reads);
                    watched.push(Watched {
                        property,
                        predicate: predicate.clone(),
                        reads,
                    });
                });
            }
        }
        Judge {
            watched,
            reads: any,
            steps: 0,
            goes_on: false,
            violations: Vec::new(),
        }
    }

    /// The same; it stops no run.
    #[must_use]
    pub fn going_on(self, goes_on: bool) -> Self {
        Judge { goes_on, ..self }
    }

    /// Judges the world in which a run of so many steps has ended.
    pub fn last(&mut self, system: &System<P>, world: &World<P>, steps: usize) {
        self.steps = steps;
        self.judge(Kinds::ALL, |predicate| {
            predicate.ask(&system.protocol, world)
        });
    }

    /// Asks what reads anything of these kinds.
    fn judge(&mut self, kinds: Kinds, ask: impl Fn(&Predicate<P>) -> Answer) {
        let before = self.violations.len();
        for watched in &self.watched {
            if !watched.reads.has_any_of(kinds) {
                continue;
            }
            let Err(reason) = ask(&watched.predicate) else {
                continue;
            };
            // Another part of it may be broken, too.
            let property = watched.property;
            if self.violations.iter().all(|v| v.property != property) {
                self.violations.push(Violation {
                    property,
                    reason,
                    step: self.steps,
                });
            }
        }
        if self.violations.len() > before {
            let broken = |name| self.violations.iter().any(|v| v.property == name);
            self.watched.retain(|watched| !broken(watched.property));
        }
    }
}

impl<P: Protocol> Witness<P> for Judge<P> {
    fn started(&mut self, system: &System<P>, world: &World<P>, _: &[StartEffects<P>]) {
        self.judge(Kinds::ALL, |predicate| {
            predicate.ask(&system.protocol, world)
        });
    }

    /// What is watched was true before the step.
    fn happened(&mut self, moment: &Moment<'_, P>) {
        self.steps += 1;
        let news = moment.news();
        let kinds = news.kinds();
        if !self.reads.has_any_of(kinds) {
            return;
        }
        let (protocol, world) = (&*moment.system.protocol, moment.world);
        self.judge(kinds, |predicate| {
            predicate.ask_of_news(protocol, world, &news)
        });
    }

    fn verdict(&self) -> ControlFlow<()> {
        if self.goes_on || self.violations.is_empty() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}
