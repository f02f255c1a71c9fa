//! The instances of decentralised two-phase commit on which its assumptions are weighed.

use super::{Begins, Params, PlannedVote};
use crate::model::{Fault, Variant};

/// Two participants under everything, once with nobody that asks; then three, under fewer kinds of faults.
pub fn variants() -> Vec<Variant<Params>> {
    let crash = Fault::Crash { role: None };
    let silent = Params {
        inquiries: false,
        ..of(2, Begins::Everybody)
    };
    vec![
        Variant::new(
            "two participants",
            "Both vote unasked. Who is in doubt asks the other.",
            of(2, Begins::Everybody),
        )
        .lean(),
        Variant::new("nobody asks", "Both vote unasked. Nobody asks.", silent).lean(),
        Variant {
            faults: vec![crash, Fault::Recovery, Fault::FalseSuspicion],
            ..Variant::new(
                "three participants",
                "All vote unasked. Who is in doubt asks the others.",
                of(3, Begins::Everybody),
            )
            .lean()
        },
        Variant {
            faults: vec![crash, Fault::Recovery, Fault::Loss, Fault::FalseSuspicion],
            ..Variant::new(
                "the first begins",
                "P1's vote asks for those of P2 and P3. Who is in doubt asks the others.",
                of(3, Begins::First),
            )
            .lean()
        },
    ]
}

/// So many participants, each free to vote as it likes.
fn of(participants: u8, begins: Begins) -> Params {
    Params {
        participants,
        votes: vec![PlannedVote::Open; usize::from(participants)],
        begins,
        ..Params::default()
    }
}
