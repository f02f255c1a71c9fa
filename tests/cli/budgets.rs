//! What the events before a check leave of what its scenario allows.

use serde_json::json;

use super::*;

/// A check of two-phase commit after a timeout, a crash and a recovery, in which there may be so many of
/// each.
fn after(folder: &Path, most: u32, counting: Option<&str>) {
    let mut scenario = json!({
        "jury": 1,
        "protocol": "2pc",
        "params": { "participants": 1, "votes": ["yes"] },
        "check": {
            "faults": { "crashes": { "C": most }, "recoveries": most },
            "bounds": { "timeouts": most },
            "after": ["timeout C Begin", "crash C", "recover C"],
        },
    });
    if let Some(counting) = counting {
        scenario["check"]["budgets"] = counting.into();
    }
    write(folder, "after.json", &scenario);
}

fn checked(folder: &Path) -> Value {
    let args = ["check", "after.json", "--reduce", "none", "--json"];
    json(jury(folder).args(args)).1
}

const USED_UP: &str = "the events of `after` use up `faults.crashes` of C (1), `faults.recoveries` (1) and \
                       `bounds.timeouts` (1)";

#[test]
fn what_is_used_up_before_the_search_is_named() {
    let here = TempDir::new().unwrap();
    for counting in [None, Some("from-the-start")] {
        after(here.path(), 1, counting);
        let notes = &checked(here.path())["notes"];
        assert_eq!(notes.as_array().unwrap().len(), 1, "{notes}");
        assert!(notes[0].as_str().unwrap().starts_with(USED_UP), "{notes}");
        for command in ["check", "test"] {
            jury(here.path())
                .args([command, "after.json"])
                .assert()
                .stdout(contains(USED_UP));
        }
    }
    // A whole suite does not say it again for each.
    fs::copy(
        here.path().join("after.json"),
        here.path().join("another.json"),
    )
    .unwrap();
    jury(here.path()).args(["test", "."]).assert().stdout(
        contains("in 2 scenarios the events of `after` use up a budget")
            .and(contains(USED_UP).not()),
    );
    let (_, answer) = json(jury(here.path()).args(["test", ".", "--json"]));
    let note = answer["files"][1]["check"]["notes"][0].as_str().unwrap();
    assert!(note.starts_with(USED_UP), "{note}");
    // One of each is left.
    after(here.path(), 2, None);
    assert_eq!(checked(here.path())["notes"], json!([]));
}

/// One more from here is two from the start, in every search and to the last world.
#[test]
fn budgets_may_be_counted_from_where_the_search_starts() {
    let here = TempDir::new().unwrap();
    after(here.path(), 1, Some("from-here"));
    let from_here = checked(here.path());
    after(here.path(), 2, None);
    let from_the_start = checked(here.path());
    assert_eq!(from_here["notes"], json!([]));
    let allowed = from_here["allowed"].as_array().unwrap();
    assert!(allowed.contains(&"1 crash of C".into()), "{allowed:?}");
    assert!(allowed.contains(&"all counted from where the search starts".into()));
    assert_eq!(from_here["searches"], from_the_start["searches"]);
    for (a, b) in from_here["properties"]
        .as_array()
        .unwrap()
        .iter()
        .zip(from_the_start["properties"].as_array().unwrap())
    {
        assert_eq!(
            (&a["qualified"], &a["schedule"]),
            (&b["qualified"], &b["schedule"])
        );
    }
    after(here.path(), 1, None);
    let distinct = |answer: &Value| answer["searches"][0]["distinct"].as_u64().unwrap();
    assert!(distinct(&checked(here.path())) < distinct(&from_here));
}

#[test]
fn who_is_down_stays_down_and_may_be_enough() {
    let here = TempDir::new().unwrap();
    let mut scenario = json!({
        "jury": 1,
        "protocol": "2pc",
        "check": {
            "faults": { "crashes": 1, "down": 1 },
            "after": ["crash C"],
            "budgets": "from-here",
        },
    });
    write(here.path(), "after.json", &scenario);
    let notes = checked(here.path())["notes"].clone();
    let told = notes[0].as_str().unwrap();
    assert!(
        told.contains("as many nodes are down as `faults.down` (1) allows"),
        "{told}"
    );
    scenario["check"]["faults"]["recoveries"] = 1.into();
    write(here.path(), "after.json", &scenario);
    assert_eq!(checked(here.path())["notes"], json!([]));
}
