//! What must be true of two-phase commit with a replicated coordinator: the atomic commitment problem (BHG 7.3),
//! consensus in each slot of the log (PMS, 2.1 and 2.2), and that what is decided is what the log has first.

use serde::{Deserialize, Serialize};

use super::{Decision, Params, Phase, PlannedVote, ReplicatedTwoPhaseCommit, State, Storage};
use crate::model::observation::Tally;
use crate::model::{
    Answer, Assumption, ClosedForm, FewMap, Id, Likelihood, NodeSet, Observation, Observed,
    Predicate, Property, Protocol, Reason, Successes, TimerRange, View,
};
use crate::protocols::atomic_commitment::properties::{
    self as problem, NOTHING_FAILS, OUTCOME, Stage, TO_VOTE, Waits, all_up_decided,
};
use crate::protocols::atomic_commitment::successes::{
    commit_decided, everybody_commits, members, unanimous,
};
use crate::protocols::atomic_commitment::{self, AtomicCommitment, Milestone, Occasion};
use crate::protocols::consensus::properties::choice;
use crate::protocols::consensus::{self, Consensus, Proposal};
use crate::protocols::multi_paxos::{self, Command, Slot};

/// What a node says of its step: of the transaction, or of the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Claim {
    Commitment(atomic_commitment::Claim),
    Log(multi_paxos::Claim),
}

/// A fold of claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct History {
    outcomes: atomic_commitment::History,
    /// Of each slot who accepted and learned what.
    slots: FewMap<Slot, consensus::History<Command>>,
}

impl From<atomic_commitment::Claim> for Claim {
    fn from(claim: atomic_commitment::Claim) -> Self {
        Claim::Commitment(claim)
    }
}

impl From<multi_paxos::Claim> for Claim {
    fn from(claim: multi_paxos::Claim) -> Self {
        Claim::Log(claim)
    }
}

impl Observed<ReplicatedTwoPhaseCommit> for Claim {
    fn in_words(&self, protocol: &ReplicatedTwoPhaseCommit) -> Observation {
        match self {
            Claim::Commitment(claim) => claim.in_words(protocol),
            Claim::Log(claim) => claim.in_words(&protocol.log),
        }
    }

    /// Nobody decides in a slot alone.
    fn tally(&self, protocol: &ReplicatedTwoPhaseCommit) -> Option<Tally> {
        match self {
            Claim::Commitment(claim) => claim.tally(protocol),
            Claim::Log(_) => None,
        }
    }
}

impl History {
    pub(super) fn record(&mut self, id: Id, claim: &Claim) {
        match claim {
            Claim::Commitment(claim) => self.outcomes.record(id, claim),
            Claim::Log(multi_paxos::Claim::Accepted(slot, proposal)) => {
                let claim = consensus::Claim::Accepted(*proposal);
                self.slots.of(*slot).record(id, claim);
            }
            Claim::Log(multi_paxos::Claim::Learned(slot, command)) => {
                let claim = consensus::Claim::Learned(*command);
                self.slots.of(*slot).record(id, claim);
            }
            Claim::Log(_) => {}
        }
    }

    /// The first decision that is chosen.
    fn first(&self, protocol: &ReplicatedTwoPhaseCommit) -> Option<Decision> {
        self.slots.iter().find_map(|(slot, choices)| {
            let mut chosen = choices.chosen(protocol, *slot);
            chosen.find_map(|(proposal, _)| match proposal.value {
                Command::Decision(decision) => Some(decision),
                _ => None,
            })
        })
    }
}

impl AsRef<atomic_commitment::History> for History {
    fn as_ref(&self) -> &atomic_commitment::History {
        &self.outcomes
    }
}

impl AtomicCommitment for ReplicatedTwoPhaseCommit {
    fn ballot(&self) -> &atomic_commitment::Ballot {
        &self.ballot
    }

    /// A replica need not know the outcome.
    fn waits(state: &State) -> Vec<Waits> {
        match state {
            State::Coordinator(_) | State::Participant(Phase::Decided(_)) => Vec::new(),
            State::Participant(Phase::Open | Phase::Working { .. }) => vec![TO_VOTE],
            State::Participant(Phase::Prepared) => vec![OUTCOME],
        }
    }

    /// A replica decides nothing by itself: it is not where a lone survivor would be.
    fn stage(_: Id, state: &State) -> Option<Stage> {
        let State::Participant(phase) = state else {
            return None;
        };
        Some(match phase {
            Phase::Open | Phase::Working { .. } => Stage::Initial,
            Phase::Prepared | Phase::Decided(_) => Stage::Waiting,
        })
    }

    fn voters(params: &mut Params) -> (&mut u8, &mut Vec<PlannedVote>) {
        (&mut params.participants, &mut params.votes)
    }

    /// What replicas tell each other for ever is no matter to participants.
    fn instance_without_failures(votes: Vec<PlannedVote>) -> Params {
        Params {
            faults: 0,
            ..Self::instance(votes)
        }
    }

    /// What the lead writes down is what it is about to have chosen.
    fn occasion(&self, milestone: Milestone) -> Occasion {
        match milestone {
            Milestone::FirstVote => Occasion::Delivered("Yes"),
            Milestone::DecisionLogged => Occasion::Saved(1),
            Milestone::MidBroadcast => Occasion::Sent("Commit"),
        }
    }
}

impl Consensus for ReplicatedTwoPhaseCommit {
    type Value = Command;
    type Instance = Slot;

    fn choices<'a>(
        &self,
        history: &'a History,
    ) -> impl Iterator<Item = (Slot, &'a consensus::History<Command>)> {
        let slots = history.slots.iter();
        slots.map(|(slot, history)| (*slot, history))
    }

    fn about(&self, slot: Slot) -> String {
        format!("in slot {slot} ")
    }

    fn acceptors(&self, _: Slot) -> NodeSet {
        self.coordinators()
    }

    fn chooses(&self, _: Slot, acceptors: NodeSet) -> bool {
        self.is_majority(acceptors)
    }

    fn accepted(storage: &Storage, slot: Slot) -> Option<Proposal<Command>> {
        storage.log()?.stable()?.log.get(slot)
    }
}

pub fn properties(protocol: &ReplicatedTwoPhaseCommit) -> Vec<Property<ReplicatedTwoPhaseCommit>> {
    let mut properties = vec![
        problem::atomicity(),
        problem::irrevocability(),
        problem::validity(),
        problem::commit_without_failures(NOTHING_FAILS),
    ];
    properties.extend(problem::commit_possible(protocol));
    // The log does not say who proposed what: that a decision has its reason is validity. And a log with nothing in it
    // is fine.
    let of_slots = |p: &Property<_>| !["non-triviality", "choice-possible"].contains(&p.name);
    properties.extend(Property::those(&choice(), &of_slots));
    properties.push(Property::always(
        "decision-is-chosen",
        "Nobody commits, or aborts having voted YES, unless that is the first decision that the replicas have \
         chosen.",
        "Gray & Lamport 2006, 4.2",
        Predicate::History(decision_is_chosen),
    ));
    let non_blocking = Property::never_blocked(
        "non-blocking",
        "While a majority of replicas is up, every participant that is up can decide without waiting for a repair.",
        "Gray & Lamport 2006, 4.2",
        Some(Predicate::World(majority_is_up)),
        Predicate::World(all_up_decided),
    );
    properties.push(non_blocking.assuming([Assumption::NoCut]));
    properties.push(problem::recovers());
    properties
}

fn decision_is_chosen(protocol: &ReplicatedTwoPhaseCommit, history: &History) -> Answer {
    let Some((_, outcomes)) = history.outcomes.transactions().next() else {
        return Ok(());
    };
    // Who has not voted YES may abort by itself.
    let alone = protocol.participants().minus(outcomes.voted_yes);
    let told = outcomes.aborted.minus(alone);
    let chosen = history.first(protocol);
    for (who, decision) in [
        (outcomes.committed, Decision::Commit),
        (told, Decision::Abort),
    ] {
        let is_chosen = chosen == Some(decision);
        Reason::unless(who.is_empty() || is_chosen, who, || {
            let names = protocol.cluster().names(who);
            let outcome = decision.outcome();
            match chosen {
                None => format!("{names} {outcome}, and no decision is chosen"),
                Some(chosen) => format!("{names} {outcome}, and {} is chosen", chosen.word()),
            }
        })?;
    }
    Ok(())
}

fn majority_is_up(
    protocol: &ReplicatedTwoPhaseCommit,
    world: &dyn View<ReplicatedTwoPhaseCommit>,
) -> Answer {
    let up = protocol.coordinators().intersection(world.up());
    let text = "no majority of replicas is up";
    Reason::unless(protocol.is_majority(up), NodeSet::EMPTY, || text.to_owned())
}

/// What a state shows that its node must have claimed.
pub(super) fn shown(state: &State) -> atomic_commitment::Shown {
    use atomic_commitment::Shown;
    match state {
        State::Participant(Phase::Prepared) => Shown::LOCKED,
        State::Participant(Phase::Decided(decision)) => Shown::decided(*decision),
        // What a replica knows is in the log.
        State::Participant(Phase::Open | Phase::Working { .. }) | State::Coordinator(_) => {
            Shown::NOTHING
        }
    }
}

/// What a record shows that its node must have claimed.
pub(super) fn recorded(storage: &Storage) -> atomic_commitment::Shown {
    use atomic_commitment::Shown;
    match storage {
        Storage::Participant(Phase::Prepared) => Shown::VOTED_YES.and(Shown::LOCKED),
        Storage::Participant(Phase::Decided(decision)) => Shown::decided(*decision),
        Storage::Participant(_) | Storage::Coordinator(_) => Shown::NOTHING,
    }
}

/// Of 2F replicas beside the leader F have to accept the decision, and to be up for that: it is others' turn to lead
/// only once somebody has waited too long.
pub fn successes(
    protocol: &ReplicatedTwoPhaseCommit,
    known: bool,
) -> Successes<ReplicatedTwoPhaseCommit> {
    let params = &protocol.params;
    let n = protocol.participants().len();
    let asked = n - protocol.initiators().len();
    let leader = protocol.coordinators().iter().take(1).collect();
    let others = protocol.coordinators().minus(leader).iter();
    let accepts = |id| Likelihood::take_part(NodeSet::only(id)).and(Likelihood::arrive(2));
    let accepted = Likelihood::at_least(params.faults.into(), others.map(accepts).collect());
    let told = |n| {
        Likelihood::at_least(
            n,
            vec![Likelihood::arrive(1); usize::from(params.participants)],
        )
    };
    let form = |formula, told: Likelihood| {
        let up = unanimous(&protocol.ballot).and(Likelihood::take_part(leader));
        let voted = up.and(Likelihood::arrive(asked + n));
        known.then_some(ClosedForm {
            formula,
            likelihood: voted.and(accepted.clone()).and(told),
        })
    };
    let all = vec![
        commit_decided(form(
            "Π y · a · (1 − p)^(2n − 1) · B(2F, a(1 − p)²; F) · (1 − p^n)",
            told(1),
        )),
        everybody_commits(form(
            "Π y · a · (1 − p)^(3n − 1) · B(2F, a(1 − p)²; F)",
            told(n),
        )),
    ];
    let timers = [
        params.prepare_timeout,
        params.vote_timeout,
        params.inquiry,
        params.election_timeout,
        params.heartbeat,
    ];
    Successes {
        all,
        members: members(&protocol.ballot),
        patience: TimerRange::soonest(timers),
    }
}
