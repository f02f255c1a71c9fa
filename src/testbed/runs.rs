//! One run, drawn by a strategy or told again: chosen and watched.
//!
//! Nearly all of the time of a hunt is spent here, so this is compiled for every protocol, and runs that nobody
//! records take place in its types ([`Runs`]). What comes of them is told without.

use std::sync::OnceLock;

use super::retell::{Course, Transcript, retell};
use super::seen::{Lookout, Seen};
use super::story;
use super::strategy::Strategy;
use crate::check;
use crate::model::{Event, Property, Protocol, Rules, System, Untyped};
use crate::run::{Judge, Run, Script, Stop, Violation, Witness, execute};
use crate::scenario::{RunCase, ScheduleLine};
use crate::sim::walk::{Chooser, Dice, Priorities, Walk};
use crate::sim::{End, Scripted, Simulator, swarm};

/// A walk that nothing else ends is over after so many steps. (A bound on the depth of a search is none on a walk: it
/// is there because a search cannot get further.)
const WALK_STEPS: u64 = 1_000;

/// A run that is to take place.
pub(super) struct Plan<'a> {
    pub course: Course<'a>,
    pub rules: &'a Rules,
    /// What the scenario says of its runs, if the strategy goes by that.
    pub run: Option<&'a RunCase>,
    /// The events before a walk.
    pub before: &'a [ScheduleLine],
    /// The properties that count, by name.
    pub properties: &'a [&'static str],
    /// Those whose goals somebody looks out for, and for what else is to be seen, if anybody does.
    pub goals: Option<&'a [&'static str]>,
    /// See [`Judge::going_on`].
    pub goes_on: bool,
    pub tells_draws: bool,
    /// Its events are wanted in the one notation.
    pub writes_events: bool,
    /// Whether it has to end.
    pub ends: &'a dyn Fn() -> bool,
}

/// A run that took place, and what became of what its setup had in mind.
pub(super) struct Ran<P: Protocol> {
    pub run: Run<P>,
    pub violations: Vec<Violation>,
    /// The planned faults that never found their moment.
    pub unreached: Vec<String>,
    /// Why the simulator had no more, if it was asked.
    pub end: Option<End>,
    /// See [`Simulator::offered`].
    pub offered: Vec<bool>,
    pub seen: Option<Seen>,
    pub events: Vec<ScheduleLine>,
}

/// Runs of one protocol, for whoever does not know its types.
pub(super) trait Runs: Send + Sync {
    fn run(&self, plan: &Plan<'_>) -> Ran<Untyped>;
}

/// A protocol, and what is asked of all its runs.
pub(super) struct Runner<P: Protocol> {
    relation: System<P>,
    properties: Vec<Property<P>>,
    /// The events before walks, once there was one.
    before: OnceLock<Vec<Event<P>>>,
}

impl<P: Protocol> Runner<P> {
    pub fn new(relation: System<P>) -> Self {
        Runner {
            properties: relation.protocol.properties(),
            relation,
            before: OnceLock::new(),
        }
    }

    /// The run, while others look on, too.
    pub fn watched(&self, plan: &Plan<'_>, others: &mut [&mut dyn Witness<P>]) -> Ran<P> {
        let system = self.relation.under(plan.rules.clone());
        let mut judge = Judge::new(&self.those(plan.properties)).going_on(plan.goes_on);
        let mut stop = Stop::when(plan.ends);
        let goals = plan.goals.map(|goals| self.those(goals));
        let mut lookout = goals
            .as_ref()
            .map(|goals| Lookout::new(&system.cluster, goals));
        let mut witnesses: Vec<&mut dyn Witness<P>> = vec![&mut judge, &mut stop];
        for other in others {
            witnesses.push(*other);
        }
        if let Some(lookout) = &mut lookout {
            witnesses.push(lookout);
        }
        let mut events = Transcript::default();
        if plan.writes_events {
            witnesses.push(&mut events);
        }
        let mut ran = match plan.course {
            Course::Told(lines, _) => {
                let drift = plan.run.map_or(0, |run| run.setup.drift_ppm_max());
                Ran::of(retell(&system, lines, drift, &mut witnesses))
            }
            Course::Drawn { seed, by } if by.has_time() => {
                simulate(&system, plan, (seed, by), &mut witnesses)
            }
            Course::Drawn { seed, by } => {
                self.walk(&system, plan.before, (seed, by), &mut witnesses)
            }
        };
        ran.events = events.0;
        ran.violations = judge.violations;
        ran.seen = lookout
            .zip(goals)
            .map(|(lookout, goals)| lookout.finish(&system, &goals, &ran.run.world));
        ran
    }

    fn those(&self, names: &[&str]) -> Vec<Property<P>> {
        Property::those(&self.properties, &|property| names.contains(&property.name))
    }

    /// A run that no time passes in, from where the search of the check starts.
    fn walk(
        &self,
        system: &System<P>,
        before: &[ScheduleLine],
        (seed, by): (u64, Strategy),
        witnesses: &mut [&mut dyn Witness<P>],
    ) -> Ran<P> {
        let chooser: Box<dyn Chooser> = match by {
            Strategy::Pct => Box::new(Priorities::new(seed)),
            _ => Box::new(Dice::new(seed)),
        };
        let before = self.before.get_or_init(|| story::events(system, before).0);
        let mut walk = Walk::new(before, chooser, WALK_STEPS);
        let done = execute(system, &mut walk, witnesses);
        let mut run =
            done.expect("the story is not refuted: it was played when the scenario was opened");
        check::without_clocks(&mut run.facts);
        Ran::of(run)
    }
}

impl<P: Protocol> Runs for Runner<P> {
    fn run(&self, plan: &Plan<'_>) -> Ran<Untyped> {
        let ran = self.watched(plan, &mut []);
        Ran {
            run: Run {
                world: ran.run.world.untyped(),
                now: ran.run.now,
                facts: ran.run.facts,
                costs: ran.run.costs,
                hash: ran.run.hash,
            },
            violations: ran.violations,
            unreached: ran.unreached,
            end: ran.end,
            offered: ran.offered,
            seen: ran.seen,
            events: ran.events,
        }
    }
}

impl<P: Protocol> Ran<P> {
    /// A run that nobody had anything in mind with.
    pub fn of(run: Run<P>) -> Self {
        Ran {
            run,
            violations: Vec::new(),
            unreached: Vec::new(),
            end: None,
            offered: Vec::new(),
            seen: None,
            events: Vec::new(),
        }
    }
}

fn simulate<P: Protocol>(
    system: &System<P>,
    plan: &Plan<'_>,
    (seed, by): (u64, Strategy),
    witnesses: &mut [&mut dyn Witness<P>],
) -> Ran<P> {
    let run = plan.run.expect("the scenario has a run");
    let simulator = || {
        let setup = match by {
            Strategy::Swarm => &swarm::drawn(&run.setup, seed),
            _ => &run.setup,
        };
        let simulator = Simulator::new(setup, seed, &system.cluster);
        if plan.tells_draws {
            simulator.telling_draws()
        } else {
            simulator
        }
    };
    let mut scheduler = Scripted {
        script: Script::new(run.schedule.iter().cloned()),
        then: run.seeded.then(simulator),
    };
    let mut done = execute(system, &mut scheduler, witnesses)
        .expect("the story is not refuted: it was played when the scenario was opened");
    if run.rules.time_passes {
        done.facts.drift_ppm_max = run.setup.drift_ppm_max();
    } else {
        check::without_clocks(&mut done.facts);
    }
    let simulator = scheduler.then.as_ref();
    Ran {
        unreached: simulator.map_or_else(Vec::new, Simulator::unreached),
        end: simulator.and_then(Simulator::end),
        offered: simulator.map_or_else(Vec::new, Simulator::offered),
        ..Ran::of(done)
    }
}
