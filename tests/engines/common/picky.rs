//! A protocol whose handler panics when it is asked what never happens.

use jury::model::{
    Actor, BadParameter, Cluster, Id, Observation, Out, Property, Protocol, Start, TimerRange,
};

/// The first node asks once, the second is asked once.
pub struct Picky;

impl Actor for Picky {
    type Msg = ();
    type Timer = ();
    type State = u8;
    type Storage = ();
    type Choice = ();
    type Observation = Observation;

    fn on_start(&self, id: Id, _: Start<'_, ()>, o: &mut Out<Self>) -> u8 {
        if id == Id::from(0) {
            o.set_timer((), TimerRange::millis(1, 2));
        }
        0
    }

    fn on_timeout(&self, _: Id, state: &mut u8, (): &(), o: &mut Out<Self>) {
        *state = 1;
        o.send(Id::from(1), ());
    }

    fn on_message(&self, _: Id, state: &mut u8, _: Id, (): (), _: &mut Out<Self>) {
        assert_eq!(*state, 0, "nobody asks twice");
        *state = 1;
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

    fn properties(&self) -> Vec<Property<Self>> {
        Vec::new()
    }
}
