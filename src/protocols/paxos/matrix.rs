//! The instances of Paxos on which its assumptions are weighed.

use super::params::{Params, RetryWith};
use crate::model::{Fault, Variant};

/// Enough for every cell of these instances.
const STATES_MAX: u64 = 6_000_000;

/// One proposer with all that may go wrong with it, and two without learners.
pub fn variants() -> Vec<Variant<Params>> {
    vec![one_proposer(), two_proposers()]
}

fn one_proposer() -> Variant<Params> {
    let params = Params {
        ballots: 2,
        ..Params::default()
    };
    let about = "One proposer, which asks again in the same ballot if it waits too long.";
    let variant = Variant::new("one proposer", about, params);
    Variant {
        states_max: STATES_MAX,
        // Whoever recovers begins anew: that makes more worlds than fit.
        ..variant.lean().without(&[Fault::Recovery])
    }
}

/// The four messages of the paper: no learner, and nobody is told that it was refused.
fn two_proposers() -> Variant<Params> {
    let params = Params {
        proposers: 2,
        learners: 0,
        feedback: false,
        retry_with: RetryWith::NextBallot,
        ballots: 2,
        ..Params::default()
    };
    let variant = Variant::new(
        "two proposers",
        "Two proposers that want different values, one ballot each. What comes after these ballots \
         is not looked at, so this tells nothing of progress.",
        params,
    );
    Variant {
        // Each can go on with its next ballot, so it is never found to be blocked.
        leaves_out: vec!["progress", "recovers"],
        states_max: STATES_MAX,
        ..variant.lean().without(&[Fault::Cut])
    }
}
