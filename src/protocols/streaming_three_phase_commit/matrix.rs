//! The instances of streaming three-phase commit on which its assumptions are weighed.

use super::Params;
use crate::model::{Fault, LinkOrder, Variant};

/// Enough for every cell of these instances.
const STATES_MAX: u64 = 3_000_000;

pub fn variants() -> Vec<Variant<Params>> {
    let crash = Fault::Crash { role: None };
    vec![
        Variant {
            faults: vec![crash, Fault::Recovery],
            ..variant(
                "two sinks",
                "One source, one record and two sinks; a checkpoint may take for ever.",
                of(1),
            )
        },
        Variant {
            leaves_out: vec!["output-possible"],
            faults: vec![
                Fault::Crash {
                    role: Some("job manager"),
                },
                Fault::Loss,
                Fault::Cut,
            ],
            ..variant(
                "two sinks, and a network that fails",
                "One source and two sinks; a checkpoint may take for ever.",
                of(0),
            )
        },
        Variant {
            leaves_out: vec!["output-possible"],
            faults: vec![Fault::FalseSuspicion],
            ..variant(
                "two sinks, and no time",
                "One source and two sinks; a checkpoint may take for ever.",
                of(0),
            )
        },
    ]
}

/// One source with so many records, two sinks, and one checkpoint.
fn of(records: u32) -> Params {
    Params {
        sinks: 2,
        records,
        attempts: 2,
        checkpoint_timeout: None,
        ..Params::default()
    }
}

/// Channels keep their order.
fn variant(name: &'static str, about: &'static str, params: Params) -> Variant<Params> {
    Variant {
        states_max: STATES_MAX,
        order: LinkOrder::Fifo,
        ..Variant::new(name, about, params).lean()
    }
}
