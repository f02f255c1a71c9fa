//! Whole worlds by number, and what can happen in them: what a plain search asks, whatever the protocol.
//!
//! Invariant: worlds are numbered in the order in which they are found, the first of them 0.

use std::hash::Hash;

use derive_where::derive_where;

use super::intern::{Interner, Number, number};
use crate::model::arms::Arm;
use crate::model::network::Fate;
use crate::model::{
    Answer, Bound, Carrier, Class, Event, Few, Id, Input, Link, Predicate, Protocol, System, World,
};

/// A carrier whose worlds can be kept and compared.
pub trait Keyed<P: Protocol>: Carrier<P> {
    /// A whole world, exactly.
    type Key: Clone + Eq + Hash;

    fn key(&self) -> &Self::Key;
    fn load(&mut self, key: &Self::Key);
}

impl<P: Protocol> Keyed<P> for World<P> {
    type Key = World<P>;

    fn key(&self) -> &World<P> {
        self
    }

    fn load(&mut self, key: &World<P>) {
        self.clone_from(key);
    }
}

/// The worlds that were found so far, and one of them that it stands at.
pub trait Worlds {
    fn len(&self) -> usize;

    /// Goes to a world, and looks at what is enabled there.
    fn look(&mut self, at: Number) -> Outlook;

    /// Goes on from the world that was looked at last, by one of the events enabled there.
    fn step(&mut self, nth: usize) -> Step;

    /// The arms that such an event exercises, unless that was told before.
    fn hear(&mut self, nth: usize) -> Vec<(Id, Arm)>;

    /// Asks one of the predicates of the world that it stands at.
    fn ask(&self, predicate: usize) -> Answer;

    /// How many messages are in flight in the world that it stands at.
    fn in_flight(&self) -> usize;

    /// How many nodes are down, and cuts last, in the world that it stands at.
    fn unrepaired(&self) -> usize;

    /// Whether some timer that is armed in the world that it stands at awaits somebody.
    fn awaits(&self) -> bool;
}

/// What is enabled in a world.
pub struct Outlook {
    /// The class of each event.
    pub events: Vec<Class>,
    pub withheld: Few<Bound>,
    pub repair_withheld: bool,
    pub crowded: bool,
    pub held_back: usize,
}

impl Outlook {
    /// Whether an event of some class is enabled.
    pub fn any(&self, class: Class) -> bool {
        self.events.contains(&class)
    }
}

/// What came of an event.
pub struct Step {
    pub to: Number,
    /// Nobody has been there before.
    pub new: bool,
    /// A handler ran.
    pub reacted: bool,
    /// A message was absorbed.
    pub absorbed: bool,
}

/// Finds every world that can be reached.
pub fn find_all(worlds: &mut dyn Worlds) {
    let mut next = 0;
    while next < worlds.len() {
        for nth in 0..worlds.look(number(next)).events.len() {
            worlds.step(nth);
        }
        next += 1;
    }
}

/// Which of the events enabled in a world came.
#[derive(Clone, Copy)]
pub struct Taken {
    pub world: Number,
    pub nth: Number,
}

/// The worlds of a system, as they know their protocol.
pub struct Found<'a, P: Protocol, C: Keyed<P>> {
    system: &'a System<P>,
    carrier: &'a mut C,
    predicates: Vec<Predicate<P>>,
    worlds: Interner<C::Key>,
    /// The world that was looked at last, and its events.
    at: Number,
    events: Vec<Event<C::Vocabulary>>,
    /// What was told of arms.
    heard: Interner<Heard<P>>,
}

/// A message or a timer that came to a node.
#[derive_where(PartialEq, Eq, Hash)]
enum Heard<P: Protocol> {
    Message(Id, P::Msg),
    Timer(Id, P::Timer),
}

impl<'a, P: Protocol, C: Keyed<P>> Found<'a, P, C> {
    /// Stands at the first world.
    pub fn new(
        system: &'a System<P>,
        carrier: &'a mut C,
        start: &C::Key,
        predicates: Vec<Predicate<P>>,
    ) -> Self {
        carrier.load(start);
        Found {
            system,
            carrier,
            predicates,
            worlds: Interner::from_iter([start.clone()]),
            at: 0,
            events: Vec::new(),
            heard: Interner::default(),
        }
    }

    /// An event that was taken, by its contents.
    pub fn event(&mut self, taken: Taken) -> Event<P> {
        self.carrier.load(self.worlds.get(taken.world));
        let events = self.system.enabled(self.carrier).events;
        self.carrier.spell_out(&events[taken.nth as usize])
    }

    pub fn world(&self, at: Number) -> &C::Key {
        self.worlds.get(at)
    }
}

impl<P: Protocol, C: Keyed<P>> Worlds for Found<'_, P, C> {
    fn len(&self) -> usize {
        self.worlds.len()
    }

    fn look(&mut self, at: Number) -> Outlook {
        self.at = at;
        self.carrier.load(self.worlds.get(at));
        let enabled = self.system.enabled(self.carrier);
        self.events = enabled.events;
        Outlook {
            events: self.events.iter().map(Event::class).collect(),
            withheld: enabled.withheld,
            repair_withheld: enabled.repair_withheld,
            crowded: enabled.crowded,
            held_back: enabled.held_back,
        }
    }

    fn step(&mut self, nth: usize) -> Step {
        self.carrier.load(self.worlds.get(self.at));
        let effects = self.system.apply(self.carrier, &self.events[nth]);
        let (to, new) = self.worlds.intern_copy(self.carrier.key());
        Step {
            to,
            new,
            reacted: effects.reaction.is_some(),
            absorbed: effects.unsent.iter().any(|(_, f)| *f == Fate::Absorbed),
        }
    }

    fn hear(&mut self, nth: usize) -> Vec<(Id, Arm)> {
        let event = self.carrier.spell_out(&self.events[nth]);
        let event = match &event {
            Event::CrashInside { event, .. } => event,
            event => event,
        };
        let (id, input) = event.input().expect("a handler ran");
        let heard = match input {
            Input::Message { msg, .. } => Heard::Message(id, msg.clone()),
            Input::Timeout(timer) => Heard::Timer(id, timer.clone()),
            Input::Start | Input::Choice { .. } => return Vec::new(),
        };
        match self.heard.intern(heard) {
            (_, true) => Arm::of(input).into_iter().map(|arm| (id, arm)).collect(),
            (_, false) => Vec::new(),
        }
    }

    fn ask(&self, predicate: usize) -> Answer {
        self.predicates[predicate].ask(&self.system.protocol, self.carrier)
    }

    fn in_flight(&self) -> usize {
        let ids = || self.system.cluster.ids();
        let links = ids().flat_map(|src| ids().map(move |dst| Link::new(src, dst)));
        links.map(|link| self.carrier.channel(link).len()).sum()
    }

    fn unrepaired(&self) -> usize {
        let ids = self.system.cluster.ids();
        let down = ids.filter(|&id| self.carrier.is_down(id)).count();
        down + self.carrier.globals().cuts.len()
    }

    fn awaits(&self) -> bool {
        self.system.cluster.ids().any(|id| {
            let mut armed = (0..).map_while(|nth| self.carrier.armed(id, nth));
            let protocol = &self.system.protocol;
            armed.any(|timer| !self.carrier.awaits(protocol, id, &timer).is_empty())
        })
    }
}

/// The events on the way to a world, if each knows by which it was found first.
pub fn way(taken: &[Taken], mut at: Number) -> Vec<Taken> {
    let mut way = Vec::new();
    while at != 0 {
        let last = taken[at as usize];
        way.push(last);
        at = last.world;
    }
    way.reverse();
    way
}

impl Taken {
    pub fn new(world: Number, nth: usize) -> Self {
        let nth = number(nth);
        Taken { world, nth }
    }
}
