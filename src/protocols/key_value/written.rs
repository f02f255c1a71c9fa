//! Keys, operations and answers as people write them, and as bytes hold them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Answer, Key, Op};

/// A text that is no key, operation or answer: what is wrong with it, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Misspelt {
    pub message: String,
}

fn misspelt<T>(message: String) -> Result<T, Misspelt> {
    Err(Misspelt { message })
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", char::from(self.0))
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::Get(key) => write!(f, "get {key}"),
            Op::Put(key, value) => write!(f, "put {key} {value}"),
            Op::Cas(key, expected, new) => write!(f, "cas {key} {expected} {new}"),
            Op::Inc(key) => write!(f, "inc {key}"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Value(value) => write!(f, "{value}"),
            Answer::Done => f.write_str("done"),
            Answer::Swapped(true) => f.write_str("yes"),
            Answer::Swapped(false) => f.write_str("no"),
        }
    }
}

impl FromStr for Key {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<Self, Misspelt> {
        match text.as_bytes() {
            [letter @ b'a'..=b'z'] => Ok(Key(*letter)),
            _ => misspelt(format!(
                "`{text}` is no key: a key is one lower-case letter, such as `x`"
            )),
        }
    }
}

impl FromStr for Op {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<Self, Misspelt> {
        let words: Vec<&str> = text.split(' ').collect();
        let verb = words[0];
        match (verb, &words[1..]) {
            ("get", [key]) => Ok(Op::Get(key.parse()?)),
            ("put", [key, value]) => Ok(Op::Put(key.parse()?, number(value)?)),
            ("cas", [key, expected, new]) => {
                Ok(Op::Cas(key.parse()?, number(expected)?, number(new)?))
            }
            ("inc", [key]) => Ok(Op::Inc(key.parse()?)),
            _ if words.contains(&"") && !text.is_empty() => misspelt(format!(
                "`{text}` has a space too many: between two words of an operation there is one"
            )),
            _ => match form(verb) {
                Some((form, example)) => misspelt(format!(
                    "`{text}` does not say what it needs to: it is `{form}`, as in `{example}`"
                )),
                None => misspelt(format!(
                    "`{text}` is no operation: write `get x`, `put x 1`, `cas x 1 2` or `inc x`"
                )),
            },
        }
    }
}

/// How an operation is written, and an example of it.
fn form(verb: &str) -> Option<(&'static str, &'static str)> {
    Some(match verb {
        "get" => ("get KEY", "get x"),
        "put" => ("put KEY VALUE", "put x 1"),
        "cas" => ("cas KEY EXPECTED NEW", "cas x 1 2"),
        "inc" => ("inc KEY", "inc x"),
        _ => return None,
    })
}

fn number(text: &str) -> Result<u32, Misspelt> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if is_plain => Ok(number),
        _ => misspelt(format!(
            "`{text}` is no value: a value is a whole number from 0 to {}",
            u32::MAX
        )),
    }
}

impl FromStr for Answer {
    type Err = Misspelt;

    fn from_str(text: &str) -> Result<Self, Misspelt> {
        match text {
            "done" => Ok(Answer::Done),
            "yes" => Ok(Answer::Swapped(true)),
            "no" => Ok(Answer::Swapped(false)),
            _ => number(text).map(Answer::Value).or_else(|_| {
                misspelt(format!(
                    "`{text}` is no answer: write a number, `done`, `yes` or `no`"
                ))
            }),
        }
    }
}

/// An operation in bytes.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Op")]
enum OpInBytes {
    Get(Key),
    Put(Key, u32),
    Cas(Key, u32, u32),
    Inc(Key),
}

/// An answer in bytes.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Answer")]
enum AnswerInBytes {
    Value(u32),
    Done,
    Swapped(bool),
}

/// A key in bytes.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Key")]
struct KeyInBytes(u8);

/// Text for people, the second type in bytes; and for debugging the text, too.
macro_rules! written {
    ($type:ident, $in_bytes:ident) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    return serializer.collect_str(self);
                }
                $in_bytes::serialize(self, serializer)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = Cow::<str>::deserialize(deserializer)?;
                    return text.parse().map_err(D::Error::custom);
                }
                $in_bytes::deserialize(deserializer)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

written!(Key, KeyInBytes);
written!(Op, OpInBytes);
written!(Answer, AnswerInBytes);

impl JsonSchema for Op {
    fn schema_name() -> Cow<'static, str> {
        "Operation".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^((get|inc) [a-z]|put [a-z] [0-9]+|cas [a-z] [0-9]+ [0-9]+)$",
            "description": "What a client asks for: `get x`, `put x 1`, `cas x 1 2` (if x is 1, \
                            make it 2) or `inc x`. A key is a lower-case letter."
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;

    #[test]
    fn what_is_wrong_is_said_with_what_would_be_right() {
        let said = |text: &str| text.parse::<Op>().unwrap_err().message;
        assert!(said("").starts_with("`` is no operation: write `get x`"));
        for (text, message) in [
            (
                "read x",
                "`read x` is no operation: write `get x`, `put x 1`, `cas x 1 2` or `inc x`",
            ),
            (
                "get  x",
                "`get  x` has a space too many: between two words of an operation there is one",
            ),
        ] {
            assert_eq!(said(text), message);
        }
        assert_eq!(
            said("put x"),
            "`put x` does not say what it needs to: it is `put KEY VALUE`, as in `put x 1`"
        );
        assert_eq!(
            said("get X"),
            "`X` is no key: a key is one lower-case letter, such as `x`"
        );
        for value in ["-1", "+1", "1.5", "4294967296", "one"] {
            assert_eq!(
                said(&format!("put x {value}")),
                format!("`{value}` is no value: a value is a whole number from 0 to 4294967295")
            );
        }
    }

    #[test]
    fn bytes_hold_no_names() {
        let bytes = |op: Op| postcard::to_extend(&op, Vec::new()).unwrap();
        assert_eq!(bytes(Op::Get(Key(b'x'))), [0, b'x']);
        assert_eq!(bytes(Op::Cas(Key(b'x'), 1, 2)), [2, b'x', 1, 2]);
    }

    fn keys() -> impl Strategy<Value = Key> {
        (b'a'..=b'z').prop_map(Key)
    }

    fn ops() -> impl Strategy<Value = Op> {
        prop_oneof![
            keys().prop_map(Op::Get),
            (keys(), any::<u32>()).prop_map(|(key, value)| Op::Put(key, value)),
            (keys(), any::<u32>(), any::<u32>()).prop_map(|(key, a, b)| Op::Cas(key, a, b)),
            keys().prop_map(Op::Inc),
        ]
    }

    fn answers() -> impl Strategy<Value = Answer> {
        prop_oneof![
            any::<u32>().prop_map(Answer::Value),
            Just(Answer::Done),
            any::<bool>().prop_map(Answer::Swapped),
        ]
    }

    /// As text, in JSON and in bytes.
    fn round_trips<T>(it: T) -> bool
    where
        T: Copy + PartialEq + ToString + FromStr + Serialize + DeserializeOwned,
    {
        let text = it.to_string();
        let json = serde_json::to_string(&it).unwrap();
        let bytes = postcard::to_extend(&it, Vec::new()).unwrap();
        text.parse().is_ok_and(|read: T| read == it)
            && json == format!("\"{text}\"")
            && serde_json::from_str::<T>(&json).unwrap() == it
            && postcard::from_bytes::<T>(&bytes).unwrap() == it
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(key in keys(), op in ops(), answer in answers()) {
            prop_assert!(round_trips(key));
            prop_assert!(round_trips(op));
            prop_assert!(round_trips(answer));
        }

        /// The schema and the reader agree, save on numbers that are too great.
        #[test]
        fn the_schema_lets_through_what_is_read(
            text in "(get|put|cas|inc|got)( [a-z]| [A-Z]| )( [0-9]{1,3}){0,3}",
        ) {
            let schema = serde_json::to_value(schemars::schema_for!(Op)).unwrap();
            let matches = jsonschema::is_valid(&schema, &text.as_str().into());
            prop_assert_eq!(matches, text.parse::<Op>().is_ok());
        }
    }
}
