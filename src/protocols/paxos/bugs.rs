//! Mistakes that people make in Paxos, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by one guarded line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Bug;

/// A mistake, by the name it has in scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// An acceptor keeps its promise in memory only.
    PromiseInMemory,
    /// An acceptor keeps what it accepted in memory only.
    AcceptanceInMemory,
    /// A proposer ignores the proposals that the promises report.
    IgnoresPromises,
    /// A proposer takes the value of the lowest reported proposal.
    AdoptsLowest,
    /// An acceptor accepts without looking at its promise.
    AcceptsBelowPromise,
    /// A learner adds up acceptances of a value across ballots.
    CountsAcrossBallots,
    /// Half of the acceptors pass for a majority.
    HalfIsAQuorum,
    /// A late promise makes the proposer pick the value again, in the same ballot.
    LatePromiseRepicks,
    /// An old PREPARE lowers the promise.
    StalePrepareLowersPromise,
    /// Acceptances of a value are counted, not collected.
    AcceptancesCounted,
    /// A proposer keeps the highest ballot that it used in memory only.
    BallotInMemory,
    /// A proposer waits for the promises of all acceptors.
    WaitsForAll,
    /// An acceptor tells the learners once what it accepted.
    TellsOnce,
}

pub const BUGS: &[Bug] = &[
    Bug {
        name: "promise-in-memory",
        about: "An acceptor answers PREPARE without writing its promise down: a crash makes it \
                forget.",
        breaks: &["consistency", "stability", "p2c"],
    },
    Bug {
        name: "acceptance-in-memory",
        about: "An acceptor says that it accepted without writing down what: a crash makes it \
                forget.",
        breaks: &["consistency", "stability", "p2c"],
    },
    Bug {
        name: "ignores-promises",
        about: "A proposer proposes its own value whatever the promises report.",
        breaks: &["consistency", "stability", "p2c"],
    },
    Bug {
        name: "adopts-lowest",
        about: "A proposer takes over the reported proposal with the lowest number, not the one \
                with the highest.",
        breaks: &["consistency", "stability", "p2c"],
    },
    Bug {
        name: "accepts-below-promise",
        about: "An acceptor accepts whatever it is asked to, without looking at its promise.",
        breaks: &["consistency", "stability", "p2c"],
    },
    Bug {
        name: "counts-across-ballots",
        about: "A learner adds up those who accepted a value in different ballots.",
        breaks: &["learning"],
    },
    Bug {
        name: "half-is-a-quorum",
        about: "A quorum is n/2 acceptors instead of more than n/2.",
        breaks: &["consistency", "stability", "p2c"],
    },
    Bug {
        name: "late-promise-repicks",
        about: "A promise that comes after the quorum makes the proposer pick the value again, in \
                the same ballot.",
        breaks: &["consistency", "stability", "one-value-per-ballot"],
    },
    Bug {
        name: "stale-prepare-lowers-promise",
        about: "An acceptor answers every PREPARE, and a late one lowers its promise.",
        breaks: &["consistency", "stability", "p2c"],
    },
    Bug {
        name: "acceptances-counted",
        about: "A learner counts acceptances of a value instead of acceptors: one that accepted it \
                in two ballots counts twice.",
        breaks: &["learning"],
    },
    Bug {
        name: "ballot-in-memory",
        about: "A proposer does not write down which ballot it uses, and uses it again after a \
                crash, with another value.",
        breaks: &["consistency", "stability", "one-value-per-ballot"],
    },
    Bug {
        name: "waits-for-all",
        about: "A proposer waits until all acceptors have promised, not just a majority: one that is \
                down stops it for ever.",
        breaks: &["progress"],
    },
    Bug {
        name: "tells-once",
        about: "An acceptor that is asked again to accept what it has accepted says nothing: word \
                of an acceptance that is lost is lost for ever.",
        breaks: &["progress", "recovers"],
    },
];
