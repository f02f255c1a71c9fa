//! Every part of every world by number, and what was ever asked of it.
//!
//! Invariants: a part is interned once, and what the relation reads of it (who is up, what may be
//! delivered, which timers are armed and whom they await) is worked out at that moment. Handlers
//! and changes are asked of the model the first time, and remembered by the numbers of the part
//! and of the question: that is sound because both depend on these two alone.
//!
//! Each worker has books of its own. The numbers of parts, of which worlds are made, are shared by
//! all workers; those of messages, timers, options and observations are a worker's own.

mod channel;
mod node;
mod rest;
mod spell;

use std::sync::Arc;

pub use channel::{ChannelBook, and_fate, with_fate};
pub use node::{Answered, NodeBook, Points};
pub use rest::{GlobalsBook, HistoryBook};
pub use spell::{Numbers, code};

use crate::check::intern::Number;
use crate::model::cluster::index;
use crate::model::globals::Globals;
use crate::model::{Channel, Id, Link, Node, Past, Protocol};

/// What every world is made of, by number.
pub struct Books<P: Protocol> {
    pub nodes: usize,
    /// By their places: dividing takes longer.
    links: Vec<Link>,
    pub node: Vec<NodeBook<P>>,
    pub channel: Vec<ChannelBook<P::Msg>>,
    pub globals: GlobalsBook,
    pub history: HistoryBook<P>,
}

/// The parts of a world in their order: nodes, channels, globals, history.
impl<P: Protocol> Books<P> {
    pub fn new(nodes: usize) -> Self {
        let link = |at| Link::new(Id::from(at / nodes), Id::from(at % nodes));
        Books {
            nodes,
            links: (0..nodes * nodes).map(link).collect(),
            node: (0..nodes).map(|_| NodeBook::default()).collect(),
            channel: (0..nodes * nodes).map(|_| ChannelBook::default()).collect(),
            globals: GlobalsBook::default(),
            history: HistoryBook::default(),
        }
    }

    /// Books for another worker. They are empty until they catch up.
    pub fn for_another(&self) -> Self {
        Books {
            nodes: self.nodes,
            links: self.links.clone(),
            node: self.node.iter().map(NodeBook::for_another).collect(),
            channel: self.channel.iter().map(ChannelBook::for_another).collect(),
            globals: self.globals.for_another(),
            history: self.history.for_another(),
        }
    }

    /// The place of a link among the channels.
    #[inline]
    pub fn at_link(&self, link: Link) -> usize {
        index(link.src) * self.nodes + index(link.dst)
    }

    /// The link at a place among the channels.
    #[inline]
    pub fn link(&self, at: usize) -> Link {
        self.links[at]
    }

    #[inline]
    pub fn at_globals(&self) -> usize {
        self.nodes + self.links.len()
    }

    #[inline]
    pub fn at_history(&self) -> usize {
        self.at_globals() + 1
    }

    pub fn part_count(&self) -> usize {
        self.at_history() + 1
    }

    /// How many values each part has had.
    pub fn counts(&self) -> Vec<usize> {
        let nodes = self.node.iter().map(|book| book.values.len());
        let channels = self.channel.iter().map(|book| book.values.len());
        let rest = [self.globals.values.len(), self.history.values.len()];
        nodes.chain(channels).chain(rest).collect()
    }

    /// Whether these numbers stand for parts that are known.
    pub fn know(&self, parts: &[Number]) -> bool {
        let counts = self.counts();
        let mut parts = parts.iter().zip(counts);
        parts.all(|(part, count)| (*part as usize) < count)
    }

    pub fn bytes(&self) -> usize {
        let nodes: usize = self.node.iter().map(NodeBook::bytes).sum();
        let channels: usize = self.channel.iter().map(ChannelBook::bytes).sum();
        nodes + channels + self.globals.bytes() + self.history.bytes()
    }

    /// The parts of one world.
    pub fn shelf<'a>(&'a self, parts: &'a [Number]) -> Shelf<'a, P> {
        Shelf { books: self, parts }
    }
}

/// The world that some numbers stand for.
#[derive_where::derive_where(Clone, Copy)]
pub struct Shelf<'a, P: Protocol> {
    books: &'a Books<P>,
    parts: &'a [Number],
}

impl<'a, P: Protocol> Shelf<'a, P> {
    #[inline]
    pub fn at_link(&self, link: Link) -> usize {
        self.books.nodes + self.books.at_link(link)
    }

    #[inline]
    pub fn at_globals(&self) -> usize {
        self.books.at_globals()
    }

    #[inline]
    pub fn at_history(&self) -> usize {
        self.books.at_history()
    }

    pub fn nodes(&self) -> usize {
        self.books.nodes
    }

    pub fn node(&self, id: Id) -> &'a Node<P> {
        self.books.node[index(id)].values.get(self.parts[index(id)])
    }

    pub fn channel(&self, link: Link) -> &'a Channel<P::Msg> {
        let book = &self.books.channel[self.books.at_link(link)];
        book.values.get(self.parts[self.at_link(link)])
    }

    pub fn globals(&self) -> &'a Globals {
        self.books.globals.values.get(self.parts[self.at_globals()])
    }

    pub fn past(&self) -> &'a Past<P> {
        let past: &Arc<Past<P>> = self.books.history.values.get(self.parts[self.at_history()]);
        past
    }
}
