//! Mistakes that people make in Raft, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by one guarded line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Bug;

/// A mistake, by the name it has in scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// Nothing is on stable storage at all.
    NothingSaved,
    /// A server keeps its vote in memory only.
    VoteInMemory,
    /// A server votes without looking at the candidate's log.
    VotesForAnyLog,
    /// Of two logs the longer one passes for more up-to-date.
    ComparesLengthOnly,
    /// Only the terms of the last entries are compared.
    ComparesLastTermOnly,
    /// Votes of an older term are counted.
    CountsOldVotes,
    /// Half of the servers pass for a majority.
    HalfIsAMajority,
    /// A candidate does not record that it voted for itself.
    NoVoteForItself,
    /// A server votes again in the same term.
    VotesTwice,
    /// A leader commits entries of older terms by counting replicas.
    CommitsOldTerms,
    /// A follower truncates its log behind `prevLogIndex` on every `AppendEntries`.
    TruncatesAlways,
    /// A leader counts acknowledgements of an older term.
    CountsOldAcknowledgements,
    /// A follower looks at `prevLogIndex`, not at `prevLogTerm`.
    PrevTermUnchecked,
    /// A follower truncates its log behind the first conflicting entry, not before it.
    KeepsFirstConflict,
    /// A follower only appends beyond the end of its log.
    NeverTruncates,
    /// A leader takes over every acknowledged index, that of a late answer too.
    MatchIndexGoesBack,
    /// A follower accepts `AppendEntries` of an older term.
    AcceptsOldAppend,
    /// A follower takes over every `leaderCommit`, a lower one too.
    CommitIndexGoesBack,
    /// A follower acknowledges all that it has, not what the request spoke of.
    AcknowledgesWholeLog,
    /// A follower commits all that it has up to `leaderCommit`, not what the request spoke of.
    CommitsWholeLog,
    /// A snapshot replaces the whole log, whatever follows.
    SnapshotDiscardsSuffix,
    /// A server that installs a snapshot takes over its term.
    TermFromSnapshot,
    /// A leader sends entries where it should send the snapshot.
    SnapshotBoundaryOffByOne,
    /// A new leader answers reads before it knows what is committed.
    ReadsBeforeOwnCommit,
    /// A leader answers reads without making sure that it still leads.
    ReadsUnconfirmed,
    /// A leader keeps its lease, and reads by it, while it transfers leadership.
    LeaseSurvivesTransfer,
    /// A leader changes the membership before it has committed an entry of its term.
    ChangeBeforeOwnCommit,
    /// A leader changes the membership while the last change is uncommitted.
    ChangeWhileUncommitted,
    /// In C-old,new the new majority decides alone.
    NewMajorityOnly,
    /// A snapshot taken in C-old,new says C-old.
    JointForgottenInSnapshot,
    /// C-old,new is written down as C-old.
    JointForgottenOnRestart,
    /// Who is told to time out now leads without an election.
    TimeoutNowMakesLeader,
    /// The search for what to commit ends at the first entry of an older term.
    CommitScanStops,
    /// A server leaves a pre-vote for an older term unanswered.
    IgnoresOldPreVotes,
    /// A server goes on defending a leader that it no longer hears from.
    DefendsForEver,
}

const fn bug(name: &'static str, about: &'static str, breaks: &'static [&'static str]) -> Bug {
    Bug {
        name,
        about,
        breaks,
    }
}

pub const BUGS: &[Bug] = &[
    bug(
        "nothing-saved",
        "Servers keep all in memory: a crash makes them forget term, vote and log.",
        &["election-safety", "monotone-terms", "durability"],
    ),
    bug(
        "vote-in-memory",
        "A server does not write down whom it voted for: after a crash it votes again.",
        &["election-safety"],
    ),
    bug(
        "votes-for-any-log",
        "A server votes without looking at the candidate's log.",
        &["leader-completeness"],
    ),
    bug(
        "compares-length-only",
        "Of two logs the longer one passes for more up-to-date, whatever its last term.",
        &["leader-completeness"],
    ),
    bug(
        "compares-last-term-only",
        "Of two logs with the same last term a shorter one passes for as up-to-date.",
        &["leader-completeness"],
    ),
    bug(
        "counts-old-votes",
        "A candidate counts votes that it got for an earlier term.",
        &["election-safety"],
    ),
    bug(
        "half-is-a-majority",
        "Half of the servers decide where their number is even.",
        &["election-safety"],
    ),
    bug(
        "no-vote-for-itself",
        "A candidate does not record that it voted for itself, and votes for somebody else.",
        &["election-safety"],
    ),
    bug(
        "votes-twice",
        "A server votes for whoever asks, again and again in the same term.",
        &["election-safety"],
    ),
    bug(
        "commits-old-terms",
        "A leader takes an entry of an older term for committed because a majority has it (Figure 8).",
        &["old-term-commit", "leader-completeness"],
    ),
    bug(
        "truncates-always",
        "A follower truncates its log at prevLogIndex on every AppendEntries: a late one cuts off what \
         it acknowledged.",
        &["durability"],
    ),
    bug(
        "counts-old-acknowledgements",
        "A leader counts what was acknowledged to it in an earlier term.",
        &["durability"],
    ),
    bug(
        "match-index-goes-back",
        "A leader takes over a lower index that a late answer acknowledges, too, and forgets what the \
         follower has.",
        &["monotone-match-index"],
    ),
    bug(
        "prev-term-unchecked",
        "A follower appends wherever its log is long enough, whatever stands before.",
        &["log-matching"],
    ),
    bug(
        "keeps-first-conflict",
        "A follower that truncates its log keeps the first entry that conflicts.",
        &["durability"],
    ),
    bug(
        "never-truncates",
        "A follower appends beyond the end of its log and leaves alone what conflicts.",
        &["durability"],
    ),
    bug(
        "accepts-old-append",
        "A follower accepts AppendEntries from a leader of an older term.",
        &["durability"],
    ),
    bug(
        "commit-index-goes-back",
        "A follower takes over a lower leaderCommit, too.",
        &["monotone-commit-index"],
    ),
    bug(
        "acknowledges-whole-log",
        "A follower acknowledges its whole log, and so entries that the leader does not have.",
        &["durability"],
    ),
    bug(
        "commits-whole-log",
        "A follower commits entries that the request did not speak of, and that the leader may not have.",
        &["state-machine-safety"],
    ),
    bug(
        "snapshot-discards-suffix",
        "A server that installs a snapshot discards entries behind it that it acknowledged.",
        &["durability"],
    ),
    bug(
        "term-from-snapshot",
        "A server that installs a snapshot takes over the term of its last entry.",
        &["monotone-terms"],
    ),
    bug(
        "snapshot-boundary-off-by-one",
        "A leader that has discarded just the entry that comes next sends what follows it.",
        &["state-machine-safety"],
    ),
    bug(
        "reads-before-own-commit",
        "A new leader answers reads before it has committed an entry of its term, and so knows what is \
         committed.",
        &["linearizability"],
    ),
    bug(
        "reads-unconfirmed",
        "A leader answers reads without making sure that nobody else leads by now.",
        &["linearizability"],
    ),
    bug(
        "lease-survives-transfer",
        "A leader relies on its lease while another, at its own request, is being elected.",
        &["linearizability"],
    ),
    bug(
        "change-before-own-commit",
        "A leader changes the membership before it has committed an entry of its own term.",
        &["leader-completeness", "configurations-overlap"],
    ),
    bug(
        "change-while-uncommitted",
        "A leader changes the membership while the last change is uncommitted.",
        &["leader-completeness", "configurations-overlap"],
    ),
    bug(
        "new-majority-only",
        "While both sets of servers should decide, a majority of the new one does.",
        &["leader-completeness"],
    ),
    bug(
        "joint-forgotten-in-snapshot",
        "A snapshot taken in the midst of a change says that there is none.",
        &["leader-completeness"],
    ),
    bug(
        "joint-forgotten-on-restart",
        "A server writes C-old where it has C-old,new: after a crash it does not know of the change.",
        &["leader-completeness"],
    ),
    bug(
        "timeout-now-makes-leader",
        "A server that leadership is transferred to leads at once, without an election.",
        &["election-safety"],
    ),
    bug(
        "commit-scan-stops",
        "The search for what to commit gives up at the first entry of an older term.",
        &["progress"],
    ),
    bug(
        "ignores-old-pre-votes",
        "Who is asked whether it would vote in an older term says nothing, so that the other never \
         hears of the later one.",
        &["progress"],
    ),
    bug(
        "defends-for-ever",
        "A server ignores candidates for the sake of a leader that it heard from long ago.",
        &["progress"],
    ),
];
