//! Mistakes that people make in Paxos Commit, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by its name.

mistakes! {
    /// A participant that voted *prepared* aborts by itself when the outcome is late.
    PreparedAborts {
        breaks: ["atomicity", "decision-is-chosen"],
        source: "Gray & Lamport 2006, 4.2",
    }
    /// A participant votes *prepared* without a record: a crash makes it forget.
    PreparedInMemory {
        breaks: ["atomicity", "decision-is-chosen"],
        source: "Gray & Lamport 2006, 3 and 4.2",
    }
    /// The leader commits when some instances have chosen *prepared*, without waiting for all.
    CommitsUnprepared {
        breaks: ["validity", "atomicity", "decision-is-chosen"],
        source: "Gray & Lamport 2006, 4.2",
    }
    /// A leader that misses a vote has *aborted* accepted in ballot 0, which is the participant's.
    BallotZero {
        breaks: ["consistency", "stability", "one-value-per-ballot"],
        source: "Gray & Lamport 2006, 4.2",
    }
    /// A leader that takes over proposes *aborted* in every instance, whatever the promises report.
    IgnoresReports {
        breaks: ["consistency", "stability", "p2c", "atomicity"],
    }
    /// An acceptor does not write down what it promised: a crash makes it forget, and so the leader on its
    /// node which ballots have begun.
    PromiseInMemory {
        breaks: ["consistency", "stability", "p2c", "atomicity"],
        source: "Gray & Lamport 2006, appendix (Phase1b); Lamport 2001, 2.5",
    }
    /// A leader counts what was promised for an earlier ballot of its own.
    CountsOldPromises {
        breaks: ["consistency", "stability", "p2c", "atomicity"],
        source: "Gray & Lamport 2006, appendix (Phase2a)",
    }
    /// An acceptor says that it accepted without writing down what: a crash makes it forget.
    AcceptanceInMemory {
        breaks: ["consistency", "stability", "p2c", "atomicity", "irrevocability"],
    }
    /// An acceptor accepts whatever it is asked to, without looking at its promise.
    AcceptsBelowPromise {
        breaks: ["consistency", "stability", "p2c"],
    }
    /// All leaders draw from the same numbers, so that two may lead the same ballot.
    SharedBallots {
        breaks: ["consistency", "stability", "one-value-per-ballot", "atomicity"],
        source: "Gray & Lamport 2006, appendix (Phase2a)",
    }
    /// A leader adds up what was accepted in different ballots.
    CountsAcrossBallots {
        breaks: ["decision-is-chosen"],
    }
    /// A leader that takes over waits until all acceptors have promised, not just a majority: one that is
    /// down stops it for ever.
    WaitsForAll {
        breaks: ["non-blocking"],
    }
    /// A leader that hears the outcome from another keeps it to itself: whoever has asked it waits on.
    KeepsTheOutcome {
        breaks: ["non-blocking", "recovers"],
    }
}
