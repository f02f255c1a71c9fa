//! Two-phase commit with a replicated coordinator: what it decides is chosen by a majority of its replicas
//! before anybody is told, so that another can take its place.
//!
//! - J. Gray, L. Lamport, *Consensus on Transaction Commit*, TODS 2006 (GL): section 4.2 says what Paxos Commit saves
//!   against having a coordinator's decision chosen, 5 what two-phase commit costs.
//! - J. Corbett et al., *Spanner: Google's Globally-Distributed Database*, OSDI 2012, 4.2.1: such a coordinator.
//! - P. Bernstein, V. Hadzilacos, N. Goodman, *Concurrency Control and Recovery in Database Systems*, 1987,
//!   chapter 7 (BHG): the problem (7.3: AC1 to AC5), and two-phase commit (7.4).
//! - L. Lamport, *Paxos Made Simple*, 2001, and `multi_paxos` here, which is the log of the replicas.
//!
//! ```text
//!    participant P1          leader, replica C1          replica C2       participant P2
//!
//!       working                     |                        |               working
//!   force *prepared*                |                        |                  |
//!          | ------- YES ------->   |                        |                  |
//!       prepared                    | ---------- PREPARE ------------------->   |
//!                                   |                        |          force *prepared*
//!                                   |  <----------- YES --------------------    |
//!                             force slot 1                   |               prepared
//!                                   | -- ACCEPT 1:commit ->  |                        phase 2 of
//!                                   |                  force slot 1                   Multi-Paxos
//!                                   |  <----- ACCEPTED 1 --  |
//!                          chosen: committed                 |
//!          |  <------- COMMIT ----  | ------------ COMMIT ---------------->     |
//!      committed                    |                        |               committed
//! ```
//!
//! There are 2F + 1 replicas. While no more than F of them fail, a participant that has voted comes to know the
//! outcome: a replica that comes to lead has what was reported to it chosen once more, and asks for the votes again,
//! which participants that are prepared give again. The first decision in the log counts; what comes of the votes
//! stands behind it, if there is one, and counts for nothing.
//!
//! | n participants    | messages                    | delays |                                      |
//! |-------------------|-----------------------------|--------|--------------------------------------|
//! | 2PC               | 3n - 1                      | 4      | F = 0 here                           |
//! | this              | 3n - 1 + 4F                 | 6      | the decision is accepted first       |
//! | Paxos Commit      | nF + F + 3n - 1             | 5      | each vote is accepted by itself      |
//!
//! That is counted as in `paxos_commit`: the vote of the participant that begins is its BEGIN-COMMIT, too; what a node
//! tells itself is no message, and neither are heartbeats. A leader asks all 2F others to accept, not F. The first test
//! of this folder asserts it.
//!
//! On purpose different from the papers, or more definite than they are:
//!
//! - GL name this form of two-phase commit, and do not define it. What the log holds are decisions alone:
//!   there is no record that a transaction has begun, and votes are not in it.
//! - There is one transaction.
//! - The replicas are set up with C1 as the leader of ballot 1, so that nobody is elected while nothing fails.
//! - A leader that misses a vote has ABORT chosen; one that takes over asks for the votes once more, as it cannot
//!   know them.
//! - Decisions are told once, and not acknowledged: the log keeps them, and nobody has to forget. A participant that is
//!   prepared and hears nothing asks all replicas, and whoever has executed the decision answers. It does not ask other
//!   participants: it need not.
//! - Who is told a decision writes it down, unforced.
//!
//! The algorithm is in two more files, `coordinator.rs` and `participant.rs`. They know nothing of time, faults or
//! properties.

mod bugs;
mod coordinator;
mod matrix;
mod messages;
mod params;
mod participant;
mod properties;
mod protocol;
mod rules;
mod site;
#[cfg(test)]
mod tests;

pub use self::bugs::Mistake;
pub use self::messages::{Msg, Timer};
pub use self::params::Params;
pub use self::properties::{Claim, History};
pub use self::site::{Coordinator, Phase, Standing, State, Storage};
use super::atomic_commitment::{Ballot, Observe, Ruling, Txn};
pub use super::atomic_commitment::{Choice, Decision, PlannedVote, Vote};
use super::multi_paxos::MultiPaxos;
use crate::model::{Actor, Id, NodeSet, Out, Start};

/// The only one.
const TXN: Txn = 1;

/// Two-phase commit with a replicated coordinator. The replicas come first, then the participants.
#[derive(Clone, Debug)]
pub struct ReplicatedTwoPhaseCommit {
    params: Params,
    ballot: Ballot,
    /// What the replicas are together.
    log: MultiPaxos,
}

impl Actor for ReplicatedTwoPhaseCommit {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Choice = Choice;
    type Observation = Claim;

    /// A first start, or recovery from what is on disk, if anything is.
    fn on_start(&self, id: Id, start: Start<'_, Storage>, o: &mut Out<Self>) -> State {
        if self.coordinators().contains(id) {
            return State::Coordinator(self.start_coordinator(id, start, o));
        }
        State::Participant(match start {
            Start::First => self.start_participant(id, o),
            Start::Again(record) => self.recover_participant(record, o),
        })
    }

    fn on_message(&self, id: Id, state: &mut State, src: Id, msg: Msg, o: &mut Out<Self>) {
        match state {
            State::Coordinator(c) => self.coordinator_hears(id, c, src, msg, o),
            State::Participant(p) => self.participant_hears(p, src, &msg, o),
        }
    }

    fn on_timeout(&self, id: Id, state: &mut State, timer: &Timer, o: &mut Out<Self>) {
        match state {
            State::Coordinator(c) => self.coordinator_waits_no_longer(id, c, *timer, o),
            State::Participant(p) => self.participant_waits_no_longer(p, *timer, o),
        }
    }

    fn on_choice(&self, _: Id, state: &mut State, choice: &Choice, o: &mut Out<Self>) {
        if let State::Participant(p) = state
            && *p == Phase::Open
        {
            o.intends(TXN, choice.vote);
            *p = Phase::Working { vote: choice.vote };
        }
    }
}

impl ReplicatedTwoPhaseCommit {
    fn coordinators(&self) -> NodeSet {
        NodeSet::first(self.params.replicas())
    }

    fn participants(&self) -> NodeSet {
        self.ballot.participants
    }

    /// Those who begin, each by itself.
    fn initiators(&self) -> NodeSet {
        let participants = self.participants().iter();
        participants.take(self.params.initiators.into()).collect()
    }

    /// Whether this mistake is switched on.
    fn makes(&self, mistake: Mistake) -> bool {
        self.params.bug == Some(mistake)
    }
}
