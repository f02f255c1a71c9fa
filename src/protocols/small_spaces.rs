//! Small instances of a protocol, explored in full by a plain breadth-first search: what the tests
//! of protocols are made of. It is written apart from the checkers, so that they are not asked about
//! themselves.

use indexmap::IndexSet;

use crate::model::event::Class;
use crate::model::{Expectation, Predicate, Property, Protocol, System, World};

pub const ORDINARY: &[Class] = &[Class::Ordinary];
pub const REPAIRS: &[Class] = &[Class::Ordinary, Class::Repair];

/// More worlds than this do not fit into the memory of a small machine.
const MOST: usize = 6_000_000;

/// Every world that can be reached from the initial one, or from another.
pub struct Space<P: Protocol> {
    pub worlds: IndexSet<World<P>>,
    /// Steps that are no faults, backwards.
    before: Vec<(u32, u32, Class)>,
    /// The first violation of each property that must always hold.
    pub violated: Vec<(&'static str, String)>,
}

impl<P: Protocol> Space<P> {
    pub fn explore(system: &System<P>) -> Self {
        Space::explore_from(system, system.initial())
    }

    /// Every world that can be reached from this one.
    pub fn explore_from(system: &System<P>, start: World<P>) -> Self {
        let mut properties = system.protocol.properties();
        properties.retain(|property| is_unconditional(system, property));
        let mut worlds = IndexSet::new();
        worlds.insert(start);
        let mut before = Vec::new();
        let mut violated: Vec<(&str, String)> = Vec::new();
        let mut next = 0;
        while next < worlds.len() {
            assert!(worlds.len() < MOST, "too many worlds to look at all");
            let mut world: World<P> = worlds[next].clone();
            for property in &properties {
                let known = violated.iter().any(|(name, _)| *name == property.name);
                if let Expectation::Always(predicate) = &property.expectation
                    && !known
                    && let Err(reason) = predicate.ask(&system.protocol, &world)
                {
                    violated.push((property.name, reason.text));
                }
            }
            for event in system.enabled(&mut world).events {
                let mut after = worlds[next].clone();
                system.apply(&mut after, &event);
                let (to, _) = worlds.insert_full(after);
                if event.class() != Class::Fault {
                    before.push((number(to), number(next), event.class()));
                }
            }
            next += 1;
        }
        Space {
            worlds,
            before,
            violated,
        }
    }

    /// The worlds from which the goal cannot be reached by these classes of events.
    pub fn stuck(
        &self,
        system: &System<P>,
        goal: &Predicate<P>,
        classes: &[Class],
    ) -> Vec<&World<P>> {
        let n = self.worlds.len();
        let mut sources = vec![Vec::new(); n];
        for &(to, from, class) in &self.before {
            if classes.contains(&class) {
                sources[to as usize].push(from);
            }
        }
        let reached = |w: &World<P>| goal.ask(&system.protocol, w).is_ok();
        let mut good: Vec<bool> = self.worlds.iter().map(reached).collect();
        let mut work: Vec<usize> = (0..n).filter(|&i| good[i]).collect();
        while let Some(at) = work.pop() {
            for &from in &sources[at] {
                if !std::mem::replace(&mut good[from as usize], true) {
                    work.push(from as usize);
                }
            }
        }
        (0..n)
            .filter(|&i| !good[i])
            .map(|i| &self.worlds[i])
            .collect()
    }

    pub fn sound(self) -> Self {
        assert_eq!(self.violated, []);
        self
    }
}

/// Whether the rules leave nothing of what the property presupposes and assumes to be imposed.
fn is_unconditional<P: Protocol>(system: &System<P>, property: &Property<P>) -> bool {
    restrict(system, property).rules == system.rules
}

/// The system where all holds that the property presupposes and assumes.
fn restrict<P: Protocol>(system: &System<P>, property: &Property<P>) -> System<P> {
    let mut rules = system.rules.clone();
    for assumption in property.premise.iter().chain(&property.assumes) {
        assumption.impose(&mut rules, &system.cluster);
    }
    system.under(rules)
}

/// The properties that do not hold, each where all holds that it presupposes and assumes.
pub fn broken<P: Protocol>(system: &System<P>) -> Vec<&'static str> {
    let mut spaces: Vec<(System<P>, Space<P>)> = Vec::new();
    let mut broken = Vec::new();
    for property in system.protocol.properties() {
        let restricted = restrict(system, &property);
        let at = spaces.iter().position(|(s, _)| s.rules == restricted.rules);
        let at = at.unwrap_or_else(|| {
            let space = Space::explore(&restricted);
            spaces.push((restricted, space));
            spaces.len() - 1
        });
        let (system, space) = &spaces[at];
        let holds = match &property.expectation {
            Expectation::Always(_) => space.violated.iter().all(|v| v.0 != property.name),
            Expectation::Reachable(goal) => {
                let reached = |w: &World<P>| goal.ask(&system.protocol, w).is_ok();
                space.worlds.iter().any(reached)
            }
            Expectation::NeverBlocked { condition, goal } => {
                let concerned = |w: &&World<P>| {
                    condition
                        .as_ref()
                        .is_none_or(|c| c.ask(&system.protocol, *w).is_ok())
                };
                let stuck = space.stuck(system, goal, ORDINARY);
                !stuck.iter().any(concerned)
            }
            Expectation::Recovers { goal } => space.stuck(system, goal, REPAIRS).is_empty(),
        };
        if !holds {
            broken.push(property.name);
        }
    }
    broken
}

fn number(i: usize) -> u32 {
    u32::try_from(i).expect("a small space")
}
