//! Whether something comes about at all: a look at the nearest worlds, for what an author may have
//! forgotten. It decides no verdict by itself.

use super::Monitor;
use super::blocked::{Possible, is_over};
use super::intern::number;
use super::worlds::{Found, Worlds};
use crate::model::{Protocol, System, World};

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
