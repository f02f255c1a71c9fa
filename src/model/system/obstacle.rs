//! Why an event is impossible in a world; events as texts, and which event a text stands for in a world.

use super::{System, runs_a_handler};
use crate::model::event::{Envelope, Event, Obstacle};
use crate::model::id::Id;
use crate::model::network::LinkOrder;
use crate::model::node::Up;
use crate::model::protocol::Protocol;
use crate::model::world::View;

impl<P: Protocol> System<P> {
    /// Why an event is impossible in a world, whatever the rules; `None` if it is possible.
    pub fn obstacle(&self, world: &dyn View<P>, event: &Event<P>) -> Option<String> {
        let name = |id: Id| self.cluster.name(id);
        let offered = |e: &Envelope<P>| {
            let offers = world
                .channel(e.link())
                .offers(&e.msg, self.rules.links.order);
            (!offers).then(|| {
                format!(
                    "{:?} is not next from {} to {}",
                    e.msg,
                    name(e.src),
                    name(e.dst)
                )
            })
        };
        let open_choice = self.undecided(world);
        if let Some(id) = open_choice.filter(|_| !event.settles_a_choice()) {
            return Some(format!("{} has a choice to settle first", name(id)));
        }
        match event {
            Event::Drop(e) | Event::Duplicate(e) if e.link().is_loop() => {
                Some("a node's messages to itself are never lost or duplicated".to_owned())
            }
            Event::Duplicate(_) if self.rules.links.order == LinkOrder::Fifo => {
                Some("there are no duplicates on fifo links".to_owned())
            }
            Event::Deliver(e) | Event::Drop(e) | Event::Duplicate(e) => offered(e),
            Event::Timeout { id, timer } => {
                let armed = |up: &Up<P>| up.timers.contains(timer);
                let armed = world.node(*id).up().is_some_and(armed);
                (!armed).then(|| format!("{}'s timer {timer:?} is not armed", name(*id)))
            }
            Event::Choose { id, key, value } => {
                let first = world
                    .node(*id)
                    .up()
                    .and_then(|up| up.choices.first_key_value());
                let first = first.filter(|_| open_choice == Some(*id));
                let next = first.is_some_and(|(k, options)| k == key && options.contains(value));
                (!next)
                    .then(|| format!("`{key}` of {} is not the choice to settle next", name(*id)))
            }
            Event::Crash(id) => (!world.is_up(*id)).then(|| format!("{} is not up", name(*id))),
            Event::CrashInside { event, point } => {
                if let Some(obstacle) = self.obstacle(world, event) {
                    return Some(obstacle);
                }
                let Some((id, input)) = event.input() else {
                    return Some("a crash can only strike inside a handler".to_owned());
                };
                if !runs_a_handler(world, event) {
                    return Some(format!("no handler of {} runs in it", name(id)));
                }
                let lasting = world.node(id).lasting(&self.protocol, id, input);
                (!lasting.has(point)).then(|| {
                    let advice = match lasting.prefixes()[..] {
                        [] => "it sends and saves too little for that".to_owned(),
                        ref possible => format!("possible: after {possible:?}"),
                    };
                    let point = point.notation(&self.cluster);
                    format!("{} cannot crash after {point} of it: {advice}", name(id))
                })
            }
            Event::Cut(cut) if cut.is_empty() => Some("this cut separates nobody".to_owned()),
            Event::Cut(cut) => {
                let lasts = world.globals().cuts.contains(cut);
                lasts.then(|| "this cut lasts already".to_owned())
            }
            Event::Heal(cut) => {
                let lasts = world.globals().cuts.contains(cut);
                (!lasts).then(|| "no such cut lasts".to_owned())
            }
            Event::Recover(id) => {
                (world.is_up(*id)).then(|| format!("{} is up already", name(*id)))
            }
        }
    }

    /// Events in the one notation.
    pub fn spell(&self, events: &[Event<P>]) -> Vec<String> {
        let line = |event: &Event<P>| event.notation(&self.cluster).to_string();
        events.iter().map(line).collect()
    }

    /// The event that the one notation stands for in a world, if it is possible there. Where the text
    /// fits several, those that are not possible do not count.
    pub fn read(&self, world: &dyn View<P>, text: &str) -> Result<Event<P>, Obstacle> {
        let readings = Event::readings(text, &self.cluster, world)?;
        let mut obstacles = Vec::new();
        let mut possible = Vec::new();
        for event in readings {
            match self.obstacle(world, &event) {
                None => possible.push(event),
                Some(obstacle) => obstacles.push(obstacle),
            }
        }
        match possible.len() {
            0 => Err(Obstacle::Impossible(obstacles.swap_remove(0))),
            1 => Ok(possible.remove(0)),
            _ => Err(Obstacle::ambiguous(&possible, &self.cluster)),
        }
    }
}
