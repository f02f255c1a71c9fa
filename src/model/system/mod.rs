//! The one transition relation: the initial world, the events enabled in a world (`enabled`), what each
//! of them does, and why others are impossible (`obstacle`).
//!
//! It is written over parts. Everything an event does is a sequence of changes, each to one part;
//! see [`Carrier`]. There is no clock here, no randomness, no search and no I/O: what happens
//! next is chosen elsewhere.

mod enabled;
mod obstacle;

use std::sync::Arc;

use derive_where::derive_where;

pub use enabled::{Bound, Enabled, Suspicion};

use super::actor::Input;
use super::assumptions::Rules;
use super::cluster::{Cluster, Link};
use super::event::{Envelope, Event, Vocabulary};
use super::globals::GlobalsChange;
use super::id::Id;
use super::network::{ChannelChange, Fate};
use super::node::Reaction;
use super::predicate::Predicate;
use super::protocol::Protocol;
use super::step;
use super::world::{Carrier, Owned, PointOf, View, World};

/// A protocol under rules.
#[derive_where(Clone)]
pub struct System<P: Protocol> {
    pub protocol: Arc<P>,
    pub cluster: Cluster,
    pub rules: Rules,
    /// What each step of a node is held against.
    pub(super) steps: Arc<[(&'static str, Predicate<P>)]>,
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
    #[inline(never)]
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
        let mut world = World::unstarted(&*self.protocol, &self.cluster, &self.rules);
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
        crash: Option<&PointOf<P, C>>,
    ) -> Effects<C::Vocabulary, C::Reaction> {
        match event {
            Event::CrashInside { event, point } => {
                let id = event.node().expect("a handler belongs to a node");
                let effects = self.apply_until(world, event, Some(point));
                world.change_globals(&GlobalsChange::Crash(id), &self.rules);
                effects
            }
            Event::Deliver(e) => {
                let take = ChannelChange::Take(&e.msg);
                world.change_channel(e.link(), &take, &self.rules);
                if world.is_up(e.dst) {
                    let (src, msg) = (e.src, &e.msg);
                    self.handle(world, e.dst, Input::Message { src, msg }, crash)
                } else {
                    Effects {
                        lost_at_down: true,
                        ..Effects::none()
                    }
                }
            }
            Event::Timeout { id, timer } => {
                world.change_globals(&GlobalsChange::Timeout, &self.rules);
                self.handle(world, *id, Input::Timeout(timer), crash)
            }
            Event::Choose { id, key, value } => {
                self.handle(world, *id, Input::Choice { key, value }, crash)
            }
            Event::Recover(id) => {
                if world.is_down(*id) {
                    world.change_globals(&GlobalsChange::Recover, &self.rules);
                }
                self.handle(world, *id, Input::Start, crash)
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
        crash: Option<&PointOf<P, C>>,
    ) -> Effects<C::Vocabulary, C::Reaction> {
        let reaction = world.react(self, id, input, crash);
        let mut unsent = Vec::new();
        let mut nth = 0;
        let mut from = 0;
        while let Some((at, dst)) = world.addressee(id, &reaction, from) {
            let fate = if world.is_cut(Link::new(id, dst)) {
                Fate::Cut
            } else {
                world.send(id, &reaction, at, &self.rules)
            };
            if fate != Fate::InFlight {
                unsent.push((nth, fate));
            }
            nth += 1;
            from = at + 1;
        }
        world.record(&self.protocol, id, &reaction);
        Effects {
            reaction: Some((id, reaction)),
            unsent,
            ..Effects::none()
        }
    }

    /// The first node with a choice that the environment has yet to settle. Choices of different
    /// nodes commute, so one order stands for all.
    fn undecided<V: View<P> + ?Sized>(&self, world: &V) -> Option<Id> {
        self.cluster.ids().find(|&id| world.is_undecided(id))
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
