//! How the events of a run are chosen.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How the events of a run are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Time and chance, as the scenario's run has it.
    Random,
    /// The same with less in it: each kind of fault of the nemesis is left out by half of the seeds.
    Swarm,
    /// No time passes: under the rules of the scenario's check, but for timing, by priorities that rarely change.
    Pct,
    /// No time passes: under the rules of the scenario's check, evenly among all that may happen.
    Walk,
}

impl Strategy {
    pub const ALL: [Strategy; 4] = [
        Strategy::Random,
        Strategy::Swarm,
        Strategy::Pct,
        Strategy::Walk,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Strategy::Random => "random",
            Strategy::Swarm => "swarm",
            Strategy::Pct => "pct",
            Strategy::Walk => "walk",
        }
    }

    pub fn about(self) -> &'static str {
        match self {
            Strategy::Random => "time and chance, as the scenario's `run` has it",
            Strategy::Swarm => {
                "the same, with some kinds of faults left out, and the others at other rates"
            }
            Strategy::Pct => {
                "no clock, asynchronous, else the rules of `check`: priorities that rarely change"
            }
            Strategy::Walk => "no clock, the rules of `check`: evenly among all that may happen",
        }
    }

    /// Whether time passes. Where it does not a run is a path of the checker's graph, and is judged as a
    /// counterexample is.
    pub fn has_time(self) -> bool {
        matches!(self, Strategy::Random | Strategy::Swarm)
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Strategy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = |strategy: &Strategy| strategy.name() == text;
        Strategy::ALL
            .into_iter()
            .find(named)
            .ok_or_else(|| "strategies are random, swarm, pct and walk".to_owned())
    }
}
