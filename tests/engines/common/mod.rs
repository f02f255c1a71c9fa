//! What these tests share: a second carrier of parts, random protocols, small helpers.

#![allow(dead_code)]

pub mod impure;
pub mod interned;
pub mod pick;
pub mod picky;
pub mod reduced;
pub mod synod;
pub mod table;

pub mod two_phase;
pub mod two_phase_spec;

use std::panic::{AssertUnwindSafe, catch_unwind};

use jury::check::fast::{self, Tuning};
use jury::check::{ByOrbits, Explored, Finding, Limits, Monitor, Patient, Progress, explore};
use jury::model::promise::Broken;
use jury::model::{Event, Limit, Link, Property, Protocol, System, View, World};
use proptest::test_runner::{Config, RngSeed};

/// The same cases in every run, so that a failure is never a coin toss. `PROPTEST_RNG_SEED` and
/// `PROPTEST_CASES` ask for others.
pub fn cases(cases: u32) -> Config {
    let mut config = Config::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(0x6a75_7279);
    }
    config.failure_persistence = None;
    config.max_shrink_iters = 4_000;
    config
}

/// Explores with the plain carrier.
pub fn plainly<P: Protocol>(
    system: &System<P>,
    properties: &[Property<P>],
    limits: Limits,
) -> Explored<Event<P>> {
    let mut world = system.initial();
    let start = world.clone();
    explore(
        system,
        &mut world,
        &start,
        properties,
        &limits,
        &mut Patient,
    )
}

/// At most so many events in a row.
pub fn depth(most: u32) -> Limits {
    Limits {
        depth: Limit::AtMost(most),
        states: None,
    }
}

/// At most (about) so many worlds.
pub fn states(most: u64) -> Limits {
    Limits {
        depth: Limit::Unlimited,
        states: Some(most),
    }
}

/// The deepest bound under which a system has at most so many worlds, or 40.
///
/// A bound on depth cuts the same worlds off for every engine; one on their number does not.
pub fn depth_within<P: Protocol>(system: &System<P>, most: usize) -> u32 {
    let mut seen = indexmap::IndexSet::from([system.initial()]);
    let mut level = 0..1;
    for depth in 0..40 {
        for at in level.clone() {
            for next in successors(system, &seen[at]) {
                seen.insert(next.1);
            }
            if seen.len() > most {
                return depth;
            }
        }
        level = level.end..seen.len();
        if level.is_empty() {
            break;
        }
    }
    40
}

/// What the relation makes of a world, with nothing in between.
pub fn successors<P: Protocol>(system: &System<P>, world: &World<P>) -> Vec<(Event<P>, World<P>)> {
    let events = system.enabled(&mut world.clone()).events;
    let after = |event: Event<P>| {
        let mut next = world.clone();
        system.apply(&mut next, &event);
        (event, next)
    };
    events.into_iter().map(after).collect()
}

/// Leaves out whatever may be left out, in small spaces as well.
pub fn eager() -> Tuning {
    Tuning {
        first_look: 0,
        // Of random protocols most are not as symmetric as they say.
        symmetry: ByOrbits::Never,
        ..Tuning::default()
    }
}

/// Every link of a cluster.
pub fn links<P: Protocol>(system: &System<P>) -> Vec<Link> {
    let ids = || system.cluster.ids();
    ids()
        .flat_map(|src| ids().map(move |dst| Link::new(src, dst)))
        .collect()
}

/// A schedule in the one notation.
pub fn lines<P: Protocol>(system: &System<P>, schedule: &[Event<P>]) -> Vec<String> {
    system.spell(schedule)
}

/// A finding in words, to be compared across engines.
pub fn told<P: Protocol>(system: &System<P>, finding: &Finding<Event<P>>) -> (String, Vec<String>) {
    match finding {
        Finding::Nothing => ("nothing".to_owned(), Vec::new()),
        Finding::Broken { schedule, reason } => {
            (format!("broken: {reason:?}"), lines(system, schedule))
        }
        Finding::Met { schedule } => ("met".to_owned(), lines(system, schedule)),
        Finding::Blocked { schedule } => ("blocked".to_owned(), lines(system, schedule)),
    }
}

/// Whether two views show the same world, part by part.
pub fn assert_same_parts<P: Protocol>(system: &System<P>, a: &dyn View<P>, b: &dyn View<P>) {
    for id in system.cluster.ids() {
        assert_eq!(a.node(id), b.node(id), "node {id:?}");
    }
    for link in links(system) {
        assert_eq!(a.channel(link), b.channel(link), "{link:?}");
    }
    assert_eq!(a.globals(), b.globals());
    assert_eq!(a.history(), b.history());
}

/// What the fast engine finds, without checkpoints.
pub fn searched<P: Protocol>(
    system: &System<P>,
    start: &World<P>,
    properties: &[Property<P>],
    limits: &Limits,
    tuning: Tuning,
    monitor: &mut dyn Monitor,
) -> Explored<Event<P>> {
    fast::explore(system, start, properties, limits, tuning, None, monitor)
        .expect("without checkpoints none can be wrong")
}

/// Everything that a search found out, to be compared.
pub fn account<P: Protocol>(system: &System<P>, explored: &Explored<Event<P>>) -> String {
    let findings: Vec<_> = explored.findings.iter().map(|f| told(system, f)).collect();
    let waiting = explored.waiting_for_the_living.as_ref();
    let waiting = waiting.map(|schedule| lines(system, schedule));
    let progress = Progress {
        bytes: 0,
        ahead: 0,
        ..explored.account.progress
    };
    // The rest of what is expanded together counts for what ran.
    let through = explored.account.stopped.is_none() && !explored.account.settled;
    let exercised = through.then_some(&explored.account.exercised);
    format!(
        "{exercised:?}\n{progress:?}\n{findings:#?}\n{:?} {} {} {:?} {}\n{waiting:?}",
        explored.account.withheld,
        explored.account.absorbed,
        explored.account.repair_withheld,
        explored.account.stopped,
        explored.account.settled,
    )
}

/// What is complained of when a protocol does not keep a promise.
pub fn complaint<T>(work: impl FnOnce() -> T) -> Option<Broken> {
    let panic = catch_unwind(AssertUnwindSafe(work)).err()?;
    Some(*panic.downcast::<Broken>().expect("it says which promise"))
}
