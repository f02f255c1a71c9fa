//! What a scenario can set, and which settings make no system.

use std::fmt;
use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{BadParameter, NodeSet, TimerRange};
use crate::protocols::raft::{Mistake, Workload};

/// The largest number of servers.
pub const SERVERS_MAX: u8 = 15;
/// The largest numbers of what clients and leaders do, and of what a check looks at.
const PROPOSALS_MAX: u32 = 100;
const SNAPSHOT_AFTER_MAX: u32 = 10_000;
const TRIES_MAX: u32 = 1000;
const TERMS_MAX: u32 = 1000;

/// The parameters of Raft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each turns a part of the algorithm on or off, whatever the others do"
)]
pub struct Params {
    /// How many servers there are: S1, S2 and so on.
    #[schemars(range(min = 1, max = 15))]
    pub servers: u8,
    /// How many of them, from S1 on, the cluster is set up with. The others take no part until
    /// somebody adds them. All, if it is left out.
    #[schemars(range(min = 1, max = 15))]
    pub members: Option<u8>,
    /// The clients, C1, C2 and so on, and what each asks for: `put x 1`, `get x`, `cas x 1 2` and
    /// `inc x` of the state machine; `add S4`, `remove S1`, `members S1 S2 S4` and `transfer S2` of
    /// the cluster.
    pub clients: Workload,
    /// Commands that leaders append of their own accord, until the log holds so many: enough to look
    /// at the log without any clients.
    #[schemars(range(max = 100))]
    pub proposals: u32,
    /// How long a leader waits before each of them.
    pub propose: TimerRange,
    /// How long a follower waits for a leader, and a candidate for votes.
    pub election_timeout: TimerRange,
    /// How long a leader waits before it sends `AppendEntries` again.
    pub heartbeat: TimerRange,
    /// Whether heartbeats carry no entries (5.2), even if some are missing: those are sent when the
    /// answer shows it.
    pub empty_heartbeats: bool,
    /// How long a candidate waits before it asks again those who have not answered; `null` if it
    /// leaves that to its next election.
    pub vote_retry: Option<TimerRange>,
    /// Whether leaders begin their term with a no-op, so that what is left of older terms is committed.
    pub no_op: bool,
    /// Whether servers find out if they could win before they start an election: servers that hear
    /// from a leader say no.
    pub pre_vote: bool,
    /// Whether a leader that does not hear from a majority steps down, and a server that hears from
    /// its leader ignores candidates.
    pub check_quorum: bool,
    /// After how many applied entries a server replaces them by a snapshot; `null` if never.
    #[schemars(range(min = 1, max = 10000))]
    pub snapshot_after: Option<u32>,
    /// How the servers that take part can be changed.
    pub membership: Membership,
    /// How reads are answered.
    pub reads: Reads,
    /// How long a lease lasts; must be over before anybody stops defending the leader.
    pub lease: TimerRange,
    /// Whether servers remember the last answer to each client, so that a command that is asked for
    /// twice is executed once.
    pub sessions: bool,
    /// How long a client waits before its next command.
    pub think: TimerRange,
    /// How long a client waits for an answer before it asks the next server.
    pub retry: TimerRange,
    /// How often a client asks for the same before it gives up; `null` if it never does.
    #[schemars(range(min = 1, max = 1000))]
    pub tries: Option<u32>,
    /// The highest term that a check looks at: a bound, so what could happen in later terms is left
    /// open. A run has no such bound.
    #[schemars(range(min = 1, max = 1000))]
    pub terms: u32,
    /// A mistake to make on purpose.
    pub bug: Option<Mistake>,
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

impl Default for Params {
    fn default() -> Self {
        Params {
            servers: 3,
            members: None,
            clients: Workload::Scripts(vec![vec!["put x 1".to_owned(), "get x".to_owned()]]),
            proposals: 0,
            propose: TimerRange::millis(5, 10),
            election_timeout: TimerRange::millis(150, 300),
            heartbeat: TimerRange::millis(40, 50),
            empty_heartbeats: false,
            vote_retry: Some(TimerRange::millis(40, 50)),
            no_op: true,
            pre_vote: false,
            check_quorum: false,
            snapshot_after: None,
            membership: Membership::Fixed,
            reads: Reads::Log,
            lease: TimerRange::millis(100, 101),
            sessions: true,
            think: TimerRange::millis(1, 20),
            retry: TimerRange::millis(100, 150),
            tries: None,
            terms: 3,
            bug: None,
        }
    }
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

    pub(crate) fn check(&self) -> Result<(), BadParameter> {
        let (servers, most) = (self.servers, SERVERS_MAX);
        let what = format!("{servers} servers");
        within("servers", servers, 1..=most, &what, "")?;
        if let Some(members) = self.members {
            let what = match servers {
                1 => format!("{members} members of one server"),
                _ => format!("{members} members of {servers} servers"),
            };
            within("members", members, 1..=servers, &what, "")?;
        }
        self.check_workload()?;
        let what = format!("{} proposals", self.proposals);
        within("proposals", self.proposals, 0..=PROPOSALS_MAX, &what, "")?;
        if let Some(after) = self.snapshot_after {
            let (what, most) = (format!("after {after} entries"), SNAPSHOT_AFTER_MAX);
            within("snapshot-after", after, 1..=most, &what, ", or null")?;
        }
        if let Some(tries) = self.tries {
            let what = format!("{tries} tries");
            within("tries", tries, 1..=TRIES_MAX, &what, ", or null")?;
        }
        let what = format!("{} terms", self.terms);
        within("terms", self.terms, 1..=TERMS_MAX, &what, "")?;
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
        let message = format!("this mistake can only be made with {needs}");
        Err(BadParameter::new("bug", message))
    }
}

/// A number that is too low, or too high: what there would be, and what to write instead.
pub fn within<N: Copy + PartialOrd + fmt::Display + From<u8>>(
    parameter: &'static str,
    number: N,
    limits: RangeInclusive<N>,
    what: &str,
    otherwise: &str,
) -> Result<(), BadParameter> {
    if limits.contains(&number) {
        return Ok(());
    }
    let (least, most) = limits.into_inner();
    let advice = if least == N::from(0) {
        format!("at most {most}")
    } else if least == most {
        format!("write {least}")
    } else {
        format!("write {least} to {most}")
    };
    Err(BadParameter::new(
        parameter,
        format!("{what}: {advice}{otherwise}"),
    ))
}
