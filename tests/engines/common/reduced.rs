//! The search with reductions in the plainest words: whole worlds, no tables, no numbers.

use jury::check::{Reduction, Reductions};
use jury::model::network::ChannelChange;
use jury::model::{
    Carrier, CrashPoint, Event, Id, Input, Limit, Link, Node, Protocol, Reaction, System, View,
    World,
};

/// What can become of one node, by definition.
pub struct Outlook<P: Protocol> {
    pub parts: Vec<Node<P>>,
    pub messages: Vec<(Id, P::Msg)>,
    /// From part to part.
    pub leads: Vec<(usize, usize)>,
    /// Where which message makes a difference.
    live: Vec<(usize, usize)>,
}

fn place<T: PartialEq>(all: &mut Vec<T>, one: T) -> usize {
    all.iter()
        .position(|known| *known == one)
        .unwrap_or_else(|| {
            all.push(one);
            all.len() - 1
        })
}

/// Everything that can happen to a node: its inputs, each with where it crashes inside, and a crash.
fn react<P: Protocol>(
    system: &System<P>,
    id: Id,
    node: &Node<P>,
    input: Input<'_, P>,
    may_crash: bool,
) -> Vec<(Node<P>, Reaction<P>)> {
    let protocol = &*system.protocol;
    if node
        .state()
        .is_some_and(|state| protocol.withheld(id, state, input).is_some())
    {
        return Vec::new();
    }
    let mut crashes = vec![None];
    if may_crash {
        let lasting = node.lasting(protocol, id, input);
        let points = lasting.points(system.rules.budgets.inside_handlers);
        crashes.extend(points.into_iter().map(Some));
    }
    let react = |crash: Option<CrashPoint>| {
        let mut after = node.clone();
        let reaction = after.react(protocol, id, input, crash.as_ref());
        (after, reaction)
    };
    crashes.into_iter().map(react).collect()
}

/// What can become of every node from the start on. Over and over, until nothing is new.
pub fn outlooks<P: Protocol>(system: &System<P>, start: &World<P>) -> Vec<Outlook<P>> {
    let ids = || system.cluster.ids();
    let budgets = &system.rules.budgets;
    let mut all: Vec<Outlook<P>> = ids()
        .map(|id| Outlook {
            parts: vec![start.node(id).clone()],
            messages: Vec::new(),
            leads: Vec::new(),
            live: Vec::new(),
        })
        .collect();
    for src in ids() {
        for dst in ids() {
            for msg in start.channel(Link::new(src, dst)).iter() {
                place(&mut all[usize::from(dst)].messages, (src, msg.clone()));
            }
        }
    }
    let size = |all: &[Outlook<P>]| {
        let sizes = |o: &Outlook<P>| o.parts.len() + o.messages.len();
        all.iter().map(sizes).sum::<usize>()
    };
    loop {
        let before = size(&all);
        for id in ids() {
            let at = usize::from(id);
            all[at].live.clear();
            let in_a_group = budgets.crashes.iter().any(|(group, _)| group.contains(id));
            let may_crash = in_a_group
                && budgets
                    .crashes
                    .iter()
                    .all(|(group, limit)| !group.contains(id) || *limit != Limit::NONE);
            for part in 0..all[at].parts.len() {
                let node = all[at].parts[part].clone();
                let mut outcomes = Vec::new();
                match &node {
                    Node::Absent => {
                        outcomes.extend(react(system, id, &node, Input::Start, may_crash));
                    }
                    Node::Down { .. } => {
                        if budgets.recoveries != Limit::NONE {
                            outcomes.extend(react(system, id, &node, Input::Start, may_crash));
                        }
                    }
                    Node::Up(up) => {
                        if let Some((key, options)) = up.choices.first_key_value() {
                            for value in options {
                                let input = Input::Choice { key, value };
                                outcomes.extend(react(system, id, &node, input, may_crash));
                            }
                        } else {
                            if system.rules.timeouts != Limit::NONE {
                                for timer in &up.timers {
                                    let input = Input::Timeout(timer);
                                    outcomes.extend(react(system, id, &node, input, may_crash));
                                }
                            }
                            for nth in 0..all[at].messages.len() {
                                let (src, msg) = all[at].messages[nth].clone();
                                let input = Input::Message { src, msg: &msg };
                                let what = react(system, id, &node, input, may_crash);
                                let nothing = what.len() == 1
                                    && what[0].0 == node
                                    && what[0].1.sends().count() == 0
                                    && what[0].1.observations.is_empty();
                                if !nothing {
                                    all[at].live.push((part, nth));
                                }
                                outcomes.extend(what);
                            }
                            if may_crash {
                                let mut down = node.clone();
                                down.crash();
                                let to = place(&mut all[at].parts, down);
                                place(&mut all[at].leads, (part, to));
                            }
                        }
                    }
                }
                for (after, reaction) in outcomes {
                    let to = place(&mut all[at].parts, after);
                    place(&mut all[at].leads, (part, to));
                    for (dst, msg) in reaction.sends() {
                        place(&mut all[usize::from(dst)].messages, (id, msg.clone()));
                    }
                }
            }
        }
        if size(&all) == before {
            return all;
        }
    }
}

impl<P: Protocol> Outlook<P> {
    /// Whether a message will never make any difference to a node that is like this.
    pub fn is_dead(&self, node: &Node<P>, src: Id, msg: &P::Msg) -> bool {
        let part = self.parts.iter().position(|p| p == node);
        let nth = self.messages.iter().position(|m| *m == (src, msg.clone()));
        let (part, nth) = (part.expect("foreseen"), nth.expect("foreseen"));
        let mut ahead = vec![part];
        let mut next = 0;
        while let Some(&at) = ahead.get(next) {
            for (_, to) in self.leads.iter().filter(|(from, _)| *from == at) {
                place(&mut ahead, *to);
            }
            next += 1;
        }
        !ahead.iter().any(|at| self.live.contains(&(*at, nth)))
    }
}

/// A world without what is dead.
pub fn buried<P: Protocol>(
    system: &System<P>,
    outlooks: &[Outlook<P>],
    world: &World<P>,
) -> World<P> {
    let mut left = world.clone();
    for link in super::links(system) {
        let outlook = &outlooks[usize::from(link.dst)];
        left.change_channel(link, &ChannelChange::Clear, &system.rules);
        for msg in world.channel(link).iter() {
            if !outlook.is_dead(world.node(link.dst), link.src, msg) {
                left.change_channel(link, &ChannelChange::Send(msg), &system.rules);
            }
        }
    }
    left
}

/// Whether an event is left out.
pub fn is_left_out<P: Protocol>(
    system: &System<P>,
    world: &World<P>,
    event: &Event<P>,
    used: Reductions,
) -> bool {
    match event {
        Event::Drop(_) => used.contains(Reduction::Lost),
        Event::Deliver(e) if used.contains(Reduction::NoOp) => {
            let before = world.node(e.dst);
            if !before.is_up() {
                return true;
            }
            let mut after = before.clone();
            let (src, msg) = (e.src, &e.msg);
            let input = Input::Message { src, msg };
            let reaction = after.react(&system.protocol, e.dst, input, None);
            after == *before && reaction.sends().count() == 0 && reaction.observations.is_empty()
        }
        _ => false,
    }
}

/// How many worlds are found in so many levels, and by how many events.
pub fn size<P: Protocol>(system: &System<P>, used: Reductions, depth: u32) -> (u64, u64) {
    let start = system.initial();
    let outlooks = used
        .contains(Reduction::Dead)
        .then(|| outlooks(system, &start));
    let bury = |world: World<P>| match &outlooks {
        Some(outlooks) => buried(system, outlooks, &world),
        None => world,
    };
    let mut worlds = indexmap::IndexSet::from([bury(start)]);
    let mut generated = 0;
    let mut level = 0..1;
    for _ in 0..depth {
        for at in level.clone() {
            let world = worlds[at].clone();
            for (event, next) in super::successors(system, &world) {
                if !is_left_out(system, &world, &event, used) {
                    generated += 1;
                    worlds.insert(bury(next));
                }
            }
        }
        level = level.end..worlds.len();
    }
    (worlds.len() as u64, generated)
}
