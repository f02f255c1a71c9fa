//! A protocol in which one thing is not a function of what it is asked: it counts how often it was
//! asked, and from some call on it answers otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jury::model::cluster::index;
use jury::model::{
    Actor, Answer, BadParameter, Cluster, Expectation, Id, Input, NodeSet, Observation, Out,
    Predicate, Property, Protocol, Reason, Start, TimerRange, View,
};
use serde::{Deserialize, Serialize};

/// What is not a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    OnStart,
    OnMsg,
    OnTimeout,
    OnChoice,
    Withheld,
    Awaits,
    Observe,
    Record,
    OfHistory,
    OfWorld,
}

/// Nodes in a ring. Each flips a coin, then counts its timeouts; the first time it is told by the node
/// before it that this was at its second, it notes that down.
#[derive(Clone)]
pub struct Impure {
    pub nodes: usize,
    pub odd: Odd,
    /// How many answers are as they should be.
    pub good: u64,
    pub calls: Arc<AtomicU64>,
}

/// How often each timer may fire.
const TIMEOUTS: u8 = 3;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct State {
    heads: bool,
    timeouts: u8,
    told: bool,
}

impl Impure {
    pub fn new(nodes: usize, odd: Odd, good: u64) -> Self {
        Impure {
            nodes,
            odd,
            good,
            calls: Arc::default(),
        }
    }

    /// Whether it is time to answer otherwise.
    fn is_odd(&self, what: Odd) -> bool {
        what == self.odd && self.calls.fetch_add(1, Ordering::Relaxed) >= self.good
    }
}

impl Actor for Impure {
    type Msg = ();
    type Timer = ();
    type State = State;
    type Storage = ();
    type Choice = bool;
    type Observation = Observation;

    fn on_start(&self, _: Id, _: Start<'_, ()>, o: &mut Out<Self>) -> State {
        o.choose("coin", vec![false, true]);
        State {
            told: self.is_odd(Odd::OnStart),
            ..State::default()
        }
    }

    fn on_choice(&self, _: Id, state: &mut State, heads: &bool, o: &mut Out<Self>) {
        state.heads = *heads && !self.is_odd(Odd::OnChoice);
        o.set_timer((), TimerRange::millis(1, 2));
    }

    fn on_message(&self, _: Id, state: &mut State, _: Id, (): (), o: &mut Out<Self>) {
        state.told = !self.is_odd(Odd::OnMsg);
        if !self.is_odd(Odd::Observe) {
            o.observe(Observation::Locked { subject: 0 });
        }
    }

    fn on_timeout(&self, id: Id, state: &mut State, (): &(), o: &mut Out<Self>) {
        state.timeouts += 1;
        if state.timeouts == 2 && !self.is_odd(Odd::OnTimeout) {
            o.send(Id::from((index(id) + 1) % self.nodes), ());
        }
        if state.timeouts < TIMEOUTS {
            o.set_timer((), TimerRange::millis(1, 2));
        }
    }
}

impl Protocol for Impure {
    const NAME: &'static str = "impure";
    const ABOUT: &'static str = "Counts its calls.";
    const SOURCES: &'static [&'static str] = &[];

    type Params = ();
    /// Who was told.
    type History = NodeSet;

    fn new((): &()) -> Result<Self, BadParameter> {
        Ok(Impure::new(2, Odd::OnTimeout, 0))
    }

    fn cluster(&self) -> Cluster {
        Cluster::new((0..self.nodes).map(|i| (format!("N{i}"), "node")))
    }

    fn record(&self, history: &mut NodeSet, id: Id, _: &Observation) {
        if !self.is_odd(Odd::Record) {
            history.insert(id);
        }
    }

    fn awaits(&self, _: Id, _: &State, (): &()) -> NodeSet {
        if self.is_odd(Odd::Awaits) {
            return NodeSet::first(self.nodes);
        }
        NodeSet::EMPTY
    }

    fn withheld(&self, _: Id, _: &State, input: Input<'_, Self>) -> Option<&'static str> {
        let is_timeout = matches!(input, Input::Timeout(()));
        (is_timeout && self.is_odd(Odd::Withheld)).then_some("timeouts")
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let property = |name, predicate| Property {
            name,
            about: "Nothing is wrong.",
            citation: "none",
            premise: vec![],
            assumes: vec![],
            expectation: Expectation::Always(predicate),
        };
        let of_history = |impure: &Self, _: &NodeSet| all_is_well(impure, Odd::OfHistory);
        let of_world = |impure: &Self, world: &dyn View<Self>| {
            let _ = world.node(Id::from(0));
            all_is_well(impure, Odd::OfWorld)
        };
        vec![
            property("of-history", Predicate::History(of_history)),
            property("of-world", Predicate::World(of_world)),
        ]
    }
}

fn all_is_well(impure: &Impure, what: Odd) -> Answer {
    if impure.is_odd(what) {
        return Err(Reason::new(NodeSet::EMPTY, "something is wrong"));
    }
    Ok(())
}
