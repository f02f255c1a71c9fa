//! Searches with reductions against the plain search without: the same verdicts, by schedules of the
//! same length that the whole relation allows; and exactly the worlds that the definitions leave.

use crate::common::picky::Picky;
use crate::common::reduced::{buried, outlooks, size};
use crate::common::table::{Do, Game, Msg, Params as Rows, Past, Row, Table, game};
use crate::common::{
    cases, depth, depth_within, eager, plainly, searched, states, successors, told,
};
use jury::check::fast::{Sizes, Tuning};
use jury::check::reduction::Forgone;
use jury::check::{
    Explored, Finding, Limits, Monitor, Patient, Progress, Reduce, Reduction, Reductions, Stopped,
};
use jury::model::{
    Answer, Bound, Budgets, CutFamily, Event, Expectation, Limit, LinkOrder, NodeSet, Predicate,
    Property, Protocol, Reason, Rules, System, Timing, View, World,
};
use jury::protocols::raft::{self, Raft};
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

/// Every set of reductions that has one or all, and what is chosen if nothing is said.
fn asked() -> Vec<Reduce> {
    let each = Reduction::ALL.map(|one| Reduce::Only(Reductions::NONE.with(one)));
    let all = Reduce::Only(Reduction::ALL.into_iter().collect());
    [each.to_vec(), vec![all, Reduce::Auto]].concat()
}

fn tuning() -> impl Strategy<Value = Tuning> {
    let word_bits = prop_oneof![Just(63), 1..63u32];
    let threads = prop_oneof![Just(1), Just(2), Just(8)];
    let blocks = (1..30usize, prop_oneof![0..3usize, Just(usize::MAX)]);
    (threads, word_bits, 1..50usize, 0..3usize, blocks).prop_map(
        |(threads, word_bits, chunk, steps, (block, blocks_max))| Tuning {
            threads,
            blocks_max,
            sizes: Sizes {
                word_bits,
                slots: 1,
                chunk,
                shared_from: 1,
                steps_max: [0, 20, 1 << 20][steps],
                block,
                questions_max: usize::MAX,
                ..Sizes::default()
            },
            ..eager()
        },
    )
}

/// Mostly what reductions are made for.
fn reducible() -> impl Strategy<Value = Game> {
    (game(), 0..8u8).prop_map(|(mut game, which)| {
        game.rules.accurate &= which == 0;
        game.rules.fifo &= which == 1;
        game
    })
}

/// Whether a goal is out of reach of ordinary events, and of repairs if they count.
fn is_blocked<P: Protocol>(
    system: &System<P>,
    world: &World<P>,
    goal: &Predicate<P>,
    repairs: bool,
) -> bool {
    let mut seen = indexmap::IndexSet::from([world.clone()]);
    let mut next = 0;
    while next < seen.len() {
        let mut at = seen[next].clone();
        let enabled = system.enabled(&mut at);
        let open = !enabled.withheld.is_empty() || (repairs && enabled.repair_withheld);
        if open || goal.ask(&system.protocol, &at).is_ok() {
            return false;
        }
        for (event, to) in successors(system, &at) {
            use jury::model::Class::{Ordinary, Repair};
            if event.class() == Ordinary || (repairs && event.class() == Repair) {
                seen.insert(to);
            }
        }
        next += 1;
    }
    true
}

/// Plays what was found in the whole relation, where every step must be enabled, and asks whether
/// it shows what it is said to show.
fn replay<P: Protocol>(system: &System<P>, property: &Property<P>, finding: &Finding<Event<P>>) {
    let (Finding::Broken { schedule, .. }
    | Finding::Met { schedule }
    | Finding::Blocked { schedule }) = finding
    else {
        return;
    };
    let mut world = system.initial();
    for event in schedule {
        let enabled = system.enabled(&mut world).events;
        assert!(
            enabled.contains(event),
            "{event:?} is no event of the relation"
        );
        system.apply(&mut world, event);
    }
    let name = property.name;
    match (finding, &property.expectation) {
        (Finding::Broken { reason, .. }, Expectation::Always(predicate)) => {
            let answer = predicate.ask(&system.protocol, &world);
            assert_eq!(answer.as_ref(), Err(reason), "{name}");
        }
        (Finding::Met { .. }, Expectation::Reachable(predicate)) => {
            assert!(predicate.ask(&system.protocol, &world).is_ok(), "{name}");
        }
        (Finding::Blocked { .. }, Expectation::NeverBlocked { condition, goal }) => {
            let holds = |c: &Predicate<P>| c.ask(&system.protocol, &world).is_ok();
            assert!(condition.as_ref().is_none_or(holds), "{name}");
            assert!(is_blocked(system, &world, goal, false), "{name}");
        }
        (Finding::Blocked { .. }, Expectation::Recovers { goal }) => {
            assert!(is_blocked(system, &world, goal, true), "{name}");
        }
        _ => panic!("{name}: found what was not asked for"),
    }
}

fn length<E>(finding: &Finding<E>) -> usize {
    match finding {
        Finding::Nothing => usize::MAX,
        Finding::Broken { schedule, .. }
        | Finding::Met { schedule }
        | Finding::Blocked { schedule } => schedule.len(),
    }
}

/// What has to be equal at any number of threads.
fn account<P: Protocol>(system: &System<P>, explored: &Explored<Event<P>>) -> String {
    let findings: Vec<_> = explored.findings.iter().map(|f| told(system, f)).collect();
    let progress = &explored.account.progress;
    format!(
        "{} {} {} {} {:?}\n{findings:#?}\n{:?} {} {} {}",
        progress.distinct,
        progress.generated,
        progress.depth,
        progress.frontier,
        explored.account.reduced,
        explored.account.withheld,
        explored.account.absorbed,
        explored.account.repair_withheld,
        explored.account.settled,
    )
}

/// Compares a reduced search with the plain one. Both go equally deep.
fn compare<P: Protocol>(
    system: &System<P>,
    properties: &[Property<P>],
    plain: &Explored<Event<P>>,
    ours: &Explored<Event<P>>,
) {
    let whole = |explored: &Explored<Event<P>>| {
        explored.account.stopped.is_none() && !explored.account.withheld.contains(&Bound::Depth)
    };
    let used = ours.account.reduced.used;
    for ((property, theirs), ours) in properties.iter().zip(&plain.findings).zip(&ours.findings) {
        replay(system, property, ours);
        if property.expectation.goal().is_none() {
            assert_eq!(
                told(system, theirs),
                told(system, ours),
                "{}",
                property.name
            );
            continue;
        }
        // Near a bound on depth fewer worlds lie too deep, so that more is found, and earlier.
        assert!(length(ours) <= length(theirs), "{}", property.name);
        if whole(plain) {
            assert_eq!(length(ours), length(theirs), "{}", property.name);
        }
    }
    if !used.is_empty() {
        assert_eq!(system.rules.timing, Timing::Asynchronous);
        assert_eq!(system.rules.links.order, LinkOrder::Unordered);
        assert!(ours.account.progress.distinct <= plain.account.progress.distinct || !whole(plain));
    }
    if whole(plain) && !plain.account.settled {
        assert!(whole(ours) && !ours.account.settled);
        assert_eq!(plain.account.withheld, ours.account.withheld);
        assert_eq!(plain.account.repair_withheld, ours.account.repair_withheld);
        if used.contains(Reduction::Dead) {
            assert!(plain.account.absorbed || !ours.account.absorbed);
        } else {
            assert_eq!(plain.account.absorbed, ours.account.absorbed);
        }
    }
    if used.is_empty() {
        assert_eq!(
            plain.account.progress.distinct,
            ours.account.progress.distinct
        );
        assert_eq!(
            plain.account.progress.generated,
            ours.account.progress.generated
        );
    }
}

/// Properties of the network, some of which look at it only now and then.
fn of_the_network() -> Vec<Property<Table>> {
    fn in_flight(world: &dyn View<Table>) -> usize {
        let links = world.ids().flat_map(|src| {
            let link = move |dst| jury::model::Link::new(src, dst);
            (0..world.nodes()).map(move |dst| link(dst.into()))
        });
        links.map(|link| world.channel(link).len()).sum()
    }
    fn told(holds: bool) -> Answer {
        let reason = || Reason::new(NodeSet::EMPTY, "it does not");
        holds.then_some(()).ok_or_else(reason)
    }
    fn few(_: &Table, world: &dyn View<Table>) -> Answer {
        told(in_flight(world) < 4)
    }
    fn silent_at_last(table: &Table, world: &dyn View<Table>) -> Answer {
        let (a, b) = table.0.bad;
        let there = world
            .ids()
            .any(|id| world.node(id).state() == Some(&a.max(b)));
        told(!there || in_flight(world) > 0)
    }
    /// Broken without a look at the network, which it looks at elsewhere.
    fn nearly_bad(table: &Table, world: &dyn View<Table>) -> Answer {
        let (a, b) = table.0.bad;
        let at = |state: u8| world.ids().any(|id| world.node(id).state() == Some(&state));
        told(!at(a) && (!at(b) || in_flight(world) < 100))
    }
    fn lost(_: &Table, world: &dyn View<Table>) -> Answer {
        told(world.globals().spent.drops > 0)
    }
    fn copied(_: &Table, world: &dyn View<Table>) -> Answer {
        told(world.globals().spent.duplicates > 0)
    }
    fn whole(_: &Table, world: &dyn View<Table>) -> Answer {
        told(world.globals().spent.drops == 0 && world.globals().cuts.is_empty())
    }
    fn observed(_: &Table, past: &Past) -> Answer {
        told(past.decided.len() > 1)
    }
    let property = |name, expectation| Property {
        name,
        about: "A property of the network.",
        citation: "none",
        premise: Vec::new(),
        assumes: Vec::new(),
        expectation,
    };
    vec![
        property("few", Expectation::Always(Predicate::World(few))),
        property(
            "silent",
            Expectation::Always(Predicate::World(silent_at_last)),
        ),
        property(
            "nearly bad",
            Expectation::Always(Predicate::World(nearly_bad)),
        ),
        property("copied", Expectation::Reachable(Predicate::World(copied))),
        property("lost", Expectation::Reachable(Predicate::World(lost))),
        property(
            "while nothing is lost",
            Expectation::NeverBlocked {
                condition: Some(Predicate::World(whole)),
                goal: Predicate::History(observed),
            },
        ),
        property(
            "silent again",
            Expectation::Recovers {
                goal: Predicate::World(|_, world| told(in_flight(world) == 0)),
            },
        ),
    ]
}

fn compare_all(system: &System<Table>, most: usize, tuning: Tuning) {
    let limits = depth(depth_within(system, most));
    let all = system.protocol.properties();
    let network = of_the_network();
    let safety: Vec<Property<Table>> = all
        .iter()
        .filter(|p| p.expectation.goal().is_none() && p.name != "true")
        .cloned()
        .collect();
    let mut sets = vec![all.clone(), safety];
    sets.extend(
        all.into_iter()
            .chain(network)
            .map(|property| vec![property]),
    );
    for properties in sets {
        let plain = plainly(system, &properties, limits);
        for reduce in asked() {
            let tuning = Tuning { reduce, ..tuning };
            let ours = fast(system, &properties, limits, tuning);
            compare(system, &properties, &plain, &ours);
            let alone = Tuning {
                reduce,
                threads: 1,
                sizes: Sizes {
                    questions_max: usize::MAX,
                    ..Sizes::default()
                },
                ..eager()
            };
            let alone = fast(system, &properties, limits, alone);
            assert_eq!(account(system, &ours), account(system, &alone));
        }
    }
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn random_protocols_keep_their_verdicts(game in reducible(), tuning in tuning()) {
        compare_all(&game.system(), 300, tuning);
    }

    /// World by world what the definitions leave.
    #[test]
    fn what_is_left_is_what_the_definitions_say(game in reducible(), tuning in tuning()) {
        let system = game.system();
        let deepest = depth_within(&system, 300);
        for bits in 0..8u8 {
            let chosen = |r: &Reduction| bits >> *r as u8 & 1 == 1;
            let asked = Reduction::ALL.into_iter().filter(chosen).collect();
            let tuning = Tuning { reduce: Reduce::Only(asked), ..tuning };
            let ours = fast(&system, &[], depth(deepest), tuning);
            let used = ours.account.reduced.used;
            prop_assert!(used.iter().all(|one| asked.contains(one)));
            let rules = &system.rules;
            if rules.timing == Timing::Asynchronous && rules.links.order == LinkOrder::Unordered {
                for one in [Reduction::NoOp, Reduction::Dead] {
                    prop_assert_eq!(used.contains(one), asked.contains(one));
                }
            }
            let progress = ours.account.progress;
            prop_assert_eq!(
                (progress.distinct, progress.generated),
                size(&system, used, deepest)
            );
        }
    }

    /// Dead messages, looked at in the whole graph: delivered wherever they can be, they change
    /// nothing, and they stay dead whatever happens.
    #[test]
    fn what_is_dead_is_dead(game in reducible()) {
        let mut game = game;
        (game.rules.accurate, game.rules.fifo) = (false, false);
        let system = game.system();
        let start = system.initial();
        let outlooks = outlooks(&system, &start);
        let mut seen = indexmap::IndexSet::from([start]);
        let mut next = 0;
        while next < seen.len() && seen.len() < 1_000 {
            let world = seen[next].clone();
            for (event, after) in successors(&system, &world) {
                let dead = |world: &World<Table>, src, dst: jury::model::Id, msg| {
                    outlooks[usize::from(dst)].is_dead(world.node(dst), src, msg)
                };
                for link in crate::common::links(&system) {
                    for msg in world.channel(link).iter() {
                        if dead(&world, link.src, link.dst, msg) {
                            prop_assert!(dead(&after, link.src, link.dst, msg));
                        }
                    }
                }
                if let Event::Deliver(e) = &event
                    && dead(&world, e.src, e.dst, &e.msg)
                {
                    prop_assert_eq!(after.history(), world.history());
                    for id in system.cluster.ids() {
                        prop_assert_eq!(after.node(id), world.node(id));
                    }
                    prop_assert_eq!(
                        buried(&system, &outlooks, &after),
                        buried(&system, &outlooks, &world)
                    );
                }
                seen.insert(after);
            }
            next += 1;
        }
    }
}

/// Two nodes, of which the second may crash once and come back: what is asked of it is `Ask`.
fn asked_once(rows: &mut Rows) -> System<Table> {
    *rows.start(0, None) = Row::to(0, [Do::Send(1, Msg::Ask)]);
    let mut rules = Rules::fault_free();
    let second = NodeSet::only(1.into());
    rules.budgets.crashes = vec![(second, Limit::AtMost(1))];
    rules.budgets.recoveries = Limit::AtMost(1);
    System::new(Table::new(rows).expect("it has nodes"), rules)
}

/// What is left behind inside a handler that as a whole changes nothing matters all the same.
#[test]
fn a_crash_inside_a_handler_that_changes_nothing_is_an_event() {
    let mut rows = Rows::default();
    *rows.start(1, None) = Row::to(0, [Do::Save(0)]);
    *rows.msg(1, 0, Msg::Ask) = Row {
        next: None,
        does: vec![Do::Save(1), Do::Save(0)],
    };
    *rows.start(1, Some(1)) = Row::to(4, []);
    *rows.msg(1, 4, Msg::Ask) = Row::default();
    (rows.bad, rows.goal[0]) = ((4, 0), true);
    let system = asked_once(&mut rows);
    let plain = plainly(&system, &system.protocol.properties(), Limits::default());
    let broken = |finding: &Finding<_>| matches!(finding, Finding::Broken { .. });
    assert!(plain.findings.iter().any(broken));
    compare_all(&system, 1_000, eager());
}

/// What is on storage only if a node crashed inside a handler wakes a message that would be dead.
#[test]
fn what_only_a_crash_inside_leaves_behind_is_foreseen() {
    let mut rows = Rows::default();
    *rows.msg(1, 0, Msg::Ask) = Row::to(1, [Do::Save(1), Do::Save(0)]);
    *rows.start(1, Some(0)) = Row::to(1, []);
    *rows.start(1, Some(1)) = Row::to(2, [Do::Send(0, Msg::AskAgain)]);
    *rows.msg(0, 0, Msg::AskAgain) = Row::to(3, [Do::Send(1, Msg::Ask)]);
    *rows.msg(1, 2, Msg::Ask) = Row::to(4, []);
    (rows.bad, rows.goal[4]) = ((4, 3), true);
    let system = asked_once(&mut rows);
    let plain = plainly(&system, &system.protocol.properties(), Limits::default());
    let broken = |finding: &Finding<_>| matches!(finding, Finding::Broken { .. });
    assert!(plain.findings.iter().any(broken));
    compare_all(&system, 1_000, eager());
}

/// A message that a bound withholds keeps a world open, so that it is left in flight.
#[test]
fn what_a_bound_withholds_is_not_left_out() {
    let mut rows = Rows::default();
    *rows.start(0, None) = Row::to(0, [Do::Send(1, Msg::Tell { what: 1 })]);
    rows.withheld = Some(0);
    let table = Table::new(&rows).expect("it has nodes");
    let system = System::new(table, Rules::fault_free());
    let plain = plainly(&system, &system.protocol.properties(), Limits::default());
    assert!(plain.account.withheld.contains(&Bound::Protocol("rounds")));
    compare_all(&system, 1_000, eager());
}

/// A message that is dead can be duplicated and lost, and somebody may count that.
#[test]
fn what_is_spent_in_vain_is_not_left_out() {
    let mut rows = Rows::default();
    *rows.start(0, None) = Row::to(0, [Do::Send(1, Msg::Ask)]);
    for (drops, duplicates) in [(0, 1), (1, 0)] {
        let mut rules = Rules::fault_free();
        rules.budgets.drops = Limit::AtMost(drops);
        rules.budgets.duplicates = Limit::AtMost(duplicates);
        let table = Table::new(&rows).expect("it has nodes");
        compare_all(&System::new(table, rules), 1_000, eager());
    }
}

/// Who reads the network after it was settled, and only because others search too, was not asked.
#[test]
fn what_is_read_in_vain_is_not_asked_for() {
    let mut rows = Rows {
        nodes: 4,
        bad: (1, 2),
        ..Rows::default()
    };
    for role in 0..2 {
        *rows.start(role, None) = Row::to(0, [Do::Arm(0)]);
    }
    *rows.timeout(0, 0, 0) = Row::to(1, []);
    *rows.timeout(1, 0, 0) = Row::to(2, []);
    let table = Table::new(&rows).expect("it has nodes");
    let system = System::new(table, Rules::fault_free());
    let tuning = Tuning {
        threads: 8,
        sizes: Sizes {
            shared_from: 1,
            chunk: 1,
            ..Sizes::default()
        },
        ..eager()
    };
    compare_all(&system, 1_000, tuning);
}

/// Where a search is small, all of it is searched unless somebody says what to leave out.
#[test]
fn a_small_search_leaves_nothing_out() {
    let two = serde_json::json!({ "participants": 2 });
    let system = commit(&two, |rules, nodes| {
        rules.links.copies = Limit::AtMost(1);
        rules.budgets.crashes = vec![(nodes, Limit::AtMost(1))];
    });
    let properties = system.protocol.properties();
    let search = |first_look, reduce| {
        let tuning = Tuning {
            first_look,
            reduce,
            ..eager()
        };
        fast(&system, &properties, Limits::default(), tuning)
    };
    let whole = search(0, Reduce::NONE);
    let worlds = whole.account.progress.distinct;
    let small = search(worlds, Reduce::Auto);
    assert_eq!(account(&system, &small), account(&system, &whole));
    assert!(small.account.reduced.used.is_empty() && small.account.reduced.forgone.is_empty());
    let told = Reduce::Only(Reductions::NONE.with(Reduction::Dead));
    for larger in [search(worlds - 1, Reduce::Auto), search(worlds, told)] {
        assert!(larger.account.progress.distinct < worlds);
        assert!(larger.account.reduced.used.contains(Reduction::Dead));
    }
}

/// A monitor that lets a search go on, but not find out what it may leave out.
struct Impatient {
    asked: u64,
}

impl Monitor for Impatient {
    fn look(&mut self, _: &Progress) -> Result<(), Stopped> {
        Ok(())
    }

    fn prepares(&mut self, questions: u64) -> Result<(), Stopped> {
        self.asked = questions;
        Err(Stopped::Time)
    }
}

/// To find out what is dead takes thousands of questions in Raft, however few worlds there are.
#[test]
fn finding_out_what_to_leave_out_costs_no_more_than_it_may_save() {
    let raft = Raft::new(&raft::Params::default()).expect("good parameters");
    let mut rules = Rules::fault_free();
    rules.links.copies = Limit::AtMost(1);
    rules.timeouts = Limit::AtMost(4);
    let system = System::new(raft, rules);
    let properties = system.protocol.properties();
    let tuned = |first_look| Tuning {
        first_look,
        ..eager()
    };
    // Too few questions after each look: nothing is left out, and it is said why.
    let whole = fast(&system, &properties, states(20_000), Tuning::unreduced());
    assert_eq!(whole.account.stopped, Some(Stopped::States));
    let looked = fast(&system, &properties, states(20_000), tuned(1));
    let counts =
        |of: &Explored<Event<Raft>>| (of.account.progress.distinct, of.account.progress.generated);
    assert_eq!(counts(&looked), counts(&whole));
    assert!(looked.account.reduced.used.is_empty());
    let why = looked.account.reduced.forgone.iter().map(|(_, why)| *why);
    assert!(why.eq([Forgone::TooManyQuestions(512)]));
    // Whoever runs out of time while it finds out answers by what it has seen until then.
    let explore = |limits, first_look, monitor: &mut Impatient| {
        let start = system.initial();
        searched(
            &system,
            &start,
            &properties,
            &limits,
            tuned(first_look),
            monitor,
        )
    };
    let mut monitor = Impatient { asked: 0 };
    let stopped = explore(states(20_000), 5_000, &mut monitor);
    assert_eq!(stopped.account.stopped, Some(Stopped::Time));
    assert!(monitor.asked > 0);
    assert!((5_000..6_000).contains(&stopped.account.progress.distinct));
    // Whoever asks for few worlds gets these, and nothing has to be found out.
    let mut monitor = Impatient { asked: 0 };
    let few = explore(states(5_000), 5_000, &mut monitor);
    assert_eq!(
        (few.account.stopped, monitor.asked),
        (Some(Stopped::States), 0)
    );
    assert!((5_000..6_000).contains(&few.account.progress.distinct));
}

/// Two-phase commit with so many participants.
fn commit(
    params: &serde_json::Value,
    change: impl FnOnce(&mut Rules, NodeSet),
) -> System<TwoPhaseCommit> {
    let params: Params = serde_json::from_value(params.clone()).expect("good parameters");
    let protocol = TwoPhaseCommit::new(&params).expect("good parameters");
    let mut rules = Rules::fault_free();
    change(&mut rules, protocol.cluster().all());
    System::new(protocol, rules)
}

#[test]
fn two_phase_commit_keeps_its_verdicts() {
    let (mut compared, mut smaller) = (0, [0; 5]);
    for termination in ["basic", "cooperative"] {
        for presumption in ["nothing", "abort", "commit"] {
            let params = serde_json::json!({
                "participants": 2, "termination": termination,
                "presumption": presumption, "votes": ["open", "yes"],
            });
            for faults in 0..6 {
                let system = commit(&params, |rules, nodes| {
                    rules.links.copies = Limit::AtMost(1);
                    rules.budgets = Budgets::none();
                    let budgets = &mut rules.budgets;
                    match faults {
                        0 => {}
                        1 => budgets.crashes = vec![(nodes, Limit::AtMost(1))],
                        2 => {
                            budgets.crashes = vec![(nodes, Limit::AtMost(1))];
                            budgets.recoveries = Limit::AtMost(1);
                            rules.timeouts = Limit::AtMost(2);
                        }
                        3 => budgets.drops = Limit::AtMost(1),
                        4 => {
                            budgets.drops = Limit::AtMost(1);
                            budgets.duplicates = Limit::AtMost(1);
                            rules.links.copies = Limit::AtMost(2);
                            rules.timeouts = Limit::AtMost(1);
                        }
                        _ => {
                            budgets.cuts = Limit::AtMost(1);
                            budgets.heals = Limit::AtMost(1);
                            rules.cuts = CutFamily::IsolateOne.cuts(nodes.len());
                        }
                    }
                });
                let limits = depth(depth_within(&system, 1_500));
                let all = system.protocol.properties();
                let (safety, progress): (Vec<_>, Vec<_>) = all
                    .into_iter()
                    .partition(|p| p.expectation.goal().is_none());
                for properties in [safety, progress] {
                    let plain = plainly(&system, &properties, limits);
                    for (nth, reduce) in asked().into_iter().enumerate() {
                        let tuning = Tuning {
                            reduce,
                            sizes: Sizes {
                                word_bits: 9,
                                ..Sizes::default()
                            },
                            ..eager()
                        };
                        let ours = fast(&system, &properties, limits, tuning);
                        compare(&system, &properties, &plain, &ours);
                        compared += 1;
                        smaller[nth] += usize::from(
                            ours.account.progress.distinct < plain.account.progress.distinct,
                        );
                    }
                }
            }
        }
    }
    assert_eq!(compared, 2 * 3 * 6 * 2 * 5);
    // Losses alone are left out only where there are some, and only for safety.
    assert!(smaller.iter().all(|n| *n > 8), "{smaller:?}");
}

/// What was asked for in so many words, and is not done, comes with its reason.
#[test]
fn what_is_asked_for_and_not_done_has_a_reason() {
    let all: Reductions = Reduction::ALL.into_iter().collect();
    let forgone = |change: fn(&mut Rules), properties: &[&str], tuning: Tuning| {
        let system = commit(&serde_json::json!({ "participants": 1 }), |rules, _| {
            rules.budgets.drops = Limit::AtMost(1);
            change(rules);
        });
        let mut chosen = system.protocol.properties();
        chosen.retain(|p| properties.contains(&p.name));
        assert_eq!(chosen.len(), properties.len());
        let ours = fast(&system, &chosen, Limits::default(), tuning);
        let auto = Tuning {
            reduce: Reduce::Auto,
            ..tuning
        };
        let auto = fast(&system, &chosen, Limits::default(), auto);
        assert_eq!(ours.account.reduced.used, auto.account.reduced.used);
        if let Reduce::Only(these) = tuning.reduce {
            for one in these.iter() {
                let why = ours
                    .account
                    .reduced
                    .forgone
                    .iter()
                    .filter(|(other, _)| *other == one);
                assert_eq!(
                    why.count(),
                    usize::from(!ours.account.reduced.used.contains(one))
                );
            }
        }
        ours.account.reduced.forgone
    };
    let tuning = Tuning {
        reduce: Reduce::Only(all),
        ..eager()
    };
    let each = |why: Forgone| Reduction::ALL.map(|one| (one, why)).to_vec();
    assert_eq!(forgone(|_| (), &["atomicity"], tuning), []);
    let accurate: fn(&mut Rules) = |rules| rules.timing = Timing::Accurate;
    assert_eq!(
        forgone(accurate, &["atomicity"], tuning),
        each(Forgone::AccurateTiming)
    );
    let fifo: fn(&mut Rules) = |rules| rules.links.order = LinkOrder::Fifo;
    assert_eq!(
        forgone(fifo, &["atomicity"], tuning),
        each(Forgone::FifoLinks)
    );
    let progress = forgone(|_| (), &["atomicity", "non-blocking"], tuning);
    let [no_op, lost, dead] = Reduction::ALL;
    assert_eq!(
        progress,
        [(no_op, Forgone::Progress), (lost, Forgone::Progress)]
    );
    let reliable: fn(&mut Rules) = |rules| rules.budgets.drops = Limit::NONE;
    let nothing = forgone(reliable, &["atomicity"], tuning);
    assert_eq!(nothing, [(lost, Forgone::NothingIsLost)]);
    let few = Tuning {
        sizes: Sizes {
            questions_max: 3,
            ..tuning.sizes
        },
        ..tuning
    };
    let few = forgone(|_| (), &["atomicity"], few);
    assert_eq!(few, [(dead, Forgone::TooManyQuestions(3))]);
}

/// To find out what is dead, handlers are asked more than can happen.
#[test]
fn a_handler_may_refuse_what_cannot_happen() {
    let system = System::new(Picky, Rules::fault_free());
    let ours = fast(&system, &[], Limits::default(), eager());
    let dead = (Reduction::Dead, Forgone::HandlerPanics);
    assert_eq!(ours.account.reduced.forgone, [dead]);
    assert_eq!(ours.account.progress.distinct, 3);
}

/// What nobody will react to would arrive all the same: it counts as having been delivered.
#[test]
fn what_is_left_out_was_exercised() {
    let mut compared = 0;
    for presumption in ["nothing", "abort", "commit"] {
        let params = serde_json::json!({
            "participants": 2, "presumption": presumption, "votes": ["open", "yes"],
        });
        for crashes in 0..2 {
            let system = commit(&params, |rules, nodes| {
                rules.links.copies = Limit::AtMost(1);
                rules.budgets.crashes = vec![(nodes, Limit::AtMost(crashes))];
                rules.budgets.recoveries = Limit::AtMost(crashes);
                rules.timeouts = Limit::AtMost(3);
            });
            let whole = plainly(&system, &[], Limits::default());
            for reduce in asked() {
                let tuning = Tuning { reduce, ..eager() };
                let ours = fast(&system, &[], Limits::default(), tuning);
                assert_eq!(
                    ours.account.exercised, whole.account.exercised,
                    "{:?}",
                    ours.account.reduced
                );
                compared +=
                    usize::from(ours.account.progress.distinct < whole.account.progress.distinct);
            }
        }
    }
    assert!(compared > 10, "{compared} were smaller");
}
