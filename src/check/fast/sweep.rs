//! The search backward: from which worlds a goal can still be reached.
//!
//! Invariants: a world is marked for a goal only if it meets it, is open for it, or an allowed
//! event leads to a marked world; the sweep ends when nothing more can be marked. Edges are not
//! kept: unmarked worlds are expanded again. Most events lead deeper, so that sweeping from the
//! last world to the first settles nearly all in one pass.

use super::books::Numbers;
use super::search::{LOOK_EVERY, Search, any};
use super::views::Remembering;
use super::visited::Marks;
use crate::check::Monitor;
use crate::model::{Class, Enabled, Expectation, Predicate, Protocol};

/// What a property wants to be reachable, and how.
#[derive_where::derive_where(Clone)]
pub struct Goal<P: Protocol> {
    condition: Option<Predicate<P>>,
    wanted: Predicate<P>,
    by_repairs: bool,
}

impl<P: Protocol> Goal<P> {
    /// Goals that can be looked for in one sweep: each has a bit.
    pub const AT_ONCE: usize = 8;

    pub fn of(expectation: Expectation<P>) -> Option<Self> {
        match expectation {
            Expectation::NeverBlocked { condition, goal } => Some(Goal {
                condition,
                wanted: goal,
                by_repairs: false,
            }),
            Expectation::Recovers { goal } => Some(Goal {
                condition: None,
                wanted: goal,
                by_repairs: true,
            }),
            _ => None,
        }
    }
}

/// For each goal, the first world from which it cannot be reached. If the monitor stops the
/// sweep, nothing is known and nothing is reported.
pub fn blocked<P: Protocol>(
    search: &mut Search<'_, P>,
    goals: &[Goal<P>],
    monitor: &mut dyn Monitor,
) -> Vec<Option<usize>> {
    let steps_max = search.tuning.steps_max;
    let remembering = |predicate: Predicate<P>| Remembering::new(predicate, steps_max);
    let bit = |wanted: &dyn Fn(&Goal<P>) -> bool| {
        let wanted = goals.iter().enumerate().filter(|(_, goal)| wanted(goal));
        wanted.fold(0u8, |bits, (nth, _)| bits | 1 << nth)
    };
    let mut sweep = Sweep {
        marks: search.visited.marks(),
        predicates: goals.iter().map(|goal| remembering(goal.wanted)).collect(),
        all: bit(&|_| true),
        by_repairs: bit(&|goal| goal.by_repairs),
        enabled: Enabled::default(),
    };
    let mut first = true;
    let mut looked = 0usize;
    loop {
        let mut changed = false;
        for at in (0..search.keys.len()).rev() {
            looked += 1;
            if looked.is_multiple_of(LOOK_EVERY)
                && let Err(stopped) = monitor.look(&search.progress())
            {
                search.stopped.get_or_insert(stopped);
                return vec![None; goals.len()];
            }
            changed |= sweep.mark(search, at, first);
        }
        if !changed {
            break;
        }
        first = false;
    }
    let ask = |(nth, goal): (usize, &Goal<P>)| {
        let mut condition = goal.condition.map(remembering);
        (0..search.keys.len()).find(|&at| {
            let word = search.keys.get(at);
            let place = search.visited.find(word).expect("it was found");
            if sweep.marks.get(place) >> nth & 1 == 1 {
                return false;
            }
            search.cursor.load(word);
            condition.as_mut().is_none_or(|c| holds(search, c))
        })
    };
    goals.iter().enumerate().map(ask).collect()
}

/// Whether a predicate holds in the world that the cursor stands at.
fn holds<P: Protocol>(search: &Search<'_, P>, predicate: &mut Remembering<P>) -> bool {
    let parts = search.cursor.parts();
    let protocol = &search.system.protocol;
    predicate
        .known(parts.len(), |part| parts[part])
        .unwrap_or_else(|| {
            let answer = predicate.ask(protocol, search.cursor.books(), parts);
            answer.is_ok()
        })
}

struct Sweep<P: Protocol> {
    /// For each world, a bit for each goal that can be reached from it.
    marks: Marks,
    predicates: Vec<Remembering<P>>,
    all: u8,
    by_repairs: u8,
    enabled: Enabled<Numbers>,
}

impl<P: Protocol> Sweep<P> {
    /// Marks a world if it can be marked by now; whether that was news.
    fn mark(&mut self, search: &mut Search<'_, P>, at: usize, first: bool) -> bool {
        let word = search.keys.get(at);
        let place = search.visited.find(word).expect("it was found");
        let before = self.marks.get(place);
        if before == self.all {
            return false;
        }
        let mut bits = before;
        search.cursor.load(word);
        let expanded = at < search.expanded;
        if first {
            if !expanded {
                self.marks.set(place, self.all);
                return true;
            }
            for (nth, predicate) in self.predicates.iter_mut().enumerate() {
                bits |= u8::from(holds(search, predicate)) << nth;
            }
        }
        if expanded && bits != self.all {
            bits |= self.reached(search, at, bits);
        }
        self.marks.set(place, bits);
        bits != before
    }

    /// The bits that what is enabled in a world adds to those that it has.
    fn reached(&mut self, search: &mut Search<'_, P>, at: usize, mut bits: u8) -> u8 {
        let enabled = &mut self.enabled;
        search.system.enable(&mut search.cursor, enabled);
        let deeper = search.goes_deeper(at);
        if !enabled.withheld.is_empty() || (!deeper && any(enabled, Class::Ordinary)) {
            bits |= self.all;
        }
        if enabled.repair_withheld || (!deeper && any(enabled, Class::Repair)) {
            bits |= self.by_repairs;
        }
        if !deeper {
            return bits;
        }
        for event in &enabled.events {
            let allowed = match event.class() {
                Class::Ordinary => self.all,
                Class::Repair => self.by_repairs,
                Class::Fault => 0,
            };
            if allowed & !bits == 0 {
                continue;
            }
            search.system.apply(&mut search.cursor, event);
            let word = search.cursor.key();
            search.cursor.undo();
            let place = search.visited.find(word).expect("it was found");
            bits |= allowed & self.marks.get(place);
        }
        bits
    }
}
