//! Participants with the same planned vote are alike, unless one of them begins: their names make no
//! difference. Whose YES a site has is a set of nodes; nothing else names anybody.

use super::{
    Begins, DecentralisedTwoPhaseCommit, History, Mistake, Phase, PlannedVote, State, first,
};
use crate::model::{NodeSet, Renaming, Symmetry};

pub fn symmetry(
    protocol: &DecentralisedTwoPhaseCommit,
) -> Option<Symmetry<DecentralisedTwoPhaseCommit>> {
    // A counter stands for a set of its size, and takes the participants in their order.
    if protocol.params.bug == Some(Mistake::VotesCounted) {
        return None;
    }
    let special = match protocol.params.begins {
        Begins::Everybody => NodeSet::EMPTY,
        Begins::First => NodeSet::only(first()),
    };
    let votes = [PlannedVote::Yes, PlannedVote::No, PlannedVote::Open];
    let alike = votes.map(|vote| protocol.ballot.planned(vote).minus(special));
    Some(Symmetry::of_states(alike.to_vec(), state, History::renamed))
}

fn state(phases: &State, by: &Renaming) -> State {
    phases.map(|phase| match phase {
        Phase::Working { vote, yes } => Phase::Working {
            vote,
            yes: by.set(yes),
        },
        Phase::Prepared { yes } => Phase::Prepared { yes: by.set(yes) },
        Phase::Open | Phase::Decided(_) => phase,
    })
}
