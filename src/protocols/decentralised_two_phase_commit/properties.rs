//! What must be true of decentralised two-phase commit: the atomic commitment problem (BHG 7.3).

use super::{DecentralisedTwoPhaseCommit, Params, Phase, PlannedVote, State};
use crate::model::{Id, Property};
use crate::protocols::atomic_commitment::properties::{
    OUTCOME, Stage, TO_VOTE, Waits, progress_of_peers, safety,
};
use crate::protocols::atomic_commitment::{AtomicCommitment, Ballot, Milestone, Occasion};

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

    fn stage(_: Id, phases: &State) -> Option<Stage> {
        Some(match phases[1] {
            Phase::Open | Phase::Working { .. } => Stage::Initial,
            Phase::Prepared { .. } | Phase::Decided(_) => Stage::Waiting,
        })
    }

    fn instance(votes: Vec<PlannedVote>) -> Params {
        Params {
            participants: u8::try_from(votes.len()).unwrap_or(u8::MAX),
            votes,
            ..Params::default()
        }
    }

    /// Nobody leads. P1 is as good as any.
    fn lead(&self) -> Id {
        Id::from(0)
    }

    /// Votes are all that is broadcast.
    fn occasion(&self, milestone: Milestone) -> Occasion {
        match milestone {
            Milestone::FirstVote => Occasion::Delivered("Yes"),
            Milestone::DecisionLogged => Occasion::Saved(2),
            Milestone::MidBroadcast => Occasion::Sent("Yes"),
        }
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
