//! Mistakes that people make in Paxos, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by its name.

mistakes! {
    /// An acceptor answers PREPARE without writing its promise down: a crash makes it forget.
    PromiseInMemory {
        breaks: ["consistency", "stability", "p2c"],
        source: "Lamport 2001, 2.5; Paxos Made Live 2007",
    }
    /// An acceptor says that it accepted without writing down what: a crash makes it forget.
    AcceptanceInMemory {
        breaks: ["consistency", "stability", "p2c"],
        source: "Lamport 2001, 2.5; Paxos Made Live 2007",
    }
    /// A proposer proposes its own value whatever the promises report.
    IgnoresPromises {
        breaks: ["consistency", "stability", "p2c"],
    }
    /// A proposer takes over the reported proposal with the lowest number, not the one with the
    /// highest.
    AdoptsLowest {
        breaks: ["consistency", "stability", "p2c"],
    }
    /// An acceptor accepts whatever it is asked to, without looking at its promise.
    AcceptsBelowPromise {
        breaks: ["consistency", "stability", "p2c"],
    }
    /// A learner adds up those who accepted a value in different ballots.
    CountsAcrossBallots {
        breaks: ["learning"],
    }
    /// A quorum is n/2 acceptors instead of more than n/2.
    HalfIsAQuorum {
        breaks: ["consistency", "stability", "p2c"],
    }
    /// A promise that comes after the quorum makes the proposer pick the value again, in the same
    /// ballot.
    LatePromiseRepicks {
        breaks: ["consistency", "stability", "one-value-per-ballot"],
    }
    /// An acceptor answers every PREPARE, and a late one lowers its promise.
    StalePrepareLowersPromise {
        breaks: ["consistency", "stability", "p2c"],
    }
    /// A learner counts acceptances of a value instead of acceptors: one that accepted it in two
    /// ballots counts twice.
    AcceptancesCounted {
        breaks: ["learning"],
    }
    /// A proposer does not write down which ballot it uses, and uses it again after a crash, with
    /// another value.
    BallotInMemory {
        breaks: ["consistency", "stability", "one-value-per-ballot"],
        source: "Lamport 2001, 2.5",
    }
    /// A proposer waits until all acceptors have promised, not just a majority: one that is down
    /// stops it for ever.
    WaitsForAll {
        breaks: ["progress"],
    }
    /// An acceptor that is asked again to accept what it has accepted says nothing: word of an
    /// acceptance that is lost is lost for ever.
    TellsOnce {
        breaks: ["progress", "recovers"],
    }
}
