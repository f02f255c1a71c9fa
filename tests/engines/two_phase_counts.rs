//! `TwoPhase` of Gray and Lamport, written as actors over a network that never forgets, has
//! exactly the states of the specification: their published numbers, and one for one.

use std::collections::BTreeSet;

use crate::common::two_phase::{MANAGER, Msg, Params, Rm, State, Tm, TwoPhase, actor_model};
use crate::common::two_phase_spec::{Messages, Spec, Variables};
use crate::common::{plainly, searched, successors};
use jury::check::fast::Tuning;
use jury::check::{Explored, Finding, Limits, Patient, Progress};
use jury::model::{Event, Id, Limit, Link, Protocol, Rules, System, View, World};
use jury::scenario::Scenario;
use jury::testbed::{Case, CheckOptions, Testbed};
use stateright::{Checker, Model, StateRecorder};

/// As a scenario asks for it.
const SCENARIO: &str = r#"{
    "jury": 1,
    "about": "Every message ever sent can be received, at any time and any number of times.",
    "protocol": "two-phase",
    "params": { "rms": 3 },
    "check": { "faults": { "duplicates": "unlimited" } },
    "expect": { "check": {
        "consistent": "holds", "all-commit": "reached", "all-abort": "reached"
    } }
}"#;

fn testbed() -> Testbed {
    let scenario = Scenario::parse(SCENARIO, "two-phase.json").expect("a scenario");
    Testbed::new::<TwoPhase>(&scenario).expect("a scenario for this protocol")
}

/// The scenario's rules for so many resource managers.
fn system(rms: u8) -> System<TwoPhase> {
    let scenario = testbed().check_system().expect("it has a check");
    System::new(TwoPhase::new(&Params { rms }).unwrap(), scenario.rules)
}

fn quickly(system: &System<TwoPhase>) -> Explored<Event<TwoPhase>> {
    let properties = system.protocol.properties();
    let (start, limits) = (system.initial(), Limits::default());
    let tuning = Tuning::unreduced();
    searched(system, &start, &properties, &limits, tuning, &mut Patient)
}

/// What no engine may get wrong: nothing left out, nothing violated, both outcomes possible.
fn assert_judged(explored: &Explored<Event<TwoPhase>>) {
    assert_eq!(explored.account.stopped, None);
    assert!(explored.account.withheld.is_empty() && !explored.account.absorbed);
    let [consistent, commit, abort] = &explored.findings[..] else {
        panic!("three properties");
    };
    assert!(matches!(consistent, Finding::Nothing));
    assert!(matches!(commit, Finding::Met { .. }));
    assert!(matches!(abort, Finding::Met { .. }));
}

/// The states of `TwoPhase` with 3, 4, … resource managers, as TLC counts them.
const STATES: [(u8, u64); 6] = [
    (3, 288),
    (4, 1_568),
    (5, 8_832),
    (6, 50_816),
    (7, 296_448),
    (8, 1_745_408),
];

#[test]
fn the_plain_engine_counts_the_published_numbers() {
    for (rms, states) in &STATES[..3] {
        let system = system(*rms);
        let explored = plainly(&system, &system.protocol.properties(), Limits::default());
        assert_eq!(
            explored.account.progress.distinct, *states,
            "{rms} resource managers"
        );
        assert_judged(&explored);
    }
}

#[test]
fn the_fast_engine_counts_the_published_numbers() {
    for (rms, states) in &STATES {
        let explored = quickly(&system(*rms));
        assert_eq!(
            explored.account.progress.distinct, *states,
            "{rms} resource managers"
        );
        assert_judged(&explored);
    }
}

#[test]
fn both_engines_agree_on_all_numbers() {
    let system = system(4);
    let plain = plainly(&system, &system.protocol.properties(), Limits::default());
    let fast = quickly(&system);
    let bytes = plain.account.progress.bytes;
    assert_eq!(
        plain.account.progress,
        Progress {
            bytes,
            ..fast.account.progress
        }
    );
}

#[test]
fn the_scenario_is_judged_as_it_expects() {
    let report = testbed()
        .check(&CheckOptions::default(), None, &mut Patient)
        .unwrap();
    let verdicts: Vec<_> = report
        .properties
        .iter()
        .map(|p| (p.property.as_str(), p.verdict.word()))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("consistent", "holds"),
            ("all-commit", "reached"),
            ("all-abort", "reached"),
        ]
    );
}

/// A world in the variables of the specification.
///
/// What else there is in it follows from them, and is looked at here: who can have sent what to
/// whom, that an outcome lies on all of the manager's links, and which timers are armed.
fn variables(system: &System<TwoPhase>, world: &World<TwoPhase>) -> Variables {
    let rms = system.protocol.rms;
    let manager = Id::from(MANAGER);
    let Some(&State::Manager { tm, prepared }) = world.node(manager).state() else {
        panic!("the manager is up");
    };
    let mut msgs = Messages::default();
    for rm in rms.iter() {
        let to_manager: Vec<_> = world.channel(Link::new(rm, manager)).iter().collect();
        match to_manager[..] {
            [] => {}
            [Msg::Prepared(of)] if *of == rm => msgs.prepared.insert(rm),
            _ => panic!("not sent by {rm:?}: {to_manager:?}"),
        }
    }
    let outcomes = |rm| {
        world
            .channel(Link::new(manager, rm))
            .iter()
            .collect::<Vec<_>>()
    };
    let outcome = outcomes(Id::from(MANAGER + 1));
    assert!(
        rms.iter().all(|rm| outcomes(rm) == outcome),
        "sent to all or none"
    );
    match outcome[..] {
        [] => {}
        [Msg::Commit] => msgs.commit = true,
        [Msg::Abort] => msgs.abort = true,
        _ => panic!("not an outcome: {outcome:?}"),
    }
    let state = |rm: Id| match world.node(rm).state() {
        Some(State::Resource(state)) => *state,
        other => panic!("{rm:?} is no resource manager: {other:?}"),
    };
    for rm in rms.iter() {
        let armed = if state(rm) == Rm::Working { 2 } else { 0 };
        assert_eq!(world.node(rm).up().unwrap().timers.len(), armed);
    }
    let armed = match tm {
        Tm::Init if prepared == rms => 2,
        Tm::Init => 1,
        Tm::Committed | Tm::Aborted => 0,
    };
    assert_eq!(world.node(manager).up().unwrap().timers.len(), armed);
    Variables {
        rm_state: rms.iter().map(state).collect(),
        tm_state: tm,
        tm_prepared: prepared,
        msgs,
    }
}

/// Worlds and states correspond one for one, and so do their steps; and this is the whole
/// difference: here a PREPARED may also reach a manager that has decided, where it does nothing.
#[test]
fn worlds_and_steps_are_those_of_the_specification() {
    for rms in 1..=4 {
        let (system, spec) = (system(rms), Spec::new(rms));
        let mut worlds = indexmap::IndexSet::from([system.initial()]);
        let (mut next, mut generated, mut idle) = (0, 0, 0);
        while let Some(world) = worlds.get_index(next).cloned() {
            next += 1;
            let here = variables(&system, &world);
            let mut ours = BTreeSet::from([here.clone()]);
            for (_, after) in successors(&system, &world) {
                generated += 1;
                ours.insert(variables(&system, &after));
                worlds.insert(after);
            }
            if here.tm_state != Tm::Init {
                idle += here.msgs.prepared.len();
            }
            let mut theirs = BTreeSet::from([here.clone()]);
            theirs.extend(spec.next_steps(&here).into_iter().map(|(_, after)| after));
            assert_eq!(ours, theirs);
        }
        let ours: BTreeSet<_> = worlds.iter().map(|w| variables(&system, w)).collect();
        assert_eq!(ours.len(), worlds.len(), "no two worlds are the same state");

        let (recorder, states) = StateRecorder::new_with_accessor();
        let checker = spec.checker().visitor(recorder).spawn_bfs().join();
        checker.assert_properties();
        assert_eq!(ours, states().into_iter().collect());
        // Theirs counts the first state as generated.
        assert_eq!(generated + 1, checker.state_count() + idle);
        if rms == 3 {
            assert_eq!(checker.state_count(), 1_146, "as TLC counts them");
        }
    }
}

/// Without the network that never forgets, Stateright's actor model has the same worlds.
#[test]
fn delivered_once_the_actors_are_those_of_stateright() {
    for (rms, worlds, events) in [(3, 584, 1_949), (4, 4_368, 19_489)] {
        let mut rules = Rules::fault_free();
        rules.links.copies = Limit::Unlimited;
        let system = system(rms).under(rules);
        let checker = actor_model(&system.protocol).checker().spawn_bfs().join();
        assert!(checker.discoveries().is_empty());
        for explored in [
            quickly(&system),
            plainly(&system, &system.protocol.properties(), Limits::default()),
        ] {
            assert_judged(&explored);
            assert_eq!(explored.account.progress.distinct, worlds);
            assert_eq!(explored.account.progress.generated, events);
            assert_eq!(checker.unique_state_count() as u64, worlds);
            assert_eq!(checker.state_count() as u64 - 1, events);
        }
    }
}
