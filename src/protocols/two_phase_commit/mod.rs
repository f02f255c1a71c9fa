//! Two-phase commit: either all participants of a transaction commit, or all abort.
//!
//! - J. Gray, *Notes on Data Base Operating Systems*, 1978.
//! - P. Bernstein, V. Hadzilacos, N. Goodman, *Concurrency Control and Recovery in Database
//!   Systems*, 1987, chapter 7 (BHG): 7.3 states the problem (AC1 to AC5), 7.4 the protocol, its
//!   recovery and cooperative termination.
//! - C. Mohan, B. Lindsay, R. Obermarck, *Transaction Management in the R\* Distributed Database
//!   Management System*, 1986 (MLO): presumed abort and presumed commit.
//!
//! ```text
//!      coordinator C                       participant P
//!
//!         initial                              working
//!            |   ---------- PREPARE ----------->  |
//!       collecting                        force *prepared*      phase 1: vote
//!         votes      <-------- YES -----------    |
//!            |                                prepared          P is uncertain: it may not
//!     force *commit*                              |             decide alone any more
//!            |   ---------- COMMIT ----------->   |
//!       committed                         force *committed*     phase 2: decide
//!            |       <-------- ACK -----------    |
//!      write *end*                            committed
//!            |
//!       forgotten
//! ```
//!
//! A NO, or a vote that does not come in time, makes the decision ABORT. What differs between the
//! presumptions (`-` means that nothing is forced, or acknowledged):
//!
//! | on commit / abort      | presumed nothing   | presumed abort | presumed commit       |
//! |------------------------|--------------------|----------------|-----------------------|
//! | C forces               | commit / abort     | commit / -     | initiation, commit / initiation |
//! | P forces, after YES    | committed / aborted| committed / -  | - / aborted           |
//! | P forces, without YES  | - / aborted        | - / -          | - / aborted           |
//! | P acknowledges         | yes / yes          | yes / -        | - / yes               |
//! | C without a record says| ABORT              | ABORT          | COMMIT                |
//!
//! (Before YES, P forces *prepared*. Without YES means that it voted NO, or aborted alone.)
//!
//! On purpose different from the papers:
//!
//! - The coordinator has no vote of its own, and its decision is what a client would be told.
//! - There are no read-only votes, and no tree of processes: one coordinator, and participants.
//! - Everybody knows the participants beforehand, so PREPARE does not carry their list.
//! - A participant that voted NO is not sent ABORT, but one whose vote has not come is.
//! - A participant never forgets: it has no end record, and its log is never cut.
//! - Presumed abort writes no abort record at the coordinator, not even a lazy one.
//! - A coordinator that comes back does not begin a transaction, even if it never had.
//! - *Presumed nothing* has no presumption on paper; but what was in progress when the coordinator
//!   failed without a record is aborted. (Lampson & Lomet 1993: the hidden presumption.)
//! - A record that need not be forced is on disk at once all the same: that it is lost is covered
//!   only as a crash before it is written.
//!
//! This file is the algorithm, and in it a transaction's whole life at a site is one `match`.
//! It knows nothing of time, faults or properties.

mod bugs;
mod matrix;
mod messages;
mod params;
mod properties;
mod protocol;
mod site;
mod symmetry;
#[cfg(test)]
mod tests;

pub use self::bugs::Mistake;
pub use self::messages::{Msg, Timer};
pub use self::params::{Params, Presumption, Termination};
pub use self::site::{
    Coordinator, CoordinatorRecord, CoordinatorSite, Participant, ParticipantRecord,
    ParticipantSite, Site, State, Storage,
};
use super::atomic_commitment::{Ballot, Observe, PerTxn, Ruling, Txn, coordinator};
pub use super::atomic_commitment::{Choice, Decision, History, PlannedVote, Vote};
use crate::model::{Actor, Id, NodeSet, Observation, Out, Start};

/// Two-phase commit with one coordinator, node 0, and participants from node 1 on.
#[derive(Clone, Debug)]
pub struct TwoPhaseCommit {
    params: Params,
    ballot: Ballot,
}

const UNILATERAL_ABORT: &str = "unilateral abort";
/// BHG: it needs to ask nobody.
const INDEPENDENT_RECOVERY: &str = "independent recovery";
const COOPERATIVE_TERMINATION: &str = "cooperative termination";

impl Actor for TwoPhaseCommit {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Choice = Choice;
    type Observation = Observation;

    /// A first start without storage, recovery with it.
    fn on_start(&self, id: Id, start: Start<'_, Storage>, o: &mut Out<Self>) -> State {
        let storage = start.storage().copied();
        match (start, storage.unwrap_or_else(|| self.nothing(id))) {
            (Start::First, Storage::Coordinator(log)) => {
                for txn in self.transactions() {
                    o.set_timer(Timer::Begin(txn), self.params.start);
                }
                State::Coordinator(Site::new(log))
            }
            (Start::First, Storage::Participant(log)) => {
                let mut p = Site::new(log);
                for txn in self.transactions() {
                    self.wait_for_prepare(id, &mut p, txn, o);
                }
                State::Participant(p)
            }
            (Start::Again(_), Storage::Coordinator(log)) => {
                let mut c = Site::new(log);
                for txn in self.transactions() {
                    self.recover_coordinator(&mut c, txn, o);
                }
                State::Coordinator(c)
            }
            (Start::Again(_), Storage::Participant(log)) => {
                let mut p = Site::new(log);
                for txn in self.transactions() {
                    self.recover_participant(id, &mut p, txn, o);
                }
                State::Participant(p)
            }
        }
    }

    fn on_message(&self, _: Id, state: &mut State, src: Id, msg: Msg, o: &mut Out<Self>) {
        match state {
            State::Coordinator(c) => self.coordinator_hears(c, src, msg, o),
            State::Participant(p) => self.participant_hears(p, src, msg, o),
        }
    }

    fn on_timeout(&self, id: Id, state: &mut State, timer: &Timer, o: &mut Out<Self>) {
        match state {
            State::Coordinator(c) => self.coordinator_waits_no_longer(c, *timer, o),
            State::Participant(p) => self.participant_waits_no_longer(id, p, *timer, o),
        }
    }

    fn on_choice(&self, _: Id, state: &mut State, choice: &Choice, o: &mut Out<Self>) {
        if let State::Participant(p) = state
            && p.phase[choice.txn] == Participant::Open
        {
            o.intends(choice.txn, choice.vote);
            p.phase[choice.txn] = Participant::Working { vote: choice.vote };
        }
    }
}

/// The coordinator: BHG 7.4, with the presumptions of MLO.
impl TwoPhaseCommit {
    fn coordinator_hears(&self, c: &mut CoordinatorSite, src: Id, msg: Msg, o: &mut Out<Self>) {
        let txn = msg.txn();
        match (c.phase[txn], msg) {
            // Phase 1: one NO aborts, the last YES commits.
            (Coordinator::Collecting { .. }, Msg::No(_)) => {
                self.decide(c, txn, Decision::Abort, self.participants().without(src), o);
            }
            (Coordinator::Collecting { yes }, Msg::Yes(_)) => {
                let yes = self.count(yes, src);
                c.phase[txn] = Coordinator::Collecting { yes };
                if self.is_unanimous(yes) {
                    self.decide(c, txn, Decision::Commit, self.participants(), o);
                }
            }

            // Phase 2: once everybody has acknowledged, nobody will ask any more.
            (
                Coordinator::Decided {
                    decision,
                    unacknowledged,
                },
                Msg::Ack(_),
            ) => {
                let unacknowledged = unacknowledged.without(src);
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

    fn coordinator_waits_no_longer(
        &self,
        c: &mut CoordinatorSite,
        timer: Timer,
        o: &mut Out<Self>,
    ) {
        match (timer, c.phase[timer.txn()]) {
            (Timer::Begin(txn), Coordinator::Initial) => self.begin(c, txn, o),
            // Somebody did not vote in time.
            (Timer::Vote(txn), Coordinator::Collecting { .. }) => {
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
                o.broadcast(unacknowledged, &Msg::announce(decision, txn));
                o.set_timer(timer, self.params.resend);
            }
            _ => {}
        }
    }

    /// Phase 1: asks everybody to vote.
    fn begin(&self, c: &mut CoordinatorSite, txn: Txn, o: &mut Out<Self>) {
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
    }

    /// Phase 2: the record that makes the decision comes first, then `whom` is told. (Without a
    /// record it is made with the first who is told.)
    fn decide(
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
    fn recover_coordinator(&self, c: &mut CoordinatorSite, txn: Txn, o: &mut Out<Self>) {
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

    fn is_unanimous(&self, yes: NodeSet) -> bool {
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
    fn presumed(&self) -> Decision {
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
    fn is_acknowledged(&self, decision: Decision) -> bool {
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

/// The participant: BHG 7.4.
impl TwoPhaseCommit {
    fn wait_for_prepare(&self, id: Id, p: &mut ParticipantSite, txn: Txn, o: &mut Out<Self>) {
        p.phase[txn] = match self.ballot.vote(id, txn, o) {
            Some(vote) => Participant::Working { vote },
            None => Participant::Open,
        };
        o.set_timer(Timer::Prepare(txn), self.params.prepare_timeout);
    }

    fn participant_hears(&self, p: &mut ParticipantSite, src: Id, msg: Msg, o: &mut Out<Self>) {
        let txn = msg.txn();
        match (p.phase[txn], msg) {
            // Phase 1: YES is a promise that has to outlive a crash. NO is a decision.
            (Participant::Working { vote: Vote::Yes }, Msg::Prepare(_)) => {
                self.prepare(p, txn, o);
            }
            (Participant::Working { vote: Vote::No }, Msg::Prepare(_)) => {
                o.votes(txn, Vote::No);
                self.conclude(p, txn, Decision::Abort, o);
                o.send(src, Msg::No(txn));
            }
            (Participant::Committed | Participant::Aborted, Msg::Prepare(_))
                if self.makes(Mistake::PrepareAfterDecision) =>
            {
                let asked = NodeSet::EMPTY;
                p.phase[txn] = Participant::Prepared { asked };
                o.locks(txn);
            }
            // A PREPARE may be a duplicate, or come late: what was said stays said.
            (Participant::Prepared { .. }, Msg::Prepare(_)) => {
                o.votes(txn, Vote::Yes);
                o.send(src, Msg::Yes(txn));
            }
            (Participant::Aborted, Msg::Prepare(_)) => o.send(src, Msg::No(txn)),

            // Phase 2: the decision, from whoever knows it.
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
                o.applies(COOPERATIVE_TERMINATION);
            }

            // A decision other than its own is a stale presumption: the coordinator forgot the
            // transaction because everybody knew.
            _ => {}
        }
    }

    fn participant_waits_no_longer(
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

    /// Phase 1: forces the prepared record, then votes YES.
    fn prepare(&self, p: &mut ParticipantSite, txn: Txn, o: &mut Out<Self>) {
        o.locks(txn);
        if !self.makes(Mistake::PreparedInMemory) {
            self.write_participant(p, txn, ParticipantRecord::Prepared, o);
        }
        o.votes(txn, Vote::Yes);
        o.send(coordinator(), Msg::Yes(txn));
        o.cancel_timer(Timer::Prepare(txn));
        o.set_timer(Timer::Inquiry(txn), self.params.inquiry);
        p.phase[txn] = Participant::Prepared {
            asked: NodeSet::EMPTY,
        };
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
        self.conclude(p, txn, decision, o);
        self.acknowledge(src, txn, decision, o);
        if src != coordinator() {
            o.applies(COOPERATIVE_TERMINATION);
        }
    }

    /// The end of the transaction here: records the decision and gives up the locks.
    fn conclude(
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
    fn recover_participant(&self, id: Id, p: &mut ParticipantSite, txn: Txn, o: &mut Out<Self>) {
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

impl TwoPhaseCommit {
    fn transactions(&self) -> impl Iterator<Item = Txn> + use<> {
        1..=self.params.transactions
    }

    fn participants(&self) -> NodeSet {
        self.ballot.participants
    }

    /// What is on the disk of a site that has never saved anything.
    fn nothing(&self, id: Id) -> Storage {
        let transactions = self.params.transactions;
        if id == coordinator() {
            Storage::Coordinator(PerTxn::new(transactions))
        } else {
            Storage::Participant(PerTxn::new(transactions))
        }
    }

    /// Whether this mistake is switched on.
    fn makes(&self, mistake: Mistake) -> bool {
        self.params.bug == Some(mistake)
    }
}
