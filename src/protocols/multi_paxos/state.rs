//! What servers and clients keep.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Ballot, Configurations, Log, Proposal, Slot};
use crate::model::{Few, Id, NodeSet};
use crate::protocols::clients::{Ask, Client};
use crate::protocols::key_value::{Applied, Op};

/// What a node knows while it is up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    Server(Server),
    Client(Client),
}

/// What survives a crash.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Storage {
    Server(Stable),
    /// The serial number of the last command that the client has begun.
    Client(u32),
}

/// What an acceptor must not forget (PMS, 2.5), once for all instances.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stable {
    /// It accepts nothing below, in any instance, and leads no other ballot.
    pub promised: Ballot,
    pub log: Log,
}

/// A proposer, an acceptor and a learner in one (PMS, 3: each server plays all the roles).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Server {
    /// The acceptor.
    pub stable: Stable,
    /// The learner: up to here it has executed all that was chosen.
    pub executed: Slot,
    /// The state machine after that slot.
    pub applied: Arc<Applied>,
    /// Who decides the slots behind it.
    pub configurations: Configurations,
    /// The highest ballot that it has heard of.
    pub seen: Ballot,
    /// Whom it takes for the leader of the ballot that it has promised.
    pub leader: Option<Id>,
    /// It has granted its leader a lease, and promises nothing to anybody else (PML, 5.2). Only kept where reads rely
    /// on that.
    pub grants: bool,
    /// The proposer. What it prepares or leads is the ballot that it has promised, to itself.
    pub role: Role,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    Follower,
    /// In phase 1 of all instances.
    Preparing {
        promised: NodeSet,
        reported: Reported,
    },
    /// In phase 2. Most steps of a leader leave this as it is: copies share it until one of them changes.
    Leader(Arc<Leader>),
}

/// Of each slot that is not known to be chosen, what was reported under the highest ballot.
pub type Reported = BTreeMap<Slot, Proposal>;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Leader {
    /// Who has accepted, of each slot that is in flight; no more than are enough.
    pub accepted: BTreeMap<Slot, NodeSet>,
    /// What was reported in phase 1, of slots that it has proposed nothing in yet.
    pub reported: Reported,
    /// The last slot that was reported. Once that is executed, all is known that was chosen before.
    pub recovered: Slot,
    /// Who has promised, as long as that may still be asked: where the servers are fixed nobody is kept, since a
    /// majority of one slot is one of all.
    pub promised: NodeSet,
    /// The last round of heartbeats by which it makes sure that it still leads.
    pub round: u32,
    /// The last round that each server has answered.
    #[serde(with = "crate::model::id::by_node")]
    pub answered: Vec<u32>,
    /// Reads that wait for such a round.
    pub reads: Vec<Read>,
    /// Leases that began with a round.
    pub leases: [Option<Lease>; 2],
    /// What waits for a slot, as long as too many are in flight.
    pub waiting: Few<Waiting>,
}

/// A read that a leader has not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Read {
    pub client: Id,
    pub serial: u32,
    pub op: Op,
    /// The round that has to be answered.
    pub round: u32,
}

/// A lease that lasts as long as its timer is armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// The round of heartbeats with which it began. A majority that has answered it has granted it.
    pub round: u32,
}

/// What a client has asked for that the leader has not proposed yet: no transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Waiting {
    pub client: Id,
    pub serial: u32,
    pub ask: Ask,
}

impl State {
    /// That of a server.
    pub fn server(&self) -> Option<&Server> {
        match self {
            State::Server(server) => Some(server),
            State::Client(_) => None,
        }
    }
}

impl Storage {
    /// That of a server.
    pub fn stable(&self) -> Option<&Stable> {
        match self {
            Storage::Server(stable) => Some(stable),
            Storage::Client(_) => None,
        }
    }
}

impl Server {
    /// What it keeps as a leader, to be changed.
    pub fn leading_mut(&mut self) -> Option<&mut Leader> {
        match &mut self.role {
            Role::Leader(leader) => Some(Arc::make_mut(leader)),
            _ => None,
        }
    }

    pub fn leading(&self) -> Option<&Leader> {
        match &self.role {
            Role::Leader(leader) => Some(leader),
            _ => None,
        }
    }

    /// Whether a server decides any slot behind those that this one has executed, as far as it knows.
    pub fn takes_part(&self, id: Id) -> bool {
        self.configurations.all().contains(id)
    }

    /// The last slot that it knows anything of.
    pub fn last(&self) -> Slot {
        self.stable.log.last().max(self.executed)
    }
}

/// As a record of an acceptor: its promise, and what it has accepted.
impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Storage::Server(Stable { promised, log }) => {
                write!(f, "Promised({promised:?}, {log:?})")
            }
            Storage::Client(serial) => write!(f, "Begun({serial})"),
        }
    }
}
