//! How far a goal is come: what keeps things from happening in the world that comes nearest.

use jury::check::Patient;
use jury::registry::Registry;
use serde_json::{Value as Json, json};

/// What is said of the world where a check begins, of a coordinator and one participant.
fn guards(check: &Json) -> Vec<String> {
    let scenario = json!({
        "jury": 1, "protocol": "2pc", "params": { "participants": 1 }, "check": check,
    });
    let case = Registry::shipped()
        .open_text(&scenario.to_string(), "it")
        .expect("it is a scenario");
    let near = case.nearest("commit-possible", 1, &mut Patient);
    let near = near.expect("nobody has committed there");
    assert_eq!((near.worlds, near.all), (1, false));
    near.guards
}

#[test]
fn timers_that_do_not_fire_say_why() {
    let accurate = json!({ "timing": "accurate", "after": ["timeout C Begin(1)"] });
    assert_eq!(
        guards(&accurate),
        [
            "C's timer Vote(1) does not fire there: timing is accurate, and not all it awaits (P1) have failed.",
            "P1's timer Prepare(1) does not fire there: timing is accurate, and not all it awaits (C) have failed.",
        ]
    );
    let under_way = json!({
        "timing": "accurate",
        "after": ["timeout C Begin(1)", "deliver C -> P1 Prepare(1)", "crash C"],
        "faults": { "crashes": { "C": 1 }, "recoveries": 1 },
        "budgets": "from-here",
    });
    assert_eq!(
        guards(&under_way),
        [
            "P1's timer Inquiry(1) does not fire there: timing is accurate, and something from or to C is still under \
             way.",
        ]
    );
    let at_most =
        |timeouts: u32| json!({ "timing": "asynchronous", "bounds": { "timeouts": timeouts } });
    assert_eq!(
        guards(&at_most(0)),
        [
            "C's timer Begin(1) does not fire there: the bound on timeouts is reached.",
            "P1's timer Prepare(1) does not fire there: the bound on timeouts is reached.",
        ]
    );
    assert!(guards(&at_most(1)).is_empty());
}

#[test]
fn what_cannot_be_repaired_any_more_says_so() {
    let down = |recoveries: u32| {
        let faults = json!({ "crashes": { "C": 1 }, "recoveries": recoveries });
        guards(&json!({
            "timing": "asynchronous", "after": ["crash C"], "faults": faults, "budgets": "from-here",
        }))
    };
    assert!(down(1).is_empty());
    assert_eq!(down(0), ["C is down there, and no recovery is left."]);
    let cut = |heals: u32| {
        let faults = json!({ "cuts": { "most": 1, "which": [[["C"], ["P1"]]] }, "heals": heals });
        guards(&json!({
            "timing": "asynchronous", "after": ["cut {C} | {P1}"], "faults": faults, "budgets": "from-here",
        }))
    };
    assert!(cut(1).is_empty());
    assert_eq!(
        cut(0),
        ["What is cut there ({C} | {P1}) stays cut: no heal is left."]
    );
}
