//! One thing that can happen, and the one notation for it.
//!
//! An event prints the same in a transcript, a counterexample, a schedule and a report, and reads
//! back from that text: messages, timers and choices are found by their text among those that
//! the world offers, so no protocol needs a parser.

use std::fmt::{self, Debug};
use std::hash::Hash;
use std::sync::Arc;

use derive_where::derive_where;

use super::actor::{Actor, Input};
use super::cluster::{Cluster, Link};
use super::crash::CrashPoint;
use super::id::Id;
use super::network::Cut;
use super::protocol::Protocol;
use super::reading::{self, Offered};
use super::world::View;

/// What an event is made of: contents, or whatever a carrier knows them by.
///
/// Every protocol is the vocabulary of its own contents. A carrier that knows messages and timers
/// by number brings another, and the relation speaks that instead: it never looks inside.
pub trait Vocabulary {
    type Msg: Clone + Debug + Ord + Hash + 'static;
    type Timer: Clone + Debug + Ord + Hash + 'static;
    /// What a choice is about.
    type Key: Clone + Debug + Ord + Hash + 'static;
    /// What a choice can be settled to.
    type Choice: Clone + Debug + Ord + Hash + 'static;
    type Cut: Clone + Debug + Ord + Hash + 'static;
    /// Where inside a handler a node crashes.
    type Point: Clone + Debug + Ord + Hash + 'static;
}

impl<A: Actor> Vocabulary for A {
    type Msg = <A as Actor>::Msg;
    type Timer = <A as Actor>::Timer;
    type Key = String;
    type Choice = <A as Actor>::Choice;
    type Cut = Cut;
    type Point = CrashPoint;
}

/// A message on its way.
#[derive_where(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Envelope<V: Vocabulary> {
    pub src: Id,
    pub dst: Id,
    pub msg: V::Msg,
}

impl<V: Vocabulary> Envelope<V> {
    pub fn link(&self) -> Link {
        Link::new(self.src, self.dst)
    }
}

/// One thing that can happen.
#[derive_where(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event<V: Vocabulary> {
    /// A message reaches its destination: its handler runs, or, if the node is down, it is lost.
    Deliver(Envelope<V>),
    Timeout {
        id: Id,
        timer: V::Timer,
    },
    /// The environment settles a choice.
    Choose {
        id: Id,
        key: V::Key,
        value: V::Choice,
    },
    Crash(Id),
    /// An ordinary event or a start, whose node crashes inside the handler.
    CrashInside {
        event: Arc<Event<V>>,
        point: V::Point,
    },
    Drop(Envelope<V>),
    Duplicate(Envelope<V>),
    Cut(V::Cut),
    /// A node that is down starts again; one that never started joins.
    Recover(Id),
    Heal(V::Cut),
}

/// What sort of thing an event is. *Never blocked* counts on ordinary events alone, *recovers* on
/// repairs as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Ordinary,
    Fault,
    Repair,
}

impl<V: Vocabulary> Event<V> {
    pub fn class(&self) -> Class {
        match self {
            Event::Deliver(_) | Event::Timeout { .. } | Event::Choose { .. } => Class::Ordinary,
            Event::Crash(_)
            | Event::CrashInside { .. }
            | Event::Drop(_)
            | Event::Duplicate(_)
            | Event::Cut(_) => Class::Fault,
            Event::Recover(_) | Event::Heal(_) => Class::Repair,
        }
    }

    /// The node whose handler would run if it is up (or, for a recovery, down).
    pub fn input(&self) -> Option<(Id, Input<'_, V>)> {
        match self {
            Event::Deliver(e) => Some((
                e.dst,
                Input::Message {
                    src: e.src,
                    msg: &e.msg,
                },
            )),
            Event::Timeout { id, timer } => Some((*id, Input::Timeout(timer))),
            Event::Choose { id, key, value } => Some((*id, Input::Choice { key, value })),
            Event::Recover(id) => Some((*id, Input::Start)),
            _ => None,
        }
    }

    /// The node it happens to, if it is one.
    pub fn node(&self) -> Option<Id> {
        match self {
            Event::Crash(id) => Some(*id),
            Event::CrashInside { event, .. } => event.node(),
            event => event.input().map(|(id, _)| id),
        }
    }

    /// Whether the environment settles a choice in it. Nothing else may come before.
    pub(super) fn settles_a_choice(&self) -> bool {
        match self {
            Event::Choose { .. } => true,
            Event::CrashInside { event, .. } => event.settles_a_choice(),
            _ => false,
        }
    }
}

impl<P: Protocol> Event<P> {
    /// The event in the one notation.
    pub fn notation<'a>(&'a self, cluster: &'a Cluster) -> impl fmt::Display + use<'a, P> {
        Notation {
            event: self,
            cluster,
        }
    }

    /// The event that the notation stands for in the given world. The text of a message, timer or
    /// option may be cut short after its name (`Prepare` for `Prepare { txn: 1 }`) where only one
    /// fits. Whether the event is possible is not asked: [`System::read`](super::System::read) does.
    pub fn parse(text: &str, cluster: &Cluster, world: &dyn View<P>) -> Result<Self, Obstacle> {
        let mut readings = Event::readings(text, cluster, world)?;
        match readings.len() {
            1 => Ok(readings.remove(0)),
            _ => Err(Obstacle::ambiguous(&readings, cluster)),
        }
    }

    /// The events that the notation may stand for in the given world: at least one.
    pub(super) fn readings(
        text: &str,
        cluster: &Cluster,
        world: &dyn View<P>,
    ) -> Result<Vec<Self>, Obstacle> {
        let read = reading::readings(text, cluster, &Offered(world))?;
        Ok(reading::spelled_out(&read, world))
    }
}

/// What keeps a text from being an event that can happen in a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It is no event of any world.
    NoEvent(String),
    /// It is an event, and cannot happen in this world.
    Impossible(String),
    /// It may be any of these events, in the one notation.
    Ambiguous(Vec<String>),
}

impl Obstacle {
    pub(super) fn ambiguous<P: Protocol>(readings: &[Event<P>], cluster: &Cluster) -> Self {
        let notation = |event: &Event<P>| event.notation(cluster).to_string();
        Obstacle::Ambiguous(readings.iter().map(notation).collect())
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::NoEvent(why) | Obstacle::Impossible(why) => f.write_str(why),
            Obstacle::Ambiguous(candidates) => {
                let quoted: Vec<_> = candidates.iter().map(|c| format!("`{c}`")).collect();
                write!(f, "this may be {}: say which", quoted.join(" or "))
            }
        }
    }
}

/// Whether a label begins with a text that ends where a word does: with its kind, or with that and some of
/// what is in it.
pub fn begins(label: &str, text: &str) -> bool {
    let ends_a_word = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    label.strip_prefix(text).is_some_and(ends_a_word)
}

/// A message, timer or option as people read it: its `Debug` text, on one line.
pub fn label<T: fmt::Debug + ?Sized>(value: &T) -> String {
    format!("{value:?}")
}

/// The name in front of a label: the message kind of a message.
pub fn kind(label: &str) -> &str {
    let end = label
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(label.len());
    &label[..end]
}

/// A text in pieces: words and numbers, and what stands between them.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_word = rest.chars().next()?.is_alphanumeric();
        let end = rest.find(|c: char| c.is_alphanumeric() != is_word);
        let (token, others) = rest.split_at(end.unwrap_or(rest.len()));
        rest = others;
        Some(token)
    })
}

struct Notation<'a, P: Protocol> {
    event: &'a Event<P>,
    cluster: &'a Cluster,
}

impl<P: Protocol> fmt::Display for Notation<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |id: &Id| self.cluster.name(*id);
        let envelope = |f: &mut fmt::Formatter<'_>, verb, e: &Envelope<P>| {
            write!(f, "{verb} {} -> {} {:?}", name(&e.src), name(&e.dst), e.msg)
        };
        match self.event {
            Event::Deliver(e) => envelope(f, "deliver", e),
            Event::Drop(e) => envelope(f, "drop", e),
            Event::Duplicate(e) => envelope(f, "duplicate", e),
            Event::Timeout { id, timer } => write!(f, "timeout {} {timer:?}", name(id)),
            Event::Choose { id, key, value } => write!(f, "choose {} {key} {value:?}", name(id)),
            Event::Crash(id) => write!(f, "crash {}", name(id)),
            Event::CrashInside { event, point } => {
                let id = event.node().expect("a crash inside a handler has a node");
                let (point, inner) = (point.notation(self.cluster), event.notation(self.cluster));
                write!(f, "crash {} after {point} of {inner}", name(&id))
            }
            Event::Cut(cut) => write!(f, "cut {}", cut.notation(self.cluster)),
            Event::Recover(id) => write!(f, "recover {}", name(id)),
            Event::Heal(cut) => write!(f, "heal {}", cut.notation(self.cluster)),
        }
    }
}
