//! Mistakes that people make in three-phase commit, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by its name.

mistakes! {
    /// TR4 cut short: a backup that finds somebody pre-committed commits at once, without moving
    /// the uncertain ones first.
    CommitsWithoutMoving {
        breaks: ["atomicity"],
        source: "Bernstein, Hadzilacos & Goodman 1987, 7.5; Skeen 1981",
    }
    /// TR3 turned round: a backup that finds only uncertain sites commits.
    AllUncertainCommit {
        breaks: ["validity", "atomicity"],
        source: "Bernstein, Hadzilacos & Goodman 1987, 7.5",
    }
    /// TR4 turned round: a backup that finds somebody pre-committed aborts.
    PreCommittedAborts {
        breaks: ["atomicity"],
    }
    /// No termination protocol: who is uncertain aborts when it waits too long, who is
    /// pre-committed commits.
    TimeoutsOnly {
        breaks: ["atomicity"],
        source: "accounts that leave out termination; Gray & Lamport 2006 on them",
    }
    /// The coordinator commits on the first acknowledgement: they are counted, not collected.
    FirstAckCommits {
        breaks: ["atomicity"],
    }
    /// The coordinator aborts when an acknowledgement does not come, instead of going on without
    /// the one that failed.
    MissingAckAborts {
        breaks: ["atomicity"],
        source: "Bernstein, Hadzilacos & Goodman 1987, 7.5",
    }
    /// A site that comes back pre-committed commits without asking.
    RecoveredPreCommittedCommits {
        breaks: ["atomicity"],
        source: "Bernstein, Hadzilacos & Goodman 1987, 7.5",
    }
    /// A site that comes back uncertain aborts without asking.
    RecoveredUncertainAborts {
        breaks: ["atomicity"],
        source: "Bernstein, Hadzilacos & Goodman 1987, 7.5",
    }
    /// A site that has told a backup where it stands still moves when the PRE-COMMIT of the
    /// coordinator comes late.
    ObeysTheReplaced {
        breaks: ["atomicity"],
    }
    /// After a total failure whoever comes back runs the termination protocol with those who are
    /// there, without the last that failed.
    FirstBackDecides {
        breaks: ["atomicity"],
        source: "Skeen 1985",
    }
}
