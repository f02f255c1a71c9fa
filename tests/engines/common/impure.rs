//! A protocol whose handler is not a function: it counts how often it was called.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use jury::model::{
    Actor, BadParameter, Cluster, Id, Input, Node, Observation, Out, Property, Protocol, Reaction,
    TimerRange,
};

/// Two nodes, each with a timer.
#[derive(Default)]
pub struct Impure {
    calls: AtomicU64,
}

impl Actor for Impure {
    type Msg = ();
    type Timer = ();
    type State = u64;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> u64 {
        o.set_timer((), TimerRange::millis(1, 2).durations());
        0
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, u64>, (): &(), _: &mut Out<Self>) {
        *state.to_mut() = 1 + self.calls.fetch_add(1, Ordering::Relaxed);
    }
}

impl Protocol for Impure {
    const NAME: &'static str = "impure";
    const ABOUT: &'static str = "Counts its calls.";
    const SOURCES: &'static [&'static str] = &[];

    type Params = ();
    type History = ();

    fn new((): &()) -> Result<Self, BadParameter> {
        Ok(Impure::default())
    }

    fn cluster(&self) -> Cluster {
        Cluster::new((0..2).map(|i| (format!("N{i}"), "node")))
    }

    fn blank(&self, _: Id) {}

    fn observe(
        &self,
        _: Id,
        _: &Node<Self>,
        _: Input<'_, Self>,
        _: &Reaction<Self>,
        _: &mut Vec<Observation>,
    ) {
    }

    fn record(&self, (): &mut (), _: Id, _: &Observation) {}

    fn properties(&self) -> Vec<Property<Self>> {
        Vec::new()
    }
}
