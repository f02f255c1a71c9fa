//! What replicas and participants keep, in memory and on stable storage.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Decision, Vote};
use crate::model::NodeSet;
use crate::protocols::multi_paxos;

/// What a node knows while it is up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    Coordinator(Coordinator),
    Participant(Phase),
}

/// What survives a crash.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Storage {
    Coordinator(multi_paxos::Storage),
    Participant(Phase),
}

/// A replica of the coordinator.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Coordinator {
    pub log: multi_paxos::State,
    pub standing: Standing,
}

/// A replica's part in the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Standing {
    /// Does not lead, or has not begun.
    Idle,
    /// Leads, and has asked for votes.
    Collecting { yes: NodeSet },
    /// Leads, and has a decision accepted by the others.
    Deciding,
    /// Has executed the decision.
    Decided(Decision),
}

/// A participant's part in the transaction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Its vote is still up to the environment.
    Open,
    /// Has not voted, and may still abort by itself.
    Working {
        vote: Vote,
    },
    /// Voted YES, and does not know the outcome. Holds its locks.
    Prepared,
    Decided(Decision),
}

impl Storage {
    /// That of a replica.
    pub fn log(&self) -> Option<&multi_paxos::Storage> {
        match self {
            Storage::Coordinator(log) => Some(log),
            Storage::Participant(_) => None,
        }
    }
}

impl fmt::Debug for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Open => "Open",
            Phase::Working { .. } => "Working",
            Phase::Prepared => "Prepared",
            Phase::Decided(Decision::Commit) => "Committed",
            Phase::Decided(Decision::Abort) => "Aborted",
        })
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Storage::Coordinator(log) => log.fmt(f),
            Storage::Participant(phase) => phase.fmt(f),
        }
    }
}
