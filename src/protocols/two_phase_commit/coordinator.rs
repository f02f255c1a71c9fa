//! The coordinator: BHG 7.4, with the presumptions of MLO.

use super::{
    Coordinator, CoordinatorRecord, CoordinatorSite, Decision, Mistake, Msg, Observe, Presumption,
    Ruling, Storage, Timer, TwoPhaseCommit, Txn,
};
use crate::model::{Id, NodeSet, Out};

impl TwoPhaseCommit {
    pub(super) fn coordinator_hears(
        &self,
        c: &mut CoordinatorSite,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        let txn = msg.txn();
        match (c.phase[txn], msg) {
            // Phase 1: one NO aborts, the last YES commits.
            (Coordinator::Querying { .. } | Coordinator::Collecting { .. }, Msg::No(_)) => {
                self.decide(c, txn, Decision::Abort, self.participants().without(src), o);
            }
            (Coordinator::Querying { able }, Msg::Able(_)) => {
                let able = able.with(src);
                c.phase[txn] = Coordinator::Querying { able };
                if able == self.participants() {
                    self.ask_for_votes(c, txn, o);
                }
            }
            (Coordinator::Collecting { yes }, Msg::Yes(_)) => {
                let yes = self.count(yes, src);
                c.phase[txn] = Coordinator::Collecting { yes };
                if self.is_unanimous(yes) {
                    self.decide(c, txn, Decision::Commit, self.participants(), o);
                }
            }

            (Coordinator::Collecting { yes }, Msg::Ack(_)) if self.makes(Mistake::WritesInTurn) => {
                self.write_next(c, txn, yes.with(src), o);
            }

            // Phase 2: once everybody has acknowledged, nobody will ask any more.
            (
                Coordinator::Decided {
                    decision,
                    unacknowledged,
                },
                Msg::Ack(_),
            ) => {
                let unacknowledged = self.missing(unacknowledged, src);
                self.await_acknowledgements(c, txn, decision, unacknowledged, o);
            }

            // An inquiry is answered from what is known. While votes are out nothing is, and it is
            // left unanswered: the decision will be sent to everybody anyway.
            (Coordinator::Collecting { .. }, Msg::Inquiry(_))
                if self.makes(Mistake::InquiryAbortsCollecting) =>
            {
                o.decides(txn, Decision::Abort);
                o.send(src, Msg::Abort(txn));
            }
            (Coordinator::Decided { decision, .. }, Msg::Inquiry(_)) => {
                o.send(src, Msg::announce(decision, txn));
            }
            // MLO: no information means what is presumed.
            (Coordinator::Forgotten, Msg::Inquiry(_)) => {
                o.applies(self.presumption());
                o.send(src, Msg::announce(self.presumed(), txn));
            }

            // A vote that comes after the decision does not change it.
            _ => {}
        }
    }

    pub(super) fn coordinator_waits_no_longer(
        &self,
        c: &mut CoordinatorSite,
        timer: Timer,
        o: &mut Out<Self>,
    ) {
        match (timer, c.phase[timer.txn()]) {
            (Timer::Begin(txn), Coordinator::Initial) => self.begin(c, txn, o),
            // Somebody did not vote in time.
            (Timer::Vote(txn), Coordinator::Querying { .. } | Coordinator::Collecting { .. }) => {
                let ruling = self.decision_on_silence().by("vote timeout");
                self.decide(c, txn, ruling, self.participants(), o);
            }
            (
                Timer::Resend(txn),
                Coordinator::Decided {
                    decision,
                    unacknowledged,
                },
            ) => {
                if self.makes(Mistake::ErrorInMidCommit) {
                    c.phase[txn] = Coordinator::Forgotten;
                    return;
                }
                o.broadcast(unacknowledged, &Msg::announce(decision, txn));
                o.set_timer(timer, self.params.resend);
            }
            _ => {}
        }
    }

    /// Asks everybody to vote; or, with a query, whether that makes sense.
    fn begin(&self, c: &mut CoordinatorSite, txn: Txn, o: &mut Out<Self>) {
        if self.makes(Mistake::WritesInTurn) {
            return self.write_next(c, txn, NodeSet::EMPTY, o);
        }
        if !self.params.query {
            return self.ask_for_votes(c, txn, o);
        }
        o.broadcast(self.participants(), &Msg::Query(txn));
        o.set_timer(Timer::Vote(txn), self.params.vote_timeout);
        c.phase[txn] = Coordinator::Querying {
            able: NodeSet::EMPTY,
        };
    }

    /// Phase 1: asks everybody to vote.
    fn ask_for_votes(&self, c: &mut CoordinatorSite, txn: Txn, o: &mut Out<Self>) {
        // MLO, presumed commit: whoever may become prepared must be known before it is, or a
        // coordinator that comes back would presume its way to a commit nobody voted for.
        if self.params.presumption == Presumption::Commit
            && !self.makes(Mistake::NoInitiationRecord)
        {
            Self::write_coordinator(c, txn, CoordinatorRecord::Initiation, o);
        }
        o.broadcast(self.participants(), &Msg::Prepare(txn));
        o.set_timer(Timer::Vote(txn), self.params.vote_timeout);
        c.phase[txn] = Coordinator::Collecting {
            yes: NodeSet::EMPTY,
        };
        if self.makes(Mistake::VotesUnread) {
            self.decide(c, txn, Decision::Commit, self.participants(), o);
        }
    }

    /// Phase 2: the record that makes the decision comes first, then `whom` is told. (Without a
    /// record it is made with the first who is told.)
    pub(super) fn decide(
        &self,
        c: &mut CoordinatorSite,
        txn: Txn,
        ruling: impl Into<Ruling>,
        whom: NodeSet,
        o: &mut Out<Self>,
    ) {
        let decision = o.decides(txn, ruling);
        let sends_first = self.makes(Mistake::CommitBeforeRecord);
        if sends_first {
            o.broadcast(whom, &Msg::announce(decision, txn));
        }
        match (decision, self.params.presumption) {
            (Decision::Commit, _) => {
                Self::write_coordinator(c, txn, CoordinatorRecord::Commit, o);
            }
            (Decision::Abort, Presumption::Nothing) => {
                Self::write_coordinator(c, txn, CoordinatorRecord::Abort, o);
            }
            // No commit record is as good as an abort record.
            (Decision::Abort, Presumption::Abort | Presumption::Commit) => {}
        }
        if !sends_first {
            o.broadcast(whom, &Msg::announce(decision, txn));
        }
        if decision == Decision::Commit && self.makes(Mistake::CommitsThenRollsBack) {
            return self.decide(c, txn, Decision::Abort, whom, o);
        }
        if decision == Decision::Abort && self.makes(Mistake::LateYesCommits) {
            return;
        }
        o.cancel_timer(Timer::Vote(txn));
        self.await_acknowledgements(c, txn, decision, whom, o);
        if let Coordinator::Decided { .. } = c.phase[txn] {
            o.set_timer(Timer::Resend(txn), self.params.resend);
        }
    }

    /// Keeps the decision until these have acknowledged it; then, or if nobody has to, forgets.
    fn await_acknowledgements(
        &self,
        c: &mut CoordinatorSite,
        txn: Txn,
        decision: Decision,
        unacknowledged: NodeSet,
        o: &mut Out<Self>,
    ) {
        // MLO: what is presumed need not be remembered, so nobody has to acknowledge it.
        if !self.is_acknowledged(decision) {
            c.phase[txn] = Coordinator::Forgotten;
        } else if unacknowledged.is_empty() {
            Self::write_coordinator(c, txn, CoordinatorRecord::End, o);
            o.cancel_timer(Timer::Resend(txn));
            c.phase[txn] = Coordinator::Forgotten;
        } else {
            c.phase[txn] = Coordinator::Decided {
                decision,
                unacknowledged,
            };
        }
    }

    /// Recovery of the coordinator from each record (BHG 7.4, MLO).
    pub(super) fn recover_coordinator(&self, c: &mut CoordinatorSite, txn: Txn, o: &mut Out<Self>) {
        let decision = match c.log[txn] {
            // It had not begun, or had not decided (where abort needs no record: or not to
            // commit). It cannot tell, so it does not begin: those who wait for PREPARE abort by
            // themselves, those who are prepared ask. Where they are told ABORT, that is the
            // decision; where commit is presumed it had not begun, and there is nothing to decide.
            CoordinatorRecord::None => {
                if self.presumed() == Decision::Abort {
                    o.decides(txn, Decision::Abort.by(self.presumption()));
                }
                None
            }
            CoordinatorRecord::End => None,
            CoordinatorRecord::Initiation => {
                Some(o.decides(txn, Decision::Abort.by("abort after a crash")))
            }
            CoordinatorRecord::Abort => Some(Decision::Abort),
            CoordinatorRecord::Commit => Some(Decision::Commit),
        };
        match decision {
            Some(decision) if self.is_acknowledged(decision) => {
                // Nobody knows any more who acknowledged: everybody does it again.
                o.broadcast(self.participants(), &Msg::announce(decision, txn));
                o.set_timer(Timer::Resend(txn), self.params.resend);
                c.phase[txn] = Coordinator::Decided {
                    decision,
                    unacknowledged: self.participants(),
                };
            }
            _ => c.phase[txn] = Coordinator::Forgotten,
        }
    }

    /// The YES votes, with one more.
    fn count(&self, yes: NodeSet, src: Id) -> NodeSet {
        if self.makes(Mistake::VotesCounted) && yes.contains(src) {
            // A counter cannot tell who voted: it stands for any set of its size.
            let next = self.participants().minus(yes).iter().next();
            return next.map_or(yes, |next| yes.with(next));
        }
        yes.with(src)
    }

    /// Those whose acknowledgement is still missing when one has come.
    fn missing(&self, unacknowledged: NodeSet, src: Id) -> NodeSet {
        if self.makes(Mistake::FirstAnswerDecides) {
            return NodeSet::EMPTY;
        }
        unacknowledged.without(src)
    }

    fn is_unanimous(&self, yes: NodeSet) -> bool {
        if self.makes(Mistake::FirstAnswerDecides) {
            return true;
        }
        if self.makes(Mistake::MajorityCommits) {
            return yes.len() > self.participants().len() / 2;
        }
        yes == self.participants()
    }

    /// The decision when somebody does not vote in time.
    fn decision_on_silence(&self) -> Decision {
        if self.makes(Mistake::TimeoutCountsAsYes) {
            return Decision::Commit;
        }
        Decision::Abort
    }

    /// What the coordinator answers without information. Where nothing is presumed, only
    /// transactions that a crash interrupted leave none, and these are aborted.
    pub(super) fn presumed(&self) -> Decision {
        match self.params.presumption {
            Presumption::Abort | Presumption::Nothing => Decision::Abort,
            Presumption::Commit => Decision::Commit,
        }
    }

    /// The rule by which it answers so.
    fn presumption(&self) -> &'static str {
        match self.params.presumption {
            Presumption::Abort => "presumed abort",
            Presumption::Commit => "presumed commit",
            // Lampson & Lomet 1993: the one that is there although nothing is presumed.
            Presumption::Nothing => "hidden presumption",
        }
    }

    /// Whether participants acknowledge this decision, so that the coordinator may forget it.
    pub(super) fn is_acknowledged(&self, decision: Decision) -> bool {
        self.params.presumption == Presumption::Nothing || decision != self.presumed()
    }

    /// MLO: every record is forced but the last, which only saves answers.
    fn write_coordinator(
        c: &mut CoordinatorSite,
        txn: Txn,
        record: CoordinatorRecord,
        o: &mut Out<Self>,
    ) {
        c.log[txn] = record;
        let log = Storage::Coordinator(c.log);
        match record {
            CoordinatorRecord::End => o.save_lazily(log),
            _ => o.save(log),
        }
    }
}
