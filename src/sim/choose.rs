//! Choosing what happens next.
//!
//! Invariant: choices first, then what happens on the spot, then the agenda, entry by entry until
//! one of them means an event. What an event brings about is not known here.

use std::sync::Arc;

use super::agenda::{Entry, Rank};
use super::chance::{Draw, below, inclined, position};
use super::in_flight::{Luck, Pending};
use super::{End, Simulator, Urgent, What, is_possible};
use crate::model::cluster::index;
use crate::model::event::label;
use crate::model::{Envelope, Event, Id, Node, Protocol, System, View, World};

impl<P: Protocol> Simulator<P> {
    pub(super) fn choose(&mut self, world: &World<P>) -> Option<Event<P>> {
        if let Some(id) = self.undecided.iter().next() {
            return Some(self.settle(world, id));
        }
        loop {
            while let Some(Urgent { what, planned }) = self.urgent.pop_front() {
                let event = match what {
                    What::Event(event) => Some(event),
                    What::HealAll => self.heal_all(world),
                };
                if let Some(event) = event.filter(|event| is_possible(world, event, self.fifo)) {
                    return Some(event);
                }
                if let Some(hit) = planned {
                    self.plan.note_futile(hit);
                }
            }
            let Some(entry) = self.agenda.pop() else {
                self.end = Some(End::Quiescent);
                return None;
            };
            if entry.due > self.until {
                let more = self.is_live(entry) || self.agenda.iter().any(|e| self.is_live(e));
                self.agenda.push(entry);
                self.end = Some(if more { End::Time } else { End::Quiescent });
                return None;
            }
            if let Some(event) = self.comes_due(world, entry) {
                return Some(event);
            }
        }
    }

    /// Draws an option of the first choice that a node has to settle.
    pub(super) fn settle(&mut self, world: &World<P>, id: Id) -> Event<P> {
        let up = world
            .node(id)
            .up()
            .expect("a node that is down has no choices");
        let (key, options) = up.choices.first_key_value().expect("it is undecided");
        let Draw([drawn, ..]) = self.chance.choice(id, key);
        let ratios = &self.nodes[index(id)].choices;
        let nth = if ratios.is_empty() {
            position(below(drawn, options.len() as u64))
        } else {
            let names: Vec<String> = options.iter().map(label).collect();
            let met = ratios.iter().enumerate();
            let met = met.filter(|(_, (name, _))| names.contains(name));
            self.offered.extend(met.map(|(nth, _)| (id, nth)));
            inclined(drawn, ratios, &names)
        };
        Event::Choose {
            id,
            key: key.clone(),
            value: options[nth].clone(),
        }
    }

    /// Whether anything comes of an entry.
    pub(super) fn is_live(&self, entry: Entry) -> bool {
        match entry.rank() {
            Rank::Arrival => self.in_flight.is_live(entry),
            Rank::Timeout => self.timers.is_live(entry),
            _ => true,
        }
    }

    /// An entry comes out of the agenda: the event that it means, if it means one by itself.
    pub(super) fn comes_due(&mut self, world: &World<P>, entry: Entry) -> Option<Event<P>> {
        let at = entry.index as usize;
        if entry.rank() == Rank::Arrival {
            return self.arrive(entry);
        }
        if entry.rank() == Rank::Timeout {
            let (id, timer) = self.timers.due(&mut self.agenda, entry)?;
            self.now = self.now.max(entry.due);
            return Some(Event::Timeout { id, timer });
        }
        let past = entry.due < self.followed_until;
        self.now = self.now.max(entry.due);
        match entry.rank() {
            Rank::Plan => {
                self.plan.reach(at);
                if !past {
                    self.strike(at, None);
                }
            }
            Rank::Start => {
                let id = Id::from(at);
                return matches!(world.node(id), Node::Absent).then_some(Event::Recover(id));
            }
            Rank::Truce => self.repair_all(world),
            Rank::Recovery => {
                let (id, crash) = self.recoveries[at];
                let is_down = matches!(world.node(id), Node::Down { .. });
                let same = self.crashes[index(id)] == crash;
                return (is_down && same).then_some(Event::Recover(id));
            }
            Rank::Healing => {
                let heal = Event::Heal(self.healings[at].clone());
                return is_possible(world, &heal, self.fifo).then_some(heal);
            }
            Rank::Crash => {
                let draw = self.next_crash;
                self.enter_crash();
                if !past {
                    return self.nemesis_crash(world, draw);
                }
            }
            Rank::Cut => {
                let draw = self.next_cut;
                self.enter_cut();
                if !past {
                    return self.nemesis_cut(world, draw);
                }
            }
            Rank::Arrival | Rank::Timeout => unreachable!("they came first"),
        }
        None
    }

    /// A message arrives, unless it is lost or the plan has something else in mind.
    pub(super) fn arrive(&mut self, entry: Entry) -> Option<Event<P>> {
        if !self.in_flight.is_live(entry) {
            return None;
        }
        self.now = self.now.max(entry.due);
        let pending = self.in_flight.get_mut(entry.index)?;
        let lost = match pending.luck {
            Luck::Arrives => false,
            Luck::Unlucky => self.now < self.reliable_from,
            Luck::Doomed => true,
        };
        if !lost && !pending.announced {
            pending.announced = true;
            let hits = self.plan.arrival(pending.link, &pending.msg);
            if !hits.is_empty() {
                // It arrives once more, after what the plan does now; unless it is lost by then.
                self.agenda.push(entry);
                self.strike_all(hits, Some(entry.index));
                return None;
            }
        }
        let Pending { link, msg, .. } = self.in_flight.take(entry.index)?;
        let (src, dst) = (link.src, link.dst);
        let envelope = Envelope { src, dst, msg };
        Some(if lost {
            Event::Drop(envelope)
        } else {
            Event::Deliver(envelope)
        })
    }

    /// Turns an event into a crash inside its handler, where the plan or the nemesis wants one.
    pub(super) fn strike_inside(
        &mut self,
        system: &System<P>,
        world: &World<P>,
        event: Event<P>,
    ) -> Event<P> {
        let Some((id, input)) = event.input() else {
            return event;
        };
        let planned = self.plan.may_crash_inside(id);
        let ambushed = self.adversary.as_ref().is_some_and(|a| a.is_ambushed(id));
        let runs = world.node(id).is_up() || matches!(event, Event::Recover(_));
        if !runs || !(planned || ambushed) {
            return event;
        }
        let node = world.node(id);
        let points = node.crash_points(&system.protocol, id, input);
        let commands = node.preview(&system.protocol, id, input);
        let mut after = self
            .plan
            .crash_inside::<P>(id, &commands)
            .filter(|after| points.contains(after));
        if after.is_none() && ambushed && !points.is_empty() {
            after = self.spring(world, id, &points);
        }
        match after {
            Some(after) => Event::CrashInside {
                event: Arc::new(event),
                after,
            },
            None => event,
        }
    }
}
