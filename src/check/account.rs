//! What a search found out, beside what it found of properties.

use std::collections::BTreeSet;

use super::reduction::Reduced;
use super::{NodeSymmetry, Progress, Stopped};
use crate::model::Bound;
use crate::model::arms::Exercised;

/// What one search looked at, and what kept it from looking at everything. Engines fill it in, and it
/// gets to reports as it is.
#[derive(Clone, Debug, Default)]
pub struct Account {
    pub progress: Progress,
    /// The bounds that withheld an ordinary event somewhere.
    pub withheld: BTreeSet<Bound>,
    /// Somewhere a send was absorbed, or a duplicate withheld, because there were `copies` equal messages
    /// in flight.
    pub absorbed: bool,
    /// Somewhere a budget withheld a repair.
    pub repair_withheld: bool,
    /// Why it was stopped; `None` if it was through, or if all was found out.
    pub stopped: Option<Stopped>,
    /// Everything asked was found out before all worlds were looked at.
    pub settled: bool,
    /// The arms of handlers that ran somewhere in it; `None` from an engine that cannot tell.
    pub exercised: Option<Exercised>,
    /// What it left out. (The plain engine leaves nothing out.)
    pub reduced: Reduced,
    /// What came of node symmetry; `None` if it was not asked for.
    pub symmetry: Option<NodeSymmetry>,
}

impl Account {
    /// What kept the search from being exhaustive, in words; empty if it was.
    pub fn bounds(&self) -> Vec<String> {
        let stopped = self.stopped.iter().map(ToString::to_string);
        let withheld = self.withheld.iter().map(ToString::to_string);
        stopped.chain(withheld).collect()
    }
}
