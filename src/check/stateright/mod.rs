//! The bridge: Stateright's own checker and Explorer on our [`System`], as a second opinion.
//!
//! It knows the relation and nothing of our search. Stateright's properties are functions without
//! an environment, so each is a function for a fixed position in the list.

use std::collections::BTreeSet;
use std::sync::Mutex;

use stateright::{Expectation as Theirs, Model, Property as TheirProperty};

use crate::model::network::Fate;
use crate::model::{Bound, Event, Expectation, Property, Protocol, System, View, World};

/// A system as Stateright sees it.
pub struct Bridge<P: Protocol> {
    pub system: System<P>,
    /// The properties it can judge: those that are predicates over one world.
    pub properties: Vec<Property<P>>,
    pub start: World<P>,
    seen: Mutex<Limitations>,
}

/// What a search came across that bounds its verdicts.
#[derive(Clone, Debug, Default)]
pub struct Limitations {
    /// The bounds that withheld an ordinary event somewhere.
    pub withheld: BTreeSet<Bound>,
    /// Somewhere a send was absorbed, or a duplicate withheld for the same reason.
    pub absorbed: bool,
}

/// Properties beyond this many are not handed over.
pub const PROPERTIES_MAX: usize = 12;

impl<P: Protocol> Bridge<P> {
    pub fn new(system: System<P>, properties: &[Property<P>], start: World<P>) -> Self {
        let judged = |p: &&Property<P>| p.expectation.goal().is_none();
        let properties = properties.iter().filter(judged).cloned();
        Bridge {
            system,
            properties: properties.take(PROPERTIES_MAX).collect(),
            start,
            seen: Mutex::default(),
        }
    }

    /// What the search has come across so far.
    pub fn seen(&self) -> Limitations {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Limitations> {
        self.seen.lock().expect("nobody panics while holding it")
    }

    /// The names of its properties, and what is expected of them.
    fn named(&self) -> Vec<(&'static str, Theirs)> {
        let theirs = |property: &Property<P>| match property.expectation {
            Expectation::Reachable(_) => Theirs::Sometimes,
            _ => Theirs::Always,
        };
        let properties = self.properties.iter();
        properties.map(|p| (p.name, theirs(p))).collect()
    }
}

/// Whether the n-th property holds in a world.
fn nth<P: Protocol, const N: usize>(bridge: &Bridge<P>, world: &World<P>) -> bool {
    let predicate = bridge.properties[N].expectation.predicate();
    predicate.ask(&bridge.system.protocol, world).is_ok()
}

/// Whether a property holds in a world.
type Condition<P> = fn(&Bridge<P>, &World<P>) -> bool;

/// A property with its name, as Stateright takes it: its condition is that of its place.
fn theirs<P: Protocol>(properties: &[(&'static str, Theirs)]) -> Vec<TheirProperty<Bridge<P>>> {
    let conditions: [Condition<P>; PROPERTIES_MAX] = [
        nth::<P, 0>,
        nth::<P, 1>,
        nth::<P, 2>,
        nth::<P, 3>,
        nth::<P, 4>,
        nth::<P, 5>,
        nth::<P, 6>,
        nth::<P, 7>,
        nth::<P, 8>,
        nth::<P, 9>,
        nth::<P, 10>,
        nth::<P, 11>,
    ];
    if properties.is_empty() {
        // Stateright stops as soon as nothing is left to find out.
        return vec![TheirProperty::always("every world", |_, _| true)];
    }
    let properties = properties.iter().zip(conditions);
    properties
        .map(|((name, expectation), condition)| TheirProperty {
            name,
            condition,
            expectation: expectation.clone(),
        })
        .collect()
}

impl<P: Protocol> Model for Bridge<P> {
    type State = World<P>;
    type Action = Event<P>;

    fn init_states(&self) -> Vec<World<P>> {
        vec![self.start.clone()]
    }

    fn actions(&self, world: &World<P>, actions: &mut Vec<Event<P>>) {
        let enabled = self.system.enabled(&mut world.clone());
        if enabled.crowded {
            self.lock().absorbed = true;
        }
        if !enabled.withheld.is_empty() {
            self.lock().withheld.extend(enabled.withheld);
        }
        actions.extend(enabled.events);
    }

    fn next_state(&self, world: &World<P>, event: Event<P>) -> Option<World<P>> {
        let mut next = world.clone();
        let effects = self.system.apply(&mut next, &event);
        if effects
            .unsent
            .iter()
            .any(|(_, fate)| *fate == Fate::Absorbed)
        {
            self.lock().absorbed = true;
        }
        Some(next)
    }

    fn format_action(&self, event: &Event<P>) -> String {
        event.notation(&self.system.cluster).to_string()
    }

    fn format_step(&self, world: &World<P>, event: Event<P>) -> Option<String> {
        let next = self.next_state(world, event)?;
        let status = |id| {
            let node = next.node(id);
            let name = self.system.cluster.name(id);
            format!("{name}: {}", self.system.protocol.status(node))
        };
        let nodes: Vec<String> = self.system.cluster.ids().map(status).collect();
        Some(format!("{}\n\n{next:#?}", nodes.join("\n")))
    }

    fn properties(&self) -> Vec<TheirProperty<Self>> {
        theirs(&self.named())
    }
}
