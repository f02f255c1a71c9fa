//! A scenario on trial, seen from outside: the protocol is erased.

use std::ops::RangeInclusive;
use std::path::Path;

use super::report::{CheckReport, Expected, RunReport};
use super::retell::Retold;
use super::seen::{Seen, Sights};
use super::story::RefutedStory;
use super::strategy::Strategy;
use crate::check::checkpoint::{CheckpointError, Folder};
use crate::check::fast::Tuning;
use crate::check::{Monitor, Progress, Stopped};
use crate::estimate::{Outlook, Reached};
use crate::model::{Limit, Size, Timing};
use crate::scenario::ScheduleLine;
use crate::trace::Trace;

/// Which engine searches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineKind {
    /// Ours: exact, and shortest schedules.
    #[default]
    Fast,
    /// The same answers from the plainest search there is. It is slow, and is there to be compared
    /// with.
    Plain,
    /// Stateright's breadth-first checker on the same relation: a second opinion. It judges only
    /// properties that are predicates over one world.
    #[cfg(feature = "stateright-bridge")]
    Stateright,
}

/// What a check is asked for beyond the scenario.
#[derive(Clone, Debug, Default)]
pub struct CheckOptions {
    pub engine: EngineKind,
    /// Judge only these properties; all of the scenario's if empty.
    pub properties: Vec<String>,
    /// Stop after so many distinct worlds.
    pub states_max: Option<u64>,
    /// A depth bound beside the scenario's.
    pub depth_max: Option<Limit>,
    /// How the fast engine goes about it.
    pub tuning: Tuning,
}

/// How many worlds are searched, by default, to tell a blocked run from an undecided one.
pub const RUN_STATES: usize = 20_000;

/// How far runs may go. What they come to depends on nothing else of this than the number of worlds.
#[derive(Clone, Copy)]
pub struct RunLimits<'a> {
    /// How many worlds may be searched at the end of one run, which tells whether a goal that it did not
    /// reach can still be reached; and as many again for each repair that may help.
    pub states: usize,
    /// Whether a run goes on when a property is violated, for what else it breaks.
    pub go_on: bool,
    /// Whether it is told of a run that is blocked why it is, and what would help: that takes searches of its own.
    pub explains: bool,
    /// Asked every so often whether a run has to end before it is over, and why.
    pub watch: &'a (dyn Fn() -> Result<(), Stopped> + Sync),
    /// Told of the seed when such a search begins.
    pub judging: &'a (dyn Fn(u64) + Sync),
}

impl Default for RunLimits<'_> {
    /// Nobody wants anything to end.
    fn default() -> Self {
        RunLimits {
            states: RUN_STATES,
            go_on: false,
            explains: true,
            watch: &|| Ok(()),
            judging: &|_| (),
        }
    }
}

impl RunLimits<'_> {
    /// Ends a search where runs have to end.
    pub fn monitor(&self) -> impl Monitor {
        struct Watching<'a>(&'a RunLimits<'a>);

        impl Monitor for Watching<'_> {
            fn look(&mut self, _: &Progress) -> Result<(), Stopped> {
                (self.0.watch)()
            }
        }

        Watching(self)
    }
}

/// What came of one run of a hunt.
#[derive(Clone, Debug)]
pub struct Hunted {
    pub report: RunReport,
    pub seen: Seen,
}

/// What comes nearest to a goal.
#[derive(Clone, Debug)]
pub struct Near {
    pub trace: Trace,
    /// Why the goal is not met where it ends.
    pub reason: String,
    /// What keeps timers from firing there, and repairs from coming: whole sentences.
    pub guards: Vec<String>,
    /// How many worlds were looked at, and whether these are all.
    pub worlds: usize,
    pub all: bool,
}

/// A scenario on trial.
pub trait Case: Send + Sync {
    /// What scenario files call the protocol.
    fn protocol(&self) -> &'static str;

    /// What the scenario says it is about.
    fn about(&self) -> &str;

    /// The parameters that say how many of something there are.
    fn sizes(&self) -> &'static [Size];

    /// The seeds that the scenario names; `None` if it has no run.
    fn seeds(&self) -> Option<RangeInclusive<u64>>;

    /// Whether the scenario has a check.
    fn has_check(&self) -> bool;

    /// The event of the run's schedule that cannot happen, if there is one: then nothing can be run.
    fn refuted_run(&self) -> Option<&RefutedStory>;

    /// The event before the check that cannot happen, if there is one: then nothing can be checked.
    fn refuted_check(&self) -> Option<&RefutedStory>;

    /// The properties of the protocol, in its order.
    fn properties(&self) -> Vec<&'static str>;

    /// The properties for which the scenario expects a verdict of the check.
    fn expected_of_check(&self) -> Vec<String>;

    /// One run, as far as it may go; that is asked every thousand steps or so, and oftener in the search
    /// at its end. `record` asks for the trace as well, at a cost; of a run of more than
    /// [`STEPS_MAX`](crate::trace::STEPS_MAX) steps it has the beginning and the end.
    ///
    /// # Panics
    /// If the scenario has no run, or its story is refuted.
    fn run(&self, seed: u64, record: bool, limits: &RunLimits<'_>) -> RunReport;

    /// The strategies that have something to go by in the scenario.
    fn strategies(&self) -> Vec<Strategy>;

    /// One run by one of these, and what it came to see. Where no time passes it begins where the check
    /// does, and is judged by the properties that count there.
    ///
    /// # Panics
    /// If the scenario has nothing for it to go by, or its story is refuted.
    fn hunt(&self, seed: u64, by: Strategy, record: bool, limits: &RunLimits<'_>) -> Hunted;

    /// The run of these events, in the one notation: of what cannot happen when its turn comes, because something
    /// was left out before it, the nearest that can, or nothing. Where none of them has a time no time passes, and it
    /// is judged as a counterexample is; whether it can go on, by timers that fire when `timing` says.
    ///
    /// # Panics
    /// If the scenario has no run.
    fn retell(
        &self,
        lines: &[ScheduleLine],
        timing: Timing,
        record: bool,
        limits: &RunLimits<'_>,
    ) -> Retold;

    /// What there is to be seen.
    fn sights(&self) -> Sights;

    /// The abstract states (see [`Seen`]) of all worlds that the check can reach; nothing if it has a depth, if
    /// there are more than so many worlds, or if somebody wants it to end.
    fn reachable(&self, most: usize, monitor: &mut dyn Monitor) -> Option<Vec<u64>>;

    /// Whether one run alone already goes against what the scenario expects of every run.
    fn refutes(&self, report: &RunReport) -> bool;

    /// How the expectation of the runs turned out; nothing if the scenario has none.
    fn compare_runs(&self, reports: &[RunReport]) -> Vec<Expected>;

    /// Explores every run. With a folder it goes on from the checkpoints there, and leaves some; they
    /// alone can be wrong. (The other engines keep none.)
    ///
    /// # Panics
    /// If the scenario has no check, or its story is refuted.
    fn check(
        &self,
        options: &CheckOptions,
        folder: Option<&Folder>,
        monitor: &mut dyn Monitor,
    ) -> Result<CheckReport, CheckpointError>;

    /// A run of what is checked, in which nothing more fails: the events before the search, and the first of
    /// what comes of them. For a picture where a check has none to show.
    fn glimpse(&self) -> Option<Trace>;

    /// The run of what is checked that comes nearest to what a property asks for, out of so many worlds: its trace,
    /// whose verdict says what is missing in the end. Nothing if it asks for nothing that a run comes to, or a run
    /// does come to it.
    ///
    /// # Panics
    /// If the scenario has no check, or its story is refuted.
    fn nearest(&self, property: &str, most: usize, monitor: &mut dyn Monitor) -> Option<Near>;

    /// The folder for the checkpoints of such a check. What lies there must be of the very same, and nobody
    /// else may be at work in it.
    ///
    /// # Panics
    /// If the scenario has no check, or its story is refuted.
    fn checkpoints(&self, options: &CheckOptions, path: &Path) -> Result<Folder, CheckpointError>;

    /// What runs may come to, and what is known of how likely that is.
    ///
    /// # Panics
    /// If the scenario has no run, or its story is refuted.
    fn outlook(&self) -> Outlook;

    /// What one run comes to, in the order of [`Case::outlook`]; nothing if it had to end before it was
    /// over. Nothing is searched.
    ///
    /// # Panics
    /// If the scenario has no run, or its story is refuted.
    fn outcome(&self, seed: u64, limits: &RunLimits<'_>) -> Option<Reached>;

    /// How the expectations of the check turned out, for the properties in the report.
    fn compare_check(&self, report: &CheckReport) -> Vec<Expected>;

    /// Serves Stateright's Explorer on this address (`localhost:3000`) until the process ends.
    #[cfg(feature = "stateright-bridge")]
    fn explorer(&self, address: std::net::SocketAddr);
}

/// A protocol as `jury list` shows it.
#[derive(Clone, Debug, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ProtocolInfo {
    pub name: String,
    pub about: String,
    pub sources: Vec<String>,
    /// The default parameters.
    pub params: serde_json::Value,
    /// Each parameter with its description, from the schema.
    pub parameters: Vec<ParameterInfo>,
    pub properties: Vec<PropertyInfo>,
    pub bugs: Vec<BugInfo>,
    /// The nodes of the default cluster, each with its role.
    pub nodes: Vec<(String, String)>,
}

#[derive(Clone, Debug, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ParameterInfo {
    pub name: String,
    pub about: String,
    pub default: serde_json::Value,
    /// The values that it may have, if it has words for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<serde_json::Value>,
}

#[derive(Clone, Debug, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct PropertyInfo {
    pub name: String,
    pub about: String,
    pub citation: String,
    pub expectation: String,
    pub assumes: Vec<String>,
    /// The variants that have it, where the default parameters do not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only_with: Vec<String>,
}

#[derive(Clone, Debug, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct BugInfo {
    pub name: String,
    pub about: String,
    pub breaks: Vec<String>,
    /// Where it is known from, if anybody knows.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
}
