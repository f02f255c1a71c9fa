//! Mistakes that people make in two-phase commit on a tree, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by its name.

mistakes! {
    /// READY goes to every neighbour that is missing, and not to the last: it says more than its sender knows.
    ReadyToAll {
        breaks: ["atomicity", "validity"],
        source: "Raz 1995",
    }
    /// READYs that cross are taken for a failure: both abort.
    CrossingAborts {
        breaks: ["commit-without-failures"],
    }
    /// READYs that cross do not count: either waits for the other to decide.
    CrossingWaits {
        breaks: ["non-blocking", "recovers"],
    }
    /// A participant aborts unilaterally when the decision is late, although it sent READY.
    UncertainAborts {
        breaks: ["atomicity"],
        source: "Raz 1995; Bernstein, Hadzilacos & Goodman 1987, ch. 7",
    }
    /// Cooperative termination takes it that nobody committed if all that answer are uncertain.
    AllUncertainAbort {
        breaks: ["atomicity"],
        source: "Bernstein, Hadzilacos & Goodman 1987, 7.4",
    }
    /// A participant sends READY without a record: a crash makes it forget.
    ReadyInMemory {
        breaks: ["atomicity"],
        source: "convex-2PC #101, of two-phase commit",
    }
    /// READY is sent before it is on disk.
    ReadyBeforeRecord {
        breaks: ["atomicity"],
        source: "Gray 1978, of two-phase commit",
    }
    /// Whoever is told the decision does not pass it on.
    KeepsDecision {
        breaks: ["non-blocking", "recovers"],
    }
}
