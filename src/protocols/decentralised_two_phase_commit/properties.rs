//! What must be true of decentralised two-phase commit: the atomic commitment problem (BHG 7.3).

use super::{Begins, DecentralisedTwoPhaseCommit, Params, Phase, PlannedVote, State};
use crate::model::{ClosedForm, Id, Likelihood, Property, Successes, TimerRange};
use crate::protocols::atomic_commitment::properties::{
    OUTCOME, Stage, TO_VOTE, Waits, progress_of_peers, safety,
};
use crate::protocols::atomic_commitment::successes::{
    commit_decided, everybody_commits, members, unanimous,
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

    fn voters(params: &mut Params) -> (&mut u8, &mut Vec<PlannedVote>) {
        (&mut params.participants, &mut params.votes)
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

/// Whoever hears YES from all others commits: n - 1 messages for each, and they are not the same.
pub fn successes(
    protocol: &DecentralisedTwoPhaseCommit,
    known: bool,
) -> Successes<DecentralisedTwoPhaseCommit> {
    let params = &protocol.params;
    let known = known && params.transactions == 1;
    let n = protocol.ballot.participants.len();
    let form = |formula, likelihood: Likelihood| ClosedForm {
        formula,
        likelihood: unanimous(&protocol.ballot).and(likelihood),
    };
    let hears_all = Likelihood::arrive(n - 1);
    let anybody = form(
        "Π y · (1 − (1 − (1 − p)^(n − 1))^n)",
        Likelihood::at_least(1, vec![hears_all; n]),
    );
    let everybody = form("Π y · (1 − p)^(n(n − 1))", Likelihood::arrive(n * (n - 1)));
    // Where the others wait for P1's vote, they depend on each other.
    let each_begins = params.begins == Begins::Everybody;
    Successes {
        all: vec![
            commit_decided((known && each_begins).then_some(anybody)),
            everybody_commits(known.then_some(everybody)),
        ],
        members: members(&protocol.ballot),
        patience: TimerRange::soonest([params.vote_timeout, params.inquiry]),
    }
}
