//! What a step meant, in words that all protocols share.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::actor::Data;

/// What a handler observes of itself: something that can be put in the words that all protocols share.
///
/// An algorithm that has no more to say than those words observes an [`Observation`] itself.
pub trait Observed<A>: Data {
    /// The same for traces, diagrams and explanations.
    fn in_words(&self, actor: &A) -> Observation;

    /// What it means for the costs of a run: nothing, if nobody locks, decides, asks or is told. Every run
    /// asks, so what is dear to put in words says it by itself.
    fn tally(&self, actor: &A) -> Option<Tally> {
        self.in_words(actor).counts_as()
    }
}

/// What costs are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tally {
    /// Took locks for this subject.
    Locked(u64),
    Released(u64),
    Decided,
    /// A client asked for something, and waits.
    Asked,
    Answered,
}

impl<A> Observed<A> for Observation {
    fn in_words(&self, _: &A) -> Observation {
        self.clone()
    }

    fn tally(&self, _: &A) -> Option<Tally> {
        self.counts_as()
    }
}

/// What a step meant, in words that all protocols share. Histories, costs, diagrams and
/// explanations are made of these.
///
/// `subject` is whatever the paper counts: a transaction, a slot of the log, a term, a ballot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Observation {
    /// Settled how it is going to vote, and has told nobody yet.
    Intends {
        subject: u64,
        value: Value,
    },
    /// Cast a vote.
    Voted {
        subject: u64,
        value: Value,
    },
    /// Reached a decision that it will act on.
    Decided {
        subject: u64,
        value: Value,
    },
    /// Took locks that it may only give back once it knows the outcome.
    Locked {
        subject: u64,
    },
    Released {
        subject: u64,
    },
    /// Accepted a value, towards its being chosen.
    Accepted {
        subject: u64,
        value: Value,
    },
    /// Learned what was chosen.
    Chosen {
        subject: u64,
        value: Value,
    },
    /// Became leader.
    Elected {
        subject: u64,
    },
    /// A client asked for something.
    Invoked {
        subject: u64,
        value: Value,
    },
    /// A client got its answer.
    Returned {
        subject: u64,
        value: Value,
    },
    /// Knows that this place of a log is settled: with what, written in which term, and in which
    /// term it is known.
    Committed {
        subject: u64,
        value: Value,
        term: u64,
        during: u64,
    },
    /// Carried out a command that was asked for, once it was settled where it stands.
    Executed {
        subject: u64,
        value: Value,
    },
    /// Applied a named rule of the paper.
    Applied {
        rule: Cow<'static, str>,
    },
    /// Took something that only this protocol knows, and holds it until it gives it up, or crashes:
    /// `the token`.
    Took {
        thing: Cow<'static, str>,
    },
    Gave {
        thing: Cow<'static, str>,
    },
    /// Anything else that only this protocol knows: a clause with the node as its subject.
    Noted {
        words: Cow<'static, str>,
    },
}

impl Observation {
    fn counts_as(&self) -> Option<Tally> {
        match *self {
            Observation::Locked { subject } => Some(Tally::Locked(subject)),
            Observation::Released { subject } => Some(Tally::Released(subject)),
            Observation::Decided { .. } | Observation::Chosen { .. } => Some(Tally::Decided),
            Observation::Invoked { .. } => Some(Tally::Asked),
            Observation::Returned { .. } => Some(Tally::Answered),
            _ => None,
        }
    }

    pub fn took(thing: impl Into<Cow<'static, str>>) -> Self {
        let thing = thing.into();
        Observation::Took { thing }
    }

    pub fn gave(thing: impl Into<Cow<'static, str>>) -> Self {
        let thing = thing.into();
        Observation::Gave { thing }
    }

    pub fn noted(words: impl Into<Cow<'static, str>>) -> Self {
        let words = words.into();
        Observation::Noted { words }
    }

    pub fn applied(rule: impl Into<Cow<'static, str>>) -> Self {
        let rule = rule.into();
        Observation::Applied { rule }
    }
}

/// A value inside an observation. People read and write a number or a word; where bytes do not
/// tell the two apart, they are named.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    Number(u64),
    Word(Cow<'static, str>),
}

#[cfg(test)]
impl schemars::JsonSchema for Value {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A value inside an observation.",
            "type": ["integer", "string"]
        })
    }
}

/// A value as people write it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written<'a> {
    Number(u64),
    Word(Cow<'a, str>),
}

/// A value in bytes.
#[derive(Serialize, Deserialize)]
enum Named<'a> {
    Number(u64),
    Word(Cow<'a, str>),
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let readable = serializer.is_human_readable();
        match self {
            Value::Number(n) if readable => Written::Number(*n).serialize(serializer),
            Value::Word(w) if readable => Written::Word(w.as_ref().into()).serialize(serializer),
            Value::Number(n) => Named::Number(*n).serialize(serializer),
            Value::Word(w) => Named::Word(w.as_ref().into()).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = |word: Cow<'_, str>| Value::Word(Cow::Owned(word.into_owned()));
        if deserializer.is_human_readable() {
            return Ok(match Written::deserialize(deserializer)? {
                Written::Number(n) => Value::Number(n),
                Written::Word(w) => word(w),
            });
        }
        Ok(match Named::deserialize(deserializer)? {
            Named::Number(n) => Value::Number(n),
            Named::Word(w) => word(w),
        })
    }
}

impl From<&'static str> for Value {
    fn from(word: &'static str) -> Self {
        Value::Word(Cow::Borrowed(word))
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Value::Number(number)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(n) => write!(f, "{n}"),
            Value::Word(w) => f.write_str(w),
        }
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Observation::Intends { value, .. } => write!(f, "means to vote {value}"),
            Observation::Voted { value, .. } => write!(f, "votes {value}"),
            Observation::Decided { value, .. } => write!(f, "decides {value}"),
            Observation::Locked { .. } => f.write_str("takes its locks"),
            Observation::Released { .. } => f.write_str("releases its locks"),
            Observation::Accepted { subject, value } => write!(f, "accepts {value} in {subject}"),
            Observation::Chosen { value, .. } => write!(f, "learns {value}"),
            Observation::Elected { subject } => write!(f, "leads term {subject}"),
            Observation::Invoked { value, .. } => write!(f, "asks for {value}"),
            Observation::Returned { value, .. } => write!(f, "is told {value}"),
            Observation::Committed { subject, value, .. } => {
                write!(f, "commits {value} at {subject}")
            }
            Observation::Executed { value, .. } => write!(f, "executes {value}"),
            Observation::Applied { rule } => write!(f, "applies {rule}"),
            Observation::Took { thing } => write!(f, "takes {thing}"),
            Observation::Gave { thing } => write!(f, "gives up {thing}"),
            Observation::Noted { words } => f.write_str(words),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn values_are_plain_for_people_and_named_in_bytes() {
        for (value, text) in [(Value::from(7), "7"), (Value::from("yes"), "\"yes\"")] {
            assert_eq!(serde_json::to_string(&value).unwrap(), text);
            assert_eq!(serde_json::from_str::<Value>(text).unwrap(), value);
            let bytes = postcard::to_extend(&value, Vec::new()).unwrap();
            assert_eq!(postcard::from_bytes::<Value>(&bytes).unwrap(), value);
        }
    }
}
