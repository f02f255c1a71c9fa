//! How far a goal was come that a check did not reach, and what may stand in its way.

use crate::testbed::{CheckReport, PropertyReport};
use serde::Serialize;

use super::words;

/// How far a goal was come, where a run comes near it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Goal {
    /// How many worlds were looked at for the one that comes nearest; none if nothing asks for one.
    worlds: usize,
    /// These are all that there are.
    all: bool,
    /// What may stand in the way: whole sentences.
    in_the_way: Vec<String>,
}

impl Goal {
    /// Of a property that was not established, before anybody has looked for what comes near it.
    pub fn of(property: &PropertyReport, report: &CheckReport) -> Self {
        Goal {
            worlds: 0,
            all: false,
            in_the_way: in_the_way(property, report),
        }
    }

    /// So many worlds were looked at, and whether these are all; and what keeps things from happening in the nearest.
    pub fn comes_near(&mut self, (worlds, all): (usize, bool), guards: Vec<String>) {
        (self.worlds, self.all) = (worlds, all);
        self.in_the_way.splice(0..0, guards);
    }

    /// What may stand in the way: whole sentences.
    pub fn in_the_way(&self) -> &[String] {
        &self.in_the_way
    }
}

/// What may keep a goal from being reached, by what the search that decided it left out, and never came to.
fn in_the_way(property: &PropertyReport, report: &CheckReport) -> Vec<String> {
    let search = &report.searches[property.search];
    let bounds = property.bounds.iter();
    let mut sentences: Vec<String> = bounds.map(|bound| withheld(bound)).collect();
    sentences.extend(property.hints.clone());
    sentences.extend(report.notes.clone());
    if !search.imposed.is_empty() {
        let imposed = words::listed(&search.imposed);
        sentences.push(format!(
            "It was looked for in runs with {imposed} alone, as the property assumes."
        ));
    }
    for role in &search.unexercised {
        let kinds = words::listed(&role.kinds);
        sentences.push(format!(
            "No {} ever got what it has a handler for: {kinds}.",
            role.role
        ));
    }
    let allowed = words::listed(&report.allowed);
    sentences.push(format!("The scenario allows: {allowed}."));
    sentences
}

/// What a bound kept from happening, and where it is set.
fn withheld(bound: &str) -> String {
    match bound {
        "depth" => "The bound on depth ended runs that could have gone on: raise `bounds.depth`, or `--depth`.".to_owned(),
        "timeouts" => "The bound on timeouts kept timers from firing: raise `bounds.timeouts`.".to_owned(),
        "repairs" => {
            "What was down or cut could not be repaired any more: raise `faults.recoveries` or `faults.heals`."
                .to_owned()
        }
        "states" | "time" | "memory" => {
            format!("The search ran out of {bound}: raise `--{bound}`.")
        }
        "interrupted" => "The search was interrupted.".to_owned(),
        other => {
            format!("A bound of the protocol's own kept something from happening: raise `{other}` in `params`.")
        }
    }
}
