//! Mistakes that people make in streaming three-phase commit, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by its name.

mistakes! {
    /// Sinks whose job manager is silent decide each for itself: who is pre-committed commits, who is not aborts.
    TimeoutsOnly {
        breaks: ["none-lost", "atomicity"],
        source: "Skeen & Stonebraker 1983: timeout transitions, of three-phase commit",
    }
    /// A backup commits what it is pre-committed to, and does not move the others there first.
    CommitsWithoutMoving {
        breaks: ["none-lost", "atomicity"],
        source: "Bernstein, Hadzilacos & Goodman 1987, 7.5, of three-phase commit",
    }
    /// A sink says that it is pre-committed, and not to what: whoever asked cannot have the others follow.
    TellsNoCheckpoint {
        breaks: ["non-blocking"],
    }
    /// A sink is told that the attempt ends with a commit, and commits all that it has prepared: also what belongs to a
    /// checkpoint that is not complete.
    CommitsAllPrepared {
        breaks: ["covered-by-a-checkpoint"],
    }
    /// A new job manager starts from the last checkpoint that it knows of, and does not ask what sinks have decided since.
    RestoresUnasked {
        breaks: ["no-record-twice", "covered-by-a-checkpoint"],
    }
}
