//! The RPCs of Figures 2 and 13, what else servers tell each other, and what passes between clients
//! and servers.
//!
//! The leader's id and the candidate's are those of the sender. An answer is a message of its own;
//! nobody waits for it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ask::{Ask, Reply};
use super::log::{Entry, Index, Position, Snapshot, Term};

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    RequestVote(RequestVote),
    /// The results of `RequestVote`.
    Vote(Vote),
    AppendEntries(AppendEntries),
    /// The results of `AppendEntries` and of `InstallSnapshot`.
    Appended(Appended),
    InstallSnapshot(InstallSnapshot),
    /// The leader tells the one whom it transfers leadership to that it need not wait (thesis, 3.10).
    TimeoutNow(Term),
    /// A client asks a server, under the serial number of its command (thesis, 6.3).
    Request(u32, Ask),
    Reply(u32, Reply),
}

/// Figure 2, *`RequestVote` RPC*.
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

/// Figure 2, *`AppendEntries` RPC*. Without entries it is a heartbeat.
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

/// Figure 13, *`InstallSnapshot` RPC*, in one chunk.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstallSnapshot {
    pub term: Term,
    pub snapshot: Arc<Snapshot>,
    pub round: u32,
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

impl fmt::Debug for Msg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Msg::RequestVote(RequestVote {
                term,
                last,
                campaign,
            }) => {
                write!(f, "RequestVote({term:?}, last {last:?}")?;
                match campaign {
                    Campaign::PreVote => f.write_str(", pre-vote)"),
                    Campaign::Election => f.write_str(")"),
                    Campaign::Transfer => f.write_str(", transfer)"),
                }
            }
            Msg::Vote(Vote { term, granted, pre }) => {
                let pre = if *pre { "pre-vote " } else { "" };
                let granted = if *granted { "granted" } else { "denied" };
                write!(f, "Vote({term:?}, {pre}{granted})")
            }
            Msg::AppendEntries(AppendEntries {
                term,
                prev,
                entries,
                leader_commit,
                round,
            }) => {
                write!(f, "AppendEntries({term:?}, {prev:?}")?;
                for entry in entries.iter() {
                    write!(f, " +{entry:?}")?;
                }
                write!(f, ", commit {leader_commit}")?;
                told_round(*round, f)
            }
            Msg::Appended(Appended {
                term,
                result,
                round,
            }) => {
                write!(f, "Appended({term:?}, ")?;
                match result {
                    AppendResult::Matched(index) => write!(f, "matched {index}")?,
                    AppendResult::Conflict(Some(term), first) => {
                        write!(f, "conflict {first}@{term:?}")?;
                    }
                    AppendResult::Conflict(None, first) => write!(f, "conflict {first}")?,
                    AppendResult::Outdated => f.write_str("outdated")?,
                }
                told_round(*round, f)
            }
            Msg::InstallSnapshot(InstallSnapshot {
                term,
                snapshot,
                round,
            }) => {
                write!(f, "InstallSnapshot({term:?}, {:?}", snapshot.last)?;
                told_round(*round, f)
            }
            Msg::TimeoutNow(term) => write!(f, "TimeoutNow({term:?})"),
            Msg::Request(serial, ask) => write!(f, "Request({serial}, {ask})"),
            Msg::Reply(serial, reply) => write!(f, "Reply({serial}, {reply})"),
        }
    }
}

fn told_round(round: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match round {
        0 => f.write_str(")"),
        round => write!(f, ", round {round})"),
    }
}
