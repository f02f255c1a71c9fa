//! A hunt: many seeds by several strategies, on all cores, told as if they ran one after the other.
//!
//! Seeds run in batches and are taken in their order, so what a hunt finds, counts and draws does not depend on
//! how many cores there are; where it ends by a rule that counts, it ends with the same seed. What it keeps does not
//! grow with the number of seeds or of failures: of runs that failed alike it keeps how many, the first and the
//! shortest.

pub mod detect;
mod report;

use std::collections::BTreeSet;
use std::ops::{ControlFlow, RangeInclusive};

use rayon::prelude::*;

pub use report::{Coverage, Find, HuntReport, OfStrategy, Reachable, Run, Times, Unequal};

use crate::check::Stopped;
use crate::model::arms::Arm;
use crate::model::{Few, FewMap};
use crate::testbed::verify::{Between, Recorded, differ};
use crate::testbed::{
    Blame, Case, Hunted, RunLimits, RunReport, RunVerdict, Sights, Signature, Strategy,
};
use report::Ran;
use serde::Serialize;

/// How many steps all runs of a batch may take, about: a tenth of a second.
const BATCH: u64 = 100_000;
/// The most seeds in one.
const BATCH_MAX: u64 = 1 << 12;
/// So many abstract states are kept, and whoever sees more has seen as many at least.
const STATES_MAX: usize = 1 << 20;
/// So many ways to fail are kept.
const FINDS_MAX: usize = 1_000;
/// One of so many runs of each strategy is run twice.
const AGAIN_EVERY: u64 = 64;
/// The share of reachable states is told of a check with no more worlds.
const REACHABLE_WORLDS: usize = 100_000;

/// What a hunt is asked for.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seeds: RangeInclusive<u64>,
    /// Dealt in turn, by seed. At least one.
    pub strategies: Vec<Strategy>,
    pub counting: Counting,
    /// Ends with the run that is the so manieth to fail.
    pub stop_at: Option<u64>,
    /// Ends when so many seeds in a row saw no abstract state that was new.
    pub stale_after: Option<u64>,
}

/// Which runs count as failures.
#[derive(Clone, Debug)]
pub enum Counting {
    /// See [`fails`].
    All,
    /// Those that go against one of these properties, or any if none is named, within what it assumes.
    Against(Vec<String>),
}

impl Plan {
    /// These seeds, by nobody yet.
    pub fn new(seeds: RangeInclusive<u64>) -> Self {
        Plan {
            seeds,
            strategies: Vec::new(),
            counting: Counting::All,
            stop_at: None,
            stale_after: None,
        }
    }

    /// The strategy of a seed.
    pub fn dealt(&self, seed: u64) -> Strategy {
        let nth = seed % self.strategies.len() as u64;
        self.strategies[usize::try_from(nth).expect("there are few")]
    }

    /// Whether a seed is run twice.
    fn is_repeated(&self, seed: u64) -> bool {
        (seed / self.strategies.len() as u64).is_multiple_of(AGAIN_EVERY)
    }
}

/// Why a hunt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// All seeds ran.
    Seeds,
    /// So many runs failed as were asked for.
    Failures,
    /// Nothing new was seen for so many seeds.
    Stale,
    Time,
    Interrupted,
    Memory,
    /// A seed was run twice and differed.
    Unequal,
}

impl From<Stopped> for Ended {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Interrupted => Ended::Interrupted,
            Stopped::Memory => Ended::Memory,
            Stopped::Time | Stopped::States => Ended::Time,
        }
    }
}

/// How far a hunt has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct SoFar {
    pub seeds: u64,
    pub failing: u64,
    /// In how many ways.
    pub ways: usize,
    pub states: usize,
}

/// Hunts, and tells how far it has come after every batch.
pub fn hunt(
    case: &dyn Case,
    plan: &Plan,
    limits: &RunLimits<'_>,
    on_batch: &mut dyn FnMut(SoFar),
) -> HuntReport {
    let mut hunt = Hunt::new(case, plan);
    let ended = hunt.go(limits, on_batch);
    let reachable = hunt.reachable(limits, ended);
    hunt.report(ended, reachable)
}

/// A run, as the hunt counts it.
struct Caught {
    seed: u64,
    hunted: Hunted,
    /// What it came to when it was run once more.
    again: Option<RunReport>,
}

impl Caught {
    fn steps(&self) -> u64 {
        self.hunted.report.facts.steps
    }
}

/// Runs that failed alike, in the order in which they are told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    /// Runs that do not go against what is expected come last.
    is_fine: bool,
    /// Nor do those come first that go against what is expected of a run, and against no property.
    is_only_unexpected: bool,
    signature: Signature,
}

/// What is kept of them.
struct Kept {
    by: FewMap<Strategy, u64>,
    first: Ran,
    shortest: Ran,
    /// The seed of the last.
    last: u64,
    /// Of the shortest.
    reason: Option<String>,
}

/// What was found so far.
struct Hunt<'a> {
    case: &'a dyn Case,
    plan: &'a Plan,
    sights: Sights,
    /// By strategy: how many ran, and how many failed.
    ran: FewMap<Strategy, (u64, u64)>,
    verdicts: FewMap<RunVerdict, u64>,
    finds: FewMap<Way, Kept>,
    states: BTreeSet<u64>,
    arms: Few<(&'static str, Arm)>,
    goals: Few<&'static str>,
    /// The seed that saw the last abstract state that was new.
    last_new: u64,
    repeated: u64,
    unequal: Option<Unequal>,
}

impl<'a> Hunt<'a> {
    fn new(case: &'a dyn Case, plan: &'a Plan) -> Self {
        Hunt {
            case,
            plan,
            sights: case.sights(),
            ran: plan.strategies.iter().map(|s| (*s, (0, 0))).collect(),
            verdicts: FewMap::new(),
            finds: FewMap::new(),
            states: BTreeSet::new(),
            arms: Few::new(),
            goals: Few::new(),
            last_new: *plan.seeds.start(),
            repeated: 0,
            unequal: None,
        }
    }

    fn go(&mut self, limits: &RunLimits<'_>, on_batch: &mut dyn FnMut(SoFar)) -> Ended {
        let (mut next, last) = (*self.plan.seeds.start(), *self.plan.seeds.end());
        let mut size = rayon::current_num_threads() as u64 * 4;
        loop {
            let until = next.saturating_add(size - 1).min(last);
            let batch: Vec<u64> = (next..=until).collect();
            let caught = batch.par_iter().map(|&seed| self.catch(seed, limits));
            let caught: Vec<Option<Caught>> = caught.collect();
            let steps = caught.iter().flatten().map(Caught::steps).sum::<u64>();
            for caught in caught {
                let Some(caught) = caught else {
                    let stopped = (limits.watch)().err();
                    return stopped.map_or(Ended::Interrupted, Ended::from);
                };
                if let ControlFlow::Break(ended) = self.take(caught, limits) {
                    on_batch(self.so_far());
                    return ended;
                }
            }
            on_batch(self.so_far());
            if until == last {
                return Ended::Seeds;
            }
            next = until + 1;
            // How many run at once changes nothing but how often one looks up, and how long a core waits for another.
            let each = (steps / size).max(1);
            size = (BATCH / each).clamp(rayon::current_num_threads() as u64 * 4, BATCH_MAX);
        }
    }

    /// Runs a seed; nothing if it had to end before it was over.
    fn catch(&self, seed: u64, limits: &RunLimits<'_>) -> Option<Caught> {
        if (limits.watch)().is_err() {
            return None;
        }
        let by = self.plan.dealt(seed);
        let hunted = self.case.hunt(seed, by, false, limits);
        let again = self.plan.is_repeated(seed);
        let again = again.then(|| self.case.hunt(seed, by, false, limits).report);
        let all = std::iter::once(&hunted.report).chain(&again);
        all.clone()
            .all(|report| report.verdict.is_over())
            .then(|| Caught {
                seed,
                hunted,
                again,
            })
    }

    /// Counts a run. They come in the order of the seeds.
    fn take(&mut self, caught: Caught, limits: &RunLimits<'_>) -> ControlFlow<Ended> {
        let Caught {
            seed,
            hunted: Hunted { report, seen },
            again,
        } = caught;
        let strategy = self.plan.dealt(seed);
        let mut is_new = false;
        for state in seen.states {
            if self.states.len() < STATES_MAX {
                is_new |= self.states.insert(state);
            }
        }
        if is_new {
            self.last_new = seed;
        }
        self.arms.extend(seen.arms);
        self.goals.extend(seen.goals);
        *self.verdicts.of(report.verdict) += 1;
        let fails = match &self.plan.counting {
            Counting::All => fails(self.case, strategy, &report),
            Counting::Against(properties) => goes_against(properties, &report),
        };
        let ran = self.ran.of(strategy);
        ran.0 += 1;
        ran.1 += u64::from(fails);
        if let Some(again) = &again {
            self.repeated += 1;
            if let Some(mismatch) = differ(seed, Between::TwiceInThisProcess, &report, again) {
                let mismatch = mismatch.told(&mut || {
                    let run = || {
                        let report = self.case.hunt(seed, strategy, true, limits).report;
                        Recorded::of(report)
                    };
                    Some([run()?, run()?])
                });
                self.unequal = Some(Unequal { strategy, mismatch });
                return ControlFlow::Break(Ended::Unequal);
            }
        }
        if fails || goes_wrong(&report) {
            self.keep(seed, strategy, fails, report);
        }
        if fails && Some(self.failing()) == self.plan.stop_at {
            return ControlFlow::Break(Ended::Failures);
        }
        let idle = seed - self.last_new;
        match self.plan.stale_after {
            Some(most) if idle >= most => ControlFlow::Break(Ended::Stale),
            _ => ControlFlow::Continue(()),
        }
    }

    fn keep(&mut self, seed: u64, strategy: Strategy, fails: bool, report: RunReport) {
        let mut way = Way {
            is_fine: !fails,
            is_only_unexpected: !goes_wrong(&report),
            signature: Signature::of(&report, &self.sights.nodes),
        };
        if self.finds.len() >= FINDS_MAX && !self.finds.contains_key(&way) {
            way.signature.shape.clear();
        }
        let ran = Ran {
            seed,
            strategy,
            steps: report.facts.steps,
        };
        let kept = self.finds.of_or(way, || Kept {
            by: FewMap::new(),
            first: ran,
            shortest: ran,
            last: seed,
            reason: report.reason.clone(),
        });
        kept.last = seed;
        *kept.by.of(strategy) += 1;
        if ran.steps < kept.shortest.steps {
            kept.shortest = ran;
            kept.reason = report.reason;
        }
    }

    fn failing(&self) -> u64 {
        self.ran.values().map(|(_, failing)| failing).sum()
    }

    fn so_far(&self) -> SoFar {
        SoFar {
            seeds: self.ran.values().map(|(ran, _)| ran).sum(),
            failing: self.failing(),
            ways: self.finds.keys().filter(|find| !find.is_fine).count(),
            states: self.states.len(),
        }
    }

    /// How much of what the check can reach was seen, where all of that can be found out soon.
    fn reachable(&self, limits: &RunLimits<'_>, ended: Ended) -> Option<Reachable> {
        if !matches!(ended, Ended::Seeds | Ended::Failures | Ended::Stale) {
            return None;
        }
        let all = self
            .case
            .reachable(REACHABLE_WORLDS, &mut limits.monitor())?;
        let seen = all.iter().filter(|state| self.states.contains(state));
        Some(Reachable {
            seen: seen.count() as u64,
            states: all.len() as u64,
        })
    }
}

/// Whether a run violates a property, or is blocked.
fn goes_wrong(report: &RunReport) -> bool {
    matches!(report.verdict, RunVerdict::Violated | RunVerdict::Blocked)
}

/// Whether a run fails. One that has its events from the scenario's `run` does if it goes against what is expected of
/// that; of any other nothing is expected, and it fails if it goes against a property within what that
/// assumes.
pub fn fails(case: &dyn Case, strategy: Strategy, report: &RunReport) -> bool {
    match (strategy, report.verdict) {
        (Strategy::Random, _) => case.refutes(report),
        (_, RunVerdict::Violated | RunVerdict::Blocked) => {
            report.standing != Some(Blame::OutsideTheAssumptions)
        }
        _ => false,
    }
}

/// Whether a run goes against one of these properties, or any, within what it assumes.
fn goes_against(properties: &[String], report: &RunReport) -> bool {
    let is_one = |name: &String| properties.is_empty() || properties.contains(name);
    let is_within = report.standing != Some(Blame::OutsideTheAssumptions);
    match report.verdict {
        RunVerdict::Violated => is_within && report.violated.iter().any(is_one),
        RunVerdict::Blocked => is_within && report.property.as_ref().is_some_and(is_one),
        _ => false,
    }
}
