//! The instances of three-phase commit on which its assumptions are weighed.

use super::{Params, PlannedVote, Termination};
use crate::model::{Fault, Variant};

/// Each way to end uncertainty, from the one that bears least.
pub fn variants() -> Vec<Variant<Params>> {
    vec![
        variant(
            "timeouts",
            "Who waits too long decides alone: the uncertain abort, the pre-committed commit.",
            Termination::Timeouts,
        ),
        variant(
            "termination protocol",
            "Who waits too long elects a backup, which finishes what the coordinator began.",
            Termination::Protocol,
        ),
        Variant {
            // Without a quorum its backups try again and again: with more faults that is too much.
            faults: vec![Fault::Crash { role: None }, Fault::Loss, Fault::Cut],
            ..variant(
                "termination by quorum",
                "A backup decides only with a quorum behind it.",
                Termination::Quorum,
            )
        },
        Variant {
            faults: vec![Fault::Crash { role: None }, Fault::Recovery, Fault::Loss],
            ..variant(
                "termination by quorum, with recovery",
                "Who comes back takes part at once.",
                Termination::Quorum,
            )
        },
    ]
}

/// Two participants that vote yes: uncertainty, not votes, is what these are about.
fn variant(name: &'static str, about: &'static str, termination: Termination) -> Variant<Params> {
    let params = Params {
        participants: 2,
        votes: vec![PlannedVote::Yes; 2],
        termination,
        ..Params::default()
    };
    Variant::new(name, about, params).lean()
}
