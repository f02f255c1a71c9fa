//! The RPCs of Figures 2 and 13, what else servers tell each other, what passes between clients and
//! servers, and what each waits for.
//!
//! The leader's id and the candidate's are those of the sender. An answer is a message of its own;
//! nobody waits for it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::protocols::raft::{Ask, Entry, Index, Position, Reply, Snapshot, Term};

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// From a candidate to the other servers, when it starts an election, and again to those who have
    /// not answered: asks for their votes (5.2; Figure 2, *`RequestVote` RPC*). As a pre-vote, before
    /// that, it asks whether they would vote (thesis, 9.6). Answered by `Vote`, or not at all by those
    /// who defend their leader (thesis, 4.2.3).
    RequestVote(RequestVote),
    /// From a server to the candidate that asked: its vote, or that it has none for it (Figure 2, the
    /// results of `RequestVote`).
    Vote(Vote),
    /// From the leader to each follower, when it is elected, when it has new entries, and with every
    /// heartbeat: the entries that the follower lacks, or none, and what is committed (5.2, 5.3;
    /// Figure 2, *`AppendEntries` RPC*). Answered by `Appended`.
    AppendEntries(AppendEntries),
    /// From a follower to its leader, or to one of an earlier term: how far the logs match (Figures 2
    /// and 13, the results of `AppendEntries` and of `InstallSnapshot`).
    Appended(Appended),
    /// From the leader to a follower that lacks entries which the leader has discarded: the snapshot
    /// that stands for them (7; Figure 13, *`InstallSnapshot` RPC*). Answered by `Appended`.
    InstallSnapshot(InstallSnapshot),
    /// From the leader to the server that it transfers leadership to, once that has all entries: it
    /// need not wait for its election timeout (thesis, 3.10). Answered, if at all, by the `RequestVote`
    /// of its election.
    TimeoutNow(Term),
    /// From a client to a server, under the serial number of its command: what it asks for (8; thesis,
    /// 6.3). It asks again, elsewhere, until it is told. Answered by `Reply`, once that is done.
    Request(u32, Ask),
    /// From a server to a client, under the serial number of the request: an answer, or whom to ask
    /// (8).
    Reply(u32, Reply),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestVote {
    /// The candidate's term; of a pre-vote, the term that it would campaign in.
    pub term: Term,
    /// The candidate's last log entry.
    pub last: Position,
    pub campaign: Campaign,
}

/// What a candidate asks for votes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Campaign {
    /// To find out whether it could win (thesis, 9.6). It changes nothing at the voter.
    PreVote,
    Election,
    /// An election that the leader asked for: voters need not defend their leader (thesis, 4.2.3).
    Transfer,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Vote {
    /// The voter's term, for the candidate to update itself; where a pre-vote is granted, the term
    /// that it is granted for.
    pub term: Term,
    pub granted: bool,
    pub pre: bool,
}

/// Without entries it is a heartbeat.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AppendEntries {
    pub term: Term,
    /// The entry that immediately precedes the new ones.
    pub prev: Position,
    pub entries: Arc<[Entry]>,
    pub leader_commit: Index,
    /// Which round of heartbeats this belongs to, so that an answer shows that it was sent after a
    /// read was asked for (thesis, 6.4). Zero where nobody asks.
    pub round: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Appended {
    pub term: Term,
    pub result: AppendResult,
    /// That of the request.
    pub round: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AppendResult {
    /// The follower's log matches the leader's up to here: the last entry that the *request* spoke of.
    Matched(Index),
    /// The follower has no entry like `prev`. The term of the entry that it has in its place, if any,
    /// and the first index that it stores for that term, or the end of its log (5.3).
    Conflict(Option<Term>, Index),
    /// The request was of an older term.
    Outdated,
}

/// In one chunk.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstallSnapshot {
    pub term: Term,
    pub snapshot: Arc<Snapshot>,
    pub round: u32,
}

impl AppendEntries {
    /// The index of the last new entry, or of the one that precedes them if there are none.
    pub fn last_new(&self) -> Index {
        self.prev.index + Index::try_from(self.entries.len()).expect("a short log")
    }
}

impl Msg {
    /// The term that a server takes over from a message if it is higher than its own (*Rules for
    /// Servers*). That which is merely asked about in a pre-vote is not.
    pub fn term(&self) -> Option<Term> {
        match self {
            Msg::RequestVote(ask) if ask.campaign == Campaign::PreVote => None,
            Msg::Vote(vote) if vote.pre && vote.granted => None,
            Msg::RequestVote(RequestVote { term, .. })
            | Msg::Vote(Vote { term, .. })
            | Msg::AppendEntries(AppendEntries { term, .. })
            | Msg::Appended(Appended { term, .. })
            | Msg::InstallSnapshot(InstallSnapshot { term, .. })
            | Msg::TimeoutNow(term) => Some(*term),
            Msg::Request(..) | Msg::Reply(..) => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timer {
    /// A follower has not heard from a leader, or a candidate has not won, for too long (5.2).
    Election,
    /// A leader sends its next heartbeat (5.2).
    Heartbeat,
    /// A candidate asks again those who have not answered (5.1: servers retry RPCs).
    VoteRetry,
    /// A leader appends a command that no client asked for; see `Params::proposals`.
    Propose,
    /// The minimum election timeout since a server heard from its leader is over (thesis, 4.2.3).
    LeaderHeard,
    /// An election timeout has passed in which a leader should have heard from a majority
    /// (thesis, 6.2).
    CheckQuorum,
    /// A lease that began with a round of heartbeats is over (thesis, 6.4.1). Two overlap.
    Lease(u8),
    /// A transfer of leadership has taken too long (thesis, 3.10).
    Transfer,
    /// New servers have taken too long to catch up (thesis, 4.2.1).
    CatchUp,
    /// A client thinks before its next command.
    Think,
    /// A client has waited too long for an answer.
    Retry,
}
