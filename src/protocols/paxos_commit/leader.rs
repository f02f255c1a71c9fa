//! The leader, on the node of an acceptor: it knows the outcome when enough acceptors have told it, and finds
//! out if they do not (GL, 4.2; phases 1a and 2a of PMS, 2.2, in all instances at once).

use super::acceptor::THEIRS;
use super::{
    Accepted, Acceptor, Ballot, Claim, Decision, Heard, Leader, Mistake, Msg, Observe, PaxosCommit,
    TXN, Timer, Votes,
};
use crate::model::{Id, NodeSet, Out};

impl PaxosCommit {
    pub(super) fn leader_hears(
        &self,
        id: Id,
        a: &mut Acceptor,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        match (&a.leader, msg) {
            (Leader::Idle | Leader::Overtaken, Msg::Inquiry) => self.take_over(id, a, o),
            // An acceptor that answers late may not have been told.
            (Leader::Decided(_), Msg::Inquiry | Msg::Phase1b(..) | Msg::Phase2b(..)) => {
                a.tells_outcome(src, o);
            }

            (Leader::Preparing { ballot, .. }, Msg::Phase1b(n, accepted))
                if n == *ballot || self.makes(Mistake::CountsOldPromises) =>
            {
                self.is_promised(id, a, src, accepted, o);
            }
            (Leader::Proposing { ballot, .. }, Msg::Phase2b(n, votes))
                if n == *ballot || self.makes(Mistake::CountsAcrossBallots) =>
            {
                self.counts(id, a, src, votes, o);
            }

            // PMS, 2.2: whoever learns that a higher ballot has begun should abandon its own.
            (
                Leader::Preparing { ballot, .. } | Leader::Proposing { ballot, .. },
                Msg::Refused(n, promised),
            ) if n == *ballot => {
                a.record.promised = a.record.promised.max(promised);
                a.yields();
                if self.params.retransmit {
                    o.set_timer(Timer::Retry, self.params.back_off);
                }
            }

            // Another leader was there first. Whoever waits for this one may not hear of it from that one.
            (leader, Msg::Commit | Msg::Abort) if !matches!(leader, Leader::Decided(_)) => {
                let decision = match msg {
                    Msg::Commit => Decision::Commit,
                    _ => Decision::Abort,
                };
                let waiting = self.waiting_for(id, leader).without(src);
                a.concludes(decision, o);
                if !self.makes(Mistake::KeepsTheOutcome) {
                    o.broadcast(waiting, &Msg::announce(decision));
                }
            }
            _ => {}
        }
    }

    /// Nobody answers: a leader asks again, and one that follows takes over, as does the first if it is
    /// not told what was accepted of the votes.
    pub(super) fn leader_waits_no_longer(&self, id: Id, a: &mut Acceptor, o: &mut Out<Self>) {
        match a.leader {
            Leader::Idle | Leader::Overtaken | Leader::Proposing { ballot: THEIRS, .. } => {
                self.take_over(id, a, o);
            }
            Leader::Preparing { .. } | Leader::Proposing { .. } => self.ask_again(id, a, o),
            Leader::Decided(_) => {}
        }
    }

    /// Phase 1a, for a ballot of its own. Its acceptor promises first, so it will never use the number
    /// again.
    pub(super) fn take_over(&self, id: Id, a: &mut Acceptor, o: &mut Out<Self>) {
        if self.makes(Mistake::BallotZero) {
            return self.propose(id, a, THEIRS, a.record.accepted, o);
        }
        let ballot = self.ballot_above(a.record.promised, id);
        self.promise(a, ballot, o);
        a.leader = Leader::Preparing {
            ballot,
            promised: NodeSet::EMPTY,
            reported: Accepted::default(),
        };
        self.is_promised(id, a, id, a.record.accepted, o);
        if let Leader::Preparing { .. } = a.leader {
            self.ask_again(id, a, o);
        }
    }

    fn is_promised(
        &self,
        id: Id,
        a: &mut Acceptor,
        src: Id,
        accepted: Accepted,
        o: &mut Out<Self>,
    ) {
        let Leader::Preparing {
            ballot,
            promised,
            reported,
        } = &mut a.leader
        else {
            return;
        };
        promised.insert(src);
        *reported = reported.prevailing(accepted);
        let all = *promised == self.acceptors;
        let (ballot, reported) = (*ballot, *reported);
        if self.is_majority(*promised) && (all || !self.makes(Mistake::WaitsForAll)) {
            self.propose(id, a, ballot, reported, o);
        }
    }

    /// Phase 2a: in each instance the value that was reported; where none was, it is free, and chooses
    /// *aborted* (GL, 4.2).
    fn propose(
        &self,
        id: Id,
        a: &mut Acceptor,
        ballot: Ballot,
        reported: Accepted,
        o: &mut Out<Self>,
    ) {
        let votes = self.pick(reported.votes);
        for free in votes.aborted.minus(reported.votes.aborted).iter() {
            o.observe(Claim::would_abort(free));
        }
        a.leader = Leader::Proposing {
            ballot,
            heard: Heard::default(),
        };
        self.accept(a, ballot, votes, o);
        self.ask_again(id, a, o);
        self.counts(id, a, id, votes, o);
    }

    fn pick(&self, reported: Votes) -> Votes {
        let mut prepared = reported.prepared;
        if self.makes(Mistake::IgnoresReports) {
            prepared = NodeSet::EMPTY;
        }
        let aborted = self.participants().minus(prepared);
        Votes { prepared, aborted }
    }

    /// Sends the request of the phase to all whose answer is missing, and waits.
    fn ask_again(&self, id: Id, a: &Acceptor, o: &mut Out<Self>) {
        let (answered, msg) = match &a.leader {
            Leader::Preparing {
                ballot, promised, ..
            } => (*promised, Msg::Phase1a(*ballot)),
            Leader::Proposing { ballot, heard } => {
                (heard.from(), Msg::Phase2a(*ballot, a.record.accepted.votes))
            }
            Leader::Idle | Leader::Overtaken | Leader::Decided(_) => return,
        };
        o.broadcast(self.acceptors.minus(answered).without(id), &msg);
        if self.params.retransmit {
            o.set_timer(Timer::Retry, self.params.retry);
        }
    }

    /// Phase 3: tells everybody once it is clear. (A leader that took over tells other acceptors as well.)
    pub(super) fn counts(
        &self,
        id: Id,
        a: &mut Acceptor,
        src: Id,
        votes: Votes,
        o: &mut Out<Self>,
    ) {
        let Leader::Proposing { ballot, heard } = &mut a.leader else {
            return;
        };
        // In ballot 0, who voted *aborted* knows.
        let theirs = *ballot == THEIRS;
        heard.add(src, votes);
        let chosen = heard.chosen(|acceptors| self.is_majority(acceptors));
        let Some(decision) = self.outcome(chosen) else {
            return;
        };
        let waiting = self.waiting_for(id, &a.leader);
        let knows = if theirs {
            chosen.aborted
        } else {
            NodeSet::EMPTY
        };
        a.concludes(decision, o);
        o.broadcast(waiting.minus(knows), &Msg::announce(decision));
    }

    /// Who may wait to hear the outcome from this leader: participants that have asked it, or need not; and
    /// those who promised, once it has asked them to.
    fn waiting_for(&self, id: Id, leader: &Leader) -> NodeSet {
        match leader {
            Leader::Idle if !self.tellers().contains(id) => NodeSet::EMPTY,
            Leader::Idle | Leader::Proposing { ballot: THEIRS, .. } => self.participants(),
            _ => self.participants().union(self.acceptors.without(id)),
        }
    }

    /// What the transaction comes to if just these are chosen, if that is clear.
    pub(super) fn outcome(&self, chosen: Votes) -> Option<Decision> {
        let early = self.makes(Mistake::CommitsUnprepared);
        if early && chosen.aborted.is_empty() && !chosen.prepared.is_empty() {
            return Some(Decision::Commit);
        }
        chosen.outcome(self.participants())
    }
}

impl Acceptor {
    fn concludes(&mut self, decision: Decision, o: &mut Out<PaxosCommit>) {
        o.decides(TXN, decision);
        self.leader = Leader::Decided(decision);
        o.cancel_timer(Timer::Votes);
        o.cancel_timer(Timer::Retry);
    }

    /// If it knows.
    pub(super) fn tells_outcome(&self, whom: Id, o: &mut Out<PaxosCommit>) {
        if let Leader::Decided(decision) = self.leader {
            o.send(whom, Msg::announce(decision));
        }
    }
}
