//! The instances of primary-backup replication on which its assumptions are weighed.

use super::{Failover, Params, Workload};
use crate::model::{Fault, Limit, Variant};

/// Each way to take over, on as little as shows it.
pub fn variants() -> Vec<Variant<Params>> {
    vec![
        // Whoever is back is a backup again, which takes another crash to matter.
        Variant {
            timeouts: Limit::AtMost(5),
            ..variant(
                "static pair",
                "Two servers, each of which takes silence for failure, and two clients.",
                of(Failover::Static, 2, &["put x 1", "get x"]),
            )
            .without(&[Fault::Recovery])
        },
        Variant {
            timeouts: Limit::AtMost(3),
            ..variant(
                "view service",
                "Two servers, a view service, and one client.",
                of(Failover::ViewService, 2, &["put x 1"]),
            )
        },
        variant(
            "elected",
            "Three servers that elect their primary, and one client.",
            of(Failover::Elected, 3, &["put x 1"]),
        )
        .without(&[Fault::Recovery, Fault::Cut]),
    ]
}

/// So many servers, and a client for each of these operations.
fn of(failover: Failover, servers: u8, ops: &[&str]) -> Params {
    let script = |op: &&str| vec![(*op).to_owned()];
    Params {
        failover,
        servers,
        clients: Workload::Scripts(ops.iter().map(script).collect()),
        views: 2,
        ..Params::default()
    }
}

fn variant(name: &'static str, about: &'static str, params: Params) -> Variant<Params> {
    Variant {
        timeouts: Limit::AtMost(2),
        states_max: 3_000_000,
        ..Variant::new(name, about, params).lean()
    }
}
