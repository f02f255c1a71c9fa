//! What servers and clients keep: Figure 2, *State*.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::cluster::index;
use crate::model::{Id, NodeSet};
use crate::protocols::clients::{Client, name};
use crate::protocols::raft::{Applied, Index, Log, Term};

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

/// *Persistent state on all servers.*
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stable {
    /// The latest term that the server has seen.
    pub current_term: Term,
    /// The candidate that got its vote in the current term.
    pub voted_for: Option<Id>,
    pub log: Log,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Server {
    pub stable: Stable,
    /// *Volatile state on all servers*: the highest entry known to be committed. Entries are applied
    /// as soon as they are, so this is `lastApplied` as well.
    pub commit_index: Index,
    /// The state machine after that entry.
    pub applied: Arc<Applied>,
    /// Whom it takes for the leader of its term.
    pub leader: Option<Id>,
    /// It has heard from a leader within the minimum election timeout (thesis, 4.2.3). Only kept with
    /// check-quorum or pre-vote.
    pub hears_leader: bool,
    pub role: Role,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    Follower,
    /// Asks whether it could win an election (thesis, 9.6).
    PreCandidate {
        promised: NodeSet,
    },
    Candidate {
        votes: NodeSet,
        /// Those who have answered at all, so that they need not be asked again. Only kept where they
        /// would be.
        answered: NodeSet,
    },
    /// Most steps of a leader leave this as it is: copies share it until one of them changes.
    Leader(Arc<Leader>),
}

/// *Volatile state on leaders*, reinitialised after election.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Leader {
    /// By server.
    #[serde(with = "crate::model::id::by_node")]
    pub progress: Vec<Progress>,
    /// Who has answered since it last looked (thesis, 6.2). Only kept with check-quorum.
    pub heard: NodeSet,
    /// The last round of heartbeats by which it makes sure that it still leads.
    pub round: u32,
    /// Reads that wait for such a round (thesis, 6.4).
    pub reads: Vec<Read>,
    /// Leases that began with a round (thesis, 6.4.1).
    pub leases: [Option<Lease>; 2],
    /// The change of membership under way, if any.
    pub change: Option<Change>,
    /// Whom it transfers leadership to.
    pub transfer: Option<Id>,
    /// It has asked somebody to start an election. However late that begins, voters will not defend
    /// this leader: it cannot rely on a lease again.
    pub undefended: bool,
}

/// What a leader knows of a follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Progress {
    /// `nextIndex`: the next entry to send.
    pub next: Index,
    /// `matchIndex`: the highest entry known to be replicated.
    pub matched: Index,
    /// The last round of heartbeats that was answered.
    pub round: u32,
}

/// A read that a leader has not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Read {
    pub client: Id,
    pub serial: u32,
    pub op: crate::protocols::key_value::Op,
    /// The round that has to be answered; `None` until the leader has committed an entry of its
    /// term, and so knows what is committed.
    pub round: Option<u32>,
}

/// A lease that lasts as long as its timer is armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// The round of heartbeats with which it began.
    pub round: u32,
    /// A majority has answered that round.
    pub confirmed: bool,
}

/// A change of membership that somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Change {
    pub client: Id,
    pub serial: u32,
    pub target: NodeSet,
    /// New servers do not vote before they have all up to here (thesis, 4.2.1); `None` once the new
    /// configuration is in the log.
    pub catch_up: Option<Index>,
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

impl Leader {
    pub fn of(&self, id: Id) -> &Progress {
        &self.progress[index(id)]
    }

    pub fn of_mut(&mut self, id: Id) -> &mut Progress {
        &mut self.progress[index(id)]
    }
}

impl Server {
    /// Thesis, 4.2.2: a server that is not part of its own latest configuration may still be needed
    /// until that is committed. So it starts elections if it is part of the last configuration that
    /// it knows to be committed, or of any that follows; but its own vote need not count.
    pub fn may_campaign(&self, id: Id) -> bool {
        let mut configurations = self.stable.log.configurations_from(self.commit_index);
        configurations.any(|configuration| configuration.contains(id))
    }

    /// Whether the last entry that it knows to be committed is of its own term. Then a leader knows all
    /// that is committed (8).
    pub fn has_committed_own_term(&self) -> bool {
        self.stable.log.term(self.commit_index) == Some(self.stable.current_term)
    }

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
}

/// As a record of a log: term, vote and entries.
impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Storage::Server(Stable {
                current_term,
                voted_for,
                log,
            }) => {
                write!(f, "Term({current_term:?}")?;
                if let Some(candidate) = voted_for {
                    write!(f, ", vote {}", name(*candidate))?;
                }
                write!(f, ", {log:?})")
            }
            Storage::Client(serial) => write!(f, "Begun({serial})"),
        }
    }
}
