//! What a site keeps: for each transaction a phase and a record in its log.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Decision, PerTxn, Vote};
use crate::model::NodeSet;
use crate::protocols::atomic_commitment::Owed;

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

impl Coordinator {
    pub fn shows(self) -> Option<Owed> {
        match self {
            Coordinator::Decided { decision, .. } => Some(Owed::Decided(decision)),
            Coordinator::Initial | Coordinator::Collecting { .. } | Coordinator::Forgotten => None,
        }
    }
}

impl CoordinatorRecord {
    pub fn shows(self) -> Option<Owed> {
        match self {
            CoordinatorRecord::Commit => Some(Owed::Decided(Decision::Commit)),
            CoordinatorRecord::Abort => Some(Owed::Decided(Decision::Abort)),
            CoordinatorRecord::None | CoordinatorRecord::Initiation | CoordinatorRecord::End => {
                None
            }
        }
    }
}

impl Participant {
    pub fn shows(self) -> Option<Owed> {
        match self {
            Participant::Prepared { .. } => Some(Owed::Locked),
            Participant::Committed => Some(Owed::Decided(Decision::Commit)),
            Participant::Aborted => Some(Owed::Decided(Decision::Abort)),
            Participant::Open | Participant::Working { .. } => None,
        }
    }
}

impl ParticipantRecord {
    pub fn shows(self) -> Option<Owed> {
        match self {
            ParticipantRecord::Prepared => Some(Owed::Locked),
            ParticipantRecord::Committed => Some(Owed::Decided(Decision::Commit)),
            ParticipantRecord::Aborted => Some(Owed::Decided(Decision::Abort)),
            ParticipantRecord::None => None,
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
