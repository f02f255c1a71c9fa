//! The one place where the command line meets the library: swapping what lies behind is a change
//! here and nowhere else.

use std::path::Path;

use jury::testbed::{Case, ProtocolInfo};
use jury::trace::Trace;

pub use jury::report::{Options, diagram, step};

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
