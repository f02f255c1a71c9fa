//! Paxos Commit: each participant's vote is chosen by a Paxos instance of its own, so that no single
//! node's failure keeps the others from knowing the outcome.
//!
//! - J. Gray, L. Lamport, *Consensus on Transaction Commit*, TODS 2006 (GL): section 4.2 is the
//!   algorithm, 4.3 what it costs, 5 how it relates to two-phase commit, the appendix its TLA+.
//! - L. Lamport, *Paxos Made Simple*, 2001 (PMS), and `paxos` here: what an instance is.
//! - P. Bernstein, V. Hadzilacos, N. Goodman, *Concurrency Control and Recovery in Database
//!   Systems*, 1987 (BHG), 7.3: the problem (AC1 to AC5), and what a vote is.
//!
//! ```text
//!    participant P1          leader, acceptor A1         acceptor A2      participant P2
//!
//!       working                     |                        |               working
//!   force *prepared*                |                        |                  |
//!          | --- VOTE prepared -->  |                        |                  |
//!          | --- VOTE prepared ---------------------------->  |                  |   phase 2a of
//!       prepared                    | ---------- PREPARE ------------------->   |   ballot 0: each
//!                                   |                        |          force *prepared*  in its
//!                                   |  <-------- VOTE prepared -------------    |   own instance
//!                                   |                        |  <-- VOTE ---    |
//!                             force both votes        force both votes        prepared
//!                                   |  <---- PHASE 2b 0 ---  |                      phase 2b
//!          |  <------- COMMIT ----  | ------------ COMMIT ---------------->     |   the outcome
//!      committed                committed                                   committed
//! ```
//!
//! The paper's *resource managers* are the participants. There are 2F + 1 acceptors, shared by all instances.
//! The transaction commits if every instance chooses *prepared*, and aborts as soon as one chooses *aborted*.
//! Ballot 0 of an instance belongs to its participant, so nobody need ask who else was here: phase 1 is
//! skipped. Every other ballot belongs to a leader. One that misses a vote asks a majority what they have
//! accepted (phase 1), takes over the vote that was reported in the highest ballot, or *aborted* where none
//! was, and has that accepted (phase 2): whoever voted *prepared* and was heard by one of the majority is
//! not aborted.
//!
//! | n participants    | messages        | delays | forced writes |                                     |
//! |-------------------|-----------------|--------|---------------|-------------------------------------|
//! | 2PC               | 3n - 1          | 4      | n + 1         | F = 0 here                          |
//! | Paxos Commit      | nF + F + 3n - 1 | 5      | n + F + 1     |                                     |
//! | `faster`          | 2nF + 3n - 1    | 4      | n + F + 1     | acceptors tell the participants     |
//!
//! That is GL's count (4.3 and the table in 5): the vote of the participant that begins is its BEGIN-COMMIT,
//! too; votes go to F + 1 acceptors; the leader is one of them, and what a node tells itself is no message;
//! an acceptor says and writes what it accepted in one piece, when all votes are in. The first tests of this
//! folder assert it.
//!
//! With F = 0 the acceptor and leader is a coordinator: its one record of all votes is the commit record,
//! and without it the votes are lost and the transaction aborts. It decides as two-phase commit does and blocks
//! where that does (GL, 5), which a test compares world by world. The general form differs: acceptors that have
//! written all votes, each as it came or in one piece, have decided, though nobody has counted them; and whoever
//! leads next must commit where a coordinator that died before its commit record aborts.
//!
//! On purpose different from the paper, or more definite than it is:
//!
//! - There is one transaction. Nothing in the paper relates two.
//! - Leaders are the acceptors' nodes, the first of which leads ballot 0. (GL: any process; 4.3: it may be
//!   an acceptor's.) Nothing elects another: a participant that waits too long asks one acceptor after
//!   the other, and who is asked takes over.
//! - One that takes over does so in all instances at once, also in those where it knows what was chosen, and
//!   so an acceptor's promise is one number for all. (GL: in those where it does not, with a number each.)
//! - A promise, or an acceptance, is given again to whoever asks again; a request of an overtaken leader is
//!   refused with a message that says so, as in `paxos`. A vote that was overtaken is not answered.
//! - An acceptor does not wait for ever for the rest of the votes: then it writes and tells those it has. It need
//!   not wait for more than one *aborted*.
//! - A leader that took over tells the outcome to the other acceptors as well, so that they come to rest;
//!   an acceptor that promised and hears nothing takes over. With ballot 0 there is no need: who misses the
//!   outcome asks. One that is told the outcome by another passes it on to whoever may wait to hear it from
//!   this one, also if its own ballot was overtaken.
//! - A participant may abort by itself until it votes *prepared*, by voting *aborted*: nobody else can have
//!   that instance choose anything else. It has decided then, and waits for nobody.
//! - With `faster` no acceptor tells the leader, which learns the outcome only if it has to take over.
//! - Who is told a decision writes it down, unforced, and does not acknowledge it. Leaders write nothing but
//!   what they are as acceptors: one that comes back finds out.
//!
//! The algorithm is in three more files, `participant.rs`, `acceptor.rs` and `leader.rs`. They know nothing of
//! time, faults or properties.

mod acceptor;
mod bugs;
mod leader;
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
pub use self::site::{
    Accepted, Acceptor, Heard, Leader, Participant, Phase, Record, State, Storage, Value, Votes,
};
use super::atomic_commitment::{self, Observe, Ruling, Txn};
pub use super::atomic_commitment::{Choice, Decision, PlannedVote, Vote};
pub use super::consensus::Ballot;
use crate::model::{Actor, Id, NodeSet, Out, Start};

/// The only one.
const TXN: Txn = 1;

/// Paxos Commit. The participants come first, then the acceptors.
#[derive(Clone, Debug)]
pub struct PaxosCommit {
    params: Params,
    votes: atomic_commitment::Ballot,
    acceptors: NodeSet,
}

impl Actor for PaxosCommit {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Choice = Choice;
    type Observation = Claim;

    /// A first start, or recovery from what is on disk, if anything is.
    fn on_start(&self, id: Id, start: Start<'_, Storage>, o: &mut Out<Self>) -> State {
        if self.acceptors.contains(id) {
            return State::Acceptor(match start {
                Start::First => self.start_acceptor(id, o),
                Start::Again(record) => self.recover_acceptor(id, record, o),
            });
        }
        State::Participant(match start {
            Start::First => self.start_participant(id, o),
            Start::Again(record) => self.recover_participant(record, o),
        })
    }

    fn on_message(&self, id: Id, state: &mut State, src: Id, msg: Msg, o: &mut Out<Self>) {
        match state {
            State::Participant(p) => self.participant_hears(id, p, src, msg, o),
            State::Acceptor(a) => self.acceptor_hears(id, a, src, msg, o),
        }
    }

    fn on_timeout(&self, id: Id, state: &mut State, timer: &Timer, o: &mut Out<Self>) {
        match state {
            State::Participant(p) => self.participant_waits_no_longer(id, p, *timer, o),
            State::Acceptor(a) => self.acceptor_waits_no_longer(id, a, *timer, o),
        }
    }

    fn on_choice(&self, _: Id, state: &mut State, choice: &Choice, o: &mut Out<Self>) {
        if let State::Participant(p) = state
            && p.phase == Phase::Open
        {
            o.intends(TXN, choice.vote);
            p.phase = Phase::Working { vote: choice.vote };
        }
    }
}

impl PaxosCommit {
    fn participants(&self) -> NodeSet {
        self.votes.participants
    }

    /// Those who begin, each by itself.
    fn initiators(&self) -> NodeSet {
        let participants = self.participants().iter();
        participants.take(self.params.initiators.into()).collect()
    }

    /// The acceptor whose node leads ballot 0.
    fn first_leader(&self) -> Id {
        self.acceptor(0)
    }

    /// The n-th acceptor, as often round as it takes.
    fn acceptor(&self, n: usize) -> Id {
        let mut acceptors = self.acceptors.iter();
        let nth = acceptors.nth(n % self.acceptors.len());
        nth.expect("there is one")
    }

    /// F + 1 acceptors, which is as many as it takes while none of them fails (GL, 4.3).
    fn quick(&self) -> NodeSet {
        let quick = usize::from(self.params.faults) + 1;
        self.acceptors.iter().take(quick).collect()
    }

    /// From whom participants are to hear the outcome without asking.
    fn tellers(&self) -> NodeSet {
        if self.params.faster {
            self.quick()
        } else {
            NodeSet::only(self.first_leader())
        }
    }

    /// Any two majorities have an acceptor in common.
    fn is_majority(&self, set: NodeSet) -> bool {
        set.len() > usize::from(self.params.faults)
    }

    /// The lowest ballot of a leader that is above another. With m acceptors, round r of the i-th is ballot
    /// (r - 1) · m + i.
    fn ballot_above(&self, ballot: Ballot, id: Id) -> Ballot {
        if self.makes(Mistake::SharedBallots) {
            return Ballot(ballot.0 + 1);
        }
        let m = u32::try_from(self.acceptors.len()).expect("few acceptors");
        let mut above = ballot.0 + 1..=ballot.0 + m;
        let own = |n: &u32| self.leader_of(Ballot(*n)) == id;
        Ballot(above.find(own).expect("one in m"))
    }

    /// The leader that a ballot above 0 belongs to; ballot 0 is led by the first.
    fn leader_of(&self, ballot: Ballot) -> Id {
        self.acceptor(ballot.0.saturating_sub(1) as usize)
    }

    /// Whether this mistake is switched on.
    fn makes(&self, mistake: Mistake) -> bool {
        self.params.bug == Some(mistake)
    }
}
