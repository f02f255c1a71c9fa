//! Stories that turn out not to be possible: an answer to a scenario, and no mistake in it.

use serde_json::json;

use super::*;

/// A scenario of two-phase commit whose run and whose check begin with these events.
fn told(folder: &Path, transactions: u8, events: &[&str]) {
    let scenario = json!({
        "jury": 1,
        "protocol": "2pc",
        "params": { "participants": 2, "votes": ["yes", "yes"], "transactions": transactions },
        "run": { "schedule": events },
        "check": { "after": events },
        "expect": { "run": "ok" },
    });
    write(folder, "told.json", &scenario);
}

fn here(transactions: u8, events: &[&str]) -> TempDir {
    let here = TempDir::new().unwrap();
    told(here.path(), transactions, events);
    here
}

/// The first two events happen; the third cannot, since not everybody has voted.
const TOO_EARLY: [&str; 3] = [
    "timeout C Begin",
    "deliver C -> P1 Prepare",
    "deliver C -> P1 Commit",
];

#[test]
fn an_event_that_cannot_happen_refutes_the_story() {
    let here = here(1, &TOO_EARLY);
    for command in ["run", "check", "try"] {
        jury(here.path())
            .args([command, "told.json"])
            .assert()
            .code(1)
            .stderr("")
            .stdout(
                contains("told.json: refuted, its story cannot happen")
                    .and(contains("no such message is in flight from C to P1"))
                    .and(contains("[told.json:1:"))
                    // The picture of what did happen, and the world that stands there.
                    .and(contains("P1 locks, votes yes; sends Yes to C"))
                    .and(contains("After event 2:"))
                    .and(contains("P1: prepared [Inquiry(1)]"))
                    .and(contains("in flight: C -> P2 Prepare(1) and P1 -> C Yes(1)")),
            );
    }
    // Nothing is served that could not be reached.
    jury(here.path())
        .args(["explore", "told.json"])
        .assert()
        .code(1);
}

#[test]
fn a_refuted_story_has_a_field_of_its_own() {
    let here = here(1, &TOO_EARLY);
    for (command, schedule) in [("run", "run.schedule"), ("check", "check.after")] {
        let (code, answer) = json(jury(here.path()).args([command, "told.json", "--json"]));
        assert_eq!((code, &answer["outcome"]), (1, &json!("refuted")));
        let divergence = &answer["divergence"];
        assert_eq!(divergence["schedule"], schedule);
        assert_eq!(divergence["step"], 3);
        assert_eq!(divergence["event"], "deliver C -> P1 Commit");
        assert_eq!(
            divergence["obstacle"],
            "no such message is in flight from C to P1"
        );
        assert_eq!(divergence["nodes"][1]["name"], "P1");
        assert_eq!(divergence["nodes"][1]["status"], "prepared");
        assert_eq!(divergence["nodes"][1]["timers"], json!(["Inquiry(1)"]));
        assert_eq!(
            divergence["in-flight"],
            json!(["C -> P2 Prepare(1)", "P1 -> C Yes(1)"])
        );
        assert!(answer.get("trace").is_none());
        let asked = [command, "told.json", "--json", "--with-trace"];
        let (_, answer) = json(jury(here.path()).args(asked));
        assert_eq!(answer["trace"]["steps"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn what_happened_before_can_be_replayed() {
    let here = here(1, &TOO_EARLY);
    for command in ["run", "check"] {
        jury(here.path())
            .args([command, "told.json", "--trace", "before.json"])
            .assert()
            .code(1);
        jury(here.path())
            .args(["replay", "before.json"])
            .assert()
            .code(0)
            .stdout(contains("replays, all 2 steps as recorded"));
    }
}

#[test]
fn a_suite_counts_it_as_a_failure_and_not_as_an_error() {
    let here = here(1, &TOO_EARLY);
    jury(here.path())
        .args(["test", "told.json", "--junit", "out.xml"])
        .assert()
        .code(1)
        .stdout(
            contains("refuted (its story)")
                .and(contains(
                    "run: event 3 of run.schedule, line 1: `deliver C -> P1 Commit`",
                ))
                .and(contains("Reproduce: jury check told.json"))
                .and(contains("1 scenario: 1 refuted")),
        );
    let xml = fs::read_to_string(here.path().join("out.xml")).unwrap();
    assert!(xml.contains("failures=\"2\" errors=\"0\""), "{xml}");
    assert!(
        xml.contains("<failure message=\"event 3 of check.after"),
        "{xml}"
    );
    let (code, answer) = json(jury(here.path()).args(["test", "told.json", "--json"]));
    assert_eq!(code, 1);
    for part in ["run", "check"] {
        let part = &answer["files"][0][part];
        assert_eq!(part["outcome"], "refuted");
        assert_eq!(part["divergence"]["event"], "deliver C -> P1 Commit");
    }
}

/// What a world lacks refutes; the world may lack it in many ways.
#[test]
fn whatever_stands_in_the_way_is_named() {
    let obstacles: [(&[&str], &str); 6] = [
        (&["recover P1"], "P1 is up already"),
        (&["crash P1", "timeout P1 Prepare"], "P1 is not up"),
        (
            &["timeout P1 Inquiry"],
            "no such timer of P1 is armed (there is `Prepare(1)`)",
        ),
        (&["heal {C} | {P1}"], "no such cut lasts"),
        (&["choose P1 vote-1 Yes"], "P1 has no choice `vote-1`"),
        (
            &["crash C after 7 of timeout C Begin"],
            "C cannot crash after 7 of it",
        ),
    ];
    for (events, obstacle) in obstacles {
        let here = here(1, events);
        jury(here.path())
            .args(["run", "told.json", "--quiet"])
            .assert()
            .code(1)
            .stdout(contains(obstacle));
    }
}

#[test]
fn what_does_not_exist_is_bad_input() {
    for (event, advice) in [
        ("timeout C Begins", "did you mean `Begin`?"),
        ("deliver C -> P1 Prepared", "did you mean `Prepare`?"),
        ("crash P7", "there is no node `P7`"),
        ("kill C", "there is no event `kill`"),
    ] {
        let here = here(1, &["timeout C Begin", event]);
        for command in ["run", "check", "try"] {
            jury(here.path())
                .args([command, "told.json"])
                .assert()
                .code(2)
                .stdout("")
                .stderr(contains(advice));
        }
    }
}

/// The file does not say what happens: that is its mistake.
#[test]
fn what_may_be_several_events_is_bad_input_that_names_them() {
    let here = here(2, &["timeout C Begin"]);
    for command in ["run", "check"] {
        jury(here.path())
            .args([command, "told.json"])
            .assert()
            .code(2)
            .stdout("")
            .stderr(
                contains("this may be any of several events here").and(contains(
                    "write `timeout C Begin(1)` or `timeout C Begin(2)`",
                )),
            );
    }
}

/// On a FIFO link only one of two messages is next: a text that fits both means that one.
#[test]
fn what_is_not_possible_makes_nothing_ambiguous() {
    let events = [
        "timeout C Begin(1)",
        "timeout C Begin(2)",
        "deliver C -> P1 Prepare",
    ];
    let here = here(2, &events);
    jury(here.path())
        .args(["run", "told.json", "--quiet"])
        .assert()
        .code(2)
        .stderr(contains("`deliver C -> P1 Prepare(1)` or"));
    let mut scenario = read(here.path(), "told.json");
    scenario["run"]["network"] = json!({ "order": "fifo" });
    scenario["expect"]["run"] = "undecided".into();
    scenario.as_object_mut().unwrap().remove("check");
    write(here.path(), "told.json", &scenario);
    let (code, answer) =
        json(jury(here.path()).args(["run", "told.json", "--json", "--with-trace"]));
    assert_eq!(code, 0);
    let last = &answer["shown"]["trace"]["steps"][2]["event"];
    assert_eq!(last, "deliver C -> P1 Prepare(1)");
}

/// Where a scenario has no run, and its check nothing to show, what it is about is drawn all the same.
#[test]
fn a_check_in_which_all_holds_has_a_picture() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    jury(root)
        .args(["try", "tree-2pc/asked-when-done", "--width", "80"])
        .assert()
        .code(0)
        .stdout(contains("A run of it in which nothing more fails:").and(contains("P2 crashes")));
}
