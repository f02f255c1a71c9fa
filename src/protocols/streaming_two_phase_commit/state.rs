//! What the job manager and the tasks keep, in memory and on stable storage.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Msg;
use crate::model::{FewMap, Id};
use crate::protocols::streaming::{Checkpoint, Inputs, Part, Record, Store, listed};

/// What a node knows while it is up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    JobManager(JobManager),
    Task(Task),
}

/// What survives a crash.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Storage {
    JobManager(Log),
    Task(Disk),
}

/// The coordinator.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JobManager {
    pub log: Log,
    /// The number of the last checkpoint that was begun.
    pub last: u32,
    /// The checkpoints that are under way, and what each task has acknowledged of them.
    pub running: FewMap<u32, Vec<Option<Part>>>,
    /// How many were given up since the last that is complete.
    pub given_up: u32,
}

/// What the job manager writes down.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Log {
    pub attempt: u32,
    /// The last checkpoint that is complete.
    pub completed: Checkpoint,
}

/// A source, an operator or a sink.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Task {
    pub disk: Disk,
    /// What it does in its attempt; `None` if that has failed, and it waits for another.
    pub work: Option<Work>,
    /// What it was sent in attempts for which it has not been restored, by whom, in the order of these.
    pub early: Vec<(Id, Msg)>,
}

/// What survives a crash of a task.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Disk {
    /// The last attempt that it has had a part in: it takes no part in one twice.
    pub attempt: u32,
    /// What a sink has in the external store. (That is elsewhere; but nobody else writes it.)
    pub store: Store,
}

/// What a task does in one attempt. All of it is lost in a crash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Work {
    Source {
        /// What it reads next.
        offset: u32,
        /// The last checkpoint for which it has sent barriers.
        barrier: u32,
        /// How much it has sent on each channel.
        sent: Vec<u32>,
    },
    Operator {
        inputs: Inputs,
        /// How many records it has seen: its state.
        count: u32,
        /// How much it has sent on each channel.
        sent: u32,
    },
    Sink {
        inputs: Inputs,
        /// The records of its open transaction, in order.
        open: Vec<Record>,
    },
}

impl State {
    pub fn job_manager(&self) -> Option<&JobManager> {
        match self {
            State::JobManager(manager) => Some(manager),
            State::Task(_) => None,
        }
    }

    pub fn task(&self) -> Option<&Task> {
        match self {
            State::Task(task) => Some(task),
            State::JobManager(_) => None,
        }
    }
}

impl Log {
    /// That of a job that has just been set up.
    pub fn at_first() -> Self {
        Log {
            attempt: 1,
            completed: Checkpoint::default(),
        }
    }
}

impl Storage {
    pub fn log(&self) -> Option<&Log> {
        match self {
            Storage::JobManager(log) => Some(log),
            Storage::Task(_) => None,
        }
    }

    pub fn disk(&self) -> Option<&Disk> {
        match self {
            Storage::Task(disk) => Some(disk),
            Storage::JobManager(_) => None,
        }
    }
}

/// `attempt 2, completed 1.1`
impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attempt {}", self.attempt)?;
        if self.completed.number > 0 {
            write!(f, ", completed {}", self.completed.epoch)?;
        }
        Ok(())
    }
}

/// `prepared 1.1 1.2`; nothing of what there is not.
impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prepared = self.store.prepared.values().map(|it| it.epoch);
        let prepared = listed(prepared);
        if prepared.is_empty() {
            return Ok(());
        }
        write!(f, "prepared {prepared}")
    }
}

/// `Log(attempt 2, completed 1.1 [offset 2, pending 1.1])`, `Disk(attempt 2, prepared 2.2)`
impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Storage::JobManager(log) => write!(f, "Log({log} {:?})", log.completed.parts),
            Storage::Task(disk) if disk.store.prepared.is_empty() => {
                write!(f, "Disk(attempt {})", disk.attempt)
            }
            Storage::Task(disk) => write!(f, "Disk(attempt {}, {disk})", disk.attempt),
        }
    }
}
