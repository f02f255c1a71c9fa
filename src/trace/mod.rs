//! The one record of a run, whatever chose its events.
//!
//! A [`Trace`] is plain data: it knows no actors, so that reports can draw it and any version can
//! read it. [`Recorder`] writes one while a run takes place; replaying its events through the real
//! handlers must give the same steps again ([`Trace::first_difference`]). [`TraceHash`] is a
//! fingerprint over canonical bytes, for runs that nobody needs to see.

mod compare;
mod hash;
mod recorder;

pub use compare::Difference;
pub use hash::TraceHash;
pub use recorder::{Recorder, STEPS_MAX};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::model::facts::{Costs, Facts};
use crate::model::{FewMap, KeyState, LinkRules, Observation, Time, Timing};

/// The version of this format.
pub const FORMAT: u32 = 1;

/// A schedule with times, effects and observations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
    pub start: Vec<StartRecord>,
    /// The properties that were watched, and whether they held before the first step.
    pub properties: Vec<PropertyStatus>,
    pub steps: Vec<StepRecord>,
    /// The steps of a very long run that were not recorded. Such a trace can be drawn, not replayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrecorded: Option<Unrecorded>,
    /// What came of it; absent while nobody has judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Outcome>,
    pub facts: Facts,
    pub costs: Costs,
    /// The fingerprint of the run: [`TraceHash`].
    pub hash: String,
}

/// A part of a run that is not in its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Unrecorded {
    /// How many of the recorded steps come before it.
    pub after: usize,
    pub steps: usize,
}

/// Where a trace comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Origin {
    /// `simulator`, `walk`, `checker`, `schedule` or `replay`.
    pub engine: String,
    /// The scenario file, as it was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// What the scenario says it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// How events were chosen, if not as the scenario's run has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// How many worlds the search at the end of the run might hold, if it was not as many as usual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub states: Option<usize>,
    /// The run went on when a property was violated.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub go_on: bool,
    /// The properties that counted in the run, if not all did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties: Option<Vec<String>>,
    /// When a timer may fire where it was judged whether the run can go on, if not at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
    /// The property that a counterexample breaks, or a witness meets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
}

/// What came of a run, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// `ok`, `violated`, `blocked`, `undecided`, or a verdict of the checker.
    pub verdict: String,
    /// Whole sentences that name who and why.
    pub sentences: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NodeInfo {
    pub name: String,
    pub role: String,
}

/// What the first start of a node did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StartRecord {
    #[serde(flatten)]
    pub did: Did,
    pub after: NodeRecord,
}

/// One event that happened, with its effects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct StepRecord {
    /// Virtual time; a step of the checker has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// In the one notation: what a replay reads.
    pub event: String,
    /// The same, taken apart.
    pub what: What,
    /// The node crashed inside the handler, right behind so many commands. (Which of the messages behind them had
    /// left as well, if any, the event says.)
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
            What::Deliver(m) | What::ArriveAtDown(m) | What::Drop(m) | What::Duplicate(m) => {
                Some(m.dst)
            }
            What::Timeout { node, .. }
            | What::Choose { node, .. }
            | What::Crash { node }
            | What::Recover { node } => Some(*node),
            What::Cut { .. } | What::Heal { .. } => None,
        }
    }

    /// The node whose handler ran, or that went down.
    pub fn actor(&self) -> Option<usize> {
        match self {
            What::ArriveAtDown(_) | What::Drop(_) | What::Duplicate(_) => None,
            what => what.node(),
        }
    }

    /// The message of an event, if it is about one.
    pub fn message(&self) -> Option<&Message> {
        match self {
            What::Deliver(m) | What::ArriveAtDown(m) | What::Drop(m) | What::Duplicate(m) => {
                Some(m)
            }
            _ => None,
        }
    }
}

/// A message on a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Message {
    pub src: usize,
    pub dst: usize,
    pub message: String,
}

/// What a handler did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Did {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<Sent>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub saved: Vec<Saved>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observed: Vec<Observation>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Sent {
    pub dst: usize,
    pub message: String,
    /// Why it is not in flight: `cut` or `absorbed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Saved {
    pub record: String,
    /// It had to reach the disk before the node went on.
    pub forced: bool,
}

/// A node as a step left it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NodeRecord {
    pub up: bool,
    /// Where it stands, in a few words.
    pub status: String,
    /// What of its state the protocol says matters; nothing while it is down.
    #[serde(default, skip_serializing_if = "KeyState::is_empty")]
    pub key_state: KeyState,
    /// Its volatile state; `null` while it is down.
    pub state: Json,
    pub storage: Json,
    /// The timers that are armed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PropertyStatus {
    pub property: String,
    pub holds: bool,
    /// Why it does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Trace {
    /// The number of a recorded step in its run, from its number among those recorded. Both count from
    /// 1.
    pub fn number(&self, nth: usize) -> usize {
        match self.unrecorded {
            Some(gap) if nth > gap.after => nth.saturating_add(gap.steps),
            _ => nth,
        }
    }

    /// Whether the status of a property was noted.
    pub fn watches(&self, property: &str) -> bool {
        self.properties
            .iter()
            .any(|known| known.property == property)
    }

    /// The schedule: each event with its time.
    pub fn schedule(&self) -> impl Iterator<Item = (Option<Time>, &str)> {
        self.steps.iter().map(|s| (s.at, s.event.as_str()))
    }
}

impl NodeRecord {
    /// The node, field by field: `state.term`, `storage.vote`, `timers`.
    pub fn fields(&self) -> FewMap<String, Json> {
        let NodeRecord {
            up,
            status,
            // It says in other words what the state says.
            key_state: _,
            state,
            storage,
            timers,
        } = self;
        let mut fields = FewMap::new();
        enter("up", &Json::from(*up), &mut fields);
        enter("status", &Json::from(status.as_str()), &mut fields);
        enter("state", state, &mut fields);
        enter("storage", storage, &mut fields);
        enter("timers", &Json::from(timers.as_slice()), &mut fields);
        fields
    }
}

fn enter(place: &str, value: &Json, fields: &mut FewMap<String, Json>) {
    match value {
        Json::Object(object) if !object.is_empty() => {
            for (key, value) in object {
                enter(&format!("{place}.{key}"), value, fields);
            }
        }
        _ => {
            fields.insert(place.to_owned(), value.clone());
        }
    }
}
