//! The instances of streaming two-phase commit on which its assumptions are weighed.

use super::Params;
use crate::model::{Fault, LinkOrder, TimerRange, Variant};

/// Enough for every cell of these instances.
const STATES_MAX: u64 = 5_000_000;

/// A job under everything, and then what each of the means is for by which output appears exactly once: alignment, fences,
/// and a store that keeps what is prepared.
pub fn variants() -> Vec<Variant<Params>> {
    let crash = |role| Fault::Crash { role: Some(role) };
    let repaired = |faults: &[Fault]| [faults, &[Fault::Recovery]].concat();
    let any = repaired(&[Fault::Crash { role: None }]);
    let manager = repaired(&[crash("job manager")]);
    vec![
        variant(
            "one source, one sink",
            "One record, one checkpoint, which may take for ever.",
            of(1, 1),
        ),
        Variant {
            faults: vec![Fault::Loss, Fault::FalseSuspicion],
            ..variant(
                "checkpoints are given up",
                "One record, one checkpoint, which may take too long: then all start again.",
                Params {
                    checkpoint_timeout: Params::default().checkpoint_timeout,
                    attempts: 2,
                    ..of(1, 1)
                },
            )
        },
        Variant {
            faults: any.clone(),
            ..variant(
                "two sinks",
                "One record, one checkpoint, and two sinks that have to agree.",
                of(1, 2),
            )
        },
        Variant {
            faults: any,
            ..variant(
                "two checkpoints",
                "Two sinks, and two checkpoints, one after the other.",
                Params {
                    checkpoints: 2,
                    ..of(1, 2)
                },
            )
        },
        Variant {
            faults: manager.clone(),
            ..variant(
                "aligned",
                "Two sources, whose barriers the sink waits for, and two checkpoints.",
                two_sources(),
            )
        },
        Variant {
            faults: manager.clone(),
            ..variant(
                "not aligned",
                "Two sources, and a sink that does not wait for their barriers, and two checkpoints.",
                Params {
                    aligned: false,
                    ..two_sources()
                },
            )
        },
        Variant {
            faults: repaired(&[crash("source"), crash("job manager")]),
            ..variant(
                "not fenced",
                "Two records, and a sink that takes what was sent in an earlier attempt.",
                Params {
                    records: 2,
                    fenced: false,
                    ..of(1, 1)
                },
            )
        },
        Variant {
            faults: [&manager[..], &[Fault::Loss, Fault::FalseSuspicion]].concat(),
            ..variant(
                "a store that gives up",
                "The external store aborts what is prepared and not committed for too long.",
                Params {
                    transaction_timeout: Some(TimerRange::millis(1000, 1000)),
                    ..of(1, 1)
                },
            )
        },
    ]
}

/// So many sources and sinks, one record each, and one checkpoint, which may take for ever.
fn of(sources: u8, sinks: u8) -> Params {
    Params {
        sources,
        sinks,
        records: 1,
        checkpoints: 1,
        checkpoint_timeout: None,
        ..Params::default()
    }
}

fn two_sources() -> Params {
    Params {
        checkpoints: 2,
        ..of(2, 1)
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
