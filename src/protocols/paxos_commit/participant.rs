//! The participant, a resource manager: GL, 4.2.

use super::{
    Claim, Decision, Heard, Mistake, Msg, Observe, Participant, PaxosCommit, Phase, Ruling,
    Storage, TXN, Timer, Value, Vote,
};
use crate::model::{Id, Out};

const UNILATERAL_ABORT: &str = "unilateral abort";
const INDEPENDENT_RECOVERY: &str = "independent recovery";

impl PaxosCommit {
    pub(super) fn start_participant(&self, id: Id, o: &mut Out<Self>) -> Participant {
        let phase = match self.votes.vote(id, TXN, o) {
            Some(vote) => Phase::Working { vote },
            None => Phase::Open,
        };
        if self.initiators().contains(id) {
            o.set_timer(Timer::Begin, self.params.start);
        }
        o.set_timer(Timer::Prepare, self.params.prepare_timeout);
        Participant::at(phase)
    }

    pub(super) fn participant_hears(
        &self,
        id: Id,
        p: &mut Participant,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        match (p.phase, msg) {
            (Phase::Working { vote }, Msg::Prepare) => self.vote(id, p, vote, o),

            // The outcome, from whoever knows it.
            (Phase::Prepared, Msg::Commit) => p.concludes(Decision::Commit, o),
            (Phase::Working { .. } | Phase::Prepared, Msg::Abort) => {
                p.concludes(Decision::Abort, o);
            }

            // GL, 4.2: phase 3 can be left out if acceptors tell the participants.
            (Phase::Working { .. } | Phase::Prepared, Msg::Phase2b(_, votes)) => {
                p.heard.add(src, votes);
                let chosen = p.heard.chosen(|acceptors| self.is_majority(acceptors));
                if let Some(decision) = self.outcome(chosen) {
                    p.concludes(decision, o);
                }
            }
            _ => {}
        }
    }

    pub(super) fn participant_waits_no_longer(
        &self,
        id: Id,
        p: &mut Participant,
        timer: Timer,
        o: &mut Out<Self>,
    ) {
        match (timer, p.phase) {
            (Timer::Begin, Phase::Working { vote }) => self.vote(id, p, vote, o),
            // Until it votes a participant may abort by itself, and its vote says so.
            (Timer::Prepare, Phase::Working { .. }) => {
                self.abort(id, p, Decision::Abort.by(UNILATERAL_ABORT), o);
            }
            // Once it is prepared it may not: it can only ask.
            (Timer::Outcome, Phase::Prepared) => {
                if self.makes(Mistake::PreparedAborts) {
                    return p.concludes(Decision::Abort, o);
                }
                self.ask(p, o);
            }
            _ => {}
        }
    }

    /// Phase 2a of ballot 0, which is its own.
    fn vote(&self, id: Id, p: &mut Participant, vote: Vote, o: &mut Out<Self>) {
        o.votes(TXN, vote);
        match vote {
            Vote::Yes => self.prepare(p, o),
            Vote::No => self.abort(id, p, Decision::Abort, o),
        }
    }

    /// *Prepared* is a promise that has to outlive a crash.
    fn prepare(&self, p: &mut Participant, o: &mut Out<Self>) {
        o.locks(TXN);
        p.phase = Phase::Prepared;
        if !self.makes(Mistake::PreparedInMemory) {
            o.save(Storage::Participant(p.phase));
        }
        o.broadcast(self.quick(), &Msg::Vote(Value::Prepared));
        o.cancel_timer(Timer::Begin);
        o.cancel_timer(Timer::Prepare);
        o.set_timer(Timer::Outcome, self.params.inquiry);
    }

    /// *Aborted* is a decision: nobody else can have this instance choose *prepared*.
    fn abort(&self, id: Id, p: &mut Participant, ruling: impl Into<Ruling>, o: &mut Out<Self>) {
        o.observe(Claim::would_abort(id));
        p.concludes(ruling, o);
        o.broadcast(self.quick(), &Msg::Vote(Value::Aborted));
    }

    /// Asks the next acceptor for the outcome. The first time it votes again as well, now to all of
    /// them: some may be down, or not have heard (GL, 4.3).
    fn ask(&self, p: &mut Participant, o: &mut Out<Self>) {
        let (all, retransmit) = (self.acceptors.len(), self.params.retransmit);
        let asked = usize::from(p.tries);
        if asked == 0 && retransmit {
            o.broadcast(self.acceptors, &Msg::Vote(Value::Prepared));
        }
        o.send(self.acceptor(asked), Msg::Inquiry);
        p.tries = if asked == all { 1 } else { p.tries + 1 };
        if asked + 1 < all || retransmit {
            o.set_timer(Timer::Outcome, self.params.inquiry);
        }
    }

    /// Recovery from each record (BHG 7.4).
    pub(super) fn recover_participant(
        &self,
        record: Option<&Storage>,
        o: &mut Out<Self>,
    ) -> Participant {
        match record {
            Some(Storage::Participant(Phase::Decided(decision))) => {
                o.applies(INDEPENDENT_RECOVERY);
                Participant::at(Phase::Decided(*decision))
            }
            // The outcome may have come while it was down, and not come again.
            Some(_) => {
                let mut p = Participant::at(Phase::Prepared);
                o.locks(TXN);
                self.ask(&mut p, o);
                p
            }
            // It had not voted, so it may abort; and having forgotten everything else it has to.
            None => {
                o.decides(TXN, Decision::Abort.by(INDEPENDENT_RECOVERY));
                Participant::at(Phase::Decided(Decision::Abort))
            }
        }
    }
}

impl Participant {
    fn at(phase: Phase) -> Self {
        Participant {
            phase,
            tries: 0,
            heard: Heard::default(),
        }
    }

    fn concludes(&mut self, ruling: impl Into<Ruling>, o: &mut Out<PaxosCommit>) {
        let decision = o.decides(TXN, ruling);
        if self.phase == Phase::Prepared {
            o.releases(TXN);
        }
        *self = Participant::at(Phase::Decided(decision));
        o.save_lazily(Storage::Participant(self.phase));
        for timer in [Timer::Begin, Timer::Prepare, Timer::Outcome] {
            o.cancel_timer(timer);
        }
    }
}
