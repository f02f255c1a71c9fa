//! Reading the one notation: which events of a world a text may stand for.
//!
//! Messages, timers and options are found by their text, so that whoever reads knows no protocol: an [`Offer`] has
//! the texts, and an event comes out by the places where its values stand in the world.

use std::fmt::Debug;
use std::sync::Arc;

use super::cluster::{Cluster, Link, enumerate};
use super::crash::CrashPoint;
use super::event::{Envelope, Event, Obstacle, Vocabulary, begins, label};
use super::id::Id;
use super::network::Cut;
use super::protocol::Protocol;
use super::world::View;

/// Values are known by their places: on a link, among the timers of a node, among the options of a choice.
pub(super) enum Places {}

impl Vocabulary for Places {
    type Msg = usize;
    type Timer = usize;
    type Key = String;
    type Choice = usize;
    type Cut = Cut;
    type Point = CrashPoint;
}

type Readings = Result<Vec<Event<Places>>, Obstacle>;

/// Texts of values, each with the first place of that value.
pub(super) type Texts = Vec<(usize, String)>;

/// What a world has that a text may name.
pub(super) trait Offer {
    fn is_up(&self, id: Id) -> bool;

    /// The messages in flight on a link.
    fn messages(&self, link: Link) -> Texts;

    /// The timers that are armed at a node that is up.
    fn timers(&self, id: Id) -> Texts;

    /// The options of a choice that a node that is up has to settle, if it has this one.
    fn options(&self, id: Id, key: &str) -> Option<Texts>;
}

/// The events that a text may stand for: at least one.
pub(super) fn readings(text: &str, cluster: &Cluster, world: &dyn Offer) -> Readings {
    let text = text.trim();
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim();
    let one = |event| Ok(vec![event]);
    let each = |event: fn(Envelope<Places>) -> Event<Places>| {
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

fn node(name: &str, cluster: &Cluster) -> Result<Id, Obstacle> {
    let name = name.trim();
    let unknown = || Obstacle::NoEvent(format!("there is no node `{name}`"));
    cluster.find(name).ok_or_else(unknown)
}

fn cut(text: &str, cluster: &Cluster) -> Result<Cut, Obstacle> {
    Cut::parse(text, cluster).map_err(Obstacle::NoEvent)
}

/// The node of this name, if it is up.
fn up(name: &str, cluster: &Cluster, world: &dyn Offer) -> Result<Id, Obstacle> {
    let id = node(name, cluster)?;
    if !world.is_up(id) {
        return Err(Obstacle::Impossible(format!("{name} is not up")));
    }
    Ok(id)
}

/// `A Timer`
fn timeouts(text: &str, cluster: &Cluster, world: &dyn Offer) -> Readings {
    let (name, timer) = text.split_once(' ').unwrap_or((text, ""));
    let id = up(name, cluster, world)?;
    let missing = || format!("no such timer of {name} is armed");
    let timers = places(timer, &world.timers(id), &missing)?;
    let timeout = |timer| Event::Timeout { id, timer };
    Ok(timers.into_iter().map(timeout).collect())
}

/// `A key Value`
fn choices(text: &str, cluster: &Cluster, world: &dyn Offer) -> Readings {
    let mut words = text.splitn(3, ' ');
    let name = words.next().unwrap_or_default();
    let (key, value) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let id = up(name, cluster, world)?;
    let none = || Obstacle::Impossible(format!("{name} has no choice `{key}` to settle"));
    let options = world.options(id, key).ok_or_else(none)?;
    let missing = || format!("{name}'s choice `{key}` has no such option");
    let values = places(value, &options, &missing)?;
    let choose = |value| {
        let key = key.to_owned();
        Event::Choose { id, key, value }
    };
    Ok(values.into_iter().map(choose).collect())
}

/// `A after N of EVENT`, `A after N and to B, C of EVENT`
fn crashes_inside(name: &str, inside: &str, cluster: &Cluster, world: &dyn Offer) -> Readings {
    let id = node(name, cluster)?;
    let (point, event) = inside.split_once(" of ").ok_or_else(no_point)?;
    let point = crash_point(point, cluster)?;
    let events = readings(event, cluster, world)?;
    if events.iter().any(|event| event.node() != Some(id)) {
        return Err(Obstacle::NoEvent(format!(
            "{name} cannot crash inside an event of another node"
        )));
    }
    let crash = |event| {
        let (event, point) = (Arc::new(event), point.clone());
        Event::CrashInside { event, point }
    };
    Ok(events.into_iter().map(crash).collect())
}

/// `2`, or `1 and to B, C x3`
fn crash_point(text: &str, cluster: &Cluster) -> Result<CrashPoint, Obstacle> {
    let number = |text: &str| text.trim().parse().map_err(|_| no_point());
    let (after, whom) = match text.split_once(" and to ") {
        Some((after, whom)) => (after, whom.split(',').map(str::trim).collect()),
        None => (text, Vec::new()),
    };
    let mut point = CrashPoint::behind(number(after)?);
    for whom in whom {
        let (name, many) = match whom.rsplit_once(" x") {
            Some((name, many)) => (name, number(many)?),
            None => (whom, 1),
        };
        point.and_to.insert(node(name, cluster)?, many);
    }
    Ok(point)
}

fn no_point() -> Obstacle {
    Obstacle::NoEvent(
        "write `crash NODE after N of EVENT`, or, where what it sends to some nodes has left as well, \
         `crash NODE after N and to NODE, NODE of EVENT`"
            .to_owned(),
    )
}

/// `A -> B Message`
fn envelopes(
    text: &str,
    cluster: &Cluster,
    world: &dyn Offer,
) -> Result<Vec<Envelope<Places>>, Obstacle> {
    let (src, rest) = text
        .split_once("->")
        .ok_or_else(|| Obstacle::NoEvent("write `A -> B Message` behind it".to_owned()))?;
    let rest = rest.trim();
    let (dst, msg) = rest.split_once(' ').unwrap_or((rest, ""));
    let (src, dst) = (node(src, cluster)?, node(dst, cluster)?);
    let missing = || {
        let names = (cluster.name(src), cluster.name(dst));
        format!(
            "no such message is in flight from {} to {}",
            names.0, names.1
        )
    };
    let messages = places(msg, &world.messages(Link::new(src, dst)), &missing)?;
    let envelope = |msg| Envelope { src, dst, msg };
    Ok(messages.into_iter().map(envelope).collect())
}

/// The places of the value with this text (several if they are written alike), or of all those whose text
/// starts with it: at least one.
fn places(text: &str, texts: &Texts, missing: &dyn Fn() -> String) -> Result<Vec<usize>, Obstacle> {
    let text = text.trim();
    let places = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let fitting = texts.iter().filter(|(_, label)| fits(label));
        fitting.map(|(at, _)| *at).collect()
    };
    let exact = places(&|label| label == text);
    if !exact.is_empty() {
        return Ok(exact);
    }
    let near = places(&|label| text.is_empty() || begins(label, text));
    if !near.is_empty() {
        return Ok(near);
    }
    let there = enumerate(texts.iter().map(|(_, label)| format!("`{label}`")));
    let missing = missing();
    Err(Obstacle::Impossible(if there.is_empty() {
        missing
    } else {
        format!("{missing} (there is {there})")
    }))
}

/// A world, as whoever reads sees it.
pub(super) struct Offered<'a, P: Protocol>(pub(super) &'a dyn View<P>);

impl<P: Protocol> Offer for Offered<'_, P> {
    fn is_up(&self, id: Id) -> bool {
        self.0.node(id).is_up()
    }

    fn messages(&self, link: Link) -> Texts {
        texts(&mut self.0.channel(link).iter())
    }

    fn timers(&self, id: Id) -> Texts {
        let timers = self.0.node(id).up().map(|up| up.timers.iter());
        texts(&mut timers.into_iter().flatten())
    }

    fn options(&self, id: Id, key: &str) -> Option<Texts> {
        let options = self.0.node(id).up()?.choices.get(key)?;
        Some(texts(&mut options.iter()))
    }
}

fn texts<'a, T: Debug + PartialEq + 'a>(values: &mut dyn Iterator<Item = &'a T>) -> Texts {
    let (mut distinct, mut texts) = (Vec::new(), Texts::new());
    for (at, value) in values.enumerate() {
        if !distinct.contains(&value) {
            distinct.push(value);
            texts.push((at, label(value)));
        }
    }
    texts
}

/// Events by the values that stand in some places of a world.
pub(super) fn spelled_out<P: Protocol>(
    read: &[Event<Places>],
    world: &dyn View<P>,
) -> Vec<Event<P>> {
    let mut events = Vec::new();
    for event in read {
        events.push(spell_out(event, world));
    }
    events
}

fn spell_out<P: Protocol>(event: &Event<Places>, world: &dyn View<P>) -> Event<P> {
    let envelope = |e: &Envelope<Places>| {
        let mut messages = world.channel(e.link()).iter();
        let msg = messages.nth(e.msg).expect("it was there").clone();
        let (src, dst) = (e.src, e.dst);
        Envelope { src, dst, msg }
    };
    let up = |id: Id| world.node(id).up().expect("it was up");
    match event {
        Event::Deliver(e) => Event::Deliver(envelope(e)),
        Event::Drop(e) => Event::Drop(envelope(e)),
        Event::Duplicate(e) => Event::Duplicate(envelope(e)),
        Event::Timeout { id, timer } => {
            let timer = up(*id).timers.iter().nth(*timer);
            let (id, timer) = (*id, timer.expect("it was armed").clone());
            Event::Timeout { id, timer }
        }
        Event::Choose { id, key, value } => {
            let value = up(*id).choices[key][*value].clone();
            let (id, key) = (*id, key.clone());
            Event::Choose { id, key, value }
        }
        Event::CrashInside { event, point } => Event::CrashInside {
            event: Arc::new(spell_out(event, world)),
            point: point.clone(),
        },
        Event::Crash(id) => Event::Crash(*id),
        Event::Recover(id) => Event::Recover(*id),
        Event::Cut(cut) => Event::Cut(cut.clone()),
        Event::Heal(cut) => Event::Heal(cut.clone()),
    }
}
