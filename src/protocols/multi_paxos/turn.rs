//! One server at work on one input.
//!
//! Invariant: nothing is sent before all that it reveals is on stable storage (PMS, 2.5). Whoever sends, saves
//! first what has changed.

use super::configurations::is_majority;
use super::{
    Ballot, Claim, Log, Mistake, Msg, MultiPaxos, Role, Server, Slot, Stable, Storage, Timer,
};
use crate::model::{Id, NodeSet, Out, TimerRange};

pub struct Turn<'a> {
    pub paxos: &'a MultiPaxos,
    pub id: Id,
    pub s: &'a mut Server,
    pub out: &'a mut Out<MultiPaxos>,
    /// What is on stable storage.
    pub saved: Stable,
}

impl Turn<'_> {
    pub fn send(&mut self, dst: Id, msg: Msg) {
        self.persist();
        self.out.send(dst, msg);
    }

    /// Saves what has changed since it was last saved.
    pub fn persist(&mut self) {
        if self.s.stable == self.saved {
            return;
        }
        self.saved = self.s.stable.clone();
        let mut record = self.saved.clone();
        if self.makes(Mistake::PromiseInMemory) {
            record.promised = Ballot::default();
        }
        if self.makes(Mistake::AcceptedInMemory) {
            record.log = Log::new(self.paxos.members);
        }
        self.out.save(Storage::Server(record));
    }

    /// Says what this turn means. It takes effect with what is saved or sent next.
    pub fn observe(&mut self, claim: Claim) {
        self.out.observe(claim);
    }

    pub fn set_timer(&mut self, timer: Timer, range: TimerRange) {
        self.out.set_timer(timer, range);
    }

    pub fn set_election_timer(&mut self) {
        self.set_timer(Timer::Election, self.paxos.params.election_timeout);
    }

    /// Is a follower from now on, of this leader if it knows one.
    pub fn follow(&mut self, leader: Option<Id>) {
        self.s.leader = leader;
        match std::mem::replace(&mut self.s.role, Role::Follower) {
            Role::Leader(_) => {
                for timer in [
                    Timer::Heartbeat,
                    Timer::Propose,
                    Timer::Lease(0),
                    Timer::Lease(1),
                ] {
                    self.out.cancel_timer(timer);
                }
            }
            Role::Preparing { .. } => self.out.cancel_timer(Timer::PrepareRetry),
            Role::Follower => {}
        }
        self.set_election_timer();
    }

    pub fn ballot(&self) -> Ballot {
        self.s.stable.promised
    }

    /// All others that take part in the next slots.
    pub fn others(&self) -> NodeSet {
        self.s.configurations.all().without(self.id)
    }

    /// Whether it may lead: it is one of those that decide a slot that is not executed yet, as far as it knows.
    pub fn takes_part(&self) -> bool {
        self.s.takes_part(self.id)
    }

    /// Whether these decide a slot that is not executed yet.
    pub fn decide(&self, slot: Slot, set: NodeSet) -> bool {
        let of = if self.makes(Mistake::CountsByNewest) {
            self.s.configurations.newest()
        } else {
            self.s.configurations.at(slot)
        };
        is_majority(of, set)
    }

    pub fn makes(&self, mistake: Mistake) -> bool {
        self.paxos.makes(mistake)
    }
}
