//! What a hunt came to.

use serde::{Deserialize, Serialize};

use super::{Ended, Hunt, STATES_MAX};
use crate::estimate::{Confidence, Interval};
use crate::model::FewMap;
use crate::testbed::{Blame, Mismatch, RunVerdict, Strategy};

/// How sure intervals and bounds are.
const SURE: Confidence = Confidence::Percent95;

/// What a hunt came to.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct HuntReport {
    /// The seeds that were asked for, both included.
    pub seeds: (u64, u64),
    /// How many ran, from the first one on.
    pub ran: u64,
    pub ended: Ended,
    pub failing: u64,
    /// How sure intervals are, in percent.
    #[cfg_attr(test, schemars(with = "String"))]
    pub confidence: Confidence,
    pub strategies: Vec<OfStrategy>,
    /// How many runs had each verdict.
    pub verdicts: FewMap<&'static str, u64>,
    /// What was found, in the order of what it is worth: what fails first, violations before the rest.
    pub finds: Vec<Find>,
    pub coverage: Coverage,
    /// How many seeds were run twice, with the same result.
    pub repeated: u64,
    /// The seed that was run twice and differed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unequal: Option<Unequal>,
}

/// What the runs of one strategy came to.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct OfStrategy {
    pub strategy: Strategy,
    pub about: &'static str,
    pub ran: u64,
    #[serde(flatten)]
    pub failing: Times,
}

/// How often something came about, and how likely it is by that.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Times {
    pub times: u64,
    /// Of all runs of the strategy; of something that never came about from zero to what it is likely to be
    /// rarer than.
    pub interval: Interval,
}

impl Times {
    /// `ended_it` says that the last of the runs was one of those, and ended the hunt.
    fn new(times: u64, runs: u64, ended_it: bool) -> Self {
        let interval = match times {
            0 => Interval {
                low: 0.0,
                high: SURE.bound_of_never(runs),
            },
            _ if ended_it => SURE.interval_until(times, runs),
            _ => SURE.interval(times, runs),
        };
        Times { times, interval }
    }
}

/// A run, to be run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Run {
    pub seed: u64,
    pub strategy: Strategy,
    pub steps: u64,
}

pub(super) use Run as Ran;

/// Runs that came to the same.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Find {
    /// Whether such a run fails. (Others are told, and count for nothing.)
    pub fails: bool,
    pub verdict: RunVerdict,
    pub property: Option<String>,
    pub standing: Option<Blame>,
    /// Why, without names (`_`) and numbers (`#`).
    pub shape: String,
    /// Why, in the words of the shortest.
    pub reason: Option<String>,
    pub times: u64,
    /// By strategy. They are never added up: what one finds says nothing of another.
    pub by: FewMap<Strategy, Times>,
    pub first: Run,
    pub shortest: Run,
}

/// What was seen.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Coverage {
    /// How many abstract states: for each node, how its status begins, up to the first number.
    pub states: u64,
    /// There were more than are counted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// The seed that saw the last one that was new.
    pub last_new: u64,
    /// Of the abstract states that the check can reach, where all of them could be found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reachable: Option<Reachable>,
    /// What roles were told: `participant Prepare`.
    pub arms: Vec<String>,
    /// What they are meant to be told, and were not.
    pub never_ran: Vec<String>,
    /// The properties whose goals were reached.
    pub goals: Vec<&'static str>,
    pub never_reached: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Reachable {
    pub seen: u64,
    pub states: u64,
}

/// A seed that gave two results.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Unequal {
    pub strategy: Strategy,
    #[serde(flatten)]
    pub mismatch: Mismatch,
}

impl Hunt<'_> {
    pub(super) fn report(self, ended: Ended, reachable: Option<Reachable>) -> HuntReport {
        let so_far = self.so_far();
        let last = self.plan.seeds.start() + so_far.seeds.saturating_sub(1);
        let ended_by = (ended == Ended::Failures).then(|| self.plan.dealt(last));
        let of_strategy = |(&strategy, &(ran, failing)): (&Strategy, &(u64, u64))| OfStrategy {
            strategy,
            about: strategy.about(),
            ran,
            failing: Times::new(failing, ran, ended_by == Some(strategy)),
        };
        let strategies = self.ran.iter().map(of_strategy).collect();
        let ran = |strategy: Strategy| self.ran.get(&strategy).map_or(0, |(ran, _)| *ran);
        let finds = self.finds.iter().map(|(way, kept)| {
            let signature = &way.signature;
            let counted = |(&strategy, &times): (&Strategy, &u64)| {
                // Only what the last run came to ended the hunt.
                let ended_it = ended_by == Some(strategy) && kept.last == last;
                (strategy, Times::new(times, ran(strategy), ended_it))
            };
            Find {
                fails: !way.is_fine,
                verdict: signature.verdict,
                property: signature.property.clone(),
                standing: signature.standing,
                shape: signature.shape.clone(),
                reason: kept.reason.clone(),
                times: kept.by.values().sum(),
                by: kept.by.iter().map(counted).collect(),
                first: kept.first,
                shortest: kept.shortest,
            }
        });
        let finds = finds.collect();
        let arm = |(role, arm): &(&str, _)| format!("{role} {arm}");
        let unheard = self.sights.arms.iter().filter(|a| !self.arms.contains(*a));
        let unreached = self
            .sights
            .goals
            .iter()
            .filter(|g| !self.goals.contains(*g));
        HuntReport {
            seeds: (*self.plan.seeds.start(), *self.plan.seeds.end()),
            ran: so_far.seeds,
            ended,
            failing: so_far.failing,
            confidence: SURE,
            strategies,
            verdicts: self
                .verdicts
                .iter()
                .map(|(verdict, n)| (verdict.word(), *n))
                .collect(),
            finds,
            coverage: Coverage {
                states: self.states.len() as u64,
                more: self.states.len() >= STATES_MAX,
                last_new: self.last_new,
                reachable,
                arms: self.arms.iter().map(arm).collect(),
                never_ran: unheard.map(arm).collect(),
                goals: self.goals.iter().copied().collect(),
                never_reached: unreached.copied().collect(),
            },
            repeated: self.repeated,
            unequal: self.unequal,
        }
    }
}
