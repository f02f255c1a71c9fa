//! How fast the checker is: events applied per second on two-phase commit, by the fast engine, by
//! the plain one, and by Stateright's breadth-first search on the same relation. All three find
//! the same worlds.

use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jury::check::fast::{self, Tuning};
use jury::check::stateright::Bridge;
use jury::check::{Limits, Patient, explore};
use jury::model::{Expectation, Property, System};
use jury::protocols::two_phase_commit::TwoPhaseCommit;
use jury::scenario::Scenario;
use jury::testbed::Testbed;
use stateright::{Checker, Model};

/// One crash anywhere and one recovery, three participants with open votes.
const SCENARIO: &str = "scenarios/2pc/one-crash-one-recovery-asynchronous.json";

/// The system, and the properties that all judge: what is never violated, so that none stops
/// early.
fn system() -> (System<TwoPhaseCommit>, Vec<Property<TwoPhaseCommit>>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCENARIO);
    let scenario = Scenario::load(path).expect("a shipped scenario");
    let testbed = Testbed::<TwoPhaseCommit>::new(&scenario).expect("a shipped scenario");
    let system = testbed.check_system().expect("it has a check");
    let mut properties = testbed.case().properties.clone();
    properties.retain(|p| matches!(p.expectation, Expectation::Always(_)));
    (system, properties)
}

fn checker(c: &mut Criterion) {
    let (system, properties) = system();
    let start = system.initial();
    let limits = Limits::default();
    let plain = || {
        let mut world = start.clone();
        explore(
            &system,
            &mut world,
            &start,
            &properties,
            &limits,
            &mut Patient,
        )
    };
    let fast = || {
        let tuning = Tuning::default();
        fast::explore(&system, &start, &properties, &limits, tuning, &mut Patient)
    };
    let theirs = || {
        Bridge::new(system.clone(), &properties, start.clone())
            .checker()
            .spawn_bfs()
            .join()
    };
    let ours = fast().progress;
    println!(
        "{} worlds, {} events, {} bytes a world",
        ours.distinct,
        ours.generated,
        ours.bytes / ours.distinct
    );
    assert_eq!(ours.distinct, plain().progress.distinct, "the same worlds");
    assert_eq!(
        ours.distinct,
        theirs().unique_state_count() as u64,
        "the same worlds"
    );

    let mut group = c.benchmark_group("checker");
    group.sample_size(10);
    group.throughput(Throughput::Elements(ours.generated));
    group.bench_function("fast engine, 2pc asynchronous", |b| b.iter(fast));
    group.bench_function("plain engine, the same system", |b| b.iter(plain));
    group.bench_function("Stateright BFS, the same system, 1 thread", |b| {
        b.iter(theirs);
    });
    group.finish();
}

criterion_group!(benches, checker);
criterion_main!(benches);
