//! One story on several protocols: the same votes, the same faults at the same moments.

use std::fmt::Write;
use std::ops::RangeInclusive;

use serde::Serialize;

use super::bench::Testbed;
use super::case::Case;
use super::compare::summary;
use super::report::{RunReport, RunVerdict};
use crate::model::Time;
use crate::protocols::atomic_commitment::AtomicCommitment;
use crate::protocols::{CommitVisitor, each_commit_protocol};
use crate::scenario::{Comparison, ScenarioError};

/// A protocol by its name, on trial.
type OnTrial = (&'static str, Box<dyn Case>);

/// The trials of one story, one for each protocol.
pub struct Trials(Vec<OnTrial>);

impl Trials {
    /// Tells the story to the commit protocols that are wanted.
    pub fn new(
        comparison: &Comparison,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Self, ScenarioError> {
        struct Tell<'a> {
            comparison: &'a Comparison,
            wanted: &'a dyn Fn(&str) -> bool,
            trials: Result<Vec<OnTrial>, ScenarioError>,
        }

        impl CommitVisitor for Tell<'_> {
            fn visit<P: AtomicCommitment>(&mut self) {
                let Ok(trials) = &mut self.trials else {
                    return;
                };
                if !(self.wanted)(P::NAME) {
                    return;
                }
                let scenario = self.comparison.told_to::<P>();
                match scenario.and_then(|scenario| Testbed::<P>::new(&scenario)) {
                    Ok(testbed) => trials.push((P::NAME, Box::new(testbed))),
                    Err(error) => self.trials = Err(error),
                }
            }
        }

        let mut tell = Tell {
            comparison,
            wanted,
            trials: Ok(Vec::new()),
        };
        each_commit_protocol(&mut tell);
        tell.trials.map(Trials)
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
        let compared =
            |(protocol, case): &OnTrial| Compared::of(protocol, &run(&**case, seeds, protocol));
        self.0.iter().map(compared).collect()
    }
}

/// What one protocol made of a story. Costs are medians over the seeds.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Compared {
    pub protocol: &'static str,
    pub seeds: usize,
    /// How the runs ended: `53 ok, 47 blocked`.
    pub verdicts: String,
    /// The first run of those that ended worst, unless all went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst: Option<Ended>,
    /// Messages sent from one node to another, whatever became of them.
    pub messages: u64,
    /// Messages on the longest causal chain that ends in a decision.
    pub delays: u32,
    /// Forced records, of all nodes together.
    pub forced: u32,
    /// Time with locks held, of all nodes together.
    pub locked: Time,
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

    fn of(protocol: &'static str, reports: &[RunReport]) -> Self {
        let worst = Self::worst(reports);
        let costs = || reports.iter().map(|report| &report.costs);
        Compared {
            protocol,
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
    /// Time with locks held, to the millisecond.
    pub fn locked_about(&self) -> Time {
        const MILLISECOND: u64 = 1_000_000;
        Time((self.locked.0 + MILLISECOND / 2) / MILLISECOND * MILLISECOND)
    }
}

/// A table of them, and what went wrong.
pub fn markdown(compared: &[Compared]) -> String {
    let mut page = "| | runs | messages | delays | forced | locks held |\n\
                    |---|---|---|---|---|---|\n"
        .to_owned();
    for c in compared {
        let Compared {
            protocol,
            verdicts,
            messages,
            delays,
            forced,
            ..
        } = c;
        let locked = c.locked_about();
        writeln!(
            page,
            "| {protocol} | {verdicts} | {messages} | {delays} | {forced} | {locked} |"
        )
        .expect("a string takes all");
    }
    for c in compared {
        if let Some(worst) = &c.worst {
            let sentences = worst.sentences.join(" ");
            write!(page, "\n- {}, seed {}: {sentences}", c.protocol, worst.seed)
                .expect("a string takes all");
        }
    }
    page
}
