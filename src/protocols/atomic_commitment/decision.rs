//! What the sites decide, and why.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Decision {
    Commit,
    Abort,
}

/// A decision, and the rule by which it was made, if that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruling {
    pub decision: Decision,
    pub rule: Option<&'static str>,
}

impl Decision {
    /// The decision by a named rule.
    pub fn by(self, rule: &'static str) -> Ruling {
        let (decision, rule) = (self, Some(rule));
        Ruling { decision, rule }
    }

    pub fn word(self) -> &'static str {
        match self {
            Decision::Commit => "commit",
            Decision::Abort => "abort",
        }
    }

    /// Where the transaction stands then.
    pub fn outcome(self) -> &'static str {
        match self {
            Decision::Commit => "committed",
            Decision::Abort => "aborted",
        }
    }
}

impl From<Decision> for Ruling {
    fn from(decision: Decision) -> Self {
        let rule = None;
        Ruling { decision, rule }
    }
}
