//! All executions: search, and what it proves.
//!
//! [`explore`] is the plain engine: breadth first, exact, whole worlds compared. It is written
//! for clarity, and it is the oracle for every faster one. [`judge`] asks it for the verdict of
//! each property: under what the scenario allows *and* the property assumes, and under all that
//! the scenario allows. Nothing here knows a clock: a [`Monitor`] decides when to stop.

mod account;
mod blocked;
pub mod checkpoint;
mod explore;
pub mod fast;
pub(crate) mod intern;
mod judge;
mod probe;
pub mod reduction;
#[cfg(feature = "stateright-bridge")]
pub mod stateright;
pub(crate) mod worlds;

pub use account::Account;
pub use blocked::{Blocked, Means, Possible, explain, possible, standstill};
pub use explore::{Explored, Finding, explore};
pub use judge::is_anybody_awaited;
pub use probe::{Nearest, nearest, visit};
pub use reduction::{ByOrbits, Reduce, Reduced, Reduction, Reductions};
pub use worlds::Keyed;

pub use judge::{
    Engine, Judged, Question, Search, Standing, Trial, Verdict, judge, standing, start,
    without_clocks,
};

use crate::model::{Limit, NodeSet};

/// How many worlds are expanded between two looks at the monitor.
pub(crate) const LOOK_EVERY: usize = 4096;

/// Where a search ends, however much is left.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Events in a row; worlds at this depth are not expanded.
    pub depth: Limit,
    /// Distinct worlds.
    pub states: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            depth: Limit::Unlimited,
            states: None,
        }
    }
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Distinct worlds reached.
    pub distinct: u64,
    /// Events applied.
    pub generated: u64,
    /// Events on the shortest path to the worlds being expanded.
    pub depth: u64,
    /// Worlds reached and not yet expanded.
    pub frontier: u64,
    /// What the tables of the search hold in memory, in bytes; 0 from an engine that cannot tell.
    pub bytes: u64,
    /// What it is about to take in addition, in bytes.
    pub ahead: u64,
}

/// Why a search stopped before it was through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stopped {
    Interrupted,
    Memory,
    Time,
    States,
}

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Stopped::Interrupted => "interrupted",
            Stopped::Memory => "memory",
            Stopped::Time => "time",
            Stopped::States => "states",
        })
    }
}

/// What came of node symmetry in a search that was asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeSymmetry {
    /// Worlds that differ by names within these sets were taken for one.
    Of(Vec<NodeSet>),
    /// Why there was none, so that worlds were counted one by one.
    Off(&'static str),
}

/// Watches a search from outside, and may stop it.
pub trait Monitor {
    /// Asked every few thousand worlds, and at the start of each search.
    fn look(&mut self, progress: &Progress) -> Result<(), Stopped>;

    /// A search begins; or goes on from a checkpoint, and [cost](Monitor::cost) so much before.
    fn begins(&mut self, cost: u64) {
        let _ = cost;
    }

    /// Asked every few thousand questions while a search that has begun works out what it may leave
    /// out.
    fn prepares(&mut self, questions: u64) -> Result<(), Stopped> {
        let _ = questions;
        self.look(&Progress::default())
    }

    /// What the search has cost so far, in whatever the monitor counts. A checkpoint keeps it.
    fn cost(&self) -> u64 {
        0
    }

    /// Whether it is time to write a checkpoint, if there is a place for one.
    fn wants_checkpoint(&mut self) -> bool {
        false
    }

    /// Worlds that were to go to a temporary file stay in memory, for this reason.
    fn spill_failed(&mut self, why: String) {
        let _ = why;
    }

    /// A checkpoint was written, or why it could not be.
    fn wrote_checkpoint(&mut self, outcome: Result<(), String>) {
        let _ = outcome;
    }
}

/// Stops a search where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Halted(pub Stopped);

impl Monitor for Halted {
    fn look(&mut self, _: &Progress) -> Result<(), Stopped> {
        Err(self.0)
    }
}

/// Lets every search go on to its end.
#[derive(Clone, Copy, Debug)]
pub struct Patient;

impl Monitor for Patient {
    fn look(&mut self, _: &Progress) -> Result<(), Stopped> {
        Ok(())
    }
}
