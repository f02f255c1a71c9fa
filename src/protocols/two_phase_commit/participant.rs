//! The participant: BHG 7.4.

use super::{
    Decision, Mistake, Msg, Observe, Participant, ParticipantRecord, ParticipantSite, Presumption,
    Ruling, Storage, Termination, Timer, TwoPhaseCommit, Txn, Vote, coordinator,
};
use crate::model::{Id, NodeSet, Out};

const UNILATERAL_ABORT: &str = "unilateral abort";
const INDEPENDENT_RECOVERY: &str = "independent recovery";
const COOPERATIVE_TERMINATION: &str = "cooperative termination";

impl TwoPhaseCommit {
    pub(super) fn wait_for_prepare(
        &self,
        id: Id,
        p: &mut ParticipantSite,
        txn: Txn,
        o: &mut Out<Self>,
    ) {
        p.phase[txn] = match self.ballot.vote(id, txn, o) {
            Some(vote) => Participant::Working { vote },
            None => Participant::Open,
        };
        o.set_timer(Timer::Prepare(txn), self.params.prepare_timeout);
    }

    pub(super) fn participant_hears(
        &self,
        p: &mut ParticipantSite,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        let txn = msg.txn();
        match (p.phase[txn], msg) {
            // With a query: that it could take part binds nobody; that it could not is a NO.
            (Participant::Working { vote: Vote::Yes }, Msg::Query(_)) => {
                o.send(src, Msg::Able(txn));
            }

            // Phase 1: YES is a promise that has to outlive a crash. NO is a decision.
            (Participant::Working { vote: Vote::Yes }, Msg::Prepare(_)) => {
                self.prepare(p, txn, o);
            }
            (Participant::Working { vote: Vote::No }, Msg::Query(_) | Msg::Prepare(_)) => {
                self.refuse(p, src, txn, o);
            }
            (Participant::Committed | Participant::Aborted, Msg::Prepare(_))
                if self.makes(Mistake::PrepareAfterDecision) =>
            {
                let asked = NodeSet::EMPTY;
                p.phase[txn] = Participant::Prepared { asked };
                o.locks(txn);
            }
            // Nothing was prepared, so there is nothing to roll back to.
            (Participant::Working { vote }, Msg::Commit(_))
                if self.makes(Mistake::WritesInTurn) =>
            {
                self.is_written(p, txn, vote, o);
            }
            (Participant::Committed, Msg::Abort(_)) if self.makes(Mistake::WritesInTurn) => {
                self.conclude(p, txn, Decision::Abort, o);
            }
            // A PREPARE may be a duplicate, or come late: what was said stays said.
            (Participant::Prepared { .. }, Msg::Prepare(_)) => o.send(src, Msg::Yes(txn)),
            (Participant::Aborted, Msg::Query(_) | Msg::Prepare(_)) => o.send(src, Msg::No(txn)),

            // Phase 2: the decision, from whoever knows it.
            (Participant::Prepared { .. }, Msg::Abort(_))
                if self.makes(Mistake::RollbackDoesNothing) => {}
            (Participant::Prepared { .. }, Msg::Commit(_)) => {
                self.learn(p, src, txn, Decision::Commit, o);
            }
            (Participant::Working { .. } | Participant::Prepared { .. }, Msg::Abort(_)) => {
                self.learn(p, src, txn, Decision::Abort, o);
            }
            (Participant::Committed, Msg::Commit(_)) => {
                self.acknowledge(src, txn, Decision::Commit, o);
            }
            (Participant::Aborted, Msg::Abort(_)) => {
                self.acknowledge(src, txn, Decision::Abort, o);
            }

            // Cooperative termination, asked: one who has not voted can abort, and must have
            // done so before it says so; one who is uncertain itself is no help.
            (Participant::Working { .. }, Msg::Inquiry(_)) => {
                self.conclude(p, txn, Decision::Abort.by(UNILATERAL_ABORT), o);
                o.send(src, Msg::Abort(txn));
            }
            (Participant::Prepared { .. }, Msg::Inquiry(_)) => o.send(src, Msg::Uncertain(txn)),
            (Participant::Committed, Msg::Inquiry(_)) => o.send(src, Msg::Commit(txn)),
            (Participant::Aborted, Msg::Inquiry(_)) => o.send(src, Msg::Abort(txn)),

            // Cooperative termination, asking: that all are uncertain says nothing, for the
            // coordinator may have decided.
            (Participant::Prepared { asked }, Msg::Uncertain(_)) if asked.contains(src) => {
                let asked = asked.without(src);
                p.phase[txn] = Participant::Prepared { asked };
                if asked.is_empty() && self.makes(Mistake::AllUncertainAbort) {
                    self.conclude(p, txn, Decision::Abort, o);
                }
            }

            // A decision other than its own is a stale presumption: the coordinator forgot the
            // transaction because everybody knew.
            _ => {}
        }
    }

    pub(super) fn participant_waits_no_longer(
        &self,
        id: Id,
        p: &mut ParticipantSite,
        timer: Timer,
        o: &mut Out<Self>,
    ) {
        match (timer, p.phase[timer.txn()]) {
            // Until it votes a participant may abort unilaterally.
            (Timer::Prepare(txn), Participant::Working { .. }) => {
                self.conclude(p, txn, Decision::Abort.by(UNILATERAL_ABORT), o);
            }
            // In the window of uncertainty it may not: it can only ask.
            (Timer::Inquiry(txn), Participant::Prepared { .. }) => {
                if self.makes(Mistake::UncertainAborts) {
                    return self.conclude(p, txn, Decision::Abort, o);
                }
                self.inquire(id, p, txn, o);
            }
            _ => {}
        }
    }

    /// Phase 1: forces the prepared record, which makes its vote YES last, then tells it.
    fn prepare(&self, p: &mut ParticipantSite, txn: Txn, o: &mut Out<Self>) {
        o.locks(txn);
        o.votes(txn, Vote::Yes);
        if !self.makes(Mistake::PreparedInMemory) {
            self.write_participant(p, txn, ParticipantRecord::Prepared, o);
        }
        o.send(coordinator(), Msg::Yes(txn));
        o.cancel_timer(Timer::Prepare(txn));
        o.set_timer(Timer::Inquiry(txn), self.params.inquiry);
        p.phase[txn] = Participant::Prepared {
            asked: NodeSet::EMPTY,
        };
    }

    /// Phase 1: NO is a decision, and nobody has to be asked for it.
    fn refuse(&self, p: &mut ParticipantSite, src: Id, txn: Txn, o: &mut Out<Self>) {
        o.votes(txn, Vote::No);
        self.conclude(p, txn, Decision::Abort, o);
        o.send(src, Msg::No(txn));
    }

    /// Phase 2: is told the decision, by the coordinator or by a peer.
    fn learn(
        &self,
        p: &mut ParticipantSite,
        src: Id,
        txn: Txn,
        decision: Decision,
        o: &mut Out<Self>,
    ) {
        let ruling = if src == coordinator() {
            decision.into()
        } else {
            decision.by(COOPERATIVE_TERMINATION)
        };
        self.conclude(p, txn, ruling, o);
        self.acknowledge(src, txn, decision, o);
    }

    /// The end of the transaction here: records the decision and gives up the locks.
    pub(super) fn conclude(
        &self,
        p: &mut ParticipantSite,
        txn: Txn,
        ruling: impl Into<Ruling>,
        o: &mut Out<Self>,
    ) {
        let decision = o.decides(txn, ruling);
        if let Participant::Prepared { .. } = p.phase[txn] {
            o.releases(txn);
        }
        let (phase, record) = match decision {
            Decision::Commit => (Participant::Committed, ParticipantRecord::Committed),
            Decision::Abort => (Participant::Aborted, ParticipantRecord::Aborted),
        };
        self.write_participant(p, txn, record, o);
        o.cancel_timer(Timer::Prepare(txn));
        o.cancel_timer(Timer::Inquiry(txn));
        p.phase[txn] = phase;
    }

    /// Tells the coordinator that its decision is on disk here, if it has to know.
    fn acknowledge(&self, src: Id, txn: Txn, decision: Decision, o: &mut Out<Self>) {
        if src == coordinator() && self.is_acknowledged(decision) {
            o.send(src, Msg::Ack(txn));
        }
    }

    /// Asks for the outcome, and will ask again.
    fn inquire(&self, id: Id, p: &mut ParticipantSite, txn: Txn, o: &mut Out<Self>) {
        let asked = self.peers(id);
        o.broadcast(asked.with(coordinator()), &Msg::Inquiry(txn));
        o.set_timer(Timer::Inquiry(txn), self.params.inquiry);
        p.phase[txn] = Participant::Prepared { asked };
    }

    /// Recovery of a participant from each record (BHG 7.4).
    pub(super) fn recover_participant(
        &self,
        id: Id,
        p: &mut ParticipantSite,
        txn: Txn,
        o: &mut Out<Self>,
    ) {
        match p.log[txn] {
            // Without a record it had not voted YES, so it may abort; and having forgotten
            // everything else it has to, whatever PREPARE may still be on its way.
            ParticipantRecord::None => {
                o.decides(txn, Decision::Abort.by(INDEPENDENT_RECOVERY));
                if self.makes(Mistake::VotesAfterAmnesia) {
                    return self.wait_for_prepare(id, p, txn, o);
                }
                p.phase[txn] = Participant::Aborted;
            }
            ParticipantRecord::Aborted => {
                o.applies(INDEPENDENT_RECOVERY);
                p.phase[txn] = Participant::Aborted;
            }
            // Uncertain: the decision may have come while it was down, and not come again. Until it
            // does, the locks are held as before.
            ParticipantRecord::Prepared => {
                self.inquire(id, p, txn, o);
                o.locks(txn);
            }
            ParticipantRecord::Committed => {
                o.applies(INDEPENDENT_RECOVERY);
                p.phase[txn] = Participant::Committed;
            }
        }
    }

    /// The participants that a participant asks beside the coordinator.
    fn peers(&self, id: Id) -> NodeSet {
        match self.params.termination {
            Termination::Basic => NodeSet::EMPTY,
            Termination::Cooperative => self.participants().without(id),
        }
    }

    /// MLO: what is presumed need not be forced.
    fn write_participant(
        &self,
        p: &mut ParticipantSite,
        txn: Txn,
        record: ParticipantRecord,
        o: &mut Out<Self>,
    ) {
        p.log[txn] = record;
        let log = Storage::Participant(p.log);
        match (record, self.params.presumption) {
            (ParticipantRecord::Committed, Presumption::Commit)
            | (ParticipantRecord::Aborted, Presumption::Abort) => o.save_lazily(log),
            _ => o.save(log),
        }
    }
}
