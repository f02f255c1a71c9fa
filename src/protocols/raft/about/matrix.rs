//! The instances of Raft on which its assumptions are weighed.

use crate::model::{Fault, Limit, Variant};
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
    let mut variant = Variant::new("one term", about, params);
    // A duplicate is one more message on its way, and makes more worlds than fit.
    variant.faults.retain(|fault| *fault != Fault::Duplication);
    vec![Variant {
        copies: Limit::AtMost(1),
        timeouts: Limit::AtMost(3),
        states_max: 3_000_000,
        ..variant
    }]
}
