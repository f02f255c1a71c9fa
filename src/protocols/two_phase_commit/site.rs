//! What a site keeps: for each transaction a phase and a record in its log.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Decision, PerTxn, Txn, Vote};
use crate::model::NodeSet;
use crate::protocols::atomic_commitment::Shown;

/// What a site knows while it is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    Coordinator(CoordinatorSite),
    Participant(ParticipantSite),
}

/// What survives a crash.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Storage {
    Coordinator(PerTxn<CoordinatorRecord>),
    Participant(PerTxn<ParticipantRecord>),
}

/// The coordinator's part in one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Coordinator {
    #[default]
    Initial,
    /// Asked for votes.
    Collecting { yes: NodeSet },
    /// Decided, and has to hear from these that they know.
    Decided {
        decision: Decision,
        unacknowledged: NodeSet,
    },
    /// Has no information on the transaction: whoever asks is told what that means.
    Forgotten,
    /// Asked whether everybody could take part.
    Querying { able: NodeSet },
}

/// The coordinator's last record of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CoordinatorRecord {
    #[default]
    None,
    /// Votes may have been asked for. (MLO: *collecting*.)
    Initiation,
    Commit,
    Abort,
    /// Nobody will ask again.
    End,
}

/// A participant's part in one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Participant {
    /// Its vote is still up to the environment.
    #[default]
    Open,
    /// Has not voted, and may still abort unilaterally.
    Working {
        vote: Vote,
    },
    /// Voted YES and does not know the outcome. Holds its locks.
    Prepared {
        /// The peers that it asked and that have not answered yet.
        asked: NodeSet,
    },
    Committed,
    Aborted,
}

/// A participant's last record of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ParticipantRecord {
    #[default]
    None,
    Prepared,
    Committed,
    Aborted,
}

impl State {
    /// What it shows that the site must have claimed.
    pub fn shows(&self, txn: Txn) -> Shown {
        match self {
            State::Coordinator(c) => c.phase[txn].shows(),
            State::Participant(p) => p.phase[txn].shows(),
        }
    }
}

impl Storage {
    /// What it shows that the site must have claimed.
    pub fn shows(&self, txn: Txn) -> Shown {
        match self {
            Storage::Coordinator(log) => log[txn].shows(),
            Storage::Participant(log) => log[txn].shows(),
        }
    }
}

impl Coordinator {
    fn shows(self) -> Shown {
        match self {
            Coordinator::Decided { decision, .. } => Shown::decided(decision),
            Coordinator::Initial
            | Coordinator::Querying { .. }
            | Coordinator::Collecting { .. }
            | Coordinator::Forgotten => Shown::NOTHING,
        }
    }
}

impl CoordinatorRecord {
    fn shows(self) -> Shown {
        match self {
            CoordinatorRecord::Commit => Shown::COMMITTED,
            CoordinatorRecord::Abort => Shown::ABORTED,
            CoordinatorRecord::None | CoordinatorRecord::Initiation | CoordinatorRecord::End => {
                Shown::NOTHING
            }
        }
    }
}

impl Participant {
    fn shows(self) -> Shown {
        match self {
            Participant::Prepared { .. } => Shown::LOCKED,
            Participant::Committed => Shown::COMMITTED,
            Participant::Aborted => Shown::ABORTED,
            Participant::Open | Participant::Working { .. } => Shown::NOTHING,
        }
    }
}

impl ParticipantRecord {
    fn shows(self) -> Shown {
        match self {
            ParticipantRecord::Prepared => Shown::VOTED_YES.and(Shown::LOCKED),
            ParticipantRecord::Committed => Shown::COMMITTED,
            ParticipantRecord::Aborted => Shown::ABORTED,
            ParticipantRecord::None => Shown::NOTHING,
        }
    }
}

pub type CoordinatorSite = Site<Coordinator, CoordinatorRecord>;
pub type ParticipantSite = Site<Participant, ParticipantRecord>;

/// The phases and the log of one site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound(deserialize = "PerTxn<Phase>: Deserialize<'de>, PerTxn<Record>: Deserialize<'de>"))]
pub struct Site<Phase, Record> {
    pub phase: PerTxn<Phase>,
    /// As it is on storage. (A log is written as a whole, so its site has to know all of it.)
    pub log: PerTxn<Record>,
}

impl<Phase: Copy + Default, Record: Copy + Default> Site<Phase, Record> {
    /// A site with this log, which knows nothing else yet.
    pub fn new(log: PerTxn<Record>) -> Self {
        let phase = log.map(|_| Phase::default());
        Site { phase, log }
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Storage::Coordinator(log) => log.fmt(f),
            Storage::Participant(log) => log.fmt(f),
        }
    }
}
