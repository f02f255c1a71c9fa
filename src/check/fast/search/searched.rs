//! What is searched: a system, where it starts, and what is asked of it.
//!
//! Here a search comes to know its protocol: it has workers made, and what it found understood. It asks
//! seldom, so that it costs nothing that the protocol is erased.

use std::any::Any;
use std::sync::Arc;

use crate::check::fast::expand::expander::Expander;
use crate::check::fast::expand::reduce::{Prospect, Reducer, Unforeseen, prospects};
use crate::check::fast::expand::renamings::Renamings;
use crate::check::fast::expand::worker::Worker;
use crate::check::fast::tuning::Tuning;
use crate::check::reduction::{ByOrbits, Reduce, Reduced, Reduction, Reductions};
use crate::check::{Monitor, NodeSymmetry};
use crate::model::{Event, InsideHandlers, Limit, Property, Protocol, Sense, System, World};

/// An event of a protocol that is known to those who search.
pub type AnyEvent = Box<dyn Any>;

/// A schedule: which of the enabled events came, each time.
pub type Positions = Vec<usize>;

/// What is searched, whatever its protocol.
pub trait Searched {
    /// What the properties ask for.
    fn senses(&self) -> Vec<Sense>;

    /// What may be left out, as far as that can be told without finding anything out.
    fn planned(&self) -> Reduced;

    /// Finds out which messages are dead, by so many questions at most.
    fn foresee(
        &mut self,
        questions_max: usize,
        monitor: &mut dyn Monitor,
    ) -> Result<(), Unforeseen>;

    /// One who begins at the start and leaves this out, and what came of node symmetry, if it was asked for or helps.
    fn worker(
        &self,
        left_out: Reductions,
        is_look: bool,
    ) -> (Box<dyn Worker>, Option<NodeSymmetry>);

    /// What comes of node symmetry in a search that is no look, if it was asked for or helps.
    fn symmetry(&self) -> Option<NodeSymmetry>;

    /// The positions of events from the start on.
    fn positions(&self, events: &[AnyEvent]) -> Positions;

    /// The events at some positions, if there are such, and if they lead to where the property (if one is
    /// named) is settled as a search settles it.
    fn events(&self, positions: &[usize], settled: Option<usize>) -> Option<Vec<AnyEvent>>;
}

/// What is searched, as it knows its protocol.
pub struct Typed<'a, P: Protocol> {
    pub system: &'a System<P>,
    pub start: &'a World<P>,
    pub properties: &'a [Property<P>],
    pub tuning: Tuning,
    /// What can still become of each node, once it is foreseen.
    pub prospects: Option<Arc<[Prospect<P>]>>,
}

type Names = Result<Renamings, &'static str>;

fn told(names: &Names) -> NodeSymmetry {
    match names {
        Ok(names) => names.tell(),
        Err(why) => NodeSymmetry::Off(why),
    }
}

impl<P: Protocol> Typed<'_, P> {
    /// The names that make no difference, or why there are none, if that was asked for or helps.
    fn names(&self, is_look: bool) -> Option<Names> {
        let helps = !is_look && self.tuning.reduce == Reduce::Auto && !tells_in_order(self.system);
        match self.tuning.symmetry {
            ByOrbits::Always => Some(Renamings::of(self.system)),
            ByOrbits::Auto if helps => Renamings::of(self.system).ok().map(Ok),
            ByOrbits::Auto | ByOrbits::Never => None,
        }
    }
}

/// Whether messages leave a node that crashes inside a handler in the order of names.
fn tells_in_order<P: Protocol>(system: &System<P>) -> bool {
    let budgets = &system.rules.budgets;
    let crashes = budgets
        .crashes
        .iter()
        .any(|(_, limit)| *limit != Limit::NONE);
    crashes && budgets.inside_handlers == InsideHandlers::InOrder
}

impl<P: Protocol> Searched for Typed<'_, P> {
    fn senses(&self) -> Vec<Sense> {
        let properties = self.properties.iter();
        properties.map(|p| p.expectation.sense()).collect()
    }

    fn planned(&self) -> Reduced {
        Reduced::planned(self.tuning.reduce, &self.system.rules, self.properties)
    }

    fn foresee(
        &mut self,
        questions_max: usize,
        monitor: &mut dyn Monitor,
    ) -> Result<(), Unforeseen> {
        let found = prospects(self.system, self.start, questions_max, monitor)?;
        self.prospects = Some(found.into());
        Ok(())
    }

    fn worker(
        &self,
        left_out: Reductions,
        is_look: bool,
    ) -> (Box<dyn Worker>, Option<NodeSymmetry>) {
        let uses_prospects = left_out.contains(Reduction::Dead);
        let prospects = self.prospects.clone().filter(|_| uses_prospects);
        let reducer = Reducer::new(left_out, prospects);
        let names = self.names(is_look);
        let symmetry = names.as_ref().map(told);
        let worker = Expander::new(
            self.system,
            self.start,
            self.properties,
            &self.tuning,
            reducer,
            names.and_then(Result::ok),
        );
        (Box::new(worker), symmetry)
    }

    fn symmetry(&self) -> Option<NodeSymmetry> {
        self.names(false).as_ref().map(told)
    }

    fn positions(&self, events: &[AnyEvent]) -> Positions {
        let mut world = self.start.clone();
        let mut positions = Positions::new();
        for event in events {
            let event: &Event<P> = event.downcast_ref().expect("one search, one protocol");
            let enabled = self.system.enabled(&mut world).events;
            self.system.apply(&mut world, event);
            let position = enabled.iter().position(|other| other == event);
            positions.push(position.expect("what was found is possible"));
        }
        positions
    }

    fn events(&self, positions: &[usize], settled: Option<usize>) -> Option<Vec<AnyEvent>> {
        let mut world = self.start.clone();
        let mut events: Vec<AnyEvent> = Vec::new();
        for &position in positions {
            let mut enabled = self.system.enabled(&mut world).events;
            if position >= enabled.len() {
                return None;
            }
            let event = enabled.swap_remove(position);
            self.system.apply(&mut world, &event);
            events.push(Box::new(event));
        }
        let is_settled = |property: usize| {
            let expectation = &self.properties[property].expectation;
            let answer = expectation.predicate().ask(&self.system.protocol, &world);
            answer.is_ok() == (expectation.sense() == Sense::Reachable)
        };
        settled.is_none_or(is_settled).then_some(events)
    }
}
