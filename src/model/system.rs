//! The one transition relation: the initial world, the events enabled in a world, and what each
//! of them does.
//!
//! It is written over parts. Everything an event does is a sequence of changes, each to one part;
//! see [`Carrier`]. There is no clock here, no randomness, no search and no I/O: what happens
//! next is chosen elsewhere.

use std::collections::BTreeSet;
use std::sync::Arc;

use derive_where::derive_where;

use super::actor::{Id, Input, Node, Reaction, Up};
use super::assumptions::{Rules, Timing};
use super::cluster::{Cluster, Link, NodeSet};
use super::event::{Envelope, Event};
use super::globals::GlobalsChange;
use super::network::{ChannelChange, Cut, Fate, LinkOrder};
use super::protocol::Protocol;
use super::world::{Carrier, Owned, View, World};

/// A protocol under rules.
#[derive_where(Clone)]
pub struct System<P: Protocol> {
    pub protocol: Arc<P>,
    pub cluster: Cluster,
    pub rules: Rules,
}

/// The events enabled in a world, and what was left out.
#[derive_where(Debug, Default)]
pub struct Enabled<P: Protocol> {
    /// In a fixed order.
    pub events: Vec<Event<P>>,
    /// The bounds that withheld an ordinary event. Such a world is *open*: more could happen.
    pub withheld: BTreeSet<Bound>,
    /// A budget withheld a repair.
    pub repair_withheld: bool,
    /// Armed timers that accurate timing holds back because a peer they await may yet answer.
    pub held_back: usize,
}

/// A bound on ordinary behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bound {
    Depth,
    Timeouts,
    /// One of the protocol's own.
    Protocol(&'static str),
}

/// What one event did, for those who keep time, records or counts. Generic over how the carrier
/// hands out a reaction.
#[derive(Debug)]
pub struct Effects<P: Protocol, R> {
    /// The node whose handler ran, and what it did.
    pub reaction: Option<(Id, R)>,
    /// The sends that put nothing in flight, by their position among the sends.
    pub unsent: Vec<(usize, Fate)>,
    /// What a beginning cut lost.
    pub lost: Vec<Envelope<P>>,
    /// A message reached a node that was down.
    pub lost_at_down: bool,
}

/// Whether a timer fires because a peer failed, in the sense of accurate timing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspicion {
    /// The timer awaits nobody.
    Free,
    /// Every peer awaited has failed, and nothing of the past is under way.
    True,
    /// Every peer awaited has failed, but something from or to one of them is still under way.
    Early,
    /// A peer awaited has not failed.
    False,
}

impl<P: Protocol> System<P> {
    pub fn new(protocol: impl Into<Arc<P>>, rules: Rules) -> Self {
        let protocol = protocol.into();
        let cluster = protocol.cluster();
        System {
            protocol,
            cluster,
            rules,
        }
    }

    /// The same protocol under other rules.
    pub fn under(&self, rules: Rules) -> Self {
        System {
            rules,
            ..self.clone()
        }
    }

    /// The world after every node that does not join later has started, and what each start did.
    pub fn start(&self) -> (World<P>, Vec<StartEffects<P>>) {
        let mut world = World::unstarted(&self.cluster, &self.rules);
        let mut effects = Vec::new();
        for id in self.cluster.all().minus(self.rules.absent).iter() {
            effects.push(self.handle(&mut world, id, Input::Start, None));
        }
        (world, effects)
    }

    /// The initial world.
    pub fn initial(&self) -> World<P> {
        self.start().0
    }

    /// The events enabled in a world.
    pub fn enabled<C: Carrier<P>>(&self, world: &mut C) -> Enabled<P> {
        let mut enabled = Enabled::default();
        if let Some(id) = self.undecided(world) {
            self.choices(world, id, &mut enabled);
        } else {
            self.deliveries(world, &mut enabled);
            self.timeouts(world, &mut enabled);
            self.crashes(world, &mut enabled);
            self.cuts(world, &mut enabled);
            self.repairs(world, &mut enabled);
        }
        enabled
    }

    /// Applies an event. Rules are not asked: they decide what is *enabled*.
    ///
    /// # Panics
    /// If the event is impossible in this world; see [`Self::obstacle`].
    pub fn apply<C: Carrier<P>>(&self, world: &mut C, event: &Event<P>) -> Effects<P, C::Reaction> {
        self.apply_until(world, event, None)
    }

    fn apply_until<C: Carrier<P>>(
        &self,
        world: &mut C,
        event: &Event<P>,
        crash_after: Option<usize>,
    ) -> Effects<P, C::Reaction> {
        match event {
            Event::CrashInside { event, after } => {
                let id = event.node().expect("a handler belongs to a node");
                let effects = self.apply_until(world, event, Some(*after));
                world.change_globals(&GlobalsChange::Crash(id), &self.rules);
                effects
            }
            Event::Deliver(e) => {
                let take = ChannelChange::Take(&e.msg);
                world.change_channel(e.link(), &take, &self.rules);
                if world.node(e.dst).is_up() {
                    let (src, msg) = (e.src, &e.msg);
                    self.handle(world, e.dst, Input::Message { src, msg }, crash_after)
                } else {
                    Effects {
                        lost_at_down: true,
                        ..Effects::none()
                    }
                }
            }
            Event::Timeout { id, timer } => {
                world.change_globals(&GlobalsChange::Timeout, &self.rules);
                self.handle(world, *id, Input::Timeout(timer), crash_after)
            }
            Event::Choose { id, key, value } => {
                self.handle(world, *id, Input::Choice { key, value }, crash_after)
            }
            Event::Recover(id) => {
                world.change_globals(&GlobalsChange::Recover, &self.rules);
                self.handle(world, *id, Input::Start, crash_after)
            }
            Event::Crash(id) => {
                world.crash(*id);
                world.change_globals(&GlobalsChange::Crash(*id), &self.rules);
                Effects::none()
            }
            Event::Drop(e) => {
                let take = ChannelChange::Take(&e.msg);
                world.change_channel(e.link(), &take, &self.rules);
                world.change_globals(&GlobalsChange::Drop(e.link()), &self.rules);
                Effects::none()
            }
            Event::Duplicate(e) => {
                let copy = ChannelChange::Copy(&e.msg);
                world.change_channel(e.link(), &copy, &self.rules);
                world.change_globals(&GlobalsChange::Duplicate, &self.rules);
                Effects::none()
            }
            Event::Cut(cut) => {
                let mut effects = Effects::none();
                for link in cut.iter() {
                    let in_flight = world.channel(link).iter();
                    effects.lost.extend(in_flight.map(|msg| Envelope {
                        src: link.src,
                        dst: link.dst,
                        msg: msg.clone(),
                    }));
                    if !world.channel(link).is_empty() {
                        world.change_channel(link, &ChannelChange::Clear, &self.rules);
                    }
                }
                world.change_globals(&GlobalsChange::Cut(cut), &self.rules);
                effects
            }
            Event::Heal(cut) => {
                world.change_globals(&GlobalsChange::Heal(cut), &self.rules);
                Effects::none()
            }
        }
    }

    /// Runs a handler and puts what it sent in flight.
    fn handle<C: Carrier<P>>(
        &self,
        world: &mut C,
        id: Id,
        input: Input<'_, P>,
        crash_after: Option<usize>,
    ) -> Effects<P, C::Reaction> {
        let reaction = world.react(&self.protocol, id, input, crash_after);
        let mut unsent = Vec::new();
        for (nth, (dst, msg)) in reaction.sends().enumerate() {
            let link = Link::new(id, dst);
            let fate = if world.globals().is_cut(link) {
                Fate::Cut
            } else {
                world.change_channel(link, &ChannelChange::Send(msg), &self.rules)
            };
            if fate != Fate::InFlight {
                unsent.push((nth, fate));
            }
        }
        world.record(&self.protocol, id, &reaction);
        Effects {
            reaction: Some((id, reaction)),
            unsent,
            ..Effects::none()
        }
    }

    /// Why an event is impossible in a world, whatever the rules; `None` if it is possible.
    pub fn obstacle<C: Carrier<P>>(&self, world: &mut C, event: &Event<P>) -> Option<String> {
        let name = |id: Id| self.cluster.name(id);
        let offered = |world: &C, e: &Envelope<P>| {
            let offers = world
                .channel(e.link())
                .offers(&e.msg, self.rules.links.order);
            (!offers).then(|| {
                format!(
                    "{:?} is not next from {} to {}",
                    e.msg,
                    name(e.src),
                    name(e.dst)
                )
            })
        };
        let open_choice = self.undecided(world);
        if let Some(id) = open_choice.filter(|_| !event.settles_a_choice()) {
            return Some(format!("{} has a choice to settle first", name(id)));
        }
        match event {
            Event::Drop(e) | Event::Duplicate(e) if e.link().is_loop() => {
                Some("a node's messages to itself are never lost or duplicated".to_owned())
            }
            Event::Duplicate(_) if self.rules.links.order == LinkOrder::Fifo => {
                Some("there are no duplicates on fifo links".to_owned())
            }
            Event::Deliver(e) | Event::Drop(e) | Event::Duplicate(e) => offered(world, e),
            Event::Timeout { id, timer } => {
                let armed = |up: &Up<P>| up.timers.contains(timer);
                let armed = world.node(*id).up().is_some_and(armed);
                (!armed).then(|| format!("{}'s timer {timer:?} is not armed", name(*id)))
            }
            Event::Choose { id, key, value } => {
                let first = world
                    .node(*id)
                    .up()
                    .and_then(|up| up.choices.first_key_value());
                let first = first.filter(|_| open_choice == Some(*id));
                let next = first.is_some_and(|(k, options)| k == key && options.contains(value));
                (!next)
                    .then(|| format!("`{key}` of {} is not the choice to settle next", name(*id)))
            }
            Event::Crash(id) => {
                (!world.node(*id).is_up()).then(|| format!("{} is not up", name(*id)))
            }
            Event::CrashInside { event, after } => {
                if let Some(obstacle) = self.obstacle(world, event) {
                    return Some(obstacle);
                }
                let Some((id, input)) = event.input() else {
                    return Some("a crash can only strike inside a handler".to_owned());
                };
                if !runs_a_handler(world, event) {
                    return Some(format!("no handler of {} runs in it", name(id)));
                }
                let points = world.crash_points(&self.protocol, id, input);
                (!points.contains(after)).then(|| {
                    let advice = match points[..] {
                        [] => "it sends and saves too little for that".to_owned(),
                        _ => format!("possible: after {points:?}"),
                    };
                    format!("{} cannot crash after {after} of it: {advice}", name(id))
                })
            }
            Event::Cut(cut) if cut.is_empty() => Some("this cut separates nobody".to_owned()),
            Event::Cut(cut) => {
                let lasts = world.globals().cuts.contains(cut);
                lasts.then(|| "this cut lasts already".to_owned())
            }
            Event::Heal(cut) => {
                let lasts = world.globals().cuts.contains(cut);
                (!lasts).then(|| "no such cut lasts".to_owned())
            }
            Event::Recover(id) => world
                .node(*id)
                .is_up()
                .then(|| format!("{} is up already", name(*id))),
        }
    }

    /// Asks of a timer that is about to fire what accurate timing asks.
    pub fn suspicion<V: View<P> + ?Sized>(&self, world: &V, id: Id, timer: &P::Timer) -> Suspicion {
        let Some(state) = world.node(id).state() else {
            return Suspicion::Free;
        };
        let awaited = self.protocol.awaits(id, state, timer);
        let failures = &world.globals().failures;
        if awaited.is_empty() {
            Suspicion::Free
        } else if !awaited.iter().all(|peer| failures.failed(id, peer)) {
            Suspicion::False
        } else if awaited.iter().all(|peer| self.is_quiet(world, id, peer)) {
            Suspicion::True
        } else {
            Suspicion::Early
        }
    }

    /// Whether nothing that `peer` sent is under way to a node that is up, nor anything that `id`
    /// sent to it.
    fn is_quiet<V: View<P> + ?Sized>(&self, world: &V, id: Id, peer: Id) -> bool {
        world.channel(Link::new(id, peer)).is_empty()
            && self.cluster.ids().all(|dst| {
                world.channel(Link::new(peer, dst)).is_empty() || !world.node(dst).is_up()
            })
    }

    /// The first node with a choice that the environment has yet to settle. Choices of different
    /// nodes commute, so one order stands for all.
    fn undecided<C: Carrier<P>>(&self, world: &C) -> Option<Id> {
        let open = |id: &Id| {
            let up = world.node(*id).up();
            up.is_some_and(|up| !up.choices.is_empty())
        };
        self.cluster.ids().find(open)
    }

    fn choices<C: Carrier<P>>(&self, world: &mut C, id: Id, enabled: &mut Enabled<P>) {
        let first = |node: &Node<P>| {
            let (key, options) = node.up()?.choices.first_key_value()?;
            Some((key.clone(), options.clone()))
        };
        let (key, options) = first(world.node(id)).expect("an undecided node has a choice");
        for value in options {
            let key = key.clone();
            self.offer(world, Event::Choose { id, key, value }, enabled);
        }
    }

    fn deliveries<C: Carrier<P>>(&self, world: &mut C, enabled: &mut Enabled<P>) {
        let rules = &self.rules;
        for (src, dst) in pairs(&self.cluster) {
            let link = Link::new(src, dst);
            let mut distinct = world.channel(link).deliverable(rules.links.order).to_vec();
            distinct.dedup();
            for msg in distinct {
                let envelope = Envelope { src, dst, msg };
                let spent = &world.globals().spent;
                let loses = !link.is_loop() && !rules.links.never_forgets;
                let drops = loses && rules.budgets.drops.allows(|| spent.drops as usize);
                let duplicates = loses
                    && rules.links.order == LinkOrder::Unordered
                    && rules
                        .budgets
                        .duplicates
                        .allows(|| spent.duplicates as usize)
                    && rules
                        .links
                        .copies
                        .allows(|| world.channel(link).copies(&envelope.msg));
                if drops {
                    enabled.events.push(Event::Drop(envelope.clone()));
                }
                if duplicates {
                    enabled.events.push(Event::Duplicate(envelope.clone()));
                }
                self.offer(world, Event::Deliver(envelope), enabled);
            }
        }
    }

    fn timeouts<C: Carrier<P>>(&self, world: &mut C, enabled: &mut Enabled<P>) {
        let rules = &self.rules;
        for id in self.cluster.ids() {
            let Some(up) = world.node(id).up() else {
                continue;
            };
            for timer in up.timers.clone() {
                let fires = rules.timing == Timing::Asynchronous
                    || matches!(
                        self.suspicion(world, id, &timer),
                        Suspicion::Free | Suspicion::True
                    );
                if !fires {
                    enabled.held_back += 1;
                    continue;
                }
                if !rules
                    .timeouts
                    .allows(|| world.globals().spent.timeouts as usize)
                {
                    enabled.withheld.insert(Bound::Timeouts);
                    continue;
                }
                self.offer(world, Event::Timeout { id, timer }, enabled);
            }
        }
    }

    fn crashes<C: Carrier<P>>(&self, world: &mut C, enabled: &mut Enabled<P>) {
        for id in self.cluster.ids() {
            if world.node(id).is_up() && self.may_crash(world, id) {
                enabled.events.push(Event::Crash(id));
            }
        }
    }

    fn cuts<C: Carrier<P>>(&self, world: &mut C, enabled: &mut Enabled<P>) {
        let globals = world.globals();
        let rules = &self.rules;
        if rules.budgets.cuts.allows(|| globals.spent.cuts as usize) {
            let begun = |cut: &&Cut| !globals.cuts.contains(*cut);
            let cuts = rules.cuts.iter().filter(begun);
            enabled.events.extend(cuts.cloned().map(Event::Cut));
        }
    }

    fn repairs<C: Carrier<P>>(&self, world: &mut C, enabled: &mut Enabled<P>) {
        let budgets = &self.rules.budgets;
        let spent = &world.globals().spent;
        let recovers = budgets.recoveries.allows(|| spent.recoveries as usize);
        let heals = budgets.heals.allows(|| spent.heals as usize);
        if heals {
            let cuts = world.globals().cuts.iter().cloned();
            enabled.events.extend(cuts.map(Event::Heal));
        } else if !world.globals().cuts.is_empty() {
            enabled.repair_withheld = true;
        }
        for id in self.cluster.ids() {
            if world.node(id).is_up() {
                continue;
            }
            if recovers {
                self.offer(world, Event::Recover(id), enabled);
            } else {
                enabled.repair_withheld = true;
            }
        }
    }

    /// Offers an event in which a handler may run, and the crashes that may strike inside it.
    fn offer<C: Carrier<P>>(&self, world: &mut C, event: Event<P>, enabled: &mut Enabled<P>) {
        let (id, input) = event.input().expect("the event has an input");
        if let Some(state) = world.node(id).state()
            && let Some(bound) = self.protocol.withheld(id, state, input)
        {
            enabled.withheld.insert(Bound::Protocol(bound));
            return;
        }
        if self.rules.budgets.inside_handlers
            && runs_a_handler(world, &event)
            && self.may_crash(world, id)
        {
            for after in world.crash_points(&self.protocol, id, input) {
                let event = Box::new(event.clone());
                enabled.events.push(Event::CrashInside { event, after });
            }
        }
        enabled.events.push(event);
    }

    fn may_crash<C: Carrier<P>>(&self, world: &C, id: Id) -> bool {
        let rules = &self.rules;
        world.globals().may_crash(id, rules)
            && rules.budgets.down.allows(|| {
                // A node that crashes while it recovers was down already.
                let down =
                    |peer: &Id| *peer != id && matches!(world.node(*peer), Node::Down { .. });
                self.cluster.ids().filter(down).count()
            })
            && (rules.survivors.is_empty() || {
                let left = world.up().without(id);
                let enough = |&(set, least): &(NodeSet, usize)| {
                    !set.contains(id) || left.intersection(set).len() >= least
                };
                rules.survivors.iter().all(enough)
            })
    }
}

/// What the first start of a node did.
pub type StartEffects<P> = Effects<P, Owned<Reaction<P>>>;

impl<P: Protocol, R> Effects<P, R> {
    fn none() -> Self {
        Effects {
            reaction: None,
            unsent: Vec::new(),
            lost: Vec::new(),
            lost_at_down: false,
        }
    }
}

impl<P: Protocol> Event<P> {
    fn settles_a_choice(&self) -> bool {
        match self {
            Event::Choose { .. } => true,
            Event::CrashInside { event, .. } => event.settles_a_choice(),
            _ => false,
        }
    }
}

/// Whether a handler runs in an event: not when a message reaches a node that is down.
fn runs_a_handler<P: Protocol, C: Carrier<P>>(world: &C, event: &Event<P>) -> bool {
    match event {
        Event::Deliver(e) => world.node(e.dst).is_up(),
        event => event.input().is_some(),
    }
}

fn pairs(cluster: &Cluster) -> impl Iterator<Item = (Id, Id)> {
    let n = cluster.len();
    (0..n * n).map(move |i| (Id::from(i / n), Id::from(i % n)))
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Bound::Depth => "depth",
            Bound::Timeouts => "timeouts",
            Bound::Protocol(name) => name,
        })
    }
}
