//! Streaming three-phase commit (S3PC): the output of a dataflow appears exactly once, and sinks need no job manager to end
//! their doubt about it.
//!
//! There is no paper of this. It is to streaming two-phase commit what three-phase commit is to two-phase commit, and this page
//! is its specification.
//!
//! - D. Skeen, *Nonblocking Commit Protocols*, SIGMOD 1981.
//! - P. Bernstein, V. Hadzilacos, N. Goodman, *Concurrency Control and Recovery in Database Systems*, 1987, section 7.5 (BHG;
//!   the rules TR1 to TR4).
//! - Those of `streaming_two_phase_commit`, whose dataflow, attempts and fences are taken over as they are.
//!
//! ```text
//!   job manager                              sink
//!
//!        <--- Ack (pending) ----------------- w: prepared                           phase 1: vote
//!    all have acknowledged
//!        ---- PreCommit (all parts) --------->
//!                                     force *pre-committed, with all parts*         phase 2: all know
//!        <--- AckPreCommit ------------------ p: pre-committed
//!    force *completed*
//!        ---- Commit ------------------------>
//!                                         commit in the external store              phase 3
//! ```
//!
//! Pre-commitment carries the checkpoint itself: the offsets of the sources, the state of the operators, and the transactions of
//! every sink. So whoever is pre-committed can tell all others what to commit, and a new job manager where to start again.
//!
//! **Termination.** A sink to which the job manager is silent takes it to have failed. It works no more in this attempt, and
//! the lowest sink that is up becomes the backup. It asks the others where they stand, and ends the attempt with one
//! checkpoint, by these rules:
//!
//! | rule | somebody ...                                           | the attempt ends with              |
//! |------|--------------------------------------------------------|------------------------------------|
//! | TR1  | has ended the attempt, or is in a later one            | what that one knows to be complete |
//! | TR2  | knows the newest checkpoint to be complete             | that                               |
//! | TR3  | ... and nobody is pre-committed to a newer one         | the last that is complete          |
//! | TR4  | is pre-committed to a newer one: others are moved there first | that                        |
//!
//! What is listed in that checkpoint is committed, all else is aborted: the same at every sink, so several epochs may be under
//! way. A backup that fails is replaced by the next in line; sinks that have failed are left out.
//!
//! **Recovery.** A sink that comes back with its attempt not ended takes no part in termination, and asks those that have
//! stayed. A new job manager does not go by its own log: sinks may have completed a checkpoint without it. It asks *every* sink;
//! that it asks shows them that its predecessor has failed. It starts again from the newest checkpoint that anybody
//! knows to be complete. If all of them have failed and come back, nobody has decided anything since, and it decides by TR2 to
//! TR4 itself.
//!
//! **A job manager that lives** completes a checkpoint that is in phase 2 before all start again; sinks that do not
//! acknowledge that have failed, and are left out, as in three-phase commit.
//!
//! It needs what three-phase commit needs: no message is lost, and silence means failure. (So who follows must be more patient
//! than whom it follows, who may wait for others that have failed.) Then no sink that is up stays in doubt
//! unless all sinks fail; the job itself goes on when there is a job manager. Under a partition sinks may decide differently, as
//! there.
//!
//! The dataflow, phase 1 and attempts are those of `streaming_two_phase_commit`, which is a part of this protocol and runs
//! unchanged. What is added is in `job_manager.rs`, `sink.rs` and `termination.rs`.

mod bugs;
mod claims;
mod job_manager;
mod matrix;
mod messages;
mod params;
mod properties;
mod protocol;
mod rules;
mod sink;
mod state;
mod termination;
#[cfg(test)]
mod tests;

use self::bugs::Mistake;
pub use self::claims::Claim;
use self::job_manager::Coordinator;
pub use self::messages::{Msg, Timer};
pub use self::params::Params;
use self::sink::Participant;
pub use self::state::{Answer, Census, Leading, Phases, Sink, Stage, Standing, State, Storage};
use super::streaming::{Checkpoint, manager};
use super::streaming_two_phase_commit::{self as flow, StreamingTwoPhaseCommit, Worker};
use crate::model::actor::Done;
use crate::model::{Actor, Command, Id, NodeSet, Out, Start};

/// Streaming three-phase commit: the job manager is node 0, then come sources, operators and sinks.
#[derive(Clone, Debug)]
pub struct StreamingThreePhaseCommit {
    params: Params,
    /// The dataflow, and phase 1.
    flow: StreamingTwoPhaseCommit,
}

impl Actor for StreamingThreePhaseCommit {
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
        if self.sinks().contains(id) {
            return State::Sink(self.start_sink(id, start, o));
        }
        let disk = start.storage().and_then(Storage::disk).cloned();
        let disk = disk.map(flow::Storage::Task);
        let start = again(start, disk.as_ref());
        let mut part = Out::default();
        let task = self.flow.start_task(id, start, &mut part);
        Self::carries_on(part, o, &Checkpoint::default(), &Storage::from);
        State::Task(task)
    }

    fn on_message(&self, id: Id, state: &mut State, src: Id, msg: Msg, o: &mut Out<Self>) {
        let protocol = self;
        match state {
            State::JobManager(s) => Coordinator { protocol, s, o }.hears(src, msg),
            State::Sink(s) => Participant { protocol, id, s, o }.hears(src, msg),
            State::Task(task) => self.task_works(id, task, o, |mut worker| {
                let part = |from: &Checkpoint| worker.protocol.flow().part(from, id);
                if let Some(msg) = msg.of_the_flow(part) {
                    worker.hears(src, msg);
                }
            }),
        }
    }

    fn on_timeout(&self, id: Id, state: &mut State, timer: &Timer, o: &mut Out<Self>) {
        let protocol = self;
        match state {
            State::JobManager(s) => Coordinator { protocol, s, o }.waits_no_longer(*timer),
            State::Sink(s) => Participant { protocol, id, s, o }.waits_no_longer(*timer),
            State::Task(task) => self.task_works(id, task, o, |mut worker| {
                if let Some(timer) = timer.of_the_flow() {
                    worker.waits_no_longer(timer);
                }
            }),
        }
    }
}

impl StreamingThreePhaseCommit {
    /// Has a source or an operator do what it does in two-phase commit.
    fn task_works(
        &self,
        id: Id,
        task: &mut flow::Task,
        o: &mut Out<Self>,
        does: impl FnOnce(Worker<'_>),
    ) {
        let mut part = Out::default();
        does(Worker {
            protocol: &self.flow,
            id,
            t: task,
            o: &mut part,
        });
        Self::carries_on(part, o, &Checkpoint::default(), &Storage::from);
    }

    /// Does what the part of two-phase commit has done. A new attempt starts from this checkpoint; `record` is what
    /// is written where the part writes something.
    fn carries_on(
        part: Out<StreamingTwoPhaseCommit>,
        o: &mut Out<Self>,
        completed: &Checkpoint,
        record: &dyn Fn(flow::Storage) -> Storage,
    ) {
        part.each_in_order(&mut |done| match done {
            Done::Observed(claim) => o.observe(Claim::Flow(claim)),
            Done::Gave(command) => {
                let command = match command {
                    Command::Send(dst, msg) => Some(Command::Send(dst, Msg::of(msg, completed))),
                    Command::SetTimer(timer, range) => {
                        Timer::of(timer).map(|timer| Command::SetTimer(timer, range))
                    }
                    Command::CancelTimer(timer) => Timer::of(timer).map(Command::CancelTimer),
                    Command::Choose(key, options) => Some(Command::Choose(key, options)),
                    Command::Save {
                        record: saved,
                        forced,
                    } => Some(Command::Save {
                        record: record(saved),
                        forced,
                    }),
                };
                if let Some(command) = command {
                    o.give(command);
                }
            }
        });
    }

    fn sinks(&self) -> NodeSet {
        self.flow.flow().sinks()
    }

    /// Whether this mistake is switched on.
    fn makes(&self, mistake: Mistake) -> bool {
        self.params.bug == Some(mistake)
    }
}

/// The same start, with another record.
fn again<'a, A, B>(start: Start<'_, A>, record: Option<&'a B>) -> Start<'a, B> {
    match start {
        Start::First => Start::First,
        Start::Again(_) => Start::Again(record),
    }
}
