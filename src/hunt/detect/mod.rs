//! How good hunters are: mistakes that are made on purpose, and what it takes to find them.
//!
//! Scenarios to hunt in know of no mistake. Each mistake of their protocol is made in each of them that allows it, and
//! every strategy hunts for violations within what is assumed. Beside that stands what the checker needs, in the
//! scenario that was written for the mistake.

mod page;

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

pub use page::{layout, markdown, seeds};

use super::{Counting, HuntReport, Plan, Run, Times, hunt};
use crate::check::Monitor;
use crate::model::FewMap;
use crate::registry::Registry;
use crate::testbed::{
    BugInfo, CheckOptions, CheckVerdict, PropertyReport, ProtocolInfo, RunLimits, Strategy,
};
use serde::{Deserialize, Serialize};

/// What is to be found out.
pub struct Asked<'a> {
    pub registry: &'a Registry,
    /// The scenarios to hunt in, and those in which the checker finds a mistake.
    pub grounds: Vec<Ground>,
    pub instances: Vec<Ground>,
    /// Whether a mistake of a protocol is asked for.
    pub wanted: &'a dyn Fn(&str, &str) -> bool,
    /// How many seeds each strategy has in each scenario, and after how many finds it has shown what it can.
    pub seeds: u64,
    pub stop_at: u64,
}

/// A scenario file.
pub struct Ground {
    /// As it is told.
    pub name: String,
    scenario: Json,
}

impl Ground {
    /// Reads a file; nothing if it is no scenario.
    pub fn read(path: &Path) -> Option<Self> {
        let scenario: Json = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        scenario.get("protocol")?;
        let name = path.display().to_string();
        Some(Ground { name, scenario })
    }

    pub fn protocol(&self) -> &str {
        self.scenario["protocol"].as_str().unwrap_or_default()
    }

    /// The mistake that is made in it.
    fn bug(&self) -> Option<&str> {
        self.scenario.pointer("/params/bug")?.as_str()
    }

    /// Whether its check is to find one of these properties broken: which.
    fn breaks<'a>(&self, properties: &'a [String]) -> Option<&'a str> {
        let expected = self.scenario.pointer("/expect/check")?;
        let is_broken = |property: &&String| {
            let expected = expected.get(property.as_str()).and_then(Json::as_str);
            expected
                .is_some_and(|word| word.starts_with("violated") || word.starts_with("can block"))
        };
        self.scenario.get("check")?;
        properties.iter().find(is_broken).map(String::as_str)
    }

    /// How many events come before its check.
    fn before(&self) -> usize {
        let after = self.scenario.pointer("/check/after");
        after.and_then(Json::as_array).map_or(0, Vec::len)
    }

    /// The same scenario with a mistake in it. Nothing is expected of that.
    fn with(&self, bug: &str) -> String {
        let mut scenario = self.scenario.clone();
        if let Some(scenario) = scenario.as_object_mut() {
            let params = scenario.entry("params").or_insert(json!({}));
            params["bug"] = json!(bug);
            scenario.remove("expect");
        }
        scenario.to_string()
    }
}

/// Told what is being looked at, holds searches to limits, and asked whether there is time for more.
pub trait Attendant {
    fn begins(&mut self, what: &str);
    /// Runs a hunt under limits; how long it took, in seconds.
    fn hunt(&mut self, hunt: &mut dyn FnMut(&RunLimits<'_>)) -> f64;
    /// Runs a check under limits; how long it took, in seconds.
    fn check(&mut self, check: &mut dyn FnMut(&mut dyn Monitor)) -> f64;
    fn is_over(&self) -> bool;
}

/// What it takes to find the mistakes of some protocols.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Detection {
    /// How many seeds a strategy had in each scenario, at most.
    pub seeds: u64,
    /// After how many finds it stopped.
    pub stop_at: u64,
    pub protocols: Vec<OfProtocol>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct OfProtocol {
    pub protocol: String,
    pub mistakes: Vec<OfMistake>,
}

/// What it takes to find one mistake.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct OfMistake {
    pub mistake: String,
    /// What it is said to break.
    pub breaks: Vec<String>,
    /// By strategy, in the scenario where it does best; without strategies for which there is no scenario.
    pub hunts: FewMap<Strategy, Tried>,
    /// What the checker needs, if a scenario is written for it.
    pub check: Option<Searched>,
}

/// What a strategy came to in one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Tried {
    pub scenario: String,
    pub ran: u64,
    #[serde(flatten)]
    pub found: Times,
    pub first: Option<Run>,
    /// Until the first find, in the mean: the whole hunt by its finds, or all of it if there was none. On the
    /// machine where it was measured; no part of a comparison. (Reports once were written without.)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

/// What the checker came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Searched {
    pub scenario: String,
    pub property: String,
    pub verdict: String,
    /// Events before the search.
    pub before: usize,
    /// Events of the shortest schedule, behind those.
    pub depth: usize,
    /// All that was searched for that property.
    pub worlds: u64,
    /// On the machine where it was measured; no part of a comparison.
    pub seconds: f64,
}

/// Finds it out.
pub fn detect(asked: &Asked<'_>, attendant: &mut dyn Attendant) -> Detection {
    let mut detection = Detection {
        seeds: asked.seeds,
        stop_at: asked.stop_at,
        protocols: Vec::new(),
    };
    for protocol in asked.registry.protocols() {
        let mut mistakes = Vec::new();
        for bug in &protocol.bugs {
            if attendant.is_over() {
                break;
            }
            if (asked.wanted)(&protocol.name, &bug.name) {
                mistakes.push(asked.find(&protocol, bug, attendant));
            }
        }
        if !mistakes.is_empty() {
            detection.protocols.push(OfProtocol {
                protocol: protocol.name,
                mistakes,
            });
        }
    }
    detection
}

impl Asked<'_> {
    fn find(
        &self,
        protocol: &ProtocolInfo,
        bug: &BugInfo,
        attendant: &mut dyn Attendant,
    ) -> OfMistake {
        let mut hunts = FewMap::new();
        let grounds = self.grounds.iter();
        for ground in grounds.filter(|ground| ground.protocol() == protocol.name) {
            for tried in self.hunt_in(ground, bug, attendant) {
                let (strategy, tried) = tried;
                let better = |known: &Tried| {
                    // More finds in fewer seeds; the scenario that comes first among equals.
                    let (one, other) =
                        (tried.found.times * known.ran, known.found.times * tried.ran);
                    one > other
                };
                if hunts.get(&strategy).is_none_or(better) {
                    hunts.insert(strategy, tried);
                }
            }
        }
        OfMistake {
            mistake: bug.name.clone(),
            breaks: bug.breaks.clone(),
            hunts,
            check: self.check_for(protocol, bug, attendant),
        }
    }

    /// By every strategy that fits, in one scenario.
    fn hunt_in(
        &self,
        ground: &Ground,
        bug: &BugInfo,
        attendant: &mut dyn Attendant,
    ) -> Vec<(Strategy, Tried)> {
        // Some mistakes cannot be made with some parameters.
        let Ok(case) = self
            .registry
            .open_text(&ground.with(&bug.name), &ground.name)
        else {
            return Vec::new();
        };
        let goals = case.sights().goals;
        let asks_for_progress = bug.breaks.iter().any(|name| goals.contains(&name.as_str()));
        let mut tried = Vec::new();
        for strategy in case.strategies() {
            attendant.begins(&format!("{}, {strategy} in {}", bug.name, ground.name));
            let plan = Plan {
                strategies: vec![strategy],
                // Without the mistake nothing is violated within what it assumes, so whatever is now is of its making.
                counting: Counting::Against(Vec::new()),
                stop_at: Some(self.stop_at),
                ..Plan::new(1..=self.seeds)
            };
            let mut report = None;
            let seconds = attendant.hunt(&mut |limits| {
                // Whether a run is blocked need not be known where nothing is broken by that.
                let states = if asks_for_progress { limits.states } else { 1 };
                let limits = &RunLimits { states, ..*limits };
                report = Some(hunt(&*case, &plan, limits, &mut |_| ()));
            });
            if let Some(report) = report {
                tried.push((strategy, told(&ground.name, &report, seconds)));
            }
        }
        tried
    }

    fn check_for(
        &self,
        protocol: &ProtocolInfo,
        bug: &BugInfo,
        attendant: &mut dyn Attendant,
    ) -> Option<Searched> {
        let is_for = |ground: &&Ground| {
            ground.protocol() == protocol.name && ground.bug() == Some(bug.name.as_str())
        };
        let instances = self.instances.iter().filter(is_for);
        let mut instances = instances.filter_map(|i| Some((i, i.breaks(&bug.breaks)?)));
        let (instance, property) = instances.next()?;
        let case = self
            .registry
            .open_text(&instance.scenario.to_string(), &instance.name);
        let case = case.ok()?;
        attendant.begins(&format!("{}, checked in {}", bug.name, instance.name));
        let options = CheckOptions {
            properties: vec![property.to_owned()],
            ..CheckOptions::default()
        };
        let mut report = None;
        let seconds =
            attendant.check(&mut |monitor| report = case.check(&options, None, monitor).ok());
        let report = report?;
        let found: &PropertyReport = report.properties.first()?;
        let is_found = matches!(
            found.verdict,
            CheckVerdict::Violated | CheckVerdict::CanBlock
        );
        is_found.then(|| Searched {
            scenario: instance.name.clone(),
            property: property.to_owned(),
            verdict: found.qualified.clone(),
            before: instance.before(),
            depth: found.schedule.len() - instance.before(),
            worlds: report.searches.iter().map(|search| search.distinct).sum(),
            seconds,
        })
    }
}

#[allow(clippy::cast_precision_loss)]
fn told(scenario: &str, report: &HuntReport, seconds: f64) -> Tried {
    let of = report.strategies.first().expect("there is one strategy");
    let finds = report.finds.iter().filter(|find| find.fails);
    Tried {
        scenario: scenario.to_owned(),
        ran: of.ran,
        found: of.failing,
        first: finds.map(|find| find.first).min_by_key(|run| run.seed),
        seconds: Some(seconds / of.failing.times.max(1) as f64),
    }
}

/// The scenarios of a folder that lie in its `hunt`, and all others.
pub fn grounds(files: &[PathBuf]) -> (Vec<Ground>, Vec<Ground>) {
    let read = files
        .iter()
        .filter_map(|file| Some((file, Ground::read(file)?)));
    let is_to_hunt_in = |file: &Path| {
        let folder = file.parent().and_then(Path::file_name);
        folder.is_some_and(|name| name == "hunt")
    };
    let (hunt, others): (Vec<_>, Vec<_>) = read.partition(|(file, _)| is_to_hunt_in(file));
    let grounds = |files: Vec<(&PathBuf, Ground)>| files.into_iter().map(|(_, g)| g).collect();
    (grounds(hunt), grounds(others))
}
