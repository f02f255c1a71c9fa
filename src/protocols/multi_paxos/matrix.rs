//! The instances of Multi-Paxos on which its assumptions are weighed.

use super::Params;
use crate::model::{Limit, Variant};
use crate::protocols::clients::Workload;

/// Three servers, one ballot, one command.
pub fn variants() -> Vec<Variant<Params>> {
    let params = Params {
        clients: Workload::Scripts(vec![]),
        proposals: 1,
        prepare_retry: None,
        ballots: 1,
        ..Params::default()
    };
    let about = "Three servers, of which one leads the first and only ballot, and one command.";
    vec![Variant {
        timeouts: Limit::AtMost(3),
        states_max: 3_000_000,
        ..Variant::new("one ballot", about, params).lean()
    }]
}
