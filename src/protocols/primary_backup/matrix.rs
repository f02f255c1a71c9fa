//! The instances of primary-backup replication on which its assumptions are weighed.

use super::{Failover, Params, Workload};
use crate::model::{Limit, Variant};

/// A pair, each with one client that puts and one that gets.
pub fn variants() -> Vec<Variant<Params>> {
    let params = |failover| Params {
        failover,
        clients: Workload::Scripts(vec![vec!["put x 1".to_owned()], vec!["get x".to_owned()]]),
        views: 2,
        ..Params::default()
    };
    vec![
        variant(
            "static pair",
            "Two servers, each of which takes silence for failure, and two clients.",
            params(Failover::Static),
        ),
        variant(
            "view service",
            "Two servers, a view service, and two clients.",
            params(Failover::ViewService),
        ),
        Variant {
            timeouts: Limit::AtMost(3),
            ..variant(
                "elected",
                "Three servers that elect their primary, and one client.",
                Params {
                    servers: 3,
                    clients: Workload::Scripts(vec![vec!["put x 1".to_owned()]]),
                    ..params(Failover::Elected)
                },
            )
        },
    ]
}

fn variant(name: &'static str, about: &'static str, params: Params) -> Variant<Params> {
    Variant {
        timeouts: Limit::AtMost(5),
        states_max: 3_000_000,
        ..Variant::new(name, about, params).lean()
    }
}
