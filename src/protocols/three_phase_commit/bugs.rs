//! Mistakes that people make in three-phase commit, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by one guarded line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Bug;

/// A mistake, by the name it has in scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// TR4: a backup that sees *pre-committed* commits without moving the others first.
    CommitsWithoutMoving,
    /// TR3 turned round: all are uncertain, so commit.
    AllUncertainCommit,
    /// TR4 turned round: *pre-committed* is seen, and aborted.
    PreCommittedAborts,
    /// Timeout transitions in the place of the termination protocol.
    TimeoutsOnly,
    /// The coordinator commits on the first acknowledgement.
    FirstAckCommits,
    /// The coordinator aborts when an acknowledgement is missing.
    MissingAckAborts,
    /// A site that comes back pre-committed commits alone.
    RecoveredPreCommittedCommits,
    /// A site that comes back uncertain aborts alone.
    RecoveredUncertainAborts,
    /// A site that answered a backup still obeys the coordinator that the backup replaced.
    ObeysTheReplaced,
    /// After a total failure the first that comes back does not wait for the last that failed.
    FirstBackDecides,
}

pub const BUGS: &[Bug] = &[
    Bug {
        name: "commits-without-moving",
        about: "TR4 cut short: a backup that finds somebody pre-committed commits at once, without \
                moving the uncertain ones first.",
        breaks: &["atomicity"],
    },
    Bug {
        name: "all-uncertain-commit",
        about: "TR3 turned round: a backup that finds only uncertain sites commits.",
        breaks: &["validity", "atomicity"],
    },
    Bug {
        name: "pre-committed-aborts",
        about: "TR4 turned round: a backup that finds somebody pre-committed aborts.",
        breaks: &["atomicity"],
    },
    Bug {
        name: "timeouts-only",
        about: "No termination protocol: who is uncertain aborts when it waits too long, who is \
                pre-committed commits.",
        breaks: &["atomicity"],
    },
    Bug {
        name: "first-ack-commits",
        about: "The coordinator commits on the first acknowledgement: they are counted, not \
                collected.",
        breaks: &["atomicity"],
    },
    Bug {
        name: "missing-ack-aborts",
        about: "The coordinator aborts when an acknowledgement does not come, instead of going on \
                without the one that failed.",
        breaks: &["atomicity"],
    },
    Bug {
        name: "recovered-pre-committed-commits",
        about: "A site that comes back pre-committed commits without asking.",
        breaks: &["atomicity"],
    },
    Bug {
        name: "recovered-uncertain-aborts",
        about: "A site that comes back uncertain aborts without asking.",
        breaks: &["atomicity"],
    },
    Bug {
        name: "obeys-the-replaced",
        about: "A site that has told a backup where it stands still moves when the PRE-COMMIT of \
                the coordinator comes late.",
        breaks: &["atomicity"],
    },
    Bug {
        name: "first-back-decides",
        about: "After a total failure whoever comes back runs the termination protocol with those \
                who are there, without the last that failed.",
        breaks: &["atomicity"],
    },
];
