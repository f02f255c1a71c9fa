//! What a scenario can set, and which settings make no system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::params::within;
use crate::model::{BadParameter, NodeSet, TimerRange};
use crate::protocols::clients::{Ask, SERVERS_MAX, Workload, asks};
use crate::protocols::raft::Mistake;

/// After how many entries a snapshot is taken at the latest.
const SNAPSHOT_AFTER_MAX: u32 = 10_000;

params! {
    /// The parameters of Raft.
    Params {
        /// How many servers there are: S1, S2 and so on.
        servers: u8 = 3, within 1..=SERVERS_MAX;
        /// How many of them, from S1 on, the cluster is set up with. The others take no part until
        /// somebody adds them. All, if it is left out.
        members: Option<u8> = None, roughly 1..=SERVERS_MAX;
        /// The clients, C1, C2 and so on, and what each asks for: `put x 1`, `get x`, `cas x 1 2` and
        /// `inc x` of the state machine; `add S4`, `remove S1`, `members S1 S2 S4` and `transfer S2` of
        /// the cluster.
        clients: Workload = Workload::Scripts(vec![vec!["put x 1".to_owned(), "get x".to_owned()]]);
        /// Commands that leaders append of their own accord, until the log holds so many: enough to look
        /// at the log without any clients.
        proposals: u32 = 0, within 0..=100;
        /// How long a leader waits before each of them.
        propose: TimerRange = TimerRange::millis(5, 10);
        /// How long a follower waits for a leader, and a candidate for votes.
        election_timeout: TimerRange = TimerRange::millis(150, 300);
        /// How long a leader waits before it sends `AppendEntries` again.
        heartbeat: TimerRange = TimerRange::millis(40, 50);
        /// Whether heartbeats carry no entries (5.2), even if some are missing: those are sent when the
        /// answer shows it.
        empty_heartbeats: bool = false;
        /// How long a candidate waits before it asks again those who have not answered; `null` if it
        /// leaves that to its next election.
        vote_retry: Option<TimerRange> = Some(TimerRange::millis(40, 50));
        /// Whether leaders begin their term with a no-op, so that what is left of older terms is committed.
        no_op: bool = true;
        /// Whether servers find out if they could win before they start an election: servers that hear
        /// from a leader say no.
        pre_vote: bool = false;
        /// Whether a leader that does not hear from a majority steps down, and a server that hears from
        /// its leader ignores candidates.
        check_quorum: bool = false;
        /// After how many applied entries a server replaces them by a snapshot; `null` if never.
        snapshot_after: Option<u32> = None, roughly 1..=SNAPSHOT_AFTER_MAX;
        /// How the servers that take part can be changed.
        membership: Membership = Membership::Fixed;
        /// How reads are answered.
        reads: Reads = Reads::Log;
        /// How long a lease lasts; must be over before anybody stops defending the leader.
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
        /// The highest term that a check looks at: a bound, so what could happen in later terms is left
        /// open. A run has no such bound.
        terms: u32 = 3, within 1..=1000;
        /// A mistake to make on purpose.
        bug: Option<Mistake> = None;
    }
}

/// How the servers that take part can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Membership {
    /// Not at all.
    Fixed,
    /// One server at a time (thesis, 4.1; Ongaro 2015).
    Single,
    /// Any set for any other, by joint consensus (6).
    Joint,
}

/// How reads are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reads {
    /// Like every command, from the log.
    Log,
    /// Once a majority has confirmed that the leader still leads (thesis, 6.4).
    ReadIndex,
    /// At once, as long as the last confirmation is fresh (thesis, 6.4.1). That relies on clocks.
    Lease,
}

impl Params {
    /// The lower end of the election timeout, as a timer.
    pub fn minimum_election_timeout(&self) -> TimerRange {
        let min = self.election_timeout.min;
        TimerRange { min, max: min }
    }

    /// Whether servers keep in mind that they have heard from a leader.
    pub(crate) fn leaders_are_defended(&self) -> bool {
        self.check_quorum || self.pre_vote
    }

    pub(crate) fn first_members(&self) -> NodeSet {
        NodeSet::first(self.members.unwrap_or(self.servers).into())
    }

    /// What the clients ask for: their scripts, and what they draw from.
    pub(crate) fn asks(&self) -> Result<(Vec<Vec<Ask>>, Vec<Ask>), BadParameter> {
        asks(&self.clients, &|ask| {
            let named = match ask {
                Ask::Operation(_) => return None,
                Ask::Transfer(id) => NodeSet::only(id),
                Ask::Members(members) => members.named(),
            };
            if !named.is_subset(NodeSet::first(self.servers.into())) {
                return Some(format!("there are only {} servers", self.servers));
            }
            let is_fixed = self.membership == Membership::Fixed;
            (is_fixed && matches!(ask, Ask::Members(_))).then(|| {
                "nobody can be added or removed with `\"membership\": \"fixed\"`; write \"single\" or \
                 \"joint\""
                    .to_owned()
            })
        })
    }

    pub(crate) fn check(&self) -> Result<(), BadParameter> {
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
        self.asks()?;
        if let after @ Some(entries) = self.snapshot_after {
            let what = format!("after {entries} entries");
            within("snapshot-after", after, 1..=SNAPSHOT_AFTER_MAX, &what)?;
        }
        self.check_together()
    }

    /// Some settings do not go together.
    fn check_together(&self) -> Result<(), BadParameter> {
        let bad = |parameter, message: String| Err(BadParameter::new(parameter, message));
        if self.heartbeat.max >= self.election_timeout.min {
            let message = format!(
                "a heartbeat after {} may be too late for an election timeout of {} (5.6)",
                self.heartbeat.max, self.election_timeout.min
            );
            return bad("heartbeat", message);
        }
        if self.membership != Membership::Fixed
            && !self.no_op
            && self.bug != Some(Mistake::ChangeBeforeOwnCommit)
        {
            let message = "a leader changes the membership only after it has committed an entry of its \
                           own term (Ongaro 2015), and may wait for that for ever: write \
                           `\"no-op\": true`";
            return bad("no-op", message.to_owned());
        }
        self.check_reads()?;
        self.check_bug()
    }

    fn check_reads(&self) -> Result<(), BadParameter> {
        if self.reads != Reads::Log && !self.no_op {
            let message = "a leader cannot know what is committed before it has committed an entry \
                           of its own term: write `\"no-op\": true`";
            return Err(BadParameter::new("reads", message));
        }
        if self.reads != Reads::Lease {
            return Ok(());
        }
        if !self.check_quorum {
            let message = "a lease is worth nothing unless servers defend their leader: write \
                           `\"check-quorum\": true`";
            return Err(BadParameter::new("reads", message));
        }
        if self.lease.max > self.election_timeout.min {
            let message = format!(
                "a lease of {} may outlast the {} for which servers defend their leader",
                self.lease.max, self.election_timeout.min
            );
            return Err(BadParameter::new("lease", message));
        }
        Ok(())
    }

    /// Some mistakes can only be made where there is enough to mistake.
    fn check_bug(&self) -> Result<(), BadParameter> {
        let Some(bug) = self.bug else { return Ok(()) };
        let needs = match bug {
            Mistake::HalfIsAMajority
                if self.membership == Membership::Fixed && self.first_members().len() % 2 == 1 =>
            {
                "an even number of servers that take part"
            }
            Mistake::ReadsBeforeOwnCommit | Mistake::ReadsUnconfirmed
                if self.reads == Reads::Log =>
            {
                r#""reads": "read-index""#
            }
            Mistake::LeaseSurvivesTransfer if self.reads != Reads::Lease => r#""reads": "lease""#,
            Mistake::ChangeBeforeOwnCommit | Mistake::ChangeWhileUncommitted
                if self.membership == Membership::Fixed =>
            {
                r#""membership": "single", or "joint""#
            }
            Mistake::NewMajorityOnly
            | Mistake::JointForgottenInSnapshot
            | Mistake::JointForgottenOnRestart
                if self.membership != Membership::Joint =>
            {
                r#""membership": "joint""#
            }
            Mistake::JointForgottenInSnapshot
            | Mistake::SnapshotDiscardsSuffix
            | Mistake::TermFromSnapshot
            | Mistake::SnapshotBoundaryOffByOne
                if self.snapshot_after.is_none() =>
            {
                r#""snapshot-after": 1, or more"#
            }
            // Who sends all that follows speaks of all that is committed.
            Mistake::CommitsWholeLog if !self.empty_heartbeats => r#""empty-heartbeats": true"#,
            Mistake::IgnoresOldPreVotes if !self.pre_vote => r#""pre-vote": true"#,
            Mistake::DefendsForEver if !self.check_quorum => r#""check-quorum": true"#,
            _ => return Ok(()),
        };
        Err(BadParameter::mistake(needs))
    }
}
