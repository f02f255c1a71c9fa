//! The relation and the plain checker, on random protocols: compared with another carrier, with
//! Stateright's checker and actor model, and with definitions so naive that they must be right.

use std::collections::{BTreeSet, VecDeque};

use crate::common::interned::Interned;
use crate::common::table::{Do, Game, Params, Row, Table, game, walk};
use crate::common::{
    assert_same_parts, cases, depth, depth_within, lines, plainly, states, successors, told,
};
use indexmap::{IndexMap, IndexSet};
use jury::check::stateright::Bridge;
use jury::check::{Explored, Finding, Keyed, Patient, explore};
use jury::model::{
    Actor, Assumption, Carrier, Class, Command, CrashPoint, Event, Expectation, Id, Input,
    InsideHandlers, Limit, Node, Out, Property, Protocol, Rules, Start, System, View, World,
};
use jury::run::{Schedule, Script, execute};
use proptest::prelude::*;
use stateright::{Checker, Model};

/// The commands of a handler, if one would run.
fn asked(
    table: &Table,
    world: &World<Table>,
    id: Id,
    input: Input<'_, Table>,
) -> Option<Vec<Command<Table>>> {
    let mut out = Out::<Table>::default();
    match (world.node(id), input) {
        (Node::Absent, Input::Start) => {
            table.on_start(id, Start::First, &mut out);
        }
        (Node::Down { storage }, Input::Start) => {
            table.on_start(id, Start::Again(storage.as_ref()), &mut out);
        }
        (Node::Up(up), input) => {
            let mut state = up.state;
            match input {
                Input::Start => unreachable!("it is up"),
                Input::Message { src, msg } => {
                    table.on_message(id, &mut state, src, *msg, &mut out);
                }
                Input::Timeout(t) => table.on_timeout(id, &mut state, t, &mut out),
                Input::Choice { value, .. } => table.on_choice(id, &mut state, value, &mut out),
            }
        }
        _ => return None,
    }
    Some(out.commands().to_vec())
}

fn lasts(command: &Command<Table>) -> bool {
    matches!(command, Command::Send(..) | Command::Save { .. })
}

/// All sublists.
fn subsets(all: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    (0..1usize << all.len()).map(|bits| {
        let chosen = all
            .iter()
            .enumerate()
            .filter(|(nth, _)| bits >> nth & 1 == 1);
        chosen.map(|(_, at)| *at).collect()
    })
}

/// Whether nothing else of the commands need have been carried out before.
fn may_be_all(commands: &[Command<Table>], kept: &[usize]) -> bool {
    let is_before = |one: usize, at: usize| match (&commands[one], &commands[at]) {
        (Command::Send(to, _), Command::Send(also, _)) => to == also,
        (one, _) => lasts(one),
    };
    kept.iter()
        .all(|&at| (0..at).all(|one| !is_before(one, at) || kept.contains(&one)))
}

/// Two carriers of the same world: what they answer, and what is the same about them.
struct Pair {
    system: System<Table>,
    plain: World<Table>,
    odd: Interned<Table>,
}

impl Pair {
    fn new(game: &Game) -> Self {
        let system = game.system();
        let plain = system.initial();
        let odd = Interned::new(&system, &plain);
        Pair { system, plain, odd }
    }

    /// The enabled events, on which both agree.
    fn enabled(&mut self) -> Vec<Event<Table>> {
        assert_same_parts(&self.system, &self.plain, &self.odd);
        let ours = self.system.enabled(&mut self.plain);
        let theirs = self.system.enabled(&mut self.odd);
        assert_eq!(ours.events, theirs.events);
        assert_eq!(ours.withheld, theirs.withheld);
        assert_eq!(ours.repair_withheld, theirs.repair_withheld);
        assert_eq!(ours.held_back, theirs.held_back);
        ours.events
    }

    fn apply(&mut self, event: &Event<Table>) {
        let ours = self.system.apply(&mut self.plain, event);
        let theirs = self.system.apply(&mut self.odd, event);
        match (&ours.reaction, &theirs.reaction) {
            (Some((a, ours)), Some((b, theirs))) => {
                assert_eq!(a, b);
                assert_eq!(format!("{:?}", ours.0), format!("{:?}", **theirs));
            }
            (None, None) => {}
            _ => panic!("a handler ran in one carrier only"),
        }
        assert_eq!(ours.unsent, theirs.unsent);
        assert_eq!(ours.lost, theirs.lost);
        assert_eq!(ours.lost_at_down, theirs.lost_at_down);
    }
}

/// Follows a walk through what is enabled; `visit` sees each world before its next event.
fn wander(
    system: &System<Table>,
    walk: &[usize],
    mut visit: impl FnMut(&mut World<Table>, &[Event<Table>]),
) {
    let mut world = system.initial();
    for step in walk {
        let events = system.enabled(&mut world).events;
        visit(&mut world, &events);
        if events.is_empty() {
            return;
        }
        system.apply(&mut world, &events[step % events.len()]);
    }
}

/// Everything that a search found out, to be compared.
fn account(system: &System<Table>, explored: &Explored<Event<Table>>) -> String {
    let findings: Vec<_> = explored.findings.iter().map(|f| told(system, f)).collect();
    let waiting = explored.waiting_for_the_living.as_ref();
    let waiting = waiting.map(|schedule| lines(system, schedule));
    format!(
        "{:?}\n{findings:?}\n{:?} {} {} {:?}\n{waiting:?}",
        explored.account.progress,
        explored.account.withheld,
        explored.account.absorbed,
        explored.account.repair_withheld,
        explored.account.stopped,
    )
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn carriers_agree_along_every_walk(game in game(), walk in walk()) {
        let mut pair = Pair::new(&game);
        for step in walk {
            let events = pair.enabled();
            if events.is_empty() {
                break;
            }
            pair.apply(&events[step % events.len()]);
        }
        pair.enabled();
    }

    #[test]
    fn what_is_enabled_has_no_obstacle_and_reads_back(game in game(), walk in walk()) {
        let system = game.system();
        wander(&system, &walk, |world, events| {
            for event in events {
                assert_eq!(system.obstacle(world, event), None, "{event:?}");
                let text = event.notation(&system.cluster).to_string();
                let read = Event::parse(&text, &system.cluster, world);
                assert_eq!(read.as_ref(), Ok(event), "{text}");
            }
        });
    }

    /// Rules decide what is enabled; physics, what is possible. Where nothing is limited, the two
    /// are the same, but for choices: several may be open, and they are offered one by one.
    #[test]
    fn where_nothing_is_limited_all_that_is_possible_is_enabled(game in game(), walk in walk()) {
        let mut params = game.params.clone();
        params.withheld = None;
        let system = game.system();
        let mut rules = Rules::physics(&system.cluster, system.rules.links.order);
        rules.cuts.clone_from(&system.rules.cuts);
        let system = System::new(Table::new(&params).unwrap(), rules);
        let mut known: BTreeSet<Event<Table>> = BTreeSet::new();
        wander(&system, &walk, |world, events| {
            known.extend(events.iter().cloned());
            let choosing = world.ids().any(|id| {
                world.node(id).up().is_some_and(|up| !up.choices.is_empty())
            });
            for event in &known {
                let possible = system.obstacle(world, event).is_none();
                if possible != events.contains(event) {
                    assert!(possible && choosing, "{event:?}");
                }
            }
        });
    }

    /// From the first start on, whatever can happen under rules on which an assumption was
    /// imposed could have happened without it; and a run that the imposed rules allow is one in
    /// which the assumption is judged to have held.
    #[test]
    fn imposing_an_assumption_only_takes_away(
        game in game(),
        walk in walk(),
        assumption in assumption(),
    ) {
        let mut game = game;
        if matches!(assumption, Assumption::NoTotalFailure { .. } | Assumption::LiveQuorum { .. }) {
            // Where nodes have yet to join, nothing that is imposed brings them in.
            game.rules.absent = 0;
        }
        let free = game.system();
        let mut rules = free.rules.clone();
        assumption.impose(&mut rules, &free.cluster);
        rules.remember_failures = true;
        let bound = free.under(rules);
        let mut elsewhere = free.initial();
        let mut schedule = Vec::new();
        let mut world = bound.initial();
        // A network that never forgets stands for every loss and duplication at once, so it has
        // no events for them, and under accurate timing it never falls quiet. Taking it away
        // brings both back: a network of another kind, not fewer events.
        let other_network = free.rules.links.never_forgets && !bound.rules.links.never_forgets;
        for step in &walk {
            let events = bound.enabled(&mut world).events;
            if !other_network {
                let all = free.enabled(&mut elsewhere).events;
                for event in &events {
                    assert!(all.contains(event), "{event:?} is new under {assumption}");
                }
            }
            if events.is_empty() {
                break;
            }
            let event = &events[step % events.len()];
            bound.apply(&mut world, event);
            if !other_network {
                free.apply(&mut elsewhere, event);
            }
            schedule.push(event.clone());
        }
        let run = execute(&bound, &mut Schedule::new(schedule), &mut []).unwrap();
        assert!(assumption.held(&run.facts, &free.cluster), "{assumption} did not hold");
    }

    /// Where a crash inside a handler makes a difference, by the definition alone. In order: behind a
    /// proper prefix of the commands whose sends and saves differ from those of every shorter
    /// prefix and from those of the whole. Any subset: whatever was sent and saved, as long as it was
    /// all before every save, every save before whatever was sent, and to each node all before what
    /// was sent to it. Nothing sent and nothing saved is a crash between events, except that none
    /// comes before a choice.
    #[test]
    fn crash_points_are_those_that_differ(game in game(), walk in walk()) {
        let mut game = game;
        for inside_handlers in [InsideHandlers::InOrder, InsideHandlers::AnySubset] {
            game.rules.inside_handlers = inside_handlers;
            let system = game.system();
            wander(&system, &walk, |world, events| {
                for event in events {
                    let Some((id, input)) = event.input() else { continue };
                    let Some(out) = asked(&system.protocol, world, id, input) else { continue };
                    let lasting = |kept: &[usize]| -> Vec<usize> {
                        kept.iter().copied().filter(|at| lasts(&out[*at])).collect()
                    };
                    let all: Vec<usize> = (0..out.len()).collect();
                    let mut known = BTreeSet::from([lasting(&all)]);
                    if !matches!(input, Input::Choice { .. }) {
                        known.insert(Vec::new());
                    }
                    let points = world.crash_points(&system, id, input);
                    if inside_handlers == InsideHandlers::InOrder {
                        let differs = |n: &usize| known.insert(lasting(&all[..*n]));
                        let expected = all.iter().copied().filter(differs);
                        let expected: Vec<_> = expected.map(CrashPoint::behind).collect();
                        assert_eq!(points, expected, "{event:?}");
                        continue;
                    }
                    let mut expected: BTreeSet<_> = subsets(&lasting(&all))
                        .filter(|kept| may_be_all(&out, kept))
                        .collect();
                    expected.retain(|kept| !known.contains(kept));
                    let told = world.node(id).lasting(&system.protocol, id, input);
                    let found: Vec<_> =
                        points.iter().map(|point| lasting(&told.carried_out(point))).collect();
                    let distinct: BTreeSet<_> = found.iter().cloned().collect();
                    assert_eq!(distinct.len(), found.len(), "{event:?}");
                    assert_eq!(distinct, expected, "{event:?}");
                    assert!(points.iter().all(|point| told.has(point)), "{event:?}");
                }
            });
        }
    }

    /// Inside a handler or not, a crash leaves storage and nothing else, and what was sent.
    #[test]
    fn a_crash_leaves_storage_and_what_was_sent(game in game(), walk in walk()) {
        let mut game = game;
        game.rules.crashes = vec![(15, Limit::Unlimited)];
        if game.rules.inside_handlers == InsideHandlers::Never {
            game.rules.inside_handlers = InsideHandlers::InOrder;
        }
        let system = game.system();
        wander(&system, &walk, |world, events| {
            for event in events {
                let mut next = world.clone();
                let effects = system.apply(&mut next, event);
                match event {
                    Event::Crash(id) => {
                        let storage = world.node(*id).storage().copied();
                        assert_eq!(*next.node(*id), Node::Down { storage });
                    }
                    Event::CrashInside { event: inside, point } => {
                        let id = inside.node().unwrap();
                        let (_, reaction) = effects.reaction.unwrap();
                        let more = point.and_to.values().sum::<usize>();
                        assert_eq!(reaction.commands.len(), point.after + more);
                        let storage = reaction.saved().or(world.node(id).storage()).copied();
                        assert_eq!(*next.node(id), Node::Down { storage });
                        let told = world.node(id).crashed_behind(&reaction.commands);
                        assert_eq!(told, *next.node(id));
                    }
                    _ => {}
                }
            }
        });
    }
}

proptest! {
    #![proptest_config(cases(60))]

    /// The same over all worlds near the start: equal worlds have equal keys and the other way
    /// round, whatever way led to them.
    #[test]
    fn carriers_agree_in_every_world(game in game()) {
        let mut pair = Pair::new(&game);
        let start = (pair.plain.clone(), pair.odd.key().clone());
        let mut keys = IndexMap::from([start.clone()]);
        let mut worlds: IndexMap<_, _> = IndexMap::from([(start.1.clone(), start.0.clone())]);
        let mut queue = VecDeque::from([start]);
        while let Some((world, key)) = queue.pop_front() {
            if keys.len() > 250 {
                break;
            }
            pair.plain.load(&world);
            pair.odd.load(&key);
            for event in pair.enabled() {
                pair.plain.load(&world);
                pair.odd.load(&key);
                pair.apply(&event);
                let next = (pair.plain.clone(), pair.odd.key().clone());
                match (keys.get(&next.0), worlds.get(&next.1)) {
                    (Some(key), Some(world)) => assert_eq!((world, key), (&next.0, &next.1)),
                    (None, None) => {
                        keys.insert(next.0.clone(), next.1.clone());
                        worlds.insert(next.1.clone(), next.0.clone());
                        queue.push_back(next);
                    }
                    _ => panic!("a world has two keys, or a key two worlds"),
                }
            }
        }
    }

    /// Both carriers give the same search, and so does the same carrier twice. Every schedule
    /// that a search reports replays, as text, to a world of which the finding is true.
    #[test]
    fn searches_agree_and_their_schedules_replay(game in game(), most in 1..600u64) {
        let system = game.system();
        let properties = system.protocol.properties();
        for limits in [states(most), depth(depth_within(&system, 600))] {
            let first = plainly(&system, &properties, limits);
            let ours = account(&system, &first);
            assert_eq!(ours, account(&system, &plainly(&system, &properties, limits)));

            let mut odd = Interned::new(&system, &system.initial());
            let key = odd.key().clone();
            let theirs =
                explore(&system, &mut odd, &key, &properties, &limits, &mut Patient);
            assert_eq!(ours, account(&system, &theirs));

            for (property, finding) in properties.iter().zip(&first.findings) {
                confirm(&system, property, finding);
            }
        }
    }

    /// Stateright's checker finds as many worlds in the same relation, and the same verdicts.
    ///
    /// Its depth counts worlds and ours counts events. Worlds at its bound are counted but not
    /// judged, so its verdicts are those of our bound less one. It stops once all is found out,
    /// which the property that is never violated prevents.
    #[test]
    fn stateright_finds_the_same_worlds(game in game()) {
        let system = game.system();
        let most = depth_within(&system, 600);
        let properties = system.protocol.properties();
        let ours = plainly(&system, &properties, depth(most));
        let bridge = Bridge::new(system.clone(), &properties, system.initial());
        let depth_max = usize::try_from(most).unwrap() + 1;
        let theirs = bridge.checker().target_max_depth(depth_max).spawn_bfs().join();
        assert_eq!(ours.account.progress.distinct, theirs.unique_state_count() as u64);
        if let Some(judged) = most.checked_sub(1) {
            let ours = plainly(&system, &properties, depth(judged));
            for (property, finding) in properties.iter().zip(&ours.findings) {
                if property.expectation.goal().is_some() {
                    continue;
                }
                // It keeps the last path that it found, not the first.
                let theirs = theirs.discovery(property.name);
                let theirs = theirs.map(|path| path.into_actions().len());
                match (finding, theirs) {
                    (Finding::Nothing, None) => {}
                    (Finding::Broken { schedule, .. } | Finding::Met { schedule }, Some(n)) => {
                        assert!(schedule.len() <= n, "{}", property.name);
                    }
                    _ => panic!("{} is judged differently", property.name),
                }
            }
        }
    }

    /// Worlds under accurate timing are worlds of asynchronous timing.
    #[test]
    fn accurate_timing_is_a_part_of_asynchronous(game in game()) {
        let mut game = game;
        // Failures are remembered in both, so that whole worlds can be compared.
        game.rules.remember_failures = true;
        game.rules.accurate = false;
        let asynchronous = game.system();
        game.rules.accurate = true;
        let accurate = game.system();
        let most = depth_within(&asynchronous, 400);
        let all = worlds_within(&asynchronous, most);
        for mut world in worlds_within(&accurate, most) {
            assert!(all.contains(&world));
            let enabled = asynchronous.enabled(&mut world);
            let fewer = accurate.enabled(&mut world);
            assert!(fewer.events.iter().all(|e| enabled.events.contains(e)));
            assert_eq!(enabled.held_back, 0);
        }
    }

    /// Never blocked and recovers, by a search forward from every world: slow, and plain enough
    /// to be believed.
    #[test]
    fn blocked_worlds_are_those_that_reach_nothing(game in game()) {
        let system = game.system();
        let properties = system.protocol.properties();
        let most = depth_within(&system, 150);
        let explored = plainly(&system, &properties, depth(most));
        let graph = Graph::new(&system, most);
        for (property, finding) in properties.iter().zip(&explored.findings) {
            let expected = graph.first_blocked(&system, property);
            let found = match finding {
                Finding::Blocked { schedule } => Some(schedule.len()),
                _ => None,
            };
            if property.expectation.goal().is_some() {
                assert_eq!(found, expected, "{}", property.name);
            }
        }
    }
}

/// The second carrier would prove nothing if it asked the model anew each time. Two nodes whose
/// timers fire in either order put the same question to each of them twice.
#[test]
fn the_second_carrier_remembers() {
    let mut params = Params {
        nodes: 2,
        ..Params::default()
    };
    for role in 0..2 {
        *params.start(role, None) = Row::to(0, [Do::Arm(0)]);
        *params.timeout(role, 0, 0) = Row::to(1, []);
    }
    let system = System::new(Table::new(&params).unwrap(), Rules::fault_free());
    let mut odd = Interned::new(&system, &system.initial());
    let key = odd.key().clone();
    let limits = states(100);
    let explored = explore(&system, &mut odd, &key, &[], &limits, &mut Patient);
    assert_eq!(explored.account.progress.distinct, 4);
    // Four timeouts, each a reaction, a look at the globals and one at the history. New are the
    // two reactions, one change of the globals, and one fold for each reaction.
    assert_eq!(odd.remembered, 12 - 5);
}

fn assumption() -> impl Strategy<Value = Assumption> {
    let role = prop_oneof![Just(None), Just(Some("first")), Just(Some("other"))];
    let role_too = role.clone();
    prop_oneof![
        Just(Assumption::NoLoss),
        Just(Assumption::NoDuplication),
        Just(Assumption::Fifo),
        Just(Assumption::NoCut),
        (0..2u32).prop_map(|cuts| Assumption::MaxCuts { cuts }),
        Just(Assumption::CrashStop),
        (0..3u32, role).prop_map(|(crashes, role)| Assumption::MaxCrashes { crashes, role }),
        role_too.prop_map(|role| Assumption::NoTotalFailure { role }),
        Just(Assumption::LiveQuorum { role: "first" }),
        Just(Assumption::LiveQuorum { role: "other" }),
        Just(Assumption::Synchrony),
        Just(Assumption::BoundedDrift { ppm: 0 }),
    ]
}

/// Replays what was found, and asks the property of where it leads.
fn confirm(system: &System<Table>, property: &Property<Table>, finding: &Finding<Event<Table>>) {
    let (Finding::Broken { schedule, .. }
    | Finding::Met { schedule }
    | Finding::Blocked { schedule }) = finding
    else {
        return;
    };
    let text = lines(system, schedule);
    let mut script = Script::new(text.into_iter().map(|line| (None, line)));
    let world = execute(system, &mut script, &mut []).unwrap().world;
    let predicate = match &property.expectation {
        Expectation::Always(predicate) | Expectation::Reachable(predicate) => predicate,
        Expectation::NeverBlocked { goal, .. } | Expectation::Recovers { goal } => goal,
    };
    let answer = predicate.ask(&system.protocol, &world);
    match finding {
        Finding::Broken { reason, .. } => assert_eq!(answer.as_ref(), Err(reason)),
        Finding::Met { .. } => assert_eq!(answer, Ok(())),
        _ => assert!(answer.is_err()),
    }
}

fn worlds_within(system: &System<Table>, most: u32) -> IndexSet<World<Table>> {
    let mut all = IndexSet::from([system.initial()]);
    let mut level = vec![system.initial()];
    for _ in 0..most {
        let mut next = Vec::new();
        for world in level {
            for (_, after) in successors(system, &world) {
                if all.insert(after.clone()) {
                    next.push(after);
                }
            }
        }
        level = next;
    }
    all
}

/// Every world within a bound on depth, in the order of their depth, with its edges.
struct Graph {
    worlds: Vec<World<Table>>,
    depth: Vec<usize>,
    edges: Vec<Vec<(Class, usize)>>,
    /// Something ordinary, or a repair, was left out.
    open: Vec<bool>,
    repair_open: Vec<bool>,
}

impl Graph {
    fn new(system: &System<Table>, most: u32) -> Self {
        let mut graph = Graph {
            worlds: vec![system.initial()],
            depth: vec![0],
            edges: Vec::new(),
            open: Vec::new(),
            repair_open: Vec::new(),
        };
        let mut at = 0;
        while at < graph.worlds.len() {
            let mut world = graph.worlds[at].clone();
            let enabled = system.enabled(&mut world);
            let expanded = graph.depth[at] < most as usize;
            let has = |class| enabled.events.iter().any(|e| e.class() == class);
            let cut_off = |class| !expanded && has(class);
            graph
                .open
                .push(!enabled.withheld.is_empty() || cut_off(Class::Ordinary));
            graph
                .repair_open
                .push(enabled.repair_withheld || cut_off(Class::Repair));
            let mut edges = Vec::new();
            for (event, next) in successors(system, &world) {
                if !expanded {
                    break;
                }
                let to = graph.worlds.iter().position(|w| *w == next);
                let to = to.unwrap_or_else(|| {
                    graph.worlds.push(next);
                    graph.depth.push(graph.depth[at] + 1);
                    graph.worlds.len() - 1
                });
                edges.push((event.class(), to));
            }
            graph.edges.push(edges);
            at += 1;
        }
        graph
    }

    /// The depth of the first world that reaches neither goal nor open world.
    fn first_blocked(&self, system: &System<Table>, property: &Property<Table>) -> Option<usize> {
        let table = &*system.protocol;
        let (condition, goal, repairs) = match &property.expectation {
            Expectation::NeverBlocked { condition, goal } => (condition.as_ref(), goal, false),
            Expectation::Recovers { goal } => (None, goal, true),
            _ => return None,
        };
        let asked = |at: &usize| {
            condition.is_none_or(|condition| condition.ask(table, &self.worlds[*at]).is_ok())
        };
        let hopeful = |start: usize| {
            let mut seen = BTreeSet::from([start]);
            let mut todo = vec![start];
            while let Some(at) = todo.pop() {
                let open = self.open[at] || (repairs && self.repair_open[at]);
                if open || goal.ask(table, &self.worlds[at]).is_ok() {
                    return true;
                }
                for &(class, to) in &self.edges[at] {
                    let allowed = class == Class::Ordinary || (repairs && class == Class::Repair);
                    if allowed && seen.insert(to) {
                        todo.push(to);
                    }
                }
            }
            false
        };
        let mut worlds = (0..self.worlds.len()).filter(asked);
        worlds.find(|&at| !hopeful(at)).map(|at| self.depth[at])
    }
}
