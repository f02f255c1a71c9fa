//! The one transition relation: the initial world, the events enabled in a world, and what each
//! of them does.
//!
//! It is written over parts. Everything an event does is a sequence of changes, each to one part;
//! see [`Carrier`]. There is no clock here, no randomness, no search and no I/O: what happens
//! next is chosen elsewhere.

use std::collections::BTreeSet;
use std::sync::Arc;

use derive_where::derive_where;

use super::actor::Input;
use super::assumptions::{Rules, Timing};
use super::cluster::{Cluster, Link, NodeSet};
use super::event::{Envelope, Event, Obstacle, Vocabulary};
use super::globals::GlobalsChange;
use super::id::Id;
use super::network::{ChannelChange, Cut, Fate, LinkOrder};
use super::node::{Reaction, Up};
use super::protocol::Protocol;
use super::step::{self, StepPredicate};
use super::world::{Carrier, Owned, Source, Terms, View, World};

/// A protocol under rules.
#[derive_where(Clone)]
pub struct System<P: Protocol> {
    pub protocol: Arc<P>,
    pub cluster: Cluster,
    pub rules: Rules,
    /// What each step of a node is held against.
    pub(super) steps: Arc<[(&'static str, StepPredicate<P>)]>,
}

/// The events enabled in a world, and what was left out.
#[derive_where(Debug, Default)]
pub struct Enabled<V: Vocabulary> {
    /// In a fixed order.
    pub events: Vec<Event<V>>,
    /// The bounds that withheld an ordinary event. Such a world is *open*: more could happen.
    pub withheld: BTreeSet<Bound>,
    /// A budget withheld a repair.
    pub repair_withheld: bool,
    /// A duplicate was withheld because as many equal messages as `copies` allows are in flight. It is as
    /// if one had been absorbed.
    pub crowded: bool,
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
pub struct Effects<V: Vocabulary, R> {
    /// The node whose handler ran, and what it did.
    pub reaction: Option<(Id, R)>,
    /// The sends that put nothing in flight, by their position among the sends.
    pub unsent: Vec<(usize, Fate)>,
    /// What a beginning cut lost.
    pub lost: Vec<Envelope<V>>,
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
        let steps = step::of(&protocol.properties()).into();
        System {
            protocol,
            cluster,
            rules,
            steps,
        }
    }

    /// The same protocol under other rules.
    pub fn under(&self, rules: Rules) -> Self {
        System {
            protocol: self.protocol.clone(),
            cluster: self.cluster.clone(),
            rules,
            steps: self.steps.clone(),
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
    pub fn enabled<C: Carrier<P>>(&self, world: &mut C) -> Enabled<C::Vocabulary> {
        let mut enabled = Enabled::default();
        self.enable(world, &mut enabled);
        enabled
    }

    /// The same, into what was used before.
    pub fn enable<C: Carrier<P>>(&self, world: &mut C, enabled: &mut Enabled<C::Vocabulary>) {
        enabled.clear();
        let frail = world.expendable(&self.rules);
        let frail: NodeSet = frail
            .iter()
            .filter(|&id| self.may_crash(world, id))
            .collect();
        if let Some(id) = self.undecided(world) {
            self.choices(world, id, frail, enabled);
        } else {
            self.deliveries(world, frail, enabled);
            self.timeouts(world, frail, enabled);
            for id in frail.iter().filter(|&id| world.is_up(id)) {
                enabled.events.push(Event::Crash(id));
            }
            self.cuts(world, enabled);
            self.repairs(world, frail, enabled);
        }
    }

    /// Applies an event. Rules are not asked: they decide what is *enabled*.
    ///
    /// # Panics
    /// If the event is impossible in this world; see [`Self::obstacle`].
    pub fn apply<C: Carrier<P>>(
        &self,
        world: &mut C,
        event: &Event<C::Vocabulary>,
    ) -> Effects<C::Vocabulary, C::Reaction> {
        self.apply_until(world, event, None)
    }

    fn apply_until<C: Carrier<P>>(
        &self,
        world: &mut C,
        event: &Event<C::Vocabulary>,
        crash_after: Option<usize>,
    ) -> Effects<C::Vocabulary, C::Reaction> {
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
                if world.is_up(e.dst) {
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
                if world.is_down(*id) {
                    world.change_globals(&GlobalsChange::Recover, &self.rules);
                }
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
                for link in world.severed(cut) {
                    let (before, Link { src, dst }) = (effects.lost.len(), link);
                    while let Some(msg) = world.in_flight(link, effects.lost.len() - before) {
                        effects.lost.push(Envelope { src, dst, msg });
                    }
                    if !world.is_silent(link) {
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
        input: Input<'_, C::Vocabulary>,
        crash_after: Option<usize>,
    ) -> Effects<C::Vocabulary, C::Reaction> {
        let reaction = world.react(self, id, input, crash_after);
        let mut unsent = Vec::new();
        let mut nth = 0;
        while let Some(dst) = world.addressee(id, &reaction, nth) {
            let fate = if world.is_cut(Link::new(id, dst)) {
                Fate::Cut
            } else {
                world.send(id, &reaction, nth, &self.rules)
            };
            if fate != Fate::InFlight {
                unsent.push((nth, fate));
            }
            nth += 1;
        }
        world.record(&self.protocol, id, &reaction);
        Effects {
            reaction: Some((id, reaction)),
            unsent,
            ..Effects::none()
        }
    }

    /// Why an event is impossible in a world, whatever the rules; `None` if it is possible.
    pub fn obstacle(&self, world: &dyn View<P>, event: &Event<P>) -> Option<String> {
        let name = |id: Id| self.cluster.name(id);
        let offered = |e: &Envelope<P>| {
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
            Event::Deliver(e) | Event::Drop(e) | Event::Duplicate(e) => offered(e),
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
            Event::Crash(id) => (!world.is_up(*id)).then(|| format!("{} is not up", name(*id))),
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
                let points = world.node(id).crash_points(&self.protocol, id, input);
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
            Event::Recover(id) => {
                (world.is_up(*id)).then(|| format!("{} is up already", name(*id)))
            }
        }
    }

    /// Events in the one notation.
    pub fn spell<'e>(&self, events: impl IntoIterator<Item = &'e Event<P>>) -> Vec<String> {
        let line = |event: &Event<P>| event.notation(&self.cluster).to_string();
        events.into_iter().map(line).collect()
    }

    /// The event that the one notation stands for in a world, if it is possible there. Where the text
    /// fits several, those that are not possible do not count.
    pub fn read(&self, world: &dyn View<P>, text: &str) -> Result<Event<P>, Obstacle> {
        let readings = Event::readings(text, &self.cluster, world)?;
        let mut obstacles = Vec::new();
        let mut possible = Vec::new();
        for event in readings {
            match self.obstacle(world, &event) {
                None => possible.push(event),
                Some(obstacle) => obstacles.push(obstacle),
            }
        }
        match possible.len() {
            0 => Err(Obstacle::Impossible(obstacles.swap_remove(0))),
            1 => Ok(possible.remove(0)),
            _ => Err(Obstacle::ambiguous(&possible, &self.cluster)),
        }
    }

    /// Asks of a timer that is about to fire what accurate timing asks.
    pub fn suspicion<C: Carrier<P>>(
        &self,
        world: &C,
        id: Id,
        timer: &<C::Vocabulary as Vocabulary>::Timer,
    ) -> Suspicion {
        let awaited = world.awaits(&self.protocol, id, timer);
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
        world.is_silent(Link::new(id, peer))
            && self
                .cluster
                .ids()
                .all(|dst| world.is_silent(Link::new(peer, dst)) || !world.is_up(dst))
    }

    /// The first node with a choice that the environment has yet to settle. Choices of different
    /// nodes commute, so one order stands for all.
    fn undecided<V: View<P> + ?Sized>(&self, world: &V) -> Option<Id> {
        self.cluster.ids().find(|&id| world.is_undecided(id))
    }

    fn choices<C: Carrier<P>>(
        &self,
        world: &mut C,
        id: Id,
        frail: NodeSet,
        enabled: &mut Enabled<C::Vocabulary>,
    ) {
        let mut nth = 0;
        while let Some((key, value)) = world.option(id, nth) {
            let is_frail = frail.contains(id);
            self.offer(world, Event::Choose { id, key, value }, is_frail, enabled);
            nth += 1;
        }
    }

    fn deliveries<C: Carrier<P>>(
        &self,
        world: &mut C,
        frail: NodeSet,
        enabled: &mut Enabled<C::Vocabulary>,
    ) {
        let Rules { links, budgets, .. } = &self.rules;
        let spent = &world.globals().spent;
        let drops = budgets.drops.allows(|| spent.drops as usize);
        let duplicates = links.order == LinkOrder::Unordered
            && budgets.duplicates.allows(|| spent.duplicates as usize);
        let mut from = 0;
        while let Some((at, link)) = world.next_busy(from) {
            from = at + 1;
            let loses = !link.is_loop() && !links.never_forgets;
            let terms = Terms {
                crashes: frail.contains(link.dst),
                drops: loses && drops,
                duplicates: loses && duplicates,
            };
            world.offer_from(Source::Link(link), terms, enabled, |world, enabled| {
                self.deliveries_on(world, link, terms, enabled);
            });
        }
    }

    fn deliveries_on<C: Carrier<P>>(
        &self,
        world: &mut C,
        link: Link,
        terms: Terms,
        enabled: &mut Enabled<C::Vocabulary>,
    ) {
        let links = &self.rules.links;
        let Link { src, dst } = link;
        let mut nth = 0;
        while let Some(msg) = world.deliverable(link, links.order, nth) {
            let has_room = !terms.duplicates || links.copies.allows(|| world.copies(link, &msg));
            enabled.crowded |= !has_room;
            let envelope = Envelope { src, dst, msg };
            if terms.drops {
                enabled.events.push(Event::Drop(envelope.clone()));
            }
            if terms.duplicates && has_room {
                enabled.events.push(Event::Duplicate(envelope.clone()));
            }
            self.offer(world, Event::Deliver(envelope), terms.crashes, enabled);
            nth += 1;
        }
    }

    fn timeouts<C: Carrier<P>>(
        &self,
        world: &mut C,
        frail: NodeSet,
        enabled: &mut Enabled<C::Vocabulary>,
    ) {
        let rules = &self.rules;
        let spent = world.globals().spent.timeouts as usize;
        let may_fire = rules.timeouts.allows(|| spent);
        for id in self.cluster.ids() {
            let terms = Terms {
                crashes: frail.contains(id),
                ..Terms::default()
            };
            if rules.timing == Timing::Asynchronous && may_fire {
                world.offer_from(Source::Timers(id), terms, enabled, |world, enabled| {
                    self.timeouts_of(world, id, terms, may_fire, enabled);
                });
            } else {
                // Whether a timer fires depends on more than its node.
                self.timeouts_of(world, id, terms, may_fire, enabled);
            }
        }
    }

    fn timeouts_of<C: Carrier<P>>(
        &self,
        world: &mut C,
        id: Id,
        terms: Terms,
        may_fire: bool,
        enabled: &mut Enabled<C::Vocabulary>,
    ) {
        let mut nth = 0;
        while let Some(timer) = world.armed(id, nth) {
            nth += 1;
            let fires = self.rules.timing == Timing::Asynchronous
                || matches!(
                    self.suspicion(world, id, &timer),
                    Suspicion::Free | Suspicion::True
                );
            if !fires {
                enabled.held_back += 1;
            } else if may_fire {
                self.offer(world, Event::Timeout { id, timer }, terms.crashes, enabled);
            } else {
                enabled.withheld.insert(Bound::Timeouts);
            }
        }
    }

    fn cuts<C: Carrier<P>>(&self, world: &mut C, enabled: &mut Enabled<C::Vocabulary>) {
        let globals = world.globals();
        let rules = &self.rules;
        if rules.budgets.cuts.allows(|| globals.spent.cuts as usize) {
            let begun = |cut: &&Cut| !globals.cuts.contains(*cut);
            let cuts = rules.cuts.iter().filter(begun);
            let cuts = cuts.map(|cut| Event::Cut(world.cut(cut)));
            enabled.events.extend(cuts);
        }
    }

    fn repairs<C: Carrier<P>>(
        &self,
        world: &mut C,
        frail: NodeSet,
        enabled: &mut Enabled<C::Vocabulary>,
    ) {
        let budgets = &self.rules.budgets;
        let globals = world.globals();
        let spent = &globals.spent;
        let recovers = budgets.recoveries.allows(|| spent.recoveries as usize);
        if budgets.heals.allows(|| spent.heals as usize) {
            let cuts = globals.cuts.iter();
            let heals = cuts.map(|cut| Event::Heal(world.cut(cut)));
            enabled.events.extend(heals);
        } else if !globals.cuts.is_empty() {
            enabled.repair_withheld = true;
        }
        for id in self.cluster.ids() {
            if world.is_up(id) {
                continue;
            }
            // To join is no recovery.
            if recovers || !world.is_down(id) {
                self.offer(world, Event::Recover(id), frail.contains(id), enabled);
            } else {
                enabled.repair_withheld = true;
            }
        }
    }

    /// Offers an event in which a handler may run, and the crashes that may strike inside it if
    /// its node is frail.
    fn offer<C: Carrier<P>>(
        &self,
        world: &mut C,
        event: Event<C::Vocabulary>,
        is_frail: bool,
        enabled: &mut Enabled<C::Vocabulary>,
    ) {
        let (id, input) = event.input().expect("the event has an input");
        if world.is_up(id)
            && let Some(bound) = world.withheld(&self.protocol, id, input)
        {
            enabled.withheld.insert(Bound::Protocol(bound));
            return;
        }
        if self.rules.budgets.inside_handlers
            && is_frail
            && runs_a_handler::<P, _, _>(world, &event)
        {
            for after in world.crash_points(&self.protocol, id, input) {
                let event = Arc::new(event.clone());
                enabled.events.push(Event::CrashInside { event, after });
            }
        }
        enabled.events.push(event);
    }

    /// Whether a node for which the budget allows it may crash now, or inside its recovery.
    fn may_crash<C: Carrier<P>>(&self, world: &C, id: Id) -> bool {
        let rules = &self.rules;
        rules.budgets.down.allows(|| {
            // A node that crashes while it recovers was down already.
            let down = |peer: &Id| *peer != id && world.is_down(*peer);
            self.cluster.ids().filter(down).count()
        }) && (rules.survivors.is_empty() || {
            let left = world.up().without(id);
            let enough = |&(set, least): &(NodeSet, usize)| {
                !set.contains(id) || left.intersection(set).len() >= least
            };
            rules.survivors.iter().all(enough)
        })
    }
}

impl<V: Vocabulary> Enabled<V> {
    fn clear(&mut self) {
        self.events.clear();
        self.withheld.clear();
        self.repair_withheld = false;
        self.crowded = false;
        self.held_back = 0;
    }
}

/// What the first start of a node did.
pub type StartEffects<P> = Effects<P, Owned<Reaction<P>>>;

impl<V: Vocabulary, R> Effects<V, R> {
    fn none() -> Self {
        Effects {
            reaction: None,
            unsent: Vec::new(),
            lost: Vec::new(),
            lost_at_down: false,
        }
    }
}

/// Whether a handler runs in an event: not when a message reaches a node that is down.
fn runs_a_handler<P: Protocol, W: View<P> + ?Sized, V: Vocabulary>(
    world: &W,
    event: &Event<V>,
) -> bool {
    match event {
        Event::Deliver(e) => world.is_up(e.dst),
        event => event.input().is_some(),
    }
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
