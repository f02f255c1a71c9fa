//! All that was ever in flight on one link.

use std::hash::Hash;
use std::sync::Arc;

use super::super::memo::Memo;
use super::super::pieces::{Piece, Pieces};
use super::super::shared::Shared;
use crate::check::intern::{Interner, Number, number};
use crate::model::network::Fate;
use crate::model::{Channel, LinkOrder};

/// All that was ever in flight on one link. Nothing in flight is number 0.
pub struct ChannelBook<M> {
    pub values: Shared<Arc<Channel<M>>>,
    pub messages: Interner<M>,
    /// What is in flight, and what of it may be delivered next.
    facts: Vec<(Piece, Piece)>,
    lists: Pieces<Number>,
    /// From part and change to the new part and what became of a message.
    pub changes: Memo,
}

impl<M: Clone + Ord + Hash> Default for ChannelBook<M> {
    fn default() -> Self {
        let mut book = ChannelBook::of(Shared::default());
        book.intern(LinkOrder::default(), Channel::default());
        book
    }
}

impl<M: Clone + Ord + Hash> ChannelBook<M> {
    fn of(values: Shared<Arc<Channel<M>>>) -> Self {
        ChannelBook {
            values,
            messages: Interner::default(),
            facts: Vec::new(),
            lists: Pieces::default(),
            changes: Memo::default(),
        }
    }

    pub fn for_another(&self) -> Self {
        ChannelBook::of(self.values.for_another())
    }

    pub fn intern(&mut self, order: LinkOrder, channel: Channel<M>) -> Number {
        let number = self.values.intern(channel);
        self.learn(order);
        number
    }

    pub fn catch_up(&mut self, order: LinkOrder) {
        self.values.catch_up();
        self.learn(order);
    }

    /// Works out what is read of the parts that are new here.
    fn learn(&mut self, order: LinkOrder) {
        while self.facts.len() < self.values.len() {
            let channel = self.values.get(number(self.facts.len()));
            let messages = &mut self.messages;
            let mut known = |msg: &M| messages.intern(msg.clone()).0;
            let all = self.lists.add(channel.iter().map(&mut known));
            let next = self.lists.add(channel.distinct(order).map(&mut known));
            self.facts.push((all, next));
        }
    }

    #[inline]
    pub fn in_flight(&self, channel: Number, nth: usize) -> Option<Number> {
        self.lists.get(self.facts[channel as usize].0, nth)
    }

    #[inline]
    pub fn deliverable(&self, channel: Number, nth: usize) -> Option<Number> {
        self.lists.get(self.facts[channel as usize].1, nth)
    }

    pub fn bytes(&self) -> usize {
        let facts = self.facts.capacity() * size_of::<(Piece, Piece)>();
        let tables = self.values.bytes() + self.messages.bytes();
        facts + tables + self.lists.bytes() + self.changes.bytes()
    }
}

/// The new part and what became of a message, in one word.
pub fn with_fate(part: Number, fate: Fate) -> Number {
    let fate = match fate {
        Fate::InFlight => 0,
        Fate::Absorbed => 1,
        Fate::Cut => 2,
    };
    part << 2 | fate
}

#[inline]
pub fn and_fate(answer: Number) -> (Number, Fate) {
    let fate = match answer & 3 {
        0 => Fate::InFlight,
        1 => Fate::Absorbed,
        _ => Fate::Cut,
    };
    (answer >> 2, fate)
}
