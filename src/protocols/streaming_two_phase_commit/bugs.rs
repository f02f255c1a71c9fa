//! Mistakes that people make in streaming two-phase commit, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by its name.

mistakes! {
    /// A sink commits at the barrier, and does not wait until the checkpoint is complete.
    CommitsAtTheBarrier {
        breaks: ["covered-by-a-checkpoint"],
        source: "Flink, TwoPhaseCommitSinkFunction; apache/iceberg #9694",
    }
    /// A sink votes before its transaction is prepared: a crash takes it away.
    VotesBeforeItPrepares {
        breaks: ["none-lost", "prepared-survives"],
        source: "Flink, TwoPhaseCommitSinkFunction: preCommit flushes",
    }
    /// The job manager tells that a checkpoint is complete before that is on its disk.
    NotifiesBeforeRecord {
        breaks: ["no-record-twice", "covered-by-a-checkpoint"],
    }
    /// The job manager counts acknowledgements and does not tell them apart.
    CountsAcks {
        breaks: ["none-lost", "validity"],
    }
    /// The job manager takes acknowledgements of an earlier attempt for those of its own.
    CountsOldAcks {
        breaks: ["covered-by-a-checkpoint", "none-lost", "validity"],
    }
    /// A new job manager begins the same attempt again: nobody lets itself be restored to one that it has a part in.
    AttemptInMemory {
        breaks: ["recovers"],
    }
    /// A sink that is restored writes what it has committed already once more.
    CommitsTwice {
        breaks: ["no-record-twice"],
        source: "Flink, TwoPhaseCommitSinkFunction: recoverAndCommit must be idempotent",
    }
    /// A sink that is restored aborts all that is prepared, also what is in the checkpoint.
    AbortsWhatIsListed {
        breaks: ["none-lost", "atomicity"],
        source: "FLINK-7784; FLINK-13535",
    }
    /// A sink that is restored commits all that is prepared, also what is not in the checkpoint.
    CommitsWhatIsNotListed {
        breaks: ["no-record-twice", "covered-by-a-checkpoint"],
    }
    /// A sink commits all that it has prepared, also what belongs to a later checkpoint than the one that is complete.
    CommitsAll {
        breaks: ["covered-by-a-checkpoint"],
    }
    /// A sink has its newest transaction in a checkpoint, and forgets those of checkpoints that were given up.
    ListsTheNewestOnly {
        breaks: ["none-lost"],
        source: "apache/iceberg #10526; Flink, CheckpointListener",
    }
    /// A transaction gets the name of one that is committed: who commits that again commits this.
    RecyclesNames {
        breaks: ["no-record-twice", "covered-by-a-checkpoint"],
        source: "FLINK-8132",
    }
    /// A task takes whatever comes on a channel, also if something before it is missing.
    GapsUnnoticed {
        breaks: ["none-lost"],
        source: "Chandy & Lamport 1985, 2: channels deliver in order, and all",
    }
    /// A task does not write down in which attempt it is, and is restored twice in the same one.
    RestoredTwice {
        breaks: ["none-lost", "exact-prefix", "recovers"],
    }
    /// A source goes on where it is, and not at the checkpoint.
    NotRewound {
        breaks: ["none-lost", "exact-prefix"],
        source: "Carbone et al. 2015, 4.3",
    }
    /// A source counts a record before it has sent it.
    OffsetTooHigh {
        breaks: ["none-lost"],
    }
    /// An operator starts again with the state that it has, and not with that of the checkpoint.
    StateNotRestored {
        breaks: ["consistent-cut"],
        source: "Carbone et al. 2015, 4.3",
    }
}
