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

    /// Reads the notation in the given world. The text of a message, timer or option may be cut
    /// short after its name (`Prepare` for `Prepare { txn: 1 }`) where only one fits.
    pub fn parse(text: &str, cluster: &Cluster, world: &dyn View<P>) -> Result<Self, String> {
        let text = text.trim();
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        let node = |name: &str| {
            cluster
                .find(name)
                .ok_or_else(|| format!("there is no node `{name}`"))
        };
        match verb {
            "deliver" => Ok(Event::Deliver(envelope(rest, cluster, world)?)),
            "drop" => Ok(Event::Drop(envelope(rest, cluster, world)?)),
            "duplicate" => Ok(Event::Duplicate(envelope(rest, cluster, world)?)),
            "timeout" => {
                let (name, timer) = rest.split_once(' ').unwrap_or((rest, ""));
                let id = node(name)?;
                let armed = world.node(id).up().map(|up| up.timers.iter());
                let timer = pick(timer, armed.into_iter().flatten(), || {
                    format!("no such timer of {name} is armed")
                })?;
                Ok(Event::Timeout { id, timer })
            }
            "choose" => {
                let mut words = rest.splitn(3, ' ');
                let name = words.next().unwrap_or_default();
                let (key, value) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
                let id = node(name)?;
                let options = world
                    .node(id)
                    .up()
                    .and_then(|up| up.choices.get(key))
                    .ok_or_else(|| format!("{name} has no choice `{key}` to settle"))?;
                let value = pick(value, options.iter(), || {
                    format!("{name}'s choice `{key}` has no such option")
                })?;
                let key = key.to_owned();
                Ok(Event::Choose { id, key, value })
            }
            "crash" => match rest.split_once(" after ") {
                None => Ok(Event::Crash(node(rest)?)),
                Some((name, inside)) => {
                    let id = node(name)?;
                    let (after, event) = inside
                        .split_once(" of ")
                        .and_then(|(n, event)| Some((n.parse().ok()?, event)))
                        .ok_or("write `crash NODE after N of EVENT`")?;
                    let event = Arc::new(Event::parse(event, cluster, world)?);
                    if event.node() != Some(id) {
                        return Err(format!(
                            "{name} cannot crash inside an event of another node"
                        ));
                    }
                    Ok(Event::CrashInside { event, after })
                }
            },
            "cut" => Ok(Event::Cut(Cut::parse(rest, cluster)?)),
            "heal" => Ok(Event::Heal(Cut::parse(rest, cluster)?)),
            "recover" => Ok(Event::Recover(node(rest)?)),
            _ => Err(format!(
                "`{verb}` is not an event: write deliver, timeout, choose, crash, drop, \
                 duplicate, cut, recover or heal"
            )),
        }
    }
}

/// `A -> B Message`
fn envelope<P: Protocol>(
    text: &str,
    cluster: &Cluster,
    world: &dyn View<P>,
) -> Result<Envelope<P>, String> {
    let (src, rest) = text
        .split_once("->")
        .ok_or("write `A -> B Message` behind it")?;
    let rest = rest.trim();
    let (dst, msg) = rest.split_once(' ').unwrap_or((rest, ""));
    let find = |name: &str| {
        cluster
            .find(name.trim())
            .ok_or_else(|| format!("there is no node `{}`", name.trim()))
    };
    let (src, dst) = (find(src)?, find(dst)?);
    let link = Link::new(src, dst);
    let msg = pick(msg, world.channel(link).iter(), || {
        let names = (cluster.name(src), cluster.name(dst));
        format!(
            "no such message is in flight from {} to {}",
            names.0, names.1
        )
    })?;
    Ok(Envelope { src, dst, msg })
}

/// Finds the value with this text, or the only one whose text starts with it.
fn pick<'a, T: fmt::Debug + Clone + PartialEq + 'a>(
    text: &str,
    offered: impl Iterator<Item = &'a T>,
    missing: impl FnOnce() -> String,
) -> Result<T, String> {
    let text = text.trim();
    let mut offered: Vec<(String, &T)> = offered.map(|t| (label(t), t)).collect();
    offered.dedup_by(|a, b| a.1 == b.1);
    if let Some((_, exact)) = offered.iter().find(|(l, _)| l == text) {
        return Ok((*exact).clone());
    }
    let fits = |l: &str| {
        l.strip_prefix(text)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    let near: Vec<&T> = offered
        .iter()
        .filter(|(l, _)| text.is_empty() || fits(l))
        .map(|(_, t)| *t)
        .collect();
    match near[..] {
        [only] => Ok(only.clone()),
        [] => {
            let there = offered.iter().map(|(l, _)| format!("`{l}`"));
            let there = super::cluster::enumerate(there);
            let missing = missing();
            Err(if there.is_empty() {
                missing
            } else {
                format!("{missing} (there is {there})")
            })
        }
        _ => Err(format!(
            "`{text}` fits {}: say which",
            super::cluster::enumerate(near.iter().map(|t| format!("`{}`", label(t))))
        )),
    }
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
