//! The bridge with its protocol erased, so that Stateright's checkers are compiled once and not once
//! for each protocol. They see worlds and events that can be copied, compared, hashed and printed.

use std::any::Any;
use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use stateright::{Expectation as Theirs, Model, Property as TheirProperty};

use super::{Bridge, Judge, Limitations, theirs};
use crate::model::{Event, Protocol};

/// A [`Bridge`] to some system.
pub struct Erased(Box<dyn Bridged>);

impl<P: Protocol> From<Bridge<P>> for Erased {
    fn from(bridge: Bridge<P>) -> Self {
        Erased(Box::new(bridge))
    }
}

impl Erased {
    /// What the search has come across so far.
    pub fn seen(&self) -> Limitations {
        self.0.seen()
    }
}

/// A world or an event of some protocol.
#[derive(Clone)]
pub struct Thing(Arc<dyn Plain>);

impl Thing {
    fn new(thing: impl Plain) -> Self {
        Thing(Arc::new(thing))
    }

    /// # Panics
    /// If it is of another type.
    pub fn as_of<T: 'static>(&self) -> &T {
        let thing = self.0.as_any().downcast_ref();
        thing.expect("one search knows one protocol")
    }
}

impl PartialEq for Thing {
    fn eq(&self, other: &Self) -> bool {
        self.0.is(&*other.0)
    }
}

impl Hash for Thing {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.feed(hasher);
    }
}

impl Debug for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

trait Plain: Any + Debug + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn is(&self, other: &dyn Plain) -> bool;
    fn feed(&self, hasher: &mut dyn Hasher);
}

impl<T: Any + Debug + PartialEq + Hash + Send + Sync> Plain for T {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn is(&self, other: &dyn Plain) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }

    fn feed(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }
}

/// What Stateright asks of a bridge, whatever its protocol.
trait Bridged: Send + Sync {
    fn seen(&self) -> Limitations;
    fn start(&self) -> Thing;
    fn actions(&self, world: &Thing, actions: &mut Vec<Thing>);
    fn next(&self, world: &Thing, event: &Thing) -> Option<Thing>;
    fn tell_event(&self, event: &Thing) -> String;
    fn tell_step(&self, world: &Thing, event: &Thing) -> Option<String>;
    fn named(&self) -> Vec<(&'static str, Theirs)>;
    fn holds(&self, nth: usize, world: &Thing) -> bool;
}

impl<P: Protocol> Bridged for Bridge<P> {
    fn seen(&self) -> Limitations {
        Bridge::seen(self)
    }

    fn start(&self) -> Thing {
        Thing::new(self.start.clone())
    }

    fn actions(&self, world: &Thing, actions: &mut Vec<Thing>) {
        let mut events = Vec::new();
        Model::actions(self, world.as_of(), &mut events);
        actions.extend(events.into_iter().map(Thing::new));
    }

    fn next(&self, world: &Thing, event: &Thing) -> Option<Thing> {
        let event: &Event<P> = event.as_of();
        let next = self.next_state(world.as_of(), event.clone());
        next.map(Thing::new)
    }

    fn tell_event(&self, event: &Thing) -> String {
        self.format_action(event.as_of())
    }

    fn tell_step(&self, world: &Thing, event: &Thing) -> Option<String> {
        let event: &Event<P> = event.as_of();
        self.format_step(world.as_of(), event.clone())
    }

    fn named(&self) -> Vec<(&'static str, Theirs)> {
        Bridge::named(self)
    }

    fn holds(&self, nth: usize, world: &Thing) -> bool {
        Judge::holds(self, nth, world.as_of())
    }
}

impl Model for Erased {
    type State = Thing;
    type Action = Thing;

    fn init_states(&self) -> Vec<Thing> {
        vec![self.0.start()]
    }

    fn actions(&self, world: &Thing, actions: &mut Vec<Thing>) {
        self.0.actions(world, actions);
    }

    fn next_state(&self, world: &Thing, event: Thing) -> Option<Thing> {
        self.0.next(world, &event)
    }

    fn format_action(&self, event: &Thing) -> String {
        self.0.tell_event(event)
    }

    fn format_step(&self, world: &Thing, event: Thing) -> Option<String> {
        self.0.tell_step(world, &event)
    }

    fn properties(&self) -> Vec<TheirProperty<Self>> {
        theirs(&self.0.named())
    }
}

impl Judge for Erased {
    fn holds(&self, nth: usize, world: &Thing) -> bool {
        self.0.holds(nth, world)
    }
}
