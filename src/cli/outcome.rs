//! What a command came to, and the exit code that says so.

use std::process::ExitCode;

use serde::Serialize;

use crate::testbed::{Expected, ExpectedOutcome};

/// From best to worst: where several things were asked, the worst answer counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    #[default]
    AsExpected,
    /// Memory, time, bounds or an interrupt kept it from being established.
    NotEstablished,
    Refuted,
    /// The protocol does not keep what every protocol promises: no other verdict means anything then.
    BrokenPromise,
    BadInput,
}

impl Outcome {
    pub fn code(self) -> u8 {
        match self {
            Outcome::AsExpected => 0,
            Outcome::Refuted => 1,
            Outcome::BadInput => 2,
            Outcome::BrokenPromise => 3,
            Outcome::NotEstablished => 4,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Outcome::AsExpected => "as expected",
            Outcome::NotEstablished => "not established",
            Outcome::Refuted => "refuted",
            Outcome::BrokenPromise => "broken promise",
            Outcome::BadInput => "bad input",
        }
    }

    /// What several comparisons come to.
    pub fn of(expected: &[Expected]) -> Outcome {
        let outcomes = expected.iter().map(|e| e.outcome.into());
        outcomes.max().unwrap_or_default()
    }
}

impl From<ExpectedOutcome> for Outcome {
    fn from(outcome: ExpectedOutcome) -> Self {
        match outcome {
            ExpectedOutcome::AsExpected => Outcome::AsExpected,
            ExpectedOutcome::Refuted => Outcome::Refuted,
            ExpectedOutcome::NotEstablished => Outcome::NotEstablished,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        outcome.code().into()
    }
}
