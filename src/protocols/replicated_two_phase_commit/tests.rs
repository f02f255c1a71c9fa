//! What it costs, beside two-phase commit and Paxos Commit. (Whole instances, also with each mistake, are explored by
//! the shipped scenarios.)

use super::*;
use crate::model::facts::Ledger;
use crate::model::{Event, Protocol, Rules, System, Time, View, World};

/// What a run without failures costs: messages, delays until the last participant knows, forced writes.
fn cost(participants: u8, faults: u8) -> (u64, u32, u32) {
    let params = Params {
        participants,
        faults,
        ..Params::default()
    };
    let protocol = ReplicatedTwoPhaseCommit::new(&params).expect("good parameters");
    let system = System::new(protocol, Rules::fault_free());
    let mut world: World<ReplicatedTwoPhaseCommit> = system.initial();
    let mut ledger = Ledger::new(&system);
    let mut step = |world: &mut World<_>, event: &Event<_>| {
        let effects = system.apply(world, event);
        ledger.note(Time::ZERO, event, &effects, world);
    };
    let begin = Event::Timeout {
        id: system.protocol.initiators().iter().next().expect("one"),
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
    let committed = |id: Id| {
        let state = world.node(id).state();
        matches!(
            state,
            Some(State::Participant(Phase::Decided(Decision::Commit)))
        )
    };
    assert!(system.protocol.participants().iter().all(committed));
    let costs = &ledger.costs;
    (costs.messages, costs.delays, costs.forced.iter().sum())
}

/// GL's comparison: the decision is accepted before it is told, which takes two delays more than two-phase commit and
/// one more than Paxos Commit (whose own test has 5).
#[test]
fn one_delay_more_than_paxos_commit() {
    for n in 2..=5 {
        for f in 0..=3 {
            let messages = 3 * n - 1 + 4 * f;
            let delays = if f == 0 { 4 } else { 6 };
            // The votes, and one record of each replica.
            let forced = n + 2 * f + 1;
            let small = |n: u32| u8::try_from(n).expect("few");
            assert_eq!(
                cost(small(n), small(f)),
                (messages.into(), delays, forced),
                "{n}, {f}"
            );
        }
    }
}
