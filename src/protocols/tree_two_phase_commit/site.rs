//! What a site keeps of each transaction: where it stands, and what of that is on disk.

use serde::{Deserialize, Serialize};

use super::{Decision, Vote};
use crate::model::{Id, NodeSet};
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
    /// Its part of the transaction is not done.
    Working {
        vote: Vote,
        /// The neighbours that sent READY.
        ready: NodeSet,
    },
    /// Is for it, and waits for READY from all neighbours but one. May still abort unilaterally.
    Done {
        ready: NodeSet,
    },
    /// Sent READY and does not know the outcome. Holds its locks.
    Ready {
        /// The neighbour that it was sent to.
        to: Id,
        /// Those who may know more, and have not said that they do not.
        awaited: NodeSet,
    },
    Decided(Decision),
}

/// The last record of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Record {
    #[default]
    Nothing,
    Ready {
        to: Id,
    },
    Decided(Decision),
}

impl Phase {
    pub(super) fn working(vote: Vote) -> Self {
        let ready = NodeSet::EMPTY;
        Phase::Working { vote, ready }
    }

    /// What of it belongs on disk.
    pub(super) fn record(self) -> Record {
        match self {
            Phase::Open | Phase::Working { .. } | Phase::Done { .. } => Record::Nothing,
            Phase::Ready { to, .. } => Record::Ready { to },
            Phase::Decided(decision) => Record::Decided(decision),
        }
    }

    /// Where a site is that comes back with this record, and has not looked further.
    pub(super) fn restored(record: Record) -> Self {
        match record {
            Record::Nothing => Phase::Open,
            Record::Ready { to } => Phase::Ready {
                to,
                awaited: NodeSet::only(to),
            },
            Record::Decided(decision) => Phase::Decided(decision),
        }
    }

    /// What it shows that the site must have claimed.
    pub fn shows(self) -> Shown {
        match self {
            Phase::Open | Phase::Working { .. } | Phase::Done { .. } => Shown::NOTHING,
            Phase::Ready { .. } => Shown::LOCKED,
            Phase::Decided(decision) => Shown::decided(decision),
        }
    }
}

impl Record {
    /// What it shows that the site must have claimed.
    pub fn shows(self) -> Shown {
        match self {
            Record::Nothing => Shown::NOTHING,
            Record::Ready { .. } => Shown::VOTED_YES.and(Shown::LOCKED),
            Record::Decided(decision) => Shown::decided(decision),
        }
    }
}
