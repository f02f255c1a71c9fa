//! Small instances of three-phase commit, explored in full; what it costs; and its traps, step by
//! step.

use super::super::atomic_commitment::PerTxn;
use super::*;
use crate::model::facts::Ledger;
use crate::model::{
    Command, Cut, Envelope, Event, Expectation, Limit, Predicate, Protocol, Rules, System, Time,
    Timing, View, World,
};
use crate::protocols::small_spaces::{ORDINARY, REPAIRS, Space, broken};

type Sys = System<ThreePhaseCommit>;
type W = World<ThreePhaseCommit>;

const ALL: [Termination; 3] = [
    Termination::Timeouts,
    Termination::Protocol,
    Termination::Quorum,
];

fn params(participants: u8, termination: Termination) -> Params {
    Params {
        participants,
        termination,
        ..Params::default()
    }
}

fn open(participants: u8, termination: Termination) -> Params {
    Params {
        votes: vec![PlannedVote::Open; usize::from(participants)],
        ..params(participants, termination)
    }
}

fn system(params: &Params, rules: impl FnOnce(&mut Rules, NodeSet)) -> Sys {
    let protocol = ThreePhaseCommit::new(params).expect("good parameters");
    let mut all = Rules::fault_free();
    all.timing = Timing::Accurate;
    rules(&mut all, protocol.cluster().all());
    System::new(protocol, all)
}

fn crashes(most: u32, recoveries: u32) -> impl FnOnce(&mut Rules, NodeSet) {
    move |rules, nodes| {
        rules.budgets.crashes = vec![(nodes, Limit::AtMost(most))];
        rules.budgets.recoveries = Limit::AtMost(recoveries);
    }
}

/// The properties that do not hold; that somebody waits for a repair beyond the budget says nothing.
fn broken_within_budget(system: &Sys) -> Vec<&'static str> {
    let budgets = &system.rules.budgets;
    let most = budgets.crashes.iter().map(|(_, limit)| *limit);
    let enough = most
        .into_iter()
        .all(|most| most.min(budgets.recoveries) == most);
    let mut broken = broken(system);
    broken.retain(|property| enough || *property != "recovers");
    broken
}

fn goal(system: &Sys, name: &str) -> Predicate<ThreePhaseCommit> {
    let mut properties = system.protocol.properties().into_iter();
    let property = properties.find(|p| p.name == name).expect("a property");
    property.expectation.goal().expect("it has a goal").clone()
}

fn id(i: usize) -> Id {
    Id::from(i)
}

fn timeout(i: usize, timer: Timer) -> Event<ThreePhaseCommit> {
    let id = id(i);
    Event::Timeout { id, timer }
}

fn deliver(src: usize, dst: usize, msg: Msg) -> Event<ThreePhaseCommit> {
    let (src, dst) = (id(src), id(dst));
    Event::Deliver(Envelope { src, dst, msg })
}

/// 5n messages; forced writes: 2 at the coordinator, 3 at each participant.
#[test]
fn the_happy_path_costs_one_round_trip_more_than_two_phase_commit() {
    for termination in ALL {
        for n in 1..=4 {
            let system = system(&params(n, termination), |_, _| {});
            let mut world = system.initial();
            let mut ledger = Ledger::new(&system);
            let mut step = |world: &mut W, event: &Event<ThreePhaseCommit>| {
                let effects = system.apply(world, event);
                ledger.note(Time::ZERO, event, &effects, world);
            };
            step(&mut world, &timeout(0, Timer::Begin(1)));
            let delivery = |e: &Event<_>| matches!(e, Event::Deliver(_));
            while let Some(e) = system.enabled(&mut world).events.into_iter().find(delivery) {
                step(&mut world, &e);
            }
            assert!(
                goal(&system, "recovers")
                    .ask(&system.protocol, &world)
                    .is_ok()
            );
            assert_eq!(ledger.costs.messages, 5 * u64::from(n));
            assert_eq!(ledger.costs.forced[0], 2);
            assert!(ledger.costs.forced[1..].iter().all(|f| *f == 3));
        }
    }
}

/// Each participant goes through three steps in each of two phases (asked, voted, counted; told,
/// acknowledged, counted) and two in the third. The last step of a phase is the first of the next.
#[test]
fn nothing_fails_and_everybody_commits() {
    for termination in [Termination::Timeouts, Termination::Protocol] {
        for n in 1..=4 {
            let system = system(&params(n, termination), |_, _| {});
            assert_eq!(broken(&system), [""; 0]);
            let space = Space::explore(&system).sound();
            let n = u32::from(n);
            assert_eq!(space.worlds.len(), 2 * 3usize.pow(n) + 2usize.pow(n) - 1);
        }
    }
}

/// Skeen 1981: no state may be adjacent to both decisions. Nobody commits while anybody is
/// uncertain, and nobody aborts while anybody is pre-committed.
#[test]
fn nobody_is_uncertain_when_somebody_commits() {
    for termination in [Termination::Timeouts, Termination::Protocol] {
        let system = system(&open(2, termination), |_, _| {});
        for world in &Space::explore(&system).sound().worlds {
            let phases = || {
                world
                    .ids()
                    .filter_map(|id| world.node(id).state().map(|s| s[1]))
            };
            let is = |local| move |phase| matches!(phase, Phase::Undecided(u) if u.local == local);
            let decided = |d| phases().any(|phase| phase == Phase::Decided(d));
            assert!(!(decided(Decision::Commit) && phases().any(is(Local::Waiting))));
            assert!(!(decided(Decision::Abort) && phases().any(is(Local::PreCommitted))));
        }
    }
}

#[test]
fn claims_hold_under_crashes_and_recoveries() {
    for (termination, most, recoveries) in [
        (Termination::Timeouts, 2, 1),
        (Termination::Protocol, 2, 1),
        (Termination::Quorum, 2, 0),
        (Termination::Quorum, 1, 1),
    ] {
        let system = system(&open(2, termination), crashes(most, recoveries));
        assert_eq!(broken_within_budget(&system), [""; 0], "{termination:?}");
    }
}

/// What accurate timing holds back must never be what everybody waits for.
#[test]
fn repairs_end_all_waiting() {
    let cut = |rules: &mut Rules, nodes: NodeSet| {
        let one = NodeSet::only(id(1));
        rules.cuts = vec![Cut::groups(nodes.len(), &[one, nodes.minus(one)])];
        rules.budgets.cuts = Limit::AtMost(1);
        rules.budgets.heals = Limit::AtMost(1);
        rules.links.copies = Limit::AtMost(1);
    };
    for termination in ALL {
        let cut = system(&params(2, termination), cut);
        let crash = system(&open(2, termination), crashes(1, 1));
        for system in [cut, crash] {
            let space = Space::explore(&system);
            let stuck = space.stuck(&system, &goal(&system, "recovers"), REPAIRS);
            assert!(stuck.is_empty(), "{termination:?}: {:#?}", stuck[0]);
        }
    }
}

/// Whoever is up decides, as long as anybody is: in every variant but for want of a quorum.
#[test]
fn crashes_never_block() {
    for termination in [Termination::Timeouts, Termination::Protocol] {
        let system = system(&open(2, termination), crashes(3, 0));
        let space = Space::explore(&system);
        let stuck = space.stuck(&system, &goal(&system, "non-blocking"), ORDINARY);
        assert!(stuck.is_empty(), "{termination:?}: {:#?}", stuck[0]);
    }
}

/// A site that has told the backup that it is uncertain does not move when the PRE-COMMIT of the
/// coordinator comes late; one that has not does.
#[test]
fn the_replaced_is_not_obeyed() {
    let system = system(&params(3, Termination::Protocol), |rules, _| {
        rules.timing = Timing::Asynchronous;
    });
    let mut world = system.initial();
    let mut play = |event| system.apply(&mut world, &event);
    play(timeout(0, Timer::Begin(1)));
    for p in 1..=3 {
        play(deliver(0, p, Msg::CanCommit(1)));
        play(deliver(p, 0, Msg::Yes(1)));
    }
    play(timeout(1, Timer::Silence(1)));
    play(deliver(1, 2, Msg::StateReq(1)));
    for p in [2, 3] {
        play(deliver(0, p, Msg::PreCommit(1)));
    }
    let local = |p: usize| match world.node(id(p)).state().expect("it is up")[1] {
        Phase::Undecided(u) => u.local,
        phase => panic!("{phase:?}"),
    };
    assert_eq!(
        [1, 2, 3].map(local),
        [Local::Waiting, Local::Waiting, Local::PreCommitted]
    );
}

/// P2 was pre-committed and died, unheard of by P3; P1, pre-committed, found both C and P2 dead and
/// told P3 of C only, and died; P3, waiting, died last, and had found P1 dead. To P2 and P3 alone
/// both of them may be the last, and they stand in different places: they must not commit, for P1
/// and P3 know that it was P3, and abort. So does everybody.
#[test]
fn all_who_may_have_failed_last_must_agree() {
    let protocol = ThreePhaseCommit::new(&params(3, Termination::Protocol)).expect("good");
    let stood = [
        (Local::PreCommitted, NodeSet::EMPTY),
        (Local::PreCommitted, [0, 2].map(id).into_iter().collect()),
        (Local::PreCommitted, NodeSet::EMPTY),
        (Local::Waiting, [0, 1].map(id).into_iter().collect()),
    ];
    let decision = |back: &[usize]| {
        let decisions: Vec<_> = back
            .iter()
            .map(|&own| {
                let others = || back.iter().copied().filter(|&other| other != own);
                let census = Census::default();
                let part = Part::Recovering {
                    census: others().fold(census, |all, i| all.with(id(i), stood[i].0)),
                    down: others().fold(NodeSet::EMPTY, |all, i| all.union(stood[i].1)),
                };
                let u = Undecided {
                    down: stood[own].1,
                    ..Undecided::new(stood[own].0, part)
                };
                let (mut phases, mut o) = (PerTxn::new(1), Out::default());
                protocol
                    .site(id(own), 1, &mut phases, &mut o)
                    .last_to_fail(&u)
            })
            .collect();
        assert!(decisions.iter().all(|d| *d == decisions[0]));
        decisions[0]
    };
    assert_eq!(decision(&[2, 3]), None);
    assert_eq!(decision(&[0, 2, 3]), None);
    assert_eq!(decision(&[1, 3]), Some(Decision::Abort));
    assert_eq!(decision(&[1, 2, 3]), Some(Decision::Abort));
    assert_eq!(decision(&[0, 1, 2, 3]), Some(Decision::Abort));
}

/// P1 was pre-committed and died first; P2 found it dead and died last. P2 alone is enough to end
/// the total failure, P1 alone is not; and where P1 stood does not count, for P2 may have decided
/// without it.
#[test]
fn only_those_count_who_failed_last() {
    let protocol = ThreePhaseCommit::new(&params(2, Termination::Protocol)).expect("good");
    let undecided = |local, down: &[usize]| Undecided {
        down: down.iter().map(|&i| id(i)).collect(),
        ..match Phase::restored(Log::Undecided {
            local,
            down: NodeSet::EMPTY,
        }) {
            Phase::Undecided(u) => u,
            phase => panic!("{phase:?}"),
        }
    };
    let decision = |at: usize, u: &Undecided| {
        let (mut phases, mut o) = (PerTxn::new(1), Out::default());
        protocol
            .site(id(at), 1, &mut phases, &mut o)
            .last_to_fail(u)
    };
    let first = undecided(Local::PreCommitted, &[]);
    let last = undecided(Local::Waiting, &[0, 1]);
    assert_eq!(decision(1, &first), None);
    assert_eq!(decision(2, &last), Some(Decision::Abort));
    let together = Undecided {
        part: Part::Recovering {
            census: Census::default().with(id(2), Local::Waiting),
            down: last.down,
        },
        ..first
    };
    assert_eq!(decision(1, &together), Some(Decision::Abort));
    // The same if it was pre-committed: then it commits alone.
    let pre_committed = undecided(Local::PreCommitted, &[0, 1]);
    assert_eq!(decision(2, &pre_committed), Some(Decision::Commit));
    // Two that took each other for dead know of nobody who failed last.
    let mutual = Undecided {
        down: [0, 2].map(id).into_iter().collect(),
        ..together
    };
    assert_eq!(decision(1, &mutual), None);

    // So P1 decides as soon as P2 tells it, and tells whoever asked it meanwhile.
    let (mut phases, mut o) = (PerTxn::new(1), Out::default());
    phases[1] = Phase::Undecided(Undecided {
        askers: NodeSet::only(id(0)),
        ..first
    });
    let mut site = protocol.site(id(1), 1, &mut phases, &mut o);
    site.hears(id(2), Msg::Recovered(1, Local::Waiting, last.down));
    assert_eq!(phases[1], Phase::Decided(Decision::Abort));
    let told = |command: &_| matches!(command, Command::Send(dst, Msg::Abort(1)) if *dst == id(0));
    assert!(o.commands().iter().any(told));
}

/// Skeen 1982: a backup that is pre-committed moves the others towards ABORT where only that has a
/// quorum, and stays where it is. (Of three participants one more that is uncertain would be enough
/// for COMMIT.)
#[test]
fn nobody_turns_back() {
    let protocol = ThreePhaseCommit::new(&params(4, Termination::Quorum)).expect("good");
    let census = Census::default()
        .with(id(2), Local::Waiting)
        .with(id(3), Local::PreAborted);
    let (mut phases, mut o) = (PerTxn::new(1), Out::default());
    let backup = Undecided::new(Local::PreCommitted, Part::Asking(census));
    phases[1] = Phase::Undecided(backup);
    let mut site = protocol.site(id(1), 1, &mut phases, &mut o);
    site.waits_no_longer(Timer::Silence(1));
    let part = Part::Moving {
        to: Local::PreAborted,
        moved: NodeSet::only(id(3)),
        missing: NodeSet::only(id(2)),
    };
    let still = Undecided::new(Local::PreCommitted, part);
    assert_eq!(phases[1], Phase::Undecided(still));
}

/// The smallest instance on which each mistake shows.
fn instance(bug: Mistake) -> Sys {
    let of = |n, votes: &[PlannedVote], retries| Params {
        votes: votes.to_vec(),
        retries,
        bug: Some(bug),
        ..params(n, Termination::Protocol)
    };
    let all_yes = of(2, &[], 0);
    match bug {
        Mistake::AllUncertainCommit => system(
            &of(2, &[PlannedVote::Yes, PlannedVote::No], 0),
            crashes(2, 0),
        ),
        Mistake::TimeoutsOnly => system(&all_yes, crashes(1, 0)),
        Mistake::RecoveredPreCommittedCommits => system(&all_yes, crashes(2, 1)),
        Mistake::RecoveredUncertainAborts => system(&all_yes, crashes(1, 1)),
        Mistake::FirstBackDecides => system(&all_yes, crashes(3, 1)),
        Mistake::FirstAckCommits => system(&of(2, &[], 1), |rules, nodes| {
            crashes(2, 0)(rules, nodes);
            rules.budgets.drops = Limit::AtMost(1);
        }),
        _ => system(&all_yes, crashes(2, 0)),
    }
}

/// One mistake needs what the papers rule out, a loss: there what counts is that without the mistake
/// the same instance is safe. (Another needs a start in the middle: see its scenario.)
#[test]
fn every_mistake_breaks_what_it_says() {
    for bug in ThreePhaseCommit::BUGS {
        let name = format!("{:?}", bug.name);
        let mistake: Mistake = serde_json::from_str(&name).expect("the name of a mistake");
        if mistake == Mistake::ObeysTheReplaced {
            continue;
        }
        let mistaken = instance(mistake);
        let broken: Vec<_> = match mistake {
            Mistake::FirstAckCommits => {
                let right = ThreePhaseCommit {
                    params: Params {
                        bug: None,
                        ..mistaken.protocol.params.clone()
                    },
                    ..(*mistaken.protocol).clone()
                };
                let right = System::new(right, mistaken.rules.clone());
                assert_eq!(unsafe_properties(&right), [""; 0], "without {name}");
                unsafe_properties(&mistaken)
            }
            _ => broken_within_budget(&mistaken),
        };
        let mut breaks = bug.breaks.to_vec();
        let mut broken = broken;
        breaks.sort_unstable();
        broken.sort_unstable();
        assert_eq!(broken, breaks, "{name}");
    }
}

/// The properties of safety without a premise that do not hold, whatever they assume.
fn unsafe_properties(system: &Sys) -> Vec<&'static str> {
    let space = Space::explore(system);
    let mut properties = system.protocol.properties();
    properties.retain(|property| match &property.expectation {
        Expectation::Always(predicate) if property.premise.is_empty() => space
            .worlds
            .iter()
            .any(|world| predicate.ask(&system.protocol, world).is_err()),
        _ => false,
    });
    properties.iter().map(|property| property.name).collect()
}

#[test]
fn parameters_that_make_no_system_are_refused() {
    let refused = |params: &Params| {
        ThreePhaseCommit::new(params)
            .expect_err("no system")
            .parameter
    };
    let quorum = |commit, abort| Params {
        commit_quorum: commit,
        abort_quorum: abort,
        ..params(3, Termination::Quorum)
    };
    assert_eq!(refused(&params(0, Termination::Protocol)), "participants");
    assert_eq!(refused(&params(9, Termination::Protocol)), "participants");
    assert_eq!(refused(&quorum(Some(4), None)), "commit-quorum");
    assert_eq!(refused(&quorum(Some(0), None)), "commit-quorum");
    assert_eq!(refused(&quorum(Some(2), Some(1))), "abort-quorum");
    assert!(ThreePhaseCommit::new(&quorum(Some(3), Some(1))).is_ok());
    assert!(ThreePhaseCommit::new(&quorum(Some(3), None)).is_ok());
    let elsewhere = Params {
        termination: Termination::Protocol,
        ..quorum(Some(2), None)
    };
    assert_eq!(refused(&elsewhere), "commit-quorum");
    let few_votes = Params {
        votes: vec![PlannedVote::Yes],
        ..Params::default()
    };
    assert_eq!(refused(&few_votes), "votes");
    let many = Params {
        retries: 4,
        ..Params::default()
    };
    assert_eq!(refused(&many), "retries");
    for mistake in [
        Mistake::TimeoutsOnly,
        Mistake::FirstBackDecides,
        Mistake::MissingAckAborts,
    ] {
        let pointless = Params {
            bug: Some(mistake),
            ..params(3, Termination::Quorum)
        };
        assert_eq!(refused(&pointless), "bug");
    }
    let unknown = serde_json::from_str::<Params>(r#"{"bug": "colour"}"#).expect_err("unknown");
    for bug in ThreePhaseCommit::BUGS {
        assert!(unknown.to_string().contains(bug.name), "{unknown}");
    }
}
