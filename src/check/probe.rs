//! Whether something comes about at all: a look at the nearest worlds, for what an author may have
//! forgotten. It decides no verdict by itself.

use super::Monitor;
use super::blocked::{Possible, is_over};
use super::intern::number;
use super::worlds::Worlds;

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
