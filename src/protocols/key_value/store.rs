//! The problem that replicated logs solve, stated once: a key-value store that several servers hold, and that
//! clients use as if it were one.

use serde::{Deserialize, Serialize};

use super::Workload;
use crate::model::{Protocol, Time};

/// A protocol that solves it. Its servers are called S1, S2 and so on, its clients C1, C2 and so on; what clients
/// send is a `Request`, and what they are told a `Reply`.
pub trait ReplicatedStore: Protocol {
    /// Its parameters with so many servers and these clients; of a protocol that has several forms, those of each
    /// that can have so many, with its name.
    fn instances(servers: u8, clients: &Workload) -> Vec<(&'static str, Self::Params)>;

    /// How much earlier than the others S1 has to start so that it leads, nearly always; not at all where
    /// that is settled.
    fn head_start(&self) -> Time {
        Time::ZERO
    }
}

/// A moment in the life of a store, whatever the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Milestone {
    /// Whoever leads has heard the first request of a client, and done what it does about it.
    FirstRequest,
    /// Whoever leads has answered it.
    FirstAnswer,
}
