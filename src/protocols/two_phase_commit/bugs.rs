//! Mistakes that people make in two-phase commit, each switched on by its name.
//!
//! Where a mistake is made is marked in the algorithm itself, by one guarded line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Bug;

/// A mistake, by the name it has in scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mistake {
    /// The coordinator commits on a majority of YES votes.
    MajorityCommits,
    /// A participant that voted YES aborts when the decision is late.
    UncertainAborts,
    /// COMMIT is sent before the commit record is on disk.
    CommitBeforeRecord,
    /// The prepared state is kept in memory only.
    PreparedInMemory,
    /// Presumed commit without the initiation record.
    NoInitiationRecord,
    /// Cooperative termination: if all peers are uncertain, abort.
    AllUncertainAbort,
    /// A late YES completes the votes after the coordinator has decided to abort.
    LateYesCommits,
    /// YES votes are counted, not collected.
    VotesCounted,
    /// An inquiry is answered ABORT while votes are still being collected.
    InquiryAbortsCollecting,
    /// The vote timeout counts as YES.
    TimeoutCountsAsYes,
    /// A PREPARE that comes after the decision takes the locks again.
    PrepareAfterDecision,
    /// A participant that lost its work in a crash still votes.
    VotesAfterAmnesia,
}

pub const BUGS: &[Bug] = &[
    Bug {
        name: "majority-commits",
        about: "The coordinator commits on a majority of YES votes instead of all of them.",
        breaks: &["validity", "atomicity", "forgets"],
    },
    Bug {
        name: "uncertain-aborts",
        about: "A participant aborts unilaterally when the decision is late, although it voted YES.",
        breaks: &["atomicity", "forgets"],
    },
    Bug {
        name: "commit-before-record",
        about: "COMMIT is sent before the commit record is on disk.",
        breaks: &["atomicity", "irrevocability"],
    },
    Bug {
        name: "prepared-in-memory",
        about: "A participant votes YES without a prepared record: a crash makes it forget.",
        breaks: &["atomicity", "forgets"],
    },
    Bug {
        name: "no-initiation-record",
        about: "Presumed commit without the forced initiation record: recovery presumes wrongly.",
        breaks: &["validity", "atomicity"],
    },
    Bug {
        name: "all-uncertain-abort",
        about: "Cooperative termination takes it that nobody committed if all peers are uncertain.",
        breaks: &["atomicity", "forgets"],
    },
    Bug {
        name: "late-yes-commits",
        about: "The vote timeout sends ABORT, but a late YES still completes the votes.",
        breaks: &[
            "atomicity",
            "irrevocability",
            "non-blocking",
            "recovers",
            "forgets",
        ],
    },
    Bug {
        name: "votes-counted",
        about: "YES votes are counted, not collected: a duplicate counts twice.",
        breaks: &["validity", "atomicity", "forgets"],
    },
    Bug {
        name: "inquiry-aborts-collecting",
        about: "An inquiry is answered ABORT while votes are still being collected, as if there \
                were no information.",
        breaks: &["atomicity", "irrevocability", "forgets"],
    },
    Bug {
        name: "timeout-counts-as-yes",
        about: "The coordinator takes silence for consent and commits at the vote timeout.",
        breaks: &["validity", "atomicity", "forgets"],
    },
    Bug {
        name: "prepare-after-decision",
        about: "A participant forgets what it decided: a PREPARE that comes late takes the locks \
                again, which nobody will ever release.",
        breaks: &[
            "no-lock-after-decision",
            "non-blocking",
            "recovers",
            "forgets",
        ],
    },
    Bug {
        name: "votes-after-amnesia",
        about: "A participant that recovers without a record has lost its work, but waits for \
                PREPARE as if nothing had happened.",
        breaks: &["atomicity", "irrevocability", "no-lock-after-decision"],
    },
];
