//! Node symmetry: as many worlds as there are orbits, the same verdicts, schedules that happen; and
//! protocols and properties that are less symmetric than they say are found out.

use std::collections::BTreeSet;

use crate::common::pick::Pick;
use crate::common::table::{
    Do, Game, Msg, Params as TableParams, Past, RawRules, Row, Table, symmetric_game,
};
use crate::common::{cases, complaint, depth, depth_within, eager, searched, successors};
use indexmap::IndexSet;
use jury::check::fast::{Sizes, Tuning};
use jury::check::{ByOrbits, Explored, Finding, Limits, NodeSymmetry, Patient};
use jury::model::promise::Promise;
use jury::model::{
    Budgets, CutFamily, Event, Expectation, Id, InsideHandlers, Limit, LinkOrder, NodeSet,
    Predicate, Property, Protocol, Reason, Renaming, Rules, Symmetry, System, Timing, Untyped,
    View, World,
};
use jury::protocols::decentralised_two_phase_commit::DecentralisedTwoPhaseCommit;
use jury::protocols::paxos::Paxos;
use jury::protocols::raft::Raft;
use jury::protocols::two_phase_commit::TwoPhaseCommit;
use proptest::prelude::*;

fn search<P: Protocol>(
    system: &System<P>,
    properties: &[Property<P>],
    limits: Limits,
    tuning: Tuning,
) -> Explored<Event<P>> {
    let start = system.initial();
    searched(system, &start, properties, &limits, tuning, &mut Patient)
}

fn symmetric(tuning: Tuning) -> Tuning {
    Tuning {
        symmetry: ByOrbits::Always,
        ..tuning
    }
}

/// Words, sets and rounds so small that they grow all the time, and worlds go to the disk.
fn tiny(threads: usize, word_bits: u32) -> Tuning {
    Tuning {
        threads,
        blocks_max: 1,
        sizes: Sizes {
            word_bits,
            slots: 1,
            chunk: 5,
            shared_from: 1,
            block: 17,
            steps_max: if word_bits < 20 { 9 } else { 1 << 20 },
            ..Sizes::default()
        },
        ..Tuning::unreduced()
    }
}

/// All permutations of a set.
fn permutations(members: &[Id]) -> Vec<Vec<Id>> {
    if members.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (nth, first) in members.iter().enumerate() {
        let mut rest = members.to_vec();
        rest.remove(nth);
        for mut permutation in permutations(&rest) {
            permutation.insert(0, *first);
            all.push(permutation);
        }
    }
    all
}

/// All renamings within these sets.
fn renamings(nodes: usize, sets: &[NodeSet]) -> Vec<Renaming> {
    let mut all = vec![Renaming::identity(nodes)];
    for set in sets {
        let members: Vec<Id> = set.iter().collect();
        let of_set = permutations(&members).into_iter().map(|names| {
            let mut to: Vec<Id> = (0..nodes).map(Id::from).collect();
            for (member, name) in members.iter().zip(names) {
                to[usize::from(*member)] = name;
            }
            Renaming::new(to)
        });
        let of_set: Vec<Renaming> = of_set.collect();
        all = all
            .iter()
            .flat_map(|before| of_set.iter().map(|next| before.then(next)))
            .collect();
    }
    all
}

/// What a search by orbits has to count: worlds and events.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    distinct: u64,
    generated: u64,
    depth: u64,
}

/// Counts orbits the long way: every world is found, and renamed by every renaming that keeps those
/// who have a choice to settle in their order.
fn count<P: Protocol>(system: &System<P>, symmetry: &Symmetry<P>, deepest: u32) -> Counts {
    let nodes = system.cluster.len();
    let sets = symmetry.sets(&system.cluster, &system.rules);
    let renamings = renamings(nodes, &sets);
    let order = system.rules.links.order;
    let mut counts = Counts {
        distinct: 0,
        generated: 0,
        depth: 0,
    };
    let mut worlds = IndexSet::from([system.initial()]);
    let mut covered: IndexSet<World<P>> = IndexSet::new();
    let mut level = 0..1;
    for depth in 0..=deepest {
        for at in level.clone() {
            let next = successors(system, &worlds[at]);
            let world = worlds[at].clone();
            if !covered.contains(&world) {
                counts.distinct += 1;
                counts.depth = u64::from(depth);
                if depth < deepest {
                    counts.generated += next.len() as u64;
                }
                let undecided: Vec<Id> = world.ids().filter(|id| world.is_undecided(*id)).collect();
                let keeps_order = |by: &&Renaming| {
                    let names: Vec<Id> = undecided.iter().map(|id| by.id(*id)).collect();
                    names.is_sorted()
                };
                for by in renamings.iter().filter(keeps_order) {
                    covered.insert(symmetry.world(&world, order, by));
                }
            }
            if depth < deepest {
                worlds.extend(next.into_iter().map(|(_, world)| world));
            }
        }
        level = level.end..worlds.len();
        if level.is_empty() {
            break;
        }
    }
    counts
}

/// What a finding comes to, and how long its schedule is.
fn outcome<P: Protocol>(finding: &Finding<Event<P>>) -> (&'static str, usize) {
    match finding {
        Finding::Nothing => ("nothing", 0),
        Finding::Broken { schedule, .. } => ("broken", schedule.len()),
        Finding::Met { schedule } => ("met", schedule.len()),
        Finding::Blocked { schedule } => ("blocked", schedule.len()),
    }
}

/// Plays a schedule: each of its events has to be enabled when it comes.
fn play<P: Protocol>(system: &System<P>, schedule: &[Event<P>]) -> World<P> {
    let mut world = system.initial();
    for event in schedule {
        let enabled = system.enabled(&mut world.clone()).events;
        assert!(enabled.contains(event), "{event:?} does not happen");
        system.apply(&mut world, event);
    }
    world
}

/// A finding is about what really happens.
fn assert_real<P: Protocol>(
    system: &System<P>,
    property: &Property<P>,
    finding: &Finding<Event<P>>,
) {
    let protocol = &system.protocol;
    match (finding, &property.expectation) {
        (Finding::Nothing, _) => {}
        (Finding::Broken { schedule, reason }, Expectation::Always(predicate)) => {
            let world = play(system, schedule);
            assert_eq!(predicate.ask(protocol, &world).as_ref(), Err(reason));
        }
        (Finding::Met { schedule }, Expectation::Reachable(predicate)) => {
            let world = play(system, schedule);
            assert_eq!(predicate.ask(protocol, &world), Ok(()));
        }
        (Finding::Blocked { schedule }, expectation) => {
            let world = play(system, schedule);
            let goal = expectation.goal().expect("it asks for one");
            assert!(goal.ask(protocol, &world).is_err());
        }
        (finding, _) => panic!("{finding:?} is no answer"),
    }
}

/// Compares searches with and without, and with orbits counted the long way.
fn compare<P: Protocol>(system: &System<P>, deepest: u32, tunings: &[Tuning]) -> (u64, u64) {
    let symmetry = system.protocol.symmetry().expect("nodes are alike");
    let limits = depth(deepest);
    let properties = system.protocol.properties();
    let whole = search(system, &properties, limits, Tuning::unreduced());
    let counts = count(system, &symmetry, deepest);
    let mut schedules: Option<Vec<_>> = None;
    for &tuning in tunings {
        let orbits = search(system, &properties, limits, symmetric(tuning));
        let progress = orbits.account.progress;
        let found = Counts {
            distinct: progress.distinct,
            generated: progress.generated,
            depth: progress.depth,
        };
        assert_eq!(found, counts);
        assert_eq!(progress.depth, whole.account.progress.depth);
        let outcomes = |explored: &Explored<Event<P>>| -> Vec<_> {
            explored.findings.iter().map(outcome).collect()
        };
        assert_eq!(outcomes(&orbits), outcomes(&whole));
        for (property, finding) in properties.iter().zip(&orbits.findings) {
            assert_real(system, property, finding);
        }
        let seen = |explored: &Explored<Event<P>>| {
            (
                explored.account.withheld.clone(),
                explored.account.absorbed,
                explored.account.repair_withheld,
                explored.waiting_for_the_living.as_ref().map(Vec::len),
                explored.account.stopped,
                explored.account.settled,
            )
        };
        assert_eq!(seen(&orbits), seen(&whole));
        // The same schedules, whatever the numbers.
        let told: Vec<_> = orbits.findings.iter().map(|f| format!("{f:?}")).collect();
        assert_eq!(schedules.get_or_insert_with(|| told.clone()), &told);
        if tuning.threads > 0 {
            continue;
        }
        // Each property by itself may end the search early.
        for (property, all) in properties.iter().zip(&orbits.findings) {
            let alone = std::slice::from_ref(property);
            let alone = search(system, alone, limits, symmetric(tuning));
            assert_eq!(outcome(&alone.findings[0]), outcome(all));
        }
    }
    // Together with the reductions: the same verdicts on what is settled on sight.
    let reduced = Tuning {
        symmetry: ByOrbits::Always,
        ..eager()
    };
    let reduced = search(system, &properties, limits, reduced);
    assert!(reduced.account.progress.distinct <= counts.distinct);
    let findings = whole.findings.iter().zip(&reduced.findings);
    for (property, (all, few)) in properties.iter().zip(findings) {
        if property.expectation.goal().is_none() {
            assert_eq!(outcome(few), outcome(all));
        }
        assert_real(system, property, few);
    }
    (whole.account.progress.distinct, counts.distinct)
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn random_protocols_have_as_many_worlds_as_orbits(
        game in symmetric_game(),
        threads in prop_oneof![Just(1usize), Just(2), Just(8)],
        word_bits in prop_oneof![Just(63u32), 1..63u32],
    ) {
        let system = game.system();
        let deepest = depth_within(&system, 300);
        let symmetry = system.protocol.symmetry().expect("it has one");
        if symmetry.sets(&system.cluster, &system.rules).is_empty() {
            let off = search(&system, &[], depth(deepest), symmetric(Tuning::unreduced()));
            prop_assert!(matches!(off.account.symmetry, Some(NodeSymmetry::Off(_))));
        } else {
            let tunings = [Tuning::unreduced(), tiny(threads, word_bits)];
            let counts = compare(&system, deepest, &tunings);
            // Without types it is as symmetric.
            let protocol = Untyped::new::<Table>(system.protocol.clone());
            let untyped = System::new(protocol, system.rules.clone());
            prop_assert_eq!(compare(&untyped, deepest, &tunings), counts);
        }
    }
}

fn commit(
    json: &serde_json::Value,
    rules: impl FnOnce(&mut Rules, NodeSet),
) -> System<TwoPhaseCommit> {
    instance(json, rules)
}

fn instance<P: Protocol>(
    json: &serde_json::Value,
    rules: impl FnOnce(&mut Rules, NodeSet),
) -> System<P> {
    let params: P::Params = serde_json::from_value(json.clone()).expect("good parameters");
    let protocol = P::new(&params).expect("good parameters");
    let mut all = Rules::fault_free();
    all.links.copies = Limit::AtMost(1);
    all.budgets = Budgets {
        inside_handlers: InsideHandlers::Never,
        ..Budgets::none()
    };
    rules(&mut all, protocol.cluster().all());
    System::new(protocol, all)
}

/// The rules under which two-phase commit is compared.
fn faults(nth: usize, rules: &mut Rules, nodes: NodeSet) {
    rules.timing = [Timing::Asynchronous, Timing::Accurate][nth % 2];
    let budgets = &mut rules.budgets;
    match nth / 2 {
        0 => budgets.crashes = vec![(nodes, Limit::AtMost(1))],
        1 => {
            budgets.crashes = vec![(nodes, Limit::AtMost(1))];
            budgets.recoveries = Limit::AtMost(1);
        }
        2 => budgets.drops = Limit::AtMost(1),
        3 => {
            budgets.cuts = Limit::AtMost(1);
            budgets.heals = Limit::AtMost(1);
            rules.cuts = CutFamily::IsolateOne.cuts(nodes.len());
        }
        4 => {
            rules.links.order = LinkOrder::Fifo;
            budgets.crashes = vec![(nodes.without(Id::from(0)), Limit::AtMost(1))];
        }
        // The first participant may crash, and no other: it is left out.
        _ => budgets.crashes = vec![(NodeSet::only(Id::from(1)), Limit::AtMost(1))],
    }
}

#[test]
fn two_phase_commit_has_as_many_worlds_as_orbits() {
    let mut saved = 0;
    for participants in 1..=4 {
        for votes in ["yes", "open"] {
            for nth in 0..12 {
                // Rounds of inquiry among peers make it large: once with few.
                let termination = if participants == 3 {
                    "cooperative"
                } else {
                    "basic"
                };
                let json = serde_json::json!({
                    "participants": participants, "termination": termination,
                    "votes": vec![votes; participants],
                });
                let system = commit(&json, |rules, nodes| faults(nth, rules, nodes));
                let symmetry = system.protocol.symmetry().expect("it has one");
                if symmetry.sets(&system.cluster, &system.rules).is_empty() {
                    continue;
                }
                let deepest = depth_within(&system, 700);
                let tunings = [
                    Tuning::unreduced(),
                    tiny([1, 2, 8][nth % 3], [3, 9, 40][nth / 4]),
                ];
                let (whole, orbits) = compare(&system, deepest, &tunings);
                assert!(orbits < whole);
                saved += whole - orbits;
            }
        }
    }
    assert!(saved > 10_000, "{saved}");
}

/// All participants are alike, or all but the first. (Who tells one after the other is not symmetric where it
/// may crash in between: here nobody does.)
#[test]
fn decentralised_two_phase_commit_has_as_many_worlds_as_orbits() {
    for (begins, votes) in [
        ("everybody", ["yes", "yes", "yes"]),
        ("everybody", ["open", "open", "open"]),
        ("first", ["open", "open", "open"]),
    ] {
        for nth in 0..8 {
            let json = serde_json::json!({
                "participants": 3, "begins": begins, "votes": votes,
            });
            let system: System<DecentralisedTwoPhaseCommit> =
                instance(&json, |rules, nodes| faults(nth, rules, nodes));
            let deepest = depth_within(&system, 1_000);
            let (whole, orbits) = compare(&system, deepest, &[Tuning::unreduced(), tiny(2, 9)]);
            assert!(orbits < whole);
        }
    }
}

/// Acceptors are alike, and proposers are not.
#[test]
fn paxos_has_as_many_worlds_as_orbits() {
    for (acceptors, nth) in [
        (3, 0),
        (3, 1),
        (3, 2),
        (3, 3),
        (3, 5),
        (3, 6),
        (3, 8),
        (4, 2),
    ] {
        let json = serde_json::json!({
            "proposers": 2, "acceptors": acceptors, "learners": 1, "ballots": 2,
        });
        let system: System<Paxos> = instance(&json, |rules, nodes| faults(nth, rules, nodes));
        let deepest = depth_within(&system, 1_000);
        let (whole, orbits) = compare(&system, deepest, &[Tuning::unreduced(), tiny(2, 9)]);
        assert!(orbits < whole);
    }
}

/// Servers are alike; those that are no members, too, among themselves.
#[test]
fn raft_has_as_many_worlds_as_orbits() {
    for (servers, members, nth) in [
        (3, 3, 0),
        (3, 3, 1),
        (3, 3, 2),
        (3, 3, 3),
        (3, 3, 4),
        (3, 3, 6),
        (3, 3, 8),
        (4, 2, 2),
    ] {
        let json = serde_json::json!({
            "servers": servers, "members": members, "clients": [], "membership": "joint", "terms": 2,
            "pre-vote": nth == 2, "check-quorum": nth == 4,
        });
        let system: System<Raft> = instance(&json, |rules, nodes| faults(nth, rules, nodes));
        let deepest = depth_within(&system, 1_000);
        let (whole, orbits) = compare(&system, deepest, &[Tuning::unreduced(), tiny(2, 9)]);
        assert!(orbits < whole);
    }
}

/// Two sets, one of which trades names within the other's choices.
#[test]
fn several_sets_are_renamed_at_once() {
    for votes in [
        ["yes", "yes", "open", "open"],
        ["open", "yes", "open", "yes"],
    ] {
        for nth in [0, 4, 7] {
            let json = serde_json::json!({ "participants": 4, "votes": votes });
            let system = commit(&json, |rules, nodes| faults(nth, rules, nodes));
            let deepest = depth_within(&system, 1_000);
            compare(&system, deepest, &[Tuning::unreduced(), tiny(2, 11)]);
        }
    }
}

/// Participants that keep sets of each other, so that what is a node's own names others.
#[test]
fn what_names_others_has_no_say_in_who_comes_first() {
    let json = serde_json::json!({
        "participants": 3, "termination": "cooperative", "votes": ["yes", "yes", "yes"],
    });
    let system = commit(&json, |rules, _| {
        rules.timing = Timing::Accurate;
        rules.budgets.crashes = vec![(NodeSet::only(Id::from(0)), Limit::AtMost(1))];
    });
    let deepest = depth_within(&system, 6_000);
    assert!(deepest > 15, "{deepest}");
    compare(&system, deepest, &[Tuning::unreduced()]);
}

/// Choices are settled in the order of ids, so that renaming may not change who is next: the one who
/// was picked, or the one who was not.
#[test]
fn the_order_of_open_choices_is_kept() {
    for nodes in 3..=5 {
        let system = System::new(Pick(nodes), Rules::fault_free());
        compare(&system, 20, &[Tuning::unreduced(), tiny(2, 5)]);
    }
}

/// Crashes inside handlers of participants that tell one node alone, which is symmetric.
#[test]
fn crashes_inside_handlers_may_be_symmetric() {
    let json = serde_json::json!({ "participants": 3, "votes": ["yes", "yes", "yes"] });
    let system = commit(&json, |rules, nodes| {
        rules.budgets.inside_handlers = InsideHandlers::InOrder;
        rules.budgets.crashes = vec![(nodes.without(Id::from(0)), Limit::AtMost(1))];
    });
    let deepest = depth_within(&system, 1_000);
    compare(&system, deepest, &[Tuning::unreduced()]);
}

/// And where any subset of a broadcast may leave, crashes inside handlers of everybody are.
#[test]
fn any_subset_of_a_broadcast_is_symmetric() {
    let json = serde_json::json!({ "participants": 3, "votes": ["yes", "yes", "yes"] });
    let system = commit(&json, |rules, nodes| {
        rules.budgets.inside_handlers = InsideHandlers::AnySubset;
        rules.budgets.crashes = vec![(nodes, Limit::AtMost(1))];
    });
    let deepest = depth_within(&system, 3_000);
    compare(&system, deepest, &[Tuning::unreduced()]);
}

/// Nobody has to ask for it where it helps: in a search that is not through at once, if everything may be left out
/// and messages do not leave a node that crashes in the order of names.
#[test]
fn a_large_search_goes_by_orbits_unasked() {
    let json = serde_json::json!({ "participants": 3, "votes": ["yes", "yes", "yes"] });
    let told = |inside_handlers, tuning: Tuning| {
        let system = commit(&json, |rules, nodes| {
            rules.budgets.inside_handlers = inside_handlers;
            rules.budgets.crashes = vec![(nodes, Limit::AtMost(1))];
        });
        let properties = system.protocol.properties();
        let explored = search(&system, &properties, depth(9), tuning);
        explored.account.symmetry
    };
    let tuning = Tuning {
        first_look: 100,
        ..Tuning::default()
    };
    let all = (1..=3).map(Id::from).collect();
    let of_all = Some(NodeSymmetry::Of(vec![all]));
    assert_eq!(told(InsideHandlers::AnySubset, tuning), of_all);
    assert_eq!(told(InsideHandlers::Never, tuning), of_all);
    assert_eq!(told(InsideHandlers::InOrder, tuning), None);
    let whole = Tuning {
        first_look: 1 << 20,
        ..tuning
    };
    assert_eq!(told(InsideHandlers::AnySubset, whole), None);
    let off = Tuning {
        symmetry: ByOrbits::Never,
        ..tuning
    };
    assert_eq!(told(InsideHandlers::AnySubset, off), None);
    assert_eq!(told(InsideHandlers::AnySubset, Tuning::unreduced()), None);
}

/// The whole space of five participants, accurate timing, nothing fails but one node.
#[test]
fn five_participants_have_few_orbits() {
    let json = serde_json::json!({ "participants": 5, "votes": vec!["yes"; 5] });
    let system = commit(&json, |_, _| {});
    let properties = system.protocol.properties();
    let counts = [Tuning::unreduced(), symmetric(Tuning::unreduced())].map(|tuning| {
        let explored = search(&system, &properties, depth(9), tuning);
        (
            explored.account.progress.distinct,
            explored.account.symmetry,
        )
    });
    let five = (1..=5).map(Id::from).collect();
    assert_eq!(counts[0].1, None);
    assert_eq!(counts[1].1, Some(NodeSymmetry::Of(vec![five])));
    assert!(counts[1].0 * 10 < counts[0].0, "{counts:?}");
}

#[test]
fn where_names_matter_there_is_no_symmetry_and_it_says_so() {
    let off = |json: &serde_json::Value, rules: fn(&mut Rules, NodeSet)| {
        let system = commit(json, rules);
        let limits = depth(2);
        let explored = search(&system, &[], limits, symmetric(Tuning::unreduced()));
        let whole = search(&system, &[], limits, Tuning::unreduced());
        assert_eq!(
            explored.account.progress.distinct,
            whole.account.progress.distinct
        );
        match explored.account.symmetry {
            Some(NodeSymmetry::Off(why)) => why,
            other => panic!("{other:?}"),
        }
    };
    let different = serde_json::json!({ "participants": 2, "votes": ["yes", "no"] });
    let parameters = off(&different, |_, _| {});
    assert_eq!(
        parameters,
        "the rules or the parameters tell all nodes apart"
    );
    let alike = serde_json::json!({ "participants": 2, "votes": ["yes", "yes"] });
    let rules = off(&alike, |rules, _| {
        let first = NodeSet::only(Id::from(1));
        rules.budgets.crashes = vec![(first, Limit::AtMost(1))];
    });
    assert_eq!(rules, parameters);
    let cut = off(&alike, |rules, nodes| {
        rules.budgets.cuts = Limit::AtMost(1);
        rules.cuts = CutFamily::IsolateOne.cuts(nodes.len());
        // Only that of the last one is left out.
        rules.cuts.remove(0);
    });
    assert_eq!(cut, parameters);
    let counted = serde_json::json!({
        "participants": 2, "votes": ["yes", "yes"], "bug": "votes-counted",
    });
    let counted = off(&counted, |_, _| {});
    assert_eq!(
        counted,
        "the protocol declares none (`Protocol::symmetry`), so every node counts by its name"
    );
    let many = serde_json::json!({ "participants": 8, "votes": vec!["yes"; 8] });
    assert_eq!(off(&many, |_, _| {}), "there are more than 5,040 renamings");
}

/// A game of four nodes with this table, and no faults.
fn table(fill: impl FnOnce(&mut TableParams)) -> Game {
    let mut params = TableParams {
        nodes: 4,
        ..TableParams::default()
    };
    fill(&mut params);
    Game {
        params,
        rules: RawRules {
            accurate: false,
            fifo: false,
            copies: 1,
            never_forgets: false,
            crashes: Vec::new(),
            inside_handlers: InsideHandlers::Never,
            recoveries: Limit::NONE,
            down: Limit::Unlimited,
            drops: Limit::NONE,
            duplicates: Limit::NONE,
            cuts: Limit::NONE,
            heals: Limit::NONE,
            families: Vec::new(),
            timeouts: Limit::Unlimited,
            survivors: None,
            absent: 0,
            remember_failures: false,
        },
    }
}

fn by_orbits(game: &Game, properties: &[Property<Table>]) -> Explored<Event<Table>> {
    let tuning = symmetric(Tuning::unreduced());
    search(&game.system(), properties, depth(20), tuning)
}

/// Everybody arms a timer; what the others do when it fires is up to the row.
fn timers(row: Row) -> Game {
    table(|params| {
        params.start(1, None).does.push(Do::Arm(0));
        *params.timeout(1, 0, 0) = row;
    })
}

/// Somebody is not as others are, and that is said.
fn is_found_out(game: &Game, properties: &[Property<Table>], said: &str) {
    let broken = complaint(|| by_orbits(game, properties)).expect("it is found out");
    assert_eq!(broken.promise, Promise::Symmetry);
    assert!(broken.message.contains(said), "{broken}");
}

#[test]
fn a_protocol_that_names_a_node_is_found_out() {
    let said = "what is sent has to be [(Id(2), Ask)] but is [(Id(3), Ask)]";
    is_found_out(&timers(Row::to(1, [Do::Send(3, Msg::Ask)])), &[], said);
}

/// The third does not heed its second timer. But of the nodes that move, the search needs only see
/// the first, and, since there are two timeouts, no other gets as far: neither does a trade of
/// neighbours lead there.
#[test]
fn a_node_that_is_special_where_the_search_need_not_look_is_found_out() {
    let mut game = timers(Row::to(1, [Do::Arm(1)]));
    game.rules.timeouts = Limit::AtMost(2);
    *game.params.timeout(1, 1, 1) = Row::to(2, [Do::Send(0, Msg::Ask)]);
    by_orbits(&game, &[]);
    game.params.deaf = Some(3);
    let said = "the handler of N3, asked about Timeout(Timer { nth: 1, of: 3 })";
    is_found_out(&game, &[], said);
}

#[test]
fn who_awaits_whom_is_compared() {
    let mut game = timers(Row::default());
    game.params.awaits(1, 0, 0, 0b0100);
    is_found_out(&game, &[], "`awaits` for N");
}

#[test]
fn a_broadcast_is_not_symmetric_where_it_may_be_cut_short() {
    let mut game = timers(Row::to(1, [Do::Others(Msg::Ask)]));
    by_orbits(&game, &[]);
    game.rules.crashes = vec![(0b1110, Limit::AtMost(1))];
    by_orbits(&game, &[]);
    game.rules.inside_handlers = InsideHandlers::InOrder;
    is_found_out(&game, &[], "and a crash after 2 of its commands");
    game.rules.inside_handlers = InsideHandlers::AnySubset;
    by_orbits(&game, &[]);
}

fn property(expectation: Expectation<Table>) -> Property<Table> {
    Property {
        name: "the third waits",
        about: "It names somebody.",
        citation: "none",
        premise: vec![],
        assumes: vec![],
        expectation,
    }
}

/// False only where the third node has moved and the second has not. The search need not find such
/// a world: it finds one that differs by names.
fn names_two(_: &Table, world: &dyn View<Table>) -> Result<(), Reason> {
    let moved = |at| world.node(Id::from(at)).state() == Some(&1);
    if moved(3) && !moved(2) {
        return Err(Reason::new(NodeSet::only(Id::from(3)), "it moved"));
    }
    Ok(())
}

/// The property answers otherwise by other names.
fn names_a_node(game: &Game, property: Property<Table>) {
    let said = "node symmetry is broken: the third waits makes a difference";
    is_found_out(game, &[property], said);
}

#[test]
fn a_property_that_names_a_node_is_found_out() {
    let always = property(Expectation::Always(Predicate::World(names_two)));
    names_a_node(&timers(Row::to(1, [])), always);
}

#[test]
fn a_goal_that_names_a_node_is_found_out() {
    let goal = Predicate::World(names_two);
    let condition = None;
    let never_blocked = property(Expectation::NeverBlocked { condition, goal });
    names_a_node(&timers(Row::to(1, [])), never_blocked);
}

#[test]
fn a_property_of_the_history_that_names_a_node_is_found_out() {
    let mut game = timers(Row::to(1, []));
    game.params.observed[1] = true;
    let always = property(Expectation::Always(Predicate::History(|_, past: &Past| {
        let decided = |node| past.decided.contains(&(node, 1));
        if decided(3) && !decided(2) {
            return Err(Reason::new(NodeSet::only(Id::from(3)), "it decided"));
        }
        Ok(())
    })));
    names_a_node(&game, always);
}

/// What a renaming is made of.
#[test]
fn renamings_compose_and_are_undone() {
    let nodes = 4;
    let all = renamings(nodes, &[NodeSet::first(nodes)]);
    let distinct: BTreeSet<String> = all.iter().map(|by| format!("{by:?}")).collect();
    assert_eq!((all.len(), distinct.len()), (24, 24));
    let set: NodeSet = [0, 2].map(Id::from).into_iter().collect();
    let cut = &CutFamily::OneWay.cuts(nodes)[1];
    for a in &all {
        for b in &all {
            let both = a.then(b);
            assert_eq!(both.set(set), b.set(a.set(set)));
            assert_eq!(cut.renamed(&both), cut.renamed(a).renamed(b));
            let names = ["a", "b", "c", "d"];
            assert_eq!(both.list(&names), b.list(&a.list(&names)));
            for at in (0..nodes).map(Id::from) {
                assert_eq!(both.id(at), b.id(a.id(at)));
                assert_eq!(
                    both.list(&names)[usize::from(both.id(at))],
                    names[usize::from(at)]
                );
            }
        }
    }
}
