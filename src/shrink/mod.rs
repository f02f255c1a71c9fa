//! From a run that fails to the smallest that fails in the same way, as a scenario.
//!
//! A run is told again with something left out of it ([`Case::retell`]): a node, a client, a transaction, then events.
//! It has to fail in the same way: the same property, the same standing with no other assumption broken, the same
//! shape of the reason. What a deletion makes impossible is left out as well, and what it changes (terms and ballots are
//! lower without an election) is followed. Then, where the instance is small enough, a search says how short it can get.
//!
//! Which runs are tried, and what comes of them, depends on no clock and no number of cores.

mod delete;
mod draft;
mod export;
mod schedule;
mod shortest;
mod sizes;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use thiserror::Error;

use crate::explain;
use crate::model::{Time, Timing};
use crate::registry::Registry;
use crate::scenario::{File, ScheduleLine, to_text};
use crate::testbed::{Case, RUN_STATES, RunLimits, RunReport, RunVerdict, Signature, is_timed};
use crate::trace::Trace;
use delete::Deletion;
use draft::{Draft, Others};
pub use export::scenario_of;
use export::{expected, told_again, unfit};

/// Whether a run is blocked a search has to tell, in as few worlds as will do; whether what is left of it can do without
/// one more event, in so many.
pub const STATES_AT_LAST: usize = 2_000;
const LEVELS: [usize; 4] = [1, 200, STATES_AT_LAST, RUN_STATES];

/// Times are rounded down to one of these, if the run fails all the same.
const ROUND_MS: [u64; 3] = [100, 10, 1];

/// Why a run cannot be shrunk.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unshrinkable {
    #[error("nothing fails in it: it is {0}")]
    NothingFails(String),
    #[error("its trace lacks steps: a run of more than 20,000 is not recorded whole")]
    Unrecorded,
    #[error("there is no protocol `{0}`")]
    UnknownProtocol(String),
    #[error("its parameters make no system any more: {0}")]
    Unfit(String),
    #[error("told again it does not fail in the same way: it is {0}")]
    FailsOtherwise(String),
    #[error("it had to end before it was told once")]
    Stopped,
}

/// How far shrinking has come.
#[derive(Clone, Copy, Debug)]
pub struct SoFar {
    /// How many runs were tried.
    pub runs: u64,
    pub left: Extent,
}

/// What a run was shrunk to.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Shrunk {
    pub before: Extent,
    /// By deletion alone.
    pub deleted_to: Extent,
    /// The events of the shortest schedule that a search found in what deletion left, if it could be searched. (What is
    /// shown may be shorter still, in a smaller instance.)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortest: Option<usize>,
    /// How many runs were tried.
    pub runs: u64,
    /// Why it ended before nothing more could be deleted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ended_early: bool,
    /// The shortest of all, once more.
    pub report: RunReport,
    /// Its events.
    #[serde(skip)]
    pub lines: Vec<ScheduleLine>,
    #[serde(skip)]
    pub file: File,
}

/// How much there is of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Extent {
    pub nodes: usize,
    pub events: usize,
}

impl Extent {
    fn of(draft: &Draft) -> Self {
        Extent {
            nodes: draft.nodes.len(),
            events: draft.lines.len(),
        }
    }
}

impl Shrunk {
    /// The scenario as it would be written by hand.
    pub fn text(&self) -> String {
        to_text(&self.file)
    }
}

/// What is asked of a shrinker.
pub struct Shrinker<'a> {
    pub registry: &'a Registry,
    pub limits: &'a RunLimits<'a>,
    /// How many worlds a search for the shortest may find.
    pub states_max: u64,
    pub on_step: &'a mut dyn FnMut(SoFar),
}

/// How a run has to fail.
struct Failure {
    signature: Signature,
    /// The assumptions that it may break.
    broken: Vec<String>,
    /// In how many worlds that is to be found out.
    states: usize,
    /// When a timer may fire there.
    timing: Timing,
}

impl Failure {
    /// In how many worlds it is to be found out, one after the other: as many as it took at first, at most, or at last.
    fn levels(&self) -> Vec<usize> {
        if self.signature.verdict == RunVerdict::Violated {
            return vec![self.states];
        }
        let most = self.states.max(STATES_AT_LAST);
        let levels = LEVELS.into_iter().skip(1);
        levels.filter(|states| *states <= most).collect()
    }

    /// Whether this is it.
    fn is(&self, report: &RunReport, nodes: &[String]) -> bool {
        let broken = &report.broken_assumptions;
        Signature::of(report, nodes) == self.signature
            && broken
                .iter()
                .all(|assumption| self.broken.contains(assumption))
    }
}

/// An instance on trial, with what is left of the run.
struct Version {
    case: Box<dyn Case>,
    draft: Draft,
}

impl<'a> Shrinker<'a> {
    /// Shrinks a run that was recorded.
    pub fn shrink(&mut self, trace: &Trace) -> Result<Shrunk, Unshrinkable> {
        let draft = Draft::of(trace, self.registry)?;
        let (mut version, failure) = told_again(self.registry, draft, &|version| {
            let failure = self.failure(version);
            // A run that nobody found by a check fails as it is, or not at all.
            let is_told = failure.is_ok() || trace.origin.property.is_none();
            (is_told, failure)
        })?;
        let mut failure = failure?;
        let before = Extent::of(&version.draft);
        version = self.without_clocks(&failure, version)?;
        let mut count = Counter {
            runs: 0,
            is_over: false,
        };
        // Where less is under way it takes fewer worlds to see that nothing helps: so first what few will do for.
        let at_first = failure.states;
        for states in failure.levels() {
            failure.states = states;
            loop {
                let left = |draft: &Draft| (Extent::of(draft), is_timed(&draft.lines));
                let before = left(&version.draft);
                version = self.smaller(&failure, version, &mut count);
                version.draft.lines = self.deleted(&failure, &version, &mut count);
                // What stood against it before may be gone.
                version = self.without_clocks(&failure, version)?;
                if count.is_over || left(&version.draft) == before {
                    break;
                }
            }
            let Version { case, draft } = &version;
            let is_seen = self
                .fails(&failure, &**case, &draft.lines, &draft.nodes)
                .is_some();
            if count.is_over || (is_seen && states >= STATES_AT_LAST) {
                break;
            }
        }
        if count.is_over {
            // In as few worlds as were tried last it may not be seen yet.
            failure.states = failure.states.max(at_first);
        }
        version.draft.lines = self.rounded(&failure, &version);
        let deleted_to = Extent::of(&version.draft);
        let mut searched = self.searched(&failure, &mut version, &count);
        let shortest = searched.as_ref().map(|_| version.draft.lines.len());
        if shortest.is_some_and(|shortest| shortest < deleted_to.events) {
            // It may need fewer nodes, clients, transactions; and among fewer there may be a shorter one still.
            version = self.smaller(&failure, version, &mut count);
            searched = self.searched(&failure, &mut version, &count);
        }
        self.written(&failure, &version, searched, count.is_over)
            .map(|(file, report)| Shrunk {
                before,
                deleted_to,
                shortest,
                runs: count.runs,
                ended_early: count.is_over,
                report,
                lines: version.draft.lines.clone(),
                file,
            })
    }

    /// Has the shortest schedule take the place of a version's own, if a search finds one: that search, as it is told.
    fn searched(
        &mut self,
        failure: &Failure,
        version: &mut Version,
        count: &Counter,
    ) -> Option<shortest::Check> {
        let mut check = None;
        // What is found may need fewer faults: the search that is told is one that allows no more.
        while let Some(found) = self.shortest(failure, version, count) {
            check = Some(found.check);
            if found.lines.len() >= version.draft.lines.len() {
                break;
            }
            version.draft.lines = found.lines;
        }
        check
    }

    /// The same without clocks, which a story needs only if what failed does.
    fn without_clocks(&self, failure: &Failure, version: Version) -> Result<Version, Unshrinkable> {
        if !is_timed(&version.draft.lines) {
            return Ok(version);
        }
        let untimed = version.draft.untimed();
        match self.fails(failure, &*version.case, &untimed.lines, &untimed.nodes) {
            Some(_) => opened(self.registry, untimed),
            None => Ok(version),
        }
    }

    /// How the run fails, and how many worlds it takes to find out.
    fn failure(&self, version: &Version) -> Result<Failure, Unshrinkable> {
        let Version { case, draft } = version;
        let mut last = RunVerdict::Ok;
        for states in LEVELS {
            let limits = self.with(states);
            let report = case
                .retell(&draft.lines, draft.timing, false, &limits)
                .report;
            last = report.verdict;
            if !last.is_over() {
                return Err(Unshrinkable::Stopped);
            }
            if matches!(last, RunVerdict::Violated | RunVerdict::Blocked) {
                return Ok(Failure {
                    signature: Signature::of(&report, &draft.nodes),
                    broken: report.broken_assumptions,
                    states,
                    timing: draft.timing,
                });
            }
        }
        Err(Unshrinkable::NothingFails(last.word().to_owned()))
    }

    /// The limits of a run that takes so many worlds to judge.
    fn with(&self, states: usize) -> RunLimits<'a> {
        RunLimits {
            states,
            go_on: false,
            explains: false,
            ..*self.limits
        }
    }

    /// Whether a schedule fails so: then what happened of it.
    fn fails(
        &self,
        failure: &Failure,
        case: &dyn Case,
        lines: &[ScheduleLine],
        nodes: &[String],
    ) -> Option<Vec<ScheduleLine>> {
        let limits = self.with(failure.states);
        let retold = case.retell(lines, failure.timing, false, &limits);
        failure.is(&retold.report, nodes).then_some(retold.lines)
    }

    /// The same with fewer nodes, clients, transactions, commands; or with nobody late who need not be.
    fn smaller(&mut self, failure: &Failure, mut version: Version, count: &mut Counter) -> Version {
        let (registry, limits) = (self.registry, self.with(failure.states));
        let tried = |draft: &Draft| {
            // Not every number of nodes makes a system.
            let mut candidate = opened(registry, draft.clone()).ok()?;
            let Version { case, draft } = &mut candidate;
            let retold = case.retell(&draft.lines, draft.timing, false, &limits);
            let fails = failure.is(&retold.report, &draft.nodes);
            draft.lines = retold.lines;
            fails.then_some(candidate)
        };
        'again: loop {
            let draft = &version.draft;
            let all = sizes::smaller(&draft.params, version.case.sizes()).into_iter();
            let all = all.map(|smaller| draft.among(&smaller));
            let all: Vec<Draft> = all.chain(draft.in_time()).collect();
            for batch in all.chunks(rayon::current_num_threads()) {
                let found = batch.par_iter().enumerate();
                let found = found.find_map_first(|(nth, draft)| Some((nth + 1, tried(draft)?)));
                let runs = found.as_ref().map_or(batch.len(), |(tried, _)| *tried) as u64;
                if let Some((_, candidate)) = found {
                    version = candidate;
                    if !count.goes_on(runs, Extent::of(&version.draft), self.limits, self.on_step) {
                        return version;
                    }
                    continue 'again;
                }
                if !count.goes_on(runs, Extent::of(&version.draft), self.limits, self.on_step) {
                    return version;
                }
            }
            return version;
        }
    }

    /// What is left of the schedule of a version.
    fn deleted(
        &mut self,
        failure: &Failure,
        version: &Version,
        count: &mut Counter,
    ) -> Vec<ScheduleLine> {
        let Version { case, draft } = version;
        let (limits, nodes) = (self.with(failure.states), &draft.nodes);
        let fails = |lines: &[ScheduleLine]| {
            let retold = case.retell(lines, failure.timing, false, &limits);
            failure.is(&retold.report, nodes).then_some(retold.lines)
        };
        let on_step = &mut *self.on_step;
        let all = self.limits;
        Deletion {
            fails: &fails,
            goes_on: &mut |runs, events| {
                let extent = Extent {
                    nodes: nodes.len(),
                    events,
                };
                count.goes_on(runs, extent, all, on_step)
            },
        }
        .all(draft.lines.clone())
    }

    /// What the scenario is about: why it fails.
    fn about(&self, report: &RunReport) -> String {
        let told = report.trace.as_ref().map(|trace| {
            let background = self.registry.background(trace);
            explain::summary(trace, &background)
        });
        let told = told.filter(|summary| !summary.is_empty());
        told.unwrap_or_else(|| report.sentences.join(" "))
    }

    /// The same events at times that are as round as they may be, where they have any.
    fn rounded(&self, failure: &Failure, version: &Version) -> Vec<ScheduleLine> {
        let Version { case, draft } = version;
        let units = ROUND_MS.iter().filter(|_| is_timed(&draft.lines));
        let at = |unit: &u64| -> Vec<ScheduleLine> {
            let unit_nanos = Time::from_millis(*unit).nanos();
            let down = |at: &Time| Time::from_millis(at.nanos() / unit_nanos * unit);
            let lines = draft.lines.iter();
            lines
                .map(|(at, line)| (at.as_ref().map(down), line.clone()))
                .collect()
        };
        let still_fails = |lines: Vec<ScheduleLine>| {
            let happened = self.fails(failure, &**case, &lines, &draft.nodes)?;
            (happened == lines).then_some(lines)
        };
        let rounded = units.map(at).find_map(still_fails);
        rounded.unwrap_or_else(|| draft.lines.clone())
    }

    /// The scenario, and what comes of it.
    fn written(
        &self,
        failure: &Failure,
        version: &Version,
        check: Option<shortest::Check>,
        is_over: bool,
    ) -> Result<(File, RunReport), Unshrinkable> {
        let Version { case, draft } = version;
        // Whoever wants it to end is told what there is, by one run that is not asked to.
        let limits = RunLimits {
            explains: !is_over,
            watch: if is_over {
                &|| Ok(())
            } else {
                self.limits.watch
            },
            ..self.with(if is_over {
                failure.states
            } else {
                failure.states.max(self.limits.states)
            })
        };
        let report = case
            .retell(&draft.lines, draft.timing, true, &limits)
            .report;
        let mut expect = expected(&report);
        let (check, verdict) = check.map(|check| (check.part, check.verdict)).unzip();
        if let (Some(property), Some(verdict)) = (&report.property, verdict) {
            expect["check"] = json!({ property.as_str(): verdict });
        }
        let others = Others {
            is_told: true,
            about: &self.about(&report),
            check,
            expect: Some(expect),
        };
        let file = draft.scenario(&others).map_err(unfit)?;
        if !failure.is(&report, &draft.nodes) {
            return Err(Unshrinkable::FailsOtherwise(
                report.verdict.word().to_owned(),
            ));
        }
        Ok((file, report))
    }
}

/// An instance on trial. Its schedule is told by whoever tries it.
fn opened(registry: &Registry, draft: Draft) -> Result<Version, Unshrinkable> {
    let file = draft.scenario(&Others::default()).map_err(unfit)?;
    let case = registry.open_text(&to_text(&file), "the shrunk scenario");
    let case = case.map_err(unfit)?;
    Ok(Version { case, draft })
}

/// Counts runs, and notes that somebody wants it to end.
struct Counter {
    runs: u64,
    is_over: bool,
}

impl Counter {
    fn goes_on(
        &mut self,
        runs: u64,
        left: Extent,
        limits: &RunLimits<'_>,
        on_step: &mut dyn FnMut(SoFar),
    ) -> bool {
        self.runs += runs;
        on_step(SoFar {
            runs: self.runs,
            left,
        });
        self.is_over |= (limits.watch)().is_err();
        !self.is_over
    }
}
