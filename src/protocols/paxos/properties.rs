//! What must be true of Paxos (PMS, 2.1 to 2.5).

use std::iter;

use super::{History, Learner, Paxos, Proposal, State, Storage, Value};
use crate::model::{
    Answer, ClosedForm, Id, Likelihood, Link, NodeSet, Predicate, Property, Reason, Success,
    Successes, TimerRange, View,
};
use crate::protocols::consensus::Consensus;
use crate::protocols::consensus::properties::{choice, choice_possible, have};

impl Consensus for Paxos {
    type Value = Value;
    type Instance = ();

    fn choices<'a>(&self, history: &'a History) -> impl Iterator<Item = ((), &'a History)> {
        iter::once(((), history))
    }

    fn about(&self, (): ()) -> String {
        String::new()
    }

    fn acceptors(&self, (): ()) -> NodeSet {
        self.acceptors
    }

    fn chooses(&self, (): (), acceptors: NodeSet) -> bool {
        self.is_majority(acceptors)
    }

    fn accepted(storage: &Storage, (): ()) -> Option<Proposal> {
        match storage {
            Storage::Acceptor(a) => a.accepted,
            Storage::Proposer(_) | Storage::Learner(_) => None,
        }
    }
}

pub fn properties(paxos: &Paxos) -> Vec<Property<Paxos>> {
    let mut properties = choice();
    properties.extend([
        Property::never_blocked(
            "progress",
            "While a majority of acceptors, a proposer and a learner are up and connected, it stays \
             possible that a value is chosen and learned.",
            "Lamport 2001, 2.4",
            Some(Predicate::World(enough_is_up)),
            Predicate::World(learned_by_one),
        ),
        Property::recovers(
            "recovers",
            "Once all failures are repaired, it stays possible that every learner learns.",
            "Lamport 2001, 2.3 and 2.4",
            Predicate::World(learned_by_all),
        ),
    ]);
    if paxos.learners.is_empty() {
        // Then nobody learns anything.
        properties.retain(|property| property.name != "learning");
    }
    properties
}

/// Among m acceptors that are up, a majority has to answer PREPARE, and then a majority, which need not be
/// the same, to get ACCEPT. (Several proposers get in each other's way, and several learners hear of the same
/// acceptances.)
pub fn successes(paxos: &Paxos, known: bool) -> Successes<Paxos> {
    let params = &paxos.params;
    let quorum = paxos.acceptors.len() / 2 + 1;
    let form = |formula, learners: NodeSet, accepted: usize| {
        let of: Vec<Likelihood> = paxos.acceptors.iter().map(Likelihood::TakesPart).collect();
        let majority = |m, messages| {
            let answers = vec![Likelihood::arrive(messages); m];
            Likelihood::at_least(quorum, answers)
        };
        let both = |m| majority(m, 2).and(majority(m, accepted));
        let then = (0..=of.len()).map(both).collect();
        let up = Likelihood::take_part(paxos.proposers.union(learners));
        ClosedForm {
            formula,
            likelihood: up.and(Likelihood::ByNumber { of, then }),
        }
    };
    let known = known && params.proposers == 1;
    let chosen = form(
        "Σ b(N, a; m) · B(m, s; Q) · B(m, 1 − p; Q)",
        NodeSet::EMPTY,
        1,
    );
    let mut all = vec![Success {
        name: "chosen",
        about: "A value is chosen, whoever knows it.",
        is_wanted: true,
        reached: Predicate::History(|paxos, history| choice_possible(paxos, (), history)),
        closed_form: known.then_some(chosen),
    }];
    if !paxos.learners.is_empty() {
        let learned = form("Σ b(N, a; m) · B(m, s; Q)²", paxos.learners, 2);
        let known = known && params.learners == 1;
        all.push(Success {
            name: "learned",
            about: "Every learner knows the value that is chosen.",
            is_wanted: true,
            reached: Predicate::World(learned_by_all),
            closed_form: known.then_some(learned),
        });
    }
    let heard = |id| Likelihood::TakesPart(id).and(Likelihood::arrive(2));
    Successes {
        all,
        members: paxos.acceptors.iter().map(heard).collect(),
        patience: TimerRange::soonest([params.retry]),
    }
}

/// The condition of progress: some proposer and some learner are up, and in reach of a majority
/// of acceptors that are up.
fn enough_is_up(paxos: &Paxos, world: &dyn View<Paxos>) -> Answer {
    let up = world.up();
    let open = |src: Id, dst: Id| !world.globals().is_cut(Link::new(src, dst));
    let suffices = |proposer: Id, learner: Option<Id>| {
        let serves = |a: &Id| {
            let heard = learner.is_none_or(|learner| open(*a, learner));
            heard && open(proposer, *a) && open(*a, proposer)
        };
        let acceptors = paxos.acceptors.intersection(up);
        paxos.is_majority(acceptors.iter().filter(serves).collect())
    };
    let learners = paxos.learners.intersection(up).iter().map(Some);
    let nobody = paxos.learners.is_empty().then_some(None);
    let learners: Vec<Option<Id>> = learners.chain(nobody).collect();
    let mut proposers = paxos.proposers.intersection(up).iter();
    let enough = proposers.any(|p| learners.iter().any(|l| suffices(p, *l)));
    let text = "no proposer and learner are up and connected to a majority of acceptors";
    Reason::unless(enough, NodeSet::EMPTY, || text.to_owned())
}

/// The goal of progress.
fn learned_by_one(paxos: &Paxos, world: &dyn View<Paxos>) -> Answer {
    let up = paxos.learners.intersection(world.up());
    learned(paxos, world, |ignorant| !up.is_subset(ignorant))
}

fn learned_by_all(paxos: &Paxos, world: &dyn View<Paxos>) -> Answer {
    learned(paxos, world, NodeSet::is_empty)
}

/// Whether it is enough that just these learners have not learned, or are down. Without learners it is
/// enough that a value is chosen.
fn learned(
    paxos: &Paxos,
    world: &dyn View<Paxos>,
    is_enough: impl FnOnce(NodeSet) -> bool,
) -> Answer {
    if paxos.learners.is_empty() {
        return choice_possible(paxos, (), world.history());
    }
    let knows = |id: Id| {
        let state = world.state(id);
        matches!(state, Some(State::Learner(Learner::Learned(_))))
    };
    let ignorant: NodeSet = paxos.learners.iter().filter(|id| !knows(*id)).collect();
    Reason::unless(is_enough(ignorant), ignorant, || {
        let who = have(paxos, ignorant);
        match world.history().chosen(paxos, ()).next() {
            Some((p, _)) => format!("{who} not learned that {:?} is chosen", p.value),
            None => format!("{who} learned nothing, for nothing is chosen"),
        }
    })
}
