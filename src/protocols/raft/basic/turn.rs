//! One server at work on one input.
//!
//! Invariant: nothing is sent before all that it reveals is on stable storage (Figure 2: *updated on
//! stable storage before responding to RPCs*). Whoever sends, saves first what has changed.

use crate::model::{Id, NodeSet, Out, TimerRange};
use crate::protocols::raft::{
    Claim, Configuration, Mistake, Msg, Raft, Server, Stable, Storage, Timer,
};

pub struct Turn<'a> {
    pub raft: &'a Raft,
    pub id: Id,
    pub s: &'a mut Server,
    pub out: &'a mut Out<Raft>,
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
        if self.makes(Mistake::VoteInMemory) {
            record.voted_for = None;
        }
        if self.makes(Mistake::JointForgottenOnRestart) {
            record.log.forget_joint();
        }
        if !self.makes(Mistake::NothingSaved) {
            self.out.save(Storage::Server(record));
        }
    }

    /// Says what this turn means. It takes effect with what is saved or sent next.
    pub fn observe(&mut self, claim: Claim) {
        self.out.observe(claim);
    }

    pub fn set_timer(&mut self, timer: Timer, range: TimerRange) {
        self.out.set_timer(timer, range);
    }

    pub fn cancel(&mut self, timer: Timer) {
        self.out.cancel_timer(timer);
    }

    pub fn set_election_timer(&mut self) {
        self.set_timer(Timer::Election, self.raft.params.election_timeout);
    }

    /// A server always uses the latest configuration in its log (6).
    pub fn configuration(&self) -> Configuration {
        self.s.stable.log.configuration().1
    }

    pub fn may_campaign(&self) -> bool {
        self.s.may_campaign(self.id)
    }

    /// The other servers that take part.
    pub fn others(&self) -> NodeSet {
        self.configuration().all().without(self.id)
    }

    pub fn is_quorum(&self, set: NodeSet) -> bool {
        let configuration = self.configuration();
        configuration.is_quorum(set) || self.miscounts(configuration, set)
    }

    /// Whether these decide by mistake, if it makes one.
    fn miscounts(&self, configuration: Configuration, set: NodeSet) -> bool {
        let half = |of: NodeSet| 2 * of.intersection(set).len() >= of.len();
        match (self.raft.params.bug, configuration.next()) {
            (Some(Mistake::HalfIsAMajority), next) => {
                half(configuration.voters()) && next.is_none_or(half)
            }
            (Some(Mistake::NewMajorityOnly), Some(next)) => Configuration::of(next).is_quorum(set),
            _ => false,
        }
    }

    pub fn makes(&self, mistake: Mistake) -> bool {
        self.raft.makes(mistake)
    }
}
