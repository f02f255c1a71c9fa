//! One story on several protocols: the same votes or clients, the same faults at the same moments.

use std::fmt::Write;
use std::ops::RangeInclusive;

use serde::Serialize;

use super::bench::Testbed;
use super::case::Case;
use super::compare::summary;
use super::report::{RunReport, RunVerdict};
use crate::model::{Protocol, Time};
use crate::protocols::atomic_commitment::{AtomicCommitment, PlannedVote};
use crate::protocols::key_value::{ReplicatedStore, Workload};
use crate::protocols::{CommitVisitor, StoreVisitor, each_commit_protocol, each_replicated_store};
use crate::scenario::{Comparison, Problem, Scenario, ScenarioError, Spanned};

/// A protocol on trial, by its name, and in this form if it has several.
struct OnTrial {
    protocol: &'static str,
    form: &'static str,
    case: Box<dyn Case>,
}

/// The trials of one story, one for each protocol and form of it.
pub struct Trials(Vec<OnTrial>);

/// Tells a story to each protocol that is wanted, until one does not take it.
struct Tell<'a, T> {
    comparison: &'a Comparison,
    wanted: &'a dyn Fn(&str) -> bool,
    /// What is particular to this one.
    subject: T,
    trials: Result<Vec<OnTrial>, ScenarioError>,
}

impl<T> Tell<'_, T> {
    fn add<P: Protocol>(&mut self, form: &'static str, told: Result<Scenario, ScenarioError>) {
        let testbed = told.and_then(|scenario| Testbed::new::<P>(&scenario));
        match (testbed, &mut self.trials) {
            (Ok(testbed), Ok(trials)) => trials.push(OnTrial {
                protocol: P::NAME,
                form,
                case: Box::new(testbed),
            }),
            (Err(error), trials @ Ok(_)) => *trials = Err(error),
            (_, Err(_)) => {}
        }
    }
}

impl CommitVisitor for Tell<'_, &Spanned<Vec<PlannedVote>>> {
    fn visit<P: AtomicCommitment>(&mut self) {
        if (self.wanted)(P::NAME) {
            self.add::<P>("", self.comparison.told_to::<P>(self.subject));
        }
    }
}

impl StoreVisitor for Tell<'_, (&Spanned<u8>, &Spanned<Workload>)> {
    fn visit<P: ReplicatedStore>(&mut self) {
        let (servers, clients) = self.subject;
        if (self.wanted)(P::NAME) {
            for (form, params) in P::instances(**servers, clients) {
                let told = self
                    .comparison
                    .told_to_store::<P>(&params, (servers, clients));
                self.add::<P>(form, told);
            }
        }
    }
}

impl Trials {
    /// Tells the story to those protocols of its kind that are wanted.
    pub fn new(
        comparison: &Comparison,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Self, ScenarioError> {
        let trials = Ok(Vec::new());
        let trials = match comparison.problem() {
            Problem::AtomicCommitment(votes) => {
                let mut tell = Tell {
                    comparison,
                    wanted,
                    subject: votes,
                    trials,
                };
                each_commit_protocol(&mut tell);
                tell.trials
            }
            Problem::ReplicatedStore(servers, clients) => {
                let mut tell = Tell {
                    comparison,
                    wanted,
                    subject: (servers, clients),
                    trials,
                };
                each_replicated_store(&mut tell);
                tell.trials
            }
        };
        trials.map(Trials)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What each protocol makes of it. `run` runs seeds, and says so to whoever waits.
    pub fn compare(
        &self,
        seeds: &RangeInclusive<u64>,
        mut run: impl FnMut(&dyn Case, &RangeInclusive<u64>, &str) -> Vec<RunReport>,
    ) -> Vec<Compared> {
        let compared = |trial: &OnTrial| {
            let reports = run(&*trial.case, seeds, &name(trial.protocol, trial.form));
            Compared::of(trial, &reports)
        };
        self.0.iter().map(compared).collect()
    }
}

/// The names of the protocols that replicate a key-value store.
pub fn replicated_stores() -> Vec<&'static str> {
    struct Names(Vec<&'static str>);

    impl StoreVisitor for Names {
        fn visit<P: ReplicatedStore>(&mut self) {
            self.0.push(P::NAME);
        }
    }

    let mut names = Names(Vec::new());
    each_replicated_store(&mut names);
    names.0
}

/// What one protocol made of a story. Costs are medians over the seeds.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Compared {
    pub protocol: &'static str,
    /// Which form of it, if it has several.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub form: &'static str,
    pub seeds: usize,
    /// How the runs ended: `53 ok, 47 blocked`.
    pub verdicts: String,
    /// The first run of those that ended worst, unless all went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst: Option<Ended>,
    /// Messages sent from one node to another, whatever became of them.
    pub messages: u64,
    /// Messages on the longest causal chain that ends in a decision; none where nobody decides once and for all.
    pub delays: u32,
    /// Forced records, of all nodes together.
    pub forced: u32,
    /// Time with locks held, of all nodes together.
    pub locked: Time,
    /// Answers that clients got.
    pub answered: u64,
    /// The longest that one of them waited.
    pub slowest: Time,
}

/// A protocol, and its form if it has several.
fn name(protocol: &str, form: &str) -> String {
    match form {
        "" => protocol.to_owned(),
        form => format!("{protocol}, {form}"),
    }
}

/// How one run ended.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Ended {
    pub seed: u64,
    pub verdict: RunVerdict,
    /// Who and why, in whole sentences.
    pub sentences: Vec<String>,
}

impl Compared {
    /// The first run of those that ended worst, unless all went well.
    fn worst(reports: &[RunReport]) -> Option<&RunReport> {
        let went_wrong = |report: &&RunReport| report.verdict != RunVerdict::Ok;
        let wrong = reports.iter().filter(went_wrong);
        wrong.min_by_key(|report| (report.verdict, report.seed))
    }

    /// The seed of that one, or of the first.
    pub fn worth_seeing(reports: &[RunReport]) -> Option<u64> {
        let worst = Self::worst(reports).or(reports.first());
        worst.map(|report| report.seed)
    }

    fn of(trial: &OnTrial, reports: &[RunReport]) -> Self {
        let worst = Self::worst(reports);
        let costs = || reports.iter().map(|report| &report.costs);
        Compared {
            protocol: trial.protocol,
            form: trial.form,
            seeds: reports.len(),
            verdicts: summary(reports),
            worst: worst.map(|report| Ended {
                seed: report.seed,
                verdict: report.verdict,
                sentences: report.sentences.clone(),
            }),
            messages: median(costs().map(|c| c.messages)),
            delays: median(costs().map(|c| c.delays)),
            forced: median(costs().map(|c| c.forced.iter().sum::<u32>())),
            locked: median(costs().map(|c| Time(c.locked.iter().map(|time| time.0).sum()))),
            answered: median(costs().map(|c| c.answered)),
            slowest: median(costs().map(|c| c.slowest)),
        }
    }
}

/// The lower of the two in the middle, if there are two.
fn median<T: Copy + Default + Ord>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    let middle = values.len().saturating_sub(1) / 2;
    values.get(middle).copied().unwrap_or_default()
}

impl Compared {
    /// What it is called.
    pub fn name(&self) -> String {
        name(self.protocol, self.form)
    }
}

impl Problem {
    /// What is counted of its protocols.
    pub fn columns(&self) -> [&'static str; 4] {
        match self {
            Problem::AtomicCommitment(_) => ["messages", "delays", "forced", "locks held"],
            Problem::ReplicatedStore(..) => ["messages", "forced", "answers", "slowest"],
        }
    }

    /// The same of one of them; times to the millisecond.
    pub fn counts(&self, compared: &Compared) -> [String; 4] {
        const MILLISECOND: u64 = 1_000_000;
        let about = |time: Time| Time((time.0 + MILLISECOND / 2) / MILLISECOND * MILLISECOND);
        let c = compared;
        let (messages, forced) = (c.messages.to_string(), c.forced.to_string());
        match self {
            Problem::AtomicCommitment(_) => {
                let (delays, locked) = (c.delays.to_string(), about(c.locked).to_string());
                [messages, delays, forced, locked]
            }
            Problem::ReplicatedStore(..) => {
                let (answered, slowest) = (c.answered.to_string(), about(c.slowest).to_string());
                [messages, forced, answered, slowest]
            }
        }
    }
}

/// A table of them, and what went wrong.
pub fn markdown(problem: &Problem, compared: &[Compared]) -> String {
    let columns = problem.columns().join(" | ");
    let mut page = format!("| | runs | {columns} |\n|---|---|---|---|---|---|\n");
    for c in compared {
        let (name, verdicts, counts) = (c.name(), &c.verdicts, problem.counts(c).join(" | "));
        writeln!(page, "| {name} | {verdicts} | {counts} |").expect("a string takes all");
    }
    for c in compared {
        if let Some(worst) = &c.worst {
            let sentences = worst.sentences.join(" ");
            write!(page, "\n- {}, seed {}: {sentences}", c.name(), worst.seed)
                .expect("a string takes all");
        }
    }
    page
}
