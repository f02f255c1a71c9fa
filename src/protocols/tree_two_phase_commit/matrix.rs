//! The instances of two-phase commit on a tree on which its assumptions are weighed.

use super::{Params, PlannedVote, Termination};
use crate::model::{Fault, Variant};

/// Two, between whom READYs can only cross or not; a path of three; and the same where all are asked, under fewer
/// kinds of faults.
pub fn variants() -> Vec<Variant<Params>> {
    vec![
        path(
            "path of two",
            "Who is in doubt asks the other.",
            2,
            Termination::Basic,
        ),
        path(
            "path of three",
            "Who is in doubt asks the neighbour to which it sent READY.",
            3,
            Termination::Basic,
        ),
        Variant {
            faults: vec![
                Fault::Crash { role: None },
                Fault::Recovery,
                Fault::Loss,
                Fault::FalseSuspicion,
            ],
            ..path(
                "path of three, cooperative",
                "Who is in doubt asks everybody.",
                3,
                Termination::Cooperative,
            )
        },
    ]
}

/// Each is free to vote as it likes.
fn path(
    name: &'static str,
    about: &'static str,
    participants: u8,
    termination: Termination,
) -> Variant<Params> {
    let params = Params {
        participants,
        votes: vec![PlannedVote::Open; usize::from(participants)],
        termination,
        ..Params::default()
    };
    Variant::new(name, about, params).lean()
}
