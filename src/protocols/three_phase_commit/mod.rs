//! Three-phase commit: between the votes and the decision everybody learns how everybody voted, so
//! that those who are left can finish what a coordinator that failed began.
//!
//! - D. Skeen, *Nonblocking Commit Protocols*, SIGMOD 1981.
//! - D. Skeen, *A Quorum-Based Commit Protocol*, Berkeley Workshop 1982.
//! - D. Skeen, *Determining the Last Process to Fail*, TOCS 1985.
//! - D. Skeen, M. Stonebraker, *A Formal Model of Crash Recovery in a Distributed System*, IEEE TSE
//!   1983 (the timeout transitions).
//! - P. Bernstein, V. Hadzilacos, N. Goodman, *Concurrency Control and Recovery in Database
//!   Systems*, 1987, section 7.5 (BHG; the rules TR1 to TR4).
//!
//! ```text
//!      coordinator C                        participant P
//!
//!         initial                               working (q)
//!            |   --------- CAN-COMMIT -------->   |
//!       collecting                          force *waiting*        phase 1: vote
//!         votes      <--------- YES ----------    |
//!            |                                  waiting (w)        P is uncertain
//!  force *pre-committed*                          |
//!            |   --------- PRE-COMMIT -------->   |
//!      pre-committed                     force *pre-committed*     phase 2: everybody knows
//!            |       <--------- ACK ----------    |                that everybody is for it
//!     force *committed*                     pre-committed (p)
//!            |   ----------- COMMIT ---------->   |
//!        committed                         force *committed*       phase 3: decide
//! ```
//!
//! A NO, or a vote that does not come in time, makes the decision ABORT. Nobody commits while
//! anybody that is up is uncertain (with quorums: before enough of them are not), so those who are
//! left know enough. What they do when their coordinator is silent is the parameter `termination`:
//!
//! | waits too long | `timeouts`          | `protocol` and `quorum`                              |
//! |----------------|---------------------|------------------------------------------------------|
//! | C, for votes   | abort               | abort                                                |
//! | P in q         | abort               | abort                                                |
//! | P in w         | abort               | the lowest site that is up becomes the backup, and asks all others where they stand |
//! | P in p         | commit              | the same                                             |
//! | C, for ACKs    | commit without them | `protocol`: commit without them; `quorum`: ask all   |
//!
//! What a backup does is in `termination.rs`, and what becomes of a site that comes back in
//! `recovery.rs`.
//!
//! On purpose different from the papers:
//!
//! - The coordinator has no vote of its own, and does not count in quorums; each vote weighs one.
//! - It forces no record before it asks for votes: without one it aborts, and nobody has committed.
//! - ABORT goes to all participants, not only to those that voted YES.
//! - No messages elect the backup: a site that misses all before it in line takes itself for it. So
//!   there may be several at a time; with `quorum` that does no harm.
//! - A backup that has decided does not announce it to all: whoever misses the coordinator asks the
//!   next in line before it goes on to the one after.
//! - Records say who was *down*; who was up are the others. They are written when somebody is
//!   found to have failed.
//! - After a total failure only the states of those count who failed last, not of all who are back:
//!   one that failed earlier may be pre-committed where the others have aborted. No backup is
//!   elected then: whoever is back decides alone, once the last agree or everybody is back.
//! - One that has decided does not ignore PRE-COMMIT but answers with the decision, so that a
//!   coordinator that was suspected wrongly, and has not committed yet, is put right.
//! - COMMIT is not acknowledged, and nobody forgets: there is no end record, no log is cut.
//! - Nothing is sent again while nobody is missed. `retries` makes room for lost messages, which
//!   the papers rule out.
//!
//! This file is the algorithm, and in it a transaction's whole life at a site is one `match`. Its
//! steps are in three others: `phases.rs`, `termination.rs` and `recovery.rs`. None of them knows
//! anything of time, faults or properties.

mod bugs;
mod matrix;
mod messages;
mod params;
mod phases;
mod properties;
mod protocol;
mod recovery;
mod rules;
mod site;
mod termination;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

pub use self::bugs::Mistake;
pub use self::messages::{Msg, Timer};
pub use self::params::{Params, Termination};
pub use self::site::{Census, Local, Log, Part, Phase, State, Storage, Undecided};
use super::atomic_commitment::{self, Ballot, Observe, Ruling, Sites, Txn, coordinator};
pub use super::atomic_commitment::{Choice, Claim, Decision, History, PlannedVote, Vote};
use crate::model::{Actor, Id, NodeSet, Out, Start};

const UNILATERAL_ABORT: &str = "unilateral abort";

/// Three-phase commit with one coordinator, node 0, and participants from node 1 on.
#[derive(Clone, Debug)]
pub struct ThreePhaseCommit {
    params: Params,
    ballot: Ballot,
}

impl Actor for ThreePhaseCommit {
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
            Some(_) => site.recover(),
        })
    }

    fn on_message(&self, id: Id, state: &mut State, src: Id, msg: Msg, o: &mut Out<Self>) {
        self.site(id, msg.txn(), state, o).hears(src, msg);
    }

    fn on_timeout(&self, id: Id, state: &mut State, timer: &Timer, o: &mut Out<Self>) {
        let mut site = self.site(id, timer.txn(), state, o);
        site.waits_no_longer(*timer);
    }

    fn on_choice(&self, _: Id, state: &mut State, choice: &Choice, o: &mut Out<Self>) {
        if state[choice.txn] == Phase::Open {
            o.intends(choice.txn, choice.vote);
            state[choice.txn] = Phase::Working { vote: choice.vote };
        }
    }
}

impl Sites for ThreePhaseCommit {
    type Phase = Phase;
    type Record = Log;

    fn transactions(&self) -> RangeInclusive<Txn> {
        1..=self.params.transactions
    }

    fn record(&self, phase: Phase) -> Log {
        phase.log(self.params.termination == Termination::Protocol)
    }

    fn restored(log: Log) -> Phase {
        Phase::restored(log)
    }
}

type Site<'a> = atomic_commitment::Site<'a, ThreePhaseCommit>;

impl Site<'_> {
    fn start(&mut self) {
        let (txn, params) = (self.txn, &self.protocol.params);
        if self.id == coordinator() {
            self.o.set_timer(Timer::Begin(txn), params.start);
            return;
        }
        let phase = match self.protocol.ballot.vote(self.id, txn, self.o) {
            Some(vote) => Phase::Working { vote },
            None => Phase::Open,
        };
        self.is_now(phase);
        let timeout = params.can_commit_timeout;
        self.o.set_timer(Timer::CanCommit(txn), timeout);
    }

    fn hears(&mut self, src: Id, msg: Msg) {
        let txn = self.txn;
        match (self.phase(), msg) {
            // Phase 1, C: one NO aborts (and so does a backup, if C is only slow); the last YES lets
            // everybody know.
            (Phase::Collecting { .. }, Msg::No(_) | Msg::Abort(_)) => {
                self.decide(Decision::Abort, self.protocol.participants().without(src));
            }
            (Phase::Collecting { yes }, Msg::Yes(_)) => self.count(yes.with(src)),

            // Phase 1, P: YES is a promise that has to outlive a crash. NO is a decision.
            (Phase::Working { vote: Vote::Yes }, Msg::CanCommit(_)) => self.vote_yes(),
            (Phase::Working { vote: Vote::No }, Msg::CanCommit(_)) => {
                self.o.votes(txn, Vote::No);
                self.decide(Decision::Abort, NodeSet::EMPTY);
                self.o.send(src, Msg::No(txn));
            }
            // CAN-COMMIT may be a duplicate, or come late: what was said stays said.
            (Phase::Undecided(_), Msg::CanCommit(_)) => self.o.send(src, Msg::Yes(txn)),
            (Phase::Decided(Decision::Abort), Msg::CanCommit(_)) => {
                self.o.send(src, Msg::No(txn));
            }

            // Phase 2, and what a backup does in its place.
            (Phase::Undecided(u), Msg::PreCommit(_)) if self.obeys(&u, src) => {
                self.moves(u, src, Local::PreCommitted);
            }
            (Phase::Undecided(u), Msg::PreAbort(_)) if self.obeys(&u, src) => {
                self.moves(u, src, Local::PreAborted);
            }
            (Phase::Undecided(u), Msg::Ack(_, local)) => self.is_acknowledged(u, src, local),

            // Phase 3: the decision, from whoever knows it. The first counts.
            (Phase::Undecided(u), Msg::Commit(_)) => self.learns(&u, src, Decision::Commit),
            (Phase::Undecided(u), Msg::Abort(_)) => self.learns(&u, src, Decision::Abort),
            (Phase::Working { .. }, Msg::Abort(_)) => self.decide(Decision::Abort, NodeSet::EMPTY),

            // Termination, asked: one that has not voted can abort, and must have done so before
            // it says so.
            (Phase::Working { .. }, Msg::StateReq(_) | Msg::Inquiry(_)) => {
                self.decide(Decision::Abort.by(UNILATERAL_ABORT), NodeSet::only(src));
            }
            (Phase::Undecided(u), Msg::StateReq(_)) => self.reports(u, src),
            (Phase::Undecided(u), Msg::Inquiry(_)) => self.is_asked(u, src),
            // TR1, TR2: and whoever would move somebody that has decided is told as well.
            (
                Phase::Decided(decision),
                Msg::StateReq(_) | Msg::Inquiry(_) | Msg::PreCommit(_) | Msg::PreAbort(_),
            ) => self.o.send(src, Msg::announce(decision, txn)),

            // One that came back may answer what it was asked before it failed, and follow.
            (Phase::Decided(decision), Msg::State(..)) if self.has_quorums() => {
                self.o.send(src, Msg::announce(decision, txn));
            }

            // Termination, asking.
            (Phase::Undecided(u), Msg::State(_, local)) => self.is_told(u, src, local),
            (Phase::Undecided(u), Msg::Recovered(_, local, down)) => {
                self.meets(u, src, local, down);
            }

            // A vote or an answer that comes after the decision does not change it.
            _ => {}
        }
    }

    fn waits_no_longer(&mut self, timer: Timer) {
        match (timer, self.phase()) {
            (Timer::Begin(_), Phase::Initial) => self.begin(),
            // Somebody did not vote in time.
            (Timer::Vote(_), Phase::Collecting { .. }) => {
                let ruling = Decision::Abort.by("vote timeout");
                self.decide(ruling, self.protocol.participants());
            }
            // Until it votes a participant may abort unilaterally.
            (Timer::CanCommit(_), Phase::Working { .. }) => {
                self.decide(Decision::Abort.by(UNILATERAL_ABORT), NodeSet::EMPTY);
            }
            (Timer::Silence(_), Phase::Undecided(u)) => self.meets_silence(u),
            _ => {}
        }
    }
}

/// What all of it is made of.
impl Site<'_> {
    /// Forces who was found to have failed, for the day when all have. (Nobody needs it anywhere
    /// else.)
    fn save_who_failed(&mut self) {
        if self.protocol.params.termination == Termination::Protocol {
            self.save();
        }
    }

    /// Waits for those whom it awaits, but not for ever.
    fn wait(&mut self, u: &Undecided) {
        let params = &self.protocol.params;
        let timeout = match u.part {
            Part::Following => params.coordinator_timeout,
            Part::Asking(_) | Part::Moving { .. } => params.answer_timeout,
            Part::Recovering { .. } => params.inquiry,
        };
        self.o.set_timer(Timer::Silence(self.txn), timeout);
    }

    fn awaited(&self, u: &Undecided) -> NodeSet {
        self.protocol.awaited(self.id, u)
    }

    fn others(&self) -> NodeSet {
        self.protocol.everyone().without(self.id)
    }

    /// The first in line.
    fn coordinator_of(&self, u: &Undecided) -> Id {
        u.coordinator(self.protocol.everyone())
    }

    fn acts_alone(&self) -> bool {
        self.protocol.params.termination == Termination::Timeouts
            || self.makes(Mistake::TimeoutsOnly)
    }

    fn has_quorums(&self) -> bool {
        self.protocol.has_quorums()
    }

    fn quorum(&self, to: Local) -> usize {
        match to.leads_to() {
            Decision::Commit => self.protocol.params.commit_quorum(),
            Decision::Abort => self.protocol.params.abort_quorum(),
        }
    }

    /// Whether this mistake is switched on.
    fn makes(&self, mistake: Mistake) -> bool {
        self.protocol.params.bug == Some(mistake)
    }
}

impl ThreePhaseCommit {
    fn participants(&self) -> NodeSet {
        self.ballot.participants
    }

    /// All sites.
    fn everyone(&self) -> NodeSet {
        self.ballot.everyone()
    }

    fn has_quorums(&self) -> bool {
        self.params.termination == Termination::Quorum
    }

    /// Whether of all participants either enough can commit, or enough can abort. (If Vc + Va is
    /// larger than it has to be, there may be too few for both.)
    fn quorums_are_complementary(&self) -> bool {
        let (commit, abort) = (self.params.commit_quorum(), self.params.abort_quorum());
        commit + abort == self.participants().len() + 1
    }

    /// Whom a site that may not decide alone waits for.
    fn awaited(&self, id: Id, u: &Undecided) -> NodeSet {
        match u.part {
            Part::Following => NodeSet::only(u.coordinator(self.everyone())),
            // A quorum may be made up of any, also of those who were missed before.
            Part::Asking(census) if self.has_quorums() => {
                self.participants().without(id).minus(census.heard())
            }
            Part::Asking(census) => {
                let up = self.everyone().minus(u.down);
                up.without(id).minus(census.heard())
            }
            Part::Moving { missing, .. } => missing,
            Part::Recovering { census, .. } => self.everyone().without(id).minus(census.heard()),
        }
    }
}
