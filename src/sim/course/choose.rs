//! Choosing what happens next.
//!
//! Invariant: choices first, then what happens on the spot, then the agenda, entry by entry until
//! one of them means an event. What an event brings about is not known here.

use super::agenda::{Entry, Rank};
use super::chance::{Draw, below, inclined, position};
use super::in_flight::Luck;
use super::plan::Deed;
use super::{Course, End, Numbered, Scene, Standing, Urgent, What};
use crate::model::cluster::index;
use crate::model::{CrashPoint, Envelope, Event, Id, Lasting};

impl Course {
    pub(super) fn choose(&mut self, scene: &dyn Scene) -> Option<Event<Numbered>> {
        if let Some(id) = self.undecided.iter().next() {
            let (key, value) = ((), ());
            return Some(Event::Choose { id, key, value });
        }
        loop {
            self.note_undrawn();
            while let Some(Urgent { what, planned }) = self.urgent.pop_front() {
                let event = match what {
                    What::Event(event) => Some(event),
                    What::HealAll => self.heal_all(scene),
                };
                if let Some(Event::Duplicate(e)) = &event {
                    if planned.is_none() {
                        self.note_decision(Rank::Arrival, e.msg);
                    }
                    self.in_flight.release(e.msg);
                }
                if let Some(event) = event.filter(|event| self.is_possible(scene, event)) {
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
            if let Some(event) = self.comes_due(scene, entry) {
                return Some(event);
            }
        }
    }

    /// Draws one of so many options of a choice that a node has to settle. Their names are asked for only if
    /// the node is inclined to any.
    pub fn settle(
        &mut self,
        id: Id,
        key: &str,
        options: usize,
        names: &dyn Fn() -> Vec<String>,
    ) -> usize {
        let Draw([drawn, ..]) = self.chance.choice(id, key);
        self.note_decided_now();
        let ratios = &self.nodes[index(id)].choices;
        if ratios.is_empty() {
            return position(below(drawn, options as u64));
        }
        let names = names();
        let met = ratios.iter().enumerate();
        let met = met.filter(|(_, (name, _))| names.contains(name));
        self.offered.extend(met.map(|(nth, _)| (id, nth)));
        inclined(drawn, ratios, &names)
    }

    /// Whether anything comes of an entry.
    fn is_live(&self, entry: Entry) -> bool {
        match entry.rank() {
            Rank::Arrival => self.in_flight.is_live(entry),
            Rank::Timeout => self.timers.is_live(entry),
            _ => true,
        }
    }

    /// An entry comes out of the agenda: the event that it means, if it means one by itself.
    fn comes_due(&mut self, scene: &dyn Scene, entry: Entry) -> Option<Event<Numbered>> {
        let at = entry.index as usize;
        self.note_decision(entry.rank(), entry.index);
        if entry.rank() == Rank::Arrival {
            return self.arrive(scene, entry);
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
                let is_absent = scene.standing(id) == Standing::Absent;
                return is_absent.then_some(Event::Recover(id));
            }
            Rank::Truce => self.repair_all(scene),
            Rank::Recovery => {
                let (id, crash) = self.recoveries[at];
                let is_down = scene.standing(id) == Standing::Down;
                let same = self.crashes[index(id)] == crash;
                return (is_down && same).then_some(Event::Recover(id));
            }
            Rank::Healing => {
                let heal = Event::Heal(self.healings[at].clone());
                return self.is_possible(scene, &heal).then_some(heal);
            }
            Rank::Crash => {
                let draw = self.next_crash;
                self.enter_crash();
                if !past {
                    return self.nemesis_crash(scene, draw);
                }
            }
            Rank::Cut => {
                let draw = self.next_cut;
                self.enter_cut();
                if !past {
                    return self.nemesis_cut(scene, draw);
                }
            }
            Rank::Arrival | Rank::Timeout => unreachable!("they came first"),
        }
        None
    }

    /// A message arrives, unless it is lost or the plan has something else in mind.
    fn arrive(&mut self, scene: &dyn Scene, entry: Entry) -> Option<Event<Numbered>> {
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
        let is_planned = pending.luck == Luck::Doomed;
        if !lost && !pending.announced {
            pending.announced = true;
            let hits = self.plan.arrival(pending.link, scene.message(entry.index));
            if !hits.is_empty() {
                // It arrives once more, after what the plan does now; unless it is lost by then.
                self.agenda.push(entry);
                self.strike_all(hits, Some(entry.index));
                return None;
            }
        }
        if is_planned {
            self.note_undrawn();
        }
        let link = self.in_flight.take(entry.index)?.link;
        let (src, dst, msg) = (link.src, link.dst, entry.index);
        let envelope = Envelope { src, dst, msg };
        Some(if lost {
            Event::Drop(envelope)
        } else {
            Event::Deliver(envelope)
        })
    }

    /// Whether the plan or the nemesis may want a node to crash inside its next handler: then it is worth
    /// finding out what that is about to do.
    pub fn may_strike_inside(&self, id: Id) -> bool {
        let ambushed = self.adversary.as_ref().is_some_and(|a| a.is_ambushed(id));
        ambushed || self.plan.may_crash_inside(id)
    }

    /// Where a node crashes inside its handler, if it does.
    pub fn strike_inside(
        &mut self,
        scene: &dyn Scene,
        id: Id,
        commands: &[Deed<'_>],
        lasting: &Lasting,
    ) -> Option<CrashPoint> {
        let prefixes = lasting.prefixes();
        let planned = self.plan.crash_inside(id, commands);
        let planned = planned.filter(|after| prefixes.contains(after));
        let ambushed = self.adversary.as_ref().is_some_and(|a| a.is_ambushed(id));
        if planned.is_none() && ambushed && !prefixes.is_empty() {
            return self.spring(scene, id, lasting, &prefixes);
        }
        planned.map(CrashPoint::behind)
    }
}
