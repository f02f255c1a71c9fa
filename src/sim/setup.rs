//! What a simulated run is made of, with names resolved and inputs checked.
//!
//! Integers only: probabilities are ratios, clocks drift by parts per million, time is in
//! nanoseconds. Types without node names in them are read straight from scenario files.

#[cfg(test)]
use std::borrow::Cow;
use std::fmt;

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::{Cut, CutFamily, Id, InsideHandlers, Link, NodeSet, Time};

/// Everything that decides one run, beside the system and the seed.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Virtual time at which the run ends, if nothing ends it before.
    pub until: Time,
    /// Steps after which a run ends, so that no run is endless.
    pub steps_max: u64,
    pub network: Network,
    /// By id; nodes without an entry start at once and have exact clocks.
    pub nodes: Vec<NodeSetup>,
    /// Faults at stated times and places.
    pub plan: Vec<Planned>,
    /// Faults at stated rates.
    pub nemesis: Option<Nemesis>,
}

impl Setup {
    /// A run of so long in which nothing fails and every message takes the same time.
    pub fn fault_free(until: Time, latency: Time) -> Self {
        Setup {
            until,
            steps_max: u64::MAX,
            network: Network {
                latency: Latency::Constant(latency),
                links: Vec::new(),
                loss: Ratio::NEVER,
                duplication: Ratio::NEVER,
            },
            nodes: Vec::new(),
            plan: Vec::new(),
            nemesis: None,
        }
    }

    /// The largest drift of any clock, for the facts of the run.
    pub fn drift_ppm_max(&self) -> u32 {
        let drifts = self.nodes.iter().map(|n| n.drift_ppm.unsigned_abs());
        drifts.max().unwrap_or(0)
    }
}

/// How messages travel.
#[derive(Clone, Debug)]
pub struct Network {
    pub latency: Latency,
    /// Links that differ from the rest.
    pub links: Vec<(Link, Latency)>,
    /// How often a message is lost, and how often it is duplicated.
    pub loss: Ratio,
    pub duplication: Ratio,
}

/// How a node's machine behaves, and what it is inclined to.
#[derive(Clone, Debug, Default)]
pub struct NodeSetup {
    /// How often it takes part; in the other runs it never starts.
    pub up: Ratio,
    /// It starts so long after the run does; zero for most.
    pub start_delay: Time,
    /// How much faster its clock runs than time, in parts per million; negative if slower.
    pub drift_ppm: i32,
    /// How often it takes the option of this name, wherever it has the choice. Options without an entry
    /// share alike what is left.
    pub choices: Vec<(String, Ratio)>,
}

/// How long a message takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Latency {
    /// Always the same.
    Constant(Time),
    /// Anything from the first to the second, equally likely.
    Uniform(Time, Time),
    /// Mostly near the floor, now and then much more: each doubling of the excess over the floor
    /// is half as likely as the one before. Never more than the cap.
    LongTailed {
        floor: Time,
        typical: Time,
        cap: Time,
    },
    /// Fast, or with the stated ratio slow.
    Bimodal {
        fast: Time,
        slow: Time,
        slow_ratio: Ratio,
    },
}

/// A probability: so many times out of so many. Written `[1, 100]`. Always, if nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    pub times: u32,
    /// Never zero.
    pub out_of: u32,
}

impl Ratio {
    pub const NEVER: Ratio = Ratio {
        times: 0,
        out_of: 1,
    };
    pub const ALWAYS: Ratio = Ratio {
        times: 1,
        out_of: 1,
    };

    pub fn is_certain(self) -> bool {
        self.times == self.out_of
    }

    /// How many of so many parts of a whole it is. They must be a multiple of its own.
    pub fn parts(self, whole: u32) -> u64 {
        u64::from(self.times) * u64::from(whole / self.out_of)
    }
}

/// The smallest number of parts that all of these can be counted in, if there is one below 2^32.
pub fn common_denominator(ratios: impl IntoIterator<Item = Ratio>) -> Option<u32> {
    ratios.into_iter().try_fold(1, |whole: u32, ratio| {
        let (mut divisor, mut rest) = (whole, ratio.out_of);
        while rest != 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        (whole / divisor).checked_mul(ratio.out_of)
    })
}

impl Default for Ratio {
    fn default() -> Self {
        Ratio::ALWAYS
    }
}

/// A fault or repair with its moment.
#[derive(Clone, Debug)]
pub struct Planned {
    pub when: When,
    pub what: PlannedFault,
    /// As the scenario wrote it, for the message that says it was never reached.
    pub text: String,
}

/// When a planned fault strikes.
#[derive(Clone, Debug)]
pub enum When {
    At(Time),
    /// At the `nth` (from 1) event that matches. An anchor never reached fails the run.
    Anchor {
        moment: AnchorPoint,
        nth: u32,
    },
}

/// An event that a fault is anchored to.
#[derive(Clone, Debug)]
pub enum AnchorPoint {
    /// A message of this kind arrived at `to` (from `from`, if given), and its handler has not run.
    BeforeDeliver {
        kind: String,
        from: Option<Id>,
        to: Option<Id>,
    },
    /// All commands of its handler are done.
    AfterDeliver {
        kind: String,
        from: Option<Id>,
        to: Option<Id>,
    },
    /// Right behind the command that sent it. A crash of the sender here strikes inside the
    /// handler: later commands are not carried out.
    AfterSend {
        kind: String,
        from: Option<Id>,
        to: Option<Id>,
    },
    /// Right behind the command with which `node` saved.
    AfterSave { node: Option<Id> },
    /// A timer with this name fired at `node`, and its commands are done.
    AfterTimeout { timer: String, node: Option<Id> },
}

/// What a plan can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlannedFault {
    Crash(Id),
    Recover(Id),
    Cut(Cut),
    /// Ends one cut, or all.
    Heal(Option<Cut>),
    /// Loses the message that the anchor names (only with `BeforeDeliver` or `AfterSend`).
    DropIt,
    /// Duplicates it.
    DuplicateIt,
    /// Delivers it so much later than it would have been.
    DelayIt(Time),
}

/// Faults at stated rates, until all is healed and recovered.
#[derive(Clone, Debug)]
pub struct Nemesis {
    /// Nodes that it may crash.
    pub crashes: NodeSet,
    /// Mean time between crashes; none if absent.
    pub crash_every: Option<Time>,
    /// If they may, half of the crashes strike inside a handler.
    pub inside_handlers: InsideHandlers,
    /// How long a node stays down: anything in this range.
    pub down_for: (Time, Time),
    /// At most so many nodes down at once.
    pub down_max: u32,
    /// The families of cuts to draw from.
    pub cuts: Vec<CutFamily>,
    /// Mean time between cuts; none if absent.
    pub cut_every: Option<Time>,
    pub cut_for: (Time, Time),
    /// When everything is healed and recovered, and loss and duplication end as well: what
    /// follows shows whether the protocol recovers.
    pub until: Time,
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.times, self.out_of).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RatioVisitor;

        impl<'de> Visitor<'de> for RatioVisitor {
            type Value = Ratio;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a probability, written [times, out of]: [1, 10]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Ratio, A::Error> {
                let too_few = |n| A::Error::invalid_length(n, &self);
                let times: u32 = seq.next_element()?.ok_or_else(|| too_few(0))?;
                let out_of: u32 = seq.next_element()?.ok_or_else(|| too_few(1))?;
                if out_of == 0 || times > out_of {
                    return Err(A::Error::custom(format!(
                        "[{times}, {out_of}] is not a probability: write [times, out of], like \
                         [1, 100]"
                    )));
                }
                Ok(Ratio { times, out_of })
            }
        }

        deserializer.deserialize_seq(RatioVisitor)
    }
}

#[cfg(test)]
impl JsonSchema for Ratio {
    fn schema_name() -> Cow<'static, str> {
        "Ratio".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A probability: so many times out of so many, like [1, 100].",
            "type": "array",
            "prefixItems": [
                { "type": "integer", "minimum": 0, "maximum": u32::MAX },
                { "type": "integer", "minimum": 1, "maximum": u32::MAX }
            ],
            "minItems": 2,
            "maxItems": 2
        })
    }
}
