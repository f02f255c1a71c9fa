//! The instances of two-phase commit with a replicated coordinator on which its assumptions are weighed.

use super::Params;
use crate::model::{Fault, Limit, Variant};

/// Enough for every cell of these instances.
const STATES_MAX: u64 = 4_000_000;

/// With one replica, which is two-phase commit, and with three under what there is room for.
pub fn variants() -> Vec<Variant<Params>> {
    vec![
        variant(
            "one replica",
            "A coordinator that nobody can replace.",
            of(2, 0),
        ),
        Variant {
            faults: vec![Fault::Crash { role: None }, Fault::Loss, Fault::Cut],
            timeouts: Limit::AtMost(2),
            ..variant(
                "three replicas",
                "One of them may fail; no more than two timeouts.",
                of(1, 1),
            )
        },
    ]
}

/// So many participants, which vote YES, and 2F + 1 replicas.
fn of(participants: u8, faults: u8) -> Params {
    Params {
        participants,
        faults,
        prepare_retry: None,
        ballots: 2,
        ..Params::default()
    }
}

fn variant(name: &'static str, about: &'static str, params: Params) -> Variant<Params> {
    Variant {
        states_max: STATES_MAX,
        ..Variant::new(name, about, params).lean()
    }
}
