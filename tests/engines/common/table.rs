//! Random protocols: what a node does is looked up in tables.
//!
//! A table has a row for each (role, state, input). Shrinking turns rows into ones that do
//! nothing, so that what is left of a failing case is short. Node 0 has the role `first`, all
//! others are `other`.

use std::sync::Arc;

use std::collections::BTreeSet;

use jury::model::cluster::index;
use jury::model::network::{CutFamily, LinkOrder, LinkRules};
use jury::model::symmetry::unnamed;
use jury::model::{
    Actor, Answer, BadParameter, Budgets, Cluster, Expectation, Id, Input, InsideHandlers, Limit,
    NodeSet, Observation, Out, Predicate, Property, Protocol, Reason, Renaming, Rules, Start,
    Symmetry, System, Timing, View,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub const ROLES: usize = 2;
pub const STATES: usize = 5;
pub const MESSAGES: usize = 4;
pub const TIMERS: usize = 2;
pub const OPTIONS: usize = 2;
/// What can be on storage.
pub const RECORDS: usize = 3;

/// Messages whose texts are prefixes of each other, to make the notation's life hard.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Msg {
    Ask,
    AskAgain,
    Tell { what: u8 },
}

pub const ALL_MESSAGES: [Msg; MESSAGES] = [
    Msg::Ask,
    Msg::AskAgain,
    Msg::Tell { what: 0 },
    Msg::Tell { what: 1 },
];

fn number(msg: Msg) -> usize {
    match msg {
        Msg::Ask => 0,
        Msg::AskAgain => 1,
        Msg::Tell { what: 0 } => 2,
        Msg::Tell { .. } => 3,
    }
}

/// Every node has timers of its own. (Stateright's fingerprint of a list of sets does not tell
/// where one set ends, so nodes that share a timer would be mistaken for each other there.)
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct Timer {
    pub nth: u8,
    pub of: u8,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Coin {
    Heads,
    Tails,
}

pub const ALL_OPTIONS: [Coin; OPTIONS] = [Coin::Heads, Coin::Tails];

/// One command of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Do {
    /// Sends to the node with this number, counted around the cluster.
    Send(u8, Msg),
    /// Sends to everybody else, in the order of ids.
    Others(Msg),
    /// Sends to whoever asked, or to itself.
    Reply(Msg),
    Arm(u8),
    Cancel(u8),
    Save(u8),
    /// Leaves a choice to the environment, among so many options; among none, takes it back.
    Choose(u8, u8),
}

/// What a node does in one situation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// The new state; `None` leaves it alone.
    pub next: Option<u8>,
    pub does: Vec<Do>,
}

impl Row {
    pub fn to(next: u8, does: impl Into<Vec<Do>>) -> Self {
        Row {
            next: Some(next),
            does: does.into(),
        }
    }
}

/// A whole protocol.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Params {
    pub nodes: u8,
    /// By role and what is on storage: nothing on the first start, or one of the records.
    pub on_start: Vec<Row>,
    /// By role, state and message.
    pub on_msg: Vec<Row>,
    /// By role, state and timer.
    pub on_timeout: Vec<Row>,
    /// By role, state and option.
    pub on_choice: Vec<Row>,
    /// The states in which something is observed.
    pub observed: Vec<bool>,
    /// Sets of nodes as bits, by role, state and timer.
    pub awaits: Vec<u8>,
    /// A state whose timeouts, and one of whose messages, a bound of the protocol's own withholds.
    pub withheld: Option<u8>,
    /// A node that takes no notice of its second timer.
    #[serde(default)]
    pub deaf: Option<u8>,
    /// Two nodes in these states are a violation.
    pub bad: (u8, u8),
    /// The states that are a goal.
    pub goal: Vec<bool>,
}

impl Default for Params {
    /// Two nodes that do nothing.
    fn default() -> Self {
        Params {
            nodes: 2,
            on_start: vec![Row::default(); ROLES * (1 + RECORDS)],
            on_msg: vec![Row::default(); ROLES * STATES * MESSAGES],
            on_timeout: vec![Row::default(); ROLES * STATES * TIMERS],
            on_choice: vec![Row::default(); ROLES * STATES * OPTIONS],
            observed: vec![false; STATES],
            awaits: vec![0; ROLES * STATES * TIMERS],
            withheld: None,
            deaf: None,
            bad: (0, 0),
            goal: vec![false; STATES],
        }
    }
}

impl Params {
    /// The row for a message in a state, to be written by hand.
    pub fn msg(&mut self, role: usize, state: usize, msg: Msg) -> &mut Row {
        &mut self.on_msg[(role * STATES + state) * MESSAGES + number(msg)]
    }

    pub fn timeout(&mut self, role: usize, state: usize, timer: usize) -> &mut Row {
        &mut self.on_timeout[(role * STATES + state) * TIMERS + timer]
    }

    pub fn choice(&mut self, role: usize, state: usize, value: Coin) -> &mut Row {
        &mut self.on_choice[(role * STATES + state) * OPTIONS + value as usize]
    }

    /// The row for the first start (`None`), or for one with a record on storage.
    pub fn start(&mut self, role: usize, storage: Option<u8>) -> &mut Row {
        let record = storage.map_or(0, |s| 1 + usize::from(s));
        &mut self.on_start[role * (1 + RECORDS) + record]
    }

    pub fn awaits(&mut self, role: usize, state: usize, timer: usize, nodes: u8) {
        self.awaits[(role * STATES + state) * TIMERS + timer] = nodes;
    }
}

#[derive(Clone, Debug)]
pub struct Table(pub Params);

/// The last record saved, and every state observed at every node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Past {
    pub last_saved: Option<u64>,
    pub decided: BTreeSet<(usize, u64)>,
}

/// A timer of a node.
pub fn timer(id: Id, nth: u8) -> Timer {
    let of = u8::try_from(index(id)).expect("a small cluster");
    Timer { nth, of }
}

impl Table {
    fn role(id: Id) -> usize {
        usize::from(index(id) > 0)
    }

    fn peer(&self, to: u8) -> Id {
        Id::from(usize::from(to) % usize::from(self.0.nodes))
    }

    fn carry_out(&self, id: Id, src: Option<Id>, row: &Row, out: &mut Out<Self>) {
        let any = || jury::model::TimerRange::millis(1, 2);
        for command in &row.does {
            match *command {
                Do::Send(to, msg) => out.send(self.peer(to), msg),
                Do::Others(msg) => {
                    let all = NodeSet::first(usize::from(self.0.nodes));
                    out.broadcast(all.without(id), &msg);
                }
                Do::Reply(msg) => out.send(src.unwrap_or(id), msg),
                Do::Arm(nth) => out.set_timer(timer(id, nth), any()),
                Do::Cancel(nth) => out.cancel_timer(timer(id, nth)),
                Do::Save(record) => {
                    if self.0.observed[0] {
                        let subject = u64::from(record);
                        out.observe(Observation::Locked { subject });
                    }
                    // Some records are as good as others.
                    match record {
                        0 => out.save_lazily(record),
                        _ => out.save(record),
                    }
                }
                Do::Choose(key, options) => {
                    let options = ALL_OPTIONS[..usize::from(options)].to_vec();
                    out.choose(format!("coin{key}"), options);
                }
            }
        }
    }

    fn step(&self, id: Id, state: &mut u8, src: Option<Id>, row: &Row, out: &mut Out<Self>) {
        let before = *state;
        *state = row.next.unwrap_or(before);
        self.carry_out(id, src, row, out);
        if *state != before {
            self.notice(*state, out);
        }
    }

    /// Something is observed in some states.
    fn notice(&self, state: u8, out: &mut Out<Self>) {
        if self.0.observed[usize::from(state)] {
            let (subject, value) = (0, u64::from(state).into());
            out.observe(Observation::Decided { subject, value });
        }
    }
}

impl Actor for Table {
    type Msg = Msg;
    type Timer = Timer;
    type State = u8;
    type Storage = u8;
    type Choice = Coin;
    type Observation = Observation;

    fn on_start(&self, id: Id, start: Start<'_, u8>, out: &mut Out<Self>) -> u8 {
        let record = match start {
            Start::First => 0,
            Start::Again(record) => 1 + usize::from(record.copied().unwrap_or(0)),
        };
        let row = &self.0.on_start[Self::role(id) * (1 + RECORDS) + record];
        self.carry_out(id, None, row, out);
        let state = row.next.unwrap_or(0);
        self.notice(state, out);
        state
    }

    fn on_message(&self, id: Id, state: &mut u8, src: Id, msg: Msg, out: &mut Out<Self>) {
        let situation = Self::role(id) * STATES + usize::from(*state);
        let row = &self.0.on_msg[situation * MESSAGES + number(msg)];
        self.step(id, state, Some(src), row, out);
    }

    fn on_timeout(&self, id: Id, state: &mut u8, timer: &Timer, out: &mut Out<Self>) {
        let situation = Self::role(id) * STATES + usize::from(*state);
        if timer.nth == 1 && self.0.deaf.map(usize::from) == Some(index(id)) {
            return;
        }
        let row = &self.0.on_timeout[situation * TIMERS + usize::from(timer.nth)];
        self.step(id, state, None, row, out);
    }

    fn on_choice(&self, id: Id, state: &mut u8, value: &Coin, out: &mut Out<Self>) {
        let situation = Self::role(id) * STATES + usize::from(*state);
        let row = &self.0.on_choice[situation * OPTIONS + *value as usize];
        self.step(id, state, None, row, out);
    }
}

impl Protocol for Table {
    const NAME: &'static str = "table";
    const ABOUT: &'static str = "Looks up what to do.";
    const SOURCES: &'static [&'static str] = &[];

    type Params = Params;
    type History = Past;

    fn new(params: &Params) -> Result<Self, BadParameter> {
        if params.nodes == 0 {
            return Err(BadParameter::new("nodes", "there must be one"));
        }
        Ok(Table(params.clone()))
    }

    fn cluster(&self) -> Cluster {
        let role = |i| if i == 0 { "first" } else { "other" };
        Cluster::new((0..self.0.nodes).map(|i| (format!("N{i}"), role(i))))
    }

    fn record(&self, history: &mut Past, id: Id, observation: &Observation) {
        match observation {
            Observation::Decided {
                value: jury::model::Value::Number(state),
                ..
            } => {
                history.decided.insert((index(id), *state));
            }
            Observation::Locked { subject } => history.last_saved = Some(*subject),
            _ => {}
        }
    }

    fn awaits(&self, id: Id, state: &u8, timer: &Timer) -> NodeSet {
        let situation = Self::role(id) * STATES + usize::from(*state);
        let bits = self.0.awaits[situation * TIMERS + usize::from(timer.nth)];
        NodeSet::from_bits(u128::from(bits))
            .intersection(NodeSet::first(usize::from(self.0.nodes)))
            .without(id)
    }

    fn withheld(&self, _: Id, state: &u8, input: Input<'_, Self>) -> Option<&'static str> {
        let bounded = match input {
            Input::Timeout(_) => true,
            Input::Message { msg, .. } => *msg == Msg::Tell { what: 1 },
            Input::Start | Input::Choice { .. } => false,
        };
        (bounded && self.0.withheld == Some(*state)).then_some("rounds")
    }

    /// All but the first have the same tables. Whether a table names any of them is another matter.
    fn symmetry(&self) -> Option<Symmetry<Self>> {
        let others = NodeSet::first(usize::from(self.0.nodes)).without(Id::from(0));
        Some(Symmetry {
            alike: vec![others],
            state: Arc::new(unnamed),
            storage: Arc::new(unnamed),
            msg: Arc::new(unnamed),
            timer: Arc::new(|t: &Timer, by: &Renaming| {
                timer(by.id(Id::from(usize::from(t.of))), t.nth)
            }),
            choice: Arc::new(unnamed),
            history: Arc::new(|past: &Past, by: &Renaming| Past {
                last_saved: past.last_saved,
                decided: past
                    .decided
                    .iter()
                    .map(|(node, state)| (index(by.id(Id::from(*node))), *state))
                    .collect(),
            }),
        })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let property = |name, expectation| Property {
            name,
            about: "A random property.",
            citation: "none",
            premise: vec![],
            assumes: Vec::new(),
            expectation,
        };
        let goal = || Predicate::World(goal);
        vec![
            property("true", Expectation::Always(Predicate::World(|_, _| Ok(())))),
            property(
                "never bad",
                Expectation::Always(Predicate::World(never_bad)),
            ),
            property(
                "agreement",
                Expectation::Always(Predicate::History(agreement)),
            ),
            property("reachable", Expectation::Reachable(goal())),
            property(
                "never blocked",
                Expectation::NeverBlocked {
                    condition: None,
                    goal: goal(),
                },
            ),
            property(
                "never blocked while the first is up",
                Expectation::NeverBlocked {
                    condition: Some(Predicate::World(first_is_up)),
                    goal: goal(),
                },
            ),
            property("recovers", Expectation::Recovers { goal: goal() }),
        ]
    }
}

fn never_bad(table: &Table, world: &dyn View<Table>) -> Answer {
    let (a, b) = table.0.bad;
    let at = |state| {
        let there = |id: &Id| world.node(*id).state() == Some(&state);
        world.ids().filter(there).collect::<NodeSet>()
    };
    let (a, b) = (at(a), at(b));
    if a.is_empty() || b.is_empty() || a.union(b).len() < 2 {
        return Ok(());
    }
    Err(Reason::new(a.union(b), "they are where they must not be"))
}

fn agreement(_: &Table, past: &Past) -> Answer {
    let values: BTreeSet<u64> = past.decided.iter().map(|(_, value)| *value).collect();
    if values.len() <= 1 {
        return Ok(());
    }
    let nodes = past.decided.iter().map(|(node, _)| Id::from(*node));
    Err(Reason::new(nodes.collect(), "they decided differently"))
}

/// Every node that is up is in a goal state, and some node is up.
fn goal(table: &Table, world: &dyn View<Table>) -> Answer {
    let missing: NodeSet = world
        .ids()
        .filter(|&id| {
            let state = world.node(id).state();
            state.is_some_and(|s| !table.0.goal[usize::from(*s)])
        })
        .collect();
    if missing.is_empty() && !world.up().is_empty() {
        return Ok(());
    }
    Err(Reason::new(missing, "they have not reached their goal"))
}

fn first_is_up(_: &Table, world: &dyn View<Table>) -> Answer {
    if world.node(Id::from(0)).is_up() {
        return Ok(());
    }
    Err(Reason::new(NodeSet::only(Id::from(0)), "it is down"))
}

/// Rules in terms that fit any cluster, so that they shrink on their own.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each switches a rule of its own"
)]
pub struct RawRules {
    pub accurate: bool,
    pub fifo: bool,
    pub copies: u32,
    pub never_forgets: bool,
    /// Groups of nodes as bits.
    pub crashes: Vec<(u8, Limit)>,
    pub inside_handlers: InsideHandlers,
    pub recoveries: Limit,
    pub down: Limit,
    pub drops: Limit,
    pub duplicates: Limit,
    pub cuts: Limit,
    pub heals: Limit,
    pub families: Vec<CutFamily>,
    pub timeouts: Limit,
    pub survivors: Option<(u8, usize)>,
    pub absent: u8,
    pub remember_failures: bool,
}

impl RawRules {
    pub fn rules(&self, nodes: usize) -> Rules {
        let set =
            |bits: &u8| NodeSet::from_bits(u128::from(*bits)).intersection(NodeSet::first(nodes));
        let mut cuts: Vec<_> = self.families.iter().flat_map(|f| f.cuts(nodes)).collect();
        cuts.sort();
        cuts.dedup();
        Rules {
            links: LinkRules {
                order: if self.fifo {
                    LinkOrder::Fifo
                } else {
                    LinkOrder::Unordered
                },
                copies: Limit::AtMost(self.copies),
                never_forgets: self.never_forgets && !self.fifo,
            },
            timing: if self.accurate {
                Timing::Accurate
            } else {
                Timing::Asynchronous
            },
            budgets: Budgets {
                crashes: self.crashes.iter().map(|(g, l)| (set(g), *l)).collect(),
                inside_handlers: self.inside_handlers,
                recoveries: self.recoveries,
                down: self.down,
                drops: self.drops,
                duplicates: self.duplicates,
                cuts: self.cuts,
                heals: self.heals,
            },
            cuts,
            timeouts: self.timeouts,
            survivors: self.survivors.iter().map(|(s, n)| (set(s), *n)).collect(),
            // The first node is always there, or there would be little to see.
            absent: set(&self.absent).without(Id::from(0)),
            remember_failures: self.remember_failures,
            time_passes: false,
        }
    }
}

/// A random system.
#[derive(Clone, Debug)]
pub struct Game {
    pub params: Params,
    pub rules: RawRules,
}

impl Game {
    pub fn system(&self) -> System<Table> {
        let rules = self.rules.rules(usize::from(self.params.nodes));
        System::new(Table::new(&self.params).expect("it has nodes"), rules)
    }
}

fn limit() -> impl Strategy<Value = Limit> {
    prop_oneof![
        4 => Just(Limit::NONE),
        3 => Just(Limit::AtMost(1)),
        2 => Just(Limit::AtMost(2)),
        1 => Just(Limit::Unlimited),
    ]
}

fn msg() -> impl Strategy<Value = Msg> {
    (0..MESSAGES).prop_map(|i| ALL_MESSAGES[i])
}

fn command() -> impl Strategy<Value = Do> {
    let timer = || 0..u8::try_from(TIMERS).expect("few");
    prop_oneof![
        5 => (0..4u8, msg()).prop_map(|(to, msg)| Do::Send(to, msg)),
        3 => msg().prop_map(Do::Reply),
        3 => timer().prop_map(Do::Arm),
        1 => timer().prop_map(Do::Cancel),
        3 => (0..u8::try_from(RECORDS).expect("few")).prop_map(Do::Save),
        1 => (0..2u8, 0..=2u8).prop_map(|(key, options)| Do::Choose(key, options)),
    ]
}

fn row() -> impl Strategy<Value = Row> {
    let next = option::weighted(0.7, 0..u8::try_from(STATES).expect("few"));
    let busy = (next, vec(command(), 0..=3));
    let busy = busy.prop_map(|(next, does)| Row { next, does });
    prop_oneof![2 => Just(Row::default()), 3 => busy]
}

/// What a first start does is mostly to make a beginning.
fn start_row() -> impl Strategy<Value = Row> {
    let next = option::weighted(0.5, 0..u8::try_from(STATES).expect("few"));
    (next, vec(command(), 1..=3)).prop_map(|(next, does)| Row { next, does })
}

pub fn params() -> impl Strategy<Value = Params> {
    let situations = ROLES * STATES;
    (
        1..=4u8,
        vec(start_row(), ROLES * (1 + RECORDS)),
        vec(row(), situations * MESSAGES),
        vec(row(), situations * TIMERS),
        vec(row(), situations * OPTIONS),
        vec(any::<bool>(), STATES),
        vec(0..16u8, situations * TIMERS),
        option::weighted(0.2, 0..5u8),
        (0..5u8, 0..5u8),
        vec(prop::bool::weighted(0.3), STATES),
    )
        .prop_map(
            |(
                nodes,
                on_start,
                on_msg,
                on_timeout,
                on_choice,
                observed,
                awaits,
                withheld,
                bad,
                goal,
            )| Params {
                nodes,
                on_start,
                on_msg,
                on_timeout,
                on_choice,
                observed,
                awaits,
                withheld,
                deaf: None,
                bad,
                goal,
            },
        )
}

pub fn rules() -> impl Strategy<Value = RawRules> {
    let families = prop_oneof![
        Just(CutFamily::Halves),
        Just(CutFamily::IsolateOne),
        Just(CutFamily::OneWay),
        Just(CutFamily::Bridge),
    ];
    let links = (
        any::<bool>(),
        any::<bool>(),
        1..=2u32,
        prop::bool::weighted(0.1),
    );
    let crashes = (
        vec((0..16u8, limit()), 0..=2),
        prop_oneof![
            Just(InsideHandlers::Never),
            Just(InsideHandlers::InOrder),
            Just(InsideHandlers::AnySubset),
        ],
        limit(),
        prop_oneof![Just(Limit::Unlimited), Just(Limit::AtMost(1))],
    );
    let faults = (limit(), limit(), limit(), limit(), vec(families, 0..=2));
    let rest = (
        prop_oneof![Just(Limit::Unlimited), (0..4u32).prop_map(Limit::AtMost)],
        option::weighted(0.2, (0..16u8, 1..=2usize)),
        prop_oneof![3 => Just(0), 1 => 0..16u8],
        any::<bool>(),
    );
    (links, crashes, faults, rest).prop_map(
        |(
            (accurate, fifo, copies, never_forgets),
            (crashes, inside_handlers, recoveries, down),
            (drops, duplicates, cuts, heals, families),
            (timeouts, survivors, absent, remember_failures),
        )| RawRules {
            accurate,
            fifo,
            copies,
            never_forgets,
            crashes,
            inside_handlers,
            recoveries,
            down,
            drops,
            duplicates,
            cuts,
            heals,
            families,
            timeouts,
            survivors,
            absent,
            remember_failures,
        },
    )
}

pub fn game() -> impl Strategy<Value = Game> {
    (params(), rules()).prop_map(|(params, rules)| Game { params, rules })
}

/// A random system in which nobody names any node but the first.
pub fn symmetric_game() -> impl Strategy<Value = Game> {
    (game(), 2..=5u8).prop_map(|(mut game, nodes)| {
        let params = &mut game.params;
        params.nodes = nodes;
        // Where messages leave in the order of ids, nobody may crash in between.
        let inside = game.rules.inside_handlers == InsideHandlers::InOrder;
        let rows = [
            &mut params.on_start,
            &mut params.on_msg,
            &mut params.on_timeout,
            &mut params.on_choice,
        ];
        for command in rows.into_iter().flatten().flat_map(|row| &mut row.does) {
            *command = match *command {
                Do::Send(to, msg) if to % nodes != 0 && inside => Do::Reply(msg),
                Do::Send(to, msg) if to % nodes != 0 => Do::Others(msg),
                Do::Send(_, msg) => Do::Send(0, msg),
                ref other => other.clone(),
            };
        }
        // Nobody, the first, all others, everybody; and now and then rules that tell nodes apart.
        let fair = |bits: u8| [0, 1, 0b1_1110, 0b1_1111][usize::from(bits % 4)];
        for bits in &mut params.awaits {
            *bits = fair(*bits);
        }
        for (group, _) in &mut game.rules.crashes {
            *group = if *group < 4 { *group } else { fair(*group) };
        }
        game
    })
}

/// Which of the enabled events happens next, step by step.
pub fn walk() -> impl Strategy<Value = Vec<usize>> {
    vec(0..64usize, 0..40)
}
