//! A replica of a server: Paxos (PMS) on what is on the server's disk, in one place that is written again and again
//! (Rystsov), and a leader that is the server meanwhile.
//!
//! - Whoever leads a ballot is the server. Whatever that writes on its disk, a majority accepts, with what is claimed of
//!   the step; nothing that it does leaves it before.
//! - A replica that comes to lead takes what was accepted under the highest ballot, has it accepted once more, and is
//!   the server that comes back with that on its disk: another incarnation.
//! - Who has led before may not know yet that another does. What it would have to write it cannot, and what it says
//!   without that is of an earlier incarnation, to which nobody listens who has heard of a later one.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::claims::Claim;
use super::owner::Shard;
use super::state::{Disk, Server};
use super::{Attempt, Mistake, Msg, Sharded, Storage, Timer};
use crate::model::actor::Done;
use crate::model::{Command, Id, NodeSet, Out, Start};
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
    Chosen(usize),
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
    fn add(&mut self, mut says: Vec<Said>) {
        for said in &mut says {
            if let Said::Claimed(claim) = said {
                self.claims.push(claim.clone());
                *said = Said::Chosen(self.claims.len() - 1);
            }
        }
        add(&mut self.says, says);
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

/// A replica while one of its handlers runs.
pub(super) struct Acceptor<'a> {
    pub protocol: &'a Sharded,
    pub id: Id,
    pub r: &'a mut Replica,
    pub o: &'a mut Out<Sharded>,
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

    /// The lowest ballot of a replica that is above another.
    pub(super) fn ballot_above(&self, ballot: Ballot, id: Id) -> Ballot {
        let n = u32::try_from(self.nodes_of(id).len()).expect("few replicas");
        let mut above = ballot.0 + 1..=ballot.0 + n;
        let own = |ballot: &u32| self.leads(Ballot(*ballot), id);
        Ballot(above.find(own).expect("one in n"))
    }

    /// Whether a ballot is one of this replica's. With n replicas, round r of the i-th is ballot (r - 1) · n + i.
    fn leads(&self, ballot: Ballot, id: Id) -> bool {
        self.leader_of(ballot, id) == id
    }

    /// Whose ballot it is, of the replicas of the same server.
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

    fn makes(&self, mistake: Mistake) -> bool {
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
        let claims = found.claims.clone();
        let finds = Said::Claimed(Claim::Found(found.version, claims));
        let says = if found.claims.is_empty() {
            vec![]
        } else {
            vec![finds]
        };
        self.proposes(found, says);
        let heartbeat = self.protocol.params.heartbeat;
        self.o.set_timer(Timer::Heartbeat, heartbeat);
    }

    /// Phase 2a.
    fn proposes(&mut self, proposal: Proposal, says: Vec<Said>) {
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

    fn says(&mut self, says: Vec<Said>) {
        let accepted = Arc::clone(&self.r.record.accepted);
        for said in says {
            match said {
                Said::Chosen(place) => {
                    let claim = Box::new(accepted.claims[place].clone());
                    let claim = Claim::Chosen((accepted.version, place), claim);
                    self.o.observe(claim);
                }
                Said::Claimed(claim) => self.o.observe(claim),
                Said::Sent(to, msg) => self.o.broadcast(self.protocol.nodes_of(to), &msg),
            }
        }
    }

    /// It is the server from now on, which comes back with what is on its disk.
    fn takes_over(&mut self) {
        let Role::Leader(leader) = &mut self.r.role else {
            return;
        };
        if leader.server.is_some() {
            return;
        }
        let disk = self.r.record.accepted.disk.clone();
        let server = self.protocol.stands_for(self.id);
        let mut done = Out::default();
        let start = Start::Again(Some(&Storage::Server(disk)));
        leader.server = Some(self.protocol.start_server(server, start, &mut done));
        self.notes(done);
    }

    /// Lets the server work on one input, if it leads and is the server.
    fn serves(&mut self, work: impl FnOnce(&mut Shard<'_>)) {
        let Role::Leader(leader) = &mut self.r.role else {
            return;
        };
        let Some(server) = &mut leader.server else {
            return;
        };
        let mut done = Out::default();
        work(&mut Shard {
            protocol: self.protocol,
            id: self.protocol.stands_for(self.id),
            s: server,
            o: &mut done,
        });
        self.notes(done);
        self.goes_on();
    }

    /// What the server has done: if it has written anything, that is accepted next. What it says waits for all that it has
    /// written before. Its timers are armed at once.
    fn notes(&mut self, done: Out<Sharded>) {
        let Role::Leader(leader) = &mut self.r.role else {
            return;
        };
        let incarnation = leader.server.as_ref().map_or(1, |s| s.disk.incarnation);
        let (mut disk, mut says) = (None, Vec::new());
        done.each_in_order(&mut |done| match done {
            Done::Observed(claim) => says.push(Said::Claimed(claim)),
            Done::Gave(Command::Send(to, msg)) => says.push(Said::Sent(to, msg.of(incarnation))),
            Done::Gave(Command::Save {
                record: Storage::Server(record),
                ..
            }) => disk = Some(record),
            Done::Gave(command) => self.o.give(command),
        });
        if let Some(disk) = disk {
            leader.next.get_or_insert_default().disk = disk;
        }
        if let Some(next) = &mut leader.next {
            next.add(says);
        } else if let Some(writing) = &mut leader.writing {
            add(&mut writing.says, says);
        } else {
            self.says(says);
        }
    }

    /// Proposes what the server has done, unless something is on its way to be accepted.
    fn goes_on(&mut self) {
        let Role::Leader(leader) = &mut self.r.role else {
            return;
        };
        if leader.writing.is_some() {
            return;
        }
        let Some(Step { disk, claims, says }) = leader.next.take() else {
            return;
        };
        let Proposal {
            ballot, version, ..
        } = *self.r.record.accepted;
        let proposal = Proposal {
            ballot,
            version: version + 1,
            disk,
            claims,
        };
        if self.makes(Mistake::SaysUnchosen) {
            self.r.record.accepted = Arc::new(proposal.clone());
            self.says(says);
            return self.proposes(proposal, Vec::new());
        }
        self.proposes(proposal, says);
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

impl Acceptor<'_> {
    fn gives_up(&mut self, server: &Server) {
        for timer in self.protocol.timers_of(server) {
            self.o.cancel_timer(timer);
        }
        for part in server.parts() {
            let Attempt { txn, .. } = part.request.attempt;
            self.o.observe(Claim::Released(txn));
        }
    }
}

/// Adds what is new: what is asked again and again is answered once.
fn add(says: &mut Vec<Said>, more: Vec<Said>) {
    for said in more {
        if !says.contains(&said) {
            says.push(said);
        }
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
