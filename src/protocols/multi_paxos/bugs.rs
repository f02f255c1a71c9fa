//! Mistakes that people make in Multi-Paxos, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by its name.

mistakes! {
    /// A new leader looks at its own log only, whatever a majority reports to it.
    OwnLogOnly {
        breaks: ["consistency", "stability", "p2c"],
        source: "Lamport 2001, 2.2 (P2c) and 3",
    }
    /// A new leader ignores what is reported beyond the end of its own log, and uses those slots again.
    IgnoresBeyondOwnEnd {
        breaks: ["consistency", "stability", "p2c"],
    }
    /// A new leader keeps the value that it was reported first, and not that of the highest ballot.
    KeepsFirstSeen {
        breaks: ["consistency", "stability", "p2c"],
        source: "Cjen1/OCons #21",
    }
    /// An acceptor keeps its promise in slots that it has accepted something in, and not in new ones.
    PromisesPerSlot {
        breaks: ["consistency", "stability", "p2c"],
        source: "Lamport 2001, 3",
    }
    /// An acceptor accepts whatever it is asked to, without looking at its promise.
    AcceptsBelowPromise {
        breaks: ["consistency", "stability", "p2c"],
        source: "Lamport 2001, 2.2 (P1a)",
    }
    /// An acceptor does not write down what it accepts: a crash makes it forget.
    AcceptedInMemory {
        breaks: ["consistency", "stability", "p2c"],
        source: "Chandra, Griesemer & Redstone 2007, 5.1; Lamport 2001, 2.5",
    }
    /// An acceptor does not write down what it promises: a crash makes it forget.
    PromiseInMemory {
        breaks: ["consistency", "stability", "p2c"],
        source: "Chandra, Griesemer & Redstone 2007, 5.1; Lamport 2001, 2.5",
    }
    /// All servers draw their ballots from the same numbers.
    SharedBallots {
        breaks: ["one-leader-per-ballot", "one-value-per-ballot", "consistency", "stability"],
        source: "Lamport 2001, 2.5",
    }
    /// A server that prepares counts what was promised for an earlier ballot of its own.
    CountsOldPromises {
        breaks: ["consistency", "stability", "p2c"],
    }
    /// A leader counts what was accepted in an earlier ballot of its own.
    CountsOldAcceptances {
        breaks: ["learning"],
    }
    /// A new leader proposes nothing in the gaps between what was reported: nobody can execute what follows.
    LeavesGaps {
        breaks: ["progress"],
        source: "Lamport 2001, 3",
    }
    /// A server that lacks a slot executes what follows.
    ExecutesPastGaps {
        breaks: ["in-order"],
        source: "Lamport 2001, 3",
    }
    /// A server takes for chosen what it has accepted, in whatever ballot, when it hears up to where all is.
    LearnsOtherBallots {
        breaks: ["learning"],
    }
    /// A new leader takes a slot that somebody has compacted for one that is empty.
    CompactedIsEmpty {
        breaks: ["consistency", "learning", "stability", "p2c"],
    }
    /// A leader answers reads without making sure that nobody else leads by now.
    ReadsUnconfirmed {
        breaks: ["linearizability"],
        source: "Chandra, Griesemer & Redstone 2007, 5.2",
    }
    /// A new leader answers reads before it has executed what was reported to it.
    ReadsBeforeRecovery {
        breaks: ["linearizability"],
    }
    /// An acceptor promises a ballot to another server while the lease lasts that it has granted to its leader.
    PromisesDuringLease {
        breaks: ["linearizability"],
        source: "Chandra, Griesemer & Redstone 2007, 5.2",
    }
    /// An acceptor that comes back does not think of the lease that it may have granted.
    GrantForgotten {
        breaks: ["linearizability"],
    }
    /// A change of the servers takes effect at once, with the next slot, in which somebody may have proposed already.
    ChangesAtOnce {
        breaks: ["learning"],
        source: "Lamport 2001, 3",
    }
    /// A leader proposes in slots of other servers by what the old ones have promised.
    SkipsNewPhaseOne {
        breaks: ["consistency", "stability", "p2c"],
        source: "Lamport 2001, 2.2 and 3",
    }
    /// A leader counts acceptances by the newest servers that it knows of, and not by those of the slot.
    CountsByNewest {
        breaks: ["learning"],
        source: "Lamport 2001, 3",
    }
    /// A leader that takes over the state of somebody goes on leading, though that has slots in which it has proposed
    /// something itself.
    LeadsOvertaken {
        breaks: ["learning", "state-machine-safety"],
    }
    /// A snapshot has the servers of the next slot, and nothing of changes that are not in effect yet.
    SnapshotForgetsChanges {
        breaks: ["learning"],
        source: "Lamport 2001, 3; Chandra, Griesemer & Redstone 2007, 5.5",
    }
}
