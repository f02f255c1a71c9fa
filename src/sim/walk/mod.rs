//! Chance without time as a scheduler: one walk through the graph that a checker explores.
//!
//! In each world a [`Walk`] asks the relation which events are enabled, and draws one of them. So whatever it
//! does is a path of that graph, and it is judged as a counterexample is. How it draws is up to a
//! [`Chooser`], which knows events by their [`Offer`] alone and is compiled once.

mod dice;
mod offer;
mod priorities;

use std::collections::VecDeque;

pub use dice::Dice;
pub use offer::{Act, Offer};
pub use priorities::Priorities;

use super::course::kind;
use crate::model::{
    Cut, Enabled, Envelope, Event, Id, Link, Protocol, System, World, cluster::index,
};
use crate::run::{Divergence, Next, Scheduler};

/// Draws which of the enabled events comes next.
pub trait Chooser {
    /// The position of one of these; there is at least one.
    fn choose(&mut self, offers: &[Offer]) -> usize;
}

/// A walk from where some events lead, until nothing is enabled or so many steps are taken.
pub struct Walk<P: Protocol> {
    before: VecDeque<Event<P>>,
    chooser: Box<dyn Chooser>,
    left: u64,
    enabled: Enabled<P>,
    offers: Vec<Offer>,
}

impl<P: Protocol> Walk<P> {
    /// Takes these events first, each of which must be possible; then as many more as it may.
    pub fn new(before: &[Event<P>], chooser: Box<dyn Chooser>, steps_max: u64) -> Self {
        Walk {
            before: before.iter().cloned().collect(),
            chooser,
            left: steps_max,
            enabled: Enabled::default(),
            offers: Vec::new(),
        }
    }
}

impl<P: Protocol> Scheduler<P> for Walk<P> {
    fn next(&mut self, system: &System<P>, world: &mut World<P>) -> Result<Next<P>, Divergence> {
        if let Some(event) = self.before.pop_front() {
            return Ok(Some((None, event)));
        }
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        system.enable(world, &mut self.enabled);
        let events = &mut self.enabled.events;
        if events.is_empty() {
            return Ok(None);
        }
        self.offers.clear();
        let cuts = &system.rules.cuts;
        self.offers.extend(events.iter().map(|e| offer(e, cuts)));
        let nth = self.chooser.choose(&self.offers);
        Ok(Some((None, events.swap_remove(nth))))
    }
}

/// What draws belong to of an event. Options of one choice are told apart by the order in which they come.
fn offer<P: Protocol>(event: &Event<P>, cuts: &[Cut]) -> Offer {
    let on_link = |act, e: &Envelope<P>| Offer::new(act, e.src, e.dst, kind(&e.msg));
    let of_node = |act, id: Id, kind| Offer::new(act, id, id, kind);
    let of_cut = |act, cut: &Cut| {
        let nth = cuts.iter().position(|other| other == cut);
        let none = Id::from(0);
        Offer::new(act, none, none, 0).in_detail(nth.unwrap_or(cuts.len()))
    };
    match event {
        Event::Deliver(e) => on_link(Act::Deliver, e),
        Event::Drop(e) => on_link(Act::Drop, e),
        Event::Duplicate(e) => on_link(Act::Duplicate, e),
        Event::Timeout { id, timer } => of_node(Act::Timeout, *id, kind(timer)),
        Event::Choose { id, .. } => of_node(Act::Choose, *id, 0),
        Event::Crash(id) => of_node(Act::Crash, *id, 0),
        Event::CrashInside { event, point } => offer(event, cuts).interrupted(point),
        Event::Cut(cut) => of_cut(Act::Cut, cut),
        Event::Recover(id) => of_node(Act::Recover, *id, 0),
        Event::Heal(cut) => of_cut(Act::Heal, cut),
    }
}

/// The number of a link, whatever the size of the cluster.
fn number(link: Link) -> u64 {
    (index(link.src) as u64) << 8 | index(link.dst) as u64
}
