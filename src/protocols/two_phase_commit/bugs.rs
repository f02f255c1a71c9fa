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
}
