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
//! - There are no read-only votes, and no tree of processes: one coordinator, and participants. (For a tree
//!   see `tree_two_phase_commit`, and for no coordinator at all `decentralised_two_phase_commit`.)
//! - Everybody knows the participants beforehand, so PREPARE does not carry their list.
//! - A participant that voted NO is not sent ABORT, but one whose vote has not come is.
//! - A participant never forgets: it has no end record, and its log is never cut.
//! - Presumed abort writes no abort record at the coordinator, not even a lazy one.
//! - A coordinator that comes back does not begin a transaction, even if it never had.
//! - *Presumed nothing* has no presumption on paper; but what was in progress when the coordinator
//!   failed without a record is aborted. (Lampson & Lomet 1993: the hidden presumption.)
//! - A record that need not be forced is on disk at once all the same: that it is lost is covered
//!   only as a crash before it is written.
//! - The `query` is in none of these papers: it is what articles add, to see what it buys.
//!
//! The algorithm is in two more files, `coordinator.rs` and `participant.rs`: in each a transaction's
//! whole life at a site is one `match`. They know nothing of time, faults or properties. (`in_turn.rs` is
//! what one of the mistakes does instead of a first phase.)

mod bugs;
mod coordinator;
mod in_turn;
mod matrix;
mod messages;
mod params;
mod participant;
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
pub use self::params::{Params, Presumption, Termination};
pub use self::site::{
    Coordinator, CoordinatorRecord, CoordinatorSite, Participant, ParticipantRecord,
    ParticipantSite, Site, State, Storage,
};
use super::atomic_commitment::{Ballot, Observe, PerTxn, Ruling, Txn, coordinator};
pub use super::atomic_commitment::{Choice, Claim, Decision, History, PlannedVote, Vote};
use crate::model::{Actor, Id, NodeSet, Out, Start};

/// Two-phase commit with one coordinator, node 0, and participants from node 1 on.
#[derive(Clone, Debug)]
pub struct TwoPhaseCommit {
    params: Params,
    ballot: Ballot,
}

impl Actor for TwoPhaseCommit {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Choice = Choice;
    type Observation = Claim;

    /// A first start, or recovery from what is on disk, if anything is.
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

impl TwoPhaseCommit {
    fn transactions(&self) -> RangeInclusive<Txn> {
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
