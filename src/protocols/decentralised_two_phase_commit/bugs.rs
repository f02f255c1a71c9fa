//! Mistakes that people make in decentralised two-phase commit, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by its name.

mistakes! {
    /// A participant commits when only one vote is missing: as if its own counted twice.
    LastVoteAssumed {
        breaks: ["atomicity", "validity"],
    }
    /// A participant aborts unilaterally when votes are late, although it told everybody YES.
    UncertainAborts {
        breaks: ["atomicity"],
        source: "Bernstein, Hadzilacos & Goodman 1987, ch. 7",
    }
    /// A participant votes YES without a prepared record: a crash makes it forget.
    PreparedInMemory {
        breaks: ["atomicity"],
        source: "convex-2PC #101, of two-phase commit",
    }
    /// YES is told before it is on disk: a crash in mid-broadcast leaves a vote that its voter does not know.
    VoteBeforeRecord {
        breaks: ["atomicity"],
        source: "Gray 1978, of two-phase commit",
    }
    /// YES votes are counted, not collected: one that is sent again counts twice.
    VotesCounted {
        breaks: ["atomicity", "validity"],
        source: "Xraft #27 and akka-raft #45, of Raft",
    }
    /// One that has not voted answers an inquiry with ABORT, and votes YES afterwards.
    AnswersWithoutAborting {
        breaks: ["atomicity"],
    }
    /// One that is uncertain does not answer an inquiry, as if it had nothing to tell: but it has its vote.
    UncertainKeepsSilent {
        breaks: ["non-blocking", "recovers"],
    }
}
