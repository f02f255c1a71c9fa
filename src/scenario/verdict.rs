//! What a scenario expects: the verdict of its runs, and of its check for each property.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::spanned::{Spanned, Text};

/// The expected verdict of a check for one property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExpectedVerdict {
    Holds,
    HoldsWithinBounds,
    /// With or without saying under which assumptions.
    Violated(Option<ExpectedStanding>),
    Reached,
    Unreachable,
    CanBlock(Option<ExpectedStanding>),
    UnknownWithinBounds,
}

/// Where a violation was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExpectedStanding {
    /// Under what the property assumes: a bug.
    Bug,
    /// Only where an assumption of the property is broken.
    OutsideTheAssumptions,
}

impl ExpectedVerdict {
    /// All of them with their words.
    pub const WORDS: [(&'static str, ExpectedVerdict); 11] = [
        ("holds", ExpectedVerdict::Holds),
        ("holds within bounds", ExpectedVerdict::HoldsWithinBounds),
        ("violated", ExpectedVerdict::Violated(None)),
        (
            "violated (a bug)",
            ExpectedVerdict::Violated(Some(ExpectedStanding::Bug)),
        ),
        (
            "violated outside the assumptions",
            ExpectedVerdict::Violated(Some(ExpectedStanding::OutsideTheAssumptions)),
        ),
        ("reached", ExpectedVerdict::Reached),
        ("unreachable", ExpectedVerdict::Unreachable),
        ("can block", ExpectedVerdict::CanBlock(None)),
        (
            "can block (a bug)",
            ExpectedVerdict::CanBlock(Some(ExpectedStanding::Bug)),
        ),
        (
            "can block outside the assumptions",
            ExpectedVerdict::CanBlock(Some(ExpectedStanding::OutsideTheAssumptions)),
        ),
        (
            "unknown within bounds",
            ExpectedVerdict::UnknownWithinBounds,
        ),
    ];
}

/// The words alone, as serde wants them.
const CHECK_WORDS: &[&str] = &{
    let mut words = [""; ExpectedVerdict::WORDS.len()];
    let mut i = 0;
    while i < words.len() {
        words[i] = ExpectedVerdict::WORDS[i].0;
        i += 1;
    }
    words
};

impl fmt::Display for ExpectedVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::WORDS.iter().find(|(_, verdict)| verdict == self);
        f.write_str(word.expect("every verdict has its words").0)
    }
}

impl FromStr for ExpectedVerdict {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = Self::WORDS.iter().find(|(word, _)| *word == text);
        word.map(|(_, verdict)| *verdict)
            .ok_or_else(|| format!("`{text}` is not a verdict"))
    }
}

impl Serialize for ExpectedVerdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ExpectedVerdict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse()
            .map_err(|_| D::Error::unknown_variant(&text, CHECK_WORDS))
    }
}

#[cfg(test)]
impl JsonSchema for ExpectedVerdict {
    fn schema_name() -> Cow<'static, str> {
        "CheckVerdict".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "The verdict of a check.", "enum": CHECK_WORDS })
    }
}

/// The expected verdict of one run.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpectedRun {
    Ok,
    /// Of this property, or of any. Written `"violated"` or `{ "violated": "atomicity" }`.
    Violated(Option<Text>),
    Blocked,
    Undecided,
}

/// The expected verdict of the runs of all seeds.
#[derive(Clone, Debug, PartialEq)]
pub enum RunExpectation {
    /// Each run ends so.
    Each(ExpectedRun),
    /// Each run ends in one of `every` (anyhow, if it is empty), and each of `some` happens.
    Among {
        every: Vec<Spanned<ExpectedRun>>,
        some: Vec<Spanned<ExpectedRun>>,
    },
}

impl RunExpectation {
    /// The verdicts it names.
    pub fn verdicts(&self) -> Box<dyn Iterator<Item = &ExpectedRun> + '_> {
        match self {
            RunExpectation::Each(verdict) => Box::new(std::iter::once(verdict)),
            RunExpectation::Among { every, some } => {
                Box::new(every.iter().chain(some).map(|verdict| &**verdict))
            }
        }
    }
}

const RUN_WORDS: &[&str] = &["ok", "violated", "blocked", "undecided"];

fn run_verdict<E: Error>(word: &str) -> Result<ExpectedRun, E> {
    match word {
        "ok" => Ok(ExpectedRun::Ok),
        "violated" => Ok(ExpectedRun::Violated(None)),
        "blocked" => Ok(ExpectedRun::Blocked),
        "undecided" => Ok(ExpectedRun::Undecided),
        _ => Err(E::unknown_variant(word, RUN_WORDS)),
    }
}

impl<'de> Deserialize<'de> for ExpectedRun {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct VerdictVisitor;

        impl<'de> Visitor<'de> for VerdictVisitor {
            type Value = ExpectedRun;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a verdict of a run, like \"ok\" or { \"violated\": \"PROPERTY\" }")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<ExpectedRun, E> {
                run_verdict(word)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ExpectedRun, A::Error> {
                let mut violated = None;
                while let Some(key) = map.next_key::<Key<0>>()? {
                    let Key(_) = key;
                    violated = Some(map.next_value()?);
                }
                let property = violated.ok_or_else(|| A::Error::missing_field("violated"))?;
                Ok(ExpectedRun::Violated(Some(property)))
            }
        }

        deserializer.deserialize_any(VerdictVisitor)
    }
}

/// A key of a verdict (set 0) or of an expectation (set 1).
struct Key<const SET: usize>(&'static str);

const KEYS: [&[&str]; 2] = [&["violated"], &["violated", "every", "some"]];

impl<'de, const SET: usize> Deserialize<'de> for Key<SET> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = Cow::<str>::deserialize(deserializer)?;
        let allowed = KEYS[SET];
        let known = allowed.iter().find(|name| **name == key);
        known
            .map(|name| Key(name))
            .ok_or_else(|| D::Error::unknown_field(&key, allowed))
    }
}

impl<'de> Deserialize<'de> for RunExpectation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ExpectationVisitor;

        impl<'de> Visitor<'de> for ExpectationVisitor {
            type Value = RunExpectation;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a verdict of a run, like \"ok\", or { \"every\": [...], \"some\": [...] }",
                )
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<RunExpectation, E> {
                run_verdict(word).map(RunExpectation::Each)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RunExpectation, A::Error> {
                let (mut violated, mut every, mut some) = (None, None, None);
                while let Some(Key(key)) = map.next_key::<Key<1>>()? {
                    match key {
                        "violated" => violated = Some(map.next_value()?),
                        "every" => every = Some(map.next_value()?),
                        _ => some = Some(map.next_value()?),
                    }
                }
                match (violated, every, some) {
                    (Some(property), None, None) => {
                        let verdict = ExpectedRun::Violated(Some(property));
                        Ok(RunExpectation::Each(verdict))
                    }
                    (Some(_), _, _) => Err(A::Error::custom(
                        "`violated` stands alone, or inside the lists of `every` and `some`",
                    )),
                    (None, None, None) => Err(A::Error::custom(
                        "this expects nothing: write a verdict, or lists under `every` and `some`",
                    )),
                    (None, every, some) => Ok(RunExpectation::Among {
                        every: every.unwrap_or_default(),
                        some: some.unwrap_or_default(),
                    }),
                }
            }
        }

        deserializer.deserialize_any(ExpectationVisitor)
    }
}

impl Serialize for ExpectedRun {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            ExpectedRun::Ok => serializer.serialize_str("ok"),
            ExpectedRun::Violated(None) => serializer.serialize_str("violated"),
            ExpectedRun::Violated(Some(property)) => {
                serializer.collect_map([("violated", property)])
            }
            ExpectedRun::Blocked => serializer.serialize_str("blocked"),
            ExpectedRun::Undecided => serializer.serialize_str("undecided"),
        }
    }
}

impl Serialize for RunExpectation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            RunExpectation::Each(verdict) => verdict.serialize(serializer),
            RunExpectation::Among { every, some } => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("every", every)?;
                map.serialize_entry("some", some)?;
                map.end()
            }
        }
    }
}

#[cfg(test)]
impl JsonSchema for ExpectedRun {
    fn schema_name() -> Cow<'static, str> {
        "ExpectedRun".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The verdict of one run.",
            "anyOf": [
                { "enum": RUN_WORDS },
                {
                    "type": "object",
                    "properties": { "violated": { "type": "string" } },
                    "required": ["violated"],
                    "additionalProperties": false
                }
            ]
        })
    }
}

#[cfg(test)]
impl JsonSchema for RunExpectation {
    fn schema_name() -> Cow<'static, str> {
        "RunExpectation".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let verdict = generator.subschema_for::<ExpectedRun>();
        let verdicts = json_schema!({ "type": "array", "items": verdict });
        json_schema!({
            "description": "One verdict for every seed; or those among which each is, and those \
                            of which each must happen.",
            "anyOf": [
                verdict,
                {
                    "type": "object",
                    "properties": { "every": verdicts, "some": verdicts },
                    "minProperties": 1,
                    "additionalProperties": false
                }
            ]
        })
    }
}

impl fmt::Display for ExpectedRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExpectedRun::Ok => f.write_str("ok"),
            ExpectedRun::Violated(None) => f.write_str("violated"),
            ExpectedRun::Violated(Some(property)) => write!(f, "violated ({})", **property),
            ExpectedRun::Blocked => f.write_str("blocked"),
            ExpectedRun::Undecided => f.write_str("undecided"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ExpectedVerdict;

    #[test]
    fn verdicts_read_back_what_they_print() {
        for (word, verdict) in ExpectedVerdict::WORDS {
            assert_eq!(word.parse(), Ok(verdict));
            assert_eq!(verdict.to_string(), word);
        }
    }
}
