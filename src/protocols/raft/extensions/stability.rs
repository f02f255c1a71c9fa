//! Leaders that nobody disrupts: pre-vote (thesis, 9.6), leaders that are defended (4.2.3), and leaders
//! that step down by themselves (6.2).

use crate::model::{Id, NodeSet};
use crate::protocols::raft::{Campaign, Mistake, Msg, RequestVote, Role, Timer, Turn, Vote};

/// *Pre-vote.*
impl Turn<'_> {
    /// Thesis, 9.6: asks whether a majority would vote for it, before it increments its term.
    pub fn start_pre_vote(&mut self) {
        self.s.leader = None;
        let promised = NodeSet::only(self.id);
        self.s.role = Role::PreCandidate { promised };
        self.set_election_timer();
        if self.is_quorum(promised) {
            return self.start_election(Campaign::Election);
        }
        let term = self.s.stable.current_term.next();
        self.request_votes(self.others(), term, Campaign::PreVote);
    }

    /// Thesis, 9.6: it would vote for a candidate whose log is up-to-date. It has not voted by that.
    pub fn on_pre_vote(&mut self, src: Id, ask: RequestVote) {
        let current = self.s.stable.current_term;
        if ask.term <= current && self.makes(Mistake::IgnoresOldPreVotes) {
            return;
        }
        let granted = ask.term > current && self.is_up_to_date(ask.last);
        let term = if granted { ask.term } else { current };
        let pre = true;
        self.send(src, Msg::Vote(Vote { term, granted, pre }));
    }

    /// Somebody says whether it would vote.
    pub fn on_promise(&mut self, src: Id, vote: Vote) {
        let next = self.s.stable.current_term.next();
        let Role::PreCandidate { promised } = &mut self.s.role else {
            return;
        };
        if !vote.granted || vote.term != next {
            return;
        }
        promised.insert(src);
        let promised = *promised;
        if self.is_quorum(promised) {
            self.start_election(Campaign::Election);
        }
    }
}

/// *Check-quorum.*
impl Turn<'_> {
    /// Thesis, 4.2.3: if a server receives a `RequestVote` request within the minimum election timeout
    /// of hearing from a current leader, it does not update its term or grant its vote. (9.6: nor does
    /// it say that it would.)
    pub fn defends_leader(&self, msg: &Msg) -> bool {
        let Msg::RequestVote(ask) = msg else {
            return false;
        };
        let knows_one = self.s.hears_leader || self.s.leading().is_some();
        knows_one
            && match ask.campaign {
                Campaign::PreVote => true,
                Campaign::Election => self.raft.params.check_quorum,
                Campaign::Transfer => false,
            }
    }

    /// A leader that has not heard from a majority for an election timeout steps down (thesis, 6.2).
    pub fn check_quorum(&mut self) {
        let Some(leader) = self.s.leading_mut() else {
            return;
        };
        let heard = std::mem::take(&mut leader.heard).with(self.id);
        if self.is_quorum(heard) {
            self.set_timer(Timer::CheckQuorum, self.raft.params.election_timeout);
        } else {
            self.follow(None);
        }
    }
}
