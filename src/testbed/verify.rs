//! The same seed, the same run: held against each other, and told apart.
//!
//! Runs are compared by what they came to, which costs nothing. Where that differs, both are run once more and
//! recorded, and the records say in which step they part. Invariant: what is told is read off two records alone, so
//! it does not matter where they were made; starting another process is not known here.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::case::{Case, RunLimits};
use super::report::{RunReport, RunVerdict};
use crate::model::{Few, FewMap, Protocol, Time};
use crate::run::{Moment, Witness};
use crate::trace::{NodeRecord, STEPS_MAX, StepRecord, Trace};

/// Two runs that differed may be the same when they are recorded, and differ once more after that: so often they
/// are tried.
const TRIES_MAX: usize = 8;

/// What a run came to, as far as it must come to the same whenever the seed is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CameTo {
    pub hash: String,
    pub verdict: RunVerdict,
    pub steps: u64,
}

impl From<&RunReport> for CameTo {
    fn from(report: &RunReport) -> Self {
        CameTo {
            hash: report.hash.clone(),
            verdict: report.verdict,
            steps: report.facts.steps,
        }
    }
}

/// Where the two runs took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Between {
    TwiceInThisProcess,
    HereAndInAFreshProcess,
}

impl Between {
    /// What each of the two is called.
    pub fn runs(self) -> [&'static str; 2] {
        match self {
            Between::TwiceInThisProcess => ["first run here", "second run here"],
            Between::HereAndInAFreshProcess => ["in this process", "in a fresh process"],
        }
    }
}

/// Two runs of one seed that differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Mismatch {
    pub seed: u64,
    pub between: Between,
    pub came_to: [CameTo; 2],
    /// Where they part, as far as records of both tell.
    pub parting: Option<Parting>,
    /// Why that is not known: a whole sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untold: Option<String>,
}

/// The first step in which two runs differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Parting {
    /// Counted from 1; 0 for the start.
    pub step: usize,
    /// What differs: `event`, `at`, `sent`, `saved`, `state.term` …; `verdict` or `facts` where all steps are the same.
    pub field: String,
    pub runs: [Side; 2],
}

/// What one of the two runs did there.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Side {
    /// What it has where the other has something else.
    pub value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// The event of the step; nothing if the run was over by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The draw that decided it, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drawn: Option<String>,
    /// The node that the event happened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// What of that node is not the same in both runs, before the step and after it; if the event happened to another
    /// node in each, what the step changed. Nothing else of the node is here.
    #[serde(skip_serializing_if = "FewMap::is_empty")]
    pub before: FewMap<String, Json>,
    #[serde(skip_serializing_if = "FewMap::is_empty")]
    pub after: FewMap<String, Json>,
}

/// Runs a seed twice. Where a limit ends one of the two, the report says so, and nothing was compared.
pub fn verified(
    case: &dyn Case,
    seed: u64,
    limits: &RunLimits<'_>,
) -> Result<RunReport, Box<Mismatch>> {
    let [first, second] = [(); 2].map(|()| case.run(seed, false, limits));
    let between = Between::TwiceInThisProcess;
    match differ(seed, between, &first, &second) {
        Some(mismatch) => Err(Box::new(mismatch.told_here(case, limits))),
        None if second.verdict.is_over() => Ok(first),
        None => Ok(second),
    }
}

/// Runs every seed once more, on all cores, from the other end: behind other seeds than before. The answer has those
/// that differ, in the order of the reports, untold.
pub fn repeat(
    case: &dyn Case,
    reports: &[RunReport],
    limits: &RunLimits<'_>,
    on_done: &(dyn Fn() + Sync),
) -> Vec<Mismatch> {
    let again = reports.par_iter().rev().filter_map(|first| {
        (limits.watch)().ok()?;
        let second = case.run(first.seed, false, limits);
        on_done();
        differ(first.seed, Between::TwiceInThisProcess, first, &second)
    });
    let mut differing: Vec<Mismatch> = again.collect();
    differing.reverse();
    differing
}

/// How two runs that are over differ, if they do.
pub fn differ(
    seed: u64,
    between: Between,
    first: &RunReport,
    second: &RunReport,
) -> Option<Mismatch> {
    let are_over = first.verdict.is_over() && second.verdict.is_over();
    let came_to = [first, second].map(CameTo::from);
    Mismatch::of(seed, between, came_to).filter(|_| are_over)
}

impl Mismatch {
    /// A mismatch, untold, if these differ.
    pub fn of(seed: u64, between: Between, came_to: [CameTo; 2]) -> Option<Self> {
        let differ = came_to[0] != came_to[1];
        differ.then_some(Mismatch {
            seed,
            between,
            came_to,
            parting: None,
            untold: None,
        })
    }

    /// The same with where the runs part, as records of two more runs here tell.
    #[must_use]
    pub fn told_here(self, case: &dyn Case, limits: &RunLimits<'_>) -> Self {
        let seed = self.seed;
        let record = || recorded(case, seed, limits);
        self.told(&mut || Some([record()?, record()?]))
    }

    /// The same with where the runs part, as records of both tell: no records if they cannot be had.
    #[must_use]
    pub fn told(mut self, record: &mut dyn FnMut() -> Option<[Recorded; 2]>) -> Self {
        for _ in 0..TRIES_MAX {
            let Some([first, second]) = record() else {
                self.untold =
                    Some("Where they part was being recorded, and had to end.".to_owned());
                return self;
            };
            match parting(&first, &second) {
                Ok(Some(parting)) => {
                    self.parting = Some(parting);
                    return self;
                }
                Ok(None) => {}
                Err(recorded) => {
                    self.untold = Some(format!(
                        "They part behind step {recorded}, and that far they are not recorded."
                    ));
                    return self;
                }
            }
        }
        self.untold = Some(format!(
            "Both were recorded {TRIES_MAX} times more, and were the same each time."
        ));
        self
    }
}

/// A record of one run.
#[derive(Clone, Debug, Deserialize)]
pub struct Recorded {
    pub trace: Trace,
    /// See [`RunReport::draws`].
    #[serde(default)]
    pub draws: Vec<Option<String>>,
}

/// A record of one run of this seed, unless it had to end.
pub fn recorded(case: &dyn Case, seed: u64, limits: &RunLimits<'_>) -> Option<Recorded> {
    Recorded::of(case.run(seed, true, limits))
}

impl Recorded {
    /// What was recorded of a run that is over, if anything was.
    pub fn of(report: RunReport) -> Option<Self> {
        let is_over = report.verdict.is_over();
        let (trace, draws) = (report.trace.filter(|_| is_over)?, report.draws);
        Some(Recorded { trace, draws })
    }
}

/// The draws behind the steps of a run, as far as a trace has the steps in a row.
#[derive(Default)]
pub(super) struct Draws(pub Vec<Option<String>>);

impl<P: Protocol> Witness<P> for Draws {
    fn happened(&mut self, moment: &Moment<'_, P>) {
        if self.0.len() < STEPS_MAX {
            self.0.push(moment.drawn.map(str::to_owned));
        }
    }
}

/// Where two runs part, if they do. The error is how many steps are recorded in a row, where they part behind those.
pub fn parting(first: &Recorded, second: &Recorded) -> Result<Option<Parting>, usize> {
    let runs = [first, second];
    let traces = runs.map(|run| &run.trace);
    let Some(difference) = traces[0].first_difference(traces[1]) else {
        return Ok(None);
    };
    let lengths = traces.map(|trace| trace.steps.len());
    let of_whole = difference.is_of_whole();
    // One of the two goes on where the other ends.
    let is_shorter = of_whole && lengths[0] != lengths[1];
    let step = if is_shorter {
        lengths[0].min(lengths[1]) + 1
    } else {
        difference.step
    };
    let gaps = traces.iter().filter_map(|trace| trace.unrecorded);
    if let Some(recorded) = gaps.map(|gap| gap.after).min()
        && step > recorded
    {
        return Err(recorded);
    }
    let values = [difference.was, difference.is];
    let mut sides = values.map(|value| Side {
        value,
        at: None,
        event: None,
        drawn: None,
        node: None,
        before: FewMap::new(),
        after: FewMap::new(),
    });
    if is_shorter || !of_whole {
        for (side, run) in sides.iter_mut().zip(runs) {
            side.tell(run, step, &difference.event);
        }
        keep_differing(&mut sides);
    }
    Ok(Some(Parting {
        step,
        field: difference.field,
        runs: sides,
    }))
}

impl Side {
    /// Tells of a step, with all of its node; `event` is what the start is called.
    fn tell(&mut self, run: &Recorded, step: usize, event: &str) {
        let Recorded { trace, draws } = run;
        let name = |node: usize| Some(trace.nodes.get(node)?.name.clone());
        let Some(nth) = step.checked_sub(1) else {
            self.event = Some(event.to_owned());
            let starts = trace.start.iter().zip(&trace.nodes);
            let mut started = starts.filter(|(_, node)| event == format!("start of {}", node.name));
            if let Some((start, node)) = started.next() {
                self.node = Some(node.name.clone());
                self.after = start.after.fields();
            }
            return;
        };
        let Some(StepRecord {
            at,
            event,
            what,
            after,
            ..
        }) = trace.steps.get(nth)
        else {
            return;
        };
        self.at = *at;
        self.event = Some(event.clone());
        self.drawn = draws.get(nth).cloned().flatten();
        if let Some(node) = what.node() {
            self.node = name(node);
            let own = |s: &&StepRecord| s.what.node() == Some(node);
            let mut earlier = trace.steps[..nth].iter().rev().filter(own);
            let before = earlier.find_map(|s| s.after.as_ref());
            let before = before.or_else(|| Some(&trace.start.get(node)?.after));
            self.before = before.map(NodeRecord::fields).unwrap_or_default();
            self.after = after.as_ref().map(NodeRecord::fields).unwrap_or_default();
        }
    }
}

/// Leaves of the nodes only what is not the same in both.
fn keep_differing(runs: &mut [Side; 2]) {
    let [first, second] = runs;
    if first.node == second.node {
        let all = [&first.before, &first.after, &second.before, &second.after];
        let all = all.into_iter().flat_map(FewMap::keys).cloned();
        for field in all.collect::<Few<String>>() {
            let [before, after] = [
                (&first.before, &second.before),
                (&first.after, &second.after),
            ]
            .map(|(first, second)| first.get(&field) == second.get(&field));
            if before && after {
                for side in [&mut *first, &mut *second] {
                    side.before.remove(&field);
                    side.after.remove(&field);
                }
            }
        }
        return;
    }
    for Side { before, after, .. } in runs {
        let (was, is) = (before.clone(), after.clone());
        before.retain(|field, value| is.get(field) != Some(value));
        after.retain(|field, value| was.get(field) != Some(value));
    }
}
