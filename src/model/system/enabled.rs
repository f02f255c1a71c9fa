//! Which events are enabled in a world, and what withholds others.

use std::sync::Arc;

use derive_where::derive_where;

use super::{System, runs_a_handler};
use crate::model::assumptions::{Rules, Timing};
use crate::model::cluster::{Link, NodeSet};
use crate::model::event::{Envelope, Event, Vocabulary};
use crate::model::few::Few;
use crate::model::id::Id;
use crate::model::network::{Cut, LinkOrder};
use crate::model::protocol::Protocol;
use crate::model::world::{Carrier, Source, Terms, View};

/// The events enabled in a world, and what was left out.
#[derive_where(Debug, Default)]
pub struct Enabled<V: Vocabulary> {
    /// In a fixed order.
    pub events: Vec<Event<V>>,
    /// The bounds that withheld an ordinary event. Such a world is *open*: more could happen.
    pub withheld: Few<Bound>,
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
            world.offer_from(Source::Link(link), terms, enabled, &|world, enabled| {
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
                world.offer_from(Source::Timers(id), terms, enabled, &|world, enabled| {
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
        if self.rules.budgets.inside_handlers.may()
            && is_frail
            && runs_a_handler::<P, _, _>(world, &event)
        {
            for point in world.crash_points(self, id, input) {
                let event = Arc::new(event.clone());
                enabled.events.push(Event::CrashInside { event, point });
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

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Bound::Depth => "depth",
            Bound::Timeouts => "timeouts",
            Bound::Protocol(name) => name,
        })
    }
}
