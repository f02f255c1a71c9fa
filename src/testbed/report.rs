//! What the testbed answers, as plain data: protocols are erased, everything prints and
//! serialises.

use serde::{Deserialize, Serialize};

use crate::check::Stopped;
use crate::model::facts::{Costs, Facts};
use crate::model::{Few, Time};
use crate::trace::{Outcome, Trace};

/// The verdict of a run; of two that go against what is expected, the lower says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RunVerdict {
    /// Nothing was violated and every goal was reached.
    Ok,
    Violated,
    /// A goal was not reached, and ordinary events cannot reach it any more.
    Blocked,
    /// A goal was not reached, but still can be; or a limit left that open.
    Undecided,
    /// A planned fault never found its moment, so the run told another story than the scenario.
    Unreached,
    /// Somebody stopped it before it was over or judged: nothing was broken until then.
    Interrupted,
    /// So did a limit on time.
    Time,
    /// So did a limit on memory.
    Memory,
}

impl From<Stopped> for RunVerdict {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Interrupted => RunVerdict::Interrupted,
            Stopped::Time => RunVerdict::Time,
            Stopped::Memory => RunVerdict::Memory,
            // A limit on worlds leaves open what they would have told.
            Stopped::States => RunVerdict::Undecided,
        }
    }
}

impl RunVerdict {
    pub fn word(self) -> &'static str {
        match self {
            RunVerdict::Ok => "ok",
            RunVerdict::Violated => "violated",
            RunVerdict::Blocked => "blocked",
            RunVerdict::Undecided => "undecided",
            RunVerdict::Unreached => "unreached",
            RunVerdict::Interrupted => "interrupted",
            RunVerdict::Time => "time",
            RunVerdict::Memory => "memory",
        }
    }

    /// Whether the run came to its end, and to a verdict that depends on nothing but the scenario and
    /// the seed.
    pub fn is_over(self) -> bool {
        !matches!(
            self,
            RunVerdict::Interrupted | RunVerdict::Time | RunVerdict::Memory
        )
    }
}

/// The verdict of a check on one property, without what qualifies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(into = "&'static str")]
pub enum CheckVerdict {
    Holds,
    HoldsWithinBounds,
    Violated,
    Reached,
    Unreachable,
    CanBlock,
    UnknownWithinBounds,
    /// Whether all that the property assumes holds cannot be told.
    NotJudged,
}

impl CheckVerdict {
    /// As scenarios expect it.
    pub fn word(self) -> &'static str {
        match self {
            CheckVerdict::Holds => "holds",
            CheckVerdict::HoldsWithinBounds => "holds within bounds",
            CheckVerdict::Violated => "violated",
            CheckVerdict::Reached => "reached",
            CheckVerdict::Unreachable => "unreachable",
            CheckVerdict::CanBlock => "can block",
            CheckVerdict::UnknownWithinBounds => "unknown within bounds",
            CheckVerdict::NotJudged => "not judged",
        }
    }

    /// Whether bounds left something open.
    pub fn is_open(self) -> bool {
        use CheckVerdict::{HoldsWithinBounds, UnknownWithinBounds};
        matches!(self, HoldsWithinBounds | UnknownWithinBounds)
    }
}

impl From<CheckVerdict> for &'static str {
    fn from(verdict: CheckVerdict) -> Self {
        verdict.word()
    }
}

/// What a verdict against a property says of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(into = "&'static str")]
pub enum Blame {
    Bug,
    OutsideTheAssumptions,
    /// A search under the assumptions was not exhaustive.
    NotEstablished,
}

impl From<Blame> for &'static str {
    fn from(blame: Blame) -> Self {
        match blame {
            Blame::Bug => "a bug",
            Blame::OutsideTheAssumptions => "outside the assumptions",
            Blame::NotEstablished => "not established",
        }
    }
}

/// What came of one run.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RunReport {
    pub seed: u64,
    pub verdict: RunVerdict,
    /// The property that was violated, or whose goal was not reached.
    pub property: Option<String>,
    /// All the properties that the same step violated.
    pub violated: Vec<String>,
    /// The step that violated it, counted from 1.
    pub step: Option<usize>,
    /// Whole sentences that name who and why.
    pub sentences: Vec<String>,
    /// A clause that says why that property was violated, or the goal not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The assumptions of that property that did not hold in this run; if there are none, a
    /// violation is a bug.
    pub broken_assumptions: Vec<String>,
    /// What the verdict says of the protocol, if it goes against a property.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<Blame>,
    pub facts: Facts,
    pub costs: Costs,
    pub ended_at: Time,
    pub hash: String,
    /// Only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// For each step of the trace the draw that decided it, where one did; of a long run for the steps of its
    /// beginning. A trace has none of it, since a replay draws nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub draws: Vec<Option<String>>,
}

impl RunReport {
    /// What its trace says came of it.
    pub fn outcome(&self) -> Outcome {
        Outcome {
            verdict: self.verdict.word().to_owned(),
            sentences: self.sentences.clone(),
        }
    }
}

/// What came of a check.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CheckReport {
    /// Which engine searched.
    pub engine: String,
    /// With how many threads, if it was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// Memory, time or an interrupt stopped a search, or a limit that is not the scenario's.
    pub cut_short: bool,
    /// What the scenario allowed, in words.
    pub allowed: Vec<String>,
    /// What of it was gone before the search started.
    pub notes: Vec<String>,
    pub properties: Vec<PropertyReport>,
    pub searches: Vec<SearchReport>,
}

/// The verdict on one property.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct PropertyReport {
    pub property: String,
    pub about: String,
    pub citation: String,
    /// `always`, `reachable`, `never blocked` or `recovers`.
    pub expectation: String,
    pub premise: Vec<String>,
    pub assumes: Vec<String>,
    pub verdict: CheckVerdict,
    /// The verdict with what qualifies it: `holds within bounds: timeouts`, `violated outside
    /// the assumptions: no cut`.
    pub qualified: String,
    /// Of a verdict that was left open: what bounds, or limits, left it so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bounds: Vec<String>,
    /// Of a verdict against the property.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<Blame>,
    /// Whole sentences.
    pub sentences: Vec<String>,
    /// What the author may want to change for an answer that says more: whole sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// The shortest schedule to a violation, a block or a witness, in the one notation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<String>,
    /// Where a goal is out of reach: the ordinary events that follow, until nothing more comes of
    /// them. The trace has both.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// The search that decided it, counted from 0.
    pub search: usize,
}

/// One search.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct SearchReport {
    /// The assumptions imposed beyond what the scenario allowed.
    pub imposed: Vec<String>,
    pub distinct: u64,
    pub generated: u64,
    pub depth: u64,
    /// What kept it from being exhaustive: bounds, memory, time, an interrupt.
    pub bounds: Vec<String>,
    /// Which of these stopped it, if it could have gone on.
    #[serde(skip)]
    pub stopped: Option<Stopped>,
    /// Every world was looked at.
    pub exhaustive: bool,
    /// It had found out all it was asked before it had looked at every world, and stopped.
    pub settled: bool,
    /// Sends were absorbed, or duplicates withheld, because so many equal messages were in flight.
    pub absorbed: bool,
    /// For each role, the kinds of messages and timers that it is meant to get and that no node of
    /// it got: what was proved says nothing of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unexercised: Vec<Unexercised>,
    /// The kinds that some node got.
    #[serde(skip)]
    pub exercised: Few<String>,
    /// A shortest schedule to a world where timers wait for the living; see the design's rule of
    /// accurate timing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_for_the_living: Option<Vec<String>>,
    /// What was left out: worlds and events are those of what was left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reduced: Vec<ReductionReport>,
    /// What was asked for, and not left out, with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_reduced: Vec<(String, String)>,
    /// What came of node symmetry, if it was asked for: whose names made no difference, or why there
    /// was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symmetry: Option<String>,
}

/// Something that a search left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ReductionReport {
    /// `no-op`, `lost` or `dead`.
    pub name: String,
    pub about: String,
    /// The expectations whose verdicts it leaves alone.
    pub preserves: Vec<String>,
}

/// What a role never got in a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Unexercised {
    pub role: String,
    /// Kinds of messages; `timer` in front of kinds of timers.
    pub kinds: Vec<String>,
}

impl CheckReport {
    /// The kinds of messages that no node got in any of the searches, and of timers that fired at none.
    pub fn never_exercised(&self) -> Few<String> {
        let of = |search: &SearchReport| -> Few<String> {
            let kinds = search.unexercised.iter().flat_map(|role| &role.kinds);
            let got = |kind: &&String| !search.exercised.contains(*kind);
            kinds.filter(got).cloned().collect()
        };
        let each = self.searches.iter().map(of);
        let in_all = each.reduce(|mut a, b| {
            a.retain(|kind| b.contains(kind));
            a
        });
        in_all.unwrap_or_default()
    }
}

/// How an expectation of a scenario turned out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Expected {
    /// What was expected of: `run`, or a property.
    pub of: String,
    pub expected: String,
    pub found: String,
    pub outcome: ExpectedOutcome,
}

impl Expected {
    /// Whether it is expected of some run only: that one may be among those not asked for.
    pub fn of_some_run(&self) -> bool {
        self.expected.starts_with(SOME)
    }
}

/// What the expectation of some run begins with.
pub(super) const SOME: &str = "some: ";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ExpectedOutcome {
    AsExpected,
    /// It turned out otherwise.
    Refuted,
    /// Memory, time, bounds or an interrupt kept it from being established.
    NotEstablished,
}
