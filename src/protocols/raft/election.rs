//! Leader election: 5.2, 5.4.1, and what the thesis adds: pre-vote (9.6), leaders that are defended
//! (4.2.3) and elections that a leader asks for (3.10).

use super::Mistake;
use super::claim::Claim;
use super::log::{Content, Position, Term};
use super::messages::{Campaign, Msg, RequestVote, Timer, Vote};
use super::state::{Leader, Progress, Role};
use super::turn::Turn;
use crate::model::{Id, NodeSet};

/// *Followers* and *candidates*: what they do when nobody leads.
impl Turn<'_> {
    /// 5.2: if election timeout elapses without receiving `AppendEntries` RPC from current leader or
    /// granting vote to candidate, convert to candidate; if it elapses for a candidate, start a new
    /// election.
    pub(super) fn election_timeout(&mut self) {
        if self.s.leading().is_some() {
            return;
        }
        if !self.may_campaign() {
            // Otherwise servers that were removed could send a client to each other for ever.
            self.s.leader = None;
            return;
        }
        if self.raft.params.pre_vote {
            self.pre_vote();
        } else {
            self.start_election(Campaign::Election);
        }
    }

    /// Thesis, 9.6: asks whether a majority would vote for it, before it increments its term.
    fn pre_vote(&mut self) {
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

    /// 5.2: on conversion to candidate, start election: increment `currentTerm`, vote for self, reset
    /// election timer, send `RequestVote` RPCs to all other servers.
    pub(super) fn start_election(&mut self, campaign: Campaign) {
        self.s.stable.current_term = self.s.stable.current_term.next();
        self.s.stable.voted_for = Some(self.id);
        if self.makes(Mistake::NoVoteForItself) {
            self.s.stable.voted_for = None;
        }
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

    fn request_votes(&mut self, whom: NodeSet, term: Term, campaign: Campaign) {
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
    pub(super) fn vote_retry(&mut self) {
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
    /// Thesis, 4.2.3: if a server receives a `RequestVote` request within the minimum election timeout
    /// of hearing from a current leader, it does not update its term or grant its vote. (9.6: nor does
    /// it say that it would.)
    pub(super) fn defends_leader(&self, msg: &Msg) -> bool {
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

    pub(super) fn on_request_vote(&mut self, src: Id, ask: RequestVote) {
        let current = self.s.stable.current_term;
        if ask.campaign == Campaign::PreVote {
            if ask.term <= current && self.makes(Mistake::IgnoresOldPreVotes) {
                return;
            }
            let granted = ask.term > current && self.is_up_to_date(ask.last);
            let term = if granted { ask.term } else { current };
            let pre = true;
            return self.send(src, Msg::Vote(Vote { term, granted, pre }));
        }
        // 1. Reply false if term < currentTerm (5.1).
        // 2. If votedFor is null or candidateId, and candidate's log is at least as up-to-date as
        //    receiver's log, grant vote (5.2, 5.4).
        let is_free = self.s.stable.voted_for.is_none_or(|voted| voted == src)
            || self.makes(Mistake::VotesTwice);
        let granted = ask.term == current && is_free && self.is_up_to_date(ask.last);
        if granted {
            self.s.stable.voted_for = Some(src);
            self.set_election_timer();
        }
        self.send(
            src,
            Msg::Vote(Vote {
                term: current,
                granted,
                pre: false,
            }),
        );
    }

    /// 5.4.1: of two logs whose last entries have different terms, the log with the later term is
    /// more up-to-date; if they end with the same term, the longer one is.
    fn is_up_to_date(&self, candidate: Position) -> bool {
        let mine = self.s.stable.log.last();
        if self.makes(Mistake::VotesForAnyLog) {
            return true;
        }
        if self.makes(Mistake::ComparesLengthOnly) {
            return candidate.index >= mine.index;
        }
        if self.makes(Mistake::ComparesLastTermOnly) {
            return candidate.term >= mine.term;
        }
        (candidate.term, candidate.index) >= (mine.term, mine.index)
    }
}

/// *Candidates*: what they do with the results.
impl Turn<'_> {
    pub(super) fn on_vote(&mut self, src: Id, vote: Vote) {
        let current = self.s.stable.current_term;
        match &mut self.s.role {
            Role::PreCandidate { promised } if vote.pre && vote.granted => {
                if vote.term != current.next() {
                    return;
                }
                promised.insert(src);
                let promised = *promised;
                if self.is_quorum(promised) {
                    self.start_election(Campaign::Election);
                }
            }
            Role::Candidate { votes, answered } if !vote.pre => {
                let mistaken = self.raft.makes(Mistake::CountsOldVotes);
                if vote.term != current && !mistaken {
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
            _ => {}
        }
    }

    /// 5.2: if votes received from majority of servers: become leader. Upon election: send initial
    /// empty `AppendEntries` RPCs to each server; 8: a leader begins its term with a no-op.
    pub(super) fn become_leader(&mut self) {
        self.observe(Claim::Elected(self.s.stable.current_term));
        let progress = Progress {
            next: self.s.stable.log.last_index() + 1,
            matched: 0,
            round: 0,
        };
        self.s.role = Role::Leader(Leader {
            progress: vec![progress; self.raft.servers.len()],
            heard: NodeSet::EMPTY,
            round: 0,
            reads: Vec::new(),
            leases: [None; 2],
            change: None,
            transfer: None,
            undefended: false,
        });
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
    pub(super) fn step_down(&mut self, term: Term) {
        self.s.stable.current_term = term;
        self.s.stable.voted_for = None;
        self.follow(None);
    }

    /// Is a follower from now on, of this leader if it knows one.
    pub(super) fn follow(&mut self, leader: Option<Id>) {
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

    /// A leader that has not heard from a majority for an election timeout steps down (thesis, 6.2).
    pub(super) fn check_quorum(&mut self) {
        let Role::Leader(leader) = &mut self.s.role else {
            return;
        };
        let heard = std::mem::take(&mut leader.heard).with(self.id);
        if self.is_quorum(heard) {
            self.set_timer(Timer::CheckQuorum, self.raft.params.election_timeout);
        } else {
            self.follow(None);
        }
    }

    /// Thesis, 3.10: the leader has brought this server up to date and asks it to start an election
    /// at once.
    pub(super) fn on_timeout_now(&mut self, term: Term) {
        if term != self.s.stable.current_term || self.s.leading().is_some() {
            return;
        }
        if self.makes(Mistake::TimeoutNowMakesLeader) {
            self.s.stable.current_term = term.next();
            return self.become_leader();
        }
        if self.may_campaign() {
            self.start_election(Campaign::Transfer);
        }
    }
}
