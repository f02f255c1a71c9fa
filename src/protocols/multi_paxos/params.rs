//! What a scenario can set, and which settings make no system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Mistake;
use crate::model::params::within;
use crate::model::{BadParameter, NodeSet, TimerRange};
use crate::protocols::clients::{Ask, SERVERS_MAX, Workload, asks};

params! {
    /// The parameters of Multi-Paxos.
    Params {
        /// How many servers there are: S1, S2 and so on.
        servers: u8 = 3, within 1..=SERVERS_MAX;
        /// How many of them, from S1 on, the cluster is set up with. The others take no part until
        /// somebody adds them. All, if it is left out.
        members: Option<u8> = None, roughly 1..=SERVERS_MAX;
        /// The clients, C1, C2 and so on, and what each asks for: `put x 1`, `get x`, `cas x 1 2` and
        /// `inc x` of the state machine; `add S4`, `remove S1` and `members S1 S2 S4` of the cluster, where
        /// there is a `window`.
        clients: Workload = Workload::Scripts(vec![vec!["put x 1".to_owned(), "get x".to_owned()]]);
        /// Commands that leaders propose of their own accord, until the log holds so many: enough to look
        /// at the log without any clients.
        proposals: u32 = 0, within 0..=100;
        /// How long a leader waits before each of them.
        propose: TimerRange = TimerRange::millis(5, 10);
        /// How long a server waits for a leader, or to become one, before it prepares a ballot.
        election_timeout: TimerRange = TimerRange::millis(150, 300);
        /// How long a leader waits before it sends `Accept` again.
        heartbeat: TimerRange = TimerRange::millis(40, 50);
        /// How long a server that prepares waits before it asks again those who have not promised; `null` if
        /// it leaves that to its next ballot.
        prepare_retry: Option<TimerRange> = Some(TimerRange::millis(40, 50));
        /// How many commands a leader may get ahead of what it has executed; `null` if any number. Called α:
        /// so many slots after a change of the servers it is in effect.
        window: Option<u32> = None, within 1..=1000;
        /// After how many executed slots a server replaces them by a snapshot; `null` if never.
        snapshot_after: Option<u32> = None, within 1..=10_000;
        /// How reads are answered.
        reads: Reads = Reads::Log;
        /// How long a lease lasts; must be over before anybody who granted it may promise another ballot, which
        /// is after the shortest election timeout.
        lease: TimerRange = TimerRange::millis(100, 101);
        /// Whether servers remember the last answer to each client, so that a command that is asked for
        /// twice is executed once.
        sessions: bool = true;
        /// How long a client waits before its next command.
        think: TimerRange = TimerRange::millis(1, 20);
        /// How long a client waits for an answer before it asks the next server.
        retry: TimerRange = TimerRange::millis(100, 150);
        /// How often a client asks for the same before it gives up; `null` if it never does.
        tries: Option<u32> = None, within 1..=1000;
        /// The highest ballot that a check looks at: a bound, so what could happen above it is left open. With
        /// N servers, round r of the i-th is ballot (r - 1) · N + i. A run has no such bound.
        ballots: u32 = 4, within 1..=1000;
        /// A mistake to make on purpose.
        bug: Option<Mistake> = None;
    }
}

/// How reads are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reads {
    /// Like every command, in a slot of the log.
    Log,
    /// Once a majority has confirmed that the leader still leads.
    Quorum,
    /// At once, as long as the last confirmation is fresh. That relies on clocks.
    Lease,
}

impl Params {
    /// What the clients ask for: their scripts, and what they draw from.
    pub(super) fn asks(&self) -> Result<(Vec<Vec<Ask>>, Vec<Ask>), BadParameter> {
        asks(&self.clients, &|ask| {
            match ask {
            Ask::Members(members) if !members.named().is_subset(self.servers()) => {
                Some(format!("there are only {} servers", self.servers))
            }
            Ask::Members(_) if self.window.is_none() => Some(
                "a change of the servers is in effect `window` slots later: write `\"window\": 1`, or more"
                    .to_owned(),
            ),
            Ask::Operation(_) | Ask::Members(_) => None,
            Ask::Transfer(_) => Some("nobody hands over leadership here".to_owned()),
        }
        })
    }

    pub(super) fn servers(&self) -> NodeSet {
        NodeSet::first(self.servers.into())
    }

    pub(super) fn members(&self) -> NodeSet {
        NodeSet::first(self.members.unwrap_or(self.servers).into())
    }

    /// How long an acceptor keeps the lease that it has granted, as a timer.
    pub(super) fn grant(&self) -> TimerRange {
        let min = self.election_timeout.min;
        TimerRange { min, max: min }
    }

    pub(super) fn check(&self) -> Result<(), BadParameter> {
        self.in_range()?;
        let servers = self.servers;
        if let Some(members) = self.members {
            let what = match servers {
                1 => format!("{members} members of one server"),
                _ => format!("{members} members of {servers} servers"),
            };
            within("members", members, 1..=servers, &what)?;
        }
        self.clients.check()?;
        if self.heartbeat.max >= self.election_timeout.min {
            let message = format!(
                "a heartbeat after {} may be too late for an election timeout of {}",
                self.heartbeat.max, self.election_timeout.min
            );
            return Err(BadParameter::new("heartbeat", message));
        }
        if self.reads == Reads::Lease && self.lease.max > self.election_timeout.min {
            let message = format!(
                "a lease of {} may outlast the {} for which it is granted",
                self.lease.max, self.election_timeout.min
            );
            return Err(BadParameter::new("lease", message));
        }
        self.check_bug()
    }

    /// Some mistakes can only be made where there is enough to mistake.
    fn check_bug(&self) -> Result<(), BadParameter> {
        let needs = match self.bug {
            Some(Mistake::ReadsUnconfirmed | Mistake::ReadsBeforeRecovery)
                if self.reads == Reads::Log =>
            {
                r#""reads": "quorum""#
            }
            Some(Mistake::PromisesDuringLease | Mistake::GrantForgotten)
                if self.reads != Reads::Lease =>
            {
                r#""reads": "lease""#
            }
            Some(Mistake::CompactedIsEmpty | Mistake::SnapshotForgetsChanges)
                if self.snapshot_after.is_none() =>
            {
                r#""snapshot-after": 1, or more"#
            }
            Some(
                Mistake::ChangesAtOnce | Mistake::CountsByNewest | Mistake::SnapshotForgetsChanges,
            ) if self.window.is_none_or(|window| window < 2) => r#""window": 2, or more"#,
            Some(Mistake::SkipsNewPhaseOne) if self.window.is_none() => r#""window": 1, or more"#,
            // With one server there is nobody to disagree with.
            Some(_) if self.servers < 2 => r#""servers": 2, or more"#,
            _ => return Ok(()),
        };
        Err(BadParameter::mistake(needs))
    }
}
