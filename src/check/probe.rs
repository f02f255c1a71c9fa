//! Whether something comes about at all: a look at the nearest worlds, for what an author may have
//! forgotten. It decides no verdict by itself.

use super::Monitor;
use super::blocked::{Possible, is_over};
use super::intern::number;
use super::worlds::{Found, Taken, Worlds, way};
use crate::model::{Predicate, Protocol, Reason, System, World};

/// How many worlds are looked at.
const WORLDS_MAX: usize = 20_000;

/// Whether some world is as asked, out of those nearest to the first one.
pub fn somewhere(
    worlds: &mut dyn Worlds,
    monitor: &mut dyn Monitor,
    is_so: &dyn Fn(&dyn Worlds) -> bool,
) -> Possible {
    if is_so(worlds) {
        return Possible::Yes;
    }
    let mut next = 0;
    while next < worlds.len() {
        if is_over(monitor, next + 1) {
            return Possible::Unknown;
        }
        for nth in 0..worlds.look(number(next)).events.len() {
            if worlds.step(nth).new && is_so(worlds) {
                return Possible::Yes;
            }
            if worlds.len() >= WORLDS_MAX {
                return Possible::Unknown;
            }
        }
        next += 1;
    }
    Possible::No
}

/// Shows every world that can be reached, unless there are more than so many or somebody wants it to end: whether
/// all were shown.
pub fn visit<P: Protocol>(
    system: &System<P>,
    start: &World<P>,
    most: usize,
    monitor: &mut dyn Monitor,
    on_world: &mut dyn FnMut(&World<P>),
) -> bool {
    let mut carrier = start.clone();
    let mut found = Found::new(system, &mut carrier, start, Vec::new());
    let all = find_at_most(&mut found, most, monitor);
    for at in 0..found.len() {
        on_world(found.world(number(at)));
    }
    all
}

/// The world that comes nearest to a goal, of those that a look comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// The events that lead there, in the one notation.
    pub schedule: Vec<String>,
    /// Why the goal is not met there; nothing if it is.
    pub reason: Option<Reason>,
    /// How many worlds were looked at, and whether these are all.
    pub worlds: usize,
    pub all: bool,
}

/// Looks for the world in which the fewest nodes are missing from a goal; of several, the one that is fewest events
/// from the start. Where nobody is named, how much is missing is not said: then the one that is farthest.
pub fn nearest<P: Protocol>(
    system: &System<P>,
    start: &World<P>,
    goal: Predicate<P>,
    most: usize,
    monitor: &mut dyn Monitor,
) -> Nearest {
    let mut carrier = start.clone();
    let mut found = Found::new(system, &mut carrier, start, vec![goal]);
    let (taken, reason, all) = come_near(&mut found, most, monitor);
    let worlds = found.len();
    let events: Vec<_> = taken.into_iter().map(|taken| found.event(taken)).collect();
    Nearest {
        schedule: system.spell(&events),
        reason,
        worlds,
        all,
    }
}

/// The way to the nearest world, what is missing there, and whether all worlds were looked at.
fn come_near(
    worlds: &mut dyn Worlds,
    most: usize,
    monitor: &mut dyn Monitor,
) -> (Vec<Taken>, Option<Reason>, bool) {
    let distance = |reason: &Reason, depth: usize| match reason.nodes.len() {
        0 => (usize::MAX, usize::MAX - depth),
        n => (n, 0),
    };
    let mut taken = vec![Taken::new(0, 0)];
    let mut depths = vec![0];
    let Err(mut reason) = worlds.ask(0) else {
        return (Vec::new(), None, false);
    };
    let mut least = distance(&reason, 0);
    let (mut nearest, mut next) = (0, 0);
    while next < worlds.len() {
        if worlds.len() >= most || is_over(monitor, next + 1) {
            return (way(&taken, nearest), Some(reason), false);
        }
        let at = number(next);
        for nth in 0..worlds.look(at).events.len() {
            let step = worlds.step(nth);
            if !step.new {
                continue;
            }
            taken.push(Taken::new(at, nth));
            let Err(why) = worlds.ask(0) else {
                return (way(&taken, step.to), None, false);
            };
            let depth = depths[next] + 1;
            depths.push(depth);
            let distance = distance(&why, depth);
            if distance < least {
                (least, nearest, reason) = (distance, step.to, why);
            }
        }
        next += 1;
    }
    (way(&taken, nearest), Some(reason), true)
}

/// Finds every world that can be reached, or so many.
fn find_at_most(worlds: &mut dyn Worlds, most: usize, monitor: &mut dyn Monitor) -> bool {
    let mut next = 0;
    while next < worlds.len() {
        if is_over(monitor, next + 1) {
            return false;
        }
        for nth in 0..worlds.look(number(next)).events.len() {
            worlds.step(nth);
        }
        if worlds.len() > most {
            return false;
        }
        next += 1;
    }
    true
}
