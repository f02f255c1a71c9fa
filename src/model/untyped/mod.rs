//! A protocol whose types nobody has to know.
//!
//! Whatever is generic over protocols is compiled for each of them, and most of it is run seldom. An [`Untyped`]
//! protocol stands for any other: it has the same nodes, does the same about the same inputs and is judged by the
//! same properties, but its states and messages are [`AnyData`]. So what is run seldom is compiled once, for it.
//!
//! It costs an allocation for each value, and a call through a table for each comparison. An engine that remembers
//! answers by number ([`check::fast`](crate::check)) hardly notices that.
//!
//! Invariant: nobody can tell from a run, its trace or a verdict whether its protocol was known by its types.

mod data;
mod other;
mod words;

use std::sync::Arc;

pub use data::AnyData;
use other::{Other, Parts};

use super::actor::{Actor, Input, Out, Start};
use super::arms::Told;
use super::cluster::{Cluster, NodeSet};
use super::id::Id;
use super::key_state::KeyState;
use super::node::Node;
use super::observation::{Observation, Observed, Tally};
use super::params::BadParameter;
use super::property::Property;
use super::protocol::Protocol;
use super::step::Step;
use super::success::Successes;
use super::symmetry::Symmetry;
use super::types::Types;
use super::world::View;

/// A protocol that stands for another, whose types it does not know.
#[derive(Clone)]
pub struct Untyped(Arc<dyn Other>);

impl Untyped {
    pub fn new<P: Protocol>(protocol: impl Into<Arc<P>>) -> Self {
        Untyped(Arc::new(Parts(protocol.into())))
    }

    /// The protocol that it stands for.
    ///
    /// # Panics
    /// If that is another.
    fn typed<P: Protocol>(&self) -> &P {
        let protocol = self.0.as_any().downcast_ref();
        protocol.expect("it stands for this protocol")
    }
}

impl Actor for Untyped {
    type Msg = AnyData;
    type Timer = AnyData;
    type State = AnyData;
    type Storage = AnyData;
    type Choice = AnyData;
    type Observation = AnyData;

    fn on_start(&self, id: Id, start: Start<'_, AnyData>, o: &mut Out<Self>) -> AnyData {
        self.0.start(id, start, o)
    }

    fn on_message(&self, id: Id, state: &mut AnyData, src: Id, msg: AnyData, o: &mut Out<Self>) {
        self.0
            .answer(id, state, Input::Message { src, msg: &msg }, o);
    }

    fn on_timeout(&self, id: Id, state: &mut AnyData, timer: &AnyData, o: &mut Out<Self>) {
        self.0.answer(id, state, Input::Timeout(timer), o);
    }

    fn on_choice(&self, id: Id, state: &mut AnyData, choice: &AnyData, o: &mut Out<Self>) {
        // No handler is told what a choice is about.
        let (key, value) = (&String::new(), choice);
        self.0.answer(id, state, Input::Choice { key, value }, o);
    }
}

impl Observed<Untyped> for AnyData {
    fn in_words(&self, actor: &Untyped) -> Observation {
        actor.0.in_words(self)
    }

    fn tally(&self, actor: &Untyped) -> Option<Tally> {
        actor.0.tally(self)
    }
}

impl Protocol for Untyped {
    const NAME: &'static str = "untyped";
    const ABOUT: &'static str = "Stands for another protocol.";

    type Params = ();
    type History = AnyData;

    /// Parameters make protocols that have types.
    fn new((): &()) -> Result<Self, BadParameter> {
        Err(BadParameter::new("", "it stands for no protocol"))
    }

    fn cluster(&self) -> Cluster {
        self.0.cluster()
    }

    fn types(&self) -> &dyn Types<Self> {
        &*self.0
    }

    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = AnyData> {
        self.0.claims(step).into_iter()
    }

    fn record(&self, history: &mut AnyData, id: Id, observation: &AnyData) {
        self.0.record(history, id, observation);
    }

    fn awaits(&self, id: Id, state: &AnyData, timer: &AnyData) -> NodeSet {
        self.0.awaits(id, state, timer)
    }

    fn withheld(&self, id: Id, state: &AnyData, input: Input<'_, Self>) -> Option<&'static str> {
        self.0.withheld(id, state, input)
    }

    fn hears(&self, role: &str, told: Told<'_, Self>) -> bool {
        self.0.hears(role, told)
    }

    fn symmetry(&self) -> Option<Symmetry<Self>> {
        self.0.symmetry()
    }

    fn status_up(&self, state: &AnyData) -> String {
        self.0.status_up(state)
    }

    fn status_down(&self, storage: &AnyData) -> String {
        self.0.status_down(storage)
    }

    fn key_state(&self, state: &AnyData) -> KeyState {
        self.0.key_state(state)
    }

    fn status(&self, node: &Node<Self>) -> String {
        self.0.status(node)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        self.0.properties()
    }

    fn successes(&self, after: Option<&dyn View<Self>>) -> Successes<Self> {
        self.0.successes(after)
    }
}
