//! What of a node's state is shown beside its steps.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The state that matters in a protocol, a few things in the order of its paper: a role, `term 3`,
/// `log [1:no-op 3:put x 1]`, `commit 1`. Pictures show what of it a step has changed, and take such a step for one that matters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct KeyState(Vec<(Cow<'static, str>, KeyValue)>);

/// One thing in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum KeyValue {
    Word(String),
    /// A log: the index of its first entry, and the entries. Whoever reads two of them finds out what was
    /// overwritten.
    Log(u64, Vec<String>),
}

impl KeyState {
    /// Adds a value. What is known by its value alone (a phase, a role) has no label, and what is empty is not there.
    #[must_use]
    pub fn with(mut self, label: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.0.push((label.into(), KeyValue::Word(value)));
        }
        self
    }

    /// Adds a log whose first entry has this index.
    #[must_use]
    pub fn with_log(mut self, label: &'static str, first: u64, entries: Vec<String>) -> Self {
        self.0.push((label.into(), KeyValue::Log(first, entries)));
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each thing with its label.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &KeyValue)> {
        self.0.iter().map(|(label, value)| (label.as_ref(), value))
    }

    /// What has this label.
    pub fn get(&self, label: &str) -> Option<&KeyValue> {
        self.iter().find(|(of, _)| *of == label).map(|(_, v)| v)
    }
}
