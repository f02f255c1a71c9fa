//! Following what happened, whoever chose it: what it takes away, and what it brings about.
//!
//! Invariant: after each event the pending messages, the armed timers and the open choices are
//! those of the world.

use std::cmp::Ordering;
use std::fmt::Debug;

use super::agenda::Rank;
use super::chance::{Draw, between, happens};
use super::in_flight::Luck;
use super::plan::Hits;
use super::{Course, Doing, Urgent, What, clock};
use crate::model::cluster::index;
use crate::model::{Cut, Envelope, Event, Id, Link, Time, TimerRange};
use crate::sim::setup::{Latency, PlannedFault};

/// What an event takes away.
impl Course {
    /// Someone else chose that a message is delivered, or lost.
    pub fn take_equal(&mut self, link: Link, is_equal: &dyn Fn(u32) -> bool) {
        self.in_flight.take_equal(link, is_equal);
    }

    pub fn note_cut(&mut self, cut: &Cut) {
        self.in_flight.lose(|link| cut.contains(link));
        if self.fifo {
            for link in cut.iter() {
                let at = self.at(link);
                self.last_arrival[at] = Time::ZERO;
            }
        }
    }

    pub fn note_crash(&mut self, id: Id) {
        self.timers.disarm_all(id);
        self.crashes[index(id)] += 1;
        if let Some(adversary) = &mut self.adversary {
            adversary.call_off(id);
        }
    }

    /// A timer has fired, or was cancelled: if it was armed, `order` finds it among those of its node.
    pub fn disarm(&mut self, id: Id, order: &dyn Fn(u32) -> Ordering) {
        if let Some(at) = self.timers.number(id, order) {
            self.timers.disarm(at);
        }
    }
}

/// What an event brings about.
impl Course {
    /// Someone else chose that this message is delivered: an anchor that waits for it has been reached.
    pub fn note_arrival(&mut self, link: Link, msg: &dyn Debug) {
        self.plan.arrival(link, msg);
    }

    /// A delivery is over, and all commands of its handler are done.
    pub fn note_delivery(&mut self, link: Link, msg: &dyn Debug, own: bool) {
        let hits = self.plan.delivery(link, msg);
        if own {
            self.strike_all(hits, None);
        }
    }

    /// A timeout is over, and all commands of its handler are done.
    pub fn note_timeout(&mut self, id: Id, timer: &dyn Debug, own: bool) {
        let hits = self.plan.timeout(id, timer);
        if own {
            self.strike_all(hits, None);
        }
    }

    pub fn note_choices(&mut self, id: Id, are_open: bool) {
        if are_open {
            self.undecided.insert(id);
        } else {
            self.undecided.remove(id);
        }
    }

    /// A message of this kind was sent: its number, unless it was lost at once. What is lost draws as
    /// well, so that a cut more or less changes nothing for the messages after it.
    pub fn enter_message(&mut self, link: Link, kind: u8, lost: bool) -> Option<u32> {
        let law = self.law(link);
        let is_certain = matches!(law, Latency::Constant(_))
            && [self.loss, self.duplication]
                .iter()
                .all(|ratio| ratio.times == 0);
        let draw = if is_certain {
            self.chance.pass_message(link, kind);
            Draw::default()
        } else {
            self.chance.message(link, kind)
        };
        if lost {
            return None;
        }
        let due = Time(self.now.0.saturating_add(law.drawn(draw).0));
        let due = self.in_order(link, due);
        let Draw([_, _, drop, copy]) = draw;
        let luck = if happens(drop, self.loss) {
            Luck::Unlucky
        } else {
            Luck::Arrives
        };
        let number = self.in_flight.add(&mut self.agenda, link, due, luck);
        self.note_draw(Rank::Arrival, number);
        let duplicates = !self.fifo && self.now < self.reliable_from;
        if duplicates && happens(copy, self.duplication) {
            self.enter_duplicate(link, number, None);
        }
        Some(number)
    }

    /// A node sent itself a message: it reaches itself at once, and without fail.
    pub fn enter_own_message(&mut self, link: Link) -> u32 {
        let luck = Luck::Arrives;
        let number = self.in_flight.add(&mut self.agenda, link, self.now, luck);
        self.note_no_draw(Rank::Arrival, number);
        number
    }

    /// A message of this kind was duplicated: the number of the copy.
    pub fn enter_copy(&mut self, link: Link, kind: u8) -> u32 {
        let draw = self.chance.copy(link, kind);
        let due = self.now.0.saturating_add(self.law(link).drawn(draw).0);
        let luck = Luck::Arrives;
        let number = self.in_flight.add(&mut self.agenda, link, Time(due), luck);
        self.note_draw(Rank::Arrival, number);
        number
    }

    /// A message is to be duplicated on the spot.
    pub(super) fn enter_duplicate(&mut self, link: Link, msg: u32, planned: Option<usize>) {
        self.in_flight.hold(msg);
        let (src, dst) = (link.src, link.dst);
        let what = What::Event(Event::Duplicate(Envelope { src, dst, msg }));
        self.urgent.push_back(Urgent { what, planned });
    }

    /// A message was sent, and what was planned behind that strikes: unless the node crashed there.
    pub fn note_send(&mut self, link: Link, msg: &dyn Debug, at: Option<u32>, doing: Doing) {
        let hits = self.plan.send(link, msg);
        self.strike_behind(link.src, hits, at, doing);
    }

    pub fn note_save(&mut self, id: Id, doing: Doing) {
        let hits = self.plan.save(id);
        self.strike_behind(id, hits, None, doing);
    }

    /// Faults planned right behind a command. What they do commutes with the commands that
    /// follow, except a crash of the node itself, which has happened by now if it had to.
    fn strike_behind(&mut self, id: Id, mut hits: Hits, message: Option<u32>, doing: Doing) {
        if doing.own && !hits.is_empty() {
            hits.retain(|&hit| !doing.crashed || *self.plan.fault(hit) != PlannedFault::Crash(id));
            self.strike_all(hits, message);
        }
    }

    /// Arms a timer of this kind, again if it is armed. If it has a number, `order` finds it among those of
    /// its node; the answer is its number if that is new.
    pub fn arm(
        &mut self,
        id: Id,
        kind: u8,
        range: TimerRange,
        order: &dyn Fn(u32) -> Ordering,
    ) -> Option<u32> {
        let duration = self.duration(id, kind, range);
        let due = Time(self.now.0.saturating_add(duration.0));
        let (at, is_new) = self.timers.number_or_new(id, order);
        self.timers.arm(&mut self.agenda, at, due);
        self.note_draw(Rank::Timeout, at);
        is_new.then_some(at)
    }

    /// On a fifo link nothing arrives before what was sent earlier.
    pub(super) fn in_order(&mut self, link: Link, due: Time) -> Time {
        if !self.fifo {
            return due;
        }
        let at = self.at(link);
        let last = &mut self.last_arrival[at];
        *last = due.max(*last);
        *last
    }

    fn at(&self, link: Link) -> usize {
        index(link.src) * self.nodes.len() + index(link.dst)
    }

    fn law(&self, link: Link) -> Latency {
        if self.latencies.is_empty() {
            return self.latency;
        }
        self.latencies.get(&link).copied().unwrap_or(self.latency)
    }

    /// How long a timer runs.
    fn duration(&mut self, id: Id, kind: u8, range: TimerRange) -> Time {
        // The end is left out, unless there is nothing before it; and a timer that runs no time at
        // all would stop the clock.
        let min = range.min.0;
        let max = range.max.0.saturating_sub(1).max(min).max(1);
        let own = if min == max {
            self.chance.pass_timer(id, kind);
            Time(min)
        } else {
            let Draw([drawn, ..]) = self.chance.timer(id, kind);
            Time(between(drawn, min, max))
        };
        clock::elapsed(own, self.nodes[index(id)].drift_ppm)
    }
}
