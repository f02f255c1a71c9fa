//! Messages and commands as people read them: `AppendEntries(2, 3@1 +2:put x 1, commit 3)`.

use std::fmt;

use crate::model::Value;
use crate::protocols::raft::{
    AppendEntries, AppendResult, Appended, Campaign, Content, InstallSnapshot, Msg, Raft,
    RequestVote, Vote,
};

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

impl Raft {
    /// `C1.2 put x 1`: a command, told apart from all others.
    pub(crate) fn name_of(&self, content: Content) -> Value {
        let text = match content {
            Content::NoOp => return Value::from("no-op"),
            Content::Command(client, serial, op) => {
                format!("C{}.{serial} {op}", self.clients.number(client) + 1)
            }
            Content::Proposal(..) | Content::Configuration(_) => content.to_string(),
        };
        Value::Word(text.into())
    }
}
