//! The search goes by what is left after reduction: which events are left out of those enabled, and
//! which messages are taken out of flight.
//!
//! Why that is sound is said in [`check::reduction`](crate::check::reduction). Invariants: a cursor
//! that was told of no reduction offers and does exactly what the relation does. With one, what it
//! offers is enabled in the relation as well, so that every schedule is one of the relation. In every
//! world that has a word no message in flight is dead: what is dead stays dead, so after an event only
//! links that it changed, and links to a node that it changed, are looked at.

use std::ops::Range;
use std::sync::Arc;

use super::Cursor;
use crate::check::fast::expand::reduce::Dead;
use crate::check::fast::store::books::{Numbers, code};
use crate::check::fast::store::memo::question;
use crate::check::intern::{NONE, Number};
use crate::model::cluster::index;
use crate::model::network::ChannelChange;
use crate::model::{
    Carrier, Channel, Enabled, Envelope, Event, Input, Link, Protocol, System, View,
};

impl<P: Protocol> Cursor<P> {
    /// Leaves out what changes no verdict, of what comes from a link or a timer of the world just
    /// loaded.
    pub(super) fn leave_out(&mut self, enabled: &mut Enabled<Numbers>) {
        if self.reducer.lost {
            enabled
                .events
                .retain(|event| !matches!(event, Event::Drop(_)));
        }
        if self.reducer.no_op {
            enabled.events.retain(|event| match event {
                Event::Deliver(envelope) => !self.is_no_op(envelope),
                _ => true,
            });
        }
    }

    /// Whether a delivery changes nothing but what is in flight.
    fn is_no_op(&mut self, e: &Envelope<Numbers>) -> bool {
        if !self.is_up(e.dst) {
            return true;
        }
        let at = index(e.dst);
        let before: Number = self.parts()[at];
        let input = Input::Message {
            src: e.src,
            msg: &e.msg,
        };
        let system = self.system.clone();
        let reaction = self.react(&system, e.dst, input, None);
        self.undo();
        let book = &self.books().node[at];
        let known = book.remembered(reaction);
        known.after == before && known.observed == NONE && book.sent(reaction, 0).is_none()
    }

    /// Applies the n-th of the enabled events, and takes out of flight what is dead afterwards;
    /// whether a send was absorbed.
    #[inline]
    pub fn step(&mut self, system: &System<P>, enabled: &Enabled<Numbers>, nth: usize) -> bool {
        let absorbed = self.apply(system, enabled, nth);
        if self.reducer.dead.is_some() {
            self.bury();
        }
        absorbed
    }
}

/// Dead messages.
impl<P: Protocol> Cursor<P> {
    /// Takes out of flight what is dead by what changed since the world was loaded.
    fn bury(&mut self) {
        let nodes = self.books.nodes;
        for nth in 0..self.changed.len() {
            let (part, _) = self.changed[nth];
            if part < nodes {
                self.bury_at(part, 0..nodes);
            } else if part < self.books.at_globals() {
                let link = part - nodes;
                self.bury_at(link % nodes, link / nodes..link / nodes + 1);
            }
        }
    }

    /// The same for the first world, as a whole; whether anything was dead in it.
    pub fn bury_all(&mut self) -> bool {
        let nodes = self.books.nodes;
        for dst in 0..nodes {
            self.bury_at(dst, 0..nodes);
        }
        let changed = !self.changed.is_empty();
        self.changed.clear();
        changed
    }

    /// On the links from some nodes to one.
    fn bury_at(&mut self, dst: usize, from: Range<usize>) {
        let Some(mut dead) = self.reducer.dead.take() else {
            return;
        };
        let class = dead.class(dst, self.parts[dst], &self.books.node[dst]);
        if class != 0 {
            for src in from {
                let at = src * self.books.nodes + dst;
                let channel = self.parts[self.books.nodes + at];
                if channel == 0 {
                    continue;
                }
                let question = question(channel, class);
                let left = dead.left[at].get(question).unwrap_or_else(|| {
                    let left = self.without(&dead, class, src, dst);
                    dead.left[at].put(question, left);
                    left
                });
                self.set(self.books.nodes + at, left);
            }
        }
        self.reducer.dead = Some(dead);
    }

    /// What is in flight on a link, without what is dead. That would arrive, and counts as heard.
    fn without(&mut self, dead: &Dead<P>, class: Number, src: usize, dst: usize) -> Number {
        let rules = &self.system.rules;
        let link = Link::new(src.into(), dst.into());
        debug_assert_eq!(index(link.dst), dst);
        let arrives = self.is_up(link.dst);
        let at = self.books.at_link(link);
        let book = &mut self.books.channel[at];
        let channel = Arc::clone(book.values.get(self.parts[self.books.nodes + at]));
        let mut left = Channel::default();
        for msg in channel.iter() {
            if !dead.is_dead(dst, class, link.src, msg) {
                left.change(&ChannelChange::Send(msg), rules.links.on(link));
            } else if arrives {
                let input = Input::Message {
                    src: link.src,
                    msg: &book.messages.intern(msg.clone()).0,
                };
                self.inputs.intern((dst, code(input)));
            }
        }
        book.intern(rules.links.order, left)
    }
}
