//! Mistakes that people make in two-phase commit, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by its name.

mistakes! {
    /// The coordinator commits on a majority of YES votes instead of all of them.
    MajorityCommits {
        breaks: ["validity", "atomicity", "forgets"],
    }
    /// A participant aborts unilaterally when the decision is late, although it voted YES.
    UncertainAborts {
        breaks: ["atomicity", "forgets"],
        source: "Bernstein, Hadzilacos & Goodman 1987, ch. 7; XA's heuristic rollback",
    }
    /// COMMIT is sent before the commit record is on disk.
    CommitBeforeRecord {
        breaks: ["atomicity", "irrevocability"],
        source: "Gray 1978; convex-2PC #101",
    }
    /// A participant votes YES without a prepared record: a crash makes it forget.
    PreparedInMemory {
        breaks: ["atomicity", "forgets"],
        source: "convex-2PC #101",
    }
    /// Presumed commit without the forced initiation record: recovery presumes wrongly.
    NoInitiationRecord {
        breaks: ["validity", "atomicity"],
        source: "Mohan, Lindsay & Obermarck 1986; Lampson & Lomet 1993",
    }
    /// Cooperative termination takes it that nobody committed if all peers are uncertain.
    AllUncertainAbort {
        breaks: ["atomicity", "forgets"],
        source: "Bernstein, Hadzilacos & Goodman 1987, 7.4",
    }
    /// The vote timeout sends ABORT, but a late YES still completes the votes.
    LateYesCommits {
        breaks: ["atomicity", "irrevocability", "non-blocking", "recovers", "forgets"],
        source: "Atomikos #239",
    }
    /// YES votes are counted, not collected: a duplicate counts twice.
    VotesCounted {
        breaks: ["validity", "atomicity", "forgets"],
        source: "Xraft #27 and akka-raft #45, of Raft",
    }
    /// An inquiry is answered ABORT while votes are still being collected, as if there were no
    /// information.
    InquiryAbortsCollecting {
        breaks: ["atomicity", "irrevocability", "forgets"],
    }
    /// The coordinator takes silence for consent and commits at the vote timeout.
    TimeoutCountsAsYes {
        breaks: ["validity", "atomicity", "forgets"],
    }
    /// A participant forgets what it decided: a PREPARE that comes late takes the locks again,
    /// which nobody will ever release.
    PrepareAfterDecision {
        breaks: ["no-lock-after-decision", "non-blocking", "recovers", "forgets"],
    }
    /// A participant that recovers without a record has lost its work, but waits for PREPARE as if
    /// nothing had happened.
    VotesAfterAmnesia {
        breaks: ["atomicity", "irrevocability", "no-lock-after-decision"],
    }
    /// The coordinator calls prepare, then commit, on everybody, and reads no vote.
    VotesUnread {
        breaks: ["validity", "atomicity", "non-blocking", "recovers", "forgets"],
        source: "articles that print the protocol as a sequence of calls",
    }
    /// A participant that has voted YES does nothing when it is told to roll back.
    RollbackDoesNothing {
        breaks: ["non-blocking", "recovers", "forgets"],
        source: "articles in which prepare is a flag, and rollback looks at it",
    }
    /// The coordinator waits for one answer in each phase, whoever gives it.
    FirstAnswerDecides {
        breaks: ["validity", "atomicity"],
        source: "articles in which a phase is one send and one receive",
    }
    /// A coordinator that misses an acknowledgement raises an error: it sends nothing again, and forgets
    /// what it decided.
    ErrorInMidCommit {
        breaks: ["atomicity"],
        source: "articles in which a phase that takes too long throws",
    }
    /// There is no first phase: databases are written one after the other, and those that were written
    /// are rolled back when one refuses, to a value that nobody saved.
    WritesInTurn {
        breaks: ["validity", "atomicity", "irrevocability"],
        source: "articles that write two databases under one lock",
    }
    /// The coordinator calls commit and then rollback, whatever came of the first.
    CommitsThenRollsBack {
        breaks: ["atomicity", "irrevocability", "commit-without-failures"],
        source: "articles that roll back in a clause that always runs",
    }
}
