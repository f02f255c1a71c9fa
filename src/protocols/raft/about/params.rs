//! What a scenario can set, and which settings make no system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{BadParameter, NodeSet, TimerRange};
use crate::protocols::raft::{Ask, Mistake};

/// The largest numbers of servers and of clients.
pub const SERVERS_MAX: u8 = 15;
pub const CLIENTS_MAX: u8 = 15;
/// The largest numbers of what clients and leaders do, and of what a check looks at.
const COMMANDS_MAX: u32 = 1000;
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

/// What clients ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = r#"expected a list of commands for each client: [["put x 1"]]; or what each draws its commands from: {"clients": 1, "commands": 2, "from": ["put x 1"]}"#
)]
pub enum Workload {
    /// One script for each client.
    Scripts(Vec<Vec<String>>),
    /// Each client draws its commands.
    Drawn(Drawn),
}

/// A workload that is left to chance: to the seed in a run, to the search in a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    #[schemars(range(min = 1, max = 15))]
    pub clients: u8,
    /// How many commands each has.
    #[schemars(range(min = 1, max = 1000))]
    pub commands: u32,
    /// What they are drawn from; written twice it is drawn twice as often.
    pub from: Vec<String>,
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

    pub(crate) fn client_count(&self) -> u8 {
        match &self.clients {
            Workload::Scripts(scripts) => u8::try_from(scripts.len()).unwrap_or(u8::MAX),
            Workload::Drawn(drawn) => drawn.clients,
        }
    }

    pub(crate) fn first_members(&self) -> NodeSet {
        NodeSet::first(self.members.unwrap_or(self.servers).into())
    }

    /// What the clients ask for: their scripts, and what they draw from.
    pub(crate) fn asks(&self) -> Result<(Vec<Vec<Ask>>, Vec<Ask>), BadParameter> {
        let (scripts, drawn): (&[Vec<String>], &[String]) = match &self.clients {
            Workload::Scripts(scripts) => (scripts, &[]),
            Workload::Drawn(drawn) => (&[], &drawn.from),
        };
        let read = |line: &String| self.ask(line);
        let script = |script: &Vec<String>| script.iter().map(read).collect();
        let scripts: Result<_, _> = scripts.iter().map(script).collect();
        let drawn: Result<_, _> = drawn.iter().map(read).collect();
        Ok((scripts?, drawn?))
    }

    fn ask(&self, line: &str) -> Result<Ask, BadParameter> {
        let bad = |message: String| BadParameter::new("clients", message);
        let ask: Ask = line.parse().map_err(bad)?;
        let named = match ask {
            Ask::Operation(_) => return Ok(ask),
            Ask::Transfer(id) => NodeSet::only(id),
            Ask::Members(members) => members.named(),
        };
        if !named.is_subset(NodeSet::first(self.servers.into())) {
            let message = format!("`{line}`: there are only {} servers", self.servers);
            return Err(bad(message));
        }
        if matches!(ask, Ask::Members(_)) && self.membership == Membership::Fixed {
            let message = format!(
                "`{line}`: nobody can be added or removed with `\"membership\": \"fixed\"`; \
                 write \"single\" or \"joint\""
            );
            return Err(bad(message));
        }
        Ok(ask)
    }

    pub(crate) fn check(&self) -> Result<(), BadParameter> {
        let bad = |parameter, message: String| Err(BadParameter::new(parameter, message));
        let within = |n: u8, most: u8, least: u8| (least..=most).contains(&n);
        if !within(self.servers, SERVERS_MAX, 1) {
            let message = format!("{} servers: write 1 to {SERVERS_MAX}", self.servers);
            return bad("servers", message);
        }
        if let Some(members) = self.members
            && !within(members, self.servers, 1)
        {
            let message = match self.servers {
                1 => format!("{members} members of one server: write 1"),
                servers => format!("{members} members of {servers} servers: write 1 to {servers}"),
            };
            return bad("members", message);
        }
        if self.client_count() > CLIENTS_MAX {
            let message = format!("{} clients: at most {CLIENTS_MAX}", self.client_count());
            return bad("clients", message);
        }
        if let Workload::Drawn(drawn) = &self.clients
            && (drawn.clients == 0 || drawn.from.is_empty() || drawn.commands == 0)
        {
            let message = "nothing to draw: write how many clients and commands, and from what";
            return bad("clients", message.to_owned());
        }
        if let Workload::Drawn(Drawn { commands, .. }) = &self.clients
            && *commands > COMMANDS_MAX
        {
            let message = format!("{commands} commands: write 1 to {COMMANDS_MAX}");
            return bad("clients", message);
        }
        self.asks()?;
        if self.proposals > PROPOSALS_MAX {
            let message = format!("{} proposals: at most {PROPOSALS_MAX}", self.proposals);
            return bad("proposals", message);
        }
        if let Some(after) = self.snapshot_after
            && !(1..=SNAPSHOT_AFTER_MAX).contains(&after)
        {
            let message =
                format!("after {after} entries: write 1 to {SNAPSHOT_AFTER_MAX}, or null");
            return bad("snapshot-after", message);
        }
        if let Some(tries) = self.tries
            && !(1..=TRIES_MAX).contains(&tries)
        {
            let message = format!("{tries} tries: write 1 to {TRIES_MAX}, or null");
            return bad("tries", message);
        }
        if !(1..=TERMS_MAX).contains(&self.terms) {
            let message = format!("{} terms: write 1 to {TERMS_MAX}", self.terms);
            return bad("terms", message);
        }
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
