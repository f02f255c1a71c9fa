//! What a site keeps of each transaction: where it stands, and what of that is on disk.

use serde::{Deserialize, Serialize};

use super::{Decision, Vote};
use crate::model::NodeSet;
use crate::protocols::atomic_commitment::{PerTxn, Shown};

/// What a site knows while it is up.
pub type State = PerTxn<Phase>;

/// What survives a crash.
pub type Storage = PerTxn<Record>;

/// A site's part in one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Its vote is still up to the environment.
    #[default]
    Open,
    /// Has not voted, and may still abort unilaterally. (Skeen: q.)
    Working {
        vote: Vote,
        /// The others whose YES it has.
        yes: NodeSet,
    },
    /// Voted YES and does not know the outcome. Holds its locks. (Skeen: w.)
    Prepared {
        /// All whose YES it has, itself among them.
        yes: NodeSet,
    },
    Decided(Decision),
}

/// The last record of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Record {
    #[default]
    Nothing,
    Prepared,
    Decided(Decision),
}

impl Phase {
    pub(super) fn working(vote: Vote) -> Self {
        let yes = NodeSet::EMPTY;
        Phase::Working { vote, yes }
    }

    /// What of it belongs on disk.
    pub(super) fn record(self) -> Record {
        match self {
            Phase::Open | Phase::Working { .. } => Record::Nothing,
            Phase::Prepared { .. } => Record::Prepared,
            Phase::Decided(decision) => Record::Decided(decision),
        }
    }

    /// Where a site is that comes back with this record, and has not looked further.
    pub(super) fn restored(record: Record) -> Self {
        match record {
            Record::Nothing => Phase::Open,
            Record::Prepared => Phase::Prepared {
                yes: NodeSet::EMPTY,
            },
            Record::Decided(decision) => Phase::Decided(decision),
        }
    }

    /// What it shows that the site must have claimed.
    pub fn shows(self) -> Shown {
        match self {
            Phase::Open | Phase::Working { .. } => Shown::NOTHING,
            Phase::Prepared { .. } => Shown::LOCKED,
            Phase::Decided(decision) => Shown::decided(decision),
        }
    }
}

impl Record {
    /// What it shows that the site must have claimed.
    pub fn shows(self) -> Shown {
        match self {
            Record::Nothing => Shown::NOTHING,
            Record::Prepared => Shown::VOTED_YES.and(Shown::LOCKED),
            Record::Decided(decision) => Shown::decided(decision),
        }
    }
}
