//! Mistakes that people make in Raft, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by its name.

mistakes! {
    /// Servers keep all in memory: a crash makes them forget term, vote and log.
    NothingSaved {
        breaks: ["election-safety", "monotone-terms", "durability"],
        source: "the Raft example of Stateright",
    }
    /// A server does not write down whom it voted for: after a crash it votes again.
    VoteInMemory {
        breaks: ["election-safety", "votes-on-disk"],
        source: "Ongaro 2014; raft.tla #5",
    }
    /// A server votes without looking at the candidate's log.
    VotesForAnyLog {
        breaks: ["leader-completeness", "votes-on-disk"],
        source: "Ongaro & Ousterhout 2014, 5.4.1",
    }
    /// Of two logs the longer one passes for more up-to-date, whatever its last term.
    ComparesLengthOnly {
        breaks: ["leader-completeness"],
        source: "Ongaro & Ousterhout 2014, 5.4.1",
    }
    /// Of two logs with the same last term a shorter one passes for as up-to-date.
    ComparesLastTermOnly {
        breaks: ["leader-completeness"],
        source: "Ongaro & Ousterhout 2014, 5.4.1",
    }
    /// A candidate counts votes that it got for an earlier term.
    CountsOldVotes {
        breaks: ["election-safety", "votes-on-disk"],
        source: "Xraft #33; akka-raft #46; little-raft #44",
    }
    /// Half of the servers decide where their number is even.
    HalfIsAMajority {
        breaks: ["election-safety", "votes-on-disk"],
        source: "openraft d60f1e8, for reads",
    }
    /// A candidate does not record that it voted for itself, and votes for somebody else.
    NoVoteForItself {
        breaks: ["election-safety", "votes-on-disk"],
        source: "NebulaGraph #3415",
    }
    /// A server votes for whoever asks, again and again in the same term.
    VotesTwice {
        breaks: ["election-safety", "votes-on-disk"],
        source: "kerala #18",
    }
    /// A leader takes an entry of an older term for committed because a majority has it (Figure 8).
    CommitsOldTerms {
        breaks: ["old-term-commit", "leader-completeness"],
        source: "Ongaro & Ousterhout 2014, Figure 8; PySyncObj #169; async-raft #106",
    }
    /// A follower truncates its log at prevLogIndex on every AppendEntries: a late one cuts off
    /// what it acknowledged.
    TruncatesAlways {
        breaks: ["durability", "replicas-on-disk"],
        source: "openraft 9540c904; CCF #5991 and #6016",
    }
    /// A leader counts what was acknowledged to it in an earlier term.
    CountsOldAcknowledgements {
        breaks: ["durability"],
        source: "openraft a80579e",
    }
    /// A leader takes over a lower index that a late answer acknowledges, too, and forgets what the
    /// follower has.
    MatchIndexGoesBack {
        breaks: ["monotone-match-index"],
    }
    /// A follower appends wherever its log is long enough, whatever stands before.
    PrevTermUnchecked {
        breaks: ["log-matching"],
        source: "Ongaro & Ousterhout 2014, 5.3",
    }
    /// A follower that truncates its log keeps the first entry that conflicts.
    KeepsFirstConflict {
        breaks: ["durability", "replicas-on-disk"],
    }
    /// A follower appends beyond the end of its log and leaves alone what conflicts.
    NeverTruncates {
        breaks: ["durability", "replicas-on-disk"],
    }
    /// A follower accepts AppendEntries from a leader of an older term.
    AcceptsOldAppend {
        breaks: ["durability"],
    }
    /// A follower takes over a lower leaderCommit, too.
    CommitIndexGoesBack {
        breaks: ["monotone-commit-index"],
        source: "PySyncObj #166",
    }
    /// A follower acknowledges its whole log, and so entries that the leader does not have.
    AcknowledgesWholeLog {
        breaks: ["durability"],
    }
    /// A follower commits entries that the request did not speak of, and that the leader may not
    /// have.
    CommitsWholeLog {
        breaks: ["state-machine-safety", "only-what-was-checked"],
    }
    /// A server that installs a snapshot discards entries behind it that it acknowledged.
    SnapshotDiscardsSuffix {
        breaks: ["durability"],
        source: "Ongaro & Ousterhout 2014, Figure 13; Zeebe #6092",
    }
    /// A server that installs a snapshot takes over the term of its last entry.
    TermFromSnapshot {
        breaks: ["monotone-terms"],
        source: "WRaft #118",
    }
    /// A leader that has discarded just the entry that comes next sends what follows it.
    SnapshotBoundaryOffByOne {
        breaks: ["state-machine-safety"],
        source: "WRaft #118; RedisRaft #47; DaosRaft #10",
    }
    /// A new leader answers reads before it has committed an entry of its term, and so knows what
    /// is committed.
    ReadsBeforeOwnCommit {
        breaks: ["linearizability"],
        source: "etcd #7331; RedisRaft #18 and #19; TiKV 8c95a3f",
    }
    /// A leader answers reads without making sure that nobody else leads by now.
    ReadsUnconfirmed {
        breaks: ["linearizability"],
        source: "Jepsen 2014, of etcd and Consul; Consul #54; d-engine #381",
    }
    /// A leader relies on its lease while another, at its own request, is being elected.
    LeaseSurvivesTransfer {
        breaks: ["linearizability"],
        source: "openraft #1747 and #1748; TiKV #1593; raft-rs #234",
    }
    /// A leader changes the membership before it has committed an entry of its own term.
    ChangeBeforeOwnCommit {
        breaks: ["leader-completeness", "configurations-overlap"],
        source: "Ongaro 2015; copycat #23; braft #182; openraft #2051",
    }
    /// A leader changes the membership while the last change is uncommitted.
    ChangeWhileUncommitted {
        breaks: ["leader-completeness", "configurations-overlap"],
        source: "Ongaro 2014, 4.1",
    }
    /// While both sets of servers should decide, a majority of the new one does.
    NewMajorityOnly {
        breaks: ["leader-completeness"],
        source: "openraft 6c0ccaf",
    }
    /// A snapshot taken in the midst of a change says that there is none.
    JointForgottenInSnapshot {
        breaks: ["leader-completeness"],
        source: "etcd-io/raft e515a67; openraft 6c0ccaf",
    }
    /// A server writes C-old where it has C-old,new: after a crash it does not know of the change.
    JointForgottenOnRestart {
        breaks: ["leader-completeness"],
        source: "etcd-io/raft e515a67; openraft 6c0ccaf",
    }
    /// A server that leadership is transferred to leads at once, without an election.
    TimeoutNowMakesLeader {
        breaks: ["election-safety"],
    }
    /// The search for what to commit gives up at the first entry of an older term.
    CommitScanStops {
        breaks: ["progress"],
        source: "RaftOS #30",
    }
    /// Who is asked whether it would vote in an older term says nothing, so that the other never
    /// hears of the later one.
    IgnoresOldPreVotes {
        breaks: ["progress"],
        source: "raft-rs #42, #83 and #84; hashicorp/raft 1.7.3",
    }
    /// A server ignores candidates for the sake of a leader that it heard from long ago.
    DefendsForEver {
        breaks: ["progress"],
        source: "raft-rs #42, #83 and #84; hashicorp/raft 1.7.3",
    }
}
