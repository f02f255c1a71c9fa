//! What a scenario can set, and which settings make no system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bugs::Mistake;
use crate::model::{BadParameter, TimerRange};
use crate::protocols::key_value::Workload;

/// The largest number of attempts of all clients together that are numbered beforehand. (Others follow where a
/// coordinator comes back.)
const ATTEMPTS_MAX: u32 = 20_000;

/// The largest number of replicas of one server that may fail.
const FAULTS_MAX: u8 = 3;

/// The largest number of changes.
const CHANGES_MAX: usize = 100;

/// Who gives way where two transactions are in conflict (RSL).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Deadlocks {
    /// Nobody: all wait, for ever if it must be.
    None,
    /// Nobody waits: who comes later dies.
    NoWait,
    /// Who is older waits, who is younger dies.
    WaitDie,
    /// Who is older wounds those that are younger, who is younger waits.
    WoundWait,
}

params! {
    /// The parameters of transactions across shards.
    Params {
        /// How many servers there are.
        servers: u8 = 2, within 1..=8;
        /// How many replicas of each server may fail, in order: a server with F here has 2F + 1, and one that is not named
        /// is by itself.
        faults: Vec<u8> = Vec::new();
        /// How many points each of them has on the ring of hashes. With the default x is on S1, y on S2, and z on S3
        /// if there are three.
        virtual_nodes: u32 = 4, within 1..=1000;
        /// How the ring changes, one change after the other: `S3 joins`, `S1 leaves`. Whose first change is that it joins
        /// is no member before.
        changes: Vec<String> = Vec::new();
        /// What each client asks for: `read x y`, `put x=1 y=2`, `if y=1 put x=0`, `transfer x y 1`.
        clients: Workload = Workload::Scripts(vec![vec!["transfer x y 1".to_owned()]]);
        /// What every key has at first.
        balance: u32 = 10, within 0..=1_000_000;
        /// Who gives way where two transactions are in conflict.
        deadlocks: Deadlocks = Deadlocks::WaitDie;
        /// How often a client tries a transaction that dies.
        attempts: u32 = 3, within 1..=1000;
        /// How long a client waits before it asks for something.
        think: TimerRange = TimerRange::millis(1, 2);
        /// How long a client waits for an answer before it asks again.
        retry: TimerRange = TimerRange::millis(200, 300);
        /// How long a client waits before it tries again what has died.
        backoff: TimerRange = TimerRange::millis(20, 60);
        /// How long a coordinator waits for votes before it aborts; `null` if it waits for ever.
        vote_timeout: Option<TimerRange> = Some(TimerRange::millis(100, 150));
        /// How long a coordinator waits for acknowledgements before it tells the outcome again.
        ack_timeout: TimerRange = TimerRange::millis(100, 150);
        /// How long a prepared owner waits for the outcome before it asks, and asks again.
        inquiry: TimerRange = TimerRange::millis(160, 240);
        /// How long the master waits before it has the ring change.
        change: TimerRange = TimerRange::millis(20, 200);
        /// How long the master waits for those that are not done, and a server until another has got a range, before they
        /// say it again.
        resend: TimerRange = TimerRange::millis(100, 150);
        /// How long a replica waits for a leader, or for promises, before it asks for promises.
        election_timeout: TimerRange = TimerRange::millis(150, 300);
        /// How long a leader waits before it asks the other replicas again to accept what it has done.
        heartbeat: TimerRange = TimerRange::millis(40, 50);
        /// The highest ballot that a check looks at: a bound, so what could happen above it is left open. With n
        /// replicas, round r of the i-th is ballot (r - 1) · n + i. A run has no such bound.
        ballots: u32 = 9, within 1..=1000;
        /// A mistake to make on purpose.
        bug: Option<Mistake> = None;
    }
}

impl Params {
    pub(super) fn check(&self) -> Result<(), BadParameter> {
        self.in_range()?;
        self.clients.check()?;
        let clients = self.clients.clients();
        let commands = (0..clients).map(|client| self.clients.commands_of(client));
        let all = commands.max().unwrap_or(0) * u32::from(clients);
        if all.saturating_mul(self.attempts) > ATTEMPTS_MAX {
            let message = format!(
                "{all} transactions with {} attempts each: there is room for {ATTEMPTS_MAX} attempts",
                self.attempts
            );
            return Err(BadParameter::new("attempts", message));
        }
        if self.changes.len() > CHANGES_MAX {
            let message = format!("{} changes: at most {CHANGES_MAX}", self.changes.len());
            return Err(BadParameter::new("changes", message));
        }
        if let Some(most) = self.faults.iter().find(|faults| **faults > FAULTS_MAX) {
            let message = format!("{most} replicas may fail: write 0 to {FAULTS_MAX}");
            return Err(BadParameter::new("faults", message));
        }
        if self.faults.len() > usize::from(self.servers) {
            let (named, servers) = (self.faults.len(), self.servers);
            let message = format!("of {named} servers, and there are {servers}");
            return Err(BadParameter::new("faults", message));
        }
        let needs = match self.bug {
            Some(Mistake::CountsVotes) if self.servers < 3 => r#""servers": 3, or more"#,
            Some(Mistake::OlderDies | Mistake::Overtakes)
                if self.deadlocks != Deadlocks::WaitDie =>
            {
                r#""deadlocks": "wait-die""#
            }
            Some(Mistake::WoundsPrepared) if self.deadlocks != Deadlocks::WoundWait => {
                r#""deadlocks": "wound-wait""#
            }
            Some(bug) if bug.needs_changes() && self.changes.is_empty() => {
                r#""changes": ["S2 leaves"], or others"#
            }
            Some(bug) if bug.needs_replicas() && self.faults.iter().all(|faults| *faults == 0) => {
                r#""faults": [1], or more"#
            }
            _ => return Ok(()),
        };
        Err(BadParameter::mistake(needs))
    }
}
