//! The plain engine: breadth-first search over whole worlds.
//!
//! Invariants: worlds are numbered in the order in which they are found, so a smaller number
//! never lies deeper; a path back to the start is rebuilt by asking the relation again, so
//! nothing but two small numbers is kept for it; a world that was not expanded is *open*.

use std::collections::BTreeSet;

use super::intern::{Number, number};
use super::worlds::{Found, Keyed, Taken, Worlds, way};
use super::{Account, LOOK_EVERY, Limits, Monitor, Progress, Stopped};
use crate::model::arms::Exercised;
use crate::model::{Bound, Class, Event, Expectation, Property, Protocol, Reason, Sense, System};

/// What a search found out, with events of some kind.
#[derive(Debug)]
pub struct Explored<E> {
    pub account: Account,
    /// For each property, in the order in which they were asked.
    pub findings: Vec<Finding<E>>,
    /// Shortest way to a world in which timers are armed, none of them may fire, and no other
    /// ordinary event is enabled: a deadlock, or a wrong `awaits`.
    pub waiting_for_the_living: Option<Vec<E>>,
}

impl<E> Explored<E> {
    /// The same with its schedules put in other words.
    pub fn with<F>(self, words: &mut dyn FnMut(Vec<E>) -> Vec<F>) -> Explored<F> {
        let findings = self.findings.into_iter();
        Explored {
            account: self.account,
            findings: findings.map(|finding| finding.with(words)).collect(),
            waiting_for_the_living: self.waiting_for_the_living.map(words),
        }
    }
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
    pub fn with<F>(self, words: &mut dyn FnMut(Vec<E>) -> Vec<F>) -> Finding<F> {
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
) -> Explored<Event<P>> {
    let mut predicates = Vec::new();
    let mut inquiries = Vec::new();
    for property in properties {
        let condition = match &property.expectation {
            Expectation::NeverBlocked { condition, .. } => condition.clone(),
            _ => None,
        };
        let predicate = predicates.len();
        predicates.push(property.expectation.predicate().clone());
        let condition = condition.map(|condition| {
            predicates.push(condition);
            predicate + 1
        });
        inquiries.push(Inquiry {
            sense: property.expectation.sense(),
            predicate,
            condition,
            found: None,
            goal: Vec::new(),
            asked: Vec::new(),
        });
    }
    let mut found = Found::new(system, carrier, start, predicates);
    let explored = Exploration::of(&mut found, inquiries).run(limits, monitor);
    explored.with(&mut |way| way.into_iter().map(|taken| found.event(taken)).collect())
}

/// One property while the search goes on.
struct Inquiry {
    sense: Sense,
    /// Which of the predicates is its own, and which says where it matters.
    predicate: usize,
    condition: Option<usize>,
    found: Option<(Number, Option<Reason>)>,
    /// For each world, for the sweep backwards: it meets the goal.
    goal: Vec<bool>,
    /// For each world: the property asks something of it.
    asked: Vec<bool>,
}

/// A search, whatever the protocol.
struct Exploration<'a> {
    worlds: &'a mut dyn Worlds,
    inquiries: Vec<Inquiry>,
    /// Some property asks for possible progress: edges are kept for the sweep backwards.
    sweeps: bool,
    /// For each world, how it was found.
    taken: Vec<Taken>,
    ordinary: Vec<(Number, Number)>,
    repairs: Vec<(Number, Number)>,
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
    waiting: Option<Number>,
    exercised: Exercised,
}

impl<'a> Exploration<'a> {
    fn of(worlds: &'a mut dyn Worlds, inquiries: Vec<Inquiry>) -> Self {
        let sweeps = inquiries.iter().any(|i| i.sense.is_of_progress());
        Exploration {
            worlds,
            inquiries,
            sweeps,
            taken: Vec::new(),
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
        }
    }

    fn run(mut self, limits: &Limits, monitor: &mut dyn Monitor) -> Explored<Taken> {
        self.stopped = self.search(limits, monitor).err();
        self.sweep();
        self.explored()
    }

    fn search(&mut self, limits: &Limits, monitor: &mut dyn Monitor) -> Result<(), Stopped> {
        self.discover(0, Taken::new(0, 0));
        let mut next = 0;
        let mut level_ends = 1;
        while next < self.worlds.len() && !self.is_settled() {
            if next == level_ends {
                self.depth += 1;
                level_ends = self.worlds.len();
            }
            if next.is_multiple_of(LOOK_EVERY) {
                monitor.look(&self.progress(next))?;
            }
            let too_many = |most| self.worlds.len() as u64 > most;
            if limits.states.is_some_and(too_many) {
                return Err(Stopped::States);
            }
            let deeper = limits
                .depth
                .allows(|| usize::try_from(self.depth).unwrap_or(usize::MAX));
            self.expand(number(next), deeper);
            next += 1;
            self.expanded = next;
        }
        Ok(())
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

    fn expand(&mut self, at: Number, deeper: bool) {
        let enabled = self.worlds.look(at);
        let ordinary = enabled.any(Class::Ordinary);
        // Faults that are cut off leave no world open, but worlds behind them are not looked at.
        if !deeper && !enabled.events.is_empty() {
            self.withheld.insert(Bound::Depth);
        }
        if enabled.held_back > 0 && !ordinary && enabled.withheld.is_empty() {
            self.waiting.get_or_insert(at);
        }
        self.open[at as usize] = !enabled.withheld.is_empty() || (!deeper && ordinary);
        self.repair_open[at as usize] =
            enabled.repair_withheld || (!deeper && enabled.any(Class::Repair));
        self.repair_withheld |= enabled.repair_withheld;
        self.absorbed |= enabled.crowded;
        self.withheld.extend(enabled.withheld);
        if !deeper {
            return;
        }
        for (nth, class) in enabled.events.into_iter().enumerate() {
            let step = self.worlds.step(nth);
            self.generated += 1;
            if step.reacted {
                self.exercised.extend(self.worlds.hear(nth));
            }
            self.absorbed |= step.absorbed;
            if step.new {
                self.discover(step.to, Taken::new(at, nth));
            }
            if self.sweeps {
                match class {
                    Class::Ordinary => self.ordinary.push((at, step.to)),
                    Class::Repair => self.repairs.push((at, step.to)),
                    Class::Fault => {}
                }
            }
        }
    }

    /// Notes a world that is new, and asks the properties of it.
    fn discover(&mut self, at: Number, by: Taken) {
        self.taken.push(by);
        self.open.push(true);
        self.repair_open.push(false);
        for inquiry in &mut self.inquiries {
            inquiry.ask(at, &*self.worlds);
        }
    }

    /// Finds the first world from which a goal cannot be reached.
    fn sweep(&mut self) {
        for inquiry in &mut self.inquiries {
            let (by_repairs, edges) = match inquiry.sense {
                Sense::NeverBlocked => (false, &[&*self.ordinary] as &[_]),
                Sense::Recovers => (true, &[&*self.ordinary, &*self.repairs] as &[_]),
                Sense::Always | Sense::Reachable => continue,
            };
            let marked = |at: usize| {
                inquiry.goal[at] || self.open[at] || (by_repairs && self.repair_open[at])
            };
            let marked = (0..inquiry.goal.len()).map(marked).collect();
            let hopeful = can_reach(marked, edges);
            let blocked = (0..hopeful.len()).find(|&i| inquiry.asked[i] && !hopeful[i]);
            inquiry.found = blocked.map(|at| (number(at), None));
        }
    }

    fn explored(self) -> Explored<Taken> {
        let findings = self.inquiries.iter().map(|inquiry| {
            let Some((at, reason)) = &inquiry.found else {
                return Finding::Nothing;
            };
            let schedule = way(&self.taken, *at);
            match (inquiry.sense, reason.clone()) {
                (Sense::Always, Some(reason)) => Finding::Broken { schedule, reason },
                (Sense::Reachable, _) => Finding::Met { schedule },
                _ => Finding::Blocked { schedule },
            }
        });
        Explored {
            findings: findings.collect(),
            waiting_for_the_living: self.waiting.map(|at| way(&self.taken, at)),
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
        }
    }
}

impl Inquiry {
    /// Asks the property of a world. Worlds come in the order of their numbers.
    fn ask(&mut self, at: Number, worlds: &dyn Worlds) {
        match self.sense {
            Sense::Always => {
                if self.found.is_none()
                    && let Err(reason) = worlds.ask(self.predicate)
                {
                    self.found = Some((at, Some(reason)));
                }
            }
            Sense::Reachable => {
                if self.found.is_none() && worlds.ask(self.predicate).is_ok() {
                    self.found = Some((at, None));
                }
            }
            Sense::NeverBlocked | Sense::Recovers => {
                let asked = |condition| worlds.ask(condition).is_ok();
                self.goal.push(worlds.ask(self.predicate).is_ok());
                self.asked.push(self.condition.is_none_or(asked));
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
