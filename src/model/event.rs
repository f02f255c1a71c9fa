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
use super::id::Id;
use super::network::Cut;
use super::node::Up;
use super::protocol::Protocol;
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
}

impl<A: Actor> Vocabulary for A {
    type Msg = <A as Actor>::Msg;
    type Timer = <A as Actor>::Timer;
    type Key = String;
    type Choice = <A as Actor>::Choice;
    type Cut = Cut;
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
    /// An ordinary event or a start, whose node crashes inside the handler right behind the first
    /// `after` commands.
    CrashInside {
        event: Arc<Event<V>>,
        after: usize,
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
        let text = text.trim();
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        let one = |event| Ok(vec![event]);
        let each = |event: fn(Envelope<P>) -> Self| {
            let envelopes = envelopes(rest, cluster, world)?;
            Ok(envelopes.into_iter().map(event).collect())
        };
        match verb {
            "deliver" => each(Event::Deliver),
            "drop" => each(Event::Drop),
            "duplicate" => each(Event::Duplicate),
            "timeout" => timeouts(rest, cluster, world),
            "choose" => choices(rest, cluster, world),
            "crash" => match rest.split_once(" after ") {
                None => one(Event::Crash(node(rest, cluster)?)),
                Some((name, inside)) => crashes_inside(name, inside, cluster, world),
            },
            "cut" => one(Event::Cut(cut(rest, cluster)?)),
            "heal" => one(Event::Heal(cut(rest, cluster)?)),
            "recover" => one(Event::Recover(node(rest, cluster)?)),
            _ => Err(Obstacle::NoEvent(format!(
                "`{verb}` is not an event: write deliver, timeout, choose, crash, drop, \
                 duplicate, cut, recover or heal"
            ))),
        }
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

fn node(name: &str, cluster: &Cluster) -> Result<Id, Obstacle> {
    let name = name.trim();
    let unknown = || Obstacle::NoEvent(format!("there is no node `{name}`"));
    cluster.find(name).ok_or_else(unknown)
}

fn cut(text: &str, cluster: &Cluster) -> Result<Cut, Obstacle> {
    Cut::parse(text, cluster).map_err(Obstacle::NoEvent)
}

/// The node of this name, if it is up.
fn up<'a, P: Protocol>(
    name: &str,
    cluster: &Cluster,
    world: &'a dyn View<P>,
) -> Result<(Id, &'a Up<P>), Obstacle> {
    let id = node(name, cluster)?;
    let up = world.node(id).up();
    let up = up.ok_or_else(|| Obstacle::Impossible(format!("{name} is not up")))?;
    Ok((id, up))
}

/// `A Timer`
fn timeouts<P: Protocol>(
    text: &str,
    cluster: &Cluster,
    world: &dyn View<P>,
) -> Result<Vec<Event<P>>, Obstacle> {
    let (name, timer) = text.split_once(' ').unwrap_or((text, ""));
    let (id, up) = up(name, cluster, world)?;
    let timers = fitting(timer, up.timers.iter(), || {
        format!("no such timer of {name} is armed")
    })?;
    let timeout = |timer| Event::Timeout { id, timer };
    Ok(timers.into_iter().map(timeout).collect())
}

/// `A key Value`
fn choices<P: Protocol>(
    text: &str,
    cluster: &Cluster,
    world: &dyn View<P>,
) -> Result<Vec<Event<P>>, Obstacle> {
    let mut words = text.splitn(3, ' ');
    let name = words.next().unwrap_or_default();
    let (key, value) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let (id, up) = up(name, cluster, world)?;
    let options = up
        .choices
        .get(key)
        .ok_or_else(|| Obstacle::Impossible(format!("{name} has no choice `{key}` to settle")))?;
    let values = fitting(value, options.iter(), || {
        format!("{name}'s choice `{key}` has no such option")
    })?;
    let choose = |value| {
        let key = key.to_owned();
        Event::Choose { id, key, value }
    };
    Ok(values.into_iter().map(choose).collect())
}

/// `A after N of EVENT`
fn crashes_inside<P: Protocol>(
    name: &str,
    inside: &str,
    cluster: &Cluster,
    world: &dyn View<P>,
) -> Result<Vec<Event<P>>, Obstacle> {
    let id = node(name, cluster)?;
    let (after, event) = inside
        .split_once(" of ")
        .and_then(|(n, event)| Some((n.parse().ok()?, event)))
        .ok_or_else(|| Obstacle::NoEvent("write `crash NODE after N of EVENT`".to_owned()))?;
    let events = Event::readings(event, cluster, world)?;
    if events.iter().any(|event| event.node() != Some(id)) {
        return Err(Obstacle::NoEvent(format!(
            "{name} cannot crash inside an event of another node"
        )));
    }
    let crash = |event| {
        let event = Arc::new(event);
        Event::CrashInside { event, after }
    };
    Ok(events.into_iter().map(crash).collect())
}

/// `A -> B Message`
fn envelopes<P: Protocol>(
    text: &str,
    cluster: &Cluster,
    world: &dyn View<P>,
) -> Result<Vec<Envelope<P>>, Obstacle> {
    let (src, rest) = text
        .split_once("->")
        .ok_or_else(|| Obstacle::NoEvent("write `A -> B Message` behind it".to_owned()))?;
    let rest = rest.trim();
    let (dst, msg) = rest.split_once(' ').unwrap_or((rest, ""));
    let (src, dst) = (node(src, cluster)?, node(dst, cluster)?);
    let there = world.channel(Link::new(src, dst)).iter();
    let messages = fitting(msg, there, || {
        let names = (cluster.name(src), cluster.name(dst));
        format!(
            "no such message is in flight from {} to {}",
            names.0, names.1
        )
    })?;
    let envelope = |msg| Envelope { src, dst, msg };
    Ok(messages.into_iter().map(envelope).collect())
}

/// The value with this text (several if they are written alike), or all those whose text starts with it:
/// at least one.
fn fitting<'a, T: fmt::Debug + Clone + PartialEq + 'a>(
    text: &str,
    offered: impl Iterator<Item = &'a T>,
    missing: impl Fn() -> String,
) -> Result<Vec<T>, Obstacle> {
    let mut distinct: Vec<&T> = Vec::new();
    for value in offered {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    let labels: Vec<String> = distinct.iter().map(label).collect();
    let fitting = places(text.trim(), &labels, &missing)?;
    Ok(fitting.into_iter().map(|at| distinct[at].clone()).collect())
}

/// The places of the labels that a text fits: at least one.
fn places(
    text: &str,
    labels: &[String],
    missing: &dyn Fn() -> String,
) -> Result<Vec<usize>, Obstacle> {
    let places = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let labels = labels.iter().enumerate();
        let fitting = labels.filter(|(_, label)| fits(label));
        fitting.map(|(at, _)| at).collect()
    };
    let exact = places(&|label| label == text);
    if !exact.is_empty() {
        return Ok(exact);
    }
    let near = places(&|label| text.is_empty() || begins(label, text));
    if !near.is_empty() {
        return Ok(near);
    }
    let there = labels.iter().map(|label| format!("`{label}`"));
    let there = super::cluster::enumerate(there);
    let missing = missing();
    Err(Obstacle::Impossible(if there.is_empty() {
        missing
    } else {
        format!("{missing} (there is {there})")
    }))
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
            Event::CrashInside { event, after } => {
                let id = event.node().expect("a crash inside a handler has a node");
                let inner = event.notation(self.cluster);
                write!(f, "crash {} after {after} of {inner}", name(&id))
            }
            Event::Cut(cut) => write!(f, "cut {}", cut.notation(self.cluster)),
            Event::Recover(id) => write!(f, "recover {}", name(id)),
            Event::Heal(cut) => write!(f, "heal {}", cut.notation(self.cluster)),
        }
    }
}
