//! The instances of Paxos Commit on which its assumptions are weighed.

use super::Params;
use crate::model::{Fault, Limit, Variant};

/// Enough for every cell of these instances.
const STATES_MAX: u64 = 4_000_000;

const CRASH: Fault = Fault::Crash { role: None };

/// With one acceptor under everything; with three under what there is room for.
pub fn variants() -> Vec<Variant<Params>> {
    let faster = Params {
        faster: true,
        ..of(2, 1)
    };
    vec![
        variant(
            "one acceptor",
            "One acceptor, which leads as well, as a coordinator does.",
            of(2, 0),
        ),
        Variant {
            faults: vec![CRASH],
            ..variant("three acceptors", "One of them may fail.", of(2, 1))
        },
        Variant {
            faults: vec![CRASH],
            ..variant(
                "three acceptors, faster",
                "Acceptors tell the participants what they have accepted.",
                faster,
            )
        },
        Variant {
            faults: vec![CRASH, Fault::Loss, Fault::Cut],
            timeouts: Limit::AtMost(2),
            ..variant(
                "three acceptors, one participant",
                "One vote, and no more than two timeouts.",
                of(1, 1),
            )
        },
    ]
}

/// So many participants, which vote *prepared*, and 2F + 1 acceptors.
fn of(participants: u8, faults: u8) -> Params {
    Params {
        participants,
        faults,
        ..Params::default()
    }
}

fn variant(name: &'static str, about: &'static str, params: Params) -> Variant<Params> {
    Variant {
        states_max: STATES_MAX,
        ..Variant::new(name, about, params).lean()
    }
}
