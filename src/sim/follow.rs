//! Following what happened, whoever chose it: what it takes away, and what it brings about.
//!
//! Invariant: after each event the pending messages, the armed timers and the open choices are
//! those of the world.

use super::chance::{self, Draw, between, happens};
use super::in_flight::Luck;
use super::plan::Hits;
use super::setup::{Latency, PlannedFault};
use super::{Simulator, Urgent, What, clock};
use crate::model::cluster::index;
use crate::model::network::Fate;
use crate::model::{
    Command, Envelope, Event, Id, Link, Protocol, Reaction, Time, TimerRange, View, World,
};

impl<P: Protocol> Simulator<P> {
    /// What an event takes away.
    pub(super) fn follow(&mut self, event: &Event<P>, own: bool) {
        match event {
            Event::CrashInside { event, .. } => self.follow(event, own),
            // Its own arrivals have left the agenda and the messages pending already.
            Event::Deliver(_) | Event::Drop(_) if own => {}
            Event::Deliver(e) => {
                self.in_flight.take_equal(e.link(), &e.msg);
                self.plan.arrival(e.link(), &e.msg);
            }
            Event::Drop(e) => self.in_flight.take_equal(e.link(), &e.msg),
            Event::Duplicate(e) => {
                let draw = self.chance.copy(e.link(), chance::kind(&e.msg));
                let due = self.now.0.saturating_add(self.law(e.link()).drawn(draw).0);
                let luck = Luck::Arrives;
                self.enter(e.link(), &e.msg, Time(due), luck);
            }
            Event::Timeout { id, timer } => self.timers.disarm(*id, timer),
            Event::Crash(id) => self.note_crash(*id),
            Event::Cut(cut) => {
                self.in_flight.lose(|link| cut.contains(link));
                if self.fifo {
                    for link in cut.iter() {
                        let at = self.at(link);
                        self.last_arrival[at] = Time::ZERO;
                    }
                }
            }
            Event::Choose { .. } | Event::Recover(_) | Event::Heal(_) => {}
        }
    }

    pub(super) fn note_crash(&mut self, id: Id) {
        self.timers.disarm_all(id);
        self.crashes[index(id)] += 1;
        if let Some(adversary) = &mut self.adversary {
            adversary.call_off(id);
        }
    }

    /// An event is over, and all commands of its handler are done.
    pub(super) fn note_done(&mut self, event: &Event<P>, own: bool) {
        let hits = match event {
            Event::Deliver(e) => self.plan.delivery(e.link(), &e.msg),
            Event::Timeout { id, timer } => self.plan.timeout(*id, timer),
            _ => return,
        };
        if own {
            self.strike_all(hits, None);
        }
    }

    pub(super) fn note_choices(&mut self, world: &World<P>, id: Id) {
        let up = world.node(id).up();
        if up.is_some_and(|up| !up.choices.is_empty()) {
            self.undecided.insert(id);
        } else {
            self.undecided.remove(id);
        }
    }

    /// What the commands of a handler bring about.
    pub(super) fn carry_out(
        &mut self,
        id: Id,
        reaction: &Reaction<P>,
        unsent: &[(usize, Fate)],
        own: bool,
    ) {
        let mut unsent = unsent.iter().peekable();
        let mut sends = 0;
        for command in &reaction.commands {
            match command {
                Command::Send(dst, msg) => {
                    let lost = unsent.next_if(|(nth, _)| *nth == sends).is_some();
                    sends += 1;
                    let link = Link::new(id, *dst);
                    let at = self.enter_message(link, msg, lost);
                    let hits = self.plan.send(link, msg);
                    self.strike_behind(id, reaction, hits, at, own);
                }
                Command::Save { .. } => {
                    let hits = self.plan.save(id);
                    self.strike_behind(id, reaction, hits, None, own);
                }
                Command::SetTimer(timer, range) => {
                    let duration = self.duration(id, timer, *range);
                    let due = Time(self.now.0.saturating_add(duration.0));
                    self.timers.arm(&mut self.agenda, id, timer, due);
                }
                Command::CancelTimer(timer) => self.timers.disarm(id, timer),
                Command::Choose(..) => {}
            }
        }
    }

    /// Faults planned right behind a command. What they do commutes with the commands that
    /// follow, except a crash of the node itself, which has happened by now if it had to.
    pub(super) fn strike_behind(
        &mut self,
        id: Id,
        reaction: &Reaction<P>,
        mut hits: Hits,
        message: Option<u32>,
        own: bool,
    ) {
        if own && !hits.is_empty() {
            hits.retain(|&hit| {
                !reaction.crashed || *self.plan.fault(hit) != PlannedFault::Crash(id)
            });
            self.strike_all(hits, message);
        }
    }

    /// A message was sent: where it is pending, unless it was lost at once. What is lost draws as
    /// well, so that a cut more or less changes nothing for the messages after it.
    pub(super) fn enter_message(&mut self, link: Link, msg: &P::Msg, lost: bool) -> Option<u32> {
        if link.is_loop() {
            // A node reaches itself at once, and without fail.
            return (!lost).then(|| self.enter(link, msg, self.now, Luck::Arrives));
        }
        let draw = self.chance.message(link, chance::kind(msg));
        if lost {
            return None;
        }
        let due = Time(self.now.0.saturating_add(self.law(link).drawn(draw).0));
        let due = self.in_order(link, due);
        let Draw([_, _, drop, copy]) = draw;
        let luck = if happens(drop, self.loss) {
            Luck::Unlucky
        } else {
            Luck::Arrives
        };
        let duplicates = !self.fifo && self.now < self.reliable_from;
        if duplicates && happens(copy, self.duplication) {
            let (src, dst, msg) = (link.src, link.dst, msg.clone());
            self.urgent.push_back(Urgent {
                what: What::Event(Event::Duplicate(Envelope { src, dst, msg })),
                planned: None,
            });
        }
        Some(self.enter(link, msg, due, luck))
    }

    fn enter(&mut self, link: Link, msg: &P::Msg, due: Time, luck: Luck) -> u32 {
        let msg = msg.clone();
        self.in_flight.add(&mut self.agenda, link, msg, due, luck)
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

    pub(super) fn at(&self, link: Link) -> usize {
        index(link.src) * self.nodes.len() + index(link.dst)
    }

    pub(super) fn law(&self, link: Link) -> Latency {
        if self.latencies.is_empty() {
            return self.latency;
        }
        self.latencies.get(&link).copied().unwrap_or(self.latency)
    }

    /// How long a timer runs.
    pub(super) fn duration(&mut self, id: Id, timer: &P::Timer, range: TimerRange) -> Time {
        // The end is left out, unless there is nothing before it; and a timer that runs no time at
        // all would stop the clock.
        let min = range.min.0;
        let max = range.max.0.saturating_sub(1).max(min).max(1);
        let Draw([drawn, ..]) = self.chance.timer(id, chance::kind(timer));
        let own = Time(between(drawn, min, max));
        clock::elapsed(own, self.nodes[index(id)].drift_ppm)
    }
}
