//! The instances of Paxos on which its assumptions are weighed.

use super::params::Params;
use crate::model::{Fault, Limit, Variant};

/// One proposer and three acceptors.
pub fn variants() -> Vec<Variant<Params>> {
    let params = Params {
        ballots: 2,
        ..Params::default()
    };
    let mut variant = Variant::new(
        "one proposer",
        "One proposer, which begins its next ballot if it waits too long.",
        params,
    );
    // Whoever recovers begins anew: that, and duplicates, make more worlds than fit.
    let too_many = [Fault::Recovery, Fault::Duplication];
    variant.faults.retain(|fault| !too_many.contains(fault));
    vec![Variant {
        copies: Limit::AtMost(1),
        states_max: 6_000_000,
        ..variant
    }]
}
