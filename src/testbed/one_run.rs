//! One run of a scenario, by whatever strategy: chosen, watched, judged.

use std::cell::Cell;

use super::bench::Testbed;
use super::case::{Hunted, RUN_STATES, RunLimits};
use super::judge_run::{FinishedRun, cut_off, judge_run};
use super::report::RunReport;
use super::retell::{Course, Retold, is_timed};
use super::runs::Plan;
use super::seen::{Seen, Sights, abstract_state, tidy};
use super::strategy::Strategy;
use super::verify::Draws;
use crate::check::{self, Monitor, Stopped};
use crate::estimate::Reached;
use crate::model::arms::{Exercised, unexercised};
use crate::model::promise::located;
use crate::model::{
    Limit, Property, Protocol, Rules, Sense, Success, System, Timing, Untyped, View,
};
use crate::run::Witness;
use crate::scenario::ScheduleLine;
use crate::sim::swarm;
use crate::trace::{Origin, Recorder, STEPS_MAX};

/// At the end of a run that is not the scenario's own no more worlds are searched: those that are stuck for good are
/// found out in fewer, and others may be many.
const OTHER_STATES: usize = 100;
/// What a run is asked for.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub course: Course<'a>,
    pub record: bool,
    pub limits: &'a RunLimits<'a>,
}

/// What is kept of a run beside its report.
enum Watch<'a> {
    Nothing,
    /// What it came to see, where these are the goals.
    Sights(&'a [&'static str], Option<Seen>),
    Events(Vec<ScheduleLine>),
}

impl Testbed {
    /// Whether a strategy has anything to go by, and anything of its own.
    pub(super) fn can(&self, strategy: Strategy) -> bool {
        let case = self.case();
        let run = case.run.as_ref().filter(|run| run.seeded);
        match strategy {
            Strategy::Random => run.is_some(),
            Strategy::Swarm => run.is_some_and(|run| swarm::has_rates(&run.setup)),
            Strategy::Pct | Strategy::Walk => case.check.is_some(),
        }
    }

    /// The system in which a run takes its course.
    fn system_of(&self, course: Course<'_>) -> System<Untyped> {
        let strategy = course.strategy();
        if strategy.has_time() {
            let system = self.run_system().expect("the scenario has a run");
            let Course::Told(lines, _) = course else {
                return system;
            };
            return system.under(Rules {
                time_passes: is_timed(lines),
                ..system.rules.clone()
            });
        }
        let system = self.check_system().expect("the scenario has a check");
        let timing = match strategy {
            Strategy::Pct => Timing::Asynchronous,
            _ => system.rules.timing,
        };
        system.under(Rules {
            timing,
            // So that true suspicions can be told from false ones.
            remember_failures: true,
            ..system.rules.clone()
        })
    }

    /// When a timer may fire where it is judged whether a run can go on.
    fn judged_by_timing(&self, course: Course<'_>) -> Timing {
        let run = self.case().run.as_ref();
        match course {
            Course::Told(_, timing) => timing,
            Course::Drawn { by, .. } if by.has_time() => {
                run.map_or_else(Timing::default, |run| run.timing)
            }
            // Whoever is stuck whenever timers fire is stuck.
            Course::Drawn { .. } => Timing::Asynchronous,
        }
    }

    /// The properties that count for it.
    fn counting_for(&self, strategy: Strategy) -> Vec<Property<Untyped>> {
        if strategy.has_time() {
            self.counting()
        } else {
            self.chosen(&[])
        }
    }

    /// One run, judged; somebody looks out for goals, or notes its events.
    fn judged_by(&self, asked: &Asked<'_>, watch: &mut Watch<'_>) -> RunReport {
        let system = self.system_of(asked.course);
        let properties = &self.counting_for(asked.course.strategy());
        let (limits, seed) = (asked.limits, asked.course.seed());
        let stopped = Cell::new(None);
        let ends = || is_over(limits, &stopped);
        let names: Vec<&'static str> = properties.iter().map(|p| p.name).collect();
        let goals = match watch {
            Watch::Sights(goals, _) => Some(*goals),
            Watch::Nothing | Watch::Events(_) => None,
        };
        let plan = Plan {
            course: asked.course,
            rules: &system.rules,
            run: self.case().run.as_ref(),
            before: self.before(),
            properties: &names,
            goals,
            goes_on: limits.go_on,
            tells_draws: asked.record,
            writes_events: matches!(watch, Watch::Events(_)),
            ends: &ends,
        };
        // A property with a premise is judged when all that happened is known.
        let unconditional = Property::without_premise(properties);
        let origin = || self.origin_of(asked, properties);
        let params = &self.case().params;
        let mut recorder = asked.record.then(|| {
            Recorder::new(&*system.protocol, params, origin(), &unconditional).at_most(STEPS_MAX)
        });
        let mut draws = Draws::default();
        let mut others: Vec<&mut dyn Witness<Untyped>> = Vec::new();
        if let Some(recorder) = &mut recorder {
            others.extend([recorder as &mut dyn Witness<Untyped>, &mut draws]);
        }
        let ran = if others.is_empty() {
            self.runs().run(&plan)
        } else {
            self.untyped_runs().watched(&plan, &mut others)
        };
        let done = &ran.run;
        let mut report = match stopped.get() {
            Some(stopped) if ran.violations.is_empty() => cut_off(stopped, properties, seed, done),
            _ => {
                let ended = FinishedRun {
                    run: done,
                    violations: &ran.violations,
                    unreached: &ran.unreached,
                    end: ran.end,
                    awaited: self.awaited(),
                    timing: self.judged_by_timing(asked.course),
                };
                judge_run(&system, properties, seed, &ended, limits)
            }
        };
        report.draws = draws.0;
        report.trace = recorder.map(|recorder| {
            let mut trace = recorder.finish(done);
            trace.verdict = Some(report.outcome());
            trace
        });
        match watch {
            Watch::Nothing => {}
            Watch::Sights(_, sights) => *sights = ran.seen,
            Watch::Events(events) => *events = ran.events,
        }
        report
    }

    /// One run, judged.
    pub(super) fn judged(&self, asked: &Asked<'_>) -> RunReport {
        let judged = || self.judged_by(asked, &mut Watch::Nothing);
        located(judged, || told(asked))
    }

    /// One run, judged, and what it came to see.
    pub(super) fn hunted(&self, asked: &Asked<'_>) -> Hunted {
        let states = match asked.course.strategy() {
            Strategy::Random => asked.limits.states,
            _ => asked.limits.states.min(OTHER_STATES),
        };
        let limits = &RunLimits {
            states,
            ..*asked.limits
        };
        let asked = &Asked { limits, ..*asked };
        let hunted = || {
            let goals: Vec<&'static str> = self.goals().iter().map(|goal| goal.name).collect();
            let mut watch = Watch::Sights(&goals, None);
            let report = self.judged_by(asked, &mut watch);
            let Watch::Sights(_, Some(seen)) = watch else {
                unreachable!("somebody looked out")
            };
            Hunted { report, seen }
        };
        located(hunted, || told(asked))
    }

    /// One run, judged, and its events.
    pub(super) fn retold(&self, asked: &Asked<'_>) -> Retold {
        let retold = || {
            let mut watch = Watch::Events(Vec::new());
            let report = self.judged_by(asked, &mut watch);
            let Watch::Events(lines) = watch else {
                unreachable!("somebody wrote them down")
            };
            Retold { lines, report }
        };
        located(retold, || told(asked))
    }

    /// What one run comes to, without a search at its end.
    pub(super) fn reached(&self, seed: u64, limits: &RunLimits<'_>) -> Option<Reached> {
        let system = self.run_system().expect("the scenario has a run");
        let stopped = Cell::new(None);
        let ends = || is_over(limits, &stopped);
        let counting = self.counting();
        let names: Vec<&'static str> = counting.iter().map(|p| p.name).collect();
        let ran = self.runs().run(&Plan {
            course: Course::Drawn {
                seed,
                by: Strategy::Random,
            },
            rules: &system.rules,
            run: self.case().run.as_ref(),
            before: &[],
            properties: &names,
            goals: None,
            goes_on: false,
            tells_draws: false,
            writes_events: false,
            ends: &ends,
        });
        let world = &ran.run.world;
        let violated = ran.violations.first().map(|violation| violation.property);
        if stopped.get().is_some() && violated.is_none() {
            return None;
        }
        let protocol = &self.case().protocol;
        let is_reached = |success: &Success<Untyped>| success.reached.ask(protocol, world).is_ok();
        let successes = protocol.successes(None);
        Some(Reached {
            successes: successes.all.iter().map(is_reached).collect(),
            violated,
            cut_off: world.next_busy(0).is_some(),
            offered: ran.offered,
        })
    }

    /// The properties that ask for something to be reached, of those that count in the run or in the check.
    fn goals(&self) -> Vec<Property<Untyped>> {
        let (run, check) = (&self.case().run, &self.case().check);
        let counting = run.iter().flat_map(|run| &run.properties);
        let counting = counting.chain(check.iter().flat_map(|check| &check.properties));
        let counting: Vec<&str> = counting.copied().collect();
        let is_goal = |property: &Property<Untyped>| {
            property.expectation.sense() != Sense::Always && counting.contains(&property.name)
        };
        Property::those(&self.case().properties, &is_goal)
    }

    /// What there is to be seen.
    pub(super) fn all_to_be_seen(&self) -> Sights {
        let members = self.case().cluster.members().iter();
        let arms = unexercised(self.relation(), &Exercised::new()).into_iter();
        Sights {
            nodes: members.map(|member| member.name.clone()).collect(),
            arms: arms
                .flat_map(|(role, arms)| arms.into_iter().map(move |arm| (role, arm)))
                .collect(),
            goals: self.goals().iter().map(|property| property.name).collect(),
        }
    }

    /// The abstract states of all worlds that the check can reach, if there are no more than so many worlds.
    pub(super) fn all_that_can_be_seen(
        &self,
        most: usize,
        monitor: &mut dyn Monitor,
    ) -> Option<Vec<u64>> {
        let system = self.check_system()?;
        let start = check::start(&system, self.after());
        let mut states = Vec::new();
        let depth = self.case().check.as_ref()?.depth;
        let is_whole = depth == Limit::Unlimited
            && check::visit(&system, &start, most, monitor, &mut |world| {
                states.push(abstract_state(&system, world));
                if states.len().is_multiple_of(1 << 16) {
                    tidy(&mut states);
                }
            });
        tidy(&mut states);
        is_whole.then_some(states)
    }

    /// Where the trace of a run comes from, in which all properties count or only some.
    fn origin_of(&self, asked: &Asked<'_>, properties: &[Property<Untyped>]) -> Origin {
        let Asked { course, limits, .. } = asked;
        let (strategy, seed) = (course.strategy(), course.seed());
        let is_seeded = match course {
            Course::Told(..) => false,
            Course::Drawn { by, .. } => {
                !by.has_time() || self.case().run.as_ref().is_some_and(|r| r.seeded)
            }
        };
        let engine = match strategy {
            Strategy::Pct | Strategy::Walk => "walk",
            Strategy::Random | Strategy::Swarm if is_seeded => "simulator",
            Strategy::Random | Strategy::Swarm => "schedule",
        };
        let some_count = properties.len() < self.case().properties.len();
        let names = || properties.iter().map(|p| p.name.to_owned()).collect();
        Origin {
            seed: is_seeded.then_some(seed),
            strategy: (strategy != Strategy::Random).then(|| strategy.to_string()),
            properties: some_count.then(names),
            states: (limits.states != RUN_STATES).then_some(limits.states),
            go_on: limits.go_on,
            timing: Some(self.judged_by_timing(*course)).filter(|t| *t != Timing::default()),
            ..self.origin(engine)
        }
    }
}

/// Which run it is.
fn told(asked: &Asked<'_>) -> String {
    match asked.course {
        Course::Told(..) => "in the schedule".to_owned(),
        Course::Drawn {
            seed,
            by: Strategy::Random,
        } => format!("seed {seed}"),
        Course::Drawn { seed, by } => format!("seed {seed} of {by}"),
    }
}

/// Whether a run has to end, and why.
fn is_over(limits: &RunLimits<'_>, why: &Cell<Option<Stopped>>) -> bool {
    why.set((limits.watch)().err());
    why.get().is_some()
}
