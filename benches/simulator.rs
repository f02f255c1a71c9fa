//! How fast the simulator is: delivered messages per second and core, and virtual against real
//! time where little happens.

use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jury::model::{CutFamily, InsideHandlers, LinkOrder, NodeSet, Protocol, Rules, System, Time};
use jury::run::{Judge, Run, execute};
use jury::sim::Simulator;
use jury::sim::setup::{Latency, Nemesis, Ratio, Setup};

/// Protocols under crashes, cuts, loss and duplication.
const NEMESES: [(&str, &str); 2] = [
    ("2pc", "scenarios/2pc/under-the-nemesis.json"),
    ("raft", "scenarios/raft/under-the-nemesis.json"),
];

#[path = "../tests/library/caller.rs"]
mod caller;

use caller::{Params, Rounds};

fn system(params: &Params) -> System<Rounds> {
    let rounds = Rounds::new(params).expect("good parameters");
    let rules = Rules::physics(&rounds.cluster(), LinkOrder::Unordered);
    System::new(rounds, rules)
}

fn run(system: &System<Rounds>, setup: &Setup, seed: u64) -> Run<Rounds> {
    let mut simulator = Simulator::new(setup, seed, &system.cluster);
    let mut judge = Judge::new(&system.protocol.properties());
    let run = execute(system, &mut simulator, &mut [&mut judge]).expect("no divergence");
    assert_eq!(judge.violations, []);
    run
}

/// Five nodes, a long-tailed network with loss and duplication, crashes and cuts; properties and
/// the hash are on.
fn faulty(until: Time) -> Setup {
    let mut setup = Setup::fault_free(until, Time::ZERO);
    setup.network.latency = Latency::LongTailed {
        floor: Time(500_000),
        typical: Time(1_000_000),
        cap: Time(40_000_000),
    };
    setup.network.loss = Ratio {
        times: 1,
        out_of: 1000,
    };
    setup.network.duplication = setup.network.loss;
    setup.nemesis = Some(Nemesis {
        crashes: NodeSet::first(5),
        crash_every: Some(Time::from_millis(5_000)),
        inside_handlers: InsideHandlers::InOrder,
        down_for: (Time::from_millis(50), Time::from_millis(200)),
        down_max: 1,
        cuts: vec![CutFamily::Halves, CutFamily::IsolateOne],
        cut_every: Some(Time::from_millis(5_000)),
        cut_for: (Time::from_millis(50), Time::from_millis(200)),
        until,
    });
    setup
}

fn simulator(c: &mut Criterion) {
    let mut group = c.benchmark_group("simulator");
    let busy = system(&Params {
        peers: 4,
        rounds: u64::MAX,
        ..Params::default()
    });
    let setup = faulty(Time::from_millis(120_000));
    let delivered = run(&busy, &setup, 1).facts.delivered;
    group.throughput(Throughput::Elements(delivered));
    group.bench_function("delivered messages, 5 nodes with faults", |b| {
        b.iter_batched(
            || (),
            |()| run(&busy, &setup, 1).hash,
            BatchSize::LargeInput,
        );
    });

    // One element is one nanosecond of virtual time: the ratio to real time is the rate by 10^9.
    let idle = system(&Params {
        peers: 0,
        rounds: 0,
        idlers: 99,
        choices: false,
        silent: false,
    });
    let until = Time::from_millis(60_000);
    let setup = Setup::fault_free(until, Time::from_millis(1));
    group.throughput(Throughput::Elements(until.nanos()));
    group.bench_function("virtual nanoseconds, 100 idle nodes", |b| {
        b.iter(|| run(&idle, &setup, 1).hash);
    });

    // Shipped scenarios, whole: reading nothing, but building the system, judging the run by every
    // property and hashing it, a seed at a time. One element is one delivered message.
    for (protocol, path) in NEMESES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let case = jury::registry::Registry::shipped()
            .open(&path)
            .expect("a shipped scenario");
        let seeds = 1..=20;
        let delivered = |seed| {
            case.run(seed, false, &jury::testbed::RunLimits::default())
                .facts
                .delivered
        };
        group.throughput(Throughput::Elements(seeds.clone().map(delivered).sum()));
        group.bench_function(
            format!("delivered messages, {protocol} under the nemesis, 20 seeds"),
            |b| {
                b.iter(|| seeds.clone().map(delivered).sum::<u64>());
            },
        );
    }
    group.finish();
}

criterion_group!(benches, simulator);
criterion_main!(benches);
