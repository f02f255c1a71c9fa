//! One scenario and its protocol on trial: a [`Case`].

use std::hash::Hasher;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use rustc_hash::FxHasher;

use super::budgets;
use super::case::{Case, CheckOptions, EngineKind, Hunted, Near, RunLimits};
use super::compare::{check_outcome, refutes, runs_outcome};
use super::estimate;
use super::judge_check::{allowed, report_check};
use super::one_run::Asked;
use super::record::{record, record_schedule};
use super::report::{CheckReport, Expected, RunReport};
use super::retell::{Course, Retold};
use super::runs::{Runner, Runs};
use super::seen::Sights;
use super::story::{self, RefutedStory, Story, Told};
use super::strategy::Strategy;
use crate::check::checkpoint::{CheckpointError, Fact, Folder};
use crate::check::{self, Limits, Monitor, Patient, Question};
use crate::estimate::{Outlook, Reached};
use crate::model::cluster::enumerate;
use crate::model::promise::located;
use crate::model::types::Types;
use crate::model::{
    Event, Expectation, Property, Protocol, Rules, Size, Statement, System, Time, Timing, Untyped,
    View, World,
};
use crate::run::{Script, execute};
use crate::scenario::{Counting, Resolved, Scenario, ScenarioError, ScheduleLine};
use crate::sim::setup::Setup;
use crate::sim::{Scripted, Simulator};
use crate::trace::{Origin, Trace};

/// A glimpse of what is checked: so many steps behind those of the scenario, so long, and as much for each
/// message.
const GLIMPSE_STEPS: usize = 40;
const GLIMPSE_TIME: Time = Time::from_millis(2_000);
const GLIMPSE_LATENCY: Time = Time::from_millis(5);

/// A scenario on trial. Whoever embeds the library and brings a protocol of its own starts here.
pub struct Testbed {
    case: Resolved<Untyped>,
    /// The protocol as it runs without faults; runs and checks have rules of their own.
    relation: System<Untyped>,
    /// Its runs, in its own types and without.
    runs: Box<dyn Runs>,
    untyped_runs: Runner<Untyped>,
    /// The events after which the check starts, and as they are written down.
    after: Vec<Event<Untyped>>,
    before: Vec<ScheduleLine>,
    /// The rules of the search: those of the scenario, with its budgets counted from where it says.
    searched: Option<Rules>,
    /// What of its budgets is gone before the search starts.
    notes: Vec<String>,
    /// The schedules of the run and of the check, if they turned out to be impossible.
    refuted_run: Option<Box<RefutedStory>>,
    refuted_check: Option<Box<RefutedStory>>,
    /// Whether some timer ever awaits somebody, once a run had to know.
    awaited: OnceLock<bool>,
}

impl Testbed {
    /// Resolves a scenario. Its schedules are played here, so that one that cannot happen is found
    /// before anything else runs.
    pub fn new<P: Protocol>(scenario: &Scenario) -> Result<Self, ScenarioError> {
        let (params, protocol) = scenario.protocol::<P>()?;
        let protocol = Arc::new(protocol);
        let case = scenario.resolve_as(Untyped::new::<P>(Arc::clone(&protocol)), params)?;
        let runs = Runner::<P>::new(System::new(protocol, Rules::fault_free()));
        Testbed::of(scenario, case, Box::new(runs))
    }

    fn of(
        scenario: &Scenario,
        case: Resolved<Untyped>,
        runs: Box<dyn Runs>,
    ) -> Result<Self, ScenarioError> {
        let relation = System::new(case.protocol.clone(), Rules::fault_free());
        let mut testbed = Testbed {
            untyped_runs: Runner::new(relation.clone()),
            relation,
            case,
            runs,
            before: Vec::new(),
            after: Vec::new(),
            searched: None,
            notes: Vec::new(),
            refuted_run: None,
            refuted_check: None,
            awaited: OnceLock::new(),
        };
        if let (Some(system), Some(check)) = (testbed.check_system(), &testbed.case.check) {
            let path = ["check", "after"];
            match testbed.play(scenario, &system, path, &check.after)? {
                Story::Happened(events) => testbed.starts_after(&system, events),
                Story::Refuted(story) => testbed.refuted_check = Some(story),
            }
        }
        if let (Some(system), Some(run)) = (testbed.run_system(), &testbed.case.run) {
            let path = ["run", "schedule"];
            if let Story::Refuted(story) = testbed.play(scenario, &system, path, &run.schedule)? {
                testbed.refuted_run = Some(story);
            }
        }
        Ok(testbed)
    }

    /// Notes the events before the search, and what they leave of its budgets.
    fn starts_after(&mut self, system: &System<Untyped>, events: Vec<Event<Untyped>>) {
        let start = check::start(system, &events);
        let counting = self.case.check.as_ref().map(|check| check.counting);
        let system = match counting {
            Some(Counting::FromHere) => {
                let spent = &start.globals().spent;
                system.under(spent.on_top_of(&system.rules))
            }
            _ => system.clone(),
        };
        self.notes = budgets::used_up(&system, &start);
        self.searched = Some(system.rules);
        let lines = self.relation.spell(&events).into_iter();
        self.before = lines.map(|line| (None, line)).collect();
        self.after = events;
    }

    fn play(
        &self,
        scenario: &Scenario,
        system: &System<Untyped>,
        path: [&'static str; 2],
        lines: &[ScheduleLine],
    ) -> Result<Story, ScenarioError> {
        let told = Told { path, lines };
        let Resolved {
            params, properties, ..
        } = &self.case;
        let origin = self.origin("schedule");
        story::play(scenario, system, params, properties, &told, origin)
    }

    /// The same for a text; errors call it `name`.
    pub fn parse<P: Protocol>(text: &str, name: &str) -> Result<Self, ScenarioError> {
        Self::new::<P>(&Scenario::parse(text, name)?)
    }

    fn types(&self) -> &dyn Types<Untyped> {
        self.case.protocol.types()
    }

    pub fn case(&self) -> &Resolved<Untyped> {
        &self.case
    }

    /// The protocol as it runs without faults.
    pub(super) fn relation(&self) -> &System<Untyped> {
        &self.relation
    }

    /// The events after which the check starts.
    pub(super) fn after(&self) -> &[Event<Untyped>] {
        &self.after
    }

    /// The same as they are written down.
    pub(super) fn before(&self) -> &[ScheduleLine] {
        &self.before
    }

    /// Runs that nobody records.
    pub(super) fn runs(&self) -> &dyn Runs {
        &*self.runs
    }

    /// Runs that somebody else looks at.
    pub(super) fn untyped_runs(&self) -> &Runner<Untyped> {
        &self.untyped_runs
    }

    /// Whether some timer ever awaits somebody, once a run had to know.
    pub(super) fn awaited(&self) -> &OnceLock<bool> {
        &self.awaited
    }

    /// The world that the run's schedule leads to, if it has one.
    fn after_schedule(&self, system: &System<Untyped>) -> Option<World<Untyped>> {
        let run = self.case.run.as_ref()?;
        if run.schedule.is_empty() {
            return None;
        }
        let mut script = Script::new(run.schedule.iter().cloned());
        let done = execute(system, &mut script, &mut []);
        let done =
            done.expect("the story is not refuted: it was played when the scenario was opened");
        Some(done.world)
    }

    /// The system that is simulated, and the one that is checked.
    pub fn run_system(&self) -> Option<System<Untyped>> {
        let run = self.case.run.as_ref()?;
        Some(self.relation.under(run.rules.clone()))
    }

    pub fn check_system(&self) -> Option<System<Untyped>> {
        let check = self.case.check.as_ref()?;
        let rules = self.searched.as_ref().unwrap_or(&check.rules);
        Some(self.relation.under(rules.clone()))
    }

    /// What the scenario allows, in words.
    fn allowed(&self) -> Vec<String> {
        let check = self.case.check.as_ref().expect("the scenario has a check");
        let mut words = allowed(&check.rules, &self.case.cluster);
        if check.counting == Counting::FromHere {
            words.push("all counted from where the search starts".to_owned());
        }
        words
    }

    pub(super) fn origin(&self, engine: &str) -> Origin {
        origin(engine, &self.case.name, &self.case.about)
    }

    /// A report, with what the scenario says and what it was asked.
    fn in_full(&self, mut report: CheckReport, options: &CheckOptions) -> CheckReport {
        report.allowed = self.allowed();
        report.notes.clone_from(&self.notes);
        report.cut_short |= options.depth_max.is_some();
        let is_fast = options.engine == EngineKind::Fast;
        report.threads = Some(if is_fast { options.tuning.crew() } else { 1 });
        report
    }

    fn limits(&self, options: &CheckOptions) -> Limits {
        let check = self.case.check.as_ref().expect("the scenario has a check");
        let depth = options.depth_max;
        Limits {
            depth: depth.map_or(check.depth, |depth| depth.min(check.depth)),
            states: options.states_max,
        }
    }

    /// The properties that count in a run.
    pub(super) fn counting(&self) -> Vec<Property<Untyped>> {
        let run = self.case.run.as_ref().expect("the scenario has a run");
        let counts = |property: &Property<Untyped>| run.properties.contains(&property.name);
        Property::those(&self.case.properties, &counts)
    }

    pub(super) fn chosen(&self, names: &[String]) -> Vec<Property<Untyped>> {
        let check = self.case.check.as_ref().expect("the scenario has a check");
        let wanted = |p: &Property<Untyped>| {
            if names.is_empty() {
                check.properties.contains(&p.name)
            } else {
                names.iter().any(|name| name == p.name)
            }
        };
        Property::those(&self.case.properties, &wanted)
    }
}

impl Case for Testbed {
    fn protocol(&self) -> &'static str {
        self.types().name()
    }

    fn about(&self) -> &str {
        &self.case.about
    }

    fn sizes(&self) -> &'static [Size] {
        self.types().sizes()
    }

    fn seeds(&self) -> Option<RangeInclusive<u64>> {
        self.case.run.as_ref().map(|run| run.seeds.iter())
    }

    fn has_check(&self) -> bool {
        self.case.check.is_some()
    }

    fn refuted_run(&self) -> Option<&RefutedStory> {
        self.refuted_run.as_deref()
    }

    fn refuted_check(&self) -> Option<&RefutedStory> {
        self.refuted_check.as_deref()
    }

    fn properties(&self) -> Vec<&'static str> {
        self.case.properties.iter().map(|p| p.name).collect()
    }

    fn expected_of_check(&self) -> Vec<String> {
        let expected = self.case.expect.check.iter();
        expected.map(|(name, _)| (*name).to_owned()).collect()
    }

    fn run(&self, seed: u64, record: bool, limits: &RunLimits<'_>) -> RunReport {
        let by = Strategy::Random;
        let asked = Asked {
            course: Course::Drawn { seed, by },
            record,
            limits,
        };
        self.judged(&asked)
    }

    fn strategies(&self) -> Vec<Strategy> {
        let all = Strategy::ALL.into_iter();
        all.filter(|strategy| self.can(*strategy)).collect()
    }

    fn hunt(&self, seed: u64, by: Strategy, record: bool, limits: &RunLimits<'_>) -> Hunted {
        let asked = Asked {
            course: Course::Drawn { seed, by },
            record,
            limits,
        };
        self.hunted(&asked)
    }

    fn retell(
        &self,
        lines: &[ScheduleLine],
        timing: Timing,
        record: bool,
        limits: &RunLimits<'_>,
    ) -> Retold {
        let asked = Asked {
            course: Course::Told(lines, timing),
            record,
            limits,
        };
        self.retold(&asked)
    }

    fn sights(&self) -> Sights {
        self.all_to_be_seen()
    }

    fn reachable(&self, most: usize, monitor: &mut dyn Monitor) -> Option<Vec<u64>> {
        self.all_that_can_be_seen(most, monitor)
    }

    fn refutes(&self, report: &RunReport) -> bool {
        refutes(self.case.expect.run.as_ref(), report)
    }

    fn compare_runs(&self, reports: &[RunReport]) -> Vec<Expected> {
        runs_outcome(self.case.expect.run.as_ref(), reports)
    }

    fn check(
        &self,
        options: &CheckOptions,
        folder: Option<&Folder>,
        monitor: &mut dyn Monitor,
    ) -> Result<CheckReport, CheckpointError> {
        let system = self.check_system().expect("the scenario has a check");
        let properties = self.chosen(&options.properties);
        let origin = self.origin("checker");
        let question = Question {
            system: &system,
            properties: &properties,
            after: &self.after,
            limits: self.limits(options),
        };
        let params = &self.case.params;
        let (engine, name) = match options.engine {
            EngineKind::Fast => (check::Engine::Fast(options.tuning), "fast"),
            EngineKind::Plain => (check::Engine::Plain, "plain"),
            #[cfg(feature = "stateright-bridge")]
            EngineKind::Stateright => {
                let report = super::second_opinion::check(&question, params, &origin, monitor);
                return Ok(self.in_full(report, options));
            }
        };
        let judged = || check::judge(&question, engine, folder, monitor);
        let trial = located(judged, || "in the check".to_owned())?;
        let report = report_check(&question, &trial, params, name, &origin);
        Ok(self.in_full(report, options))
    }

    fn outlook(&self) -> Outlook {
        let system = self.run_system().expect("the scenario has a run");
        let run = self.case.run.as_ref().expect("the scenario has a run");
        let after = self.after_schedule(&system);
        let after = after.as_ref().map(|world| world as &dyn View<Untyped>);
        let successes = self.case.protocol.successes(after);
        estimate::outlook(&successes, &run.setup, &self.case.cluster)
    }

    fn outcome(&self, seed: u64, limits: &RunLimits<'_>) -> Option<Reached> {
        self.reached(seed, limits)
    }

    fn glimpse(&self) -> Option<Trace> {
        let check = self.case.check.as_ref()?;
        let cluster = &self.case.cluster;
        let system = self.relation.under(Rules {
            absent: check.rules.absent,
            ..Rules::physics(cluster, check.rules.links.order)
        });
        let setup = Setup {
            steps_max: (self.after.len() + GLIMPSE_STEPS) as u64,
            ..Setup::fault_free(GLIMPSE_TIME, GLIMPSE_LATENCY)
        };
        let before = system.spell(&self.after).into_iter();
        let mut scheduler = Scripted {
            script: Script::new(before.map(|line| (None, line))),
            then: Some(Simulator::new(&setup, 1, cluster)),
        };
        let properties = Property::without_premise(&self.case.properties);
        let origin = self.origin("simulator");
        let params = &self.case.params;
        let recorded = record(&system, params, &properties, origin, &mut scheduler).ok();
        recorded.map(|(_, _, trace)| trace)
    }

    fn nearest(&self, property: &str, most: usize, monitor: &mut dyn Monitor) -> Option<Near> {
        let system = self.check_system()?;
        let property = self.case.properties.iter().find(|p| p.name == property)?;
        let Expectation::Reachable(goal) = &property.expectation else {
            return None;
        };
        let start = check::start(&system, &self.after);
        let found = check::nearest(&system, &start, goal, most, monitor);
        let mut schedule = system.spell(&self.after);
        schedule.extend(found.schedule);
        let watched = Property::without_premise(&self.case.properties);
        let origin = Origin {
            property: Some(property.name.to_owned()),
            ..self.origin("checker")
        };
        let (_, trace) = record_schedule(&system, &self.case.params, &watched, origin, &schedule);
        Some(Near {
            trace,
            reason: found.reason?.text,
            guards: found.guards,
            worlds: found.worlds,
            all: found.all,
        })
    }

    fn checkpoints(&self, options: &CheckOptions, path: &Path) -> Result<Folder, CheckpointError> {
        let system = self.check_system().expect("the scenario has a check");
        let properties = self.chosen(&options.properties);
        let params = self.case.params.to_string();
        let protocol = self.types().name();
        let properties = Property::all_stated(&properties);
        let asked = |p: &Statement| (p.name, p.premise.clone(), p.assumes.clone());
        let asked: Vec<_> = properties.iter().map(asked).collect();
        let names = properties.iter().map(|p| p.name.to_owned());
        let depth = self.limits(options).depth;
        let (reduce, symmetry, plan) = options.tuning.of_worlds();
        // How many worlds a search may find is not among them: with more it goes on.
        let facts = vec![
            Fact::new("program", &program()),
            Fact::new("protocol", &protocol).told(protocol),
            Fact::new("parameters", &params).told(params),
            Fact::new("what may happen", &system.rules),
            Fact::new("what happened before", &self.after),
            Fact::new("properties or `--property`", &asked).told(enumerate(names)),
            Fact::new("depth or `--depth`", &depth).told(depth.to_string()),
            Fact::new("`--reduce`", &reduce).told(reduce.to_string()),
            Fact::new("`--symmetry`", &symmetry).told(symmetry.to_string()),
            Fact::new("how reductions are planned", &plan),
        ];
        Folder::open(path, facts)
    }

    fn compare_check(&self, report: &CheckReport) -> Vec<Expected> {
        check_outcome(&self.case.expect.check, report)
    }

    #[cfg(feature = "stateright-bridge")]
    fn explorer(&self, address: std::net::SocketAddr) {
        use stateright::Model;

        let system = self.check_system().or_else(|| self.run_system());
        let system = system.expect("a scenario has a run or a check");
        let start = check::start(&system, &self.after);
        let bridge = check::stateright::Bridge::new(system, &self.case.properties, start);
        bridge.checker().serve(address);
    }
}

fn origin(engine: &str, scenario: &str, about: &str) -> Origin {
    Origin {
        engine: engine.to_owned(),
        scenario: Some(scenario.to_owned()),
        about: Some(about.to_owned()),
        ..Origin::default()
    }
}

/// What tells this program from others, if it can be read: worlds and verdicts in a checkpoint are of
/// its handlers and predicates, as they were compiled.
fn program() -> Option<u64> {
    let bytes = std::fs::read(std::env::current_exe().ok()?).ok()?;
    let mut hasher = FxHasher::default();
    hasher.write(&bytes);
    Some(hasher.finish())
}

/// Runs seeds on all cores, until it has to end: reports of runs that were under way say so, and those
/// of runs that were not begun are missing. They come in the order of the seeds.
pub fn run_seeds(
    case: &dyn Case,
    seeds: RangeInclusive<u64>,
    limits: &RunLimits<'_>,
    on_done: &(dyn Fn(&RunReport) + Sync),
) -> Vec<RunReport> {
    let seeds: Vec<u64> = seeds.collect();
    let reports: Vec<Option<RunReport>> = seeds
        .par_iter()
        .map(|&seed| {
            if (limits.watch)().is_err() {
                return None;
            }
            let report = case.run(seed, false, limits);
            on_done(&report);
            Some(report)
        })
        .collect();
    reports.into_iter().flatten().collect()
}

/// The properties that bounds leave open in a check, as far as it shows within so many worlds: nothing of what it did
/// not come to.
pub fn within_bounds(case: &dyn Case, states_max: u64) -> Vec<String> {
    let options = CheckOptions {
        states_max: Some(states_max),
        ..CheckOptions::default()
    };
    let report = case.check(&options, None, &mut Patient);
    let report = report.expect("there are no checkpoints that could be wrong");
    if report.cut_short {
        return Vec::new();
    }
    let bounded = report.properties.into_iter();
    let bounded = bounded.filter(|p| p.verdict.is_open());
    bounded.map(|p| p.property).collect()
}
