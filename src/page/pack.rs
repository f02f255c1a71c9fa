//! A trace without what its steps repeat, and the trace again.
//!
//! Invariant: what is unpacked is equal to what was packed.

use serde_json::{Value as Json, json};

use super::patch::{apply, patch};
use crate::trace::{NodeRecord, Trace};

/// The parts of a record that a step leaves out where they are as before. Those behind it are patched.
const WHOLE: [&str; 4] = ["up", "status", "key_state", "timers"];
const PATCHED: [&str; 2] = ["state", "storage"];

/// A trace as JSON, in which `after` of a step holds what it changed of its node.
pub(super) fn packed(trace: &Trace) -> Json {
    let mut bare = trace.clone();
    let records: Vec<Option<NodeRecord>> = bare
        .steps
        .iter_mut()
        .map(|step| step.after.take())
        .collect();
    let mut last: Vec<Json> = trace.start.iter().map(|s| record(&s.after)).collect();
    let mut packed = json(&bare);
    let steps = packed["steps"].as_array_mut().into_iter().flatten();
    for ((packed, step), after) in steps.zip(&trace.steps).zip(records) {
        let Some(after) = after else { continue };
        let new = record(&after);
        packed["after"] = match step.what.node().and_then(|node| last.get_mut(node)) {
            Some(old) => changes(&std::mem::replace(old, new.clone()), &new),
            // A trace may come from a file, and say anything.
            None => new,
        };
    }
    packed
}

/// What of a record is new.
fn changes(old: &Json, new: &Json) -> Json {
    let mut changes = serde_json::Map::new();
    for part in WHOLE {
        if old[part] != new[part] {
            changes.insert(part.to_owned(), new[part].clone());
        }
    }
    for part in PATCHED {
        if let Some(patch) = patch(&old[part], &new[part]) {
            changes.insert(part.to_owned(), patch);
        }
    }
    Json::Object(changes)
}

/// A record with all its parts.
fn record(record: &NodeRecord) -> Json {
    let mut all = json(record);
    all["key_state"] = json(&record.key_state);
    all["timers"] = json(&record.timers);
    all
}

fn json<T: serde::Serialize>(value: &T) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}

/// The trace that was packed.
pub(super) fn unpacked(mut packed: Json) -> Result<Trace, String> {
    let start = packed["start"].as_array().into_iter().flatten();
    let mut last: Vec<Json> = start.map(|start| whole(start["after"].clone())).collect();
    let steps = packed["steps"].as_array_mut().into_iter().flatten();
    for (step, nth) in steps.zip(1..) {
        let Some(after) = step.get("after") else {
            continue;
        };
        let node = node_of(&step["what"]).and_then(|node| last.get_mut(node));
        if let Some(record) = node {
            let broken = || format!("what step {nth} changed does not fit what was before it");
            *record = changed(record, after).ok_or_else(broken)?;
            step["after"] = record.clone();
        }
    }
    // Through text: what reads traces is large, and comes anew for whatever they are read from.
    serde_json::from_str(&packed.to_string()).map_err(|error| error.to_string())
}

fn whole(mut record: Json) -> Json {
    for part in ["key_state", "timers"] {
        if record.get(part).is_none() {
            record[part] = json!([]);
        }
    }
    record
}

fn changed(old: &Json, changes: &Json) -> Option<Json> {
    let mut new = old.clone();
    for (part, change) in changes.as_object()? {
        new[part.as_str()] = if PATCHED.contains(&part.as_str()) {
            apply(&old[part.as_str()], change)?
        } else {
            change.clone()
        };
    }
    Some(new)
}

/// The node of an event: of a message whom it is for.
fn node_of(what: &Json) -> Option<usize> {
    let (_, what) = what.as_object()?.iter().next()?;
    let node = what.get("node").or_else(|| what.get("dst"))?;
    usize::try_from(node.as_u64()?).ok()
}
