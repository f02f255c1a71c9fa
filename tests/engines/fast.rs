//! The fast engine against the plain one: everything that a search finds out, on random protocols
//! and on two-phase commit, with tables and fields so small that they grow all the time.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::common::impure::{Impure, Odd};
use crate::common::table::{self, Do, Game, Row, Table, game};
use crate::common::{account, cases, complaint, depth, depth_within, plainly, searched, states};
use jury::check::fast::{Sizes, Tuning};
use jury::check::{Explored, Limits, Monitor, Patient, Progress, Stopped, explore};
use jury::model::promise::Promise;
use jury::model::{
    Budgets, CutFamily, Event, Limit, LinkOrder, NodeSet, Property, Protocol, Rules, System,
    Timing, Untyped,
};
use jury::protocols::two_phase_commit::{Params, TwoPhaseCommit};
use proptest::prelude::*;

fn fast<P: Protocol>(
    system: &System<P>,
    properties: &[Property<P>],
    limits: Limits,
    tuning: Tuning,
) -> Explored<Event<P>> {
    let start = system.initial();
    searched(system, &start, properties, &limits, tuning, &mut Patient)
}

fn tuning() -> impl Strategy<Value = Tuning> {
    let word_bits = prop_oneof![Just(63), 1..63u32];
    let steps_max = prop_oneof![Just(0), 1..50usize, Just(1 << 20)];
    let threads = prop_oneof![Just(1), Just(2), Just(8), Just(3)];
    let blocks = (1..30usize, prop_oneof![0..3usize, Just(usize::MAX)]);
    (
        threads,
        word_bits,
        0..4usize,
        (prop_oneof![1..100usize, Just(4096)], 1..50usize),
        steps_max,
        blocks,
        (0..3u32, prop_oneof![0..30usize, Just(1 << 16)]),
    )
        .prop_map(
            |(
                threads,
                word_bits,
                slots,
                (round, chunk),
                steps_max,
                (block, blocks_max),
                lately,
            )| {
                let (doubt, offers_max) = lately;
                Tuning {
                    threads,
                    blocks_max,
                    doubt,
                    sizes: Sizes {
                        word_bits,
                        slots,
                        round,
                        chunk,
                        shared_from: 1,
                        steps_max,
                        block,
                        offers_max,
                        ..Sizes::default()
                    },
                    ..Tuning::unreduced()
                }
            },
        )
}

/// Compares both engines for all properties, for safety alone, and for each property.
fn compare(game: &Game, limits: Limits, tuning: Tuning) {
    let system = game.system();
    let all = system.protocol.properties();
    let safety: Vec<Property<Table>> = all
        .iter()
        .filter(|p| p.expectation.goal().is_none() && p.name != "true")
        .cloned()
        .collect();
    let mut sets = vec![all.clone(), safety, Vec::new()];
    sets.extend(all.into_iter().map(|property| vec![property]));
    for properties in sets {
        let ours = fast(&system, &properties, limits, tuning);
        let theirs = plainly(&system, &properties, limits);
        assert_eq!(account(&system, &ours), account(&system, &theirs));
    }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn random_protocols_are_judged_alike(game in game(), most in 1..800u64, tuning in tuning()) {
        compare(&game, states(most), tuning);
        let deepest = depth_within(&game.system(), 600);
        compare(&game, depth(deepest), tuning);
    }
}

/// The same system without types.
fn untyped(system: &System<Table>) -> System<Untyped> {
    let protocol = Arc::clone(&system.protocol);
    System::new(Untyped::new::<Table>(protocol), system.rules.clone())
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn types_make_no_difference(game in game(), most in 1..800u64, tuning in tuning()) {
        let system = game.system();
        let untyped = untyped(&system);
        let (all, of_untyped) = (system.protocol.properties(), untyped.protocol.properties());
        let reduced = Tuning { threads: 1, ..Tuning::default() };
        for tuning in [tuning, reduced] {
            let ours = fast(&untyped, &of_untyped, states(most), tuning);
            let theirs = fast(&system, &all, states(most), tuning);
            prop_assert_eq!(account(&untyped, &ours), account(&system, &theirs));
        }
        let ours = plainly(&untyped, &of_untyped, states(most));
        let theirs = plainly(&system, &all, states(most));
        prop_assert_eq!(account(&untyped, &ours), account(&system, &theirs));
    }
}

/// Two-phase commit with so many participants.
fn commit(params: &Params, rules: impl FnOnce(&mut Rules, NodeSet)) -> System<TwoPhaseCommit> {
    let protocol = TwoPhaseCommit::new(params).expect("good parameters");
    let mut all = Rules::fault_free();
    rules(&mut all, protocol.cluster().all());
    System::new(protocol, all)
}

fn params(json: &serde_json::Value) -> Params {
    serde_json::from_value(json.clone()).expect("good parameters")
}

#[test]
fn two_phase_commit_is_judged_alike() {
    let mut compared = 0;
    for participants in 1..=2 {
        for termination in ["basic", "cooperative"] {
            for presumption in ["nothing", "abort", "commit"] {
                let params = params(&serde_json::json!({
                    "participants": participants, "termination": termination,
                    "presumption": presumption, "votes": vec!["open"; participants],
                }));
                for (nth, timing) in [Timing::Asynchronous, Timing::Accurate].iter().enumerate() {
                    for faults in 0..5 {
                        let system = commit(&params, |rules, nodes| {
                            rules.timing = *timing;
                            rules.links.copies = Limit::AtMost(1);
                            rules.budgets = Budgets::none();
                            let budgets = &mut rules.budgets;
                            match faults {
                                0 => budgets.crashes = vec![(nodes, Limit::AtMost(1))],
                                1 => {
                                    budgets.crashes = vec![(nodes, Limit::AtMost(1))];
                                    budgets.recoveries = Limit::AtMost(1);
                                }
                                2 => budgets.drops = Limit::AtMost(1),
                                3 => {
                                    rules.links.order = LinkOrder::Fifo;
                                    rules.links.copies = Limit::AtMost(2);
                                }
                                _ => {
                                    budgets.cuts = Limit::AtMost(1);
                                    budgets.heals = Limit::AtMost(1);
                                    rules.cuts = CutFamily::IsolateOne.cuts(nodes.len());
                                }
                            }
                        });
                        let properties = system.protocol.properties();
                        // Retransmission makes some of these large.
                        let limits = states(3_000);
                        let plain = plainly(&system, &properties, limits);
                        let tiny = Tuning {
                            threads: 2,
                            blocks_max: 1,
                            sizes: Sizes {
                                word_bits: 7,
                                slots: 1,
                                chunk: 5,
                                shared_from: 1,
                                block: 64,
                                ..Sizes::default()
                            },
                            ..Tuning::unreduced()
                        };
                        let tuning = [Tuning::unreduced(), tiny][(nth + faults) % 2];
                        let ours = fast(&system, &properties, limits, tuning);
                        assert_eq!(account(&system, &ours), account(&system, &plain));
                        compared += 1;
                    }
                }
            }
        }
    }
    assert_eq!(compared, 120);
}

/// Before keys get longer it is asked whether there is memory for them. If not, what was found until then
/// stands.
#[test]
fn longer_keys_are_asked_for() {
    struct Watching {
        most: u64,
        asked: Vec<(u64, u64)>,
    }

    impl Monitor for Watching {
        fn look(&mut self, progress: &Progress) -> Result<(), Stopped> {
            if progress.ahead > 0 {
                self.asked.push((progress.distinct, progress.ahead));
            }
            if progress.ahead > self.most {
                return Err(Stopped::Memory);
            }
            Ok(())
        }
    }

    let params = params(&serde_json::json!({ "participants": 2 }));
    let system = commit(&params, |rules, nodes| {
        rules.budgets.crashes = vec![(nodes, Limit::AtMost(1))];
    });
    let properties = system.protocol.properties();
    let properties: Vec<_> = properties
        .into_iter()
        .filter(|p| p.expectation.goal().is_none())
        .collect();
    let start = system.initial();
    let limits = Limits::default();
    let tuning = Tuning {
        sizes: Sizes {
            word_bits: 24,
            round: 64,
            ..Sizes::default()
        },
        ..Tuning::unreduced()
    };
    let search = |most| {
        let asked = Vec::new();
        let mut monitor = Watching { most, asked };
        let explored = searched(&system, &start, &properties, &limits, tuning, &mut monitor);
        (explored, monitor.asked)
    };
    let (whole, asked) = search(u64::MAX);
    assert_eq!(whole.account.stopped, None);
    let [(worlds, ahead)] = asked[..] else {
        panic!("keys get longer once: {asked:?}");
    };
    // The list and the set, eight bytes more for each world.
    assert!(ahead >= worlds * 16, "{ahead} for {worlds}");
    let (stopped, _) = search(ahead - 1);
    assert_eq!(stopped.account.stopped, Some(Stopped::Memory));
    assert_eq!(stopped.account.progress.distinct, worlds);
    let plain = plainly(&system, &properties, states(worlds - 1));
    assert_eq!(
        stopped.account.progress.distinct,
        plain.account.progress.distinct
    );
}

/// A search that is stopped from outside finds what the plain one finds until then.
#[test]
fn a_search_can_be_stopped() {
    struct Impatient(u64);

    impl Monitor for Impatient {
        fn look(&mut self, progress: &Progress) -> Result<(), Stopped> {
            if progress.distinct > self.0 {
                return Err(Stopped::Memory);
            }
            Ok(())
        }
    }

    let system = commit(
        &params(&serde_json::json!({ "participants": 3 })),
        |rules, nodes| rules.budgets.crashes = vec![(nodes, Limit::AtMost(1))],
    );
    let mut properties = system.protocol.properties();
    properties.retain(|p| p.expectation.goal().is_none());
    let start = system.initial();
    let limits = Limits::default();
    let mut monitor = Impatient(5_000);
    let ours = searched(
        &system,
        &start,
        &properties,
        &limits,
        Tuning::unreduced(),
        &mut monitor,
    );
    assert_eq!(ours.account.stopped, Some(Stopped::Memory));
    assert!(ours.account.progress.bytes > 5_000 * 8);
    let mut world = start.clone();
    let plain = explore(
        &system,
        &mut world,
        &start,
        &properties,
        &limits,
        &mut monitor,
    );
    assert_eq!(account(&system, &ours), account(&system, &plain));
}

/// Searches for worlds of a protocol in which one thing is not a function; says what the search said to
/// that, if anything.
fn complains_of(impure: &Impure, doubt: u32) -> Option<String> {
    let mut rules = Rules::fault_free();
    rules.timing = match impure.odd {
        Odd::Awaits => Timing::Accurate,
        _ => Timing::Asynchronous,
    };
    rules.budgets.crashes = vec![(NodeSet::first(1), Limit::AtMost(1))];
    rules.budgets.recoveries = Limit::AtMost(1);
    let system = System::new(impure.clone(), rules);
    let tuning = Tuning {
        doubt,
        threads: 1,
        ..Tuning::unreduced()
    };
    let properties = system.protocol.properties();
    let search = || fast(&system, &properties, states(100_000), tuning);
    let broken = complaint(search)?;
    assert_eq!(broken.promise, Promise::Pure);
    Some(broken.message)
}

/// What was answered is remembered, so whatever is not a function would be believed.
#[test]
fn whatever_is_not_pure_is_named() {
    for (odd, complaint) in [
        (
            Odd::OnStart,
            "the handler of N0 is not pure: asked about Start",
        ),
        (Odd::OnMsg, "is not pure: asked about Message"),
        (Odd::OnTimeout, "is not pure: asked about Timeout(())"),
        (Odd::OnChoice, "is not pure: asked about Choice"),
        (Odd::Withheld, "is not pure: asked about Timeout(())"),
        (Odd::Awaits, "is not pure: asked about Timeout(())"),
        (Odd::Observe, "is not pure: asked about Message"),
        (Odd::Record, "is not pure: asked to record"),
        (
            Odd::OfHistory,
            "of-history is not pure: asked about the same",
        ),
        (Odd::OfWorld, "of-world is not pure: asked about the same"),
    ] {
        // As many good answers as it takes to be through without a doubt.
        let honest = Impure::new(2, odd, u64::MAX);
        assert_eq!(complains_of(&honest, 1), None, "{odd:?}");
        let honest = Impure::new(2, odd, u64::MAX);
        assert_eq!(complains_of(&honest, 0), None, "{odd:?}");
        let asked = honest.calls.load(Ordering::Relaxed);
        assert!(asked > 0, "{odd:?}");

        let impure = Impure::new(2, odd, asked);
        assert_eq!(complains_of(&impure, 0), None, "{odd:?}");
        let impure = Impure::new(2, odd, asked);
        let said = complains_of(&impure, 1).unwrap_or_else(|| panic!("{odd:?} is believed"));
        assert!(said.contains(complaint), "{odd:?}: {said}");
    }
}

/// Unless told otherwise a search doubts some answers.
#[test]
fn a_sample_of_what_is_known_is_asked_for_again() {
    let honest = Impure::new(4, Odd::OnTimeout, u64::MAX);
    assert_eq!(complains_of(&honest, 0), None);
    let asked = honest.calls.load(Ordering::Relaxed);
    let impure = Impure::new(4, Odd::OnTimeout, asked);
    let said = complains_of(&impure, Tuning::default().doubt).expect("it is not believed");
    assert!(
        said.contains("is not pure: asked about Timeout(())"),
        "{said}"
    );
}

/// Under accurate timing each of two timers fires when all peers that *it* awaits have failed.
#[test]
fn each_timer_waits_for_its_own_peers_and_is_judged_alike() {
    let mut params = table::Params {
        nodes: 3,
        ..table::Params::default()
    };
    *params.start(0, None) = Row::to(0, [Do::Arm(0), Do::Arm(1)]);
    params.awaits(0, 0, 0, 0b010);
    params.awaits(0, 0, 1, 0b110);
    *params.timeout(0, 0, 0) = Row::to(1, []);
    *params.timeout(0, 0, 1) = Row::to(2, []);
    let table = Table::new(&params).expect("it has nodes");
    let mut rules = Rules::fault_free();
    rules.timing = Timing::Accurate;
    rules.budgets.crashes = vec![(NodeSet::first(3), Limit::AtMost(1))];
    let system = System::new(table, rules);
    let properties = system.protocol.properties();
    let ours = fast(&system, &properties, Limits::default(), Tuning::unreduced());
    let theirs = plainly(&system, &properties, Limits::default());
    assert_eq!(account(&system, &ours), account(&system, &theirs));
    // The start, three crashes, and behind that of the one peer the first timer, then the other: in
    // its new state the node awaits nobody.
    assert_eq!(ours.account.progress.distinct, 6);
}
