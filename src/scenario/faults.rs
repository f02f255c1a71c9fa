//! Faults and repairs, as a scenario file writes them: planned ones, those of a nemesis, and the
//! budgets of a check.
//!
//! An entry of the plan is a struct of options rather than an enum, so that a complaint can name
//! the key that is wrong; that exactly one moment and one fault are given is found out later.

#[cfg(test)]
use std::borrow::Cow;
use std::fmt;

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::spanned::{Entries, Spanned, Text};
use super::values::{All, Yes};
use crate::model::{CutFamily, InsideHandlers, Limit, Time, TimerRange};

/// A fault or repair with its moment: one of `at`, `before` and `after`, and one of the rest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, schemars(rename = "Fault"))]
pub struct FaultPart {
    /// At this virtual time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Spanned<Time>>,
    /// When this message has arrived, before its handler runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Spanned<Anchor>>,
    /// Right behind this event, or behind the command that sends or saves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Spanned<Anchor>>,

    /// The node that crashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash: Option<Text>,
    /// The node that recovers, or joins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recover: Option<Text>,
    /// The links that are cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Spanned<CutPart>>,
    /// The cut that ends, or `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heal: Option<Spanned<HealPart>>,
    /// The message that the anchor names is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drop: Option<Spanned<Yes>>,
    /// It is duplicated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<Spanned<Yes>>,
    /// It comes so much later than it would have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Spanned<Time>>,
}

/// An event that a fault is anchored to: one of `deliver`, `send`, `save` and `timeout`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(
    deny_unknown_fields,
    expecting = "an event, like { \"deliver\": \"Message\" }"
)]
pub struct Anchor {
    /// A message of this kind is delivered, or one whose text begins so: `Prepare(1)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliver: Option<Text>,
    /// A message of this kind is sent, or one whose text begins so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send: Option<Text>,
    /// This node saves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub save: Option<Text>,
    /// A timer of this name fires, or one whose text begins so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Text>,
    /// Only messages from this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Text>,
    /// Only messages to this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Text>,
    /// Only timers of this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Text>,
    /// The n-th such event, counted from 1. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<Spanned<u32>>,
}

/// Faults at stated rates, until everything is healed and recovered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NemesisPart {
    /// The nodes and roles that may crash. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crashes: Option<Vec<Text>>,
    /// Mean time between crashes. Default: no crashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash_every: Option<Spanned<Time>>,
    /// Whether half of the crashes strike inside a handler, and if any subset of a broadcast has left then.
    /// Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside_handlers: Option<InsideHandlers>,
    /// How long a node stays down. Default: 100ms..500ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down_for: Option<TimerRange>,
    /// At most so many nodes down at once. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down_max: Option<Spanned<u32>>,
    /// The families of cuts to draw from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cuts: Vec<Spanned<CutFamily>>,
    /// Mean time between cuts. Default: no cuts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_every: Option<Spanned<Time>>,
    /// How long a cut lasts. Default: 100ms..500ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_for: Option<TimerRange>,
    /// When everything is healed and recovered, and loss and duplication end as well.
    pub until: Spanned<Time>,
}

/// Links that are cut: between groups of nodes, or single directed ones.
#[derive(Clone, Debug, PartialEq)]
pub enum CutPart {
    /// Every link between nodes of different groups.
    Groups(Vec<Vec<Text>>),
    /// Each written `A -> B`.
    Links(Vec<Text>),
}

/// What a repair heals.
#[derive(Clone, Debug, PartialEq)]
pub enum HealPart {
    All,
    One(CutPart),
}

/// How often nodes may crash.
#[derive(Clone, Debug, PartialEq)]
pub enum CrashBudget {
    /// All nodes together.
    Any(Limit),
    /// By the name of a node or role.
    Of(Entries<Limit>),
}

/// How many cuts may be made, and which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(
    deny_unknown_fields,
    expecting = "an object like { \"most\": 1, \"which\": [\"halves\"] }"
)]
pub struct Cuts {
    /// How many. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<Limit>,
    /// Each a cut or a family of cuts.
    pub which: Vec<Spanned<WhichCut>>,
}

/// A cut, or a family of cuts.
#[derive(Clone, Debug, PartialEq)]
pub enum WhichCut {
    Family(CutFamily),
    One(CutPart),
}

/// One element of a cut.
enum CutElement {
    Group(Vec<Text>),
    Link(String),
}

impl<'de> Deserialize<'de> for CutElement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ElementVisitor;

        impl<'de> Visitor<'de> for ElementVisitor {
            type Value = CutElement;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a group like [\"A\", \"B\"] or a link like \"A -> B\"")
            }

            fn visit_str<E: Error>(self, link: &str) -> Result<CutElement, E> {
                Ok(CutElement::Link(link.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<CutElement, A::Error> {
                let group = SeqAccessDeserializer::new(seq);
                Vec::deserialize(group).map(CutElement::Group)
            }
        }

        deserializer.deserialize_any(ElementVisitor)
    }
}

/// Reads the elements of a cut, all of which are groups, or all links.
fn cut_part<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<CutPart, A::Error> {
    let (mut groups, mut links) = (Vec::new(), Vec::new());
    while let Some(element) = seq.next_element::<Spanned<CutElement>>()? {
        match &*element {
            CutElement::Group(names) => groups.push(names.clone()),
            CutElement::Link(link) => links.push(element.with(link.clone())),
        }
    }
    match (groups.is_empty(), links.is_empty()) {
        (true, true) => Err(A::Error::custom("this cut separates nobody")),
        (false, false) => Err(A::Error::custom(
            "a cut is made of groups or of links, not of both",
        )),
        (false, true) => Ok(CutPart::Groups(groups)),
        (true, false) => Ok(CutPart::Links(links)),
    }
}

const CUT: &str = "groups like [[\"A\", \"B\"], [\"C\"]], or links like [\"A -> B\"]";

impl<'de> Deserialize<'de> for CutPart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CutVisitor;

        impl<'de> Visitor<'de> for CutVisitor {
            type Value = CutPart;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(CUT)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<CutPart, A::Error> {
                cut_part(seq)
            }
        }

        deserializer.deserialize_any(CutVisitor)
    }
}

impl<'de> Deserialize<'de> for HealPart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HealVisitor;

        impl<'de> Visitor<'de> for HealVisitor {
            type Value = HealPart;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "\"all\", or the cut to end: {CUT}")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<HealPart, E> {
                All::from_word(word).map(|All| HealPart::All)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<HealPart, A::Error> {
                cut_part(seq).map(HealPart::One)
            }
        }

        deserializer.deserialize_any(HealVisitor)
    }
}

impl<'de> Deserialize<'de> for WhichCut {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WhichVisitor;

        impl<'de> Visitor<'de> for WhichVisitor {
            type Value = WhichCut;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a family of cuts, {CUT}")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<WhichCut, E> {
                let family: serde::de::value::StrDeserializer<'_, E> =
                    serde::de::IntoDeserializer::into_deserializer(word);
                CutFamily::deserialize(family).map(WhichCut::Family)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<WhichCut, A::Error> {
                cut_part(seq).map(WhichCut::One)
            }
        }

        deserializer.deserialize_any(WhichVisitor)
    }
}

impl<'de> Deserialize<'de> for CrashBudget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BudgetVisitor;

        impl<'de> Visitor<'de> for BudgetVisitor {
            type Value = CrashBudget;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of times, \"unlimited\", or { \"NODE OR ROLE\": number }")
            }

            fn visit_u64<E: Error>(self, n: u64) -> Result<CrashBudget, E> {
                let number: serde::de::value::U64Deserializer<E> =
                    serde::de::IntoDeserializer::into_deserializer(n);
                Limit::deserialize(number).map(CrashBudget::Any)
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<CrashBudget, E> {
                let word: serde::de::value::StrDeserializer<'_, E> =
                    serde::de::IntoDeserializer::into_deserializer(word);
                Limit::deserialize(word).map(CrashBudget::Any)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CrashBudget, A::Error> {
                let map = MapAccessDeserializer::new(map);
                Entries::deserialize(map).map(CrashBudget::Of)
            }
        }

        deserializer.deserialize_any(BudgetVisitor)
    }
}

impl Serialize for CutPart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            CutPart::Groups(groups) => groups.serialize(serializer),
            CutPart::Links(links) => links.serialize(serializer),
        }
    }
}

impl Serialize for HealPart {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            HealPart::All => All.serialize(serializer),
            HealPart::One(cut) => cut.serialize(serializer),
        }
    }
}

impl Serialize for WhichCut {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            WhichCut::Family(family) => family.serialize(serializer),
            WhichCut::One(cut) => cut.serialize(serializer),
        }
    }
}

impl Serialize for CrashBudget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            CrashBudget::Any(limit) => limit.serialize(serializer),
            CrashBudget::Of(entries) => entries.serialize(serializer),
        }
    }
}

#[cfg(test)]
impl JsonSchema for CutPart {
    fn schema_name() -> Cow<'static, str> {
        "Cut".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Groups of nodes, or single directed links written `A -> B`.",
            "anyOf": [
                {
                    "type": "array",
                    "minItems": 1,
                    "items": { "type": "array", "items": { "type": "string" } }
                },
                {
                    "type": "array",
                    "minItems": 1,
                    "items": { "type": "string", "pattern": "^.+ *-> *.+$" }
                }
            ]
        })
    }
}

#[cfg(test)]
impl JsonSchema for HealPart {
    fn schema_name() -> Cow<'static, str> {
        "Heal".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (all, cut) = (
            generator.subschema_for::<All>(),
            generator.subschema_for::<CutPart>(),
        );
        json_schema!({ "description": "The cut that ends, or `all`.", "anyOf": [all, cut] })
    }
}

#[cfg(test)]
impl JsonSchema for WhichCut {
    fn schema_name() -> Cow<'static, str> {
        "WhichCut".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (family, cut) = (
            generator.subschema_for::<CutFamily>(),
            generator.subschema_for::<CutPart>(),
        );
        json_schema!({ "description": "A cut, or a family of cuts.", "anyOf": [family, cut] })
    }
}

#[cfg(test)]
impl JsonSchema for CrashBudget {
    fn schema_name() -> Cow<'static, str> {
        "CrashBudget".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let limit = generator.subschema_for::<Limit>();
        json_schema!({
            "description": "Crashes of any node, or by the name of a node or role.",
            "anyOf": [limit, { "type": "object", "additionalProperties": limit }]
        })
    }
}
