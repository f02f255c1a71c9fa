//! Jury: a handler for each input, under its simulator. The facts, the hash of the trace and the properties of the
//! protocol are part of every run.

use std::ops::ControlFlow;

use jury::model::{CutFamily, LinkOrder, NodeSet, Protocol, Rules, System, Time, InsideHandlers};
use jury::run::{Judge, Moment, Run, Witness, execute};
use jury::sim::Simulator;
use jury::sim::setup::{Latency, Nemesis, Ratio, Setup};

use crate::echo::{self, Echoes};
use crate::idle::Idlers;
use crate::workload::{Echo, LATENCY_MS, Tally, check_idle};

const SEED: u64 = 1;

fn system<P: Protocol>(params: &P::Params) -> System<P> {
    let protocol = P::new(params).expect("good parameters");
    let rules = Rules::physics(&protocol.cluster(), LinkOrder::Unordered);
    System::new(protocol, rules)
}

fn run<P: Protocol>(system: &System<P>, setup: &Setup, end: &mut dyn Witness<P>) -> Run<P> {
    let mut simulator = Simulator::new(setup, SEED, &system.cluster);
    let mut judge = Judge::new(&system.protocol.properties());
    let run = execute(system, &mut simulator, &mut [&mut judge, end]).expect("no divergence");
    assert_eq!(judge.violations, []);
    run
}

fn network(until: Time) -> Setup {
    let (least, most) = LATENCY_MS;
    let mut setup = Setup::fault_free(until, Time::ZERO);
    setup.network.latency = Latency::Uniform(Time::from_millis(least), Time::from_millis(most));
    setup
}

/// Ends a run when the client has got all that it asked for: with faults, there is always something left to happen.
struct UntilDone {
    requests: u64,
    is_done: bool,
}

impl Witness<Echoes> for UntilDone {
    fn happened(&mut self, moment: &Moment<'_, Echoes>) {
        self.is_done = echo::done(moment.world) == self.requests;
    }

    fn verdict(&self) -> ControlFlow<()> {
        if self.is_done {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Without faults. Every request is answered once.
pub fn echo(echo: Echo) -> Tally {
    let params = echo::Params {
        echo,
        asks_again: false,
    };
    let system = system::<Echoes>(&params);
    let mut end = UntilDone {
        requests: echo.requests,
        is_done: false,
    };
    let run = run(&system, &network(Time::MAX), &mut end);
    assert_eq!(run.facts.delivered, echo.messages());
    echo::tally(&run.world)
}

/// Under loss, duplication, crashes (also inside handlers) and cuts, the client asks again until all is answered.
/// Answers how many messages were delivered.
pub fn echo_with_faults(echo: Echo) -> u64 {
    let params = echo::Params {
        echo,
        asks_again: true,
    };
    let system = system::<Echoes>(&params);
    let mut end = UntilDone {
        requests: echo.requests,
        is_done: false,
    };
    let run = run(&system, &faulty(Time::MAX), &mut end);
    assert!(end.is_done && run.facts.delivered >= echo.messages());
    let facts = &run.facts;
    let crashes: u32 = facts.crashes.iter().sum();
    let faults = [
        u64::from(crashes),
        facts.cuts.into(),
        facts.drops,
        facts.duplicates,
    ];
    assert!(!faults.contains(&0), "no fault is left out: {facts:?}");
    facts.delivered
}

fn faulty(until: Time) -> Setup {
    let mut setup = network(until);
    setup.network.loss = Ratio {
        times: 1,
        out_of: 1000,
    };
    setup.network.duplication = setup.network.loss;
    setup.nemesis = Some(Nemesis {
        crashes: NodeSet::first(3),
        crash_every: Some(Time::from_millis(2_000)),
        inside_handlers: InsideHandlers::InOrder,
        down_for: (Time::from_millis(50), Time::from_millis(200)),
        down_max: 1,
        cuts: vec![CutFamily::Halves, CutFamily::IsolateOne],
        cut_every: Some(Time::from_millis(2_000)),
        cut_for: (Time::from_millis(50), Time::from_millis(200)),
        until,
    });
    setup
}

/// A witness that never has seen enough.
struct Nobody;

impl<P: Protocol> Witness<P> for Nobody {
    fn happened(&mut self, _: &Moment<'_, P>) {}
}

pub fn idle(until_ms: u64) {
    let system = system::<Idlers>(&());
    let run = run(&system, &network(Time::from_millis(until_ms)), &mut Nobody);
    check_idle(run.facts.timeouts, until_ms);
}
