//! What must be true of Paxos Commit: the atomic commitment problem (BHG 7.3), consensus in each instance
//! (PMS, 2.1 and 2.2), and how the one follows from the other (GL, 4.2).

use serde::{Deserialize, Serialize};

use super::{Ballot, Params, PaxosCommit, Phase, PlannedVote, State, Storage, Value, Vote};
use crate::model::observation::Tally;
use crate::model::{
    Answer, Assumption, ClosedForm, FewMap, Id, Likelihood, NodeSet, Observation, Observed,
    Predicate, Property, Protocol, Reason, Successes, TimerRange, Value as Word, View,
};
use crate::protocols::atomic_commitment::properties::{
    self as problem, NOBODY_FAILS, Stage, Waits, all_up_decided,
};
use crate::protocols::atomic_commitment::successes::{
    commit_decided, everybody_commits, members, unanimous,
};
use crate::protocols::atomic_commitment::{self, AtomicCommitment, Milestone, Occasion};
use crate::protocols::consensus::properties::choice;
use crate::protocols::consensus::{self, Consensus, Proposal};

/// What a node says of its step: of the transaction, or of the instance of a participant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Claim {
    Commitment(atomic_commitment::Claim),
    Choice(Id, consensus::Claim<Value>),
}

/// A fold of claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct History {
    outcomes: atomic_commitment::History,
    /// For each instance of which anything was claimed.
    choices: FewMap<Id, consensus::History<Value>>,
}

impl Claim {
    pub(super) fn accepted(instance: Id, ballot: Ballot, value: Value) -> Self {
        Claim::Choice(
            instance,
            consensus::Claim::Accepted(Proposal { ballot, value }),
        )
    }

    /// A participant aborts, or a leader is free to choose.
    pub(super) fn would_abort(instance: Id) -> Self {
        Claim::Choice(instance, consensus::Claim::Proposed(Value::Aborted))
    }
}

impl From<atomic_commitment::Claim> for Claim {
    fn from(claim: atomic_commitment::Claim) -> Self {
        Claim::Commitment(claim)
    }
}

impl Observed<PaxosCommit> for Claim {
    fn in_words(&self, protocol: &PaxosCommit) -> Observation {
        match self {
            Claim::Commitment(claim) => claim.in_words(protocol),
            Claim::Choice(instance, claim) => claim.told(|value| {
                let cluster = protocol.cluster();
                Word::Word(format!("{} {}", cluster.name(*instance), value.word()).into())
            }),
        }
    }

    /// Nobody decides in an instance alone.
    fn tally(&self, protocol: &PaxosCommit) -> Option<Tally> {
        match self {
            Claim::Commitment(claim) => claim.tally(protocol),
            Claim::Choice(..) => None,
        }
    }
}

impl History {
    pub(super) fn record(&mut self, id: Id, claim: &Claim) {
        match claim {
            Claim::Commitment(claim) => {
                self.outcomes.record(id, claim);
                // Whoever votes so proposes it.
                if let atomic_commitment::Claim::Voted(_, Vote::Yes) = claim {
                    self.of(id).proposed.insert(Value::Prepared);
                }
            }
            Claim::Choice(instance, claim) => self.of(*instance).record(id, *claim),
        }
    }

    fn of(&mut self, instance: Id) -> &mut consensus::History<Value> {
        self.choices.of(instance)
    }
}

impl AsRef<atomic_commitment::History> for History {
    fn as_ref(&self) -> &atomic_commitment::History {
        &self.outcomes
    }
}

impl AtomicCommitment for PaxosCommit {
    fn ballot(&self) -> &atomic_commitment::Ballot {
        &self.votes
    }

    /// An acceptor need not know the outcome.
    fn waits(state: &State) -> Vec<Waits> {
        let State::Participant(p) = state else {
            return Vec::new();
        };
        match p.phase {
            Phase::Open | Phase::Working { .. } => vec![TO_VOTE],
            Phase::Prepared => vec![OUTCOME],
            Phase::Decided(_) => Vec::new(),
        }
    }

    /// An acceptor decides nothing: it is not where a lone survivor would be.
    fn stage(_: Id, state: &State) -> Option<Stage> {
        let State::Participant(p) = state else {
            return None;
        };
        Some(match p.phase {
            Phase::Open | Phase::Working { .. } => Stage::Initial,
            Phase::Prepared | Phase::Decided(_) => Stage::Waiting,
        })
    }

    fn voters(params: &mut Params) -> (&mut u8, &mut Vec<PlannedVote>) {
        (&mut params.participants, &mut params.votes)
    }

    /// The acceptor that leads ballot 0.
    fn lead(&self) -> Id {
        self.acceptors.iter().next().expect("there are acceptors")
    }

    /// What the lead writes down is which votes it has accepted; with those of a majority that is the decision.
    fn occasion(&self, milestone: Milestone) -> Occasion {
        match milestone {
            Milestone::FirstVote => Occasion::Delivered("Vote"),
            Milestone::DecisionLogged => Occasion::Saved(1),
            Milestone::MidBroadcast => Occasion::Sent("Commit"),
        }
    }
}

const OUTCOME: Waits = Waits {
    rank: 0,
    one: "is prepared and does not know the outcome",
    several: "are prepared and do not know the outcome",
};

const TO_VOTE: Waits = Waits {
    rank: 1,
    one: "has not voted",
    several: "have not voted",
};

impl Consensus for PaxosCommit {
    type Value = Value;
    /// The participant whose vote it is.
    type Instance = Id;

    fn choices<'a>(
        &self,
        history: &'a History,
    ) -> impl Iterator<Item = (Id, &'a consensus::History<Value>)> {
        let choices = history.choices.iter();
        choices.map(|(instance, history)| (*instance, history))
    }

    fn about(&self, instance: Id) -> String {
        format!("in the instance of {} ", self.cluster().name(instance))
    }

    fn acceptors(&self, _: Id) -> NodeSet {
        self.acceptors
    }

    fn chooses(&self, _: Id, acceptors: NodeSet) -> bool {
        self.is_majority(acceptors)
    }

    fn accepted(storage: &Storage, instance: Id) -> Option<Proposal<Value>> {
        let Storage::Acceptor(record) = storage else {
            return None;
        };
        let ballot = record.accepted.ballot;
        let mut votes = record.accepted.votes.iter();
        let value = votes.find_map(|(id, value)| (id == instance).then_some(value))?;
        Some(Proposal { ballot, value })
    }
}

pub fn properties(protocol: &PaxosCommit) -> Vec<Property<PaxosCommit>> {
    let nothing_fails = [
        Assumption::NoLoss,
        Assumption::NoCut,
        NOBODY_FAILS,
        Assumption::Synchrony,
    ];
    let mut properties = vec![
        problem::atomicity(),
        problem::irrevocability(),
        problem::validity(),
        problem::commit_without_failures(nothing_fails),
    ];
    properties.extend(problem::commit_possible(protocol));
    // Nobody says that it has learned a value: what comes of it is a decision.
    let is_of_each = |p: &Property<_>| !["learning", "choice-possible"].contains(&p.name);
    properties.extend(Property::those(&choice(), &is_of_each));
    properties.push(Property::always(
        "decision-is-chosen",
        "Nobody commits unless all instances have chosen *prepared*; who voted so, or leads, aborts only \
         if one has chosen *aborted*.",
        "Gray & Lamport 2006, 4.2",
        Predicate::History(decision_is_chosen),
    ));
    let non_blocking = Property::never_blocked(
        "non-blocking",
        "While a majority of acceptors is up, every participant that is up can decide without waiting \
         for a repair.",
        "Gray & Lamport 2006, 1 and 4.2",
        Some(Predicate::World(majority_is_up)),
        Predicate::World(all_up_decided),
    );
    let (mut assumed, mut repaired) = (vec![Assumption::NoCut], vec![]);
    if !protocol.params.retransmit {
        // What was lost is not sent again, and those who come back are not asked again.
        assumed.extend([Assumption::NoLoss, Assumption::CrashStop]);
        repaired.extend([Assumption::NoCut, Assumption::NoLoss, NOBODY_FAILS]);
    }
    properties.push(non_blocking.assuming(assumed));
    properties.push(problem::recovers().assuming(repaired));
    properties
}

fn decision_is_chosen(protocol: &PaxosCommit, history: &History) -> Answer {
    let Some((_, outcomes)) = history.outcomes.transactions().next() else {
        return Ok(());
    };
    let cluster = protocol.cluster();
    let chosen = |id: &Id, value| {
        let instance = history.choices.get(id);
        instance.is_some_and(|instance| instance.is_chosen(protocol, *id, value))
    };
    let open = |id: &Id| !chosen(id, Value::Prepared);
    let open: NodeSet = protocol.participants().iter().filter(open).collect();
    let committed = outcomes.committed;
    Reason::unless(committed.is_empty() || open.is_empty(), committed, || {
        let (who, open) = (cluster.names(committed), cluster.names(open));
        format!("{who} committed, and *prepared* is not chosen in the instance of {open}")
    })?;
    // Who has not voted *prepared* may abort by itself.
    let alone = protocol.participants().minus(outcomes.voted_yes);
    let told = outcomes.aborted.minus(alone);
    let aborted = protocol.participants().iter();
    let is_aborted = aborted.filter(|id| chosen(id, Value::Aborted)).count() > 0;
    Reason::unless(told.is_empty() || is_aborted, told, || {
        format!(
            "{} aborted, and *aborted* is not chosen in any instance",
            cluster.names(told)
        )
    })
}

fn majority_is_up(protocol: &PaxosCommit, world: &dyn View<PaxosCommit>) -> Answer {
    let up = protocol.acceptors.intersection(world.up());
    let text = "no majority of acceptors is up";
    Reason::unless(protocol.is_majority(up), NodeSet::EMPTY, || text.to_owned())
}

/// Votes go to F + 1 acceptors, all of which have to be up and to accept them all: it is others' turn only
/// once somebody has waited too long.
pub fn successes(protocol: &PaxosCommit, known: bool) -> Successes<PaxosCommit> {
    let params = &protocol.params;
    let n = protocol.participants().len();
    let quick = protocol.quick();
    let asked = n - protocol.initiators().len();
    let form = |formula, likelihood: Likelihood| {
        let up = unanimous(&protocol.votes).and(Likelihood::take_part(quick));
        let accepted = up.and(Likelihood::arrive(asked + n * quick.len()));
        known.then_some(ClosedForm {
            formula,
            likelihood: accepted.and(likelihood),
        })
    };
    let told = quick.len();
    let all = if params.faster {
        let hears_all = Likelihood::arrive(told);
        vec![
            commit_decided(form(
                "Π y · a^(F + 1) · (1 − p)^(nF + 2n − 1) · (1 − (1 − (1 − p)^(F + 1))^n)",
                Likelihood::at_least(1, vec![hears_all; n]),
            )),
            everybody_commits(form(
                "Π y · a^(F + 1) · (1 − p)^(2nF + 3n − 1)",
                Likelihood::arrive(n * told),
            )),
        ]
    } else {
        // The leader tells itself, and then everybody.
        vec![
            commit_decided(form(
                "Π y · a^(F + 1) · (1 − p)^(nF + F + 2n − 1)",
                Likelihood::arrive(told - 1),
            )),
            everybody_commits(form(
                "Π y · a^(F + 1) · (1 − p)^(nF + F + 3n − 1)",
                Likelihood::arrive(told - 1 + n),
            )),
        ]
    };
    let timers = [
        params.prepare_timeout,
        params.vote_timeout,
        params.inquiry,
        params.retry,
    ];
    Successes {
        all,
        members: members(&protocol.votes),
        patience: TimerRange::soonest(timers),
    }
}
