//! Why a world is stuck: who waits for whom, and what would help.

use std::collections::BTreeSet;

use super::intern::{Number, number};
use super::worlds::{Found, Taken, Worlds, way};
use super::{Monitor, Progress};
use crate::model::{
    Budgets, Cluster, Event, Few, FewMap, Id, Limit, LinkOrder, NodeSet, Predicate, Protocol,
    Reason, Rules, System, Timing, View, World, cluster::enumerate,
};

/// A status in words is no longer than this.
const STATUS_MAX: usize = 40;

/// Whether a goal can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Possible {
    Yes,
    No,
    /// A limit, or a bound that withheld an ordinary event, left it open.
    Unknown,
}

/// A world from which a goal cannot be reached by ordinary events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Why the goal is not met.
    pub reason: Reason,
    /// The nodes that the reason names and that are up, with the peers whom their timers await.
    pub waits: Vec<(Id, NodeSet)>,
    /// The nodes that are down.
    pub down: NodeSet,
    /// The repairs after which the goal can be reached, in the one notation; empty if none of
    /// those tried is enough.
    pub unblocked_by: Vec<String>,
    /// Whole sentences that say all that.
    pub sentences: Vec<String>,
}

/// What a goal is to be reached by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// Ordinary events alone.
    Ordinary,
    /// Ordinary events and repairs: whatever is down may recover, and whatever is cut may heal.
    Repairs,
}

/// Whether a world leads to one that meets the goal, by searches of at most `states_max` worlds each.
/// Goals speak of nodes and histories, not of messages under way.
///
/// Timers may fire at any moment if timing is asynchronous: then *no* is no whatever the clocks
/// do, and *yes* may need a suspicion that is false.
pub fn possible<P: Protocol>(
    system: &System<P>,
    world: &World<P>,
    goal: &Predicate<P>,
    by: Means,
    timing: Timing,
    states_max: usize,
    monitor: &mut dyn Monitor,
) -> Possible {
    let system = without_faults(system, by, timing);
    // Where no message is ever used up all that can happen still can, and much more, in far fewer
    // worlds. What even that does not reach is out of reach.
    if system.rules.links.order == LinkOrder::Unordered && timing == Timing::Asynchronous {
        let mut links = system.rules.links;
        links.never_forgets = true;
        let generous = system.under(Rules {
            links,
            ..system.rules.clone()
        });
        if search(&generous, world, goal, states_max, monitor) == Possible::No {
            return Possible::No;
        }
    }
    search(&system, world, goal, states_max, monitor)
}

fn search<P: Protocol>(
    system: &System<P>,
    world: &World<P>,
    goal: &Predicate<P>,
    states_max: usize,
    monitor: &mut dyn Monitor,
) -> Possible {
    let mut carrier = world.clone();
    let mut found = Found::new(system, &mut carrier, world, vec![goal.clone()]);
    reaches(&mut found, states_max, monitor)
}

/// Whether a goal can be reached: looks first where the fewest nodes are missing from it, then where it
/// got to first.
fn reaches(worlds: &mut dyn Worlds, states_max: usize, monitor: &mut dyn Monitor) -> Possible {
    let mut open = false;
    let mut queue = BTreeSet::new();
    let Err(missing) = worlds.ask(0) else {
        return Possible::Yes;
    };
    queue.insert((missing.nodes.len(), 0));
    while let Some((_, at)) = queue.pop_first() {
        let enabled = worlds.look(at);
        open |= !enabled.withheld.is_empty();
        for nth in 0..enabled.events.len() {
            let step = worlds.step(nth);
            if !step.new {
                continue;
            }
            let Err(missing) = worlds.ask(0) else {
                return Possible::Yes;
            };
            let before = worlds.len() - 1;
            if before >= states_max || is_over(monitor, before) {
                return Possible::Unknown;
            }
            queue.insert((missing.nodes.len(), step.to));
        }
    }
    if open {
        Possible::Unknown
    } else {
        Possible::No
    }
}

/// Whether somebody wants it to end, asked of every world: there are few of them, and each may be large and
/// have thousands of events.
pub(super) fn is_over(monitor: &mut dyn Monitor, found: usize) -> bool {
    let progress = Progress {
        distinct: found as u64,
        ..Progress::default()
    };
    monitor.look(&progress).is_err()
}

/// Where a blocked world is taken by ordinary events, and by the repairs that count: the events, and the
/// world in which as little as possible is down or cut, under way and undecided. From there it is plain to
/// see who is stuck.
///
/// Timing stays that of the system, so that nothing happens here that the check would not allow.
pub fn standstill<P: Protocol>(
    system: &System<P>,
    world: &World<P>,
    goal: &Predicate<P>,
    by: Means,
    states_max: usize,
    monitor: &mut dyn Monitor,
) -> (Vec<Event<P>>, World<P>) {
    let allowed = &system.rules.budgets;
    let (recoveries, heals) = match by {
        Means::Ordinary => (Limit::NONE, Limit::NONE),
        Means::Repairs => (allowed.recoveries, allowed.heals),
    };
    let system = system.under(Rules {
        budgets: Budgets {
            recoveries,
            heals,
            ..Budgets::none()
        },
        timeouts: Limit::Unlimited,
        ..system.rules.clone()
    });
    let mut carrier = world.clone();
    let mut found = Found::new(&system, &mut carrier, world, vec![goal.clone()]);
    let (way, calmest) = calmest(&mut found, states_max, monitor);
    let events = way.into_iter().map(|taken| found.event(taken)).collect();
    (events, found.world(calmest).clone())
}

/// The first of the worlds in which the least is under way and undecided, and the way there.
fn calmest(
    worlds: &mut dyn Worlds,
    states_max: usize,
    monitor: &mut dyn Monitor,
) -> (Vec<Taken>, Number) {
    let unrest = |worlds: &dyn Worlds| {
        let missed = worlds.ask(0).err();
        let missing = missed.map_or(0, |reason| reason.nodes.len());
        (worlds.unrepaired(), worlds.in_flight(), missing)
    };
    let mut taken = vec![Taken::new(0, 0)];
    let mut calmest = (unrest(worlds), 0);
    let mut next = 0;
    while next < worlds.len() && worlds.len() < states_max {
        if is_over(monitor, next + 1) {
            break;
        }
        let at = number(next);
        for nth in 0..worlds.look(at).events.len() {
            let step = worlds.step(nth);
            if step.new {
                taken.push(Taken::new(at, nth));
                calmest = calmest.min((unrest(worlds), step.to));
            }
        }
        next += 1;
    }
    let (_, calmest) = calmest;
    (way(&taken, calmest), calmest)
}

/// Explains a blocked world.
pub fn explain<P: Protocol>(
    system: &System<P>,
    world: &World<P>,
    goal: &Predicate<P>,
    timing: Timing,
    states_max: usize,
    monitor: &mut dyn Monitor,
) -> Blocked {
    let reason = goal
        .ask(&system.protocol, world)
        .err()
        .unwrap_or_else(|| Reason::new(NodeSet::EMPTY, "the goal is met"));
    let down = system.cluster.all().minus(world.up());
    let waits: Vec<_> = reason
        .nodes
        .iter()
        .filter_map(|id| {
            let up = world.node(id).up()?;
            let awaits = |timer| system.protocol.awaits(id, &up.state, timer);
            let awaited = up.timers.iter().map(awaits);
            Some((id, awaited.fold(NodeSet::EMPTY, NodeSet::union)))
        })
        .collect();
    let repairs = repairs(system, world, goal, timing, states_max, monitor);
    let others = system.cluster.ids().filter_map(|id| {
        let up = world.node(id).up()?;
        let is_blocked = reason.nodes.contains(id);
        (!is_blocked).then(|| (id, system.protocol.status_up(&up.state)))
    });
    let others = no_help(&system.cluster, others.collect());
    told(&system.cluster, reason, waits, down, others, repairs)
}

/// Those who are up and not blocked themselves, with where they stand: whatever they do, it does not help.
fn no_help(cluster: &Cluster, others: Vec<(Id, String)>) -> Option<String> {
    let mut standing = FewMap::<String, NodeSet>::new();
    for (id, status) in others {
        // What needs more words than these is no status.
        let status = if status.len() <= STATUS_MAX {
            status
        } else {
            String::new()
        };
        let those = standing.of(status);
        *those = those.with(id);
    }
    let all = standing.values().fold(NodeSet::EMPTY, |a, &b| a.union(b));
    let (are, do_) = match all.len() {
        0 => return None,
        1 => ("is", "does"),
        _ => ("are", "do"),
    };
    let each = standing.iter().map(|(status, those)| {
        let names = cluster.names(*those);
        match status.as_str() {
            "" => names,
            status => format!("{names} ({status})"),
        }
    });
    Some(format!("{} {are} up, and {do_} not help.", enumerate(each)))
}

/// What is known of repairs.
struct Repairs {
    /// There is something to repair.
    possible: bool,
    /// The smallest set that helps, of those tried: each alone, then all together.
    helping: Vec<String>,
    /// Those that do not help are known not to.
    is_known: bool,
}

fn told(
    cluster: &Cluster,
    reason: Reason,
    waits: Vec<(Id, NodeSet)>,
    down: NodeSet,
    others: Option<String>,
    repairs: Repairs,
) -> Blocked {
    let mut sentences = sentences(cluster, &reason, &waits, down);
    if !reason.nodes.is_empty() {
        sentences.extend(others);
    }
    let unblocked_by = repairs.helping;
    sentences.push(match (repairs.possible, unblocked_by.is_empty()) {
        (false, _) => "Nothing is down or cut, so no repair can help.".to_owned(),
        (true, true) if repairs.is_known => {
            "No single repair helps, nor all repairs together.".to_owned()
        }
        (true, true) => "Whether a repair helps was not found out.".to_owned(),
        (true, false) => way_out(cluster, &reason, &unblocked_by),
    });
    Blocked {
        reason,
        waits,
        down,
        unblocked_by,
        sentences,
    }
}

fn repairs<P: Protocol>(
    system: &System<P>,
    world: &World<P>,
    goal: &Predicate<P>,
    timing: Timing,
    states_max: usize,
    monitor: &mut dyn Monitor,
) -> Repairs {
    let down = system.cluster.all().minus(world.up());
    let recoveries = down.iter().map(Event::Recover);
    let heals = world.globals().cuts.iter().cloned().map(Event::Heal);
    let all: Vec<Event<P>> = heals.chain(recoveries).collect();
    let mut is_known = true;
    let mut helps = |repairs: &[&Event<P>]| {
        let mut world = world.clone();
        for event in repairs {
            if system.obstacle(&world, event).is_some() {
                return false;
            }
            system.apply(&mut world, event);
        }
        let by = Means::Ordinary;
        let possible = possible(system, &world, goal, by, timing, states_max, monitor);
        is_known &= possible != Possible::Unknown;
        possible == Possible::Yes
    };
    let names = |repairs: &[&Event<P>]| {
        let notation = |e: &&Event<P>| e.notation(&system.cluster).to_string();
        repairs.iter().map(notation).collect()
    };
    let together: Vec<&Event<P>> = all.iter().collect();
    let helping = if let Some(event) = all.iter().find(|event| helps(&[event])) {
        names(&[event])
    } else if together.len() > 1 && helps(&together) {
        names(&together)
    } else {
        Vec::new()
    };
    Repairs {
        possible: !all.is_empty(),
        helping,
        is_known,
    }
}

fn sentences(
    cluster: &Cluster,
    reason: &Reason,
    waits: &[(Id, NodeSet)],
    down: NodeSet,
) -> Vec<String> {
    let mut sentences = Vec::new();
    let are = |n: usize| if n == 1 { "is" } else { "are" };
    if reason.nodes.is_empty() {
        sentences.push(format!("Blocked: {}.", reason.text));
    } else {
        let names = cluster.names(reason.nodes);
        let are = are(reason.nodes.len());
        let they = if reason.nodes.len() == 1 {
            "it"
        } else {
            "they"
        };
        let own = reason.text.strip_prefix(&names);
        let why = own.map_or_else(|| reason.text.clone(), |rest| format!("{they}{rest}"));
        sentences.push(format!("{names} {are} blocked: {why}."));
    }
    // Nodes that wait for the same peers share a sentence.
    let awaited: Few<NodeSet> = waits.iter().map(|(_, peers)| *peers).collect();
    for peers in awaited.into_iter().filter(|peers| !peers.is_empty()) {
        let who: NodeSet = waits
            .iter()
            .filter(|(_, awaited)| *awaited == peers)
            .map(|(id, _)| *id)
            .collect();
        let wait = if who.len() == 1 { "waits" } else { "wait" };
        let (who, whom) = (cluster.names(who), cluster.names(peers));
        let dead = peers.intersection(down);
        let state = match (dead.len(), dead == peers) {
            (0, _) => String::new(),
            (1, true) => ", which is down".to_owned(),
            (_, true) => ", which are down".to_owned(),
            (n, false) => format!(" ({} {} down)", cluster.names(dead), are(n)),
        };
        sentences.push(format!("{who} {wait} for {whom}{state}."));
    }
    sentences
}

fn way_out(cluster: &Cluster, reason: &Reason, unblocked_by: &[String]) -> String {
    let they = match reason.nodes.len() {
        0 => "It".to_owned(),
        1 => cluster.names(reason.nodes),
        _ => "They".to_owned(),
    };
    let repairs = unblocked_by
        .iter()
        .map(|repair| match repair.split_once(' ') {
            Some(("recover", node)) => format!("{node} recovers"),
            Some(("heal", cut)) => format!("the cut {cut} heals"),
            _ => repair.clone(),
        });
    format!("{they} could go on after {}.", enumerate(repairs))
}

/// The same system with nothing left to fail.
fn without_faults<P: Protocol>(system: &System<P>, by: Means, timing: Timing) -> System<P> {
    let repairs = match by {
        Means::Ordinary => Limit::NONE,
        Means::Repairs => Limit::Unlimited,
    };
    let mut links = system.rules.links;
    // Retransmission over a link that holds any number of equal messages never ends.
    links.copies = links.copies.min(Limit::AtMost(2));
    system.under(Rules {
        links,
        timing,
        budgets: Budgets {
            recoveries: repairs,
            heals: repairs,
            ..Budgets::none()
        },
        timeouts: Limit::Unlimited,
        ..system.rules.clone()
    })
}
