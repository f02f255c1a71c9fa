//! The instances of transactions across shards on which its assumptions are weighed.

use super::{Deadlocks, Params};
use crate::model::{Fault, LinkOrder, Variant};
use crate::protocols::key_value::Workload;

/// Enough for every cell of these instances.
const STATES_MAX: u64 = 3_000_000;

/// One transfer under everything, and two that are in conflict under what there is room for.
pub fn variants() -> Vec<Variant<Params>> {
    let two = || of(&["transfer x y 1", "transfer y x 1"]);
    let of_two = |name, about, deadlocks| Variant {
        faults: vec![
            Fault::Crash {
                role: Some("server"),
            },
            Fault::Recovery,
        ],
        ..variant(name, about, Params { deadlocks, ..two() })
    };
    vec![
        variant(
            "one transfer",
            "A transaction with a part on each of two shards.",
            of(&["transfer x y 1"]),
        ),
        of_two(
            "two transfers, wait-die",
            "Each has its coordinator on another shard, and is tried once.",
            Deadlocks::WaitDie,
        ),
        of_two(
            "two transfers, wound-wait",
            "Each has its coordinator on another shard, and is tried once.",
            Deadlocks::WoundWait,
        ),
        Variant {
            faults: vec![Fault::Crash {
                role: Some("server"),
            }],
            // Without that, a crash has more worlds than there is room for.
            order: LinkOrder::Fifo,
            ..variant(
                "one transfer, S2 has replicas",
                "A transaction with a part on each of two shards, one of which is a group of three.",
                Params {
                    faults: vec![0, 1],
                    ..of(&["transfer x y 1"])
                },
            )
        },
    ]
}

/// A client for each of these, which tries it once.
fn of(transactions: &[&str]) -> Params {
    let script = |text: &&str| vec![(*text).to_owned()];
    Params {
        clients: Workload::Scripts(transactions.iter().map(script).collect()),
        attempts: 1,
        ..Params::default()
    }
}

fn variant(name: &'static str, about: &'static str, params: Params) -> Variant<Params> {
    Variant {
        states_max: STATES_MAX,
        ..Variant::new(name, about, params).lean()
    }
}
