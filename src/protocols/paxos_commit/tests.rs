//! What Paxos Commit costs, and that without acceptors to spare it is two-phase commit. (Whole instances, also with
//! each mistake, are explored by the shipped scenarios.)

use std::collections::BTreeSet;

use super::*;
use crate::model::facts::Ledger;
use crate::model::{
    Event, Limit, Link, Predicate, Protocol, Reason, Rules, System, Time, Timing, View, World,
};
use crate::protocols::atomic_commitment::coordinator;
use crate::protocols::small_spaces::{ORDINARY, Space};
use crate::protocols::two_phase_commit::{self, TwoPhaseCommit};

fn params(participants: u8, faults: u8) -> Params {
    Params {
        participants,
        faults,
        ..Params::default()
    }
}

fn paxos_commit(params: &Params) -> PaxosCommit {
    PaxosCommit::new(params).expect("good parameters")
}

/// What a run without failures costs: messages, delays until the last participant knows, forced writes.
fn cost(params: &Params) -> (u64, u32, u32) {
    let system = System::new(paxos_commit(params), Rules::fault_free());
    let mut world: World<PaxosCommit> = system.initial();
    let mut ledger = Ledger::new(&system);
    let mut step = |world: &mut World<PaxosCommit>, event: &Event<PaxosCommit>| {
        let effects = system.apply(world, event);
        ledger.note(Time::ZERO, event, &effects, world);
    };
    let begin = Event::Timeout {
        id: Id::from(0),
        timer: Timer::Begin,
    };
    step(&mut world, &begin);
    loop {
        let events = system.enabled(&mut world).events;
        let is_delivery = |e: &Event<_>| matches!(e, Event::Deliver(_));
        let Some(event) = events.into_iter().find(is_delivery) else {
            break;
        };
        step(&mut world, &event);
    }
    let committed = |id: Id| match world.node(id).state() {
        Some(State::Participant(p)) => p.phase == Phase::Decided(Decision::Commit),
        _ => false,
    };
    assert!(system.protocol.participants().iter().all(committed));
    let costs = &ledger.costs;
    (costs.messages, costs.delays, costs.forced.iter().sum())
}

/// The table of GL, 5, without co-location: and of two-phase commit, which is the case F = 0.
#[test]
fn it_costs_what_the_paper_says() {
    for n in 2..=5 {
        for f in 0..=3 {
            let (messages, faster) = (n * f + f + 3 * n - 1, 2 * n * f + 3 * n - 1);
            let delays = if f == 0 { 4 } else { 5 };
            let forced = n + f + 1;
            let small = |n: u32| u8::try_from(n).expect("few");
            let params = params(small(n), small(f));
            assert_eq!(cost(&params), (messages.into(), delays, forced), "{n}, {f}");
            let quick = Params {
                faster: true,
                ..params
            };
            assert_eq!(cost(&quick), (faster.into(), 4, forced), "{n}, {f}, faster");
        }
    }
}

/// Where everybody stands, with the acceptor left out: the participants, which are alike; whether the coordinator is
/// up, and what it has decided.
type Standing = (Vec<String>, bool, Option<Decision>);

/// What can be reached where only the coordinator may crash, and come back; and where somebody is blocked, when all
/// that was under way has arrived. The coordinator has decided what it says, or what its record stands for.
fn standings<P>(
    protocol: P,
    coordinator: Id,
    timing: Timing,
    all_decided: &Predicate<P>,
    recorded: impl Fn(&P, &P::Storage) -> Option<Decision>,
) -> [BTreeSet<Standing>; 2]
where
    P: Protocol<History: AsRef<atomic_commitment::History>>,
{
    let mut rules = Rules::fault_free();
    rules.timing = timing;
    rules.links.copies = Limit::AtMost(1);
    rules.budgets.crashes = vec![(NodeSet::only(coordinator), Limit::AtMost(1))];
    rules.budgets.recoveries = Limit::AtMost(1);
    let system = System::new(protocol, rules);
    let space = Space::explore(&system).sound();
    let is_quiet = |world: &World<P>| {
        let links = system.cluster.ids().flat_map(|src| {
            let up = world.up().iter();
            up.map(move |dst| Link::new(src, dst)).collect::<Vec<_>>()
        });
        links.into_iter().all(|link| world.is_silent(link))
    };
    let decided = |world: &World<P>| {
        let history = world.history().as_ref();
        let said = history.transactions().find_map(|(_, outcomes)| {
            let of = |set: NodeSet, decision| set.contains(coordinator).then_some(decision);
            let commit = of(outcomes.committed, Decision::Commit);
            commit.or(of(outcomes.aborted, Decision::Abort))
        });
        let record = world.node(coordinator).storage();
        said.or_else(|| recorded(&system.protocol, record?))
    };
    let standing = |world: &World<P>| {
        let others = system.cluster.ids().filter(|id| *id != coordinator);
        let states = others.map(|id| system.protocol.status(world.node(id)));
        let mut states: Vec<String> = states.collect();
        states.sort();
        (states, world.node(coordinator).is_up(), decided(world))
    };
    let blocked = space.stuck(&system, all_decided, ORDINARY).into_iter();
    let blocked = blocked.filter(|world| is_quiet(world)).map(standing);
    [
        space.worlds.iter().map(standing).collect(),
        blocked.collect(),
    ]
}

/// GL, 5: two-phase commit is what is left of Paxos Commit with one acceptor, which leads as well.
#[test]
fn with_one_acceptor_it_is_two_phase_commit() {
    for timing in [Timing::Accurate, Timing::Asynchronous] {
        let (theirs, ours) = (two_phase_commits(timing), with_one_acceptor(timing));
        for (theirs, ours) in theirs.iter().zip(&ours) {
            let only_ours: Vec<_> = ours.difference(theirs).collect();
            let only_theirs: Vec<_> = theirs.difference(ours).collect();
            assert!(
                only_ours.is_empty() && only_theirs.is_empty(),
                "{timing}: {only_ours:#?}, or {only_theirs:#?}"
            );
        }
        let [reached, blocked] = ours.map(|set| set.len());
        assert!(blocked > 0 && reached > blocked, "{reached}, {blocked}");
    }
}

fn two_phase_commits(timing: Timing) -> [BTreeSet<Standing>; 2] {
    use two_phase_commit::{CoordinatorRecord, Participant, State, Storage};
    let params = two_phase_commit::Params {
        participants: 2,
        votes: vec![PlannedVote::Open; 2],
        ..two_phase_commit::Params::default()
    };
    let protocol = TwoPhaseCommit::new(&params).expect("good parameters");
    let all_decided = Predicate::World(|_: &TwoPhaseCommit, world: &dyn View<_>| {
        all(world, |state| match state {
            State::Participant(p) => {
                let phase = p.phase[TXN];
                matches!(phase, Participant::Committed | Participant::Aborted)
            }
            State::Coordinator(_) => true,
        })
    });
    standings(
        protocol,
        coordinator(),
        timing,
        &all_decided,
        |_, storage| {
            let is_commit = matches!(storage, Storage::Coordinator(log) if log[TXN] == CoordinatorRecord::Commit);
            is_commit.then_some(Decision::Commit)
        },
    )
}

fn with_one_acceptor(timing: Timing) -> [BTreeSet<Standing>; 2] {
    let params = Params {
        votes: vec![PlannedVote::Open; 2],
        initiators: 2,
        ..params(2, 0)
    };
    let protocol = paxos_commit(&params);
    let all_decided = Predicate::World(|_: &PaxosCommit, world: &dyn View<_>| {
        all(world, |state| match state {
            State::Participant(p) => matches!(p.phase, Phase::Decided(_)),
            State::Acceptor(_) => true,
        })
    });
    let leader = protocol.first_leader();
    standings(
        protocol,
        leader,
        timing,
        &all_decided,
        |protocol, storage| {
            let Storage::Acceptor(record) = storage else {
                return None;
            };
            let outcome = record.accepted.votes.outcome(protocol.participants());
            outcome.filter(|decision| *decision == Decision::Commit)
        },
    )
}

/// Whether it is true of all that are up.
fn all<P: Protocol>(
    world: &dyn View<P>,
    is_done: impl Fn(&P::State) -> bool,
) -> crate::model::Answer {
    let mut states = world.up().iter().filter_map(|id| world.node(id).state());
    let done = states.all(is_done);
    Reason::unless(done, NodeSet::EMPTY, || "not yet".to_owned())
}

#[test]
fn ballots_are_the_leaders_own() {
    let protocol = paxos_commit(&params(2, 1));
    let mut seen = Vec::new();
    for id in protocol.acceptors.iter() {
        let mut ballot = Ballot::default();
        for _ in 0..4 {
            ballot = protocol.ballot_above(ballot, id);
            assert_eq!(protocol.leader_of(ballot), id);
            seen.push(ballot.0);
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=12).collect::<Vec<_>>());
}

#[test]
fn parameters_that_make_no_system_are_refused() {
    let refused = |params: &Params| PaxosCommit::new(params).expect_err("no system").parameter;
    assert_eq!(refused(&params(0, 1)), "participants");
    assert_eq!(refused(&params(2, 4)), "faults");
    let with = |change: fn(&mut Params)| {
        let mut params = params(1, 0);
        change(&mut params);
        params
    };
    assert_eq!(refused(&with(|p| p.initiators = 2)), "initiators");
    assert_eq!(
        refused(&with(|p| p.votes = vec![PlannedVote::No; 2])),
        "votes"
    );
    for bug in [
        Mistake::CountsAcrossBallots,
        Mistake::CountsOldPromises,
        Mistake::KeepsTheOutcome,
        Mistake::PromiseInMemory,
        Mistake::SharedBallots,
        Mistake::WaitsForAll,
        Mistake::CommitsUnprepared,
    ] {
        let mut params = params(1, 0);
        params.bug = Some(bug);
        assert_eq!(refused(&params), "bug");
    }
    assert!(PaxosCommit::new(&params(8, 3)).is_ok());
}
