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
                "inside-handlers": true, "down-for": "20ms..100ms", "down-max": 2,
                "cuts": ["halves"], "cut-every": "200ms", "cut-for": "50ms..100ms",
                "until": "1s"
            }
        }
    });
    let case = Registry::shipped()
        .open_text(&scenario.to_string(), "storm.json")
        .expect("a scenario");
    let traces = (1..100).filter_map(|seed| case.run(seed, true, &RunLimits::default()).trace);
    let whole = |trace: &Trace| {
        let inside = trace.steps.iter().any(|step| step.crash_after.is_some());
        inside && trace.facts.cuts > 0 && trace.facts.duplicates > 0 && trace.steps.len() < 80
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
    if let Ok(Replayed::Same(again) | Replayed::Differs(again, _)) =
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
        Ok(Replayed::Same(_))
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
