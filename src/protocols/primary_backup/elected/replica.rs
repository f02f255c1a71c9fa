//! Where a server stands that elects its primary together with others.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::{Command, Copy, ViewNumber};
use crate::model::{FewMap, Id, NodeSet};

/// VRR, Figure 2: the state of a replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Replica {
    /// How often it has recovered.
    pub nonce: u32,
    pub view: ViewNumber,
    /// The last view in which its status was normal.
    pub last_normal: ViewNumber,
    pub log: Arc<Vec<Command>>,
    /// What was executed, which is what it knows to be committed.
    pub copy: Arc<Copy>,
    pub status: Status,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Status {
    /// Normal, and primary of its view: up to where each of the others has the log.
    Primary { acknowledged: FewMap<Id, u32> },
    /// Normal, and backup.
    Backup,
    /// Who wants the view to begin, and, of the primary to be, what they have.
    ViewChange {
        agreed: NodeSet,
        reports: FewMap<Id, Report>,
    },
    /// It has lost its state, and takes part in nothing before it has it back.
    Recovering {
        /// The last view that it voted for, before it was down.
        wanted: ViewNumber,
        responses: FewMap<Id, Response>,
    },
}

/// What a server has, for the primary of a new view.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Report {
    /// The last view in which its status was normal.
    pub last_normal: ViewNumber,
    pub log: Arc<Vec<Command>>,
    pub committed: u32,
}

/// What a server in normal status tells one that recovers: its view, and if it is primary its log, and what of it is
/// committed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Response {
    pub view: ViewNumber,
    pub state: Option<(Arc<Vec<Command>>, u32)>,
}

impl Replica {
    /// In view 1, with nothing.
    pub fn first(leads: bool) -> Self {
        Replica {
            nonce: 0,
            view: ViewNumber(1),
            last_normal: ViewNumber(1),
            log: Arc::default(),
            copy: Arc::default(),
            status: if leads {
                Status::leads()
            } else {
                Status::Backup
            },
        }
    }

    pub fn is_primary(&self) -> bool {
        matches!(self.status, Status::Primary { .. })
    }

    pub fn is_normal(&self) -> bool {
        self.is_primary() || self.status == Status::Backup
    }

    /// Whether it has lost nothing, or has it back.
    pub fn has_state(&self) -> bool {
        !matches!(self.status, Status::Recovering { .. })
    }

    /// How many places of the log are filled.
    pub fn length(&self) -> u32 {
        u32::try_from(self.log.len()).expect("a short log")
    }

    pub fn committed(&self) -> u32 {
        self.copy.next_place() - 1
    }
}

impl Status {
    /// A primary that has heard nobody yet.
    pub fn leads() -> Self {
        let acknowledged = FewMap::new();
        Status::Primary { acknowledged }
    }
}

/// `2 in 1, 1 committed`: how long its log is, of which view.
impl std::fmt::Debug for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (log, view) = (self.log.len(), self.last_normal);
        write!(f, "{log} of view {view:?}, {} committed", self.committed)
    }
}
