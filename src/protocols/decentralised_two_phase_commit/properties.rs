//! What must be true of decentralised two-phase commit: the atomic commitment problem (BHG 7.3).

use super::{DecentralisedTwoPhaseCommit, Phase, State};
use crate::model::Property;
use crate::protocols::atomic_commitment::properties::{
    OUTCOME, TO_VOTE, Waits, progress_of_peers, safety,
};
use crate::protocols::atomic_commitment::{AtomicCommitment, Ballot};

impl AtomicCommitment for DecentralisedTwoPhaseCommit {
    fn ballot(&self) -> &Ballot {
        &self.ballot
    }

    fn waits(phases: &State) -> Vec<Waits> {
        phases.gather(|phase| match phase {
            Phase::Open | Phase::Working { .. } => Some(TO_VOTE),
            Phase::Prepared { .. } => Some(OUTCOME),
            Phase::Decided(_) => None,
        })
    }
}

pub fn properties(
    protocol: &DecentralisedTwoPhaseCommit,
) -> Vec<Property<DecentralisedTwoPhaseCommit>> {
    let asks = protocol.params.inquiries;
    let citation = "Skeen 1981; Bernstein, Hadzilacos & Goodman 1987, 7.4";
    let mut properties = safety(protocol);
    properties.extend(progress_of_peers(asks, citation));
    properties
}
