//! Mistakes that people make in two-phase commit with a replicated coordinator, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by its name.

mistakes! {
    /// The leader tells the participants as soon as it has written its decision down itself, and does not wait
    /// until it is chosen.
    TellsUnchosen {
        breaks: ["atomicity", "decision-is-chosen"],
        source: "Gray & Lamport 2006, 4.2",
    }
    /// Where the log has two decisions, the last counts: whoever leads next can reverse one that was acted upon.
    LastDecisionCounts {
        breaks: ["atomicity", "decision-is-chosen"],
    }
    /// A replica that comes to lead leaves a transaction alone that nobody has decided, as no leader has begun it.
    LeavesItUndecided {
        breaks: ["non-blocking", "recovers"],
        source: "Gray & Lamport 2006, 4.2",
    }
    /// The leader commits when a majority of the participants has voted YES.
    MajorityCommits {
        breaks: ["validity", "atomicity"],
        source: "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC3",
    }
    /// A participant votes YES without a record: a crash makes it forget.
    PreparedInMemory {
        breaks: ["atomicity", "decision-is-chosen"],
        source: "Bernstein, Hadzilacos & Goodman 1987, 7.4",
    }
    /// A participant that voted YES aborts by itself when the outcome is late.
    PreparedAborts {
        breaks: ["atomicity", "commit-without-failures", "decision-is-chosen"],
        source: "Bernstein, Hadzilacos & Goodman 1987, 7.4",
    }
}
