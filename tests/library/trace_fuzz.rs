//! Traces are files that anybody may have edited: reading, replaying and drawing one must never
//! panic, whatever is in it.

use std::sync::OnceLock;

use jury::registry::Registry;
use jury::report::{Options, diagram, facts, step, transcript};
use jury::testbed::{Replayed, RunLimits};
use jury::trace::Trace;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A trace with a crash inside a handler, losses, duplicates, a cut and recoveries.
fn trace() -> &'static Value {
    static TRACE: OnceLock<Value> = OnceLock::new();
    TRACE.get_or_init(storm)
}

fn storm() -> Value {
    let scenario = json!({
        "jury": 1, "about": "a storm", "protocol": "2pc",
        "params": { "votes": ["open", "yes", "yes"] },
        "run": {
            "seeds": "1", "until": "2s",
            "network": { "loss": [1, 10], "duplicates": [1, 10] },
            "nemesis": {
                "crashes": ["coordinator", "participant"], "crash-every": "100ms",
                "inside-handlers": "any-subset", "down-for": "20ms..100ms", "down-max": 2,
                "cuts": ["halves"], "cut-every": "200ms", "cut-for": "50ms..100ms",
                "until": "1s"
            }
        }
    });
    let case = Registry::shipped()
        .open_text(&scenario.to_string(), "storm.json")
        .expect("a scenario");
    let traces = (1..10_000).filter_map(|seed| case.run(seed, true, &RunLimits::default()).trace);
    let whole = |trace: &Trace| {
        let inside = trace
            .steps
            .iter()
            .any(|step| step.event.contains(" and to "));
        inside
            && trace.facts.cuts > 0
            && trace.facts.duplicates > 0
            && (60..80).contains(&trace.steps.len())
    };
    let trace = traces
        .into_iter()
        .find(whole)
        .expect("some seed has it all");
    serde_json::to_value(trace).expect("a trace is plain data")
}

/// Every place in a value, as a JSON pointer.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                places(item, &format!("{here}/{i}"), found);
            }
        }
        Value::Object(entries) => {
            for (key, entry) in entries {
                places(entry, &format!("{here}/{key}"), found);
            }
        }
        _ => {}
    }
}

fn replacement() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!(0)),
        Just(json!(-1)),
        Just(json!(999_999)),
        Just(json!(u64::MAX)),
        Just(json!([])),
        Just(json!({})),
        Just(json!("")),
        Just(json!("P9")),
        Just(json!("crash C")),
        Just(json!("deliver C -> P1 Prepare")),
        Just(json!("crash C after 99 of deliver P1 -> C Yes")),
        Just(json!("cut {C} | {C}")),
        Just(json!("heal {}")),
        ".{0,40}".prop_map(Value::from),
    ]
}

fn use_it(text: &str) {
    let Ok(trace) = serde_json::from_str::<Trace>(text) else {
        return;
    };
    let options = Options::default();
    let _ = diagram(&trace, &options);
    let _ = transcript(&trace);
    let _ = facts(&trace);
    for n in 0..trace.steps.len() + 2 {
        let _ = step(&trace, n, &options);
    }
    if let Ok(Replayed::Same(again, _) | Replayed::Differs(again, _)) =
        Registry::shipped().replay(&trace)
    {
        let _ = diagram(&again, &options);
    }
}

#[test]
fn the_trace_itself_replays() {
    let trace: Trace = serde_json::from_value(trace().clone()).expect("it reads back");
    assert!(trace.steps.iter().any(|s| s.crash_after.is_some()));
    assert!(matches!(
        Registry::shipped().replay(&trace),
        Ok(Replayed::Same(..))
    ));
}

#[test]
fn an_edited_step_is_named() {
    let mut edited = trace().clone();
    let steps = edited["steps"].as_array_mut().expect("steps");
    steps.remove(3);
    let trace: Trace = serde_json::from_value(edited).expect("it reads back");
    match Registry::shipped().replay(&trace) {
        Ok(Replayed::Diverges(divergence)) => assert!(divergence.step >= 4, "{divergence}"),
        Ok(Replayed::Differs(_, difference)) => assert!(difference.step >= 4, "{difference:?}"),
        other => panic!("{other:?}"),
    }
}

/// What a replay takes from its record, and so cannot hold against it.
const GIVEN: [&str; 4] = ["/origin", "/params", "/links", "/facts/drift_ppm_max"];

/// A value of the same kind that is another one; nothing if it holds others.
fn other(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Null => json!(1),
        Value::Bool(is) => json!(!is),
        Value::Number(n) => json!(n.as_u64()? + 1),
        Value::String(text) => json!(format!("{text}x")),
        Value::Array(items) if items.is_empty() => json!([1]),
        Value::Object(entries) if entries.is_empty() => json!({ "more": 1 }),
        Value::Array(_) | Value::Object(_) => return None,
    })
}

/// Whether a replay takes this for what happens.
fn is_taken(edited: Value) -> bool {
    let Ok(trace) = serde_json::from_value::<Trace>(edited) else {
        return false;
    };
    matches!(Registry::shipped().replay(&trace), Ok(Replayed::Same(..)))
}

/// Whatever is recorded of a run is compared: no place of a trace may say something else.
#[test]
fn every_edit_of_what_is_recorded_is_noticed() {
    let whole = trace();
    let mut all = Vec::new();
    places(whole, "", &mut all);
    let mut edits = 0;
    for place in all {
        if GIVEN.iter().any(|given| place.starts_with(given)) {
            continue;
        }
        let Some(other) = whole.pointer(&place).and_then(other) else {
            continue;
        };
        let mut edited = whole.clone();
        *edited.pointer_mut(&place).expect("it was there") = other;
        assert!(!is_taken(edited), "{place}");
        edits += 1;
    }
    assert!(edits > 900, "only {edits}");
}

/// What was not recorded yet when a trace was written is no difference.
#[test]
fn an_old_trace_that_lacks_what_is_optional_replays() {
    let mut old = trace().clone();
    old["facts"]
        .as_object_mut()
        .expect("facts")
        .remove("missed");
    for step in old["steps"].as_array_mut().expect("steps") {
        for optional in ["suspicion", "crash_after", "after"] {
            step.as_object_mut().expect("a step").remove(optional);
        }
    }
    assert!(is_taken(old));
}

/// A difference is told by its step, what differs, what it was and what it is.
#[test]
fn a_difference_is_precise() {
    let edited = |place: &str, value: Value| {
        let mut edited = trace().clone();
        *edited
            .pointer_mut(place)
            .unwrap_or_else(|| panic!("{place}")) = value;
        let trace: Trace = serde_json::from_value(edited).expect("it reads back");
        match Registry::shipped().replay(&trace) {
            Ok(Replayed::Differs(_, d)) => (d.step, d.field, d.was, d.is),
            other => panic!("{place}: {other:?}"),
        }
    };
    let told = |(step, field, was, is): (usize, &str, &str, &str)| {
        (step, field.to_owned(), was.to_owned(), is.to_owned())
    };
    let steps = trace()["steps"].as_array().expect("steps");
    let nth = |has: &str| {
        steps
            .iter()
            .position(|s| s.pointer(has).is_some())
            .expect(has)
    };
    let text = |place: &str| trace().pointer(place).unwrap().as_str().unwrap().to_owned();

    let step = nth("/after/status");
    let status = format!("/steps/{step}/after/status");
    let is = text(&status);
    assert_eq!(
        edited(&status, json!("lost")),
        told((step + 1, "status", "lost", &is))
    );

    let step = nth("/saved/0/forced");
    let forced = format!("/steps/{step}/saved/0/forced");
    let was = trace().pointer(&forced).unwrap().as_bool().unwrap();
    let (at, field, was_told, is_told) = edited(&forced, json!(!was));
    assert_eq!((at, field.as_str()), (step + 1, "saved"));
    let how = |forced: bool| if forced { "(forced)" } else { "(lazy)" };
    assert!(
        was_told.contains(how(!was)) && is_told.contains(how(was)),
        "{was_told}, {is_told}"
    );

    let delivered = trace()["facts"]["delivered"].to_string();
    let whole = (steps.len(), "facts.delivered", "7777", delivered.as_str());
    assert_eq!(edited("/facts/delivered", json!(7777)), told(whole));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn values_replaced_anywhere(
        edits in prop::collection::vec((any::<prop::sample::Index>(), replacement()), 1..4),
    ) {
        let mut edited = trace().clone();
        for (place, value) in edits {
            let mut found = Vec::new();
            places(&edited, "", &mut found);
            let pointer = place.get(&found);
            if let Some(target) = edited.pointer_mut(pointer) {
                *target = value;
            }
        }
        use_it(&edited.to_string());
    }

    #[test]
    fn bytes_deleted_and_inserted(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), ".{0,3}"), 1..4),
    ) {
        let mut text: Vec<char> = trace().to_string().chars().collect();
        for (at, insert) in cuts {
            let at = at.index(text.len());
            text.splice(at..=at, insert.chars());
        }
        use_it(&text.into_iter().collect::<String>());
    }
}
