//! Decentralised two-phase commit: nobody coordinates. Every participant tells its vote to all others, and
//! each counts for itself.
//!
//! - D. Skeen, *Nonblocking Commit Protocols*, SIGMOD 1981: the decentralised class of protocols, and
//!   two-phase commit in it.
//! - P. Bernstein, V. Hadzilacos, N. Goodman, *Concurrency Control and Recovery in Database
//!   Systems*, 1987, section 7.4 (BHG): the same where one participant begins; recovery, and
//!   cooperative termination, of which this is made.
//!
//! ```text
//!                 participant Pi                     every other Pj
//!
//!                    working
//!                       |
//!                force *prepared*                                    phase 1: vote
//!                       |     ------------- YES ------------->
//!                    prepared  <------------ YES --------------      Pi is uncertain: it may not
//!                       |                                            decide alone any more
//!            YES of all, its own too
//!                       |
//!                force *committed*                                   phase 2: decide
//!                       |
//!                   committed
//! ```
//!
//! A NO is forced and told in the same way, and whoever hears one aborts. So each vote goes to all others:
//! n(n - 1) messages, and the decision is one message delay behind the last vote (two, where the vote of the
//! first asks for the others). Two-phase commit takes 4n with acknowledgements and three delays, for n
//! participants beside its coordinator. Each participant forces two records, as it does there.
//!
//! Who is uncertain and waits too long asks everybody. One that knows the outcome says it, one that has not voted
//! aborts first, and one that is uncertain itself sends its YES again: a vote is all that anybody has.
//! So what was lost, or not sent by one that crashed in mid-broadcast, is made good once that one is up;
//! until then nobody may decide who does not know its vote. It blocks as two-phase commit does, only that the crash
//! of *any* participant will do.
//!
//! On purpose different from the papers:
//!
//! - Skeen's sites send their vote to themselves as well, and begin when the network brings the transaction; here
//!   a participant has its own vote at once, and begins when its part of the transaction is done.
//! - In Skeen's, NO is not read before the own vote is cast. Here whoever hears it aborts, and tells
//!   everybody NO in place of its vote, for they wait for that.
//! - Skeen says nothing of recovery and termination for this class (his point is that it blocks). They are
//!   BHG's for two-phase commit, with the votes in place of UNCERTAIN.
//! - Everybody knows the participants beforehand, so no message carries their list.
//! - A decision is not announced, for everybody gets all votes, nor acknowledged. So nobody forgets: there is
//!   no end record, no log is cut.
//!
//! The name D2PC is also Raz's, for *dynamic* two-phase commitment: see `tree_two_phase_commit`.
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
mod symmetry;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

pub use self::bugs::Mistake;
pub use self::messages::{Msg, Timer};
pub use self::params::{Begins, Params};
pub use self::site::{Phase, Record, State, Storage};
use super::atomic_commitment::{self, Ballot, Observe, Ruling, Sites, Txn};
pub use super::atomic_commitment::{Choice, Claim, Decision, History, PlannedVote, Vote};
use crate::model::{Actor, Id, NodeSet, Out, Start};

const UNILATERAL_ABORT: &str = "unilateral abort";
const INDEPENDENT_RECOVERY: &str = "independent recovery";
const COOPERATIVE_TERMINATION: &str = "cooperative termination";

/// Decentralised two-phase commit among participants from node 0 on.
#[derive(Clone, Debug)]
pub struct DecentralisedTwoPhaseCommit {
    params: Params,
    ballot: Ballot,
}

impl Actor for DecentralisedTwoPhaseCommit {
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

impl Sites for DecentralisedTwoPhaseCommit {
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

type Site<'a> = atomic_commitment::Site<'a, DecentralisedTwoPhaseCommit>;

impl Site<'_> {
    fn start(&mut self) {
        let (txn, params) = (self.txn, &self.protocol.params);
        let vote = self.protocol.ballot.vote(self.id, txn, self.o);
        self.is_now(vote.map_or(Phase::Open, Phase::working));
        if self.protocol.begins(self.id) {
            self.o.set_timer(Timer::Begin(txn), params.start);
        } else {
            self.o.set_timer(Timer::Vote(txn), params.vote_timeout);
        }
    }

    fn hears(&mut self, src: Id, msg: Msg) {
        let txn = self.txn;
        match (self.phase(), msg) {
            // Phase 1: others may be faster. Where the first begins, any vote asks for the others
            // (BHG 7.4).
            (Phase::Working { vote, yes }, Msg::Yes(_)) => {
                self.is_now(Phase::Working {
                    vote,
                    yes: yes.with(src),
                });
                if self.protocol.params.begins == Begins::First {
                    self.votes();
                }
            }

            // Phase 2: one NO aborts, the last YES commits.
            (Phase::Prepared { yes }, Msg::Yes(_)) => self.counts(self.with(yes, src)),
            (Phase::Prepared { .. }, Msg::No(_)) => self.decides(Decision::Abort),
            (Phase::Working { .. }, Msg::No(_)) => self.refuses(Decision::Abort),

            // Termination, asked. One that has not voted can abort, and must have done so before
            // it says so; it says so to everybody. One that is uncertain tells what it has: its vote.
            (Phase::Working { .. }, Msg::Inquiry(_)) => self.is_asked_too_early(src),
            (Phase::Prepared { .. }, Msg::Inquiry(_)) => self.is_asked_in_doubt(src),
            (Phase::Decided(decision), Msg::Inquiry(_)) => {
                self.o.send(src, Msg::announce(decision, txn));
            }

            // Termination, asking: the decision, from one who knows it.
            (Phase::Prepared { .. }, Msg::Commit(_)) => {
                self.decides(Decision::Commit.by(COOPERATIVE_TERMINATION));
            }
            (Phase::Prepared { .. }, Msg::Abort(_)) => {
                self.decides(Decision::Abort.by(COOPERATIVE_TERMINATION));
            }

            // A vote or an answer that comes after the decision does not change it.
            _ => {}
        }
    }

    fn waits_no_longer(&mut self, timer: Timer) {
        match (timer, self.phase()) {
            (Timer::Begin(_), Phase::Working { .. }) => self.votes(),
            // Until it votes a participant may abort unilaterally.
            (Timer::Vote(_), Phase::Working { .. }) => {
                self.refuses(Decision::Abort.by(UNILATERAL_ABORT));
            }
            // In the window of uncertainty it may not: it can only ask.
            (Timer::Inquiry(_), Phase::Prepared { .. }) => {
                if self.makes(Mistake::UncertainAborts) {
                    return self.decides(Decision::Abort);
                }
                self.inquires();
            }
            _ => {}
        }
    }

    /// Phase 1: the record makes the vote last, then everybody is told. YES is a promise, NO a decision.
    fn votes(&mut self) {
        let txn = self.txn;
        let Phase::Working { vote, yes } = self.phase() else {
            return;
        };
        self.o.votes(txn, vote);
        if vote == Vote::No {
            return self.refuses(Decision::Abort);
        }
        self.o.locks(txn);
        let tells_first = self.makes(Mistake::VoteBeforeRecord);
        if tells_first {
            self.o.broadcast(self.others(), &Msg::Yes(txn));
        }
        self.is_now(Phase::Prepared { yes });
        if !self.makes(Mistake::PreparedInMemory) {
            self.save();
        }
        if !tells_first {
            self.o.broadcast(self.others(), &Msg::Yes(txn));
        }
        self.o.cancel_timer(Timer::Vote(txn));
        self.wait();
        self.counts(yes.with(self.id));
    }

    /// Aborts before its YES, which nobody will ever get: everybody is told NO.
    fn refuses(&mut self, ruling: impl Into<Ruling>) {
        self.decides(ruling);
        self.o.broadcast(self.others(), &Msg::No(self.txn));
    }

    /// Phase 2: commits on the YES of all.
    fn counts(&mut self, yes: NodeSet) {
        self.is_now(Phase::Prepared { yes });
        if self.is_unanimous(yes) {
            self.decides(Decision::Commit);
        }
    }

    /// The end of the transaction here: records the decision and gives up the locks.
    fn decides(&mut self, ruling: impl Into<Ruling>) {
        let txn = self.txn;
        let decision = self.o.decides(txn, ruling);
        if let Phase::Prepared { .. } = self.phase() {
            self.o.releases(txn);
        }
        self.is_now(Phase::Decided(decision));
        self.save();
        for timer in [Timer::Begin(txn), Timer::Vote(txn), Timer::Inquiry(txn)] {
            self.o.cancel_timer(timer);
        }
    }

    /// Asks everybody for the outcome, and will ask again.
    fn inquires(&mut self) {
        if !self.protocol.params.inquiries {
            return;
        }
        self.o.broadcast(self.others(), &Msg::Inquiry(self.txn));
        self.wait();
    }

    /// Is asked for the outcome before its own vote.
    fn is_asked_too_early(&mut self, src: Id) {
        if self.makes(Mistake::AnswersWithoutAborting) {
            return self.o.send(src, Msg::Abort(self.txn));
        }
        self.refuses(Decision::Abort.by(UNILATERAL_ABORT));
    }

    /// Is asked for the outcome in its window of uncertainty.
    fn is_asked_in_doubt(&mut self, src: Id) {
        if !self.makes(Mistake::UncertainKeepsSilent) {
            self.o.send(src, Msg::Yes(self.txn));
        }
    }

    /// Recovery from each record (BHG 7.4).
    fn recover(&mut self, record: Record) {
        let txn = self.txn;
        match record {
            // Without a record it had not voted YES, so it may abort; and having forgotten
            // everything else it has to. Those who miss its vote will ask.
            Record::Nothing => {
                self.o
                    .decides(txn, Decision::Abort.by(INDEPENDENT_RECOVERY));
                self.is_now(Phase::Decided(Decision::Abort));
            }
            // Uncertain, and the votes of the others are forgotten: they send them again. Until it
            // knows the outcome, the locks are held as before.
            Record::Prepared => {
                self.is_now(Phase::Prepared {
                    yes: NodeSet::only(self.id),
                });
                self.o.locks(txn);
                self.inquires();
            }
            Record::Decided(_) => self.o.applies(INDEPENDENT_RECOVERY),
        }
    }

    /// The YES votes, with one more.
    fn with(&self, yes: NodeSet, src: Id) -> NodeSet {
        if self.makes(Mistake::VotesCounted) && yes.contains(src) {
            // A counter cannot tell who voted: it stands for any set of its size.
            let next = self.protocol.everyone().minus(yes).iter().next();
            return next.map_or(yes, |next| yes.with(next));
        }
        yes.with(src)
    }

    fn is_unanimous(&self, yes: NodeSet) -> bool {
        let all = self.protocol.everyone();
        if self.makes(Mistake::LastVoteAssumed) {
            return yes.len() + 1 >= all.len();
        }
        yes == all
    }

    /// Waits for the outcome, but not for ever.
    fn wait(&mut self) {
        let params = &self.protocol.params;
        if params.inquiries {
            self.o.set_timer(Timer::Inquiry(self.txn), params.inquiry);
        }
    }

    fn others(&self) -> NodeSet {
        self.protocol.everyone().without(self.id)
    }

    /// Whether this mistake is switched on.
    fn makes(&self, mistake: Mistake) -> bool {
        self.protocol.params.bug == Some(mistake)
    }
}

impl DecentralisedTwoPhaseCommit {
    fn everyone(&self) -> NodeSet {
        self.ballot.participants
    }

    /// Whether it votes unasked.
    fn begins(&self, id: Id) -> bool {
        match self.params.begins {
            Begins::Everybody => true,
            Begins::First => id == first(),
        }
    }
}

/// The participant that begins, where not everybody does.
fn first() -> Id {
    Id::from(0)
}
