//! Two-phase commit on a tree whose coordinator nobody appoints: votes race towards each other, and where the
//! last arrives is decided.
//!
//! - Y. Raz, *The Dynamic Two Phase Commitment (D2PC) Protocol*, ICDT 1995.
//! - P. Bernstein, V. Hadzilacos, N. Goodman, *Concurrency Control and Recovery in Database
//!   Systems*, 1987, section 7.4 (BHG): recovery, and cooperative termination.
//!
//! ```text
//!     P1 ---------- P2 ---------- P3        a leaf is READY when its part of the transaction is done;
//!      |            |             |         others when all neighbours but one are, too
//!      | -- READY ->|             |         P1 has forced *ready*: it is uncertain from here on
//!      |            |<-- READY -- |         so has P3; P2 has READY from all its neighbours,
//!      |      force *committed*   |         and is done: it is the coordinator
//!      |<- COMMIT --|-- COMMIT -->|         each passes the decision on, away from where it came from
//! ```
//!
//! READY goes to *one* neighbour, the last that has not sent its own: it says that everybody on this side of
//! the edge is for it. So whoever has READY from all its neighbours, and is done itself, knows that all
//! are. On one edge there may be READY in both directions: P2 could have been slow, and have sent its own to
//! P3 when it had P1's, while P3's was on its way. That they cross is harmless. Either has READY from all its
//! neighbours then, and neither may abort any more; so both decide, and both COMMIT.
//!
//! It takes 2(n - 1) messages whether READYs cross or not: over each edge goes one READY and one COMMIT, or two
//! READYs. Each participant forces two records, but one that coordinates without having sent READY only one.
//!
//! An ABORT takes the place of READY or COMMIT. Until it sends READY a participant may abort unilaterally,
//! because its part failed (it votes NO), a neighbour is silent, or somebody asks. After that it can only ask: it
//! says so AGAIN, and with cooperative termination it asks all others as well.
//!
//! On purpose different from the paper:
//!
//! - The tree is a parameter, the same for all transactions, and there is no application that builds it.
//! - There are no read-only votes, and no participant that may not become the coordinator.
//! - A decision is not acknowledged, so nobody forgets: there is no end record, no log is cut. Nothing is
//!   presumed: ABORT is forced, too. Whoever misses a decision asks for it.
//! - READY AGAIN asks for the outcome. It says READY, which is what a neighbour has to know to give it. And
//!   it asks for an answer: READYs may cross of which one is lost, at a participant that is down, and whoever
//!   decides by the other would not know that it is missed.
//! - Cooperative termination is BHG's for two-phase commit. With it everybody knows all
//!   participants beforehand, and not only its neighbours.
//!
//! This file is the algorithm: a transaction's whole life at a site is one `match`. It knows nothing of
//! time, faults or properties.

mod bugs;
mod matrix;
mod messages;
mod params;
mod properties;
mod protocol;
mod rules;
mod site;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

pub use self::bugs::Mistake;
pub use self::messages::{Msg, Timer};
pub use self::params::{Params, Termination};
pub use self::site::{Phase, Record, State, Storage};
use super::atomic_commitment::{self, Ballot, Observe, Ruling, Sites, Txn};
pub use super::atomic_commitment::{Choice, Claim, Decision, History, PlannedVote, Vote};
use crate::model::cluster::index;
use crate::model::{Actor, Id, NodeSet, Out, Start};

const UNILATERAL_ABORT: &str = "unilateral abort";
const INDEPENDENT_RECOVERY: &str = "independent recovery";
const COOPERATIVE_TERMINATION: &str = "cooperative termination";
const CROSSING: &str = "READYs that cross";

/// Two-phase commit on a tree of participants, from node 0 on.
#[derive(Clone, Debug)]
pub struct TreeTwoPhaseCommit {
    params: Params,
    ballot: Ballot,
    /// Of each participant.
    neighbours: Vec<NodeSet>,
}

impl Actor for TreeTwoPhaseCommit {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Choice = Choice;
    type Observation = Claim;

    /// A first start, or recovery from what is on disk, if anything is.
    fn on_start(&self, id: Id, start: Start<'_, Storage>, o: &mut Out<Self>) -> State {
        self.starts(id, start, o, |mut site, record| match record {
            None => site.start(),
            Some(record) => site.recover(record),
        })
    }

    fn on_message(&self, id: Id, state: &mut State, src: Id, msg: Msg, o: &mut Out<Self>) {
        self.site(id, msg.txn(), state, o).hears(src, msg);
    }

    fn on_timeout(&self, id: Id, state: &mut State, timer: &Timer, o: &mut Out<Self>) {
        self.site(id, timer.txn(), state, o).waits_no_longer(*timer);
    }

    fn on_choice(&self, id: Id, state: &mut State, choice: &Choice, o: &mut Out<Self>) {
        let mut site = self.site(id, choice.txn, state, o);
        if site.phase() == Phase::Open {
            site.o.intends(choice.txn, choice.vote);
            site.is_now(Phase::working(choice.vote));
        }
    }
}

impl Sites for TreeTwoPhaseCommit {
    type Phase = Phase;
    type Record = Record;

    fn transactions(&self) -> RangeInclusive<Txn> {
        1..=self.params.transactions
    }

    fn record(&self, phase: Phase) -> Record {
        phase.record()
    }

    fn restored(record: Record) -> Phase {
        Phase::restored(record)
    }
}

type Site<'a> = atomic_commitment::Site<'a, TreeTwoPhaseCommit>;

impl Site<'_> {
    fn start(&mut self) {
        let (txn, params) = (self.txn, &self.protocol.params);
        let vote = self.protocol.ballot.vote(self.id, txn, self.o);
        self.is_now(vote.map_or(Phase::Open, Phase::working));
        self.o.set_timer(Timer::Done(txn), params.start);
    }

    fn hears(&mut self, src: Id, msg: Msg) {
        let txn = self.txn;
        match (self.phase(), msg) {
            // Phase 1: everybody on the other side of this edge is for it.
            (Phase::Working { vote, ready }, Msg::Ready(_) | Msg::ReadyAgain(_)) => {
                let ready = ready.with(src);
                self.is_now(Phase::Working { vote, ready });
            }
            (Phase::Done { ready }, Msg::Ready(_) | Msg::ReadyAgain(_)) => {
                self.o.cancel_timer(Timer::silence(txn, src));
                self.goes_on(ready.with(src));
            }
            // READYs cross: it was the last, and now all have sent theirs. Whoever has sent it again may have
            // missed the one that crossed it.
            (Phase::Ready { to, .. }, Msg::Ready(_)) if src == to => {
                self.crosses(self.neighbours().without(src));
            }
            (Phase::Ready { to, .. }, Msg::ReadyAgain(_)) if src == to => {
                self.crosses(self.neighbours());
            }

            // Phase 2: the decision, from whoever knows it.
            (Phase::Ready { .. }, Msg::Commit(_)) => self.learns(src, Decision::Commit),
            (Phase::Working { .. } | Phase::Done { .. } | Phase::Ready { .. }, Msg::Abort(_)) => {
                self.learns(src, Decision::Abort);
            }

            // Termination, asked (READY again is a question, too). One that has not sent READY can abort,
            // and must have done so before it says so.
            (Phase::Working { .. } | Phase::Done { .. }, Msg::Inquiry(_)) => {
                let ruling = Decision::Abort.by(UNILATERAL_ABORT);
                self.decides(ruling, self.neighbours().with(src));
            }
            (Phase::Ready { .. }, Msg::Inquiry(_) | Msg::ReadyAgain(_)) => {
                self.o.send(src, Msg::Uncertain(txn));
            }
            (Phase::Decided(decision), Msg::Inquiry(_) | Msg::ReadyAgain(_)) => {
                self.o.send(src, Msg::announce(decision, txn));
            }

            // Termination, asking: that all are uncertain says nothing, for one that cannot be reached may
            // have decided.
            (Phase::Ready { to, awaited }, Msg::Uncertain(_)) if awaited.contains(src) => {
                let awaited = awaited.without(src);
                self.is_now(Phase::Ready { to, awaited });
                let all_others_are = awaited.without(to).is_empty();
                if all_others_are && self.makes(Mistake::AllUncertainAbort) {
                    self.decides(Decision::Abort, self.neighbours());
                }
            }

            // What comes after the decision does not change it.
            _ => {}
        }
    }

    fn waits_no_longer(&mut self, timer: Timer) {
        match (timer, self.phase()) {
            (Timer::Done(_), Phase::Working { vote, ready }) => self.is_done(vote, ready),
            // Until it sends READY a participant may abort unilaterally.
            (Timer::Silence(..), Phase::Done { .. }) => {
                let ruling = Decision::Abort.by(UNILATERAL_ABORT);
                self.decides(ruling, self.neighbours());
            }
            // In the window of uncertainty it may not: it can only ask.
            (Timer::Inquiry(_), Phase::Ready { to, .. }) => {
                if self.makes(Mistake::UncertainAborts) {
                    return self.decides(Decision::Abort, self.neighbours());
                }
                self.inquires(to);
            }
            _ => {}
        }
    }

    /// Its part of the transaction is done, or has failed.
    fn is_done(&mut self, vote: Vote, ready: NodeSet) {
        if vote == Vote::No {
            self.o.votes(self.txn, vote);
            return self.decides(Decision::Abort, self.neighbours());
        }
        self.goes_on(ready);
        if let Phase::Done { .. } = self.phase() {
            let timeout = self.protocol.params.ready_timeout;
            for neighbour in self.neighbours().minus(ready).iter() {
                self.o
                    .set_timer(Timer::silence(self.txn, neighbour), timeout);
            }
        }
    }

    /// READY goes to the last neighbour that has not sent it. Whoever has it from all coordinates.
    fn goes_on(&mut self, ready: NodeSet) {
        let missing = self.neighbours().minus(ready);
        self.is_now(Phase::Done { ready });
        match missing.len() {
            0 => {
                self.o.votes(self.txn, Vote::Yes);
                self.decides(Decision::Commit, self.neighbours());
            }
            1 => self.sends_ready(missing),
            _ if self.makes(Mistake::ReadyToAll) => self.sends_ready(missing),
            _ => {}
        }
    }

    /// Phase 1: forces the record that makes its vote YES last, then tells it.
    fn sends_ready(&mut self, whom: NodeSet) {
        let txn = self.txn;
        let Some(to) = whom.iter().next() else {
            return;
        };
        self.o.locks(txn);
        self.o.votes(txn, Vote::Yes);
        let tells_first = self.makes(Mistake::ReadyBeforeRecord);
        if tells_first {
            self.o.broadcast(whom, &Msg::Ready(txn));
        }
        let awaited = NodeSet::only(to);
        self.is_now(Phase::Ready { to, awaited });
        if !self.makes(Mistake::ReadyInMemory) {
            self.save();
        }
        if !tells_first {
            self.o.broadcast(whom, &Msg::Ready(txn));
        }
        self.waits_for_nobody();
        self.wait();
    }

    /// Both that sent READY over this edge have it from all their neighbours, and neither may
    /// abort. So both decide, and tell those behind them.
    fn crosses(&mut self, whom: NodeSet) {
        if self.makes(Mistake::CrossingWaits) {
            return;
        }
        let decision = if self.makes(Mistake::CrossingAborts) {
            Decision::Abort
        } else {
            Decision::Commit
        };
        self.decides(decision.by(CROSSING), whom);
    }

    /// Phase 2: is told the decision, and passes it on.
    fn learns(&mut self, src: Id, decision: Decision) {
        let ruling = if self.neighbours().contains(src) {
            decision.into()
        } else {
            decision.by(COOPERATIVE_TERMINATION)
        };
        let mut whom = self.neighbours().without(src);
        if self.makes(Mistake::KeepsDecision) {
            whom = NodeSet::EMPTY;
        }
        self.decides(ruling, whom);
    }

    /// The end of the transaction here: records the decision, gives up the locks, and tells these.
    fn decides(&mut self, ruling: impl Into<Ruling>, whom: NodeSet) {
        let txn = self.txn;
        let decision = self.o.decides(txn, ruling);
        if let Phase::Ready { .. } = self.phase() {
            self.o.releases(txn);
        }
        self.is_now(Phase::Decided(decision));
        self.save();
        self.o.broadcast(whom, &Msg::announce(decision, txn));
        self.waits_for_nobody();
    }

    /// Asks for the outcome, and will ask again: the neighbour that it sent READY to, by sending it again, and
    /// with cooperative termination everybody else.
    fn inquires(&mut self, to: Id) {
        let txn = self.txn;
        if !self.protocol.params.inquiries {
            return;
        }
        let others = match self.protocol.params.termination {
            Termination::Basic => NodeSet::EMPTY,
            Termination::Cooperative => self.protocol.everyone().without(self.id).without(to),
        };
        self.o.send(to, Msg::ReadyAgain(txn));
        self.o.broadcast(others, &Msg::Inquiry(txn));
        let awaited = others.with(to);
        self.is_now(Phase::Ready { to, awaited });
        self.wait();
    }

    /// Recovery from each record (BHG 7.4).
    fn recover(&mut self, record: Record) {
        let txn = self.txn;
        match record {
            // Without a record it had not sent READY, so it may abort; and having forgotten
            // everything else it has to. Those who miss its READY abort as well, or will ask.
            Record::Nothing => {
                self.o
                    .decides(txn, Decision::Abort.by(INDEPENDENT_RECOVERY));
                self.is_now(Phase::Decided(Decision::Abort));
            }
            // Uncertain; and READY may never have been sent. Until it knows the outcome, the locks are
            // held as before.
            Record::Ready { to } => {
                self.o.locks(txn);
                self.inquires(to);
            }
            Record::Decided(_) => self.o.applies(INDEPENDENT_RECOVERY),
        }
    }

    /// Waits for the outcome, but not for ever.
    fn wait(&mut self) {
        let params = &self.protocol.params;
        if params.inquiries {
            self.o.set_timer(Timer::Inquiry(self.txn), params.inquiry);
        }
    }

    fn waits_for_nobody(&mut self) {
        let txn = self.txn;
        self.o.cancel_timer(Timer::Done(txn));
        self.o.cancel_timer(Timer::Inquiry(txn));
        for neighbour in self.neighbours().iter() {
            self.o.cancel_timer(Timer::silence(txn, neighbour));
        }
    }

    fn neighbours(&self) -> NodeSet {
        self.protocol.neighbours[index(self.id)]
    }

    /// Whether this mistake is switched on.
    fn makes(&self, mistake: Mistake) -> bool {
        self.protocol.params.bug == Some(mistake)
    }
}

impl TreeTwoPhaseCommit {
    fn everyone(&self) -> NodeSet {
        self.ballot.participants
    }
}
