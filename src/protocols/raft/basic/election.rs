//! Leader election: 5.2, 5.4.1.

use std::sync::Arc;

use crate::model::{Id, NodeSet};
use crate::protocols::raft::{
    Campaign, Claim, Content, Leader, Mistake, Msg, Position, Progress, RequestVote, Role, Term,
    Timer, Turn, Vote,
};

/// *Followers* and *candidates*: what they do when nobody leads.
impl Turn<'_> {
    /// 5.2: if election timeout elapses without receiving `AppendEntries` RPC from current leader or
    /// granting vote to candidate, convert to candidate; if it elapses for a candidate, start a new
    /// election.
    pub fn election_timeout(&mut self) {
        if self.s.leading().is_some() {
            return;
        }
        if !self.may_campaign() {
            // Otherwise servers that were removed could send a client to each other for ever.
            self.s.leader = None;
            return;
        }
        if self.raft.params.pre_vote {
            self.start_pre_vote();
        } else {
            self.start_election(Campaign::Election);
        }
    }

    /// 5.2: on conversion to candidate, start election: increment `currentTerm`, vote for self, reset
    /// election timer, send `RequestVote` RPCs to all other servers.
    pub fn start_election(&mut self, campaign: Campaign) {
        self.s.stable.current_term = self.s.stable.current_term.next();
        self.s.stable.voted_for = (!self.makes(Mistake::NoVoteForItself)).then_some(self.id);
        self.s.leader = None;
        let votes = NodeSet::only(self.id);
        self.s.role = Role::Candidate {
            votes,
            answered: votes,
        };
        self.set_election_timer();
        if self.is_quorum(votes) {
            return self.become_leader();
        }
        let term = self.s.stable.current_term;
        self.request_votes(self.others(), term, campaign);
        if let Some(retry) = self.raft.params.vote_retry {
            self.set_timer(Timer::VoteRetry, retry);
        }
    }

    pub fn request_votes(&mut self, whom: NodeSet, term: Term, campaign: Campaign) {
        let last = self.s.stable.log.last();
        let ask = RequestVote {
            term,
            last,
            campaign,
        };
        for id in whom.iter() {
            self.send(id, Msg::RequestVote(ask));
        }
    }

    /// 5.1: servers retry RPCs if they do not receive a response in a timely manner.
    pub fn vote_retry(&mut self) {
        if let Role::Candidate { answered, .. } = self.s.role {
            let silent = self.others().minus(answered);
            self.request_votes(silent, self.s.stable.current_term, Campaign::Election);
            if let Some(retry) = self.raft.params.vote_retry {
                self.set_timer(Timer::VoteRetry, retry);
            }
        }
    }
}

/// *`RequestVote` RPC, receiver implementation.*
impl Turn<'_> {
    pub fn on_request_vote(&mut self, src: Id, ask: RequestVote) {
        if ask.campaign == Campaign::PreVote {
            return self.on_pre_vote(src, ask);
        }
        // 1. Reply false if term < currentTerm (5.1).
        // 2. If votedFor is null or candidateId, and candidate's log is at least as up-to-date as
        //    receiver's log, grant vote (5.2, 5.4).
        let is_free = self.s.stable.voted_for.is_none_or(|voted| voted == src)
            || self.makes(Mistake::VotesTwice);
        let term = self.s.stable.current_term;
        let granted = ask.term == term && is_free && self.is_up_to_date(ask.last);
        if granted {
            self.s.stable.voted_for = Some(src);
            self.set_election_timer();
        }
        let pre = false;
        self.send(src, Msg::Vote(Vote { term, granted, pre }));
    }

    /// 5.4.1: of two logs whose last entries have different terms, the log with the later term is
    /// more up-to-date; if they end with the same term, the longer one is.
    pub fn is_up_to_date(&self, candidate: Position) -> bool {
        let mine = self.s.stable.log.last();
        let is_later = candidate.term > mine.term;
        let is_as_long = candidate.index >= mine.index;
        let is_up_to_date = is_later || (candidate.term == mine.term && is_as_long);
        match self.raft.params.bug {
            Some(Mistake::VotesForAnyLog) => true,
            Some(Mistake::ComparesLengthOnly) => is_as_long,
            Some(Mistake::ComparesLastTermOnly) => candidate.term >= mine.term,
            _ => is_up_to_date,
        }
    }
}

/// *Candidates*: what they do with the results.
impl Turn<'_> {
    pub fn on_vote(&mut self, src: Id, vote: Vote) {
        if vote.pre {
            return self.on_promise(src, vote);
        }
        let is_old = vote.term != self.s.stable.current_term;
        let Role::Candidate { votes, answered } = &mut self.s.role else {
            return;
        };
        if is_old && !self.raft.makes(Mistake::CountsOldVotes) {
            return;
        }
        if self.raft.params.vote_retry.is_some() {
            answered.insert(src);
        }
        if vote.granted {
            votes.insert(src);
        }
        let votes = *votes;
        if self.is_quorum(votes) {
            self.become_leader();
        }
    }

    /// 5.2: if votes received from majority of servers: become leader. Upon election: send initial
    /// empty `AppendEntries` RPCs to each server; 8: a leader begins its term with a no-op.
    pub fn become_leader(&mut self) {
        self.observe(Claim::Elected(self.s.stable.current_term));
        let progress = Progress {
            next: self.s.stable.log.last_index() + 1,
            matched: 0,
            round: 0,
        };
        self.s.role = Role::Leader(Arc::new(Leader {
            progress: vec![progress; self.raft.servers.len()],
            heard: NodeSet::EMPTY,
            round: 0,
            reads: Vec::new(),
            leases: [None; 2],
            change: None,
            transfer: None,
            undefended: false,
        }));
        self.s.leader = Some(self.id);
        self.cancel(Timer::Election);
        self.cancel(Timer::VoteRetry);
        if self.raft.params.check_quorum {
            self.set_timer(Timer::CheckQuorum, self.raft.params.election_timeout);
        }
        if self.raft.params.no_op {
            self.append(Content::NoOp);
        }
        self.propose_later();
        self.heartbeat();
        self.advance_commit_index();
    }

    /// *Rules for Servers*: if RPC request or response contains term T > currentTerm: set
    /// currentTerm = T, convert to follower (5.1).
    pub fn step_down(&mut self, term: Term) {
        self.s.stable.current_term = term;
        self.s.stable.voted_for = None;
        self.follow(None);
    }

    /// Is a follower from now on, of this leader if it knows one.
    pub fn follow(&mut self, leader: Option<Id>) {
        self.s.leader = leader;
        match std::mem::replace(&mut self.s.role, Role::Follower) {
            Role::Leader(_) => {
                let of_leaders = [
                    Timer::Heartbeat,
                    Timer::Propose,
                    Timer::CheckQuorum,
                    Timer::Lease(0),
                    Timer::Lease(1),
                    Timer::Transfer,
                    Timer::CatchUp,
                ];
                for timer in of_leaders {
                    self.cancel(timer);
                }
                self.set_election_timer();
            }
            Role::Candidate { .. } => self.cancel(Timer::VoteRetry),
            Role::Follower | Role::PreCandidate { .. } => {}
        }
    }
}
