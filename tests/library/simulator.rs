//! The simulator on a small protocol: what it chooses, when, and that it can be repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::caller::{Params, Rounds};
use jury::model::event::kind;
use jury::model::promise::{Broken, Promise};
use jury::model::{
    Cut, CutFamily, Event, Id, InsideHandlers, Link, LinkOrder, NodeSet, Protocol, Rules, System,
    Time, View,
};
use jury::registry::Registry;
use jury::run::{Moment, Run, Script, Witness, execute};
use jury::sim::setup::{
    AnchorPoint as Anchor, Latency, Nemesis, NodeSetup, Planned, PlannedFault, Ratio, Setup, When,
};
use jury::sim::{End, Scripted, Simulator};
use jury::testbed::RunLimits;
use jury::trace::{Did, What};

const MS: fn(u64) -> Time = Time::from_millis;

fn system(params: &Params, order: LinkOrder) -> System<Rounds> {
    let rounds = Rounds::new(params).unwrap();
    let rules = Rules::physics(&rounds.cluster(), order);
    System::new(rounds, rules)
}

fn small(rounds: u64) -> System<Rounds> {
    let params = Params {
        peers: 2,
        rounds,
        ..Params::default()
    };
    system(&params, LinkOrder::Unordered)
}

/// Every event with its time, in the one notation.
#[derive(Default)]
struct Events(Vec<(Time, String)>);

impl Witness<Rounds> for Events {
    fn happened(&mut self, moment: &Moment<'_, Rounds>) {
        let text = moment.event.notation(&moment.system.cluster).to_string();
        self.0.push((moment.now.unwrap(), text));
    }
}

impl Events {
    fn texts(&self) -> Vec<&str> {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    fn time_of(&self, text: &str) -> Time {
        let found = self.0.iter().find(|(_, t)| t == text);
        found
            .unwrap_or_else(|| panic!("no `{text}` in {:#?}", self.0))
            .0
    }
}

struct Played {
    simulator: Simulator<Rounds>,
    events: Events,
    run: Run<Rounds>,
}

fn play(system: &System<Rounds>, setup: &Setup, seed: u64) -> Played {
    let mut simulator = Simulator::new(setup, seed, &system.cluster);
    let mut events = Events::default();
    let run = execute(system, &mut simulator, &mut [&mut events]).unwrap();
    Played {
        simulator,
        events,
        run,
    }
}

fn setup() -> Setup {
    let mut setup = Setup::fault_free(MS(5_000), Time::ZERO);
    setup.network.latency = Latency::Uniform(MS(1), MS(10));
    setup
}

fn faulty(nodes: usize) -> Setup {
    let mut setup = setup();
    setup.network.latency = Latency::LongTailed {
        floor: MS(1),
        typical: MS(3),
        cap: MS(200),
    };
    setup.network.loss = Ratio {
        times: 1,
        out_of: 20,
    };
    setup.network.duplication = setup.network.loss;
    setup.nemesis = Some(Nemesis {
        crashes: NodeSet::first(nodes),
        crash_every: Some(MS(100)),
        inside_handlers: InsideHandlers::InOrder,
        down_for: (MS(10), MS(200)),
        down_max: 2,
        cuts: vec![
            CutFamily::Halves,
            CutFamily::IsolateOne,
            CutFamily::OneWay,
            CutFamily::Bridge,
        ],
        cut_every: Some(MS(150)),
        cut_for: (MS(10), MS(300)),
        until: MS(2_000),
    });
    setup
}

fn anchored(moment: Anchor, what: PlannedFault) -> Planned {
    Planned {
        when: When::Anchor { moment, nth: 1 },
        what,
        text: "the fault".to_owned(),
    }
}

fn id(i: usize) -> Id {
    Id::from(i)
}

#[test]
fn the_same_seed_is_the_same_run_and_another_is_another() {
    let system = system(&Params::default(), LinkOrder::Unordered);
    let setup = faulty(4);
    let hash = |seed| play(&system, &setup, seed).run.hash;
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}

#[test]
fn a_run_ends_when_nothing_is_left_or_time_or_steps_are_up() {
    let system = small(3);
    let mut setup = setup();
    let done = play(&system, &setup, 1);
    assert_eq!(done.simulator.end(), Some(End::Quiescent));
    assert!(done.simulator.is_quiescent());
    assert_eq!(done.run.world.history(), &[3]);
    setup.steps_max = 7;
    let cut_short = play(&system, &setup, 1);
    assert_eq!(cut_short.simulator.end(), Some(End::Steps));
    assert_eq!(cut_short.run.facts.steps, 7);
    setup.steps_max = u64::MAX;
    setup.until = MS(20);
    let out_of_time = play(&system, &setup, 1);
    assert_eq!(out_of_time.simulator.end(), Some(End::Time));
}

#[test]
fn a_fault_elsewhere_changes_no_latency() {
    // How long the n-th message of each kind took on each link that the fault does not touch.
    type Latencies = BTreeMap<(usize, usize, bool), Vec<u64>>;
    struct Watch {
        sent: BTreeMap<(usize, usize, String), Time>,
        took: Latencies,
    }
    impl Witness<Rounds> for Watch {
        fn happened(&mut self, moment: &Moment<'_, Rounds>) {
            let now = moment.now.unwrap();
            if let Event::Deliver(e) = moment.event {
                let key = (e.src.into(), e.dst.into());
                if let Some(at) = self.sent.remove(&(key.0, key.1, format!("{:?}", e.msg))) {
                    let ask = matches!(e.msg, crate::caller::Msg::Ask(_));
                    let took = self.took.entry((key.0, key.1, ask)).or_default();
                    took.push(now.0 - at.0);
                }
            }
            if let Some((src, reaction)) = &moment.effects.reaction {
                for (dst, msg) in reaction.sends() {
                    let key = ((*src).into(), dst.into(), format!("{msg:?}"));
                    self.sent.entry(key).or_insert(now);
                }
            }
        }
    }
    let system = system(
        &Params {
            peers: 3,
            rounds: 5,
            ..Params::default()
        },
        LinkOrder::Unordered,
    );
    let watch = |setup: &Setup| {
        let mut simulator = Simulator::new(setup, 9, &system.cluster);
        let (sent, took) = (BTreeMap::new(), BTreeMap::new());
        let mut watch = Watch { sent, took };
        execute(&system, &mut simulator, &mut [&mut watch]).unwrap();
        watch.took
    };
    let plain = watch(&setup());
    let mut with_fault = setup();
    with_fault.plan.push(Planned {
        when: When::At(MS(101)),
        what: PlannedFault::Cut(Cut::links(4, [Link::new(id(3), id(0))])),
        text: String::new(),
    });
    with_fault.plan.push(Planned {
        when: When::At(MS(300)),
        what: PlannedFault::Heal(None),
        text: String::new(),
    });
    let disturbed = watch(&with_fault);
    for link in [(0, 1, true), (1, 0, false), (0, 2, true), (2, 0, false)] {
        assert_eq!(plain[&link], disturbed[&link], "{link:?}");
        assert_eq!(plain[&link].len(), 5);
    }
}

#[test]
fn fifo_links_never_overtake_and_never_duplicate() {
    let params = Params {
        rounds: 200,
        ..Params::default()
    };
    let system = system(&params, LinkOrder::Fifo);
    let mut drops = 0;
    for seed in 0..20 {
        let facts = play(&system, &faulty(4), seed).run.facts;
        assert_eq!(facts.reorderings, 0);
        assert_eq!(facts.duplicates, 0);
        drops += facts.drops;
    }
    assert_eq!(drops, DROPS);
    // The same without a nemesis: about one message in twenty.
    let mut lossy = faulty(4);
    lossy.nemesis = None;
    let run = play(&system, &lossy, 1).run;
    let lost = (run.costs.messages, run.facts.drops);
    assert_eq!(lost, LOST_IN_ORDER);
}

const DROPS: u64 = 74;
const LOST_IN_ORDER: (u64, u64) = (744, 26);

#[test]
fn loss_and_duplication_keep_their_ratio() {
    let params = Params {
        rounds: 2_000,
        ..Params::default()
    };
    let system = system(&params, LinkOrder::Unordered);
    let mut setup = Setup::fault_free(MS(1_000_000), MS(1));
    let ratio = |times, out_of| Ratio { times, out_of };
    setup.network.loss = ratio(1, 10);
    setup.network.duplication = ratio(1, 20);
    let played = play(&system, &setup, 1);
    let facts = &played.run.facts;
    assert_eq!(played.run.world.history(), &[2_000]);
    let between_nodes = played.run.costs.messages;
    assert_eq!((between_nodes, facts.drops, facts.duplicates), LOSSES);
}

/// Messages sent, lost and duplicated: near one in ten, and one in twenty.
const LOSSES: (u64, u64, u64) = (14_253, 1_451, 722);

#[test]
fn a_drifting_clock_fires_early_or_late_exactly() {
    let system = small(1);
    let first = |drift_ppm| {
        let mut setup = Setup::fault_free(MS(1_000), MS(1));
        setup.nodes = vec![NodeSetup {
            drift_ppm,
            ..NodeSetup::default()
        }];
        play(&system, &setup, 4)
            .events
            .time_of("timeout C Resend")
            .0
    };
    let exact = first(0);
    assert!((50_000_000..100_000_000).contains(&exact));
    assert_eq!(first(250_000), (exact * 4).div_ceil(5));
    assert_eq!(first(-500_000), exact * 2);
}

#[test]
fn a_node_with_a_start_delay_joins_then() {
    let mut system = small(1);
    system.rules.absent = NodeSet::only(id(2));
    let mut setup = Setup::fault_free(MS(1_000), MS(1));
    setup.nodes = vec![NodeSetup::default(); 3];
    setup.nodes[2].start_delay = MS(120);
    let played = play(&system, &setup, 1);
    assert_eq!(played.events.time_of("recover P2"), MS(120));
    assert_eq!(played.run.world.history(), &[1]);
}

#[test]
fn choices_are_settled_first_lowest_node_first() {
    let params = Params {
        peers: 3,
        rounds: 1,
        choices: true,
        ..Params::default()
    };
    let system = system(&params, LinkOrder::Unordered);
    let mut seen = BTreeMap::new();
    for seed in 0..30 {
        let played = play(&system, &setup(), seed);
        let texts = played.events.texts();
        for (i, text) in texts[..3].iter().enumerate() {
            let start = format!("choose P{} mood ", i + 1);
            let option = text.strip_prefix(&start).unwrap().to_owned();
            *seen.entry(option).or_insert(0) += 1;
        }
    }
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["1", "2", "3"]);
}

/// The first events of a run of one round with two peers, a fault among them.
fn story(planned: Planned) -> (Vec<String>, Played) {
    let mut setup = Setup::fault_free(MS(90), MS(2));
    setup.plan.push(planned);
    // P2 is farther away, so that the order is plain.
    for (a, b) in [(0, 2), (2, 0)] {
        let far = (Link::new(id(a), id(b)), Latency::Constant(MS(3)));
        setup.network.links.push(far);
    }
    let played = play(&small(1), &setup, 1);
    let texts = played.events.texts();
    let texts = texts.into_iter().map(str::to_owned).collect();
    (texts, played)
}

fn ask_of(to: usize) -> (String, Option<Id>, Option<Id>) {
    ("Ask".to_owned(), Some(id(0)), Some(id(to)))
}

#[test]
fn a_fault_before_a_delivery_strikes_before_it() {
    let (kind, from, to) = ask_of(1);
    let moment = Anchor::BeforeDeliver { kind, from, to };
    let (texts, played) = story(anchored(moment, PlannedFault::Crash(id(1))));
    let expected = [
        "timeout C Resend",
        "crash P1",
        "deliver C -> P1 Ask(1)",
        "deliver C -> P2 Ask(1)",
        "deliver P2 -> C Answer(1)",
    ];
    assert_eq!(texts, expected);
    assert_eq!(played.run.facts.lost_at_down, 1);
    assert!(played.simulator.unreached().is_empty());
}

#[test]
fn a_fault_after_a_delivery_strikes_behind_all_its_commands() {
    let (kind, from, to) = ask_of(1);
    let moment = Anchor::AfterDeliver { kind, from, to };
    let (texts, _) = story(anchored(moment, PlannedFault::Crash(id(1))));
    let expected = [
        "timeout C Resend",
        "deliver C -> P1 Ask(1)",
        "crash P1",
        "deliver C -> P2 Ask(1)",
        "deliver P1 -> C Answer(1)",
        "deliver P2 -> C Answer(1)",
        "deliver C -> C Next",
    ];
    assert_eq!(texts, expected);
}

#[test]
fn a_crash_of_the_sender_strikes_right_behind_the_send() {
    let (kind, from, to) = ask_of(1);
    let moment = Anchor::AfterSend { kind, from, to };
    let (texts, played) = story(anchored(moment, PlannedFault::Crash(id(0))));
    let expected = [
        "crash C after 1 of timeout C Resend",
        "deliver C -> P1 Ask(1)",
        "deliver P1 -> C Answer(1)",
    ];
    assert_eq!(texts, expected);
    assert!(played.simulator.futile().is_empty());
    assert!(played.simulator.unreached().is_empty());
}

#[test]
fn a_crash_behind_the_last_send_is_a_crash_after_the_step() {
    let (kind, from, to) = ask_of(2);
    let moment = Anchor::AfterSend { kind, from, to };
    let (texts, played) = story(anchored(moment, PlannedFault::Crash(id(0))));
    assert_eq!(texts[..2], ["timeout C Resend", "crash C"]);
    assert!(played.simulator.futile().is_empty());
}

#[test]
fn a_crash_after_a_save_comes_before_the_send() {
    let moment = Anchor::AfterSave { node: Some(id(2)) };
    let (texts, _) = story(anchored(moment, PlannedFault::Crash(id(2))));
    assert_eq!(texts[2], "crash P2 after 1 of deliver C -> P2 Ask(1)");
    assert!(!texts.contains(&"deliver P2 -> C Answer(1)".to_owned()));
}

#[test]
fn a_fault_after_a_timeout_strikes_behind_it() {
    let moment = Anchor::AfterTimeout {
        timer: "Resend".to_owned(),
        node: None,
    };
    let cut = Cut::groups(3, &[NodeSet::only(id(0)), NodeSet::only(id(1))]);
    let (texts, played) = story(anchored(moment, PlannedFault::Cut(cut)));
    assert_eq!(texts[..2], ["timeout C Resend", "cut {C} | {P1}"]);
    assert_eq!(texts[2], "deliver C -> P2 Ask(1)");
    assert!(played.run.facts.lost_to_cuts >= 1);
}

#[test]
fn a_message_is_dropped_duplicated_or_delayed_by_name() {
    let strike = |send: bool, fault: PlannedFault| {
        let (kind, from, to) = ask_of(1);
        let moment = if send {
            Anchor::AfterSend { kind, from, to }
        } else {
            Anchor::BeforeDeliver { kind, from, to }
        };
        let (texts, played) = story(anchored(moment, fault));
        assert!(played.simulator.futile().is_empty());
        (texts, played)
    };
    for send in [true, false] {
        let (texts, _) = strike(send, PlannedFault::DropIt);
        assert_eq!(texts[1], "drop C -> P1 Ask(1)");
        let (texts, _) = strike(send, PlannedFault::DuplicateIt);
        assert_eq!(texts[1], "duplicate C -> P1 Ask(1)");
        assert_eq!(texts[2], "deliver C -> P1 Ask(1)");
        let copies = texts.iter().filter(|t| *t == "deliver C -> P1 Ask(1)");
        assert_eq!(copies.count(), 2);
        let (_, played) = strike(send, PlannedFault::DelayIt(MS(10)));
        let asked = played.events.time_of("timeout C Resend");
        let told = played.events.time_of("deliver C -> P1 Ask(1)");
        assert_eq!(told.0 - asked.0, MS(12).0);
    }
}

#[test]
fn a_delay_on_a_fifo_link_holds_back_what_is_behind() {
    let params = Params {
        peers: 1,
        rounds: 1,
        ..Params::default()
    };
    let system = system(&params, LinkOrder::Fifo);
    let mut setup = Setup::fault_free(MS(400), MS(2));
    let (kind, from, to) = ask_of(1);
    let moment = Anchor::BeforeDeliver { kind, from, to };
    setup
        .plan
        .push(anchored(moment, PlannedFault::DelayIt(MS(120))));
    let played = play(&system, &setup, 1);
    let asks: Vec<Time> = played
        .events
        .0
        .iter()
        .filter(|(_, text)| text == "deliver C -> P1 Ask(1)")
        .map(|(at, _)| *at)
        .collect();
    let asked = played.events.time_of("timeout C Resend");
    assert!(asks.len() >= 2);
    assert_eq!(asks[0].0, asked.0 + MS(122).0);
    assert_eq!(asks[0], asks[1]);
    assert_eq!(played.run.facts.reorderings, 0);
}

#[test]
fn planned_moments_strike_before_what_is_due_then() {
    let at = |ms, what| Planned {
        when: When::At(MS(ms)),
        what,
        text: format!("at {ms}ms"),
    };
    let mut setup = Setup::fault_free(MS(500), MS(1));
    setup.plan = vec![
        at(20, PlannedFault::Crash(id(1))),
        at(30, PlannedFault::Crash(id(1))),
        at(300, PlannedFault::Recover(id(1))),
        at(9_000, PlannedFault::Recover(id(1))),
    ];
    let played = play(&small(1), &setup, 1);
    assert_eq!(played.events.time_of("crash P1"), MS(20));
    assert_eq!(played.events.time_of("recover P1"), MS(300));
    assert_eq!(played.simulator.futile(), ["at 30ms"]);
    assert_eq!(played.simulator.unreached(), ["at 9000ms"]);
}

#[test]
fn an_anchor_never_reached_is_reported() {
    let moment = Anchor::AfterDeliver {
        kind: "Ask".to_owned(),
        from: None,
        to: Some(id(0)),
    };
    let (_, played) = story(anchored(moment, PlannedFault::Crash(id(1))));
    assert_eq!(played.simulator.unreached(), ["the fault"]);
}

#[test]
fn the_nemesis_leaves_everything_up_healed_and_reliable() {
    struct Watch {
        until: Time,
        down: usize,
        most_down: usize,
        inside: usize,
        late_faults: usize,
    }
    impl Witness<Rounds> for Watch {
        fn happened(&mut self, moment: &Moment<'_, Rounds>) {
            let up = moment.world.up().len();
            self.down = moment.system.cluster.len() - up;
            self.most_down = self.most_down.max(self.down);
            self.inside += usize::from(matches!(moment.event, Event::CrashInside { .. }));
            let fault = moment.event.class() == jury::model::Class::Fault;
            if fault && moment.now.unwrap() >= self.until {
                self.late_faults += 1;
            }
        }
    }
    let params = Params {
        peers: 4,
        rounds: 1_000,
        choices: true,
        ..Params::default()
    };
    // In a debug build the simulator asserts that every event is possible.
    let (mut inside, mut crashes, mut cuts) = (0, 0, 0);
    for order in [LinkOrder::Unordered, LinkOrder::Fifo] {
        let system = system(&params, order);
        for seed in 0..200 {
            let setup = faulty(5);
            let mut simulator = Simulator::new(&setup, seed, &system.cluster);
            let mut watch = Watch {
                until: MS(2_000),
                down: 0,
                most_down: 0,
                inside: 0,
                late_faults: 0,
            };
            let run = execute(&system, &mut simulator, &mut [&mut watch]).unwrap();
            assert_eq!(watch.down, 0);
            assert!(watch.most_down <= 2);
            assert_eq!(watch.late_faults, 0);
            assert!(run.world.globals().cuts.is_empty());
            assert!(run.now > MS(2_000));
            inside += watch.inside;
            crashes += run.facts.crashes.iter().sum::<u32>();
            cuts += run.facts.cuts;
        }
    }
    assert!(inside > 500, "{inside} of {crashes}");
    assert!(crashes > 2_000, "{crashes}");
    assert!(cuts > 2_000, "{cuts}");
}

#[test]
fn a_simulator_goes_on_from_where_a_script_ends() {
    let system = small(2);
    let setup = setup();
    let lines = [
        (Some(MS(70)), "timeout C Resend"),
        (None, "duplicate C -> P1 Ask"),
        (None, "drop C -> P1 Ask"),
        (Some(MS(75)), "deliver C -> P2 Ask"),
        (None, "crash P1"),
        (Some(MS(95)), "recover P1"),
    ];
    let mut scheduler = Scripted {
        script: Script::new(lines),
        then: Some(Simulator::new(&setup, 1, &system.cluster)),
    };
    let mut events = Events::default();
    let run = execute(&system, &mut scheduler, &mut [&mut events]).unwrap();
    assert_eq!(events.0[4], (MS(75), "crash P1".to_owned()));
    // The copy that was left arrives late, since nothing else happened meanwhile.
    assert!(events.0[6..].iter().all(|(at, _)| *at >= MS(95)));
    let asked = events.texts()[6..]
        .iter()
        .filter(|t| **t == "deliver C -> P1 Ask(1)")
        .count();
    assert_eq!(asked, 1);
    assert_eq!(run.world.history(), &[2]);
    assert!(scheduler.then.unwrap().is_quiescent());
}

#[test]
fn a_run_follows_its_own_record_and_goes_on_as_before() {
    let params = Params {
        choices: true,
        ..Params::default()
    };
    let system = system(&params, LinkOrder::Unordered);
    let setup = faulty(4);
    let whole = play(&system, &setup, 3);
    let lines: Vec<_> = whole
        .events
        .0
        .iter()
        .map(|(at, text)| (Some(*at), text.clone()))
        .collect();
    let mut scheduler = Scripted {
        script: Script::new(lines),
        then: None,
    };
    let run = execute(&system, &mut scheduler, &mut []).unwrap();
    assert_eq!(run.hash, whole.run.hash);
    assert_eq!(run.world, whole.run.world);
}

/// What a node has on its disk it must have claimed: the audit is part of every run.
#[test]
fn a_record_that_no_handler_observed_is_found() {
    let params = Params {
        silent: true,
        ..Params::default()
    };
    let system = system(&params, LinkOrder::Unordered);
    let panic = catch_unwind(AssertUnwindSafe(|| play(&system, &setup(), 1)))
        .err()
        .expect("it is found");
    let broken = panic.downcast::<Broken>().expect("it says which promise");
    assert_eq!(broken.promise, Promise::Claims);
    let said = "claims less than its records show";
    assert!(broken.message.contains(said), "{broken}");
}

/// Messages that take no time, and rounds without end.
#[test]
fn an_instant_has_an_end() {
    let setup = Setup::fault_free(MS(1000), Time::ZERO);
    let Played { simulator, run, .. } = play(&small(u64::MAX), &setup, 1);
    assert_eq!(simulator.end(), Some(End::AtOnce));
    assert!(run.facts.steps < 2 * jury::sim::STEPS_AT_ONCE_MAX);
}

/// Beside a record stands which draw decided each step: the how-manieth of its place, which is never more than were
/// sent by then, and no draw decides the fate of two messages.
#[test]
fn a_record_says_what_was_drawn() {
    let (mut purposes, mut messages) = (BTreeSet::<&str>::new(), 0);
    for name in ["raft", "2pc"] {
        let path = format!("scenarios/{name}/under-the-nemesis.json");
        let case = Registry::shipped().open(Path::new(&path)).unwrap();
        for seed in 1..=5 {
            let report = case.run(seed, true, &RunLimits::default());
            let (trace, told) = (report.trace.unwrap(), report.draws);
            assert_eq!(told.len(), trace.steps.len());
            let mut sent = BTreeMap::<String, u64>::new();
            let note = |sent: &mut BTreeMap<String, u64>, src: usize, did: &Did| {
                for message in did.sent.iter().filter(|message| message.dst != src) {
                    let [src, dst] = [src, message.dst].map(|node| &trace.nodes[node].name);
                    let place = format!("{} on {src} -> {dst}", kind(&message.message));
                    *sent.entry(place).or_default() += 1;
                }
            };
            for (node, start) in trace.start.iter().enumerate() {
                note(&mut sent, node, &start.did);
            }
            let mut fates = BTreeSet::new();
            for (step, drawn) in trace.steps.iter().zip(&told) {
                let drawn = drawn.as_deref().unwrap_or_default();
                purposes.extend(PURPOSES.iter().filter(|purpose| drawn.contains(**purpose)));
                let due = match &step.what {
                    // Where the handler breaks off was drawn last.
                    _ if drawn.starts_with("where the ") => "where the ",
                    What::Deliver(m) | What::ArriveAtDown(m) if m.src != m.dst => "latency of the ",
                    What::Drop(_) => "loss of the ",
                    What::Duplicate(_) => "duplication of the ",
                    What::Timeout { .. } => "duration of the ",
                    What::Choose { .. } => "the ",
                    _ => "",
                };
                let rest = drawn.strip_prefix(due);
                let rest = rest.unwrap_or_else(|| panic!("{}: {drawn}", step.event));
                if let What::Deliver(_) | What::ArriveAtDown(_) | What::Drop(_) = step.what
                    && let Some((nth, place)) = rest.split_once(' ')
                    && !due.starts_with("where")
                    && !place.starts_with("second copy")
                {
                    let sent = &sent[place];
                    let nth: u64 = nth.trim_end_matches(char::is_alphabetic).parse().unwrap();
                    assert!((1..=*sent).contains(&nth), "{drawn}, of {sent}");
                    assert!(fates.insert(rest.to_owned()), "{drawn} once more");
                }
                if let Some(node) = step.what.node() {
                    note(&mut sent, node, &step.did);
                }
            }
            messages += fates.len();
        }
    }
    assert!(messages > 1_000, "{messages}");
    assert_eq!(purposes.len(), PURPOSES.len(), "{purposes:?}");
}

const PURPOSES: [&str; 11] = [
    "latency of the",
    "second copy of",
    "loss of the",
    "duplication of the",
    "duration of the",
    "option of vote-1 of P4",
    "crash of the nemesis",
    "inside a handler of",
    "cut of the nemesis",
    "is down after",
    "lasts",
];
