//! Participants with the same planned vote are alike: their names make no difference.
//!
//! Who voted, who was asked and who has not acknowledged are sets of nodes. Nothing else in a state
//! names anybody, and no message or record does.

use super::{Coordinator, History, Mistake, Participant, PlannedVote, Site, State, TwoPhaseCommit};
use crate::model::{Renaming, Symmetry};

pub fn symmetry(protocol: &TwoPhaseCommit) -> Option<Symmetry<TwoPhaseCommit>> {
    // A counter stands for a set of its size, and takes the participants in their order; and one after
    // the other is an order.
    if protocol.makes(Mistake::VotesCounted) || protocol.makes(Mistake::WritesInTurn) {
        return None;
    }
    let votes = [PlannedVote::Yes, PlannedVote::No, PlannedVote::Open];
    let alike = votes.map(|vote| protocol.ballot.planned(vote)).to_vec();
    Some(Symmetry::of_states(alike, state, History::renamed))
}

fn state(state: &State, by: &Renaming) -> State {
    match state {
        State::Coordinator(c) => State::Coordinator(Site {
            phase: c.phase.map(|phase| coordinator(phase, by)),
            ..*c
        }),
        State::Participant(p) => State::Participant(Site {
            phase: p.phase.map(|phase| participant(phase, by)),
            ..*p
        }),
    }
}

fn coordinator(phase: Coordinator, by: &Renaming) -> Coordinator {
    match phase {
        Coordinator::Querying { able } => Coordinator::Querying { able: by.set(able) },
        Coordinator::Collecting { yes } => Coordinator::Collecting { yes: by.set(yes) },
        Coordinator::Decided {
            decision,
            unacknowledged,
        } => Coordinator::Decided {
            decision,
            unacknowledged: by.set(unacknowledged),
        },
        Coordinator::Initial | Coordinator::Forgotten => phase,
    }
}

fn participant(phase: Participant, by: &Renaming) -> Participant {
    match phase {
        Participant::Prepared { asked } => Participant::Prepared {
            asked: by.set(asked),
        },
        Participant::Open
        | Participant::Working { .. }
        | Participant::Committed
        | Participant::Aborted => phase,
    }
}
