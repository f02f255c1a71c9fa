//! Mistakes that people make in primary-backup replication, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by its name.

mistakes! {
    /// The primary executes and answers at once, and tells the backup behind that.
    RepliesBeforeBackup {
        breaks: ["backup-has-all", "acknowledged-is-kept", "linearizability"],
        source: "Alsberg & Day 1976; MIT 6.824, lab 2B",
    }
    /// A server takes forwards of whatever view: one that has been promoted still acknowledges those of the old primary.
    AcceptsOldForwards {
        breaks: ["backup-has-all", "linearizability"],
        source: "MIT 6.824, lab 2B; CSE 452, lab 2",
    }
    /// The primary answers reads from its own state, without the backup: it may have been replaced.
    ReadsLocally {
        breaks: ["linearizability"],
        source: "MIT 6.824, lab 2B",
    }
    /// A primary acknowledges its view, and serves, before its new backup has the state.
    AcknowledgesBeforeTransfer {
        breaks: ["backup-has-all", "acknowledged-is-kept", "linearizability"],
        source: "MIT 6.824, lab 2B",
    }
    /// Nobody notices that a client asks for the same again.
    NoDuplicateFilter {
        breaks: ["exactly-once", "linearizability"],
        source: "MIT 6.824, lab 2B",
    }
    /// A new backup gets the values alone, and not the table of what was answered.
    TableNotTransferred {
        breaks: ["exactly-once", "linearizability"],
        source: "MIT 6.824, lab 2B",
    }
    /// A server that has lost its state comes back as if it had never been down.
    ComesBackAsItself {
        breaks: ["backup-has-all", "acknowledged-is-kept", "linearizability"],
        source: "MIT 6.824, lab 2A: a restarted server pings with view 0",
    }
    /// The view service replaces a primary that has not acknowledged its view: its backup may not have the state.
    MovesOnUnacknowledged {
        breaks: ["acknowledged-is-kept", "linearizability"],
        source: "MIT 6.824, lab 2A",
    }
    /// Where primary and backup are gone the view service makes an idle server primary.
    PromotesIdle {
        breaks: ["succession", "acknowledged-is-kept", "linearizability"],
        source: "MIT 6.824, lab 2A",
    }
    /// A primary takes an acknowledgement of an earlier view for one of its present backup.
    CountsOldAcknowledgements {
        breaks: ["acknowledged-is-kept", "backup-has-all", "linearizability"],
        source: "MIT 6.824, lab 2B",
    }
    /// A backup installs whatever state it is sent: one that is late takes back what was forwarded since.
    InstallsAgain {
        breaks: ["backup-has-all", "acknowledged-is-kept", "linearizability"],
    }
    /// A primary forwards an operation before it is on its disk: after a crash it gives its place to another.
    ForwardsUnsaved {
        breaks: ["backup-has-all"],
    }
    /// A server that suspects the primary takes over without asking a majority.
    TakesOverAlone {
        breaks: ["acknowledged-is-kept", "executed-alike", "linearizability"],
        source: "Liskov & Cowling 2012, 4.2",
    }
    /// A new primary begins with its own log, without what the others of the majority have.
    TakesOverWithItsOwn {
        breaks: ["acknowledged-is-kept", "executed-alike", "linearizability"],
        source: "Liskov & Cowling 2012, 4.2",
    }
    /// In a view change a server drops what it does not know to be committed, and keeps what it does: its high
    /// watermark passes for the truth.
    TruncatesToWatermark {
        breaks: ["acknowledged-is-kept", "executed-alike", "linearizability"],
        source: "Kafka KIP-101 (KAFKA-1211), scenarios 1 and 2",
    }
    /// A server that has lost its state takes part in a view change before it has it back.
    VotesWhileRecovering {
        breaks: ["acknowledged-is-kept", "executed-alike", "linearizability"],
        source: "Liskov & Cowling 2012, 4.3; UWSysLab/tapir #15; Michael et al. 2017",
    }
    /// A server has nothing on its disk of the views that it has voted for, as in the paper: one that has recovered
    /// follows the old view again, while its vote still counts in the new one.
    VotesUnsaved {
        breaks: ["acknowledged-is-kept", "executed-alike", "linearizability"],
        source: "Liskov & Cowling 2012, 4; Michael et al. 2017",
    }
    /// Of the logs of a majority the longest passes for the best, whatever view it is of.
    ComparesLengthOnly {
        breaks: ["acknowledged-is-kept", "executed-alike"],
        source: "Liskov & Cowling 2012, 4.2",
    }
}
