//! Small values of the scenario file that are written as one word or one string.

#[cfg(test)]
use std::borrow::Cow;
use std::fmt;

#[cfg(test)]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many seeds one scenario may run.
pub const SEEDS_MAX: u64 = 1_000_000;

/// A range of seeds, both ends included. Written `1..100`, or `7` for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    first: u64,
    /// At least `first`, and less than [`SEEDS_MAX`] more.
    last: u64,
}

impl Seeds {
    pub const fn one(seed: u64) -> Self {
        Seeds {
            first: seed,
            last: seed,
        }
    }

    /// So many in a row.
    ///
    /// # Panics
    /// If that is none, more than [`SEEDS_MAX`], or more than there are from the first on.
    pub fn from(first: u64, count: u64) -> Self {
        assert!((1..=SEEDS_MAX).contains(&count), "{count} seeds");
        let last = first.checked_add(count - 1);
        let last = last.expect("there are so many seeds from there on");
        Seeds { first, last }
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let number = |n: &str| {
            let digits = !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
            let help = || format!("`{text}` names no seeds: write \"1..100\", or \"7\" for one");
            n.parse().ok().filter(|_| digits).ok_or_else(help)
        };
        let (first, last): (u64, u64) = (number(first)?, number(last)?);
        if first > last {
            return Err(format!("`{text}` is empty: write the smaller seed first"));
        }
        if last - first >= SEEDS_MAX {
            return Err(format!("`{text}` is more than {SEEDS_MAX} seeds"));
        }
        Ok(Seeds { first, last })
    }

    pub fn iter(self) -> std::ops::RangeInclusive<u64> {
        self.first..=self.last
    }

    pub fn count(self) -> u64 {
        self.last - self.first + 1
    }
}

impl IntoIterator for Seeds {
    type Item = u64;
    type IntoIter = std::ops::RangeInclusive<u64>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        if self.first == self.last {
            return Ok(());
        }
        write!(f, "..{}", self.last)
    }
}

impl Serialize for Seeds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Seeds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SeedsVisitor;

        impl Visitor<'_> for SeedsVisitor {
            type Value = Seeds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seeds in quotes: \"1..100\", or \"7\" for one")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Seeds, E> {
                Seeds::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(SeedsVisitor)
    }
}

#[cfg(test)]
impl JsonSchema for Seeds {
    fn schema_name() -> Cow<'static, str> {
        "Seeds".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^[0-9]+(\.\.[0-9]+)?$",
            "description": "Seeds: `1..100` (both included), or `7`."
        })
    }
}

/// The value of a key that is either there or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Yes;

impl Serialize for Yes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl<'de> Deserialize<'de> for Yes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct YesVisitor;

        impl Visitor<'_> for YesVisitor {
            type Value = Yes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true")
            }

            fn visit_bool<E: Error>(self, yes: bool) -> Result<Yes, E> {
                if yes {
                    Ok(Yes)
                } else {
                    Err(E::invalid_value(Unexpected::Bool(false), &self))
                }
            }
        }

        deserializer.deserialize_any(YesVisitor)
    }
}

#[cfg(test)]
impl JsonSchema for Yes {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Yes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": true })
    }
}

/// The word `all`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct All;

impl All {
    pub(super) fn from_word<E: Error>(word: &str) -> Result<Self, E> {
        match word {
            "all" => Ok(All),
            _ => Err(E::unknown_variant(word, &["all"])),
        }
    }
}

impl Serialize for All {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("all")
    }
}

#[cfg(test)]
impl JsonSchema for All {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "All".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": "all" })
    }
}

#[cfg(test)]
mod tests {
    use super::Seeds;

    #[test]
    fn seeds_read_back_what_they_print() {
        for text in ["7", "1..100", "0..0", "18446744073709551615"] {
            let seeds = Seeds::parse(text).unwrap();
            assert_eq!(Seeds::parse(&seeds.to_string()), Ok(seeds));
        }
        assert_eq!(Seeds::parse("1..100").unwrap().count(), 100);
        for text in [
            "",
            "..",
            "1..",
            "..5",
            "5..1",
            "-1",
            "+1",
            "1 ..2",
            "0..1000000",
        ] {
            assert!(Seeds::parse(text).is_err(), "{text}");
        }
    }
}
