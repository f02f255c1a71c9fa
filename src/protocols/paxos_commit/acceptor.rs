//! The acceptor: GL, 4.2; the same in all instances as in Paxos (PMS, 2.2), but for ballot 0.

use super::{
    Accepted, Acceptor, Ballot, Claim, Heard, Leader, Mistake, Msg, PaxosCommit, Record, Storage,
    Timer, Value, Votes,
};
use crate::model::{Id, Out};

/// The ballot of the participants.
pub(super) const THEIRS: Ballot = Ballot(0);

impl PaxosCommit {
    pub(super) fn start_acceptor(&self, id: Id, o: &mut Out<Self>) -> Acceptor {
        if self.quick().contains(id) {
            o.set_timer(Timer::Votes, self.params.vote_timeout);
        }
        let leader = if id == self.first_leader() && !self.params.faster {
            Leader::Proposing {
                ballot: THEIRS,
                heard: Heard::default(),
            }
        } else {
            Leader::Idle
        };
        Acceptor::new(Record::default(), leader)
    }

    /// It is as it was, but for votes that it had not accepted. The first leader cannot tell what it has
    /// missed, so it takes over.
    pub(super) fn recover_acceptor(
        &self,
        id: Id,
        record: Option<&Storage>,
        o: &mut Out<Self>,
    ) -> Acceptor {
        let record = match record {
            Some(Storage::Acceptor(record)) => *record,
            _ => Record::default(),
        };
        let mut a = Acceptor::new(record, Leader::Idle);
        if id == self.first_leader() {
            self.take_over(id, &mut a, o);
        }
        a
    }

    pub(super) fn acceptor_hears(
        &self,
        id: Id,
        a: &mut Acceptor,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        let promised = a.record.promised;
        match msg {
            Msg::Vote(value) => self.is_told_a_vote(id, a, src, value, o),

            // P1a: it keeps its promise.
            Msg::Phase1a(ballot) if ballot < promised => a.refuses(src, ballot, o),
            Msg::Phase2a(ballot, _)
                if ballot < promised && !self.makes(Mistake::AcceptsBelowPromise) =>
            {
                a.refuses(src, ballot, o);
            }

            // Phase 1b. Whoever led here, led a ballot that is overtaken.
            Msg::Phase1a(ballot) => {
                if ballot > promised {
                    self.promise(a, ballot, o);
                }
                o.send(src, Msg::Phase1b(ballot, a.record.accepted));
                self.follow(a, o);
            }

            // Phase 2b.
            Msg::Phase2a(ballot, votes) => {
                if ballot > promised {
                    a.yields();
                }
                self.accept(a, ballot, votes, o);
                o.send(src, Msg::Phase2b(ballot, votes));
                self.follow(a, o);
            }
            _ => self.leader_hears(id, a, src, msg, o),
        }
    }

    pub(super) fn acceptor_waits_no_longer(
        &self,
        id: Id,
        a: &mut Acceptor,
        timer: Timer,
        o: &mut Out<Self>,
    ) {
        match timer {
            // Somebody did not vote in time: it makes do with what there is, and the first leader finds
            // out whether others know more.
            Timer::Votes => {
                self.accept_pending(id, a, o);
                if id == self.first_leader() && !a.has_decided() {
                    self.take_over(id, a, o);
                }
            }
            Timer::Retry => self.leader_waits_no_longer(id, a, o),
            _ => {}
        }
    }

    /// Phase 2a of ballot 0. (A vote that was overtaken is not counted.)
    fn is_told_a_vote(&self, id: Id, a: &mut Acceptor, src: Id, value: Value, o: &mut Out<Self>) {
        let known = a.votes();
        if known.voters().contains(src) {
            // It has voted, and has not been told.
            return a.tells_outcome(src, o);
        }
        if a.record.promised > THEIRS && !self.makes(Mistake::AcceptsBelowPromise) {
            return;
        }
        let leads = id == self.first_leader();
        if leads && known == Votes::default() {
            o.broadcast(self.participants().without(src), &Msg::Prepare);
        }
        a.pending.add(src, value);
        let settled = self.outcome(a.votes()).is_some();
        if settled || !self.waits_for_the_rest(id) {
            self.accept_pending(id, a, o);
        }
        if settled {
            o.cancel_timer(Timer::Votes);
            if let Leader::Proposing { .. } = a.leader {
                o.set_timer(Timer::Retry, self.params.retry);
            }
        }
    }

    /// Whether it accepts all votes in one piece. One that has a vote only because another acceptor may be down
    /// will not get them all.
    fn waits_for_the_rest(&self, id: Id) -> bool {
        self.params.bundled && self.quick().contains(id)
    }

    /// Phase 2b of ballot 0, bundled: what has come in is accepted in one piece, and told in one message
    /// (GL, 4.2).
    fn accept_pending(&self, id: Id, a: &mut Acceptor, o: &mut Out<Self>) {
        let votes = a.votes();
        if votes != a.record.accepted.votes {
            self.accept(a, THEIRS, votes, o);
        }
        let msg = Msg::Phase2b(THEIRS, votes);
        if self.params.faster {
            o.broadcast(self.participants(), &msg);
        } else if id == self.first_leader() {
            self.counts(id, a, id, votes, o);
        } else {
            o.send(self.first_leader(), msg);
        }
    }

    /// Phase 1b: what was not accepted before is not accepted any more.
    pub(super) fn promise(&self, a: &mut Acceptor, ballot: Ballot, o: &mut Out<Self>) {
        a.record.promised = ballot;
        a.pending = Votes::default();
        a.yields();
        o.cancel_timer(Timer::Votes);
        self.force(a.record, o);
    }

    /// Phase 2b. It accepts in ascending order, so what it accepts last prevails.
    pub(super) fn accept(&self, a: &mut Acceptor, ballot: Ballot, votes: Votes, o: &mut Out<Self>) {
        let accepted = Accepted { ballot, votes };
        let before = a.record.accepted;
        if accepted == before {
            return;
        }
        for claim in accepted
            .claims()
            .filter(|claim| !before.claims().any(|c| c == *claim))
        {
            o.observe(claim);
        }
        a.record.promised = a.record.promised.max(ballot);
        a.record.accepted = accepted;
        a.pending = Votes::default();
        self.force(a.record, o);
    }

    /// An acceptor remembers both on stable storage before it answers (PMS, 2.5).
    fn force(&self, record: Record, o: &mut Out<Self>) {
        let mut record = record;
        if self.makes(Mistake::AcceptanceInMemory) {
            record.accepted = Accepted::default();
        }
        if self.makes(Mistake::PromiseInMemory) {
            record.promised = THEIRS;
        }
        o.save(Storage::Acceptor(record));
    }

    /// It has promised, and wants to know what comes of it.
    fn follow(&self, a: &Acceptor, o: &mut Out<Self>) {
        if self.params.retransmit && !a.has_decided() {
            o.set_timer(Timer::Retry, self.params.retry);
        }
    }
}

impl Acceptor {
    fn new(record: Record, leader: Leader) -> Self {
        Acceptor {
            record,
            pending: Votes::default(),
            leader,
        }
    }

    /// Whoever leads a ballot that was overtaken is told so, or better how it went.
    fn refuses(&self, leader: Id, ballot: Ballot, o: &mut Out<PaxosCommit>) {
        if self.has_decided() {
            return self.tells_outcome(leader, o);
        }
        o.send(leader, Msg::Refused(ballot, self.record.promised));
    }

    /// The votes that it has accepted, or is going to.
    pub(super) fn votes(&self) -> Votes {
        self.record.accepted.votes.union(self.pending)
    }

    /// Its leader's ballot, if it has one, is overtaken.
    pub(super) fn yields(&mut self) {
        self.leader = match self.leader {
            Leader::Decided(decision) => Leader::Decided(decision),
            Leader::Idle | Leader::Proposing { ballot: THEIRS, .. } => Leader::Idle,
            _ => Leader::Overtaken,
        };
    }

    pub(super) fn has_decided(&self) -> bool {
        matches!(self.leader, Leader::Decided(_))
    }
}

impl Accepted {
    /// What an acceptor says that has this on its disk.
    pub(super) fn claims(self) -> impl Iterator<Item = Claim> {
        let votes = self.votes.iter();
        votes.map(move |(id, value)| Claim::accepted(id, self.ballot, value))
    }
}
