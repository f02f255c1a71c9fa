//! Small instances of streaming two-phase commit, explored in full by a plain breadth-first search; what it costs; and who
//! waits for whom.

use super::*;
use crate::model::NodeSet;
use crate::model::facts::Ledger;
use crate::model::{
    Budgets, Command, Event, Limit, LinkOrder, Protocol, Rules, System, Time, TimerRange, Timing,
    View, World,
};
use crate::protocols::small_spaces::{REPAIRS, Space, broken};
use crate::protocols::streaming::{Epoch, Part};

type Sys = System<StreamingTwoPhaseCommit>;
type W = World<StreamingTwoPhaseCommit>;

/// One source, one sink, one record, and a checkpoint that may take for ever.
fn small() -> Params {
    Params {
        sinks: 1,
        records: 1,
        checkpoint_timeout: None,
        ..Params::default()
    }
}

fn system(params: &Params, faults: impl FnOnce(&mut Budgets, &StreamingTwoPhaseCommit)) -> Sys {
    let protocol = StreamingTwoPhaseCommit::new(params).expect("good parameters");
    let mut rules = Rules::fault_free();
    rules.timing = Timing::Accurate;
    rules.links.order = LinkOrder::Fifo;
    rules.links.copies = Limit::AtMost(1);
    faults(&mut rules.budgets, &protocol);
    System::new(protocol, rules)
}

fn crash(
    of: fn(&StreamingTwoPhaseCommit) -> NodeSet,
) -> impl FnOnce(&mut Budgets, &StreamingTwoPhaseCommit) {
    move |budgets, protocol| {
        budgets.crashes = vec![(of(protocol), Limit::AtMost(1))];
        budgets.recoveries = Limit::AtMost(1);
    }
}

#[test]
fn nothing_fails() {
    for (sources, operators, sinks) in [(1, 0, 1), (2, 0, 1), (1, 0, 2), (1, 1, 1), (2, 2, 1)] {
        let params = Params {
            sources,
            operators,
            sinks,
            ..small()
        };
        let system = system(&params, |_, _| {});
        assert_eq!(broken(&system), [""; 0], "{sources}, {operators}, {sinks}");
    }
}

/// Whoever it is that crashes and comes back: in the end all is done.
#[test]
fn one_crash_is_repaired() {
    let who: [fn(&StreamingTwoPhaseCommit) -> NodeSet; 4] = [
        |_| NodeSet::only(manager()),
        |protocol| protocol.flow.sources(),
        |protocol| protocol.flow.operators(),
        |protocol| protocol.flow.sinks(),
    ];
    for of in who {
        let params = Params {
            operators: 1,
            ..small()
        };
        let system = system(&params, crash(of));
        let space = Space::explore(&system).sound();
        let properties = system.protocol.properties();
        let recovers = properties.iter().find(|it| it.name == "recovers");
        let goal = recovers
            .and_then(|it| it.expectation.goal())
            .expect("a goal");
        assert_eq!(space.stuck(&system, goal, REPAIRS).len(), 0);
    }
}

/// A checkpoint of S sources, O operators and K sinks: a trigger for each source, a barrier on each channel, an
/// acknowledgement of each task, and a notification for each sink; two forced records at each sink and one at the job manager.
/// (Records are not counted.)
#[test]
fn what_a_checkpoint_costs() {
    for (sources, operators, sinks) in [(1, 0, 1), (2, 0, 3), (2, 2, 2), (3, 1, 2)] {
        let params = Params {
            sources,
            operators,
            sinks,
            records: 0,
            ..small()
        };
        let system = system(&params, |_, _| {});
        let mut world = system.initial();
        let mut ledger = Ledger::new(&system);
        while let Some(event) = next(&system, &mut world) {
            let effects = system.apply(&mut world, &event);
            ledger.note(Time::ZERO, &event, &effects, &world);
        }
        let [s, o, k] = [sources, operators, sinks].map(u64::from);
        let channels = if o == 0 { s * k } else { s * o + o * k };
        let costs = &ledger.costs;
        assert_eq!(costs.messages, s + channels + (s + o + k) + k);
        let forced: u64 = costs.forced.iter().copied().map(u64::from).sum();
        assert_eq!(forced, 1 + 2 * k);
        assert_eq!(costs.delays, if o == 0 { 4 } else { 5 });
    }
}

/// Nobody asks again as long as nothing is missing.
fn next(system: &Sys, world: &mut W) -> Option<Event<StreamingTwoPhaseCommit>> {
    let mut events = system.enabled(world).events.into_iter();
    let asks = |event: &Event<_>| {
        matches!(
            event,
            Event::Timeout {
                timer: Timer::Outcome,
                ..
            }
        )
    };
    events.find(|event| !asks(event))
}

/// Records are dealt out among operators, barriers go to all.
#[test]
fn each_record_takes_one_way_to_each_sink() {
    let params = Params {
        operators: 2,
        sinks: 2,
        records: 3,
        checkpoints: 0,
        ..small()
    };
    let system = system(&params, |_, _| {});
    let mut world = system.initial();
    while let Some(event) = next(&system, &mut world) {
        system.apply(&mut world, &event);
    }
    let work = |id: Id| {
        world
            .state(id)
            .and_then(State::task)
            .and_then(|t| t.work.clone())
    };
    let seen: Vec<Option<u32>> = system
        .protocol
        .flow
        .operators()
        .iter()
        .map(|id| match work(id) {
            Some(Work::Operator { count, .. }) => Some(count),
            _ => None,
        })
        .collect();
    assert_eq!(seen, [Some(2), Some(1)]);
    for id in system.protocol.flow.sinks().iter() {
        let Some(Work::Sink { open, .. }) = work(id) else {
            panic!("a sink works");
        };
        assert_eq!(crate::protocols::streaming::ranges(&open), "a1..a3");
    }
}

/// What a task has heard of attempts to which it is restored later is kept in the order in which each has sent it.
#[test]
fn what_comes_early_waits() {
    let protocol = StreamingTwoPhaseCommit::new(&Params {
        sources: 2,
        ..small()
    })
    .expect("good parameters");
    let sink = protocol.flow.sinks().iter().next().expect("there is one");
    let mut state = State::Task(protocol.start_task(sink, Start::First, &mut Out::default()));
    let hears = |state: &mut State, src: usize, msg: Msg| {
        let mut o = Out::default();
        let State::Task(t) = state else {
            panic!("a task");
        };
        let worker = Worker {
            protocol: &protocol,
            id: sink,
            t,
            o: &mut o,
        };
        { worker }.hears(Id::from(src), msg);
        o
    };
    let place = |nth| Place { attempt: 2, nth };
    let record = |source, offset| crate::protocols::streaming::Record { source, offset };
    hears(&mut state, 2, Msg::Record(record(1, 0), place(0)));
    hears(&mut state, 1, Msg::Record(record(0, 0), place(0)));
    hears(&mut state, 2, Msg::Barrier(1, place(1)));
    hears(&mut state, 1, Msg::Barrier(1, place(1)));
    hears(&mut state, 1, Msg::Record(record(0, 1), place(2)));
    let task = state.task().expect("a task");
    let early: Vec<usize> = task
        .early
        .iter()
        .map(|(src, _)| usize::from(*src))
        .collect();
    assert_eq!(early, [1, 1, 1, 2, 2]);
    let o = hears(&mut state, 0, Msg::Restore(2, Part::Pending(Vec::new())));
    let task = state.task().expect("a task");
    assert!(task.early.is_empty());
    let prepared: Vec<String> = task
        .disk
        .store
        .prepared
        .values()
        .map(|it| format!("{it:?}"))
        .collect();
    assert_eq!(prepared, ["2.1: a1 b1"]);
    let epoch = Epoch {
        attempt: 2,
        checkpoint: 1,
    };
    let claims: Vec<&Claim> = o.observed().collect();
    assert!(matches!(claims[..], [Claim::Prepared(it)] if it.epoch == epoch));
}

/// One step of a task, or of the job manager.
fn step<A>(
    take: impl FnOnce(&mut Out<StreamingTwoPhaseCommit>) -> A,
) -> (A, Out<StreamingTwoPhaseCommit>) {
    let mut o = Out::default();
    let answer = take(&mut o);
    (answer, o)
}

fn cancelled(o: &Out<StreamingTwoPhaseCommit>) -> Vec<Timer> {
    let cancels = o.commands().iter().filter_map(|command| match command {
        Command::CancelTimer(timer) => Some(*timer),
        _ => None,
    });
    cancels.collect()
}

/// Who fails reads and asks no more; who has committed all asks no more, and commits nothing twice.
#[test]
fn who_has_no_reason_to_wait_does_not() {
    let params = Params {
        transaction_timeout: Some(TimerRange::millis(1000, 1000)),
        ..small()
    };
    let protocol = StreamingTwoPhaseCommit::new(&params).expect("good parameters");
    let sink = Id::from(2);
    let place = |nth| Place { attempt: 1, nth };
    let ends = Epoch {
        attempt: 1,
        checkpoint: 1,
    };
    let (mut t, _) = step(|o| protocol.start_task(sink, Start::First, o));
    let mut hears = |src: usize, msg: Msg| {
        let (t, protocol) = (&mut t, &protocol);
        let (id, src) = (sink, Id::from(src));
        step(|o| Worker { protocol, id, t, o }.hears(src, msg)).1
    };
    hears(1, Msg::Barrier(1, place(0)));
    let commits = hears(0, Msg::Notify(ends));
    assert_eq!(cancelled(&commits), [Timer::Expire(ends), Timer::Outcome]);
    assert!(hears(0, Msg::Notify(ends)).commands().is_empty());
    let fails = hears(1, Msg::Barrier(2, place(5)));
    assert_eq!(cancelled(&fails), [Timer::Read, Timer::Outcome]);
    let restored = hears(0, Msg::Restore(2, Part::Pending(Vec::new())));
    assert_eq!(cancelled(&restored), [Timer::Restore, Timer::Outcome]);
}

/// One checkpoint that is given up is borne, and another one behind one that is complete. Only sinks are told, and only of
/// what is complete.
#[test]
fn what_the_job_manager_bears_and_tells() {
    let params = Params {
        tolerated: 1,
        checkpoints: 3,
        checkpoint_timeout: Params::default().checkpoint_timeout,
        ..small()
    };
    let protocol = StreamingTwoPhaseCommit::new(&params).expect("good parameters");
    let (mut m, _) = step(|o| protocol.start_job_manager(Start::First, o));
    let mut fires = |timer| {
        let (m, protocol) = (&mut m, &protocol);
        let ((), o) = step(|o| Coordinator { protocol, m, o }.waits_no_longer(timer));
        o.commands().len()
    };
    fires(Timer::Trigger);
    fires(Timer::Late(1));
    fires(Timer::Trigger);
    let mut hears = |src: usize, checkpoint, part: Part| {
        let (m, protocol) = (&mut m, &protocol);
        let epoch = Epoch {
            attempt: 1,
            checkpoint,
        };
        let msg = Msg::Ack(epoch, part);
        step(|o| Coordinator { protocol, m, o }.hears(Id::from(src), msg)).1
    };
    let pending = || Part::Pending(Vec::new());
    let silent = |o: Out<StreamingTwoPhaseCommit>| o.commands().is_empty();
    assert!(silent(hears(2, 1, pending())), "given up");
    hears(1, 2, Part::Offset(0));
    assert!(!silent(hears(2, 2, pending())), "complete");
    assert!(silent(hears(1, 2, Part::Offset(0))), "no sink");
    assert!(!silent(hears(2, 2, pending())), "a sink that asks");
    assert!(silent(hears(2, 3, pending())), "not begun");
    assert_eq!((m.given_up, m.log.attempt), (0, 1));
    let (m, protocol) = (&mut m, &protocol);
    for timer in [Timer::Trigger, Timer::Late(3)] {
        step(|o| {
            let m = &mut *m;
            Coordinator { protocol, m, o }.waits_no_longer(timer);
        });
    }
    assert_eq!((m.given_up, m.log.attempt), (1, 1));
}

/// The smallest instance on which each mistake shows, where a plain search has room for it.
fn instance(bug: Mistake) -> Option<Sys> {
    let of = |params: Params| Params {
        bug: Some(bug),
        ..params
    };
    let two_checkpoints = || Params {
        checkpoints: 2,
        ..small()
    };
    let two_records = || Params {
        records: 2,
        ..small()
    };
    let manager_crashes = || crash(|_| NodeSet::only(manager()));
    Some(match bug {
        Mistake::CommitsAtTheBarrier | Mistake::OffsetTooHigh => system(&of(small()), |_, _| {}),
        Mistake::VotesBeforeItPrepares => {
            system(&of(small()), crash(|protocol| protocol.flow.sinks()))
        }
        Mistake::NotifiesBeforeRecord
        | Mistake::CommitsTwice
        | Mistake::AbortsWhatIsListed
        | Mistake::CommitsWhatIsNotListed => system(&of(small()), manager_crashes()),
        Mistake::AttemptInMemory | Mistake::NotRewound => {
            system(&of(two_records()), manager_crashes())
        }
        Mistake::CountsOldAcks | Mistake::RecyclesNames => {
            system(&of(two_checkpoints()), manager_crashes())
        }
        Mistake::CommitsAll => {
            let params = Params {
                in_flight: 2,
                ..two_checkpoints()
            };
            system(&of(params), |_, _| {})
        }
        Mistake::RestoredTwice => {
            let params = Params {
                records: 2,
                ..two_checkpoints()
            };
            system(&of(params), crash(|protocol| protocol.flow.sources()))
        }
        Mistake::GapsUnnoticed => system(&of(small()), |budgets, _| {
            budgets.drops = Limit::AtMost(1);
        }),
        Mistake::StateNotRestored => {
            let params = Params {
                operators: 1,
                ..small()
            };
            system(&of(params), manager_crashes())
        }
        Mistake::CountsAcks | Mistake::ListsTheNewestOnly => return None,
    })
}

#[test]
fn every_mistake_breaks_what_it_says() {
    for bug in StreamingTwoPhaseCommit::BUGS {
        let mistake: Mistake = serde_json::from_value(bug.name.into()).expect("a mistake");
        let Some(instance) = instance(mistake) else {
            continue;
        };
        let mut found = broken(&instance);
        let mut says = bug.breaks.to_vec();
        found.sort_unstable();
        says.sort_unstable();
        assert_eq!(found, says, "{}", bug.name);
    }
}

#[test]
fn parameters_that_make_no_system_are_refused() {
    let refused = |params: Params| {
        let error = StreamingTwoPhaseCommit::new(&params);
        error.expect_err("no system").parameter
    };
    assert_eq!(
        refused(Params {
            sources: 0,
            ..small()
        }),
        "sources"
    );
    assert_eq!(
        refused(Params {
            sinks: 17,
            ..small()
        }),
        "sinks"
    );
    let exact = |aligned, fenced| Params {
        aligned,
        fenced,
        ..Params::default()
    };
    assert_eq!(refused(exact(false, true)), "checkpoint-timeout");
    assert_eq!(refused(exact(true, false)), "checkpoint-timeout");
    for bug in [Mistake::StateNotRestored, Mistake::CommitsAll] {
        let bug = Some(bug);
        assert_eq!(refused(Params { bug, ..small() }), "bug");
    }
}
