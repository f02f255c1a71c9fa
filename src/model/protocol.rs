//! What a protocol says of itself beside its handlers: who takes part, what its steps mean, what
//! must be true of it, and what its users can set.

use std::borrow::Cow;
use std::fmt::{self, Debug};
use std::hash::Hash;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::actor::{Actor, Id, Input, Node, Reaction};
use super::arms::Told;
use super::cluster::{Cluster, NodeSet};
use super::property::Property;
use super::symmetry::Symmetry;
use super::variant::Variant;

/// A protocol on trial: its algorithm is the [`Actor`], the rest of what Jury needs is here.
///
/// One value configures every node of the cluster; handlers tell roles apart by id and state.
///
/// Checkpoints hold states, storages and histories as bytes without names, so these may not be
/// `#[serde(untagged)]` and the like; if they are, a checkpoint is refused.
pub trait Protocol:
    Actor<
        Msg: Ord + Serialize + DeserializeOwned + Send + Sync + 'static,
        Timer: Ord + Serialize + DeserializeOwned + Send + Sync + 'static,
        State: Eq + Serialize + DeserializeOwned + Send + Sync + 'static,
        Storage: Eq + Serialize + DeserializeOwned + Send + Sync + 'static,
        Random: Serialize + DeserializeOwned + Send + Sync + 'static,
    > + Send
    + Sync
    + 'static
{
    /// What scenario files call it: `2pc`.
    const NAME: &'static str;
    /// One line for lists.
    const ABOUT: &'static str;
    /// The papers and chapters that specify it.
    const SOURCES: &'static [&'static str];
    /// Mistakes that can be switched on by the parameter `bug`, for scenarios that expect them to be
    /// found. See [`mistakes!`](crate::mistakes).
    const BUGS: &'static [Bug] = &[];

    /// How many timeouts a first check looks at, with the default parameters. A bound for protocols
    /// whose timers never come to rest; without one there is no such bound.
    const TIMEOUTS_AT_FIRST: Option<u32> = None;

    /// What a scenario can set. The defaults must make a system.
    type Params: Clone + Debug + Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync;

    /// A fold of observations, and nothing else.
    type History: Clone
        + Debug
        + Default
        + Eq
        + Hash
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + 'static;

    /// The protocol with these parameters, or which of them is wrong and why.
    fn new(params: &Self::Params) -> Result<Self, BadParameter>;

    /// Who takes part. Node `i` has `Id` `i`.
    fn cluster(&self) -> Cluster;

    /// What a node that never saved anything finds on its storage when it recovers.
    fn blank(&self, id: Id) -> Self::Storage;

    /// Names what a step meant. `before` is the node as the input found it; a `reaction` that
    /// crashed holds only the commands that were carried out.
    fn observe(
        &self,
        id: Id,
        before: &Node<Self>,
        input: Input<'_, Self>,
        reaction: &Reaction<Self>,
        observations: &mut Vec<Observation>,
    );

    /// Adds one observation to the history.
    fn record(&self, history: &mut Self::History, id: Id, observation: &Observation);

    /// The peers that an armed timer waits for in this state: only peers bound to answer when
    /// they are up and connected, and everyone whom the timer would ask again and who has not
    /// answered. A timer that awaits nobody may fire at any time, even under accurate timing.
    fn awaits(&self, id: Id, state: &Self::State, timer: &Self::Timer) -> NodeSet {
        let _ = (id, state, timer);
        NodeSet::EMPTY
    }

    /// The bound of the protocol's own (rounds, terms, log length) that keeps this input from
    /// happening, if one does.
    fn withheld(
        &self,
        id: Id,
        state: &Self::State,
        input: Input<'_, Self>,
    ) -> Option<&'static str> {
        let _ = (id, state, input);
        None
    }

    /// Whether a role is ever meant to get messages and timers of this kind. What it is not meant to
    /// get is not missed where a search never saw it. (A match without `_` cannot forget a kind.)
    fn hears(&self, role: &str, told: Told<'_, Self>) -> bool {
        let _ = (role, told);
        true
    }

    /// Which nodes can trade names without making a difference, and what that does to states, messages
    /// and the history; `None` if no two can. See [`Symmetry`].
    fn symmetry(&self) -> Option<Symmetry<Self>> {
        None
    }

    /// Whether this record has to reach the disk before the node goes on. `before` is what was
    /// on storage. Lazy records cost less; they are saved all the same.
    fn forced(&self, id: Id, before: Option<&Self::Storage>, saved: &Self::Storage) -> bool {
        let _ = (id, before, saved);
        true
    }

    /// Where a node stands, in a few words of the paper: `prepared`, `leader of term 3`.
    fn status(&self, id: Id, node: &Node<Self>) -> String {
        let _ = id;
        match node {
            Node::Absent => "not started".to_owned(),
            Node::Down { .. } => "down".to_owned(),
            Node::Up(up) => format!("{:?}", up.state),
        }
    }

    /// What must be true of it.
    fn properties(&self) -> Vec<Property<Self>>;

    /// The instances on which the matrix of assumptions looks at it: small enough to be explored
    /// under every set of faults.
    fn matrix() -> Vec<Variant<Self::Params>> {
        let params = Self::Params::default();
        vec![Variant::new("default", "The default parameters.", params)]
    }
}

/// A mistake that can be switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bug {
    /// As in `"bug": "votes-counted"`.
    pub name: &'static str,
    /// The mistake, in one sentence.
    pub about: &'static str,
    /// The properties that it breaks.
    pub breaks: &'static [&'static str],
    /// Where it is known from: work and section, or a system that made it. Empty if nobody knows.
    pub source: &'static str,
}

/// A parameter that makes no system.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadParameter {
    /// Its key, so that the error can point at it.
    pub parameter: &'static str,
    /// What is wrong with it and what would be right.
    pub message: String,
}

impl BadParameter {
    pub fn new(parameter: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        BadParameter { parameter, message }
    }
}

/// What a step meant, in words that all protocols share. Histories, costs, diagrams and
/// explanations are made of these.
///
/// `subject` is whatever the paper counts: a transaction, a slot of the log, a term, a ballot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// Did what a named rule of the paper forbids.
    Broke {
        rule: Cow<'static, str>,
    },
}

/// A value inside an observation. People read and write a number or a word; where bytes do not
/// tell the two apart, they are named.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    Number(u64),
    Word(Cow<'static, str>),
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
            Observation::Broke { rule } => write!(f, "breaks {rule}"),
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
