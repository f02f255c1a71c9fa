//! Taking dead messages out of flight.
//!
//! Invariant: in every world that has a word no message in flight is dead. What is dead stays dead, so
//! after an event only links that it changed, and links to a node that it changed, are looked at. What
//! is left of a channel is remembered by the channel and by which messages are dead.

use std::sync::Arc;

use super::super::cursor::Cursor;
use super::Prospect;
use crate::check::fast::store::books::{NONE, code};
use crate::check::fast::store::intern::Number;
use crate::check::fast::store::memo::{Memo, question};
use crate::model::cluster::index;
use crate::model::network::ChannelChange;
use crate::model::promise::Promise;
use crate::model::{Channel, Input, Link, Protocol, View};

/// Which messages are dead, by the numbers of a worker.
pub struct Dead<P: Protocol> {
    prospects: Arc<[Prospect<P>]>,
    /// For each node and each of its parts, the set of its dead messages, or none if it was not
    /// looked up yet.
    classes: Vec<Vec<Number>>,
    /// For each link, from a channel and such a set to what is left.
    left: Vec<Memo>,
}

impl<P: Protocol> Dead<P> {
    pub fn new(prospects: Arc<[Prospect<P>]>) -> Self {
        let nodes = prospects.len();
        Dead {
            classes: vec![Vec::new(); nodes],
            left: (0..nodes * nodes).map(|_| Memo::default()).collect(),
            prospects,
        }
    }

    pub fn for_another(&self) -> Self {
        Dead::new(Arc::clone(&self.prospects))
    }

    pub fn bytes(&self) -> usize {
        let classes: usize = self.classes.iter().map(Vec::capacity).sum();
        let left: usize = self.left.iter().map(Memo::bytes).sum();
        classes * size_of::<Number>() + left
    }
}

/// What is found in a search must have been foreseen.
/// Complains that what was found out before the search turns out otherwise in it.
fn impure() -> ! {
    let message = "a handler is not pure: asked a second time, it answered otherwise";
    Promise::Pure.complain(message.to_owned())
}

impl<P: Protocol> Cursor<P> {
    /// Takes out of flight what is dead by what changed since the world was loaded.
    pub(super) fn bury(&mut self) {
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
    fn bury_at(&mut self, dst: usize, from: std::ops::Range<usize>) {
        let Some(mut dead) = self.reducer.dead.take() else {
            return;
        };
        let class = self.prospect(&mut dead, dst);
        if class != 0 {
            for src in from {
                let at = src * self.books.nodes + dst;
                let channel = self.parts[self.books.nodes + at];
                if channel == 0 {
                    continue;
                }
                let question = question(channel, class);
                let left = dead.left[at].get(question).unwrap_or_else(|| {
                    let left = self.without(&dead.prospects[dst], class, src, dst);
                    dead.left[at].put(question, left);
                    left
                });
                self.set(self.books.nodes + at, left);
            }
        }
        self.reducer.dead = Some(dead);
    }

    /// Which messages are dead for a node as it is.
    fn prospect(&self, dead: &mut Dead<P>, node: usize) -> Number {
        let number = self.parts[node];
        let classes = &mut dead.classes[node];
        let known = classes.len().max(number as usize + 1);
        classes.resize(known, NONE);
        let class = &mut classes[number as usize];
        if *class == NONE {
            let part = self.books.node[node].values.get(number);
            *class = dead.prospects[node].class(part).unwrap_or_else(|| impure());
        }
        *class
    }

    /// What is in flight on a link, without what is dead. That would arrive, and counts as heard.
    fn without(&mut self, prospect: &Prospect<P>, class: Number, src: usize, dst: usize) -> Number {
        let rules = &self.system.rules;
        let link = Link::new(src.into(), dst.into());
        debug_assert_eq!(index(link.dst), dst);
        let arrives = self.is_up(link.dst);
        let at = self.books.at_link(link);
        let book = &mut self.books.channel[at];
        let channel = Arc::clone(book.values.get(self.parts[self.books.nodes + at]));
        let mut left = Channel::default();
        for msg in channel.iter() {
            if !prospect
                .is_dead(class, link.src, msg)
                .unwrap_or_else(|| impure())
            {
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
