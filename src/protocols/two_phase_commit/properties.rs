//! What must be true of two-phase commit: the atomic commitment problem, and that locks and memory
//! are given up.

use super::{Coordinator, History, Params, Participant, PlannedVote, State, TwoPhaseCommit};
use crate::model::{Answer, Assumption, Id, NodeSet, Predicate, Property, Protocol, Reason, View};
use crate::protocols::atomic_commitment::properties::{
    NOTHING_FAILS, OUTCOME, Stage, TO_VOTE, Waits, all_decided, atomicity, commit_possible,
    commit_without_failures, irrevocability, non_blocking, recovers, refuse, validity,
};
use crate::protocols::atomic_commitment::{
    AtomicCommitment, Ballot, Milestone, Occasion, coordinator,
};

impl AtomicCommitment for TwoPhaseCommit {
    fn ballot(&self) -> &Ballot {
        &self.ballot
    }

    fn waits(state: &State) -> Vec<Waits> {
        match state {
            State::Coordinator(c) => c.phase.gather(|phase| match phase {
                Coordinator::Initial
                | Coordinator::Querying { .. }
                | Coordinator::Collecting { .. } => Some(VOTES),
                Coordinator::Decided { .. } | Coordinator::Forgotten => None,
            }),
            State::Participant(p) => p.phase.gather(|phase| match phase {
                Participant::Open | Participant::Working { .. } => Some(TO_VOTE),
                Participant::Prepared { .. } => Some(OUTCOME),
                Participant::Committed | Participant::Aborted => None,
            }),
        }
    }

    fn stage(_: Id, state: &State) -> Option<Stage> {
        Some(match state {
            State::Coordinator(c) => match c.phase[1] {
                Coordinator::Initial | Coordinator::Querying { .. } => Stage::Initial,
                _ => Stage::Waiting,
            },
            State::Participant(p) => match p.phase[1] {
                Participant::Open | Participant::Working { .. } => Stage::Initial,
                _ => Stage::Waiting,
            },
        })
    }

    fn instance(votes: Vec<PlannedVote>) -> Params {
        Params {
            participants: u8::try_from(votes.len()).unwrap_or(u8::MAX),
            votes,
            ..Params::default()
        }
    }

    fn occasion(&self, milestone: Milestone) -> Occasion {
        match milestone {
            Milestone::FirstVote => Occasion::Delivered("Yes"),
            Milestone::DecisionLogged => Occasion::Saved(1),
            Milestone::MidBroadcast => Occasion::Sent("Commit"),
        }
    }
}

const VOTES: Waits = Waits {
    rank: 2,
    one: "has not decided",
    several: "have not decided",
};

pub fn properties(protocol: &TwoPhaseCommit) -> Vec<Property<TwoPhaseCommit>> {
    let mut properties = vec![
        atomicity(),
        irrevocability(),
        validity(),
        commit_without_failures(NOTHING_FAILS),
        Property::always(
            "no-lock-after-decision",
            "A participant that knows the decision takes no locks any more.",
            "Gray 1978; Mohan, Lindsay & Obermarck 1986, section 2",
            Predicate::History(no_lock_after_decision),
        ),
    ];
    properties.extend(commit_possible(protocol));
    properties.extend([
        // A lost message is sent again, or asked for; a participant that is down is only
        // missed by a coordinator that has decided. Uncertainty ends with the coordinator.
        non_blocking("Bernstein, Hadzilacos & Goodman 1987, 7.3 and 7.4").assuming([
            Assumption::NoCut,
            Assumption::MaxCrashes {
                crashes: 0,
                role: Some("coordinator"),
            },
        ]),
        recovers(),
        Property::recovers(
            "forgets",
            "Once all failures are repaired, the coordinator may forget the transaction.",
            "Mohan, Lindsay & Obermarck 1986; Bernstein, Hadzilacos & Goodman 1987, 7.4",
            Predicate::World(all_forgotten),
        ),
    ]);
    properties
}

fn no_lock_after_decision(protocol: &TwoPhaseCommit, history: &History) -> Answer {
    for (txn, outcomes) in history.transactions() {
        let decided = outcomes.committed.union(outcomes.aborted);
        let again = outcomes.locked.intersection(decided);
        if !again.is_empty() {
            let names = protocol.cluster().names(again);
            let text = format!("{names} took locks again after deciding");
            return refuse(history, txn, again, text);
        }
    }
    Ok(())
}

fn all_forgotten(protocol: &TwoPhaseCommit, world: &dyn View<TwoPhaseCommit>) -> Answer {
    all_decided(protocol, world)?;
    let c = NodeSet::only(coordinator());
    let remembers = |phase| phase != Coordinator::Forgotten;
    match world.node(coordinator()).state() {
        Some(State::Coordinator(site)) if site.phase.iter().any(|(_, p)| remembers(*p)) => {
            let name = protocol.cluster().names(c);
            let text = format!("{name} may not forget its decision yet");
            Err(Reason::new(c, text))
        }
        _ => Ok(()),
    }
}
