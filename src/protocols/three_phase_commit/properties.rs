//! What must be true of three-phase commit: the atomic commitment problem (BHG 7.3: AC1 to AC5),
//! and that it does not block (BHG 7.5). What each variant assumes for it is the lesson.

use super::{
    Decision, Local, Params, Part, Phase, PlannedVote, State, Termination, ThreePhaseCommit,
};
use crate::model::{
    Answer, Assumption, ClosedForm, Id, Likelihood, Link, NodeSet, Predicate, Property, Reason,
    Success, Successes, TimerRange, View,
};
use crate::protocols::atomic_commitment::properties::{
    self as problem, NOBODY_FAILS, Stage, Waits, all_up_decided, these_decided,
};
use crate::protocols::atomic_commitment::successes::{
    commit_decided, everybody_commits, members, unanimous,
};
use crate::protocols::atomic_commitment::{
    AtomicCommitment, Ballot, Milestone, Occasion, coordinator,
};

impl AtomicCommitment for ThreePhaseCommit {
    fn ballot(&self) -> &Ballot {
        &self.ballot
    }

    fn waits(state: &State) -> Vec<Waits> {
        state.gather(|phase| match phase {
            Phase::Initial | Phase::Collecting { .. } => Some(VOTES),
            Phase::Open | Phase::Working { .. } => Some(CAN_COMMIT),
            Phase::Undecided(u) => match (u.part, u.local) {
                (Part::Recovering { .. }, _) => Some(OTHERS),
                (_, Local::Waiting) => Some(PRE_COMMIT),
                (_, Local::PreCommitted | Local::PreAborted) => Some(OUTCOME),
            },
            Phase::Decided(_) => None,
        })
    }

    fn stage(_: Id, state: &State) -> Option<Stage> {
        Some(match state[1] {
            Phase::Initial | Phase::Open | Phase::Working { .. } => Stage::Initial,
            Phase::Undecided(u) if u.local == Local::PreCommitted => Stage::Prepared,
            _ => Stage::Waiting,
        })
    }

    fn voters(params: &mut Params) -> (&mut u8, &mut Vec<PlannedVote>) {
        (&mut params.participants, &mut params.votes)
    }

    fn occasion(&self, milestone: Milestone) -> Occasion {
        match milestone {
            Milestone::FirstVote => Occasion::Delivered("Yes"),
            Milestone::DecisionLogged => Occasion::Saved(2),
            Milestone::MidBroadcast => Occasion::Sent("Commit"),
        }
    }
}

const VOTES: Waits = Waits {
    rank: 0,
    one: "has not begun, or not counted the votes",
    several: "have not begun, or not counted the votes",
};

const CAN_COMMIT: Waits = Waits {
    rank: 1,
    one: "has not voted",
    several: "have not voted",
};

const PRE_COMMIT: Waits = Waits {
    rank: 2,
    one: "has voted yes and not decided",
    several: "have voted yes and not decided",
};

const OUTCOME: Waits = Waits {
    rank: 3,
    one: "has pre-committed or pre-aborted, and not decided",
    several: "have pre-committed or pre-aborted, and not decided",
};

const OTHERS: Waits = Waits {
    rank: 4,
    one: "has come back undecided",
    several: "have come back undecided",
};

pub fn properties(protocol: &ThreePhaseCommit) -> Vec<Property<ThreePhaseCommit>> {
    let mut properties = vec![
        Property {
            citation: "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC1; 7.5",
            ..problem::atomicity()
        }
        .assuming(assumed_for_atomicity(protocol)),
        problem::irrevocability(),
        problem::validity(),
        problem::commit_without_failures([&[NOBODY_FAILS], RELIABLE.as_slice()].concat()),
    ];
    properties.extend(problem::commit_possible(protocol));
    if protocol.has_quorums() {
        properties.extend(quorum_non_blocking());
    } else {
        properties.push(
            problem::non_blocking("Skeen 1981; Bernstein, Hadzilacos & Goodman 1987, 7.5")
                .assuming([RELIABLE.as_slice(), &[no_total_failure(protocol)]].concat()),
        );
    }
    properties.push(recovers(protocol));
    if protocol.has_quorums() && !protocol.quorums_are_complementary() {
        // Then all may be up and connected, and undecided for ever.
        properties.retain(|property| property.expectation.goal().is_none());
    }
    properties
}

/// The network of the papers: it delivers, and whoever is silent has failed.
const RELIABLE: [Assumption; 3] = [Assumption::NoLoss, Assumption::NoCut, Assumption::Synchrony];

fn assumed_for_atomicity(protocol: &ThreePhaseCommit) -> Vec<Assumption> {
    match protocol.params.termination {
        // Each for itself: one failure, and they may know different things.
        Termination::Timeouts => [&[NOBODY_FAILS], RELIABLE.as_slice()].concat(),
        Termination::Protocol => RELIABLE.to_vec(),
        Termination::Quorum => vec![],
    }
}

/// Somebody never fails. In Skeen's sense total failure does not mean that all are down at the
/// same time: one that came back takes no part, and does not stand in for those who stayed.
fn no_total_failure(protocol: &ThreePhaseCommit) -> Assumption {
    Assumption::MaxCrashes {
        crashes: u32::from(protocol.params.participants),
        role: None,
    }
}

fn recovers(protocol: &ThreePhaseCommit) -> Property<ThreePhaseCommit> {
    let recovers = problem::recovers();
    match protocol.params.termination {
        // Who comes back asks those who decided, and somebody has to have.
        Termination::Timeouts => recovers.assuming([no_total_failure(protocol)]),
        Termination::Protocol => Property {
            citation: "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC5; Skeen 1985 (last to fail)",
            ..recovers
        }
        .assuming(RELIABLE),
        Termination::Quorum => recovers,
    }
}

/// What quorums promise: those decide who are connected with enough others.
fn quorum_non_blocking() -> [Property<ThreePhaseCommit>; 2] {
    [
        Property::never_blocked(
            "non-blocking",
            "While a quorum of participants is up, every node that is up can decide without \
             waiting for a repair.",
            "Skeen 1982",
            Some(Predicate::World(a_quorum_is_up)),
            Predicate::World(all_up_decided),
        )
        // One that comes back may have been moved the other way.
        .assuming([RELIABLE.as_slice(), &[Assumption::CrashStop]].concat()),
        Property::never_blocked(
            "non-blocking-after-a-cut",
            "The side of one cut that has a quorum can decide without waiting for a repair.",
            "Skeen 1982; Keidar & Dolev 1998 (why only one)",
            None,
            Predicate::World(quorums_decided),
        )
        .assuming([
            Assumption::NoLoss,
            Assumption::MaxCuts { cuts: 1 },
            NOBODY_FAILS,
            Assumption::Synchrony,
        ]),
    ]
}

/// Whether these are enough for either decision. The coordinator does not count.
fn is_quorum(protocol: &ThreePhaseCommit, group: NodeSet) -> bool {
    let params = &protocol.params;
    let quorum = params.commit_quorum().max(params.abort_quorum());
    group.intersection(protocol.participants()).len() >= quorum
}

fn a_quorum_is_up(protocol: &ThreePhaseCommit, world: &dyn View<ThreePhaseCommit>) -> Answer {
    if is_quorum(protocol, world.up()) {
        return Ok(());
    }
    let text = "there are too few participants up for a quorum";
    Err(Reason::new(NodeSet::EMPTY, text))
}

fn quorums_decided(protocol: &ThreePhaseCommit, world: &dyn View<ThreePhaseCommit>) -> Answer {
    let groups = world.up().iter().filter_map(|id| side_of(world, id));
    let within = groups
        .filter(|group| is_quorum(protocol, *group))
        .fold(NodeSet::EMPTY, NodeSet::union);
    these_decided(protocol, world, within)
}

/// Those with whom a node is connected, if they are all connected with each other, both ways, and
/// with nobody else, either way. (Whoever has a link across a cut, even in one direction, is on no
/// side.)
fn side_of(world: &dyn View<ThreePhaseCommit>, id: Id) -> Option<NodeSet> {
    let cut = |a, b| world.globals().is_cut(Link::new(a, b));
    let connected = |a, b| !cut(a, b) && !cut(b, a);
    let separated = |a, b| cut(a, b) && cut(b, a);
    let up = world.up();
    let side: NodeSet = up.iter().filter(|&peer| connected(id, peer)).collect();
    let outside = up.minus(side);
    let is_whole =
        |a| side.iter().all(|b| connected(a, b)) && outside.iter().all(|b| separated(a, b));
    side.iter().all(is_whole).then_some(side)
}

/// CAN-COMMIT and YES, PRE-COMMIT and ACK, and COMMIT have to arrive, each for everybody. (With quorums
/// fewer acknowledgements are enough, and who takes part in which depends on time.)
pub fn successes(protocol: &ThreePhaseCommit, known: bool) -> Successes<ThreePhaseCommit> {
    let params = &protocol.params;
    let known = known && params.transactions == 1 && params.termination != Termination::Quorum;
    let n = protocol.ballot.participants.len();
    let form = |formula, messages| {
        let up = Likelihood::TakesPart(coordinator());
        let unanimous = unanimous(&protocol.ballot).and(up);
        let likelihood = unanimous.and(Likelihood::arrive(messages));
        known.then_some(ClosedForm {
            formula,
            likelihood,
        })
    };
    let pre_committed = Success {
        name: "pre-committed",
        about: "The coordinator knows that everybody has voted YES.",
        is_wanted: true,
        reached: Predicate::World(is_pre_committed),
        closed_form: form("Π y · (1 − p)^2n", 2 * n),
    };
    let timers = [
        params.vote_timeout,
        params.can_commit_timeout,
        params.answer_timeout,
        params.coordinator_timeout,
        params.inquiry,
    ];
    Successes {
        all: vec![
            pre_committed,
            commit_decided(form("Π y · (1 − p)^4n", 4 * n)),
            everybody_commits(form("Π y · (1 − p)^5n", 5 * n)),
        ],
        members: members(&protocol.ballot),
        patience: TimerRange::soonest(timers),
    }
}

fn is_pre_committed(_: &ThreePhaseCommit, world: &dyn View<ThreePhaseCommit>) -> Answer {
    let state = world.state(coordinator());
    let knows = state.is_some_and(|state| {
        matches!(state[1], Phase::Decided(Decision::Commit))
            || ThreePhaseCommit::stage(coordinator(), state) == Some(Stage::Prepared)
    });
    let c = NodeSet::only(coordinator());
    Reason::unless(knows, c, || "the coordinator waits for votes".to_owned())
}
