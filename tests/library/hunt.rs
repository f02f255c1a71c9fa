//! Hunts: the same whatever the number of cores, ended where they are told to, and each run a path that replays.

use std::ops::RangeInclusive;
use std::path::Path;

use jury::hunt::{Counting, Ended, HuntReport, Plan, SoFar, hunt};
use jury::registry::Registry;
use jury::testbed::{Case, Replayed, RunLimits, RunVerdict, Strategy, shape};

fn open(scenario: &str) -> Box<dyn Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let opened = Registry::shipped().open(&folder.join(scenario));
    opened.unwrap_or_else(|error| panic!("{scenario}: {error}"))
}

fn plan(case: &dyn Case, seeds: RangeInclusive<u64>) -> Plan {
    Plan {
        strategies: case.strategies(),
        ..Plan::new(seeds)
    }
}

fn hunted(case: &dyn Case, plan: &Plan) -> HuntReport {
    hunt(case, plan, &RunLimits::default(), &mut |_| ())
}

/// With so many threads.
fn on(threads: usize, case: &dyn Case, plan: &Plan) -> String {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let report = pool.build().unwrap().install(|| hunted(case, plan));
    serde_json::to_string(&report).unwrap()
}

/// Has a run with a nemesis and a check, and fails often.
const VOTES_TWICE: &str = "raft/bugs/votes-twice.json";

#[test]
fn what_a_hunt_finds_does_not_depend_on_the_number_of_threads() {
    let case = open(VOTES_TWICE);
    let all = plan(&*case, 1..=400);
    assert_eq!(on(1, &*case, &all), on(5, &*case, &all));
    let until = Plan {
        stop_at: Some(17),
        ..all
    };
    assert_eq!(on(1, &*case, &until), on(5, &*case, &until));
}

#[test]
fn seeds_are_dealt_to_all_that_fits() {
    let case = open(VOTES_TWICE);
    let report = hunted(&*case, &plan(&*case, 1..=40));
    let ran: Vec<_> = report
        .strategies
        .iter()
        .map(|of| (of.strategy, of.ran))
        .collect();
    let ten = Strategy::ALL.map(|strategy| (strategy, 10));
    assert_eq!(ran, ten);
    // No fault comes at a rate, and there is nothing to check.
    assert_eq!(
        open("2pc/happy-path.json").strategies()[0],
        Strategy::Random
    );
    assert!(
        !open("2pc/happy-path.json")
            .strategies()
            .contains(&Strategy::Swarm)
    );
}

#[test]
fn a_hunt_ends_with_the_failure_that_was_asked_for() {
    let case = open(VOTES_TWICE);
    let all = plan(&*case, 1..=400);
    let until = Plan {
        stop_at: Some(5),
        ..all.clone()
    };
    let report = hunted(&*case, &until);
    assert_eq!((report.ended, report.failing), (Ended::Failures, 5));
    // A hunt with as many seeds finds the same, and one with one less does not.
    let last = report.ran;
    assert_eq!(hunted(&*case, &plan(&*case, 1..=last)).failing, 5);
    assert_eq!(hunted(&*case, &plan(&*case, 1..=last - 1)).failing, 4);
    // The last one speaks against nothing.
    let fixed = hunted(&*case, &plan(&*case, 1..=last));
    let high = |report: &HuntReport| -> f64 {
        let highs = report.strategies.iter().map(|of| of.failing.interval.high);
        highs.sum()
    };
    assert!(high(&report) < high(&fixed));
}

#[test]
fn a_hunt_ends_when_nothing_new_is_seen() {
    let case = open("2pc/bugs/votes-counted.json");
    let stale = Plan {
        stale_after: Some(100),
        ..plan(&*case, 1..=1_000_000)
    };
    let report = hunted(&*case, &stale);
    assert_eq!(report.ended, Ended::Stale);
    assert_eq!(report.ran, report.coverage.last_new + 100);
    assert!(report.coverage.last_new > 1);
}

#[test]
fn what_failed_is_told_with_its_first_and_its_shortest_run() {
    let case = open(VOTES_TWICE);
    let report = hunted(&*case, &plan(&*case, 1..=400));
    assert!(report.finds.len() > 1);
    let again = |run: jury::hunt::Run| {
        let hunted = case.hunt(run.seed, run.strategy, false, &RunLimits::default());
        (hunted.report.facts.steps, hunted.report)
    };
    for find in &report.finds {
        let nodes = case.sights().nodes;
        for run in [find.first, find.shortest] {
            let (steps, report) = again(run);
            assert_eq!((steps, report.verdict), (run.steps, find.verdict));
            assert_eq!(
                shape(&report.reason.unwrap_or_default(), &nodes),
                find.shape
            );
        }
        assert!(find.first.seed <= find.shortest.seed || find.shortest.steps < find.first.steps);
        let by: u64 = find.by.values().map(|times| times.times).sum();
        assert_eq!(by, find.times);
    }
    // Nobody who failed so is shorter.
    let find = &report.finds[0];
    let nodes = case.sights().nodes;
    let all = plan(&*case, 1..=400);
    let like = (1..=400).filter_map(|seed| {
        let hunted = case.hunt(seed, all.dealt(seed), false, &RunLimits::default());
        let report = hunted.report;
        let is_same = report.property == find.property
            && shape(report.reason.as_deref().unwrap_or_default(), &nodes) == find.shape
            && all.dealt(seed) != Strategy::Random;
        is_same.then_some(report.facts.steps)
    });
    assert_eq!(like.min(), Some(find.shortest.steps));
    // What fails comes first.
    assert!(report.finds.is_sorted_by_key(|find| !find.fails));
    let failing = report.finds.iter().filter(|find| find.fails);
    assert_eq!(failing.map(|find| find.times).sum::<u64>(), report.failing);
}

/// In runs of every strategy: the trace replays, step by step and to the same verdict.
#[test]
fn whatever_a_hunt_runs_replays() {
    let mut judged = 0;
    for scenario in [
        VOTES_TWICE,
        "2pc/coordinator-dies-after-prepare.json",
        "3pc/bugs/timeouts-only.json",
        "paxos/one-crash-one-recovery.json",
        "raft/bugs/commits-old-terms.json",
    ] {
        let case = open(scenario);
        for strategy in case.strategies() {
            for seed in 1..=10 {
                let report = case
                    .hunt(seed, strategy, true, &RunLimits::default())
                    .report;
                let trace = report.trace.as_ref().expect("it was asked for");
                match Registry::shipped().replay(trace).unwrap() {
                    Replayed::Same(again, certainty) => {
                        assert_eq!(again.hash, report.hash, "{scenario}, {seed} of {strategy}");
                        judged += u32::from(certainty.is_judged);
                    }
                    other => panic!("{scenario}, {seed} of {strategy}: {other:?}"),
                }
            }
        }
    }
    assert!(judged > 100, "{judged} were judged again");
}

/// A walk does nothing that the check of its scenario would not do: what it breaks, that can break.
#[test]
fn walks_find_nothing_that_the_check_proves_impossible() {
    for scenario in [
        "2pc/one-crash-one-recovery.json",
        "3pc/total-failure.json",
        "paxos/one-crash-one-recovery.json",
    ] {
        let case = open(scenario);
        let walks = Plan {
            strategies: vec![Strategy::Walk],
            ..plan(&*case, 1..=300)
        };
        let report = hunted(&*case, &walks);
        let violated = |find: &&jury::hunt::Find| find.verdict == RunVerdict::Violated;
        let mut violated = report.finds.iter().filter(violated);
        assert!(violated.next().is_none(), "{scenario}: {:?}", report.finds);
        // And it gets about: not only the first few worlds.
        let seen = report.coverage.reachable.map(|r| r.seen * 2 > r.states);
        assert_ne!(seen, Some(false), "{scenario}: {:?}", report.coverage);
    }
}

#[test]
fn a_hunt_for_nothing_says_how_rare_it_must_be() {
    let case = open("2pc/happy-path.json");
    let one = Plan {
        strategies: vec![Strategy::Random],
        ..plan(&*case, 1..=300)
    };
    let mut batches = 0;
    let report = hunt(&*case, &one, &RunLimits::default(), &mut |so_far: SoFar| {
        batches += 1;
        assert_eq!(so_far.failing, 0);
    });
    assert!(batches > 1);
    assert_eq!((report.failing, report.ended), (0, Ended::Seeds));
    let high = report.strategies[0].failing.interval.high;
    assert!((high - 0.009_936).abs() < 1e-5, "{high}");
    assert!(report.repeated >= 300 / 64);
}

/// Whoever has no more time keeps what was found until then, as of a hunt with so many seeds.
#[test]
fn a_hunt_that_has_to_end_keeps_what_it_has() {
    use std::sync::atomic::{AtomicU32, Ordering};

    let case = open(VOTES_TWICE);
    let all = plan(&*case, 1..=1_000_000);
    let looks = AtomicU32::new(0);
    let watch = || {
        let enough = looks.fetch_add(1, Ordering::Relaxed) > 200;
        (!enough).then_some(()).ok_or(jury::check::Stopped::Time)
    };
    let limits = RunLimits {
        watch: &watch,
        ..RunLimits::default()
    };
    let report = hunt(&*case, &all, &limits, &mut |_| ());
    assert_eq!(report.ended, Ended::Time);
    assert!(report.ran > 0);
    let same = hunted(&*case, &plan(&*case, 1..=report.ran));
    assert_eq!(
        (report.failing, report.finds.len()),
        (same.failing, same.finds.len())
    );
}

/// A run of `random` is held against what is expected of it, others against properties, within what those assume.
#[test]
fn what_is_expected_or_outside_what_is_assumed_is_no_failure() {
    let case = open(VOTES_TWICE);
    let by = |case: &dyn Case, strategy, counting| {
        let plan = Plan {
            strategies: vec![strategy],
            counting,
            ..plan(case, 1..=200)
        };
        let report = hunted(case, &plan);
        (report.failing, report.finds.len())
    };
    let (failing, finds) = by(&*case, Strategy::Random, Counting::All);
    assert_eq!(failing, 0, "the scenario expects it");
    assert!(finds > 0);
    let (failing, _) = by(&*case, Strategy::Random, Counting::Against(Vec::new()));
    assert!(failing > 0);
    // Two-phase commit blocks where its coordinator fails, and does not promise that it would not.
    let blocks = open("2pc/coordinator-dies-after-prepare.json");
    for counting in [Counting::All, Counting::Against(Vec::new())] {
        let (failing, finds) = by(&*blocks, Strategy::Walk, counting);
        assert_eq!(failing, 0);
        assert!(finds > 0);
    }
}

#[test]
fn a_walk_starts_where_the_check_does_and_has_no_clock() {
    let case = open("raft/bugs/commits-old-terms.json");
    let report = |strategy| {
        let hunted = case.hunt(3, strategy, true, &RunLimits::default());
        hunted.report
    };
    for strategy in [Strategy::Pct, Strategy::Walk] {
        let report = report(strategy);
        let trace = report.trace.expect("it was asked for");
        assert_eq!(trace.steps[0].event, "timeout S1 Election");
        assert!(trace.steps.len() >= 17 && trace.steps.iter().all(|step| step.at.is_none()));
        assert_eq!(report.facts.drift_ppm_max, u32::MAX);
    }
}

/// Accurate timing is a rule of the check, which priorities do without.
#[test]
fn timers_of_walks_are_as_accurate_as_the_check_says_and_those_of_priorities_are_not() {
    let case = open("3pc/happy-path.json");
    let falsely = |strategy| {
        let facts = (1..=50).map(|seed| {
            let hunted = case.hunt(seed, strategy, false, &RunLimits::default());
            hunted.report.facts.suspicions.falsely
        });
        facts.sum::<u64>()
    };
    assert_eq!(falsely(Strategy::Walk), 0);
    assert!(falsely(Strategy::Pct) > 0);
}

#[test]
fn what_was_seen_is_told_beside_what_there_is() {
    let case = open("2pc/happy-path.json");
    let report = hunted(&*case, &plan(&*case, 1..=200));
    let coverage = report.coverage;
    assert!(coverage.goals.contains(&"commit-possible"), "{coverage:?}");
    assert!(coverage.goals.contains(&"recovers"), "{coverage:?}");
    let reachable = coverage.reachable.expect("it is small");
    assert!(reachable.seen <= reachable.states && reachable.seen > 0);
    // A check with a depth does not say what can be reached.
    let bounded = open("hunt/2pc.json");
    let report = hunted(&*bounded, &plan(&*bounded, 1..=40));
    assert_eq!(report.coverage.reachable, None);
}
