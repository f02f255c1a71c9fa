//! A run in Apalache's Informal Trace Format (its ADR 015).
//!
//! - JSON without blanks, each state on a line of its own.
//! - The variables are `step` (its number, 0 for the start), `event` (in the one notation, `start` for the start) and
//!   `nodes`, a map from names to records of `up`, `status`, `storage` and `state`.
//! - In storage and state, nothing is `{"#unserializable":"null"}`, and so is a number that is no integer; an integer
//!   that is too large for a JSON number is a `#bigint`. Members of objects are sorted by their keys' code points; an
//!   object with a key that begins with `#` is a `#map`. Nodes go by their names.

use serde_json::{Map, Value as Json, json};

use super::names;
use crate::model::FewMap;
use crate::model::id::named;
use crate::trace::{NodeRecord, Trace};

const DESCRIPTION: &str = "https://apalache-mc.org/docs/adr/015adr-trace.html";
/// The largest integer of which all smaller ones are numbers in JSON, for whoever reads it.
const INTEGER_MAX: u64 = (1 << 53) - 1;

pub(super) fn itf(trace: &Trace) -> String {
    let names = names(trace);
    let mut nodes: Vec<Json> = Vec::new();
    for (start, name) in trace.start.iter().zip(&names) {
        nodes.push(json!([name, node(&start.after, &names)]));
    }
    let mut states = vec![state(0, 0, "start", &nodes)];
    for (step, nth) in trace.steps.iter().zip(1..) {
        if let (Some(at), Some(after)) = (step.what.node(), &step.after)
            && let Some(place) = nodes.get_mut(at)
        {
            place[1] = node(after, &names);
        }
        states.push(state(nth, trace.number(nth), &step.event, &nodes));
    }
    let meta =
        json!({ "format": "ITF", "format-description": DESCRIPTION, "source": trace.protocol });
    format!(
        "{{\"#meta\":{meta},\n\"vars\":[\"step\",\"event\",\"nodes\"],\n\"states\":[\n{}\n]}}\n",
        states.join(",\n")
    )
}

fn state(index: usize, step: usize, event: &str, nodes: &[Json]) -> String {
    let state = json!({
        "#meta": { "index": index },
        "step": step,
        "event": event,
        "nodes": { "#map": nodes },
    });
    state.to_string()
}

fn node(record: &NodeRecord, names: &[String]) -> Json {
    json!({
        "up": record.up,
        "status": named(&record.status, names),
        "storage": encoded(&record.storage, names),
        "state": encoded(&record.state, names),
    })
}

fn encoded(value: &Json, names: &[String]) -> Json {
    match value {
        Json::Null => unserializable("null"),
        Json::Bool(_) => value.clone(),
        Json::String(text) => Json::from(named(text, names)),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(n), _) if n <= INTEGER_MAX => Json::from(n),
            (None, Some(n)) if n.unsigned_abs() <= INTEGER_MAX => Json::from(n),
            (None, None) => unserializable(&number.to_string()),
            _ => json!({ "#bigint": number.to_string() }),
        },
        Json::Array(all) => all.iter().map(|one| encoded(one, names)).collect(),
        Json::Object(members) => {
            let sorted: FewMap<&String, &Json> = members.iter().collect();
            let members = sorted.into_iter();
            let members = members.map(|(key, value)| (named(key, names), encoded(value, names)));
            let members: Vec<(String, Json)> = members.collect();
            if members.iter().any(|(key, _)| key.starts_with('#')) {
                return json!({ "#map": members });
            }
            Json::Object(members.into_iter().collect::<Map<_, _>>())
        }
    }
}

fn unserializable(text: &str) -> Json {
    json!({ "#unserializable": text })
}
