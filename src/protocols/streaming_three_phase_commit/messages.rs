//! What is sent and waited for: what streaming two-phase commit sends, and what the third phase adds.

use serde::{Deserialize, Serialize};

use crate::protocols::streaming::{Checkpoint, Epoch, Part, Record};
use crate::protocols::streaming_two_phase_commit::{self as flow, Place};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// The job manager has a source end an epoch.
    Trigger(Epoch),
    /// On a channel.
    Record(Record, Place),
    /// On a channel: the epoch of this checkpoint ends here.
    Barrier(u32, Place),
    /// Phase 1: what a task has at the end of an epoch.
    Ack(Epoch, Part),
    /// Phase 2: all have acknowledged, and this is what they have.
    PreCommit(Checkpoint),
    /// A sink knows it.
    AckPreCommit(Epoch),
    /// Phase 3: commit all up to the checkpoint that ends this epoch.
    Commit(Epoch),
    /// What a task had in this attempt is gone.
    Failed(u32),
    /// A new attempt, from this checkpoint.
    Restore(u32, Checkpoint),
    /// A sink asks another what became of this attempt.
    Inquiry(u32),
    /// A backup asks a sink where it stands.
    StateReq(u32),
    /// The checkpoint that it is pre-committed to, if there is one, and the last that it knows to be complete.
    State(u32, Option<Checkpoint>, Checkpoint),
    /// This attempt is over, and this is the last checkpoint that is complete: all else is aborted.
    Decide(u32, Checkpoint),
    /// A new job manager asks a sink for the last checkpoint that is complete.
    Query(u32),
    /// A sink that has ended its attempt knows.
    Resolved(Checkpoint),
    /// A sink that has come back does not: what it is pre-committed to, and the last that it knows to be complete.
    Unresolved(Option<Checkpoint>, Checkpoint),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// The next checkpoint is due.
    Trigger,
    /// A checkpoint takes too long: votes in phase 1, or acknowledgements in phase 2.
    Late(u32),
    /// A source reads the next record.
    Read,
    /// A task waits to be restored.
    Restore,
    /// A sink in doubt hears nothing of whom it follows, or a backup of those that follow it.
    Silence,
    /// A new job manager waits for sinks.
    Query,
}

impl Msg {
    /// What it is to the dataflow, if it is anything to that. (A task has its own part of a checkpoint.)
    pub(super) fn of_the_flow(self, part: impl Fn(&Checkpoint) -> Part) -> Option<flow::Msg> {
        Some(match self {
            Msg::Trigger(epoch) => flow::Msg::Trigger(epoch),
            Msg::Record(record, place) => flow::Msg::Record(record, place),
            Msg::Barrier(checkpoint, place) => flow::Msg::Barrier(checkpoint, place),
            Msg::Ack(epoch, part) => flow::Msg::Ack(epoch, part),
            Msg::Commit(epoch) => flow::Msg::Notify(epoch),
            Msg::Failed(attempt) => flow::Msg::Failed(attempt),
            Msg::Restore(attempt, from) => flow::Msg::Restore(attempt, part(&from)),
            _ => return None,
        })
    }

    /// The same the other way round; a new attempt starts from the last checkpoint that is complete.
    pub(super) fn of(msg: flow::Msg, completed: &Checkpoint) -> Self {
        match msg {
            flow::Msg::Trigger(epoch) => Msg::Trigger(epoch),
            flow::Msg::Record(record, place) => Msg::Record(record, place),
            flow::Msg::Barrier(checkpoint, place) => Msg::Barrier(checkpoint, place),
            flow::Msg::Ack(epoch, part) => Msg::Ack(epoch, part),
            flow::Msg::Notify(epoch) => Msg::Commit(epoch),
            flow::Msg::Failed(attempt) => Msg::Failed(attempt),
            flow::Msg::Restore(attempt, _) => Msg::Restore(attempt, completed.clone()),
        }
    }
}

impl Timer {
    pub(super) fn of_the_flow(self) -> Option<flow::Timer> {
        Some(match self {
            Timer::Trigger => flow::Timer::Trigger,
            Timer::Late(checkpoint) => flow::Timer::Late(checkpoint),
            Timer::Read => flow::Timer::Read,
            Timer::Restore => flow::Timer::Restore,
            Timer::Silence | Timer::Query => return None,
        })
    }

    /// The same the other way round, but for what never happens here: the external store keeps what is prepared.
    pub(super) fn of(timer: flow::Timer) -> Option<Self> {
        Some(match timer {
            flow::Timer::Trigger => Timer::Trigger,
            flow::Timer::Late(checkpoint) => Timer::Late(checkpoint),
            flow::Timer::Read => Timer::Read,
            flow::Timer::Restore => Timer::Restore,
            flow::Timer::Outcome => Timer::Silence,
            flow::Timer::Expire(_) => return None,
        })
    }
}
