//! From numbers to what they stand for.

use std::sync::Arc;

use super::Books;
use crate::check::intern::{Number, number};
use crate::model::arms::Arm;
use crate::model::cluster::index;
use crate::model::{Envelope, Event, Id, Input, Link, Protocol, Vocabulary};

/// What events are made of here: numbers. A message is numbered on its link, a timer and an
/// option on their node.
#[derive(Clone, Copy, Debug)]
pub enum Numbers {}

impl Vocabulary for Numbers {
    type Msg = Number;
    type Timer = Number;
    /// An option has a number together with what the choice is about.
    type Key = ();
    type Choice = Number;
    type Cut = Number;
    type Point = Number;
}

/// An input in one number: its sort, who sent it, and what.
#[inline]
pub fn code(input: Input<'_, Numbers>) -> Number {
    let (sort, src, what) = match input {
        Input::Start => (0, 0, 0),
        Input::Message { src, msg } => (1, number(index(src)), *msg),
        Input::Timeout(timer) => (2, 0, *timer),
        Input::Choice { value, .. } => (3, 0, *value),
    };
    assert!(what < 1 << 23, "fewer than 2^23 messages on a link");
    sort | src << 2 | what << 9
}

impl<P: Protocol> Books<P> {
    /// The arm that the input with this code exercises at a node.
    pub fn arm(&self, id: Id, code: Number) -> Option<Arm> {
        let (src, what) = (Id::from((code >> 2 & 0x7f) as usize), code >> 9);
        let input = match code & 3 {
            1 => Input::Message { src, msg: &what },
            2 => Input::Timeout(&what),
            _ => return None,
        };
        Arm::of(self.spell_input(id, input))
    }

    /// An input by its contents.
    pub fn spell_input(&self, id: Id, input: Input<'_, Numbers>) -> Input<'_, P> {
        let book = &self.node[index(id)];
        match input {
            Input::Start => Input::Start,
            Input::Message { src, msg } => Input::Message {
                src,
                msg: self.message(Link::new(src, id), *msg),
            },
            Input::Timeout(timer) => Input::Timeout(book.timers.get(*timer)),
            Input::Choice { value, .. } => {
                let (key, value) = book.options.get(*value);
                Input::Choice { key, value }
            }
        }
    }

    /// An event by its contents.
    pub fn spell_out(&self, event: &Event<Numbers>) -> Event<P> {
        let envelope = |e: &Envelope<Numbers>| Envelope {
            src: e.src,
            dst: e.dst,
            msg: self.message(e.link(), e.msg).clone(),
        };
        let cut = |cut: &Number| self.globals.cuts.get(*cut).clone();
        match event {
            Event::Deliver(e) => Event::Deliver(envelope(e)),
            Event::Drop(e) => Event::Drop(envelope(e)),
            Event::Duplicate(e) => Event::Duplicate(envelope(e)),
            Event::Timeout { id, timer } => Event::Timeout {
                id: *id,
                timer: self.node[index(*id)].timers.get(*timer).clone(),
            },
            Event::Choose { id, value, .. } => {
                let (key, value) = self.node[index(*id)].options.get(*value).clone();
                Event::Choose {
                    id: *id,
                    key,
                    value,
                }
            }
            Event::CrashInside { event, point } => {
                let id = event.node().expect("a handler belongs to a node");
                Event::CrashInside {
                    event: Arc::new(self.spell_out(event)),
                    point: self.node[index(id)].points.get(*point).clone(),
                }
            }
            Event::Crash(id) => Event::Crash(*id),
            Event::Recover(id) => Event::Recover(*id),
            Event::Cut(c) => Event::Cut(cut(c)),
            Event::Heal(c) => Event::Heal(cut(c)),
        }
    }

    fn message(&self, link: Link, msg: Number) -> &P::Msg {
        self.channel[self.at_link(link)].messages.get(msg)
    }
}
