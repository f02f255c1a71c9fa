//! What a replica of a server keeps, in memory and on stable storage, and how it starts.
//!
//! Invariant: what a leader has on its disk and no majority has accepted is `Leader::writing`, and nothing that was done
//! behind that has left it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::claims::Claim;
use super::state::{Disk, Server};
use super::{Msg, Sharded, Storage, Timer};
use crate::model::{Id, NodeSet, Out, Start};
use crate::protocols::consensus::Ballot;
use crate::protocols::transactions::Txn;

/// All have promised it to the first replica when they were set up.
const FIRST: Ballot = Ballot(1);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Replica {
    pub record: Record,
    /// The highest ballot that it has heard of.
    pub seen: Ballot,
    pub role: Role,
}

/// What an acceptor must not forget (PMS, 2.5).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Record {
    /// It accepts nothing below, and leads no other ballot.
    pub promised: Ballot,
    pub accepted: Arc<Proposal>,
}

/// What a server is to have on its disk, and says of the steps that lead to that.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Proposal {
    pub ballot: Ballot,
    /// How often the server has written.
    pub version: u32,
    pub disk: Disk,
    pub claims: Vec<Claim>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    Follower,
    /// In phase 1.
    Preparing {
        promised: NodeSet,
        /// What was accepted under the highest ballot, of what it has heard.
        highest: Arc<Proposal>,
    },
    Leader(Box<Leader>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Leader {
    /// What the others are to accept, if no majority has.
    pub writing: Option<Writing>,
    /// What the server has done since.
    pub next: Option<Step>,
    /// Nothing as long as what it came to know in phase 1 is not accepted once more.
    pub server: Option<Server>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Writing {
    pub accepted: NodeSet,
    /// What is said once a majority has.
    pub says: Vec<Said>,
}

/// What a server has done that is to be on its disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Step {
    pub disk: Disk,
    pub claims: Vec<Claim>,
    pub says: Vec<Said>,
}

/// What leaves a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Said {
    /// What is claimed of something that is on its disk, by its place among all that is.
    Chosen(u32),
    /// What is claimed of something else.
    Claimed(Claim),
    Sent(Id, Msg),
}

impl Replica {
    /// The server that it is, if all that it has written is chosen. Who does not know that another leads may do what will
    /// never be.
    pub fn settled(&self) -> Option<&Server> {
        match &self.role {
            Role::Leader(leader) if leader.writing.is_none() => leader.server.as_ref(),
            _ => None,
        }
    }

    /// The server that it is while it leads.
    pub fn server(&self) -> Option<&Server> {
        match &self.role {
            Role::Leader(leader) => leader.server.as_ref(),
            Role::Follower | Role::Preparing { .. } => None,
        }
    }
}

impl Step {
    /// Adds what is said behind it. Its claims are accepted with it: those of later steps may rest on them.
    pub fn add(&mut self, mut says: Vec<Said>) {
        for said in &mut says {
            if let Said::Claimed(claim) = said {
                let place = u32::try_from(self.claims.len()).expect("few claims");
                self.claims.push(claim.clone());
                *said = Said::Chosen(place);
            }
        }
        add(&mut self.says, says);
    }
}

/// Adds what is new: what is asked again and again is answered once.
pub(super) fn add(says: &mut Vec<Said>, more: Vec<Said>) {
    for said in more {
        if !says.contains(&said) {
            says.push(said);
        }
    }
}

impl Record {
    fn at_first() -> Self {
        let proposal = Proposal {
            ballot: FIRST,
            version: 0,
            disk: Disk::at_first(),
            claims: Vec::new(),
        };
        Record {
            promised: FIRST,
            accepted: Arc::new(proposal),
        }
    }
}

impl Proposal {
    /// Whether it claims that a prepared part came to its end, by its outcome or since it is another's.
    pub fn ends(&self, txn: Txn) -> bool {
        let mut claims = self.claims.iter();
        claims.any(|claim| match claim {
            Claim::Decided(of, _) | Claim::HandsOver(of) => *of == txn,
            _ => false,
        })
    }

    /// What is accepted later counts.
    pub fn is_later_than(&self, other: &Proposal) -> bool {
        (self.ballot, self.version) > (other.ballot, other.version)
    }
}

impl Sharded {
    /// The first replica leads from the beginning. Who comes back has what it has promised and accepted, and follows.
    pub(super) fn start_replica(
        &self,
        id: Id,
        start: Start<'_, Storage>,
        o: &mut Out<Self>,
    ) -> Replica {
        let record = match start.storage() {
            Some(Storage::Replica(record)) => record.clone(),
            _ => Record::at_first(),
        };
        let mut r = Replica {
            seen: record.promised,
            record,
            role: Role::Follower,
        };
        if let Start::First = start
            && self.stands_for(id) == id
        {
            let server = self.start_server(id, Start::First, &mut Out::default());
            let server = Some(server);
            r.role = Role::Leader(Box::new(Leader {
                server,
                ..Leader::default()
            }));
            o.set_timer(Timer::Heartbeat, self.params.heartbeat);
        } else {
            o.set_timer(Timer::Election, self.params.election_timeout);
        }
        r
    }
}

/// Where a replica stands in its group: its number is the ballot's.
pub(super) fn standing(replica: &Replica) -> String {
    let Ballot(ballot) = replica.record.promised;
    match &replica.role {
        Role::Follower => "follows".to_owned(),
        Role::Preparing { .. } => format!("prepares {ballot}"),
        Role::Leader(_) => format!("leads {ballot}"),
    }
}

/// `2: version 5, x=9, prepared T1`
impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Proposal {
            ballot: Ballot(ballot),
            version,
            disk,
            ..
        } = self;
        write!(f, "{ballot}: version {version}")?;
        let words = disk.in_words();
        let comma = if words.is_empty() { "" } else { ", " };
        write!(f, "{comma}{words}")
    }
}
