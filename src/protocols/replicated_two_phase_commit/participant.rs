//! The participant: BHG 7.4, with whoever leads in the place of the coordinator.

use super::{
    Decision, Mistake, Msg, Observe, Phase, ReplicatedTwoPhaseCommit, Ruling, Storage, TXN, Timer,
    Vote,
};
use crate::model::{Id, Out};
use crate::protocols::atomic_commitment::coordinator;

const UNILATERAL_ABORT: &str = "unilateral abort";
const INDEPENDENT_RECOVERY: &str = "independent recovery";

impl ReplicatedTwoPhaseCommit {
    pub(super) fn start_participant(&self, id: Id, o: &mut Out<Self>) -> Phase {
        if self.initiators().contains(id) {
            o.set_timer(Timer::Begin, self.params.start);
        }
        o.set_timer(Timer::Prepare, self.params.prepare_timeout);
        match self.ballot.vote(id, TXN, o) {
            Some(vote) => Phase::Working { vote },
            None => Phase::Open,
        }
    }

    pub(super) fn participant_hears(&self, p: &mut Phase, src: Id, msg: &Msg, o: &mut Out<Self>) {
        match (*p, msg) {
            // Phase 1. What was said stays said, whoever asks.
            (Phase::Working { vote }, Msg::Prepare) => self.vote(p, vote, src, o),
            (Phase::Prepared, Msg::Prepare) => o.send(src, Msg::Yes),
            (Phase::Decided(Decision::Abort), Msg::Prepare) => o.send(src, Msg::No),

            // Phase 2: the decision, from whoever knows it.
            (Phase::Prepared, Msg::Commit) => conclude(p, Decision::Commit, o),
            (Phase::Working { .. } | Phase::Prepared, Msg::Abort) => {
                conclude(p, Decision::Abort, o);
            }
            _ => {}
        }
    }

    pub(super) fn participant_waits_no_longer(
        &self,
        p: &mut Phase,
        timer: Timer,
        o: &mut Out<Self>,
    ) {
        match (timer, *p) {
            // Its vote says that the transaction is to begin.
            (Timer::Begin, Phase::Working { vote }) => self.vote(p, vote, coordinator(), o),
            // Until it votes a participant may abort unilaterally.
            (Timer::Prepare, Phase::Working { .. }) => {
                conclude(p, Decision::Abort.by(UNILATERAL_ABORT), o);
            }
            // In the window of uncertainty it may not: it can only ask.
            (Timer::Outcome, Phase::Prepared) => {
                if self.makes(Mistake::PreparedAborts) {
                    return conclude(p, Decision::Abort, o);
                }
                self.ask(o);
            }
            _ => {}
        }
    }

    /// YES is a promise that has to outlive a crash; NO is a decision.
    fn vote(&self, p: &mut Phase, vote: Vote, whom: Id, o: &mut Out<Self>) {
        o.votes(TXN, vote);
        match vote {
            Vote::Yes => {
                o.locks(TXN);
                *p = Phase::Prepared;
                if !self.makes(Mistake::PreparedInMemory) {
                    o.save(Storage::Participant(*p));
                }
                o.send(whom, Msg::Yes);
                o.cancel_timer(Timer::Begin);
                o.cancel_timer(Timer::Prepare);
                o.set_timer(Timer::Outcome, self.params.inquiry);
            }
            Vote::No => {
                conclude(p, Decision::Abort, o);
                o.send(whom, Msg::No);
            }
        }
    }

    /// Asks all replicas for the outcome, and will ask again: one of them leads, or comes to.
    fn ask(&self, o: &mut Out<Self>) {
        o.broadcast(self.coordinators(), &Msg::Inquiry);
        o.set_timer(Timer::Outcome, self.params.inquiry);
    }

    /// Recovery from each record (BHG 7.4).
    pub(super) fn recover_participant(&self, record: Option<&Storage>, o: &mut Out<Self>) -> Phase {
        match record {
            Some(Storage::Participant(Phase::Decided(decision))) => {
                o.applies(INDEPENDENT_RECOVERY);
                Phase::Decided(*decision)
            }
            // The outcome may have come while it was down, and not come again.
            Some(_) => {
                o.locks(TXN);
                self.ask(o);
                Phase::Prepared
            }
            // It had not voted YES, so it may abort; and having forgotten everything else it has to.
            None => {
                o.decides(TXN, Decision::Abort.by(INDEPENDENT_RECOVERY));
                Phase::Decided(Decision::Abort)
            }
        }
    }
}

/// The end of the transaction here: records the decision and gives up the locks. It need not be forced: who has
/// forgotten it asks again.
fn conclude(p: &mut Phase, ruling: impl Into<Ruling>, o: &mut Out<ReplicatedTwoPhaseCommit>) {
    let decision = o.decides(TXN, ruling);
    if *p == Phase::Prepared {
        o.releases(TXN);
    }
    *p = Phase::Decided(decision);
    o.save_lazily(Storage::Participant(*p));
    for timer in [Timer::Begin, Timer::Prepare, Timer::Outcome] {
        o.cancel_timer(timer);
    }
}
