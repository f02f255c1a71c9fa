//! Mistakes that people make in transactions across shards, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by its name.

mistakes! {
    /// An owner gives up its locks when it votes, and not when it knows the outcome.
    ReleasesAtVote {
        breaks: ["strict-serialisability", "sum-kept", "locks-exclude"],
        source: "Bernstein, Hadzilacos & Goodman 1987, 3.5: strict two-phase locking",
    }
    /// Reads take no locks.
    ReadsWithoutLocks {
        breaks: ["strict-serialisability", "locks-exclude"],
        source: "Bernstein, Hadzilacos & Goodman 1987, 3.2",
    }
    /// An owner votes YES without a record: a crash makes it forget.
    PreparedInMemory {
        breaks: ["sum-kept", "prepared-survives"],
        source: "Bernstein, Hadzilacos & Goodman 1987, 7.4",
    }
    /// The coordinator counts an answer as a vote for the transaction, whatever it says.
    NoCountsAsYes {
        breaks: ["validity", "atomicity"],
        source: "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC3",
    }
    /// Votes are counted and not told apart: one that comes twice counts for an owner who has not voted.
    CountsVotes {
        breaks: ["validity", "atomicity"],
    }
    /// A coordinator that came back begins an attempt again under its old number: a vote for the old one counts for
    /// the new.
    OldVotesCount {
        breaks: ["atomicity", "sum-kept"],
    }
    /// The table of sessions is not in the commit record: whoever asks again after a crash is served again.
    SessionsInMemory {
        breaks: ["atomicity", "exactly-once", "strict-serialisability"],
        source: "Ongaro 2014, 6.3",
    }
    /// The coordinator forgets the outcome when the first owner has acknowledged it.
    ForgetsTooEarly {
        breaks: ["atomicity"],
        source: "Mohan, Lindsay & Obermarck 1986, 3",
    }
    /// The coordinator answers ABORT while it still collects votes, and goes on collecting.
    AbortsWhileCollecting {
        breaks: ["atomicity", "sum-kept"],
        source: "Mohan, Lindsay & Obermarck 1986, 3",
    }
    /// Wait-die the wrong way round: who is older dies, and who is younger waits.
    OlderDies {
        breaks: ["age-decides"],
        source: "Rosenkrantz, Stearns & Lewis 1978",
    }
    /// Who shares a lock with its holders passes those that wait for it.
    Overtakes {
        breaks: ["non-blocking", "recovers"],
    }
    /// An owner wounds a transaction for which it has voted YES by itself, and does not ask its coordinator.
    WoundsPrepared {
        breaks: ["atomicity", "sum-kept"],
        source: "Rosenkrantz, Stearns & Lewis 1978",
    }
    /// What is prepared does not go with its keys: their new owner acknowledges a COMMIT that it knows nothing of.
    OmitsPrepared {
        breaks: ["sum-kept"],
    }
    /// A server goes on with a range that it has handed over, until that is acknowledged.
    ServesFrozen {
        breaks: ["sum-kept", "one-owner"],
    }
    /// A server deletes a range when it sends it, before another has it.
    DropsBeforeReceipt {
        breaks: ["key-kept"],
    }
    /// The new owner of a key begins what was sent to an owner before.
    BeginsUnderOldEpoch {
        breaks: ["atomicity", "irrevocability", "exactly-once", "strict-serialisability", "no-lock-after-decision"],
    }
    /// The table of sessions does not go with a range: whoever asks again at its new owner is served again.
    SessionsStayBehind {
        breaks: ["atomicity", "exactly-once", "strict-serialisability"],
        source: "6.824, lab 4",
    }
    /// The coordinator counts it as a vote that somebody does not have a key.
    MovedCountsAsYes {
        breaks: ["atomicity", "validity", "sum-kept"],
    }
    /// A transfer that comes twice is put in twice.
    InstallsAgain {
        breaks: ["strict-serialisability"],
    }
    /// An owner acknowledges COMMIT also for keys that it has no more.
    AcksWhatMoved {
        breaks: ["atomicity", "sum-kept"],
    }
    /// Who leaves does not wait until what it has committed is acknowledged.
    LeavesTooEarly {
        breaks: ["atomicity", "sum-kept"],
    }
    /// A key is placed by the remainder of its hash, and not by the ring.
    PlacesByRemainder {
        breaks: ["minimal-movement"],
        source: "Karger et al. 1997, Consistent Hashing and Random Trees",
    }
    /// A replica that comes to lead goes on with what it has accepted itself, whatever was accepted elsewhere.
    TakesItsOwn {
        breaks: ["sum-kept", "prepared-survives", "chosen-survives"],
        source: "Lamport 2001, Paxos Made Simple, 2.2",
    }
    /// A leader says what it has done before a majority has accepted that.
    SaysUnchosen {
        breaks: ["atomicity", "irrevocability", "exactly-once", "sum-kept", "chosen-survives"],
        source: "Lamport 2001, Paxos Made Simple, 2.3",
    }
    /// Whoever prepares or leads a ballot counts what others have answered in one before.
    CountsOldAnswers {
        breaks: ["exactly-once", "sum-kept", "prepared-survives", "chosen-survives"],
        source: "Lamport 2001, Paxos Made Simple, 2.2",
    }
    /// Servers and clients hear whoever was another server before, and may not know what that has promised since.
    HearsSuperseded {
        breaks: ["atomicity", "sum-kept"],
    }
    /// A replica that comes back knows what it has accepted, and not what it has promised.
    PromiseInMemory {
        breaks: ["exactly-once", "sum-kept", "prepared-survives", "chosen-survives"],
        source: "Lamport 2001, Paxos Made Simple, 2.5",
    }
}

impl Mistake {
    /// Whether it can be made only where a server has replicas: such are the last of them.
    pub(super) fn needs_replicas(self) -> bool {
        self as u8 >= Mistake::TakesItsOwn as u8
    }

    /// Whether it can be made only where the ring changes: such are those before.
    pub(super) fn needs_changes(self) -> bool {
        self as u8 >= Mistake::OmitsPrepared as u8 && !self.needs_replicas()
    }
}
