//! What the matrix found, as plain data: it is what `reports/matrix.json` holds, and all that the
//! tables and sentences are made of.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Sets of faults, each by the names of its kinds.
pub type Sets = Vec<Vec<String>>;

/// Every protocol that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Matrix {
    pub protocols: Vec<ProtocolMatrix>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ProtocolMatrix {
    pub name: String,
    pub about: String,
    pub variants: Vec<VariantMatrix>,
}

/// One instance under every set of faults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct VariantMatrix {
    pub name: String,
    pub about: String,
    /// The parameters that are not the default ones.
    pub params: Json,
    pub nodes: Vec<String>,
    pub faults: Vec<FaultKind>,
    /// What bounds every cell, in words.
    pub bounds: Vec<String>,
    pub properties: Vec<Weighed>,
    /// Sets with fewer faults come first.
    pub cells: Vec<Cell>,
}

/// A kind of fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct FaultKind {
    /// As cells call it.
    pub name: String,
    /// How often, in words.
    pub how_often: String,
    /// The assumption that rules it out.
    pub ruled_out: String,
}

/// One property on one instance: what it needs, and what it claims.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Weighed {
    pub property: String,
    pub about: String,
    pub citation: String,
    /// `always`, `reachable`, `never blocked` or `recovers`.
    pub expectation: String,
    /// The smallest sets of assumptions under which it holds.
    pub needs: Sets,
    /// The largest sets of faults under which it holds, as under everything smaller.
    pub holds: Sets,
    /// The smallest sets of faults under which it fails.
    pub fails: Sets,
    /// The smallest sets under which it holds although it fails under a smaller one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Sets,
    /// The smallest sets that were left open, with no failure below.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Sets,
    pub claim: Claim,
}

/// What the protocol's file claims of a property, put to the test under all faults at once that
/// the claim leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Claim {
    /// Its premise and what it assumes.
    pub assumes: Vec<String>,
    pub outcome: ClaimOutcome,
    /// The distinct worlds of each search that it took: one, or one with either timing.
    pub distinct: Vec<u64>,
    /// What qualifies it, or left it open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bounds: Vec<String>,
    /// What contradicts it, in whole sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sentences: Vec<String>,
    /// The schedule that contradicts it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ClaimOutcome {
    Established,
    NotEstablished,
    Contradicted,
}

/// A set of faults: what was searched, and the verdict on each property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Cell {
    pub faults: Vec<String>,
    pub distinct: u64,
    pub generated: u64,
    pub depth: u64,
    /// Memory, time, states or an interrupt, if the search was not through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// A shortest way to where timers wait for the living: a deadlock, or a wrong `awaits`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_for_the_living: Option<Vec<String>>,
    /// In the order of the properties.
    pub verdicts: Vec<CellVerdict>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CellVerdict {
    pub property: String,
    pub verdict: CellWord,
    /// What qualifies it: bounds, or what left it open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bounds: Vec<String>,
    /// Its own search was not through, but under these faults it was found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows_from: Option<Vec<String>>,
    /// A shortest schedule to a violation or a block.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedule: Vec<String>,
    /// Behind a schedule after which the goal is out of reach: what ordinary events make of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sentences: Vec<String>,
}

/// A verdict under one set of faults. What a property assumes plays no part in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CellWord {
    Holds,
    HoldsWithinBounds,
    Reached,
    Violated,
    Unreachable,
    CanBlock,
    NotEstablished,
}

impl CellWord {
    pub fn word(self) -> &'static str {
        match self {
            CellWord::Holds => "holds",
            CellWord::HoldsWithinBounds => "holds within bounds",
            CellWord::Reached => "reached",
            CellWord::Violated => "violated",
            CellWord::Unreachable => "unreachable",
            CellWord::CanBlock => "can block",
            CellWord::NotEstablished => "not established",
        }
    }

    pub fn is_against(self) -> bool {
        matches!(
            self,
            CellWord::Violated | CellWord::Unreachable | CellWord::CanBlock
        )
    }
}

impl VariantMatrix {
    /// What qualifies a property where it holds under all of these sets.
    pub fn qualified(&self, property: &str, sets: &Sets) -> Vec<String> {
        let cells = sets.iter().filter_map(|set| self.cell(set));
        let verdicts = cells.filter_map(|cell| cell.verdict(property));
        let mut bounds: Vec<String> = verdicts.flat_map(|v| v.bounds.clone()).collect();
        bounds.sort();
        bounds.dedup();
        bounds
    }

    /// The cell of a set of faults.
    pub fn cell(&self, faults: &[String]) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.faults == faults)
    }
}

impl Cell {
    pub fn verdict(&self, property: &str) -> Option<&CellVerdict> {
        self.verdicts.iter().find(|v| v.property == property)
    }
}

impl Matrix {
    /// The worst that came of any claim.
    pub fn worst(&self) -> ClaimOutcome {
        let variants = self.protocols.iter().flat_map(|p| &p.variants);
        let properties = variants.flat_map(|v| &v.properties);
        let outcomes = properties.map(|p| p.claim.outcome);
        outcomes.max().unwrap_or(ClaimOutcome::Established)
    }

    /// Whether a limit left a verdict open.
    pub fn is_open(&self) -> bool {
        let variants = self.protocols.iter().flat_map(|p| &p.variants);
        let cells = variants.flat_map(|v| &v.cells);
        let mut verdicts = cells.flat_map(|cell| &cell.verdicts);
        verdicts.any(|v| v.verdict == CellWord::NotEstablished)
    }
}
