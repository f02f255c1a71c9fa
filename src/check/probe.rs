//! Whether something comes about at all: a look at the nearest worlds, for what an author may have
//! forgotten. It decides no verdict by itself.

use super::Monitor;
use super::blocked::{Possible, is_over};
use super::intern::number;
use super::worlds::{Found, Taken, Worlds, way};
use crate::model::cluster::enumerate;
use crate::model::event::label;
use crate::model::{
    Cluster, Id, Input, NodeSet, Predicate, Protocol, Reason, Suspicion, System, Timing, View,
    World,
};

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
    /// What keeps timers from firing there, and repairs from coming: whole sentences.
    pub guards: Vec<String>,
    /// How many worlds were looked at, and whether these are all.
    pub worlds: usize,
    pub all: bool,
}

/// Looks for the world in which the fewest nodes are missing from a goal; of several, the one that is fewest events
/// from the start. Where nobody is named, how much is missing is not said: then the one that is farthest.
pub fn nearest<P: Protocol>(
    system: &System<P>,
    start: &World<P>,
    goal: &Predicate<P>,
    most: usize,
    monitor: &mut dyn Monitor,
) -> Nearest {
    let mut carrier = start.clone();
    let mut found = Found::new(system, &mut carrier, start, vec![goal.clone()]);
    let (taken, reason, all) = come_near(&mut found, most, monitor);
    let worlds = found.len();
    let events: Vec<_> = taken.into_iter().map(|taken| found.event(taken)).collect();
    let mut world = start.clone();
    for event in &events {
        system.apply(&mut world, event);
    }
    Nearest {
        schedule: system.spell(&events),
        reason,
        guards: guards(system, &world),
        worlds,
        all,
    }
}

/// What keeps a timer from firing.
enum Guard {
    /// One of these is up: under accurate timing it does not fire then.
    Up(NodeSet),
    /// Something from or to these is still under way.
    UnderWay(NodeSet),
    /// The bound on timeouts.
    Timeouts,
    /// A bound of the protocol's own.
    Protocol(&'static str),
}

/// What keeps what might happen in a world from happening.
fn guards<P: Protocol>(system: &System<P>, world: &World<P>) -> Vec<String> {
    let (protocol, cluster, rules) = (&system.protocol, &system.cluster, &system.rules);
    let spent = &world.globals().spent;
    let may_fire = rules.timeouts.allows(|| spent.timeouts as usize);
    let mut held = Vec::new();
    for id in cluster.ids() {
        let Some(up) = world.node(id).up() else {
            continue;
        };
        for timer in &up.timers {
            let awaited = protocol.awaits(id, &up.state, timer);
            let suspicion = system.suspicion(world, id, timer);
            let guard = match suspicion {
                Suspicion::False if rules.timing == Timing::Accurate => Some(Guard::Up(awaited)),
                Suspicion::Early if rules.timing == Timing::Accurate => {
                    Some(Guard::UnderWay(awaited))
                }
                _ if !may_fire => Some(Guard::Timeouts),
                _ => {
                    let bound = protocol.withheld(id, &up.state, Input::Timeout(timer));
                    bound.map(Guard::Protocol)
                }
            };
            held.extend(guard.map(|guard| (id, label(timer), guard)));
        }
    }
    let down = cluster.ids().filter(|&id| world.is_down(id)).collect();
    let recovers = rules
        .budgets
        .recoveries
        .allows(|| spent.recoveries as usize);
    let heals = rules.budgets.heals.allows(|| spent.heals as usize);
    let cuts = world.globals().cuts.iter();
    let cuts: Vec<String> = cuts.map(|cut| cut.notation(cluster)).collect();
    told(cluster, held, (down, recovers), (cuts, heals))
}

fn told(
    cluster: &Cluster,
    held: Vec<(Id, String, Guard)>,
    (down, recovers): (NodeSet, bool),
    (cuts, heals): (Vec<String>, bool),
) -> Vec<String> {
    let are = |nodes: NodeSet| if nodes.len() == 1 { "is" } else { "are" };
    let sentence = |(id, timer, guard): (Id, String, Guard)| {
        let why = match guard {
            Guard::Up(awaited) => format!(
                "timing is accurate, and not all it awaits ({}) have failed",
                cluster.names(awaited)
            ),
            Guard::UnderWay(awaited) => format!(
                "timing is accurate, and something from or to {} is still under way",
                cluster.names(awaited)
            ),
            Guard::Timeouts => "the bound on timeouts is reached".to_owned(),
            Guard::Protocol(bound) => format!("the bound `{bound}` withholds it"),
        };
        format!(
            "{}'s timer {timer} does not fire there: {why}.",
            cluster.name(id)
        )
    };
    let mut sentences: Vec<String> = held.into_iter().map(sentence).collect();
    if !down.is_empty() && !recovers {
        let names = cluster.names(down);
        sentences.push(format!(
            "{names} {} down there, and no recovery is left.",
            are(down)
        ));
    }
    if !cuts.is_empty() && !heals {
        let cuts = enumerate(cuts);
        sentences.push(format!(
            "What is cut there ({cuts}) stays cut: no heal is left."
        ));
    }
    sentences
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
