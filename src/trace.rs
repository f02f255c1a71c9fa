//! The one record of a run, whatever chose its events.
//!
//! A [`Trace`] is plain data: it knows no actors, so that reports can draw it and any version can
//! read it. [`Recorder`] writes one while a run takes place; replaying its events through the real
//! handlers must give the same steps again ([`Trace::first_difference`]). [`TraceHash`] is a
//! fingerprint over canonical bytes, for runs that nobody needs to see.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::model::actor::CommandOf;
use crate::model::cluster::index;
use crate::model::facts::{Costs, Facts};
use crate::model::network::Fate;
use crate::model::{
    Command, Envelope, Event, Id, Link, LinkRules, Node, NodeSet, Observation, Predicate, Property,
    Protocol, Reaction, StartEffects, Suspicion, System, Time, View, World, event::label,
};
use crate::run::{Moment, Witness};

/// The version of this format.
pub const FORMAT: u32 = 1;

/// A schedule with times, effects and observations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// The version of the format; see [`FORMAT`].
    pub jury_trace: u32,
    pub protocol: String,
    /// The protocol's parameters, all of them.
    pub params: Json,
    pub origin: Origin,
    /// How links behaved; a replay needs to know.
    pub links: LinkRules,
    pub nodes: Vec<NodeInfo>,
    /// Each node after the first starts. Nodes that join later have not started.
    pub start: Vec<Start>,
    /// The properties that were watched, and whether they held before the first step.
    pub properties: Vec<PropertyStatus>,
    pub steps: Vec<Step>,
    /// What came of it; absent while nobody has judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Outcome>,
    pub facts: Facts,
    pub costs: Costs,
    /// The fingerprint of the run: [`TraceHash`].
    pub hash: String,
}

/// Where a trace comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Origin {
    /// `simulator`, `checker`, `schedule` or `replay`.
    pub engine: String,
    /// The scenario file, as it was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// What the scenario says it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The property that a counterexample breaks, or a witness meets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
}

/// What came of a run, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// `ok`, `violated`, `blocked`, `undecided`, or a verdict of the checker.
    pub verdict: String,
    /// Whole sentences that name who and why.
    pub sentences: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeInfo {
    pub name: String,
    pub role: String,
}

/// What the first start of a node did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    #[serde(flatten)]
    pub did: Did,
    pub after: NodeRecord,
}

/// One event that happened, with its effects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Virtual time; a step of the checker has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// In the one notation: what a replay reads.
    pub event: String,
    /// The same, taken apart.
    pub what: What,
    /// The node crashed inside the handler, right behind so many commands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash_after: Option<usize>,
    /// Whether a timer that awaits peers fired for a reason: `true`, `early` or `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspicion: Option<String>,
    #[serde(flatten)]
    pub did: Did,
    /// What a beginning cut lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Message>,
    /// The node that the event happened to, after it. (Before it: its record in an earlier step.)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<NodeRecord>,
    /// The watched properties whose status changed with this step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<PropertyStatus>,
}

/// An event taken apart. Nodes are positions in [`Trace::nodes`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    Deliver(Message),
    /// Reached a node that was down.
    ArriveAtDown(Message),
    Timeout {
        node: usize,
        timer: String,
    },
    Choose {
        node: usize,
        key: String,
        value: String,
    },
    Crash {
        node: usize,
    },
    Drop(Message),
    Duplicate(Message),
    Cut {
        links: Vec<(usize, usize)>,
    },
    Recover {
        node: usize,
    },
    Heal {
        links: Vec<(usize, usize)>,
    },
}

impl What {
    /// The node whose lane the event belongs to, if one does.
    pub fn node(&self) -> Option<usize> {
        match self {
            What::Deliver(m) | What::ArriveAtDown(m) => Some(m.dst),
            What::Drop(m) | What::Duplicate(m) => Some(m.dst),
            What::Timeout { node, .. }
            | What::Choose { node, .. }
            | What::Crash { node }
            | What::Recover { node } => Some(*node),
            What::Cut { .. } | What::Heal { .. } => None,
        }
    }
}

/// A message on a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    pub src: usize,
    pub dst: usize,
    pub message: String,
}

/// What a handler did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Did {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<Sent>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub saved: Vec<Saved>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observed: Vec<Observation>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    pub dst: usize,
    pub message: String,
    /// Why it is not in flight: `cut` or `absorbed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    pub record: String,
    /// It had to reach the disk before the node went on.
    pub forced: bool,
}

/// A node as a step left it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeRecord {
    pub up: bool,
    /// Where it stands, in a few words.
    pub status: String,
    /// Its volatile state; `null` while it is down.
    pub state: Json,
    pub storage: Json,
    /// The timers that are armed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PropertyStatus {
    pub property: String,
    pub holds: bool,
    /// Why it does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How two traces of the same schedule differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The first step that differs, counted from 1; 0 for the start.
    pub step: usize,
    pub event: String,
    /// What differs: `sent`, `saved`, `observed`, `state` …
    pub field: &'static str,
    pub was: String,
    pub is: String,
}

impl Trace {
    /// The schedule: each event with its time.
    pub fn schedule(&self) -> impl Iterator<Item = (Option<Time>, &str)> {
        self.steps.iter().map(|s| (s.at, s.event.as_str()))
    }

    /// The first step in which a replay differs from this record, and how.
    pub fn first_difference(&self, replay: &Trace) -> Option<Difference> {
        let text = |value: &Json| value.to_string();
        for (i, (was, is)) in self.start.iter().zip(&replay.start).enumerate() {
            if was != is {
                let name = &self.nodes[i].name;
                return Some(Difference {
                    step: 0,
                    event: format!("start of {name}"),
                    field: "start",
                    was: format!("{:?} {}", was.did, text(&was.after.state)),
                    is: format!("{:?} {}", is.did, text(&is.after.state)),
                });
            }
        }
        for (i, (was, is)) in self.steps.iter().zip(&replay.steps).enumerate() {
            let differs = |field, a: String, b: String| {
                (a != b).then(|| Difference {
                    step: i + 1,
                    event: was.event.clone(),
                    field,
                    was: a,
                    is: b,
                })
            };
            let record = |f: fn(&NodeRecord) -> String, s: &Step| {
                s.after.as_ref().map_or_else(String::new, f)
            };
            let fields: [(&'static str, fn(&Step) -> String); 5] = [
                ("event", |s| s.event.clone()),
                ("sent", |s| {
                    let sent = s.did.sent.iter();
                    sent.map(|m| format!("{} to #{}", m.message, m.dst))
                        .collect::<Vec<_>>()
                        .join(", ")
                }),
                ("saved", |s| {
                    let saved = s.did.saved.iter();
                    saved
                        .map(|r| r.record.clone())
                        .collect::<Vec<_>>()
                        .join(", ")
                }),
                ("observed", |s| {
                    let observed = s.did.observed.iter();
                    observed
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join(", ")
                }),
                ("properties", |s| format!("{:?}", s.properties)),
            ];
            for (name, field) in fields {
                if let Some(difference) = differs(name, field(was), field(is)) {
                    return Some(difference);
                }
            }
            let (a, b) = (
                record(|r| r.state.to_string(), was),
                record(|r| r.state.to_string(), is),
            );
            if let Some(difference) = differs("state", a, b) {
                return Some(difference);
            }
            let (a, b) = (
                record(|r| r.storage.to_string(), was),
                record(|r| r.storage.to_string(), is),
            );
            if let Some(difference) = differs("storage", a, b) {
                return Some(difference);
            }
        }
        None
    }
}

/// Writes a [`Trace`] while a run takes place.
pub struct Recorder<P: Protocol> {
    trace: Trace,
    watched: Vec<Property<P>>,
    status: BTreeMap<&'static str, Option<String>>,
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
                links: crate::model::Rules::fault_free().links,
                nodes: Vec::new(),
                start: Vec::new(),
                properties: Vec::new(),
                steps: Vec::new(),
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
        }
    }

    /// The finished trace.
    pub fn finish(mut self, run: &crate::run::Run<P>) -> Trace {
        self.trace.facts = run.ledger.facts.clone();
        self.trace.costs = run.ledger.costs.clone();
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
        crate::model::Expectation::Always(predicate) => Some(predicate),
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
            let did = start.and_then(|e| Some(did(&e.reaction.as_ref()?.1, &e.unsent)));
            self.trace.start.push(Start {
                did: did.unwrap_or_default(),
                after: record(system, id, world.node(id)),
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
        let after = event.node().map(|id| record(system, id, world.node(id)));
        let properties = self.judge(system, world);
        self.trace.steps.push(Step {
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
            did: reaction.map_or_else(Did::default, |(_, r)| did(r, &effects.unsent)),
            lost: effects.lost.iter().map(message).collect(),
            after,
            properties,
        });
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
    let links = |cut: &crate::model::Cut| {
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

fn did<P: Protocol>(reaction: &Reaction<P>, unsent: &[(usize, Fate)]) -> Did {
    let mut did = Did {
        observed: reaction.observations.clone(),
        ..Did::default()
    };
    let mut sends = 0;
    for (position, command) in reaction.commands.iter().enumerate() {
        let command: &CommandOf<P> = command;
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
            Command::Save(record) => did.saved.push(Saved {
                record: label(record),
                forced: !reaction.lazy_saves.contains(&position),
            }),
            _ => {}
        }
    }
    did
}

fn record<P: Protocol>(system: &System<P>, id: Id, node: &Node<P>) -> NodeRecord {
    let json = |value: Result<Json, serde_json::Error>| value.unwrap_or(Json::Null);
    NodeRecord {
        up: node.is_up(),
        status: system.protocol.status(id, node),
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

/// A fingerprint of a run: FNV-1a over the canonical bytes of its events and their times. The
/// same on every platform, since it does not go through `std::hash`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceHash(u64);

impl Default for TraceHash {
    fn default() -> Self {
        TraceHash(0xcbf2_9ce4_8422_2325)
    }
}

impl TraceHash {
    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.byte(*byte);
        }
    }

    fn id(&mut self, id: Id) {
        self.byte(u8::try_from(index(id)).expect("at most 128 nodes"));
    }

    fn value<T: Serialize>(&mut self, value: &T) {
        *self = postcard::serialize_with_flavor(value, Feed(*self))
            .expect("messages, timers and options are plain data");
    }

    fn envelope<P: Protocol>(&mut self, e: &Envelope<P>) {
        self.id(e.src);
        self.id(e.dst);
        self.value(&e.msg);
    }

    fn cut(&mut self, cut: &crate::model::Cut) {
        for link in cut.iter() {
            self.id(link.src);
            self.id(link.dst);
        }
    }

    /// Takes in one step.
    pub fn step<P: Protocol>(&mut self, now: Time, event: &Event<P>) {
        self.bytes(&now.nanos().to_le_bytes());
        self.event(event);
    }

    fn event<P: Protocol>(&mut self, event: &Event<P>) {
        match event {
            Event::Deliver(e) => {
                self.byte(0);
                self.envelope(e);
            }
            Event::Timeout { id, timer } => {
                self.byte(1);
                self.id(*id);
                self.value(timer);
            }
            Event::Choose { id, key, value } => {
                self.byte(2);
                self.id(*id);
                self.value(key);
                self.value(value);
            }
            Event::Crash(id) => {
                self.byte(3);
                self.id(*id);
            }
            Event::CrashInside { event, after } => {
                self.byte(4);
                self.bytes(&(*after as u64).to_le_bytes());
                self.event(event);
            }
            Event::Drop(e) => {
                self.byte(5);
                self.envelope(e);
            }
            Event::Duplicate(e) => {
                self.byte(6);
                self.envelope(e);
            }
            Event::Cut(cut) => {
                self.byte(7);
                self.cut(cut);
            }
            Event::Recover(id) => {
                self.byte(8);
                self.id(*id);
            }
            Event::Heal(cut) => {
                self.byte(9);
                self.cut(cut);
            }
        }
    }
}

impl std::fmt::Display for TraceHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Where postcard puts its bytes.
struct Feed(TraceHash);

impl postcard::ser_flavors::Flavor for Feed {
    type Output = TraceHash;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.byte(byte);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<TraceHash> {
        Ok(self.0)
    }
}

/// The nodes of a set as positions, for records.
pub fn positions(set: NodeSet) -> Vec<usize> {
    set.iter().map(index).collect()
}
