//! The plain engine: breadth-first search over whole worlds.
//!
//! Invariants: worlds are numbered in the order in which they are found, so a smaller number
//! never lies deeper; a path back to the start is rebuilt by asking the relation again, so
//! nothing but two small numbers is kept for it; a world that was not expanded is *open*.

use std::collections::BTreeSet;
use std::hash::{BuildHasherDefault, Hash};

use derive_where::derive_where;
use indexmap::IndexSet;
use rustc_hash::FxHasher;

use super::{Account, LOOK_EVERY, Limits, Monitor, Progress, Stopped};
use crate::model::arms::{Arm, Exercised};
use crate::model::network::Fate;
use crate::model::{
    Bound, Carrier, Class, Event, Expectation, Id, Input, Predicate, Property, Protocol, Reason,
    System, World,
};

/// A carrier whose worlds can be kept and compared.
pub trait Keyed<P: Protocol>: Carrier<P> {
    /// A whole world, exactly.
    type Key: Clone + Eq + Hash;

    fn key(&self) -> Self::Key;
    fn load(&mut self, key: &Self::Key);
}

impl<P: Protocol> Keyed<P> for World<P> {
    type Key = World<P>;

    fn key(&self) -> World<P> {
        self.clone()
    }

    fn load(&mut self, key: &World<P>) {
        self.clone_from(key);
    }
}

/// What a search found out.
#[derive(Debug)]
pub struct Explored<P: Protocol> {
    pub account: Account,
    /// For each property, in the order in which they were asked.
    pub findings: Vec<Finding<Event<P>>>,
    /// Shortest way to a world in which timers are armed, none of them may fire, and no other
    /// ordinary event is enabled: a deadlock, or a wrong `awaits`.
    pub waiting_for_the_living: Option<Vec<Event<P>>>,
}

/// What a search found out about one property, with events of some kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding<E> {
    /// Nothing against it, in all that was explored.
    Nothing,
    /// A shortest schedule to a world that breaks it.
    Broken { schedule: Vec<E>, reason: Reason },
    /// A shortest schedule to a world that meets it.
    Met { schedule: Vec<E> },
    /// A shortest schedule to a world from which its goal cannot be reached.
    Blocked { schedule: Vec<E> },
}

impl<E> Finding<E> {
    /// The same with its schedule put in other words.
    pub fn with<F>(self, words: impl FnOnce(Vec<E>) -> Vec<F>) -> Finding<F> {
        match self {
            Finding::Nothing => Finding::Nothing,
            Finding::Broken { schedule, reason } => Finding::Broken {
                schedule: words(schedule),
                reason,
            },
            Finding::Met { schedule } => Finding::Met {
                schedule: words(schedule),
            },
            Finding::Blocked { schedule } => Finding::Blocked {
                schedule: words(schedule),
            },
        }
    }
}

/// A path back: the world before, and which of its enabled events led here.
#[derive(Clone, Copy)]
struct Parent {
    world: u32,
    nth: u32,
}

/// One property while the search goes on.
struct Tracked<P: Protocol> {
    expectation: Expectation<P>,
    found: Option<(u32, Option<Reason>)>,
    /// For each world, for the sweep backwards: it meets the goal.
    goal: Vec<bool>,
    /// For each world: the property asks something of it.
    asked: Vec<bool>,
}

/// Explores every world that can be reached from `start`.
///
/// Stops early when every property is settled. Properties that ask for possible progress are
/// settled only at the end.
pub fn explore<P: Protocol, C: Keyed<P>>(
    system: &System<P>,
    carrier: &mut C,
    start: &C::Key,
    properties: &[Property<P>],
    limits: &Limits,
    monitor: &mut dyn Monitor,
) -> Explored<P> {
    let mut search = Exploration::new(system, properties);
    search.run(carrier, start, limits, monitor);
    search.finish(carrier)
}

struct Exploration<'a, P: Protocol, K> {
    system: &'a System<P>,
    inquiries: Vec<Tracked<P>>,
    /// Some property asks for possible progress: edges are kept for the sweep backwards.
    sweeps: bool,
    worlds: IndexSet<K, BuildHasherDefault<FxHasher>>,
    parents: Vec<Parent>,
    ordinary: Vec<(u32, u32)>,
    repairs: Vec<(u32, u32)>,
    /// For each world: a bound withheld an ordinary event, or it was not expanded.
    open: Vec<bool>,
    /// For each world: a budget withheld a repair, or it was not expanded and has one.
    repair_open: Vec<bool>,
    repair_withheld: bool,
    /// Worlds expanded: those with the smallest numbers.
    expanded: usize,
    generated: u64,
    depth: u64,
    withheld: BTreeSet<Bound>,
    absorbed: bool,
    stopped: Option<Stopped>,
    waiting: Option<u32>,
    exercised: Exercised,
    /// What exercised them, to tell quickly that it is nothing new.
    heard: BTreeSet<Heard<P>>,
}

/// A message or a timer that came to a node.
#[derive_where(PartialEq, Eq, PartialOrd, Ord)]
enum Heard<P: Protocol> {
    Message(Id, P::Msg),
    Timer(Id, P::Timer),
}

impl<'a, P: Protocol, K: Clone + Eq + Hash> Exploration<'a, P, K> {
    fn new(system: &'a System<P>, properties: &[Property<P>]) -> Self {
        let inquiries: Vec<_> = properties
            .iter()
            .map(|property| Tracked {
                expectation: property.expectation,
                found: None,
                goal: Vec::new(),
                asked: Vec::new(),
            })
            .collect();
        let sweeps = inquiries.iter().any(|i| i.expectation.goal().is_some());
        Exploration {
            system,
            inquiries,
            sweeps,
            worlds: IndexSet::default(),
            parents: Vec::new(),
            ordinary: Vec::new(),
            repairs: Vec::new(),
            open: Vec::new(),
            repair_open: Vec::new(),
            repair_withheld: false,
            expanded: 0,
            generated: 0,
            depth: 0,
            withheld: BTreeSet::new(),
            absorbed: false,
            stopped: None,
            waiting: None,
            exercised: Exercised::default(),
            heard: BTreeSet::new(),
        }
    }

    fn run<C: Keyed<P, Key = K>>(
        &mut self,
        carrier: &mut C,
        start: &K,
        limits: &Limits,
        monitor: &mut dyn Monitor,
    ) {
        carrier.load(start);
        self.discover(carrier, Parent { world: 0, nth: 0 });
        let mut next = 0;
        let mut level_ends = 1;
        while next < self.worlds.len() && !self.is_settled() {
            if next == level_ends {
                self.depth += 1;
                level_ends = self.worlds.len();
            }
            if next.is_multiple_of(LOOK_EVERY)
                && let Err(stopped) = monitor.look(&self.progress(next))
            {
                self.stopped = Some(stopped);
                return;
            }
            let too_many = |most| self.worlds.len() as u64 > most;
            if limits.states.is_some_and(too_many) {
                self.stopped = Some(Stopped::States);
                return;
            }
            let deeper = limits
                .depth
                .allows(|| usize::try_from(self.depth).unwrap_or(usize::MAX));
            self.expand(carrier, number(next), deeper);
            next += 1;
            self.expanded = next;
        }
    }

    fn progress(&self, next: usize) -> Progress {
        Progress {
            distinct: self.worlds.len() as u64,
            generated: self.generated,
            depth: self.depth,
            frontier: (self.worlds.len() - next) as u64,
            bytes: 0,
            ahead: 0,
        }
    }

    /// Whether nothing is left to find out.
    fn is_settled(&self) -> bool {
        !self.inquiries.is_empty()
            && !self.sweeps
            && self.inquiries.iter().all(|i| i.found.is_some())
    }

    fn expand<C: Keyed<P, Key = K>>(&mut self, carrier: &mut C, at: u32, deeper: bool) {
        let key = self.worlds[at as usize].clone();
        carrier.load(&key);
        let enabled = self.system.enabled(carrier);
        let any = |class| enabled.events.iter().any(|e| e.class() == class);
        let ordinary = any(Class::Ordinary);
        // Faults that are cut off leave no world open, but worlds behind them are not looked at.
        if !deeper && !enabled.events.is_empty() {
            self.withheld.insert(Bound::Depth);
        }
        if enabled.held_back > 0 && !ordinary && enabled.withheld.is_empty() {
            self.waiting.get_or_insert(at);
        }
        self.open[at as usize] = !enabled.withheld.is_empty() || (!deeper && ordinary);
        self.repair_open[at as usize] = enabled.repair_withheld || (!deeper && any(Class::Repair));
        self.repair_withheld |= enabled.repair_withheld;
        self.absorbed |= enabled.crowded;
        self.withheld.extend(enabled.withheld);
        if !deeper {
            return;
        }
        for (nth, event) in enabled.events.iter().enumerate() {
            carrier.load(&key);
            let effects = self.system.apply(carrier, event);
            self.generated += 1;
            if effects.reaction.is_some() {
                self.hear(&carrier.spell_out(event));
            }
            self.absorbed |= effects.unsent.iter().any(|(_, f)| *f == Fate::Absorbed);
            let nth = number(nth);
            let to = self.discover(carrier, Parent { world: at, nth });
            if self.sweeps {
                match event.class() {
                    Class::Ordinary => self.ordinary.push((at, to)),
                    Class::Repair => self.repairs.push((at, to)),
                    Class::Fault => {}
                }
            }
        }
    }

    /// Notes the arm that an event exercises.
    fn hear(&mut self, event: &Event<P>) {
        let event = match event {
            Event::CrashInside { event, .. } => event,
            event => event,
        };
        let (id, input) = event.input().expect("a handler ran");
        let heard = match input {
            Input::Message { msg, .. } => Heard::Message(id, msg.clone()),
            Input::Timeout(timer) => Heard::Timer(id, timer.clone()),
            Input::Start | Input::Choice { .. } => return,
        };
        if self.heard.insert(heard) {
            self.exercised.extend(Arm::of(input).map(|arm| (id, arm)));
        }
    }

    /// Numbers the world that the carrier holds, and asks the properties of it if it is new.
    fn discover<C: Keyed<P, Key = K>>(&mut self, carrier: &C, parent: Parent) -> u32 {
        let (at, new) = self.worlds.insert_full(carrier.key());
        let at = number(at);
        if new {
            self.parents.push(parent);
            self.open.push(true);
            self.repair_open.push(false);
            let protocol = &*self.system.protocol;
            for inquiry in &mut self.inquiries {
                inquiry.ask(at, |predicate| predicate.ask(protocol, carrier));
            }
        }
        at
    }

    fn finish<C: Keyed<P, Key = K>>(mut self, carrier: &mut C) -> Explored<P> {
        let sweep = |goal: &[bool], open: &dyn Fn(usize) -> bool, edges: &[&[(u32, u32)]]| {
            let marked = (0..goal.len()).map(|i| goal[i] || open(i)).collect();
            can_reach(marked, edges)
        };
        for inquiry in &mut self.inquiries {
            let hopeful = match inquiry.expectation {
                Expectation::NeverBlocked { .. } => {
                    sweep(&inquiry.goal, &|i| self.open[i], &[&self.ordinary])
                }
                Expectation::Recovers { .. } => {
                    let open = |i: usize| self.open[i] || self.repair_open[i];
                    sweep(&inquiry.goal, &open, &[&self.ordinary, &self.repairs])
                }
                _ => continue,
            };
            let blocked = (0..hopeful.len()).find(|&i| inquiry.asked[i] && !hopeful[i]);
            inquiry.found = blocked.map(|i| (number(i), None));
        }
        let findings = self
            .inquiries
            .iter()
            .map(|inquiry| match &inquiry.found {
                None => Finding::Nothing,
                Some((at, reason)) => {
                    let schedule = self.schedule(carrier, *at);
                    match (inquiry.expectation, reason) {
                        (Expectation::Always(_), Some(reason)) => Finding::Broken {
                            schedule,
                            reason: reason.clone(),
                        },
                        (Expectation::Reachable(_), _) => Finding::Met { schedule },
                        _ => Finding::Blocked { schedule },
                    }
                }
            })
            .collect();
        let waiting_for_the_living = self.waiting.map(|at| self.schedule(carrier, at));
        Explored {
            account: Account {
                progress: self.progress(self.expanded),
                settled: self.stopped.is_none() && self.expanded < self.worlds.len(),
                withheld: self.withheld,
                absorbed: self.absorbed,
                exercised: Some(self.exercised),
                repair_withheld: self.repair_withheld,
                stopped: self.stopped,
                ..Account::default()
            },
            findings,
            waiting_for_the_living,
        }
    }

    /// The events on a shortest path from the start to a world.
    fn schedule<C: Keyed<P, Key = K>>(&self, carrier: &mut C, mut at: u32) -> Vec<Event<P>> {
        let mut schedule = Vec::new();
        while at != 0 {
            let Parent { world, nth } = self.parents[at as usize];
            carrier.load(&self.worlds[world as usize]);
            let mut events = self.system.enabled(carrier).events;
            schedule.push(carrier.spell_out(&events.swap_remove(nth as usize)));
            at = world;
        }
        schedule.reverse();
        schedule
    }
}

impl<P: Protocol> Tracked<P> {
    /// Asks the property of a world. Worlds come in the order of their numbers.
    fn ask(&mut self, at: u32, answer: impl Fn(Predicate<P>) -> crate::model::Answer) {
        match self.expectation {
            Expectation::Always(predicate) => {
                if self.found.is_none()
                    && let Err(reason) = answer(predicate)
                {
                    self.found = Some((at, Some(reason)));
                }
            }
            Expectation::Reachable(predicate) => {
                if self.found.is_none() && answer(predicate).is_ok() {
                    self.found = Some((at, None));
                }
            }
            Expectation::NeverBlocked { condition, goal } => {
                self.goal.push(answer(goal).is_ok());
                self.asked
                    .push(condition.is_none_or(|condition| answer(condition).is_ok()));
            }
            Expectation::Recovers { goal } => {
                self.goal.push(answer(goal).is_ok());
                self.asked.push(true);
            }
        }
    }
}

/// Marks every world from which a marked one can be reached over the given edges.
fn can_reach(mut marked: Vec<bool>, edges: &[&[(u32, u32)]]) -> Vec<bool> {
    // Predecessors, grouped by successor: `before[starts[i]..starts[i + 1]]`.
    let mut starts = vec![0usize; marked.len() + 1];
    for (_, to) in edges.iter().copied().flatten() {
        starts[*to as usize + 1] += 1;
    }
    for i in 0..marked.len() {
        starts[i + 1] += starts[i];
    }
    let mut fill = starts.clone();
    let mut before = vec![0u32; starts[marked.len()]];
    for (from, to) in edges.iter().copied().flatten() {
        before[fill[*to as usize]] = *from;
        fill[*to as usize] += 1;
    }
    let mut todo: Vec<usize> = (0..marked.len()).filter(|&i| marked[i]).collect();
    while let Some(at) = todo.pop() {
        for &from in &before[starts[at]..starts[at + 1]] {
            if !std::mem::replace(&mut marked[from as usize], true) {
                todo.push(from as usize);
            }
        }
    }
    marked
}

fn number(n: usize) -> u32 {
    u32::try_from(n).expect("the plain engine holds fewer than 2^32 worlds")
}

#[cfg(test)]
mod tests {
    use super::can_reach;

    #[test]
    fn the_sweep_goes_backwards_over_all_edges_given() {
        // 0 -> 1 -> 2, 3 -> 1 by another kind of edge, 4 alone.
        let goal = vec![false, false, true, false, false];
        let a: &[(u32, u32)] = &[(0, 1), (1, 2)];
        let b: &[(u32, u32)] = &[(3, 1)];
        let reached = can_reach(goal.clone(), &[a]);
        assert_eq!(reached, [true, true, true, false, false]);
        let reached = can_reach(goal, &[a, b]);
        assert_eq!(reached, [true, true, true, true, false]);
    }
}
