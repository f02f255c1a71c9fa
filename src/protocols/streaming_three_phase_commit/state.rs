//! What the job manager and the tasks keep, in memory and on stable storage.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{FewMap, Id, NodeSet};
use crate::protocols::streaming::{Checkpoint, Epoch, Part, Store};
use crate::protocols::streaming_two_phase_commit::{self as flow, Disk, JobManager, Log, Task};

/// What a node knows while it is up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    JobManager(Stage),
    /// A source or an operator.
    Task(Task),
    Sink(Sink),
}

/// What survives a crash.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Storage {
    JobManager(Log),
    Task(Disk),
    Sink(Disk, Phases),
}

/// What a job manager is at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stage {
    Leads(Leading),
    /// It is new, and asks the sinks for the last checkpoint that is complete.
    Asks {
        log: Log,
        answers: FewMap<Id, Answer>,
    },
}

/// A coordinator. It is that of two-phase commit, from whom the last acknowledgement of each checkpoint is held back until
/// the sinks know that it has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Leading {
    pub manager: JobManager,
    /// The last acknowledgement of a checkpoint, and whose it is.
    pub held: FewMap<u32, (Id, Part)>,
    /// The checkpoint in phase 2, and the sinks that have not acknowledged that.
    pub pre_committing: Option<(u32, NodeSet)>,
}

/// What a sink tells a new job manager.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Answer {
    Resolved(Checkpoint),
    Unresolved(Option<Checkpoint>, Checkpoint),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sink {
    /// Its part in the dataflow, and in phase 1.
    pub task: Task,
    pub phases: Phases,
    pub standing: Standing,
    /// A new job manager waits for it.
    pub is_queried: bool,
    /// The sinks that it takes to have failed.
    pub down: NodeSet,
}

/// What a sink writes down of phases 2 and 3, in its present attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Phases {
    /// The checkpoint that it is pre-committed to.
    pub pre_committed: Option<Checkpoint>,
    /// The last that it knows to be complete.
    pub completed: Checkpoint,
    /// The attempt is over: what is not in that checkpoint is aborted.
    pub is_resolved: bool,
    /// The job manager is not the first.
    pub manager_was_replaced: bool,
}

/// What the other sinks have said of where they stand: what they are pre-committed to, and the last checkpoint that they know
/// to be complete.
pub type Census = FewMap<Id, (Option<Checkpoint>, Checkpoint)>;

/// Whom a sink follows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Standing {
    /// The job manager.
    Led,
    /// A backup.
    Follows(Id),
    /// It is the backup, and asks the others where they stand.
    Asks(Census),
    /// It is the backup, and has the others pre-commit.
    Moves(Checkpoint, NodeSet),
    /// It has come back, and takes no part: it asks those that have stayed.
    Recovers,
}

impl Leading {
    /// The checkpoint in phase 2.
    pub fn pre_committing_to(&self) -> Option<u32> {
        self.pre_committing.map(|(checkpoint, _)| checkpoint)
    }
}

impl State {
    pub fn leading(&self) -> Option<&Leading> {
        match self {
            State::JobManager(Stage::Leads(leading)) => Some(leading),
            _ => None,
        }
    }

    pub fn sink(&self) -> Option<&Sink> {
        match self {
            State::Sink(sink) => Some(sink),
            _ => None,
        }
    }
}

/// What is written down in two-phase commit, but for sinks, which have more to say.
impl From<flow::Storage> for Storage {
    fn from(storage: flow::Storage) -> Self {
        match storage {
            flow::Storage::JobManager(log) => Storage::JobManager(log),
            flow::Storage::Task(disk) => Storage::Task(disk),
        }
    }
}

impl Storage {
    pub fn log(&self) -> Option<&Log> {
        match self {
            Storage::JobManager(log) => Some(log),
            _ => None,
        }
    }

    pub fn disk(&self) -> Option<&Disk> {
        match self {
            Storage::Task(disk) | Storage::Sink(disk, _) => Some(disk),
            Storage::JobManager(_) => None,
        }
    }

    pub fn store(&self) -> Option<&Store> {
        Some(&self.disk()?.store)
    }

    pub fn phases(&self) -> Option<&Phases> {
        match self {
            Storage::Sink(_, phases) => Some(phases),
            _ => None,
        }
    }

    /// The last checkpoint that its node knows to be complete, if there is one.
    pub fn completed(&self) -> Option<&Checkpoint> {
        let completed = match self {
            Storage::JobManager(log) => &log.completed,
            Storage::Sink(_, phases) => &phases.completed,
            Storage::Task(_) => return None,
        };
        (completed.number > 0).then_some(completed)
    }
}

impl Phases {
    /// `pre-committed to 1.2, completed 1.1`; nothing of what there is not.
    pub fn in_words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(to) = &self.pre_committed {
            words.push(format!("pre-committed to {}", to.epoch));
        }
        if self.is_resolved {
            words.push(format!("ended with {}", ended(self.completed.epoch)));
        }
        words
    }
}

fn ended(epoch: Epoch) -> String {
    if epoch == Epoch::default() {
        return "nothing".to_owned();
    }
    epoch.to_string()
}

/// `Log(attempt 2, completed 1.1)`, `Disk(attempt 1, prepared 1.2, pre-committed to 1.2)`
impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Storage::JobManager(log) => write!(f, "Log({log} {:?})", log.completed.parts),
            Storage::Task(disk) => write!(f, "Disk(attempt {})", disk.attempt),
            Storage::Sink(disk, phases) => {
                write!(f, "Disk(attempt {}", disk.attempt)?;
                let words = std::iter::once(disk.to_string()).chain(phases.in_words());
                for words in words.filter(|words| !words.is_empty()) {
                    write!(f, ", {words}")?;
                }
                write!(f, ", completed {:?})", phases.completed)
            }
        }
    }
}
