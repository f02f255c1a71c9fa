//! The instances of Raft on which its assumptions are weighed.

use crate::model::{Limit, Variant};
use crate::protocols::raft::{Params, Workload};

/// Three servers, one term, one command.
pub fn variants() -> Vec<Variant<Params>> {
    let params = Params {
        clients: Workload::Scripts(vec![]),
        proposals: 1,
        no_op: false,
        vote_retry: None,
        terms: 1,
        ..Params::default()
    };
    let about = "Three servers, of which one leads the first and only term, and one command.";
    vec![Variant {
        timeouts: Limit::AtMost(3),
        states_max: 3_000_000,
        ..Variant::new("one term", about, params).lean()
    }]
}
