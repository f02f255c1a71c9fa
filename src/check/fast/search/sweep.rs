//! The search backward: from which worlds a goal can still be reached.
//!
//! Invariants: a world is marked for a goal only if it meets it, is open for it, or an allowed
//! event leads to a marked world; the sweep ends when nothing more can be marked. What is marked at
//! the end does not depend on the order of marking. Edges are not kept: unmarked worlds are
//! expanded again. Most events lead deeper, so that sweeping from the last world to the first
//! settles nearly all in one pass.

use std::sync::atomic::{AtomicBool, Ordering};

use super::state::BreadthFirst;
use crate::check::fast::expand::worker::Sweep;
use crate::check::{Monitor, Progress};

/// Goals that can be looked for in one sweep: each has a bit.
pub const AT_ONCE: usize = 8;

/// What a property wants to be reachable.
#[derive(Clone, Copy)]
pub struct Goal {
    /// The place of the property.
    pub property: usize,
    pub by_repairs: bool,
}

/// For each goal, the first world from which it cannot be reached. Nothing is known if the monitor stops
/// the sweep. Sweeps are numbered, so that one can go on from
/// a checkpoint.
pub fn blocked(
    search: &mut BreadthFirst<'_>,
    nth: usize,
    goals: &[Goal],
    monitor: &mut dyn Monitor,
) -> Option<Vec<Option<usize>>> {
    let round = search.tuning.sizes.round.max(1);
    let bit = |wanted: &dyn Fn(&Goal) -> bool| {
        let wanted = goals.iter().enumerate().filter(|(_, goal)| wanted(goal));
        wanted.fold(0u8, |bits, (nth, _)| bits | 1 << nth)
    };
    let count = search.keys.len();
    search.crew.call(count);
    let properties: Vec<usize> = goals.iter().map(|goal| goal.property).collect();
    for worker in search.crew.all() {
        worker.look_for(&properties);
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
                keys: &search.keys,
                marks: &marks,
                visited: &search.visited,
                all: bit(&|_| true),
                by_repairs: bit(&|goal| goal.by_repairs),
                first,
                expanded: search.expanded,
                deeper: search.shallow(),
            };
            let size = search.tuning.sizes.chunk.max(1);
            let chunks = (end - start).div_ceil(size);
            search.crew.work(end - start, chunks, &|worker, nth| {
                let end = end - nth * size;
                let start = start.max(end.saturating_sub(size));
                if worker.sweep(&sweep, start..end) {
                    changed.store(true, Ordering::Relaxed);
                }
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
    let worker = search.crew.first();
    worker.catch_up();
    for start in (0..count).step_by(round) {
        search.keys.read(start..count.min(start + round), &mut keys);
        for (at, &key) in (start..).zip(&keys) {
            let class = worker.class_of(key);
            let place = search.visited.find(class).expect("it was found");
            let marked = marks.get(place);
            for (nth, blocked) in blocked.iter_mut().enumerate() {
                if marked >> nth & 1 == 1 || blocked.is_some() {
                    continue;
                }
                if worker.matters(nth, key) {
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
