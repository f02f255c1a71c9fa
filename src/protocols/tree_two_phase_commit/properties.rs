//! What must be true of two-phase commit on a tree: the atomic commitment problem (BHG 7.3).

use super::{Phase, State, TreeTwoPhaseCommit};
use crate::model::Property;
use crate::protocols::atomic_commitment::properties::{
    OUTCOME, TO_VOTE, Waits, progress_of_peers, safety,
};
use crate::protocols::atomic_commitment::{AtomicCommitment, Ballot};

impl AtomicCommitment for TreeTwoPhaseCommit {
    fn ballot(&self) -> &Ballot {
        &self.ballot
    }

    fn waits(phases: &State) -> Vec<Waits> {
        phases.gather(|phase| match phase {
            Phase::Open | Phase::Working { .. } | Phase::Done { .. } => Some(TO_VOTE),
            Phase::Ready { .. } => Some(OUTCOME),
            Phase::Decided(_) => None,
        })
    }
}

pub fn properties(protocol: &TreeTwoPhaseCommit) -> Vec<Property<TreeTwoPhaseCommit>> {
    let asks = protocol.params.inquiries;
    let citation = "Raz 1995; Bernstein, Hadzilacos & Goodman 1987, 7.4";
    let mut properties = safety(protocol);
    properties.extend(progress_of_peers(asks, citation));
    properties
}
