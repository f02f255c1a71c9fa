//! The search backward: from which worlds a goal can still be reached.
//!
//! Invariants: a world is marked for a goal only if it meets it, is open for it, or an allowed
//! event leads to a marked world; the sweep ends when nothing more can be marked. What is marked at
//! the end does not depend on the order of marking. Edges are not kept: unmarked worlds are
//! expanded again. Most events lead deeper, so that sweeping from the last world to the first
//! settles nearly all in one pass.

use std::sync::atomic::{AtomicBool, Ordering};

use super::pack::Key;
use super::search::Search;
use super::views::Remembering;
use super::visited::{Marks, Visited};
use super::worker::{Worker, any};
use crate::check::{Monitor, Progress};
use crate::model::{Class, Expectation, Predicate, Protocol};

/// What a property wants to be reachable, and how.
#[derive_where::derive_where(Clone)]
pub struct Goal<P: Protocol> {
    /// Of the property.
    name: &'static str,
    condition: Option<Predicate<P>>,
    wanted: Predicate<P>,
    by_repairs: bool,
}

impl<P: Protocol> Goal<P> {
    /// Goals that can be looked for in one sweep: each has a bit.
    pub const AT_ONCE: usize = 8;

    pub fn of(name: &'static str, expectation: Expectation<P>) -> Option<Self> {
        match expectation {
            Expectation::NeverBlocked { condition, goal } => Some(Goal {
                name,
                condition,
                wanted: goal,
                by_repairs: false,
            }),
            Expectation::Recovers { goal } => Some(Goal {
                name,
                condition: None,
                wanted: goal,
                by_repairs: true,
            }),
            _ => None,
        }
    }
}

/// For each goal, the first world from which it cannot be reached. Nothing is known if the monitor stops
/// the sweep. Sweeps are numbered, so that one can go on from
/// a checkpoint.
pub fn blocked<P: Protocol>(
    search: &mut Search<'_, P>,
    nth: usize,
    goals: &[Goal<P>],
    monitor: &mut dyn Monitor,
) -> Option<Vec<Option<usize>>> {
    let steps_max = search.tuning.steps_max;
    let round = search.tuning.round.max(1);
    let bit = |wanted: &dyn Fn(&Goal<P>) -> bool| {
        let wanted = goals.iter().enumerate().filter(|(_, goal)| wanted(goal));
        wanted.fold(0u8, |bits, (nth, _)| bits | 1 << nth)
    };
    let count = search.keys.len();
    search.crew.call(count);
    for worker in search.crew.all() {
        let wanted = |goal: &Goal<P>| Remembering::new(goal.name, goal.wanted, steps_max);
        worker.goals = goals.iter().map(wanted).collect();
        worker.cursor.catch_up();
    }
    let progress = Progress {
        ahead: search.visited.bytes_of_marks() as u64,
        ..search.progress()
    };
    if let Err(stopped) = monitor.look(&progress) {
        search.stopped = Some(stopped);
        return None;
    }
    let marks = search.visited.marks();
    // What is marked stays marked, so it does not matter how far the pass had come.
    search.mark_again(&marks);
    let mut first = true;
    loop {
        let changed = AtomicBool::new(false);
        let mut end = count;
        while end > 0 {
            let mut progress = search.progress();
            progress.bytes += marks.bytes() as u64;
            let look = monitor.look(&progress);
            if look.is_err() || monitor.wants_checkpoint() {
                search.save_sweep(nth, &marks, monitor);
            }
            if let Err(stopped) = look {
                search.stopped = Some(stopped);
                return None;
            }
            let start = (end - 1) / round * round;
            let sweep = Sweep {
                marks: &marks,
                visited: &search.visited,
                all: bit(&|_| true),
                by_repairs: bit(&|goal| goal.by_repairs),
                first,
                expanded: search.expanded,
                deeper: search.shallow(),
            };
            let size = search.tuning.chunk.max(1);
            let (keys, chunks) = (&search.keys, (end - start).div_ceil(size));
            search.crew.work(end - start, chunks, |worker, nth| {
                let end = end - nth * size;
                let start = start.max(end.saturating_sub(size));
                let mut swept = std::mem::take(&mut worker.swept);
                keys.read(start..end, &mut swept);
                for (at, key) in (start..end).zip(&swept).rev() {
                    if sweep.mark(worker, at, *key) {
                        changed.store(true, Ordering::Relaxed);
                    }
                }
                worker.swept = swept;
            });
            end = start;
        }
        if !changed.load(Ordering::Relaxed) {
            break;
        }
        first = false;
    }
    let mut keys = Vec::new();
    let mut blocked = vec![None; goals.len()];
    let mut conditions: Vec<_> = goals
        .iter()
        .map(|goal| Some(Remembering::new(goal.name, goal.condition?, steps_max)))
        .collect();
    let worker = search.crew.first();
    worker.cursor.catch_up();
    for start in (0..count).step_by(round) {
        search.keys.read(start..count.min(start + round), &mut keys);
        for (at, &key) in (start..).zip(&keys) {
            let class = worker.cursor.class_of(key);
            let place = search.visited.find(class).expect("it was found");
            let marked = marks.get(place);
            for (nth, blocked) in blocked.iter_mut().enumerate() {
                if marked >> nth & 1 == 1 || blocked.is_some() {
                    continue;
                }
                worker.cursor.load(key);
                if conditions[nth].as_mut().is_none_or(|c| worker.holds(c)) {
                    *blocked = Some(at);
                }
            }
        }
        if blocked.iter().all(Option::is_some) {
            break;
        }
    }
    Some(blocked)
}

/// One pass over some worlds, from the last to the first.
struct Sweep<'s> {
    /// For each world, a bit for each goal that can be reached from it.
    marks: &'s Marks,
    visited: &'s Visited,
    all: u8,
    by_repairs: u8,
    /// Whether it is the first pass.
    first: bool,
    /// How many worlds were expanded.
    expanded: usize,
    /// How many worlds lie so shallow that worlds behind them were looked at.
    deeper: usize,
}

impl Sweep<'_> {
    /// Marks a world if it can be marked by now; whether that was news.
    fn mark<P: Protocol>(&self, worker: &mut Worker<'_, P>, at: usize, key: Key) -> bool {
        let class = worker.cursor.class_of(key);
        let place = self.visited.find(class).expect("it was found");
        let before = self.marks.get(place);
        if before == self.all {
            return false;
        }
        let expanded = at < self.expanded;
        if !expanded {
            self.marks.add(place, self.all);
            return true;
        }
        let mut bits = before;
        worker.cursor.load(key);
        if self.first {
            let mut goals = std::mem::take(&mut worker.goals);
            for (nth, goal) in goals.iter_mut().enumerate() {
                bits |= u8::from(worker.holds(goal)) << nth;
            }
            worker.goals = goals;
        }
        if bits != self.all {
            bits |= self.reached(worker, at, bits);
        }
        self.marks.add(place, bits);
        bits != before
    }

    /// The bits that what is enabled in a world adds to those that it has.
    fn reached<P: Protocol>(&self, worker: &mut Worker<'_, P>, at: usize, mut bits: u8) -> u8 {
        let Worker {
            system,
            cursor,
            enabled,
            ..
        } = worker;
        cursor.enable(system, enabled);
        let deeper = at < self.deeper;
        if !enabled.withheld.is_empty() || (!deeper && any(enabled, Class::Ordinary)) {
            bits |= self.all;
        }
        if enabled.repair_withheld || (!deeper && any(enabled, Class::Repair)) {
            bits |= self.by_repairs;
        }
        if !deeper {
            return bits;
        }
        for (nth, event) in enabled.events.iter().enumerate() {
            let allowed = match event.class() {
                Class::Ordinary => self.all,
                Class::Repair => self.by_repairs,
                Class::Fault => 0,
            };
            if allowed & !bits == 0 {
                continue;
            }
            cursor.step(system, enabled, nth);
            let class = cursor.class();
            cursor.undo();
            let place = self.visited.find(class).expect("it was found");
            bits |= allowed & self.marks.get(place);
        }
        bits
    }
}

impl<P: Protocol> Worker<'_, P> {
    /// Whether a predicate holds in the world that the cursor stands at.
    fn holds(&mut self, predicate: &mut Remembering<P>) -> bool {
        let parts = self.cursor.parts();
        let known = predicate.known(parts.len(), |part| parts[part]);
        let (holds, read) = known.unwrap_or_else(|| {
            self.parts.clone_from(&self.cursor.parts);
            let (answer, read) = predicate.ask(&mut self.cursor, &self.parts);
            (answer.is_ok(), read)
        });
        if known.is_some() && self.cursor.doubts() {
            self.parts.clone_from(&self.cursor.parts);
            predicate.ask_again(&mut self.cursor, &self.parts, holds);
        }
        self.read = self.read.and(read);
        holds
    }
}
