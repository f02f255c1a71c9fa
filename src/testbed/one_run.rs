//! One run of a scenario, by whatever strategy: chosen, watched, judged.

use std::cell::Cell;

use super::bench::Testbed;
use super::case::{Hunted, RUN_STATES, RunLimits};
use super::judge_run::{FinishedRun, cut_off, judge_run};
use super::report::RunReport;
use super::retell::{Course, Retold, Transcript, is_timed, retell};
use super::seen::{Lookout, Sights, abstract_state, tidy};
use super::strategy::Strategy;
use super::verify::Draws;
use crate::check::{self, Monitor, Stopped};
use crate::estimate::Reached;
use crate::model::arms::{Exercised, unexercised};
use crate::model::promise::located;
use crate::model::{Limit, Property, Protocol, Rules, Sense, Success, System, Timing, View};
use crate::run::{Judge, Run, Script, Stop, Witness, execute};
use crate::sim::walk::{Chooser, Dice, Priorities, Walk};
use crate::sim::{End, Scripted, Simulator, swarm};
use crate::trace::{Origin, Recorder, STEPS_MAX};

/// At the end of a run that is not the scenario's own no more worlds are searched: those that are stuck for good are
/// found out in fewer, and others may be many.
const OTHER_STATES: usize = 100;
/// A walk that nothing else ends is over after so many steps. (A bound on the depth of a search is none on a walk: it
/// is there because a search cannot get further.)
const WALK_STEPS: u64 = 1_000;

/// What a run is asked for.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub course: Course<'a>,
    pub record: bool,
    pub limits: &'a RunLimits<'a>,
}

/// One run, and what became of what its setup had in mind.
struct Chosen<P: Protocol> {
    run: Run<P>,
    /// The planned faults that never found their moment.
    unreached: Vec<String>,
    /// Why the simulator had no more, if it was asked.
    end: Option<End>,
    /// See [`Simulator::offered`].
    offered: Vec<bool>,
}

impl<P: Protocol> Testbed<P> {
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
    fn system_of(&self, course: Course<'_>) -> System<P> {
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
    fn counting_for(&self, strategy: Strategy) -> Vec<Property<P>> {
        if strategy.has_time() {
            self.counting()
        } else {
            self.chosen(&[])
        }
    }

    /// One run, judged; somebody else looks on.
    fn judged_by(
        &self,
        asked: &Asked<'_>,
        system: &System<P>,
        properties: &[Property<P>],
        observer: Option<&mut dyn Witness<P>>,
    ) -> (RunReport, Run<P>) {
        let limits = asked.limits;
        let seed = asked.course.seed();
        let mut judge = Judge::new(properties).going_on(limits.go_on);
        // A property with a premise is judged when all that happened is known.
        let unconditional = Property::without_premise(properties);
        let origin = || self.origin_of(asked, properties);
        let mut recorder = asked.record.then(|| {
            Recorder::new(&self.case().params, origin(), &unconditional).at_most(STEPS_MAX)
        });
        let stopped = Cell::new(None);
        let ends = || is_over(limits, &stopped);
        let mut stop = Stop::when(&ends);
        let mut witnesses: Vec<&mut dyn Witness<P>> = vec![&mut judge, &mut stop];
        let mut draws = Draws::default();
        if let Some(recorder) = &mut recorder {
            witnesses.extend([recorder as &mut dyn Witness<P>, &mut draws]);
        }
        if let Some(observer) = observer {
            witnesses.push(observer);
        }
        let Chosen {
            run: done,
            unreached,
            end,
            ..
        } = self.chosen_by(asked, system, &mut witnesses);
        let mut report = match stopped.get() {
            Some(stopped) if judge.violations.is_empty() => {
                cut_off(stopped, properties, seed, &done)
            }
            _ => {
                let ended = FinishedRun {
                    run: &done,
                    violations: &judge.violations,
                    unreached: &unreached,
                    end,
                    awaited: self.awaited(),
                    timing: self.judged_by_timing(asked.course),
                };
                judge_run(system, properties, seed, &ended, limits)
            }
        };
        report.draws = draws.0;
        report.trace = recorder.map(|recorder| {
            let mut trace = recorder.finish(&done);
            trace.verdict = Some(report.outcome());
            trace
        });
        (report, done)
    }

    /// One run, judged.
    pub(super) fn judged(&self, asked: &Asked<'_>) -> RunReport {
        let judged = || {
            let system = self.system_of(asked.course);
            let properties = self.counting_for(asked.course.strategy());
            self.judged_by(asked, &system, &properties, None).0
        };
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
            let system = self.system_of(asked.course);
            let properties = self.counting_for(asked.course.strategy());
            let goals = self.goals();
            let mut lookout = Lookout::new(&system.cluster, &goals);
            let (report, run) = self.judged_by(asked, &system, &properties, Some(&mut lookout));
            let seen = lookout.finish(&system, &goals, &run.world);
            Hunted { report, seen }
        };
        located(hunted, || told(asked))
    }

    /// One run, judged, and its events.
    pub(super) fn retold(&self, asked: &Asked<'_>) -> Retold {
        let retold = || {
            let system = self.system_of(asked.course);
            let properties = self.counting_for(asked.course.strategy());
            let mut events = Transcript::default();
            let (report, _) = self.judged_by(asked, &system, &properties, Some(&mut events));
            Retold {
                lines: events.0,
                report,
            }
        };
        located(retold, || told(asked))
    }

    /// What one run comes to, without a search at its end.
    pub(super) fn reached(&self, seed: u64, limits: &RunLimits<'_>) -> Option<Reached> {
        let system = self.run_system().expect("the scenario has a run");
        let mut judge = Judge::new(&self.counting());
        let stopped = Cell::new(None);
        let ends = || is_over(limits, &stopped);
        let mut stop = Stop::when(&ends);
        let asked = Asked {
            course: Course::Drawn {
                seed,
                by: Strategy::Random,
            },
            record: false,
            limits,
        };
        let chosen = self.chosen_by(&asked, &system, &mut [&mut judge, &mut stop]);
        let world = &chosen.run.world;
        let violated = judge.violations.first().map(|violation| violation.property);
        if stopped.get().is_some() && violated.is_none() {
            return None;
        }
        let protocol = &self.case().protocol;
        let is_reached = |success: &Success<P>| success.reached.ask(protocol, world).is_ok();
        let successes = protocol.successes(None);
        Some(Reached {
            successes: successes.all.iter().map(is_reached).collect(),
            violated,
            cut_off: world.next_busy(0).is_some(),
            offered: chosen.offered,
        })
    }

    /// The properties that ask for something to be reached, of those that count in the run or in the check.
    fn goals(&self) -> Vec<Property<P>> {
        let (run, check) = (&self.case().run, &self.case().check);
        let counting = run.iter().flat_map(|run| &run.properties);
        let counting = counting.chain(check.iter().flat_map(|check| &check.properties));
        let counting: Vec<&str> = counting.copied().collect();
        let is_goal = |property: &Property<P>| {
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

    fn chosen_by(
        &self,
        asked: &Asked<'_>,
        system: &System<P>,
        witnesses: &mut [&mut dyn Witness<P>],
    ) -> Chosen<P> {
        match asked.course {
            Course::Told(lines, _) => Chosen {
                run: retell(system, lines, self.drift_ppm_max(), witnesses),
                unreached: Vec::new(),
                end: None,
                offered: Vec::new(),
            },
            Course::Drawn { seed, by } if by.has_time() => {
                self.simulate(seed, by, asked.record, system, witnesses)
            }
            Course::Drawn { seed, by } => self.walk(by, system, seed, witnesses),
        }
    }

    /// That of any clock in the scenario's run.
    fn drift_ppm_max(&self) -> u32 {
        let run = self.case().run.as_ref();
        run.map_or(0, |run| run.setup.drift_ppm_max())
    }

    fn simulate(
        &self,
        seed: u64,
        by: Strategy,
        tells_draws: bool,
        system: &System<P>,
        witnesses: &mut [&mut dyn Witness<P>],
    ) -> Chosen<P> {
        let case = self.case();
        let run = case.run.as_ref().expect("the scenario has a run");
        let simulator = || {
            let simulator = match by {
                Strategy::Swarm => {
                    Simulator::new(&swarm::drawn(&run.setup, seed), seed, &case.cluster)
                }
                _ => Simulator::new(&run.setup, seed, &case.cluster),
            };
            if tells_draws {
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
        Chosen {
            unreached: simulator.map_or_else(Vec::new, Simulator::unreached),
            end: simulator.and_then(Simulator::end),
            offered: simulator.map_or_else(Vec::new, Simulator::offered),
            run: done,
        }
    }

    /// A run that no time passes in, from where the search of the check starts.
    fn walk(
        &self,
        strategy: Strategy,
        system: &System<P>,
        seed: u64,
        witnesses: &mut [&mut dyn Witness<P>],
    ) -> Chosen<P> {
        let chooser: Box<dyn Chooser> = match strategy {
            Strategy::Pct => Box::new(Priorities::new(seed)),
            _ => Box::new(Dice::new(seed)),
        };
        let mut walk = Walk::new(self.after(), chooser, WALK_STEPS);
        let done = execute(system, &mut walk, witnesses);
        let mut run =
            done.expect("the story is not refuted: it was played when the scenario was opened");
        check::without_clocks(&mut run.facts);
        Chosen {
            run,
            unreached: Vec::new(),
            end: None,
            offered: Vec::new(),
        }
    }

    /// Where the trace of a run comes from, in which all properties count or only some.
    fn origin_of(&self, asked: &Asked<'_>, properties: &[Property<P>]) -> Origin {
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
