//! Checkpoints: a search that is stopped, or killed, and goes on finds what one finds that is not.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::table::game;
use crate::common::{account, cases, eager, searched, states};
use jury::check::checkpoint::{CheckpointError, Fact, Folder};
use jury::check::fast::{self, Sizes, Tuning};
use jury::check::reduction::{ByOrbits, Forgone, Reduce, Reduction};
use jury::check::{Explored, Limits, Monitor, Patient, Progress, Stopped};
use jury::model::{
    Event, Expectation, InsideHandlers, Limit, Link, NodeSet, Predicate, Property, Protocol,
    Reason, Rules, System, View,
};
use jury::protocols::raft::{self, Raft};
use jury::protocols::two_phase_commit::{Params, TwoPhaseCommit};
use proptest::prelude::*;
use tempfile::TempDir;

fn tuning() -> impl Strategy<Value = Tuning> {
    let words = prop_oneof![Just(63), 3..20u32];
    let threads = prop_oneof![Just(1), Just(2), Just(8)];
    (threads, words, 1..60usize, 1..20usize, 1..30usize).prop_map(
        |(threads, word_bits, round, chunk, block)| Tuning {
            threads,
            blocks_max: 1,
            sizes: Sizes {
                word_bits,
                round,
                chunk,
                block,
                slots: 2,
                shared_from: 1,
                ..Sizes::default()
            },
            ..eager()
        },
    )
}

/// Stops after some looks, wants a checkpoint at each, and keeps a copy of every one.
struct Restless<'a> {
    looks_left: u64,
    folder: &'a Path,
    copies: Vec<Vec<u8>>,
    costs: u64,
}

impl<'a> Restless<'a> {
    fn new(folder: &'a Path, looks_left: u64) -> Self {
        Restless {
            looks_left,
            folder,
            copies: Vec::new(),
            costs: 0,
        }
    }
}

impl Monitor for Restless<'_> {
    fn look(&mut self, _: &Progress) -> Result<(), Stopped> {
        let left = self.looks_left.checked_sub(1).ok_or(Stopped::Interrupted);
        self.looks_left = left?;
        self.costs += 1;
        Ok(())
    }

    fn begins(&mut self, cost: u64) {
        self.costs = cost;
    }

    fn cost(&self) -> u64 {
        self.costs
    }

    fn wants_checkpoint(&mut self) -> bool {
        true
    }

    fn wrote_checkpoint(&mut self, outcome: Result<(), String>) {
        outcome.expect("it can be written");
        self.copies.push(fs::read(the_file(self.folder)).unwrap());
    }
}

/// The only checkpoint in a folder.
fn the_file(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|e| e == "checkpoint"));
    let [file] = &files.collect::<Vec<_>>()[..] else {
        panic!("one checkpoint");
    };
    file.clone()
}

fn explore_from<P: Protocol>(
    system: &System<P>,
    limits: Limits,
    tuning: Tuning,
    folder: &Folder,
    monitor: &mut dyn Monitor,
) -> Result<Explored<Event<P>>, CheckpointError> {
    let properties = system.protocol.properties();
    let place = folder.place(&"search");
    let start = system.initial();
    fast::explore(
        system,
        &start,
        &properties,
        &limits,
        tuning,
        Some(&place),
        monitor,
    )
}

/// Compares what is found in one go with what is found bit by bit, and from any checkpoint.
fn compare<P: Protocol>(system: &System<P>, limits: Limits, tunings: [Tuning; 2], from: usize) {
    let properties = system.protocol.properties();
    let start = system.initial();
    let whole = searched(
        system,
        &start,
        &properties,
        &limits,
        tunings[0],
        &mut Patient,
    );
    let whole = account(system, &whole);
    let here = TempDir::new().unwrap();
    let folder = Folder::open(here.path(), Vec::new()).unwrap();
    let mut copies = Vec::new();
    // The sweep begins anew each time, so that patience has to grow.
    for patience in 0.. {
        let mut monitor = Restless::new(here.path(), 1 << patience.min(20));
        let tuning = tunings[patience % 2];
        let explored = explore_from(system, limits, tuning, &folder, &mut monitor).unwrap();
        copies.append(&mut monitor.copies);
        if explored.account.stopped != Some(Stopped::Interrupted) {
            assert_eq!(account(system, &explored), whole);
            break;
        }
    }
    // A kill leaves some checkpoint behind, and the search goes on from it.
    fs::write(the_file(here.path()), &copies[from % copies.len()]).unwrap();
    for _ in 0..2 {
        // The second time there is nothing left to do.
        let explored = explore_from(system, limits, tunings[1], &folder, &mut Patient).unwrap();
        assert_eq!(account(system, &explored), whole);
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn random_searches_go_on(
        game in game(),
        most in 1..600u64,
        tunings in [tuning(), tuning()],
        from in 0..1000usize,
    ) {
        compare(&game.system(), states(most), tunings, from);
    }
}

fn commit(participants: u8, inside_handlers: InsideHandlers) -> System<TwoPhaseCommit> {
    let params = Params {
        participants,
        ..Params::default()
    };
    let protocol = TwoPhaseCommit::new(&params).expect("good parameters");
    let mut rules = Rules::fault_free();
    rules.links.copies = Limit::AtMost(1);
    let nodes = protocol.cluster().all();
    rules.budgets.crashes = vec![(nodes, Limit::AtMost(1))];
    rules.budgets.inside_handlers = inside_handlers;
    System::new(protocol, rules)
}

#[test]
fn two_phase_commit_goes_on() {
    let tiny = Tuning {
        blocks_max: 1,
        threads: 2,
        sizes: Sizes {
            round: 300,
            word_bits: 7,
            block: 64,
            shared_from: 1,
            ..Sizes::default()
        },
        ..eager()
    };
    let by_names = Tuning {
        symmetry: ByOrbits::Always,
        ..tiny
    };
    for tuning in [tiny, by_names] {
        let other = Tuning {
            threads: 8,
            sizes: Sizes {
                word_bits: 63,
                ..tuning.sizes
            },
            ..tuning
        };
        for from in [0, 3, 11] {
            compare(
                &commit(
                    2,
                    if tuning.symmetry == ByOrbits::Always {
                        InsideHandlers::Never
                    } else {
                        InsideHandlers::InOrder
                    },
                ),
                states(3_000),
                [other, tuning],
                from,
            );
        }
    }
}

/// A goal that reads what is in flight is asked in the sweep alone. A search that was stopped there knows
/// that what it left out has mattered.
#[test]
fn what_a_sweep_has_read_is_not_forgotten() {
    let is_quiet = |commit: &TwoPhaseCommit, world: &dyn View<TwoPhaseCommit>| {
        let ids = || commit.cluster().all().iter();
        let silent = |src| ids().all(|dst| world.channel(Link::new(src, dst)).is_empty());
        if ids().all(silent) {
            return Ok(());
        }
        Err(Reason::new(NodeSet::EMPTY, "something is in flight"))
    };
    let properties = [Property {
        name: "quiet",
        about: "In the end nothing is in flight.",
        citation: "none",
        premise: vec![],
        assumes: vec![],
        expectation: Expectation::NeverBlocked {
            condition: None,
            goal: Predicate::World(is_quiet),
        },
    }];
    let tuning = Tuning {
        threads: 1,
        sizes: Sizes {
            round: 100,
            ..Sizes::default()
        },
        ..eager()
    };
    let system = commit(2, InsideHandlers::InOrder);
    let start = system.initial();
    let limits = Limits::default();
    let whole = searched(&system, &start, &properties, &limits, tuning, &mut Patient);
    let forgone = [(Reduction::Dead, Forgone::NetworkIsRead)];
    assert_eq!(whole.account.reduced.forgone, forgone);
    let here = TempDir::new().unwrap();
    let folder = Folder::open(here.path(), Vec::new()).unwrap();
    let place = folder.place(&"search");
    let explore = |monitor: &mut dyn Monitor| {
        let explored = fast::explore(
            &system,
            &start,
            &properties,
            &limits,
            tuning,
            Some(&place),
            monitor,
        );
        account(&system, &explored.unwrap())
    };
    let mut monitor = Restless::new(here.path(), u64::MAX);
    let whole = account(&system, &whole);
    assert_eq!(explore(&mut monitor), whole);
    assert!(monitor.copies.len() > 40);
    // Also from those that were written when all was marked.
    for copy in monitor.copies {
        fs::write(the_file(here.path()), copy).unwrap();
        assert_eq!(explore(&mut Patient), whole);
    }
}

/// What a checkpoint holds must fit into memory. If not, it stays as it is.
#[test]
fn a_checkpoint_that_does_not_fit_is_left_alone() {
    struct Small;

    impl Monitor for Small {
        fn look(&mut self, progress: &Progress) -> Result<(), Stopped> {
            if progress.ahead > 0 {
                return Err(Stopped::Memory);
            }
            Ok(())
        }
    }

    let here = TempDir::new().unwrap();
    let folder = Folder::open(here.path(), Vec::new()).unwrap();
    let system = commit(2, InsideHandlers::InOrder);
    let tuning = Tuning {
        sizes: Sizes {
            round: 50,
            ..Sizes::default()
        },
        ..Tuning::unreduced()
    };
    let mut monitor = Restless::new(here.path(), 9);
    explore_from(&system, Limits::default(), tuning, &folder, &mut monitor).unwrap();
    let kept = fs::read(the_file(here.path())).unwrap();
    let explored = explore_from(&system, Limits::default(), tuning, &folder, &mut Small).unwrap();
    assert_eq!(explored.account.stopped, Some(Stopped::Memory));
    assert_eq!(fs::read(the_file(here.path())).unwrap(), kept);
}

#[test]
fn what_a_search_cost_adds_up() {
    let here = TempDir::new().unwrap();
    let folder = Folder::open(here.path(), Vec::new()).unwrap();
    let tuning = Tuning {
        sizes: Sizes {
            round: 10,
            ..Sizes::default()
        },
        ..eager()
    };
    let looks = |most| {
        let mut monitor = Restless::new(here.path(), most);
        explore_from(
            &commit(2, InsideHandlers::InOrder),
            states(1_000),
            tuning,
            &folder,
            &mut monitor,
        )
        .unwrap();
        monitor.costs
    };
    assert_eq!([looks(3), looks(4)], [3, 7]);
}

/// The same search of a protocol that is another one by now.
#[test]
fn a_protocol_that_changed_is_noticed() {
    let here = TempDir::new().unwrap();
    let folder = Folder::open(here.path(), Vec::new()).unwrap();
    let tuning = Tuning {
        sizes: Sizes {
            round: 50,
            ..Sizes::default()
        },
        ..eager()
    };
    let mut monitor = Restless::new(here.path(), 5);
    explore_from(
        &commit(2, InsideHandlers::InOrder),
        Limits::default(),
        tuning,
        &folder,
        &mut monitor,
    )
    .unwrap();
    let params = Params {
        participants: 2,
        presumption: jury::protocols::two_phase_commit::Presumption::Commit,
        ..Params::default()
    };
    let other = System::new(
        TwoPhaseCommit::new(&params).unwrap(),
        commit(2, InsideHandlers::InOrder).rules.clone(),
    );
    for system in [other, commit(3, InsideHandlers::InOrder)] {
        let gone = explore_from(&system, Limits::default(), tuning, &folder, &mut Patient);
        let Err(error) = gone else {
            panic!("it is another protocol");
        };
        let error = error.to_string();
        assert!(
            error.contains("does not fit the protocol") || error.contains("makes no sense"),
            "{error}"
        );
    }
}

/// A disk that takes nothing stops no search.
#[test]
fn a_checkpoint_that_cannot_be_written_stops_nothing() {
    struct Noting(Vec<String>);

    impl Monitor for Noting {
        fn look(&mut self, _: &Progress) -> Result<(), Stopped> {
            Ok(())
        }

        fn wants_checkpoint(&mut self) -> bool {
            true
        }

        fn wrote_checkpoint(&mut self, outcome: Result<(), String>) {
            self.0.extend(outcome.err());
        }
    }

    let here = TempDir::new().unwrap();
    let path = here.path().join("gone");
    fs::create_dir(&path).unwrap();
    let folder = Folder::open(&path.join("kept"), vec![Fact::new("nothing", &0)]).unwrap();
    fs::remove_dir_all(&path).unwrap();
    let mut monitor = Noting(Vec::new());
    let system = commit(1, InsideHandlers::InOrder);
    let limits = Limits::default();
    let explored = explore_from(&system, limits, eager(), &folder, &mut monitor).unwrap();
    assert_eq!(explored.account.stopped, None);
    assert!(!monitor.0.is_empty());
    assert!(folder.is_empty());
}

/// A limit on worlds is a stop like any other: with a larger one a search goes on, and finds what one finds
/// that had it from the start. That is so for one that only looks, for one that leaves something out and for
/// one that leaves out nothing; and whatever goals it has swept for by then.
#[test]
fn a_larger_limit_goes_on() {
    let sizes = Sizes {
        round: 64,
        ..Sizes::default()
    };
    let tuning = |first_look, reduce| Tuning {
        first_look,
        reduce,
        threads: 2,
        sizes,
        ..Tuning::default()
    };
    let looks = tuning(500, Reduce::Auto);
    let never_looks = tuning(0, Reduce::Auto);
    for tuning in [looks, never_looks, tuning(0, Reduce::NONE)] {
        let system = commit(3, InsideHandlers::InOrder);
        let here = TempDir::new().unwrap();
        let folder = Folder::open(here.path(), Vec::new()).unwrap();
        let mut before = 0;
        for most in [100, 100, 300, 800, 801, 20_000] {
            let properties = system.protocol.properties();
            let (start, limits) = (system.initial(), states(most));
            let whole = searched(&system, &start, &properties, &limits, tuning, &mut Patient);
            let explored = explore_from(&system, limits, tuning, &folder, &mut Patient).unwrap();
            assert_eq!(
                account(&system, &explored),
                account(&system, &whole),
                "{most}"
            );
            let distinct = explored.account.progress.distinct;
            assert!(distinct >= before);
            before = distinct;
            if explored.account.stopped == Some(Stopped::States) {
                assert!(!folder.is_empty(), "{most}");
            }
        }
        assert!(before > 801);
    }
}

/// It goes on from there, and does not begin anew.
#[test]
fn what_is_behind_a_limit_is_not_searched_twice() {
    /// The fewest worlds that it saw.
    struct Fewest(u64);

    impl Monitor for Fewest {
        fn look(&mut self, progress: &Progress) -> Result<(), Stopped> {
            // What restores a checkpoint has no worlds yet.
            if progress.ahead == 0 {
                self.0 = self.0.min(progress.distinct);
            }
            Ok(())
        }
    }

    let here = TempDir::new().unwrap();
    let folder = Folder::open(here.path(), Vec::new()).unwrap();
    let tuning = Tuning {
        sizes: Sizes {
            round: 16,
            ..Sizes::default()
        },
        ..Tuning::unreduced()
    };
    let system = commit(2, InsideHandlers::InOrder);
    let fewest = |most| {
        let mut monitor = Fewest(u64::MAX);
        explore_from(&system, states(most), tuning, &folder, &mut monitor).unwrap();
        monitor.0
    };
    assert_eq!(fewest(700), 1);
    assert!(fewest(2_000) > 700);
}

/// Time is over before it is clear what may be left out: the next time nothing is, so that a search that
/// is stopped again and again comes to an end.
#[test]
fn a_search_gets_on_though_planning_takes_too_long() {
    struct Hasty(u64);

    impl Monitor for Hasty {
        fn look(&mut self, _: &Progress) -> Result<(), Stopped> {
            let left = self.0.checked_sub(1).ok_or(Stopped::Time);
            self.0 = left?;
            Ok(())
        }

        fn prepares(&mut self, _: u64) -> Result<(), Stopped> {
            self.0 = 0;
            Err(Stopped::Time)
        }
    }

    // It takes more questions to find out what is dead in Raft than there are worlds.
    let raft = Raft::new(&raft::Params::default()).expect("good parameters");
    let mut rules = Rules::fault_free();
    rules.links.copies = Limit::AtMost(1);
    rules.timeouts = Limit::AtMost(1);
    let system = System::new(raft, rules);
    let properties = system.protocol.properties();
    let start = system.initial();
    let limits = states(20_000);
    let all = Tuning::unreduced();
    let whole = searched(&system, &start, &properties, &limits, all, &mut Patient);
    let here = TempDir::new().unwrap();
    let folder = Folder::open(here.path(), Vec::new()).unwrap();
    let first = explore_from(&system, limits, eager(), &folder, &mut Hasty(9)).unwrap();
    assert_eq!(first.account.stopped, Some(Stopped::Time));
    let mut turns = 0;
    let last = loop {
        turns += 1;
        let mut monitor = Hasty(3 << turns);
        let explored = explore_from(&system, limits, eager(), &folder, &mut monitor).unwrap();
        if explored.account.stopped != Some(Stopped::Time) {
            break explored;
        }
    };
    assert!(turns > 1);
    assert_eq!(
        last.account.progress.distinct,
        whole.account.progress.distinct
    );
    let why = &last.account.reduced.forgone;
    assert!(last.account.reduced.used.is_empty() && !why.is_empty());
    assert!(why.iter().all(|(_, why)| *why == Forgone::OutOfTime));
}
