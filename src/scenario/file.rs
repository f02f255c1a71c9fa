//! The scenario file, as it is written.
//!
//! Plain data with names unresolved: what may stand where, not what it means. Doc comments of
//! these types become descriptions in the JSON Schema.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::faults::{CrashBudget, Cuts, FaultPart, NemesisPart};
use super::spanned::{Entries, Spanned, Text};
use super::values::Seeds;
use super::verdict::{ExpectedVerdict, RunExpectation};
use crate::model::{InsideHandlers, Limit, LinkOrder, Time, Timing};
use crate::sim::setup::{Latency, Ratio};

/// What a protocol is put on trial for: one story for the simulator, the model checker, or both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, schemars(rename = "Scenario"))]
pub struct File {
    /// The JSON Schema of this file, for editors.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The version of this format: 1.
    #[cfg_attr(test, schemars(schema_with = "version"))]
    pub jury: Spanned<u32>,
    /// The story, in a sentence or two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// The name of the protocol.
    pub protocol: Text,
    /// What the protocol lets a scenario set.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
    /// What the simulator does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Spanned<RunPart>>,
    /// What the model checker does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Spanned<CheckPart>>,
    /// What must come of it.
    #[serde(default, skip_serializing_if = "Expect::is_empty")]
    pub expect: Expect,
}

#[cfg(test)]
fn version(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "const": super::VERSION })
}

/// Simulated runs: one for each seed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RunPart {
    /// `1..100` (both included), or `7`. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<Spanned<Seeds>>,
    /// Virtual time at which a run ends. Default: 10s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Spanned<Time>>,
    /// Steps after which a run ends. Default: 1000000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Spanned<u64>>,
    /// How messages travel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkPart>,
    /// Nodes whose machines differ from the rest, by name.
    #[serde(default, skip_serializing_if = "Entries::is_empty")]
    pub nodes: Entries<NodePart>,
    /// Faults at stated times and places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Spanned<FaultPart>>,
    /// Faults at stated rates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nemesis: Option<Spanned<NemesisPart>>,
    /// The events to happen, in order, in the one notation; each may start with its time:
    /// `20ms crash C`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<Text>,
    /// Of a schedule without times: when a timer may fire where it is judged whether the run can go on. Default: asynchronous.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Spanned<Timing>>,
    /// What follows the schedule. Without it the run ends there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Spanned<Then>>,
    /// The properties that count: a run ends with the first of them that it violates. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<Vec<Text>>,
}

/// What follows a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// Time and chance, drawn from the seed.
    Seeded,
}

/// How messages travel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NetworkPart {
    /// How long a message takes. Default: anything from 1ms to 10ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Spanned<Latency>>,
    /// Links that differ from the rest, written `A -> B`.
    #[serde(default, skip_serializing_if = "Entries::is_empty")]
    pub links: Entries<LinkPart>,
    /// How often a message is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Spanned<Ratio>>,
    /// How often a message is duplicated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<Spanned<Ratio>>,
    /// In which order a link delivers. Default: unordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<LinkOrder>,
}

/// A link that differs from the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkPart {
    /// How long a message takes on this link.
    pub latency: Spanned<Latency>,
}

/// A node whose machine differs from the rest, or that is inclined to something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NodePart {
    /// How often it takes part: in the other runs it never starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up: Option<Spanned<Ratio>>,
    /// It starts so long after the run does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_delay: Option<Spanned<Time>>,
    /// How much faster its clock runs than time, in parts per million; negative if slower.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift_ppm: Option<Spanned<i32>>,
    /// It does not start with the others: a `recover` brings it in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joins_later: bool,
    /// How often it takes the option of this name, wherever it has the choice: `{"Yes": [9, 10]}`.
    /// Options without an entry share alike what is left.
    #[serde(default, skip_serializing_if = "Entries::is_empty")]
    pub choices: Entries<Spanned<Ratio>>,
}

/// All executions within stated limits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CheckPart {
    /// When an armed timer may fire. Default: asynchronous.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Spanned<Timing>>,
    /// In which order links deliver. Default: unordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Spanned<LinkOrder>>,
    /// How many faults and repairs there may be. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<FaultBudgets>,
    /// Bounds on ordinary behaviour, beside the protocol's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<BoundsPart>,
    /// Nodes that do not start with the others: a recovery brings them in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joins_later: Vec<Text>,
    /// Start from the world in which these events, in the one notation, lead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Text>,
    /// Where budgets are counted from, and the bound on timeouts. Default: from-the-start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budgets: Option<Spanned<Counting>>,
    /// The properties to check. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<Vec<Text>>,
}

/// Where budgets are counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Counting {
    /// What the events of `after` spend is gone.
    #[default]
    FromTheStart,
    /// From where the search starts: what the events of `after` spent does not count.
    FromHere,
}

/// How many faults and repairs there may be, each a number or `unlimited`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FaultBudgets {
    /// Crashes: of any node, or by the name of a node or role. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crashes: Option<CrashBudget>,
    /// Whether a crash may also strike inside a handler, and if any subset of a broadcast has left then. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside_handlers: Option<Spanned<InsideHandlers>>,
    /// Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recoveries: Option<Spanned<Limit>>,
    /// Nodes down at the same time. Default: unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<Limit>,
    /// Messages lost. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drops: Option<Spanned<Limit>>,
    /// Messages duplicated; `unlimited` makes in flight a set from which nothing is ever removed,
    /// which stands for every amount of loss as well. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<Spanned<Limit>>,
    /// Cuts: how many, and which. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cuts: Option<Spanned<Cuts>>,
    /// Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heals: Option<Spanned<Limit>>,
}

/// Bounds on ordinary behaviour.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BoundsPart {
    /// Events from where the search starts. Default: unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<Limit>,
    /// Timeouts in all. Default: unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Limit>,
    /// Equal messages in flight on a link. Default: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<Spanned<Limit>>,
}

/// What must come of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The verdict of the runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Spanned<RunExpectation>>,
    /// The verdict of the check, by property.
    #[serde(default, skip_serializing_if = "Entries::is_empty")]
    pub check: Entries<Spanned<ExpectedVerdict>>,
}

impl Expect {
    pub fn is_empty(&self) -> bool {
        self.run.is_none() && self.check.is_empty()
    }
}
