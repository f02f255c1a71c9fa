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
mod task;
#[cfg(test)]
mod tests;

use self::bugs::Mistake;
pub use self::claims::{Claim, History};
pub(in crate::protocols) use self::job_manager::Coordinator;
pub use self::messages::{Msg, Place, Timer};
pub use self::params::Params;
pub(in crate::protocols) use self::protocol::{managing, visible, working};
pub use self::state::{Disk, JobManager, Log, State, Storage, Task, Work};
pub(in crate::protocols) use self::task::Worker;
use super::streaming::{Dataflow, manager};
use crate::model::{Actor, Id, Out, Start};

/// Streaming two-phase commit: the job manager is node 0, then come sources, operators and sinks.
#[derive(Clone, Debug)]
pub struct StreamingTwoPhaseCommit {
    params: Params,
    flow: Dataflow,
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

impl StreamingTwoPhaseCommit {
    /// Who sends to whom.
    pub fn flow(&self) -> Dataflow {
        self.flow
    }

    /// Whether this mistake is switched on.
    fn makes(&self, mistake: Mistake) -> bool {
        self.params.bug == Some(mistake)
    }
}
