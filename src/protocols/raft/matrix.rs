//! The instances of Raft on which its assumptions are weighed.

use super::params::{Params, Workload};
use crate::model::{Limit, Variant};

/// Three servers and two terms, one command.
pub fn variants() -> Vec<Variant<Params>> {
    let params = Params {
        clients: Workload::Scripts(vec![]),
        proposals: 1,
        no_op: false,
        vote_retry: None,
        terms: 1,
        ..Params::default()
    };
    let variant = Variant::new("one term", "Three servers, one term, one command.", params);
    vec![Variant {
        copies: Limit::AtMost(1),
        states_max: 3_000_000,
        ..variant
    }]
}
