//! What must be true of two-phase commit on a tree: the atomic commitment problem (BHG 7.3).

use super::{Params, Phase, PlannedVote, State, TreeTwoPhaseCommit};
use crate::model::{ClosedForm, Id, Likelihood, Property, Successes, TimerRange};
use crate::protocols::atomic_commitment::properties::{
    OUTCOME, Stage, TO_VOTE, Waits, progress_of_peers, safety,
};
use crate::protocols::atomic_commitment::successes::{
    commit_decided, everybody_commits, members, unanimous,
};
use crate::protocols::atomic_commitment::{AtomicCommitment, Ballot, Milestone, Occasion};

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

    fn stage(_: Id, phases: &State) -> Option<Stage> {
        Some(match phases[1] {
            Phase::Open | Phase::Working { .. } | Phase::Done { .. } => Stage::Initial,
            Phase::Ready { .. } | Phase::Decided(_) => Stage::Waiting,
        })
    }

    fn voters(params: &mut Params) -> (&mut u8, &mut Vec<PlannedVote>) {
        (&mut params.participants, &mut params.votes)
    }

    /// Whoever gets the last READY, which on a path nobody gets sooner than the one in the middle.
    fn lead(&self) -> Id {
        Id::from(self.ballot.participants.len() / 2)
    }

    /// It forces READY, and then the decision.
    fn occasion(&self, milestone: Milestone) -> Occasion {
        match milestone {
            Milestone::FirstVote => Occasion::Delivered("Ready"),
            Milestone::DecisionLogged => Occasion::Saved(2),
            Milestone::MidBroadcast => Occasion::Sent("Commit"),
        }
    }
}

pub fn properties(protocol: &TreeTwoPhaseCommit) -> Vec<Property<TreeTwoPhaseCommit>> {
    let asks = protocol.params.inquiries;
    let citation = "Raz 1995; Bernstein, Hadzilacos & Goodman 1987, 7.4";
    let mut properties = safety(protocol);
    properties.extend(progress_of_peers(asks, citation));
    properties
}

/// Two messages pass over each edge of the tree: READY and the decision, or two READYs that cross.
pub fn successes(protocol: &TreeTwoPhaseCommit, known: bool) -> Successes<TreeTwoPhaseCommit> {
    let params = &protocol.params;
    let known = known && params.transactions == 1;
    let edges = protocol.ballot.participants.len() - 1;
    let everybody = ClosedForm {
        formula: "Π y · (1 − p)^(2(n − 1))",
        likelihood: unanimous(&protocol.ballot).and(Likelihood::arrive(2 * edges)),
    };
    Successes {
        all: vec![
            // Who coordinates depends on time.
            commit_decided(None),
            everybody_commits(known.then_some(everybody)),
        ],
        members: members(&protocol.ballot),
        patience: TimerRange::soonest([params.ready_timeout, params.inquiry]),
    }
}
