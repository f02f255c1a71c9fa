//! Writes a trace while a run takes place.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value as Json;

use super::{
    Did, FORMAT, Message, NodeInfo, NodeRecord, Origin, PropertyStatus, Saved, Sent, StartRecord,
    StepRecord, Trace, Unrecorded, What,
};

use crate::model::cluster::index;
use crate::model::event::label;
use crate::model::facts::{Costs, Facts};
use crate::model::network::Fate;
use crate::model::{
    Command, Cut, Envelope, Event, Expectation, Link, Node, Observed, Predicate, Property,
    Protocol, Reaction, Rules, StartEffects, Suspicion, System, View, World,
};
use crate::run::{Moment, Run, Witness};

/// The most steps that are recorded of a run: one of Raft takes 20 kB, so that this takes 400 MB.
pub const STEPS_MAX: usize = 20_000;

/// Writes a [`Trace`] while a run takes place.
pub struct Recorder<P: Protocol> {
    trace: Trace,
    watched: Vec<Property<P>>,
    status: BTreeMap<&'static str, Option<String>>,
    /// How many steps are kept at each end of a run, and those of the far end.
    ends: usize,
    tail: VecDeque<StepRecord>,
    unrecorded: usize,
}

impl<P: Protocol> Recorder<P> {
    /// Records a run of `system`. `watched` are the properties whose status is noted at each
    /// step; those that are not predicates over one world are left out.
    pub fn new(params: &P::Params, origin: Origin, watched: &[Property<P>]) -> Self {
        Recorder {
            trace: Trace {
                jury_trace: FORMAT,
                protocol: P::NAME.to_owned(),
                params: serde_json::to_value(params).expect("parameters are plain data"),
                origin,
                links: Rules::fault_free().links,
                nodes: Vec::new(),
                start: Vec::new(),
                properties: Vec::new(),
                steps: Vec::new(),
                unrecorded: None,
                verdict: None,
                facts: Facts::default(),
                costs: Costs::default(),
                hash: String::new(),
            },
            watched: watched
                .iter()
                .filter(|p| always(p).is_some())
                .cloned()
                .collect(),
            status: BTreeMap::new(),
            ends: usize::MAX,
            tail: VecDeque::new(),
            unrecorded: 0,
        }
    }

    /// Keeps no more than so many steps: as many of the beginning as of the end.
    #[must_use]
    pub fn at_most(mut self, steps: usize) -> Self {
        self.ends = (steps / 2).max(1);
        self
    }

    /// The finished trace.
    pub fn finish(mut self, run: &Run<P>) -> Trace {
        self.trace.unrecorded = (self.unrecorded > 0).then_some(Unrecorded {
            after: self.trace.steps.len(),
            steps: self.unrecorded,
        });
        self.trace.steps.extend(self.tail);
        self.trace.facts = run.facts.clone();
        self.trace.costs = run.costs.clone();
        self.trace.hash = run.hash.to_string();
        self.trace
    }

    fn judge(&mut self, system: &System<P>, world: &World<P>) -> Vec<PropertyStatus> {
        let mut changed = Vec::new();
        for property in &self.watched {
            let predicate = always(property).expect("only such are watched");
            let broken = predicate.ask(&system.protocol, world).err();
            let reason = broken.map(|reason| reason.text);
            if self.status.get(property.name) != Some(&reason) {
                self.status.insert(property.name, reason.clone());
                changed.push(PropertyStatus {
                    property: property.name.to_owned(),
                    holds: reason.is_none(),
                    reason,
                });
            }
        }
        changed
    }
}

fn always<P: Protocol>(property: &Property<P>) -> Option<Predicate<P>> {
    match property.expectation {
        Expectation::Always(predicate) => Some(predicate),
        _ => None,
    }
}

impl<P: Protocol> Witness<P> for Recorder<P> {
    fn started(&mut self, system: &System<P>, world: &World<P>, starts: &[StartEffects<P>]) {
        self.trace.links = system.rules.links;
        let members = system.cluster.members();
        self.trace.nodes = members
            .iter()
            .map(|m| NodeInfo {
                name: m.name.clone(),
                role: m.role.to_owned(),
            })
            .collect();
        for id in system.cluster.ids() {
            let start = starts
                .iter()
                .find(|e| e.reaction.as_ref().is_some_and(|(who, _)| *who == id));
            let did = start
                .and_then(|e| Some(did(&*system.protocol, &e.reaction.as_ref()?.1, &e.unsent)));
            self.trace.start.push(StartRecord {
                did: did.unwrap_or_default(),
                after: record(system, world.node(id)),
            });
        }
        self.trace.properties = self.judge(system, world);
    }

    fn happened(&mut self, moment: &Moment<'_, P>) {
        let Moment {
            system,
            now,
            event,
            suspicion,
            effects,
            world,
        } = moment;
        let reaction = effects.reaction.as_ref();
        let after = event.node().map(|id| record(system, world.node(id)));
        let properties = self.judge(system, world);
        if self.tail.len() == self.ends {
            self.tail.pop_front();
            self.unrecorded += 1;
        }
        let step = StepRecord {
            at: *now,
            event: event.notation(&system.cluster).to_string(),
            what: what(event, effects.lost_at_down),
            crash_after: match event {
                Event::CrashInside { after, .. } => Some(*after),
                _ => None,
            },
            suspicion: match suspicion {
                Suspicion::Free => None,
                Suspicion::True => Some("true".to_owned()),
                Suspicion::Early => Some("early".to_owned()),
                Suspicion::False => Some("false".to_owned()),
            },
            did: reaction.map_or_else(Did::default, |(_, r)| {
                did(&*system.protocol, r, &effects.unsent)
            }),
            lost: effects.lost.iter().map(message).collect(),
            after,
            properties,
        };
        if self.trace.steps.len() < self.ends {
            self.trace.steps.push(step);
        } else {
            self.tail.push_back(step);
        }
    }
}

fn message<P: Protocol>(e: &Envelope<P>) -> Message {
    Message {
        src: index(e.src),
        dst: index(e.dst),
        message: label(&e.msg),
    }
}

fn what<P: Protocol>(event: &Event<P>, lost_at_down: bool) -> What {
    let links = |cut: &Cut| {
        let pair = |l: Link| (index(l.src), index(l.dst));
        cut.iter().map(pair).collect()
    };
    match event {
        Event::CrashInside { event, .. } => what(event, lost_at_down),
        Event::Deliver(e) if lost_at_down => What::ArriveAtDown(message(e)),
        Event::Deliver(e) => What::Deliver(message(e)),
        Event::Timeout { id, timer } => What::Timeout {
            node: index(*id),
            timer: label(timer),
        },
        Event::Choose { id, key, value } => What::Choose {
            node: index(*id),
            key: key.clone(),
            value: label(value),
        },
        Event::Crash(id) => What::Crash { node: index(*id) },
        Event::Drop(e) => What::Drop(message(e)),
        Event::Duplicate(e) => What::Duplicate(message(e)),
        Event::Cut(cut) => What::Cut { links: links(cut) },
        Event::Recover(id) => What::Recover { node: index(*id) },
        Event::Heal(cut) => What::Heal { links: links(cut) },
    }
}

fn did<P: Protocol>(protocol: &P, reaction: &Reaction<P>, unsent: &[(usize, Fate)]) -> Did {
    let mut did = Did {
        observed: reaction
            .observations
            .iter()
            .map(|o| o.in_words(protocol))
            .collect(),
        ..Did::default()
    };
    let mut sends = 0;
    for command in &reaction.commands {
        match command {
            Command::Send(dst, msg) => {
                let fate = unsent.iter().find(|(nth, _)| *nth == sends);
                sends += 1;
                did.sent.push(Sent {
                    dst: index(*dst),
                    message: label(msg),
                    lost: fate.map(|(_, fate)| {
                        let why = match fate {
                            Fate::Absorbed => "absorbed",
                            Fate::InFlight | Fate::Cut => "cut",
                        };
                        why.to_owned()
                    }),
                });
            }
            Command::Save { record, forced } => did.saved.push(Saved {
                record: label(record),
                forced: *forced,
            }),
            _ => {}
        }
    }
    did
}

fn record<P: Protocol>(system: &System<P>, node: &Node<P>) -> NodeRecord {
    let json = |value: Result<Json, serde_json::Error>| value.unwrap_or(Json::Null);
    NodeRecord {
        up: node.is_up(),
        status: system.protocol.status(node),
        state: node
            .state()
            .map_or(Json::Null, |s| json(serde_json::to_value(s))),
        storage: node
            .storage()
            .map_or(Json::Null, |s| json(serde_json::to_value(s))),
        timers: node
            .up()
            .map(|up| up.timers.iter().map(label).collect())
            .unwrap_or_default(),
    }
}
