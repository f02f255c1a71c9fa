//! What must be true of two-phase commit: the atomic commitment problem, and that locks and memory
//! are given up.

use super::{
    Coordinator, History, Params, Participant, PlannedVote, Presumption, State, TwoPhaseCommit,
};
use crate::model::{
    Answer, Assumption, ClosedForm, Id, Likelihood, NodeSet, Predicate, Property, Protocol, Reason,
    Success, Successes, TimerRange, View,
};
use crate::protocols::atomic_commitment::properties::{
    NOTHING_FAILS, OUTCOME, Stage, TO_VOTE, Waits, all_decided, atomicity, commit_possible,
    commit_without_failures, irrevocability, non_blocking, recovers, refuse, validity,
};
use crate::protocols::atomic_commitment::successes::{
    commit_decided, everybody_commits, left_in_doubt, members, unanimous,
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

    fn voters(params: &mut Params) -> (&mut u8, &mut Vec<PlannedVote>) {
        (&mut params.participants, &mut params.votes)
    }

    fn occasion(&self, milestone: Milestone) -> Occasion {
        match milestone {
            Milestone::FirstVote => Occasion::Delivered("Yes"),
            Milestone::DecisionLogged => Occasion::Saved(1),
            Milestone::MidBroadcast => Occasion::Sent("Commit"),
        }
    }
}

/// PREPARE and YES, COMMIT, and ACK have to arrive, each for everybody; before that, if it asks
/// first, QUERY and ABLE.
pub fn successes(protocol: &TwoPhaseCommit, known: bool) -> Successes<TwoPhaseCommit> {
    let params = &protocol.params;
    let known = known && params.transactions == 1;
    let n = protocol.participants().len();
    let asked = if params.query { 4 * n } else { 2 * n };
    let form = |formula, likelihood: Likelihood| {
        let unanimous = unanimous(&protocol.ballot).and(Likelihood::TakesPart(coordinator()));
        let likelihood = unanimous.and(likelihood);
        known.then_some(ClosedForm {
            formula,
            likelihood,
        })
    };
    let formulas = if params.query {
        [
            "Π y · (1 − p)^4n",
            "Π y · (1 − p)^5n",
            "Π y · (1 − p)^4n · (1 − (1 − p)^n)",
            "Π y · (1 − p)^6n",
        ]
    } else {
        [
            "Π y · (1 − p)^2n",
            "Π y · (1 − p)^3n",
            "Π y · (1 − p)^2n · (1 − (1 − p)^n)",
            "Π y · (1 − p)^4n",
        ]
    };
    let [decided, all, in_doubt, acknowledged] = formulas;
    let mut all = vec![
        commit_decided(form(decided, Likelihood::arrive(asked))),
        everybody_commits(form(all, Likelihood::arrive(asked + n))),
        left_in_doubt(form(
            in_doubt,
            Likelihood::arrive(asked).and(Likelihood::some_are_lost(n)),
        )),
    ];
    if params.presumption != Presumption::Commit {
        all.push(Success {
            name: "commit-acknowledged",
            about: "Commit is decided, and the coordinator may forget it.",
            is_wanted: true,
            reached: Predicate::World(|protocol, world| {
                let committed = commit_decided(None).reached;
                committed.ask(protocol, world)?;
                all_forgotten(protocol, world)
            }),
            closed_form: form(acknowledged, Likelihood::arrive(asked + 2 * n)),
        });
    }
    let timers = [
        params.vote_timeout,
        params.prepare_timeout,
        params.inquiry,
        params.resend,
    ];
    Successes {
        all,
        members: members(&protocol.ballot),
        patience: TimerRange::soonest(timers),
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
    match world.state(coordinator()) {
        Some(State::Coordinator(site)) if site.phase.iter().any(|(_, p)| remembers(*p)) => {
            let name = protocol.cluster().names(c);
            let text = format!("{name} may not forget its decision yet");
            Err(Reason::new(c, text))
        }
        _ => Ok(()),
    }
}
