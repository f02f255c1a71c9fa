//! Participants with the same planned vote are alike: their names make no difference.
//!
//! Who voted, who was asked and who has not acknowledged are sets of nodes. Nothing else in a state
//! names anybody, and no message or record does.

use super::{
    Coordinator, History, Mistake, Outcomes, Participant, PlannedVote, Site, State, TwoPhaseCommit,
};
use crate::model::symmetry::unnamed;
use crate::model::{NodeSet, Renaming, Symmetry};

pub fn symmetry(protocol: &TwoPhaseCommit) -> Option<Symmetry<TwoPhaseCommit>> {
    // A counter stands for a set of its size, and takes the participants in their order.
    if protocol.makes(Mistake::VotesCounted) {
        return None;
    }
    let with_vote = |vote: PlannedVote| {
        let planned = protocol.participants.iter().zip(&protocol.votes);
        let with_vote = planned.filter(|(_, planned)| **planned == vote);
        with_vote.map(|(id, _)| id).collect::<NodeSet>()
    };
    let votes = [PlannedVote::Yes, PlannedVote::No, PlannedVote::Open];
    Some(Symmetry {
        alike: votes.map(with_vote).to_vec(),
        state,
        storage: unnamed,
        msg: unnamed,
        timer: unnamed,
        random: unnamed,
        history,
    })
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

fn history(history: &History, by: &Renaming) -> History {
    History {
        outcomes: history.outcomes.map(|outcomes| Outcomes {
            chose_no: by.set(outcomes.chose_no),
            voted_yes: by.set(outcomes.voted_yes),
            voted_no: by.set(outcomes.voted_no),
            committed: by.set(outcomes.committed),
            aborted: by.set(outcomes.aborted),
            locked: by.set(outcomes.locked),
        }),
    }
}
