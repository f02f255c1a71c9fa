//! The one place where the command line meets the library: swapping what lies behind is a change
//! here and nowhere else.

use std::path::Path;

use jury::testbed::{Case, ProtocolInfo};
use jury::trace::Trace;

use super::Failure;

/// What a trace gave when its events went through the handlers of today.
#[derive(Clone, Debug, PartialEq)]
pub enum Replayed {
    Same(Box<Trace>),
    Differs(Box<Trace>, jury::trace::Difference),
    Diverges(jury::run::Divergence),
}

// TEMPORARY: everything below stands in for what `testbed` and `report` will offer.

fn missing(what: &str) -> Failure {
    Failure::new(format!("{what} is not there yet"), "wait for it")
}

pub fn open(path: &Path) -> Result<Box<dyn Case>, Failure> {
    std::fs::read(path).map_err(|error| Failure::file("read", path, &error))?;
    Err(missing("testbed::open"))
}

pub fn protocols() -> Vec<ProtocolInfo> {
    Vec::new()
}

pub fn replay(_: &Trace) -> Result<Replayed, Failure> {
    Err(missing("testbed::replay"))
}

pub fn schema() -> serde_json::Value {
    serde_json::json!({})
}

pub fn starting_scenario(_: &str) -> Option<String> {
    None
}

#[derive(Clone, Debug, Default)]
pub struct Options {
    pub width: usize,
    pub color: bool,
    pub ascii: bool,
    pub from: Option<usize>,
    pub until: Option<usize>,
    pub nodes: Vec<String>,
    pub elide: Option<usize>,
}

pub fn diagram(trace: &Trace, options: &Options) -> String {
    let until = options.until.unwrap_or(trace.steps.len());
    let lines = trace.steps.iter().take(until).enumerate();
    lines
        .map(|(i, step)| format!("{:4} {}\n", i + 1, step.event))
        .collect()
}

pub fn step(trace: &Trace, n: usize, _: &Options) -> Option<String> {
    let step = trace.steps.get(n.checked_sub(1)?)?;
    Some(format!("{step:#?}"))
}
