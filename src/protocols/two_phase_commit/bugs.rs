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
    /// A PREPARE that comes after the decision is treated as a new one.
    PrepareAfterDecision,
}

pub const BUGS: &[Bug] = &[
    Bug {
        name: "majority-commits",
        about: "The coordinator commits on a majority of YES votes instead of all of them.",
        breaks: &["validity", "atomicity"],
    },
    Bug {
        name: "uncertain-aborts",
        about: "A participant aborts unilaterally when the decision is late, although it voted YES.",
        breaks: &["atomicity", "commit-without-failures"],
    },
    Bug {
        name: "commit-before-record",
        about: "COMMIT is sent before the commit record is on disk.",
        breaks: &["atomicity", "irrevocability"],
    },
    Bug {
        name: "prepared-in-memory",
        about: "A participant votes YES without a prepared record: a crash makes it forget.",
        breaks: &["atomicity"],
    },
    Bug {
        name: "no-initiation-record",
        about: "Presumed commit without the forced initiation record: recovery presumes wrongly.",
        breaks: &["validity", "atomicity"],
    },
    Bug {
        name: "all-uncertain-abort",
        about: "Cooperative termination takes it that nobody committed if all peers are uncertain.",
        breaks: &["atomicity", "commit-without-failures"],
    },
    Bug {
        name: "late-yes-commits",
        about: "The vote timeout sends ABORT, but a late YES still completes the votes.",
        breaks: &["atomicity", "irrevocability"],
    },
    Bug {
        name: "votes-counted",
        about: "YES votes are counted, not collected: a duplicate counts twice.",
        breaks: &["validity", "atomicity"],
    },
    Bug {
        name: "inquiry-aborts-collecting",
        about: "An inquiry is answered ABORT while votes are still being collected, as if there \
                were no information.",
        breaks: &["atomicity", "irrevocability", "commit-without-failures"],
    },
    Bug {
        name: "timeout-counts-as-yes",
        about: "The coordinator takes silence for consent and commits at the vote timeout.",
        breaks: &["validity", "atomicity"],
    },
    Bug {
        name: "prepare-after-decision",
        about: "A participant forgets what it decided, so a late or duplicate PREPARE takes the \
                locks again.",
        breaks: &["no-lock-after-decision", "atomicity", "irrevocability"],
    },
];
