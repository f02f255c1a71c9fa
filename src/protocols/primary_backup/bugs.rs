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
}
