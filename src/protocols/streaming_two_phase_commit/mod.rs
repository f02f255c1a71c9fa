//! Streaming two-phase commit (S2PC): exactly-once output of a dataflow, by checkpoints and transactional sinks.
//!
//! No paper has this name. It is what stream processors do whose output is to appear exactly once, seen as what it is: for
//! each checkpoint two-phase commit, in which the job manager is the coordinator, the sinks are participants, and a vote is
//! the acknowledgement of a checkpoint.
//!
//! - K. M. Chandy, L. Lamport, *Distributed Snapshots: Determining Global States of Distributed Systems*, ACM TOCS 1985.
//! - P. Carbone, G. Fóra, S. Ewen, S. Haridi, K. Tzoumas, *Lightweight Asynchronous Snapshots for Distributed Dataflows*,
//!   2015 (ABS).
//! - P. Carbone, S. Ewen, G. Fóra, S. Haridi, S. Richter, K. Tzoumas, *State Management in Apache Flink*, VLDB 2017 (SMF),
//!   and Flink's `TwoPhaseCommitSinkFunction` (TPCS): what is asked of a transactional sink.
//! - KIP-98, *Exactly Once Delivery and Transactional Messaging*: a store with transactions that others can finish.
//!
//! ```text
//!   job manager              source               operator, sink               external store
//!
//!        ---- Trigger ---------->
//!        <--- Ack (offset) ------   ---- Barrier ---->
//!                                          aligned: the barrier has come on every channel
//!        <--- Ack (count) ---------------- operator
//!                                          sink         ---- flush, prepare ------->      phase 1: vote
//!        <--- Ack (pending) -------------- sink
//!    all have acknowledged
//!    force *completed*                                                                    the decision
//!        ---- Notify ---------------------> sink        ---- commit --------------->      phase 2
//! ```
//!
//! After a failure all start again from the last checkpoint that is *completed*, in a new *attempt*: sources read again from
//! its offsets, operators have its state, and each sink commits the transactions that are listed in it, if that has not been
//! done, and aborts all others. Their records come again. So output is committed exactly once, and in doubt as long as the
//! job manager is down: it blocks as two-phase commit does.
//!
//! What several epochs at a time bring with them:
//!
//! - A checkpoint that takes too long is given up, and nobody is told. Its transactions stay prepared: an acknowledgement
//!   lists all that a sink has, and the next checkpoint that is complete commits them, too (TPCS). A newer barrier ends the
//!   wait for an older one.
//! - A notification may be lost, or be overtaken: each is about all epochs up to its own.
//!
//! How channels are what they have to be: whatever is sent in an attempt says in which, and as the how manieth on its
//! channel. What is of an earlier attempt is dropped (`fenced`). What is of a later one is put aside until its task is restored, too.
//! Where something is missing, by a loss or because the other end has crashed, the connection is broken, and its task says
//! that it has failed. A task has a part in no attempt twice, so it writes down in which it was.
//!
//! On purpose different from Flink:
//!
//! - The external store is not a node. What a sink has in it is its stable storage, so to prepare is one forced record; and a
//!   store that gives up a transaction (`transaction-timeout`) does so while the sink is up.
//! - Who is deployed where is nobody's business here: a task that has crashed comes back as itself.
//! - A transaction without records is prepared like all others.
//! - A sink that is in doubt sends its acknowledgement again: Flink's waits for the next checkpoint, and there may be none.
//! - The job ends when so many checkpoints are completed, with what sources have not read by then unread.
//!
//! `job_manager.rs` is the coordinator, `task.rs` all others; barriers and channels are in `streaming`. They know nothing of
//! time, faults or properties.

mod bugs;
mod claims;
mod job_manager;
mod matrix;
mod messages;
mod params;
mod properties;
mod protocol;
mod rules;
mod state;
mod successes;
mod task;
#[cfg(test)]
mod tests;

use self::bugs::Mistake;
pub use self::claims::{Claim, History};
use self::job_manager::Coordinator;
pub use self::messages::{Msg, Place, Timer};
pub use self::params::Params;
pub use self::state::{Disk, JobManager, Log, State, Storage, Task, Work};
use self::task::Worker;
use super::streaming::{Checkpoint, Part};
use crate::model::{Actor, Id, NodeSet, Out, Start};

/// Streaming two-phase commit: the job manager is node 0, then come sources, operators and sinks.
#[derive(Clone, Debug)]
pub struct StreamingTwoPhaseCommit {
    params: Params,
}

impl Actor for StreamingTwoPhaseCommit {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Choice = ();
    type Observation = Claim;

    fn on_start(&self, id: Id, start: Start<'_, Storage>, o: &mut Out<Self>) -> State {
        if id == manager() {
            return State::JobManager(self.start_job_manager(start, o));
        }
        State::Task(self.start_task(id, start, o))
    }

    fn on_message(&self, id: Id, state: &mut State, src: Id, msg: Msg, o: &mut Out<Self>) {
        let protocol = self;
        match state {
            State::JobManager(m) => Coordinator { protocol, m, o }.hears(src, msg),
            State::Task(t) => Worker { protocol, id, t, o }.hears(src, msg),
        }
    }

    fn on_timeout(&self, id: Id, state: &mut State, timer: &Timer, o: &mut Out<Self>) {
        let protocol = self;
        match state {
            State::JobManager(m) => Coordinator { protocol, m, o }.waits_no_longer(*timer),
            State::Task(t) => Worker { protocol, id, t, o }.waits_no_longer(*timer),
        }
    }
}

/// The job manager.
fn manager() -> Id {
    Id::from(0usize)
}

/// Who is what, and who sends to whom.
impl StreamingTwoPhaseCommit {
    fn nodes(from: usize, how_many: u8) -> NodeSet {
        (from..from + usize::from(how_many)).map(Id::from).collect()
    }

    pub fn sources(&self) -> NodeSet {
        Self::nodes(1, self.params.sources)
    }

    pub fn operators(&self) -> NodeSet {
        Self::nodes(1 + self.sources().len(), self.params.operators)
    }

    pub fn sinks(&self) -> NodeSet {
        let before = 1 + self.sources().len() + self.operators().len();
        Self::nodes(before, self.params.sinks)
    }

    /// All but the job manager.
    pub fn tasks(&self) -> NodeSet {
        self.sources().union(self.operators()).union(self.sinks())
    }

    /// Those from whom a task has a channel.
    fn upstream(&self, id: Id) -> NodeSet {
        let (sources, operators) = (self.sources(), self.operators());
        if sources.contains(id) {
            return NodeSet::EMPTY;
        }
        if operators.contains(id) || operators.is_empty() {
            return sources;
        }
        operators
    }

    /// Those to whom a task has a channel.
    fn downstream(&self, id: Id) -> NodeSet {
        let (operators, sinks) = (self.operators(), self.sinks());
        if sinks.contains(id) {
            return NodeSet::EMPTY;
        }
        if operators.contains(id) || operators.is_empty() {
            return sinks;
        }
        operators
    }

    /// Which of the operators takes the record at this offset of a source, from 0 on.
    fn dealt_to(&self, offset: u32) -> u32 {
        offset % u32::from(self.params.operators.max(1))
    }

    /// What a task has in a checkpoint.
    fn part(&self, checkpoint: &Checkpoint, id: Id) -> Part {
        let part = checkpoint.parts.get(nth(self.tasks(), id));
        part.cloned().unwrap_or_else(|| self.part_at_first(id))
    }

    /// What a task has before anything has happened.
    fn part_at_first(&self, id: Id) -> Part {
        if self.sources().contains(id) {
            Part::Offset(0)
        } else if self.operators().contains(id) {
            Part::Count(0)
        } else {
            Part::Pending(Vec::new())
        }
    }

    /// Whether this mistake is switched on.
    fn makes(&self, mistake: Mistake) -> bool {
        self.params.bug == Some(mistake)
    }
}

/// The place of a node in a set, from 0 on.
fn nth(of: NodeSet, id: Id) -> usize {
    of.iter().take_while(|other| *other < id).count()
}
