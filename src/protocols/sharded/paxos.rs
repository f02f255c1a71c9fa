//! A replica of a server: Paxos (PMS) on what is on the server's disk, in one place that is written again and again
//! (Rystsov), and a leader that is the server meanwhile.
//!
//! - Whoever leads a ballot is the server. Whatever that writes on its disk, a majority accepts, with what is claimed of
//!   the step; nothing that it does leaves it before.
//! - A replica that comes to lead takes what was accepted under the highest ballot, has it accepted once more, and is
//!   the server that comes back with that on its disk: another incarnation.
//! - Who has led before may not know yet that another does. What it would have to write it cannot, and what it says
//!   without that is of an earlier incarnation, to which nobody listens who has heard of a later one.

use std::sync::Arc;

use super::claims::Claim;
use super::replica::{Proposal, Record, Replica, Role, Said, Writing};
use super::{Mistake, Msg, Sharded, Storage, Timer};
use crate::model::{Id, NodeSet, Out};
use crate::protocols::consensus::Ballot;

/// A replica while one of its handlers runs.
pub(super) struct Acceptor<'a> {
    pub protocol: &'a Sharded,
    pub id: Id,
    pub r: &'a mut Replica,
    pub o: &'a mut Out<Sharded>,
}

impl Sharded {
    /// The lowest ballot of a replica that is above another.
    fn ballot_above(&self, ballot: Ballot, id: Id) -> Ballot {
        let n = u32::try_from(self.nodes_of(id).len()).expect("few replicas");
        let mut above = ballot.0 + 1..=ballot.0 + n;
        let own = |ballot: &u32| self.leader_of(Ballot(*ballot), id) == id;
        Ballot(above.find(own).expect("one in n"))
    }

    /// Whose ballot it is, of the replicas of the same server. With n of them, round r of the i-th is ballot
    /// (r - 1) · n + i.
    pub(super) fn leader_of(&self, ballot: Ballot, id: Id) -> Id {
        let replicas = self.nodes_of(id);
        let place = (ballot.0 as usize - 1) % replicas.len();
        let leader = replicas.iter().nth(place);
        leader.expect("there are so many replicas")
    }

    /// The ballot that a replica prepares next.
    pub(super) fn next_ballot(&self, id: Id, replica: &Replica) -> Ballot {
        self.ballot_above(replica.seen.max(replica.record.promised), id)
    }

    pub(super) fn is_majority(&self, set: NodeSet, id: Id) -> bool {
        2 * set.len() > self.nodes_of(id).len()
    }
}

impl Acceptor<'_> {
    pub fn hears(&mut self, node: Id, msg: Msg) {
        match msg {
            Msg::PrepareBallot(ballot) => self.asked_to_promise(ballot, node),
            Msg::Promise(ballot, accepted) => self.hears_promise(ballot, accepted, node),
            Msg::Accept(proposal) => self.asked_to_accept(proposal, node),
            Msg::Accepted(ballot, version) => self.hears_accepted(ballot, version, node),
            Msg::Refused(ballot) => self.refused(ballot),
            msg => {
                let src = self.protocol.stands_for(node);
                self.serves(|shard| shard.hears(src, msg));
            }
        }
    }

    pub fn waits_no_longer(&mut self, timer: &Timer) {
        match timer {
            Timer::Election => self.prepares(),
            Timer::Heartbeat => self.asks_to_accept(),
            timer => self.serves(|shard| shard.waits_no_longer(timer)),
        }
    }

    fn others(&self) -> NodeSet {
        self.protocol.nodes_of(self.id).without(self.id)
    }

    fn save(&mut self) {
        let mut record = self.r.record.clone();
        if self.makes(Mistake::PromiseInMemory) {
            record.promised = record.accepted.ballot;
        }
        self.o.save(Storage::Replica(record));
    }

    pub fn makes(&self, mistake: Mistake) -> bool {
        self.protocol.makes(mistake)
    }

    /// Phase 1a: nobody leads, as far as it knows. Asks again those that are silent if it has asked before.
    fn prepares(&mut self) {
        let election = self.protocol.params.election_timeout;
        self.o.set_timer(Timer::Election, election);
        let silent = match &self.r.role {
            Role::Leader(_) => return,
            Role::Preparing { promised, .. } => self.others().minus(*promised),
            Role::Follower => {
                self.r.record.promised = self.protocol.next_ballot(self.id, self.r);
                self.r.role = Role::Preparing {
                    promised: NodeSet::only(self.id),
                    highest: Arc::clone(&self.r.record.accepted),
                };
                self.save();
                self.others()
            }
        };
        let ballot = self.r.record.promised;
        self.o.broadcast(silent, &Msg::PrepareBallot(ballot));
    }

    /// Phase 1b.
    fn asked_to_promise(&mut self, ballot: Ballot, src: Id) {
        let promised = self.r.record.promised;
        if ballot < promised {
            return self.o.send(src, Msg::Refused(promised));
        }
        if ballot > promised {
            self.r.record.promised = ballot;
            self.save();
            self.follows();
        }
        let accepted = Arc::clone(&self.r.record.accepted);
        self.o.send(src, Msg::Promise(ballot, accepted));
    }

    /// What was accepted under the highest ballot is what it has to propose (PMS, 2.2: P2c).
    fn hears_promise(&mut self, ballot: Ballot, accepted: Arc<Proposal>, src: Id) {
        let own_only = self.makes(Mistake::TakesItsOwn);
        let is_old = ballot != self.r.record.promised && !self.makes(Mistake::CountsOldAnswers);
        let Role::Preparing { promised, highest } = &mut self.r.role else {
            return;
        };
        if is_old {
            return;
        }
        promised.insert(src);
        if accepted.is_later_than(highest) && !own_only {
            *highest = accepted;
        }
        if self.protocol.is_majority(*promised, self.id) {
            let highest = Proposal::clone(highest);
            self.leads_with(highest);
        }
    }

    /// Phase 2a, of what it has found in phase 1: it may be chosen, and nobody may have said so.
    fn leads_with(&mut self, found: Proposal) {
        self.o.cancel_timer(Timer::Election);
        self.r.role = Role::Leader(Box::default());
        let mut says = Vec::new();
        if !found.claims.is_empty() {
            let finds = Claim::Found(found.version, found.claims.clone());
            says.push(Said::Claimed(finds));
        }
        self.proposes(found, says);
        self.set_heartbeat();
    }

    /// Phase 2a.
    pub fn proposes(&mut self, proposal: Proposal, says: Vec<Said>) {
        let ballot = self.r.record.promised;
        self.r.record.accepted = Arc::new(Proposal { ballot, ..proposal });
        self.save();
        if let Role::Leader(leader) = &mut self.r.role {
            let accepted = NodeSet::only(self.id);
            leader.writing = Some(Writing { accepted, says });
        }
        self.tells_others();
    }

    fn tells_others(&mut self) {
        let accepted = Arc::clone(&self.r.record.accepted);
        self.o.broadcast(self.others(), &Msg::Accept(accepted));
    }

    /// Phase 2a once more, whether all have accepted it or not: so they know that it leads.
    fn asks_to_accept(&mut self) {
        self.tells_others();
        self.set_heartbeat();
    }

    fn set_heartbeat(&mut self) {
        let heartbeat = self.protocol.params.heartbeat;
        self.o.set_timer(Timer::Heartbeat, heartbeat);
    }

    /// Phase 2b. What is known already is accepted once more.
    fn asked_to_accept(&mut self, proposal: Arc<Proposal>, src: Id) {
        let Record { promised, accepted } = &self.r.record;
        let promised = *promised;
        if proposal.ballot < promised {
            return self.o.send(src, Msg::Refused(promised));
        }
        let (ballot, version) = (proposal.ballot, proposal.version);
        if proposal.is_later_than(accepted) {
            self.r.record = Record {
                promised: ballot,
                accepted: proposal,
            };
            self.save();
        }
        self.follows();
        self.o.send(src, Msg::Accepted(ballot, version));
    }

    /// Once a majority has accepted it, it is chosen: what was claimed is so, and all hear of it.
    fn hears_accepted(&mut self, ballot: Ballot, version: u32, src: Id) {
        let Record { promised, accepted } = &self.r.record;
        let is_old = ballot != *promised && !self.makes(Mistake::CountsOldAnswers);
        if is_old || version != accepted.version {
            return;
        }
        let Role::Leader(leader) = &mut self.r.role else {
            return;
        };
        let Some(writing) = &mut leader.writing else {
            return;
        };
        writing.accepted.insert(src);
        if !self.protocol.is_majority(writing.accepted, self.id) {
            return;
        }
        let says = std::mem::take(&mut writing.says);
        leader.writing = None;
        self.says(says);
        self.takes_over();
        self.goes_on();
    }

    /// Somebody has promised another ballot: it leaves its own.
    fn refused(&mut self, promised: Ballot) {
        self.r.seen = self.r.seen.max(promised);
        if promised > self.r.record.promised && !matches!(self.r.role, Role::Follower) {
            self.follows();
        }
    }

    /// Follows whoever leads. If it was the server, that is over, as in a crash.
    fn follows(&mut self) {
        match std::mem::replace(&mut self.r.role, Role::Follower) {
            Role::Leader(leader) => {
                self.o.cancel_timer(Timer::Heartbeat);
                if let Some(server) = &leader.server {
                    self.gives_up(server);
                }
            }
            Role::Follower | Role::Preparing { .. } => {}
        }
        let election = self.protocol.params.election_timeout;
        self.o.set_timer(Timer::Election, election);
    }
}
