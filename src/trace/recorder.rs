//! Writes a trace while a run takes place.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value as Json;

use super::{
    Did, FORMAT, Message, NodeInfo, NodeRecord, Origin, PropertyStatus, Saved, Sent, StartRecord,
    StepRecord, Trace, TraceHash, Unrecorded, What,
};

use crate::model::cluster::index;
use crate::model::event::label;
use crate::model::facts::{Costs, Facts};
use crate::model::network::Fate;
use crate::model::{
    Cluster, Command, Cut, Envelope, Event, Expectation, FewMap, KeyState, Link, LinkRules, Node,
    Observed, Predicate, Property, Protocol, Reaction, Reason, Rules, StartEffects, Suspicion,
    System, View, World,
};
use crate::run::{Moment, Run, Witness};

/// The most steps that are recorded of a run: one of Raft takes 20 kB, so that this takes 400 MB.
pub const STEPS_MAX: usize = 20_000;

/// Writes a [`Trace`] while a run takes place.
pub struct Recorder<P: Protocol> {
    log: Log,
    watched: Vec<(&'static str, Predicate<P>)>,
}

/// What was written so far.
struct Log {
    trace: Trace,
    status: FewMap<&'static str, Option<String>>,
    /// How many steps are kept at each end of a run, and those of the far end.
    ends: usize,
    tail: VecDeque<StepRecord>,
    unrecorded: usize,
}

impl Log {
    fn new(protocol: &str, params: Json, origin: Origin) -> Self {
        Log {
            trace: Trace {
                jury_trace: FORMAT,
                protocol: protocol.to_owned(),
                params,
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
            status: FewMap::new(),
            ends: usize::MAX,
            tail: VecDeque::new(),
            unrecorded: 0,
        }
    }

    fn starts(&mut self, links: LinkRules, cluster: &Cluster) {
        self.trace.links = links;
        let members = cluster.members().iter();
        let info = members.map(|m| NodeInfo {
            name: m.name.clone(),
            role: m.role.to_owned(),
        });
        self.trace.nodes = info.collect();
    }

    /// Notes how it is with a property, and that it has changed.
    fn judge(
        &mut self,
        property: &'static str,
        broken: Option<Reason>,
        changed: &mut Vec<PropertyStatus>,
    ) {
        let reason = broken.map(|reason| reason.text);
        if self.status.get(property) != Some(&reason) {
            self.status.insert(property, reason.clone());
            changed.push(PropertyStatus {
                property: property.to_owned(),
                holds: reason.is_none(),
                reason,
            });
        }
    }

    fn keep(&mut self, step: StepRecord) {
        if self.tail.len() == self.ends {
            self.tail.pop_front();
            self.unrecorded += 1;
        }
        if self.trace.steps.len() < self.ends {
            self.trace.steps.push(step);
        } else {
            self.tail.push_back(step);
        }
    }

    fn finish(mut self, facts: &Facts, costs: &Costs, hash: TraceHash) -> Trace {
        self.trace.unrecorded = (self.unrecorded > 0).then_some(Unrecorded {
            after: self.trace.steps.len(),
            steps: self.unrecorded,
        });
        self.trace.steps.extend(self.tail);
        self.trace.facts = facts.clone();
        self.trace.costs = costs.clone();
        self.trace.hash = hash.to_string();
        self.trace
    }
}

impl<P: Protocol> Recorder<P> {
    /// Records a run of `system`. `watched` are the properties whose status is noted at each
    /// step; those that are not predicates over one world are left out.
    pub fn new(protocol: &P, params: &Json, origin: Origin, watched: &[Property<P>]) -> Self {
        let always = |property: &Property<P>| match &property.expectation {
            Expectation::Always(predicate) => Some((property.name, predicate.clone())),
            _ => None,
        };
        Recorder {
            log: Log::new(protocol.types().name(), params.clone(), origin),
            watched: watched.iter().filter_map(always).collect(),
        }
    }

    /// Keeps no more than so many steps: as many of the beginning as of the end.
    #[must_use]
    pub fn at_most(mut self, steps: usize) -> Self {
        self.log.ends = (steps / 2).max(1);
        self
    }

    /// The finished trace.
    pub fn finish(self, run: &Run<P>) -> Trace {
        self.log.finish(&run.facts, &run.costs, run.hash)
    }

    fn judge(&mut self, system: &System<P>, world: &World<P>) -> Vec<PropertyStatus> {
        let mut changed = Vec::new();
        for (property, predicate) in &self.watched {
            let broken = predicate.ask(&system.protocol, world).err();
            self.log.judge(property, broken, &mut changed);
        }
        changed
    }
}

impl<P: Protocol> Witness<P> for Recorder<P> {
    fn started(&mut self, system: &System<P>, world: &World<P>, starts: &[StartEffects<P>]) {
        self.log.starts(system.rules.links, &system.cluster);
        for id in system.cluster.ids() {
            let of_node = starts.iter().find_map(|effects| {
                let (who, reaction) = effects.reaction.as_ref()?;
                (*who == id).then_some((reaction, &effects.unsent))
            });
            let start = StartRecord {
                did: of_node.map_or_else(Did::default, |(reaction, unsent)| {
                    did(&*system.protocol, reaction, unsent)
                }),
                after: record(system, world.node(id)),
            };
            self.log.trace.start.push(start);
        }
        self.log.trace.properties = self.judge(system, world);
    }

    fn happened(&mut self, moment: &Moment<'_, P>) {
        let Moment {
            system,
            now,
            event,
            // A replay draws nothing.
            drawn: _,
            suspicion,
            effects,
            world,
        } = moment;
        let reaction = effects.reaction.as_ref();
        let step = StepRecord {
            at: *now,
            event: event.notation(&system.cluster).to_string(),
            what: what(event, effects.lost_at_down),
            crash_after: match event {
                Event::CrashInside { point, .. } => Some(point.after),
                _ => None,
            },
            suspicion: suspicion_in_words(*suspicion),
            did: reaction.map_or_else(Did::default, |(_, r)| {
                did(&*system.protocol, r, &effects.unsent)
            }),
            lost: effects.lost.iter().map(message).collect(),
            after: event.node().map(|id| record(system, world.node(id))),
            properties: self.judge(system, world),
        };
        self.log.keep(step);
    }
}

fn suspicion_in_words(suspicion: Suspicion) -> Option<String> {
    let word = match suspicion {
        Suspicion::Free => return None,
        Suspicion::True => "true",
        Suspicion::Early => "early",
        Suspicion::False => "false",
    };
    Some(word.to_owned())
}

fn message<P: Protocol>(e: &Envelope<P>) -> Message {
    Message {
        src: index(e.src),
        dst: index(e.dst),
        message: label(&e.msg),
    }
}

fn what<P: Protocol>(event: &Event<P>, lost_at_down: bool) -> What {
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

fn links(cut: &Cut) -> Vec<(usize, usize)> {
    let pair = |l: Link| (index(l.src), index(l.dst));
    cut.iter().map(pair).collect()
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
                    lost: fate.map(|(_, fate)| why_lost(*fate)),
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

fn why_lost(fate: Fate) -> String {
    let why = match fate {
        Fate::Absorbed => "absorbed",
        Fate::InFlight | Fate::Cut => "cut",
    };
    why.to_owned()
}

fn record<P: Protocol>(system: &System<P>, node: &Node<P>) -> NodeRecord {
    NodeRecord {
        up: node.is_up(),
        status: system.protocol.status(node),
        key_state: node
            .state()
            .map_or_else(KeyState::default, |s| system.protocol.key_state(s)),
        state: node.state().map_or(Json::Null, json),
        storage: node.storage().map_or(Json::Null, json),
        timers: node
            .up()
            .map(|up| up.timers.iter().map(label).collect())
            .unwrap_or_default(),
    }
}

fn json<T: Serialize>(value: &T) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}
