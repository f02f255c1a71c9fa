//! Acceptors are alike: their names make no difference. (Proposers are not: each has ballots of its own.)
//!
//! Who promised and who accepted what are sets of nodes, in states and in the history; no message or record names anybody.

use super::{History, Learner, Paxos, Phase, Proposer, State};
use crate::model::{Renaming, Symmetry};

pub fn symmetry(paxos: &Paxos) -> Symmetry<Paxos> {
    let alike = vec![paxos.acceptors];
    Symmetry::of_states(alike, state, History::renamed)
}

fn state(state: &State, by: &Renaming) -> State {
    match state {
        State::Proposer(Proposer {
            phase:
                Phase::Preparing {
                    ballot,
                    promised,
                    reported,
                },
            told,
        }) => State::Proposer(Proposer {
            phase: Phase::Preparing {
                ballot: *ballot,
                promised: by.set(*promised),
                reported: *reported,
            },
            told: *told,
        }),
        State::Learner(Learner::Listening(accepted)) => {
            State::Learner(Learner::Listening(accepted.renamed(by)))
        }
        State::Proposer(_) | State::Acceptor(_) | State::Learner(_) => state.clone(),
    }
}
