//! A protocol whose handler panics when it is asked what never happens.

use std::borrow::Cow;

use jury::model::{
    Actor, BadParameter, Cluster, Id, Input, Node, Observation, Out, Property, Protocol, Reaction,
    TimerRange,
};

/// The first node asks once, the second is asked once.
pub struct Picky;

impl Actor for Picky {
    type Msg = ();
    type Timer = ();
    type State = u8;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> u8 {
        if id == Id::from(0) {
            o.set_timer((), TimerRange::millis(1, 2).durations());
        }
        0
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, u8>, (): &(), o: &mut Out<Self>) {
        *state.to_mut() = 1;
        o.send(Id::from(1), ());
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, u8>, _: Id, (): (), _: &mut Out<Self>) {
        assert_eq!(**state, 0, "nobody asks twice");
        *state.to_mut() = 1;
    }
}

impl Protocol for Picky {
    const NAME: &'static str = "picky";
    const ABOUT: &'static str = "Answers only what can happen.";
    const SOURCES: &'static [&'static str] = &[];

    type Params = ();
    type History = ();

    fn new((): &()) -> Result<Self, BadParameter> {
        Ok(Picky)
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
