//! What every event means, one sentence of the design at a time, on actors small enough to follow.

use crate::common::table::{Coin, Do, Msg, Params, RECORDS, Row, Table, timer};
use crate::common::{depth, lines, plainly};
use jury::check::{Finding, Limits};
use jury::model::network::Fate;
use jury::model::{
    Assumption, Bound, Budgets, CutFamily, Event, Expectation, Id, InsideHandlers, Limit, Link,
    LinkOrder, Node, NodeSet, Predicate, Property, Protocol, Reason, Rules, Suspicion, System,
    Timing, View, World,
};
use jury::run::{Script, execute};

const TELL: Msg = Msg::Tell { what: 0 };

/// A table written by hand, its rules, and a world to play in.
struct Play {
    system: System<Table>,
    world: World<Table>,
}

impl Play {
    fn new(nodes: u8, write: impl FnOnce(&mut Params), rules: impl FnOnce(&mut Rules)) -> Self {
        let mut params = Params {
            nodes,
            ..Params::default()
        };
        write(&mut params);
        let mut allowed = Rules::fault_free();
        rules(&mut allowed);
        let system = System::new(Table::new(&params).unwrap(), allowed);
        let world = system.initial();
        Play { system, world }
    }

    /// The enabled events, in the one notation.
    fn offers(&mut self) -> Vec<String> {
        lines(&self.system, &self.system.enabled(&mut self.world).events)
    }

    fn read(&self, text: &str) -> Event<Table> {
        Event::parse(text, &self.system.cluster, &self.world).unwrap()
    }

    /// Lets something happen that must be possible, and says which sends were lost.
    fn play(&mut self, text: &str) -> Vec<(usize, Fate)> {
        let event = self.read(text);
        assert_eq!(self.system.obstacle(&self.world, &event), None, "{text}");
        self.system.apply(&mut self.world, &event).unsent
    }

    fn obstacle(&mut self, text: &str) -> Option<String> {
        let event = self.read(text);
        self.system.obstacle(&self.world, &event)
    }

    fn in_flight(&self, src: usize, dst: usize) -> Vec<Msg> {
        let link = Link::new(Id::from(src), Id::from(dst));
        self.world.channel(link).iter().copied().collect()
    }

    fn node(&self, id: usize) -> &Node<Table> {
        self.world.node(Id::from(id))
    }

    fn state(&self, id: usize) -> Option<u8> {
        self.node(id).state().copied()
    }
}

fn anyone_may_crash(times: Limit) -> impl FnOnce(&mut Rules) {
    move |rules| rules.budgets.crashes = vec![(NodeSet::first(4), times)]
}

/// At its start, N0 sends this to the others, in this order.
fn sends(what: &[(u8, Msg)]) -> impl FnOnce(&mut Params) {
    let does: Vec<Do> = what.iter().map(|(to, msg)| Do::Send(*to, *msg)).collect();
    move |table| *table.start(0, None) = Row::to(0, does)
}

// Messages.

#[test]
fn delivering_takes_the_message_out_of_flight_even_when_nothing_changes() {
    let mut play = Play::new(2, sends(&[(1, TELL)]), |_| {});
    assert_eq!(play.offers(), ["deliver N0 -> N1 Tell { what: 0 }"]);
    play.play("deliver N0 -> N1 Tell");
    assert_eq!(play.offers(), [""; 0]);
    assert_eq!(play.state(1), Some(0));
}

#[test]
fn arrival_at_a_node_that_is_down_loses_the_message_and_costs_no_drop() {
    let mut play = Play::new(2, sends(&[(1, TELL)]), |rules| {
        rules.budgets.crashes = vec![(NodeSet::only(Id::from(1)), Limit::AtMost(1))];
        rules.budgets.drops = Limit::AtMost(1);
    });
    play.play("crash N1");
    let event = play.read("deliver N0 -> N1 Tell");
    let effects = play.system.apply(&mut play.world, &event);
    assert!(effects.lost_at_down && effects.reaction.is_none());
    assert_eq!(play.in_flight(0, 1), []);
    assert_eq!(play.world.globals().spent.drops, 0);
}

#[test]
fn links_are_unordered_by_default() {
    let mut play = Play::new(2, sends(&[(1, TELL), (1, Msg::Ask)]), |_| {});
    assert_eq!(
        play.offers(),
        ["deliver N0 -> N1 Ask", "deliver N0 -> N1 Tell { what: 0 }"]
    );
}

#[test]
fn on_fifo_links_only_the_oldest_is_delivered_or_dropped_and_nothing_is_duplicated() {
    let mut play = Play::new(2, sends(&[(1, TELL), (1, Msg::Ask)]), |rules| {
        rules.links.order = LinkOrder::Fifo;
        rules.budgets.drops = Limit::Unlimited;
        rules.budgets.duplicates = Limit::Unlimited;
    });
    assert_eq!(
        play.offers(),
        [
            "drop N0 -> N1 Tell { what: 0 }",
            "deliver N0 -> N1 Tell { what: 0 }"
        ]
    );
    assert!(play.obstacle("deliver N0 -> N1 Ask").is_some());
    assert!(play.obstacle("duplicate N0 -> N1 Tell").is_some());
    play.play("drop N0 -> N1 Tell");
    assert_eq!(play.offers(), ["drop N0 -> N1 Ask", "deliver N0 -> N1 Ask"]);
}

#[test]
fn messages_to_itself_are_never_cut_dropped_or_duplicated() {
    let mut play = Play::new(2, sends(&[(0, TELL)]), |rules| {
        rules.budgets = Budgets::unlimited(NodeSet::EMPTY);
        rules.cuts = CutFamily::IsolateOne.cuts(2);
    });
    assert_eq!(
        play.offers(),
        ["deliver N0 -> N0 Tell { what: 0 }", "cut {N0} | {N1}"]
    );
    assert!(play.obstacle("drop N0 -> N0 Tell").is_some());
    assert!(play.obstacle("duplicate N0 -> N0 Tell").is_some());
    play.play("cut {N0} | {N1}");
    assert_eq!(play.in_flight(0, 0), [TELL]);
}

#[test]
fn a_send_beyond_the_copies_is_absorbed_and_the_search_says_so() {
    let mut play = Play::new(
        2,
        |table| {
            *table.start(0, None) = Row::to(0, [Do::Arm(0)]);
            *table.timeout(0, 0, 0) = Row::to(0, [Do::Send(1, TELL), Do::Arm(0)]);
        },
        |_| {},
    );
    let time = "timeout N0 Timer { nth: 0, of: 0 }";
    assert_eq!(play.play(time), []);
    assert_eq!(play.play(time), []);
    assert_eq!(play.play(time), [(0, Fate::Absorbed)]);
    assert_eq!(play.in_flight(0, 1), [TELL, TELL]);
    let explored = plainly(&play.system, &[], Limits::default());
    assert!(explored.account.absorbed);
    assert_eq!(explored.account.progress.distinct, 3);
}

#[test]
fn a_duplicate_is_one_more_copy_within_the_bound() {
    let mut play = Play::new(2, sends(&[(1, TELL)]), |rules| {
        rules.budgets.duplicates = Limit::Unlimited;
    });
    play.play("duplicate N0 -> N1 Tell");
    assert_eq!(play.in_flight(0, 1), [TELL, TELL]);
    assert_eq!(play.offers(), ["deliver N0 -> N1 Tell { what: 0 }"]);
}

#[test]
fn a_network_that_never_forgets_keeps_what_it_delivers() {
    let mut play = Play::new(2, sends(&[(1, TELL), (1, TELL)]), |rules| {
        rules.links.never_forgets = true;
    });
    play.play("deliver N0 -> N1 Tell");
    assert_eq!(play.in_flight(0, 1), [TELL]);
    let explored = plainly(&play.system, &[], Limits::default());
    assert_eq!(explored.account.progress.distinct, 1);
    assert!(!explored.account.absorbed);
}

// Timers.

/// N1 waits for N0 and N2 with a timer.
fn waits(timing: Timing) -> impl FnOnce(&mut Rules) {
    move |rules| {
        rules.timing = timing;
        rules.budgets = Budgets::unlimited(NodeSet::first(3));
        rules.budgets.duplicates = Limit::NONE;
    }
}

fn waiting(table: &mut Params) {
    *table.start(1, None) = Row::to(1, [Do::Arm(0)]);
    table.awaits(1, 1, 0, 0b111);
    *table.timeout(1, 1, 0) = Row::to(2, []);
    *table.start(0, None) = Row::to(0, [Do::Send(2, TELL)]);
}

const N1_TIMES_OUT: &str = "timeout N1 Timer { nth: 0, of: 1 }";

#[test]
fn asynchronous_timers_may_fire_at_any_moment() {
    let mut play = Play::new(3, waiting, waits(Timing::Asynchronous));
    assert!(play.offers().contains(&N1_TIMES_OUT.to_owned()));
    assert_eq!(play.play(N1_TIMES_OUT), []);
    assert_eq!(play.state(1), Some(2));
    let armed = |play: &Play| {
        play.node(1)
            .up()
            .unwrap()
            .timers
            .contains(&timer(Id::from(1), 0))
    };
    assert!(!armed(&play), "a timer that fired is armed no more");
}

#[test]
fn accurate_timers_fire_only_when_every_awaited_peer_has_failed_and_the_past_is_quiet() {
    let mut play = Play::new(3, waiting, waits(Timing::Accurate));
    let may_fire = |play: &mut Play| play.offers().contains(&N1_TIMES_OUT.to_owned());
    let suspicion = |play: &Play| {
        let id = Id::from(1);
        play.system.suspicion(&play.world, id, &timer(id, 0))
    };
    assert!(!may_fire(&mut play));
    assert_eq!(play.system.enabled(&mut play.world).held_back, 2);
    // One of the two awaited is not enough.
    play.play("crash N0");
    assert_eq!(suspicion(&play), Suspicion::False);
    // Both are; but what N0 sent is still on its way to N2.
    play.play("cut N1 -> N2");
    assert_eq!(suspicion(&play), Suspicion::Early);
    assert!(!may_fire(&mut play));
    // It is quiet once that has arrived.
    play.play("deliver N0 -> N2 Tell");
    assert_eq!(suspicion(&play), Suspicion::True);
    assert!(may_fire(&mut play));
}

#[test]
fn a_message_to_a_node_that_is_down_does_not_disturb_the_quiet() {
    let mut play = Play::new(3, waiting, waits(Timing::Accurate));
    play.play("crash N0");
    play.play("crash N2");
    assert_eq!(play.in_flight(0, 2), [TELL]);
    assert!(play.offers().contains(&N1_TIMES_OUT.to_owned()));
}

#[test]
fn a_peer_that_restarted_or_lost_a_message_stays_failed() {
    let mut play = Play::new(3, waiting, waits(Timing::Accurate));
    play.play("crash N0");
    play.play("recover N0");
    play.play("drop N0 -> N2 Tell");
    let failures = &play.world.globals().failures;
    let failed = |a, b| failures.failed(Id::from(a), Id::from(b));
    assert!(failed(1, 0) && failed(2, 0) && failed(0, 2));
    assert!(!failed(1, 2) && !failed(0, 1));
}

#[test]
fn a_timer_that_awaits_nobody_is_free() {
    let write = |table: &mut Params| *table.start(1, None) = Row::to(1, [Do::Arm(0)]);
    let mut play = Play::new(2, write, |rules| rules.timing = Timing::Accurate);
    assert_eq!(play.offers(), [N1_TIMES_OUT]);
}

#[test]
fn waiting_for_the_living_is_reported() {
    let play = Play::new(3, waiting, |rules| rules.timing = Timing::Accurate);
    let explored = plainly(&play.system, &[], Limits::default());
    let schedule = explored.waiting_for_the_living.unwrap();
    assert_eq!(
        lines(&play.system, &schedule),
        ["deliver N0 -> N2 Tell { what: 0 }"]
    );
}

// Crash.

/// N1 answers by: save 1, send, save 2, send, arm.
fn careful(table: &mut Params) {
    *table.start(0, None) = Row::to(0, [Do::Send(1, TELL)]);
    *table.msg(1, 0, TELL) = Row::to(
        1,
        [
            Do::Save(1),
            Do::Send(0, Msg::Ask),
            Do::Save(2),
            Do::Send(0, Msg::AskAgain),
            Do::Arm(0),
        ],
    );
}

#[test]
fn a_crash_loses_state_timers_and_choices_and_leaves_storage_and_what_was_sent() {
    let mut play = Play::new(2, careful, anyone_may_crash(Limit::AtMost(1)));
    play.play("deliver N0 -> N1 Tell");
    play.play("crash N1");
    assert_eq!(*play.node(1), Node::Down { storage: Some(2) });
    assert_eq!(play.in_flight(1, 0), [Msg::Ask, Msg::AskAgain]);
}

#[test]
fn a_crash_strikes_inside_a_handler_after_each_prefix_that_differs() {
    let mut play = Play::new(2, careful, anyone_may_crash(Limit::AtMost(1)));
    let deliver = "deliver N0 -> N1 Tell { what: 0 }";
    let inside = |n: usize| format!("crash N1 after {n} of {deliver}");
    assert_eq!(
        play.offers(),
        [
            inside(1),
            inside(2),
            inside(3),
            deliver.to_owned(),
            "crash N0".to_owned(),
            "crash N1".to_owned(),
        ]
    );
    assert!(
        play.obstacle(&inside(4)).is_some(),
        "that is the whole step"
    );
    play.play(&inside(3));
    assert_eq!(*play.node(1), Node::Down { storage: Some(2) });
    assert_eq!(play.in_flight(1, 0), [Msg::Ask]);
    assert_eq!(play.world.globals().spent.crashes, [1]);
    assert_eq!(play.offers(), ["deliver N1 -> N0 Ask"]);
}

#[test]
fn a_crash_strikes_only_inside_a_handler() {
    let mut play = Play::new(2, careful, anyone_may_crash(Limit::Unlimited));
    for event in [
        "crash N1 after 0 of crash N1",
        "crash N1 after 1 of crash N1 after 1 of deliver N0 -> N1 Tell",
    ] {
        assert!(play.obstacle(event).is_some(), "{event}");
    }
    play.play("crash N1");
    assert!(
        play.obstacle("crash N1 after 1 of deliver N0 -> N1 Tell")
            .is_some()
    );
}

#[test]
fn a_crash_comes_before_what_a_choice_sends() {
    let write = |table: &mut Params| {
        *table.start(1, None) = Row::to(0, [Do::Save(1), Do::Choose(0, 2)]);
        *table.choice(1, 0, Coin::Heads) = Row::to(1, [Do::Send(0, TELL)]);
    };
    let mut play = Play::new(2, write, anyone_may_crash(Limit::AtMost(1)));
    assert_eq!(
        play.offers(),
        [
            "crash N1 after 0 of choose N1 coin0 Heads",
            "choose N1 coin0 Heads",
            "choose N1 coin0 Tails",
        ]
    );
    play.play("crash N1 after 0 of choose N1 coin0 Heads");
    assert_eq!(*play.node(1), Node::Down { storage: Some(1) });
    assert_eq!(play.in_flight(1, 0), []);
}

// Start and recover.

/// Each start goes to a state that tells what was on storage: 0 nothing, 1 to 3 a record.
fn tells_its_storage(table: &mut Params) {
    for role in 0..2 {
        *table.start(role, None) = Row::to(0, []);
        for record in 0..u8::try_from(RECORDS).unwrap() {
            *table.start(role, Some(record)) = Row::to(record + 1, []);
        }
    }
}

#[test]
fn recovery_gives_what_was_saved_or_the_blank_storage() {
    let write = |table: &mut Params| {
        tells_its_storage(table);
        *table.start(0, None) = Row::to(0, [Do::Save(2)]);
    };
    let mut play = Play::new(2, write, |rules| {
        rules.budgets.crashes = vec![(NodeSet::first(2), Limit::Unlimited)];
        rules.budgets.recoveries = Limit::Unlimited;
    });
    assert_eq!((play.state(0), play.state(1)), (Some(0), Some(0)));
    for node in ["N0", "N1"] {
        play.play(&format!("crash {node}"));
        play.play(&format!("recover {node}"));
    }
    // N0 saved 2; N1 saved nothing and finds the blank storage, which is 0.
    assert_eq!((play.state(0), play.state(1)), (Some(3), Some(1)));
    let stored = |play: &Play, id| play.node(id).storage().copied();
    assert_eq!((stored(&play, 0), stored(&play, 1)), (Some(2), None));
}

#[test]
fn a_node_that_joins_later_starts_for_the_first_time() {
    let mut play = Play::new(2, tells_its_storage, |rules| {
        rules.absent = NodeSet::only(Id::from(1));
        rules.budgets.recoveries = Limit::AtMost(1);
    });
    assert_eq!(*play.node(1), Node::Absent);
    play.play("recover N1");
    assert_eq!(play.state(1), Some(0));
}

#[test]
fn a_crash_inside_a_recovery_counts_one_node_down() {
    let write = |table: &mut Params| {
        let row = Row::to(0, [Do::Save(1), Do::Send(0, TELL)]);
        *table.start(1, Some(0)) = row;
    };
    let mut play = Play::new(2, write, |rules| {
        rules.budgets = Budgets::unlimited(NodeSet::first(2));
        rules.budgets.down = Limit::AtMost(1);
    });
    play.play("crash N1");
    assert_eq!(
        play.offers(),
        ["crash N1 after 1 of recover N1", "recover N1"]
    );
}

// Cuts.

#[test]
fn a_cut_loses_what_is_in_flight_and_what_is_sent_until_it_heals() {
    let mut play = Play::new(
        3,
        |table| {
            *table.start(0, None) = Row::to(0, [Do::Send(1, TELL), Do::Send(2, TELL), Do::Arm(0)]);
            *table.timeout(0, 0, 0) = Row::to(
                0,
                [Do::Send(1, Msg::Ask), Do::Send(2, Msg::Ask), Do::Arm(0)],
            );
        },
        |rules| {
            rules.cuts = CutFamily::IsolateOne.cuts(3);
            rules.budgets.cuts = Limit::AtMost(1);
            rules.budgets.heals = Limit::AtMost(1);
        },
    );
    let event = play.read("cut {N0, N2} | {N1}");
    let effects = play.system.apply(&mut play.world, &event);
    let lost: Vec<_> = effects.lost.iter().map(|e| (e.link(), e.msg)).collect();
    assert_eq!(lost, [(Link::new(Id::from(0), Id::from(1)), TELL)]);
    assert_eq!(play.in_flight(0, 2), [TELL]);
    let time = "timeout N0 Timer { nth: 0, of: 0 }";
    assert_eq!(play.play(time), [(0, Fate::Cut)]);
    assert!(play.offers().contains(&"heal {N0, N2} | {N1}".to_owned()));
    play.play("heal {N0, N2} | {N1}");
    assert_eq!(play.play(time), []);
    assert_eq!(play.in_flight(0, 1), [Msg::Ask]);
    assert!(
        !play.offers().iter().any(|e| e.starts_with("cut")),
        "one cut was allowed"
    );
}

#[test]
fn a_cut_of_single_links_is_one_way_and_a_node_in_no_group_keeps_its_links() {
    let mut play = Play::new(3, |_| {}, |_| {});
    let is_cut = |play: &Play, a, b| {
        let link = Link::new(Id::from(a), Id::from(b));
        play.world.globals().is_cut(link)
    };
    play.play("cut N0 -> N1");
    assert!(is_cut(&play, 0, 1) && !is_cut(&play, 1, 0));
    play.play("heal N0 -> N1");
    play.play("cut {N0} | {N1}");
    assert!(is_cut(&play, 0, 1) && is_cut(&play, 1, 0));
    assert!(!is_cut(&play, 0, 2) && !is_cut(&play, 2, 1));
}

#[test]
fn heal_ends_one_of_several_cuts() {
    let mut play = Play::new(3, |_| {}, |_| {});
    play.play("cut {N0} | {N1, N2}");
    play.play("cut N0 -> N1");
    play.play("heal {N0} | {N1, N2}");
    let globals = play.world.globals();
    assert!(globals.is_cut(Link::new(Id::from(0), Id::from(1))));
    assert!(!globals.is_cut(Link::new(Id::from(0), Id::from(2))));
    assert!(play.obstacle("cut N0 -> N1").is_some(), "it lasts already");
}

// Choice.

#[test]
fn a_choice_is_settled_before_anything_else_happens() {
    let write = |table: &mut Params| {
        *table.start(0, None) = Row::to(0, [Do::Send(1, TELL), Do::Arm(0)]);
        *table.start(1, None) = Row::to(0, [Do::Choose(0, 2)]);
        *table.choice(1, 0, Coin::Tails) = Row::to(3, []);
    };
    let mut play = Play::new(2, write, anyone_may_crash(Limit::Unlimited));
    assert_eq!(
        play.offers(),
        ["choose N1 coin0 Heads", "choose N1 coin0 Tails"]
    );
    assert!(play.obstacle("deliver N0 -> N1 Tell").is_some());
    assert!(play.obstacle("crash N0").is_some());
    play.play("choose N1 coin0 Tails");
    assert_eq!(play.state(1), Some(3));
    assert_eq!(play.offers().len(), 4);
}

// Budgets and bounds.

#[test]
fn budgets_bound_totals_and_what_is_spent_is_part_of_the_world() {
    let mut play = Play::new(
        2,
        |_| {},
        |rules| {
            rules.budgets.crashes = vec![
                (NodeSet::first(2), Limit::AtMost(2)),
                (NodeSet::only(Id::from(0)), Limit::AtMost(1)),
            ];
            rules.budgets.recoveries = Limit::AtMost(2);
        },
    );
    let start = play.world.clone();
    play.play("crash N0");
    play.play("recover N0");
    // The same but for what is spent.
    assert_ne!(play.world, start);
    assert_eq!(play.world.node(Id::from(0)).storage(), None);
    assert_eq!(play.offers(), ["crash N1"], "N0 has had its one crash");
    play.play("crash N1");
    play.play("recover N1");
    assert_eq!(play.offers(), [""; 0], "two crashes in all");
}

#[test]
fn what_is_unlimited_is_not_counted() {
    let mut play = Play::new(
        2,
        |_| {},
        |rules| {
            rules.budgets = Budgets::unlimited(NodeSet::first(2));
        },
    );
    let start = play.world.clone();
    play.play("crash N0");
    play.play("recover N0");
    // But for storage nothing is left of it, and nothing was saved.
    assert_eq!(play.world, start);
}

#[test]
fn at_most_so_many_nodes_are_down_at_once() {
    let mut play = Play::new(
        3,
        |_| {},
        |rules| {
            rules.budgets = Budgets::unlimited(NodeSet::first(3));
            rules.budgets.down = Limit::AtMost(1);
        },
    );
    play.play("crash N1");
    assert_eq!(play.offers(), ["recover N1"]);
}

#[test]
fn survivors_stay_up() {
    let mut play = Play::new(
        3,
        |_| {},
        |rules| {
            rules.budgets.crashes = vec![(NodeSet::first(3), Limit::Unlimited)];
        },
    );
    let cluster = play.system.cluster.clone();
    Assumption::LiveQuorum { role: "other" }.impose(&mut play.system.rules, &cluster);
    // Both others are the least majority of the others; the first is not one of them.
    assert_eq!(play.offers(), ["crash N0"]);
}

/// What is left of `rules` once an assumption is imposed, as events at the start.
fn under(assumption: Assumption) -> Vec<String> {
    let mut play = Play::new(2, sends(&[(1, TELL)]), |rules| {
        rules.budgets = Budgets::unlimited(NodeSet::first(2));
        rules.budgets.inside_handlers = InsideHandlers::Never;
        rules.absent = NodeSet::EMPTY;
        rules.cuts = CutFamily::IsolateOne.cuts(2);
    });
    let cluster = play.system.cluster.clone();
    assumption.impose(&mut play.system.rules, &cluster);
    play.world = play.system.initial();
    let offers = play.offers();
    let verb = |e: String| match e.split_once(' ') {
        Some(("crash", node)) => format!("crash {node}"),
        Some((verb, _)) => verb.to_owned(),
        None => e,
    };
    offers.into_iter().map(verb).collect()
}

#[test]
fn each_assumption_takes_its_own_events_away() {
    let max = |crashes, role| Assumption::MaxCrashes { crashes, role };
    let all = [
        "drop",
        "duplicate",
        "deliver",
        "crash N0",
        "crash N1",
        "cut",
    ];
    let but = |gone: &[&str]| {
        let stays = |e: &&&str| !gone.contains(e);
        all.iter().filter(stays).copied().collect::<Vec<_>>()
    };
    assert_eq!(under(max(1, None)), all, "the first crash is allowed");
    assert_eq!(under(Assumption::NoLoss), but(&["drop"]));
    assert_eq!(under(Assumption::NoDuplication), but(&["duplicate"]));
    assert_eq!(under(Assumption::Fifo), but(&["duplicate"]));
    assert_eq!(under(Assumption::NoCut), but(&["cut"]));
    assert_eq!(under(Assumption::MaxCuts { cuts: 0 }), but(&["cut"]));
    assert_eq!(
        under(Assumption::MaxCuts { cuts: 1 }),
        all,
        "so is the first cut"
    );
    assert_eq!(under(max(0, None)), but(&["crash N0", "crash N1"]));
    assert_eq!(under(max(0, Some("first"))), but(&["crash N0"]));
    let quorum = Assumption::LiveQuorum { role: "other" };
    assert_eq!(under(quorum), but(&["crash N1"]));
    assert_eq!(under(Assumption::BoundedDrift { ppm: 1 }), all);
}

#[test]
fn an_assumption_of_at_most_one_crash_counts_it() {
    let mut play = Play::new(
        2,
        |_| {},
        |rules| {
            rules.budgets = Budgets::unlimited(NodeSet::first(2));
        },
    );
    let cluster = play.system.cluster.clone();
    let one = Assumption::MaxCrashes {
        crashes: 1,
        role: None,
    };
    one.impose(&mut play.system.rules, &cluster);
    play.world = play.system.initial();
    play.play("crash N0");
    assert_eq!(play.offers(), ["recover N0"]);
}

// What a bound leaves open.

fn never_reached() -> [Property<Table>; 2] {
    let goal: Predicate<Table> = Predicate::World(|_, world| {
        if world.node(Id::from(1)).state() == Some(&4) {
            return Ok(());
        }
        Err(Reason::new(
            NodeSet::only(Id::from(1)),
            "it is not there yet",
        ))
    });
    let property = |name, expectation| Property {
        name,
        about: "N1 gets to state 4.",
        citation: "none",
        premise: vec![],
        assumes: Vec::new(),
        expectation,
    };
    let blocked = Expectation::NeverBlocked {
        condition: None,
        goal: goal.clone(),
    };
    [
        property("never blocked", blocked),
        property("recovers", Expectation::Recovers { goal }),
    ]
}

/// Whether each of the two finds a blocked world, and which bounds the search names.
fn blocked(play: &Play, limits: Limits) -> (Vec<Option<Vec<String>>>, Vec<Bound>) {
    let explored = plainly(&play.system, &never_reached(), limits);
    let schedule = |finding: &Finding<Event<Table>>| match finding {
        Finding::Blocked { schedule } => Some(lines(&play.system, schedule)),
        _ => None,
    };
    let found = explored.findings.iter().map(schedule).collect();
    (found, explored.account.withheld.into_iter().collect())
}

/// N1 gets to state 4 with the second message, and not otherwise.
fn two_steps(table: &mut Params) {
    *table.start(0, None) = Row::to(0, [Do::Send(1, TELL), Do::Arm(0)]);
    *table.timeout(0, 0, 0) = Row::to(0, [Do::Send(1, Msg::Ask)]);
    *table.msg(1, 0, TELL) = Row::to(1, []);
    *table.msg(1, 0, Msg::Ask) = Row::to(1, []);
    *table.msg(1, 1, TELL) = Row::to(4, []);
    *table.msg(1, 1, Msg::Ask) = Row::to(4, []);
}

#[test]
fn a_depth_bound_makes_worlds_open() {
    let play = Play::new(2, two_steps, |_| {});
    assert_eq!(
        blocked(&play, Limits::default()),
        (vec![None, None], vec![])
    );
    // Nothing is blocked as far as one can see, since more could happen.
    assert_eq!(
        blocked(&play, depth(1)),
        (vec![None, None], vec![Bound::Depth])
    );
}

#[test]
fn a_bound_on_timeouts_makes_worlds_open() {
    let play = Play::new(2, two_steps, |rules| rules.timeouts = Limit::NONE);
    let (found, bounds) = blocked(&play, Limits::default());
    assert_eq!((found, bounds), (vec![None, None], vec![Bound::Timeouts]));
}

#[test]
fn a_bound_of_the_protocol_makes_worlds_open() {
    let write = |table: &mut Params| {
        two_steps(table);
        table.withheld = Some(0);
    };
    let play = Play::new(2, write, |_| {});
    let (found, bounds) = blocked(&play, Limits::default());
    assert_eq!(
        (found, bounds),
        (vec![None, None], vec![Bound::Protocol("rounds")])
    );
}

#[test]
fn a_fault_does_not_help_and_a_repair_helps_only_to_recover() {
    let crash_and_recover = |rules: &mut Rules| {
        rules.budgets.crashes = vec![(NodeSet::only(Id::from(1)), Limit::AtMost(1))];
        rules.budgets.recoveries = Limit::AtMost(1);
    };
    // A recovery of N1 leads to the goal at once.
    let write = |table: &mut Params| *table.start(1, Some(0)) = Row::to(4, []);
    let play = Play::new(2, write, crash_and_recover);
    let (found, _) = blocked(&play, Limits::default());
    // N1 could only crash first, which nobody may count on.
    assert_eq!(found, [Some(vec![]), Some(vec![])]);

    let started = |table: &mut Params| {
        write(table);
        *table.start(1, None) = Row::to(4, []);
    };
    let play = Play::new(2, started, crash_and_recover);
    let (found, _) = blocked(&play, Limits::default());
    assert_eq!(found, [Some(vec!["crash N1".to_owned()]), None]);
}

#[test]
fn a_depth_bound_that_cuts_off_a_repair_blocks_no_recovery() {
    let write = |table: &mut Params| {
        *table.start(1, None) = Row::to(4, []);
        *table.start(1, Some(0)) = Row::to(4, []);
    };
    let play = Play::new(2, write, |rules| {
        rules.budgets.crashes = vec![(NodeSet::only(Id::from(1)), Limit::AtMost(1))];
        rules.budgets.recoveries = Limit::AtMost(1);
    });
    let (found, bounds) = blocked(&play, depth(1));
    assert_eq!(found, [Some(vec!["crash N1".to_owned()]), None]);
    assert_eq!(bounds, [Bound::Depth]);
}

#[test]
fn a_depth_bound_that_cuts_off_only_faults_is_named() {
    let play = Play::new(2, |_| {}, anyone_may_crash(Limit::AtMost(1)));
    let explored = plainly(&play.system, &[], depth(0));
    assert_eq!(
        explored.account.withheld.into_iter().collect::<Vec<_>>(),
        [Bound::Depth]
    );
}

#[test]
fn a_budget_that_withholds_a_repair_leaves_recovery_unsettled() {
    let write = |table: &mut Params| *table.start(1, None) = Row::to(4, []);
    let play = Play::new(2, write, anyone_may_crash(Limit::AtMost(1)));
    let explored = plainly(&play.system, &never_reached(), Limits::default());
    assert!(explored.account.repair_withheld);
    assert!(matches!(explored.findings[0], Finding::Blocked { .. }));
    assert!(matches!(explored.findings[1], Finding::Nothing));
}

// Replay.

#[test]
fn a_record_that_the_relation_does_not_follow_says_where_and_why() {
    let play = Play::new(2, careful, |_| {});
    let record = ["deliver N0 -> N1 Tell", "recover N1"];
    let mut script = Script::new(record.map(|line| (None, line)));
    let divergence = execute(&play.system, &mut script, &mut []).err().unwrap();
    assert_eq!(
        divergence.to_string(),
        "step 2, `recover N1`: N1 is up already"
    );
}
