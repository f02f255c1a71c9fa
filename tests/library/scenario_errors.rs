//! What a mistake in a scenario file is answered with: one snapshot for each kind of mistake.
//!
//! Review changes with `cargo insta review`, or run with `INSTA_UPDATE=always` and read the diff.

use crate::toy::{GOOD, Toy};
use jury::scenario::{BYTES_MAX, Scenario, ScenarioError};

fn answer(text: &str) -> Result<(), ScenarioError> {
    Scenario::parse(text, "story.json")?
        .resolve::<Toy>()
        .map(|_| ())
}

/// The answer to a text, with its one-line form in front.
#[track_caller]
fn complaint(text: &str) -> String {
    let error = answer(text).expect_err("this text has a mistake");
    format!("{error}\n\n{}", error.render(false))
}

/// One slip in a text that is otherwise good.
#[track_caller]
fn slip(name: &str, right: &str, wrong: &str) {
    assert_eq!(
        GOOD.matches(right).count(),
        1,
        "`{right}` stands there once"
    );
    snapshot(name, &complaint(&GOOD.replacen(right, wrong, 1)));
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("snapshots/scenario_errors");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// A scenario whose run is `run` alone.
fn run(run: &str) -> String {
    format!("{{\n  \"jury\": 1,\n  \"protocol\": \"toy\",\n  \"run\": {run}\n}}\n")
}

/// A scenario whose check is `check` alone.
fn check(check: &str) -> String {
    format!("{{\n  \"jury\": 1,\n  \"protocol\": \"toy\",\n  \"check\": {check}\n}}\n")
}

#[test]
fn the_good_text_is_good() {
    if let Err(error) = answer(GOOD) {
        panic!("{}", error.render(false));
    }
}

#[test]
fn syntax() {
    let whole = |name: &str, text: &str| snapshot(name, &complaint(text));
    whole("empty", "  \n");
    whole("not_an_object", "[1, 2]\n");
    whole("not_json", "jury: 1\n");
    whole("byte_order_mark", "\u{feff}{}\n");
    whole("two_scenarios", "{ \"jury\": 1 }\n{ \"jury\": 1 }\n");
    whole("a_trace", "{\n  \"jury_trace\": 1,\n  \"steps\": []\n}\n");
    whole("ends_too_early", "{\n  \"jury\": 1,\n  \"run\": {\n");
    whole("bare_key", "{\n  jury: 1\n}\n");
    whole(
        "too_deep",
        &format!("{}1{}", "[".repeat(70), "]".repeat(70)),
    );
    slip("comment", "\"seeds\"", "// All of them.\n    \"seeds\"");
    slip(
        "trailing_comma",
        "\"until\": \"4s\" }",
        "\"until\": \"4s\", }",
    );
    slip("missing_comma", "\"jury\": 1,", "\"jury\": 1");
    slip("single_quotes", "\"toy\"", "'toy'");
    slip(
        "broken_character",
        "\"about\": \"The",
        "\"about\": \"\\ud800The",
    );
    slip(
        "key_twice",
        "\"nodes\": {",
        "\"until\": \"6s\", \"nodes\": {",
    );
    slip(
        "parameter_twice",
        "\"participants\": 3",
        "\"participants\": 3, \"participants\": 4",
    );
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    let told = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(format!("{name}.json"));
        std::fs::write(&path, bytes).unwrap();
        let error = Scenario::load(&path).unwrap_err();
        let whole = format!("{error}\n\n{}", error.render(false));
        let place = format!("{}/", folder.path().display());
        snapshot(name, &whole.replace(&place, ""));
    };
    told("not_utf8", b"{\n  \"about\": \"\xff\"\n}\n");
    told("too_large", &vec![b' '; BYTES_MAX + 1]);
    let missing = Scenario::load(folder.path().join("nowhere.json")).unwrap_err();
    assert!(missing.message().starts_with("cannot be read: "));
    let error = Scenario::load(folder.path()).unwrap_err();
    assert_eq!(error.message(), "this is a directory");
}

#[test]
fn keys_and_words() {
    slip("no_version", "\"jury\": 1,", "");
    slip("other_version", "\"jury\": 1", "\"jury\": 2");
    slip("no_protocol", "\"protocol\": \"toy\",", "");
    slip("other_protocol", "\"toy\"", "\"troy\"");
    slip(
        "unknown_key",
        "\"latency\": { \"uniform\"",
        "\"latencey\": { \"uniform\"",
    );
    slip("unknown_top_key", "\"about\"", "\"description\"");
    slip("underscore", "\"start-delay\"", "\"start_delay\"");
    slip("unknown_latency", "\"uniform\"", "\"unifrom\"");
    slip("unknown_timing", "\"accurate\"", "\"synchronous\"");
    slip("unknown_family", "\"isolate-one\"", "\"isolate\"");
    slip("unknown_run_verdict", "\"blocked\"", "\"blokced\"");
    slip("unknown_check_verdict", "\"can block\"", "\"blocks\"");
    slip("unknown_verdict_key", "{ \"violated\":", "{ \"violates\":");
    slip("heal_some", "\"heal\": \"all\"", "\"heal\": \"al\"");
    slip("no_nemesis_until", ", \"until\": \"4s\"", "");
    slip("duration_as_number", "\"5s\"", "5");
}

#[test]
fn values() {
    slip("duration_without_unit", "\"5s\"", "\"5\"");
    slip("duration_in_words", "\"5s\"", "\"5sec\"");
    slip("duration_with_a_space", "\"5s\"", "\"5 s\"");
    slip("duration_in_minutes", "\"5s\"", "\"2m\"");
    slip("duration_of_nothing", "\"5s\"", "\"0s\"");
    slip("seeds_number", "\"1..100\"", "7");
    slip("seeds_backwards", "\"1..100\"", "\"100..1\"");
    slip("seeds_words", "\"1..100\"", "\"1-100\"");
    slip("too_many_seeds", "\"1..100\"", "\"1..10000000\"");
    slip("not_a_probability", "[1, 100]", "[100, 1]");
    slip("probability_as_float", "[1, 100]", "0.01");
    slip("probability_too_long", "[1, 100]", "[1, 100, 1000]");
    slip(
        "latency_backwards",
        "[\"1ms\", \"10ms\"]",
        "[\"10ms\", \"1ms\"]",
    );
    slip("latency_too_short", "[\"1ms\", \"10ms\"]", "[\"1ms\"]");
    slip("negative_budget", "\"recoveries\": 1", "\"recoveries\": -1");
    slip(
        "budget_word",
        "\"heals\": \"unlimited\"",
        "\"heals\": \"infinite\"",
    );
    slip("drift_too_far", "-200", "-1000000");
    slip("drop_false", "\"drop\": true", "\"drop\": false");
    slip("nth_zero", "\"nth\": 2", "\"nth\": 0");
    slip("list_for_object", "{ \"depth\": 40 }", "[40]");
}

#[test]
fn parameters() {
    slip(
        "unknown_parameter",
        "\"participants\": 3",
        "\"participant\": 3",
    );
    slip(
        "parameter_of_wrong_type",
        "\"participants\": 3",
        "\"participants\": \"three\"",
    );
    slip("parameter_word", "\"yes\", \"no\"]", "\"yes\", \"maybe\"]");
    slip("parameters_disagree", "\"yes\", \"no\"]", "\"yes\"]");
    slip(
        "too_many_nodes",
        "\"participants\": 3, \"votes\": [\"yes\", \"yes\", \"no\"]",
        "\"participants\": 500",
    );
    slip(
        "unknown_bug",
        "\"participants\": 3,",
        "\"participants\": 3, \"bug\": \"forget-votes\",",
    );
    slip(
        "unknown_key_beside_a_bug",
        "\"participants\": 3,",
        "\"participants\": 3, \"bug\": \"forgets-votes\", \"patient\": [\"1ms\", \"2ms\"],",
    );
    slip(
        "bug_without_name",
        "\"participants\": 3,",
        "\"participants\": 3, \"bug\": [\"forgets-votes\"],",
    );
    slip(
        "params_list",
        "{ \"participants\": 3, \"votes\": [\"yes\", \"yes\", \"no\"] }",
        "[3]",
    );
}

#[test]
fn names() {
    slip("unknown_node", "\"crash\": \"C\"", "\"crash\": \"P4\"");
    slip("unknown_node_key", "\"P2\": {", "\"P5\": {");
    slip(
        "unknown_node_in_group",
        "[\"P2\", \"P3\"]",
        "[\"P2\", \"Q3\"]",
    );
    slip("unknown_node_in_link", "\"C -> P1\"", "\"C -> P9\"");
    slip("not_a_link", "\"C -> P1\"", "\"C to P1\"");
    slip("link_to_itself", "\"C -> P1\"", "\"C -> C\"");
    slip("unknown_role", "[\"participant\"]", "[\"participants\"]");
    slip(
        "unknown_role_key",
        "\"participant\": \"unlimited\"",
        "\"acceptor\": 1",
    );
    slip("unknown_kind", "\"Prepare\", \"to\"", "\"Prepaer\", \"to\"");
    slip("unknown_timer", "\"Patience\"", "\"Impatience\"");
    slip("unknown_property", "\"non-blocking\":", "\"nonblocking\":");
    slip(
        "unknown_violated",
        "{ \"violated\": \"atomicity\" }",
        "{ \"violated\": \"agreement\" }",
    );
    slip("node_twice_in_cut", "[\"P2\", \"P3\"]", "[\"P1\", \"P3\"]");
    slip(
        "cut_of_nobody",
        "[[\"C\", \"P1\"], [\"P2\", \"P3\"]]",
        "[[\"C\", \"P1\"]]",
    );
    slip(
        "cut_of_nothing",
        "[[\"C\", \"P1\"], [\"P2\", \"P3\"]]",
        "[]",
    );
    slip("cut_of_both", "[\"P2\", \"P3\"]]", "\"P2 -> P3\"]");
}

#[test]
fn faults() {
    let fault = |name: &str, text: &str| {
        let text = run(&format!("{{ \"faults\": [\n    {text}\n  ] }}"));
        snapshot(name, &complaint(&text));
    };
    fault("no_moment", r#"{ "crash": "C" }"#);
    fault(
        "two_moments",
        r#"{ "at": "1ms", "after": { "save": "C" }, "crash": "C" }"#,
    );
    fault("no_fault", r#"{ "at": "1ms" }"#);
    fault(
        "two_faults",
        r#"{ "at": "1ms", "crash": "C", "recover": "P1" }"#,
    );
    fault("no_anchor", r#"{ "after": { "to": "C" }, "crash": "C" }"#);
    fault(
        "two_anchors",
        r#"{ "after": { "send": "Vote", "deliver": "Vote" }, "crash": "C" }"#,
    );
    fault(
        "before_save",
        r#"{ "before": { "save": "C" }, "crash": "C" }"#,
    );
    fault(
        "from_of_a_timeout",
        r#"{ "after": { "timeout": "Patience", "from": "C" }, "crash": "C" }"#,
    );
    fault("drop_at_a_time", r#"{ "at": "1ms", "drop": true }"#);
    fault(
        "delay_after_delivery",
        r#"{ "after": { "deliver": "Vote" }, "delay": "1ms" }"#,
    );
    fault("anchor_word", r#"{ "after": "Prepare", "crash": "C" }"#);
    let nemesis = |name: &str, text: &str| {
        let text = run(&format!(
            "{{\n    \"until\": \"2s\",\n    \"nemesis\": {text}\n  }}"
        ));
        snapshot(name, &complaint(&text));
    };
    nemesis(
        "nemesis_too_long",
        r#"{ "crash-every": "1s", "until": "3s" }"#,
    );
    nemesis(
        "nemesis_without_cuts",
        r#"{ "cut-every": "1s", "until": "1s" }"#,
    );
    nemesis(
        "nemesis_cuts_never",
        r#"{ "cuts": ["halves"], "until": "1s" }"#,
    );
    nemesis(
        "nemesis_always",
        r#"{ "crash-every": "0s", "until": "1s" }"#,
    );
}

#[test]
fn schedules() {
    let line = |name: &str, text: &str| {
        let text = run(&format!(
            "{{ \"schedule\": [\n    \"crash P1\",\n    {text}\n  ] }}"
        ));
        snapshot(name, &complaint(&text));
    };
    line("line_verb", r#""kill C""#);
    line("line_node", r#""20ms deliver C -> P7 Prepare""#);
    line("line_kind", r#""deliver C -> P1 Prepared""#);
    line("line_timer", r#""timeout P1 Patient""#);
    line("line_time", r#""20 crash C""#);
    line("line_back_in_time", r#""20ms crash C", "10ms recover C""#);
    line("line_arrow", r#""deliver C P1 Prepare""#);
    line(
        "line_inside",
        r#""crash C after two of deliver P1 -> C Vote""#,
    );
    line(
        "line_inside_to_nobody",
        r#""crash C after 1 and to P1, P7 of deliver P1 -> C Vote""#,
    );
    line(
        "line_inside_another",
        r#""crash C after 2 of deliver C -> P1 Prepare""#,
    );
    line("line_cut", r#""cut {C, P1} | {P2, P8}""#);
    line("line_cut_of_nobody", r#""cut {C, P1}""#);
    let whole = |name: &str, text: &str| snapshot(name, &complaint(&run(text)));
    whole("then_without_schedule", r#"{ "then": "seeded" }"#);
    snapshot(
        "budgets_from_here_without_after",
        &complaint(&check(r#"{ "budgets": "from-here" }"#)),
    );
    whole(
        "fault_beside_schedule",
        r#"{ "schedule": ["crash C"], "faults": [{ "at": "1s", "recover": "C" }] }"#,
    );
}

/// Every node more doubles the crashes inside a broadcast to all.
#[test]
fn too_many_subsets() {
    let text = r#"{
  "jury": 1, "protocol": "s2pc",
  "params": { "sinks": 11 },
  "check": { "faults": { "crashes": 1, "inside-handlers": "any-subset" } }
}"#;
    let refused = jury::registry::Registry::shipped().open_text(text, "story.json");
    let error = refused.err().expect("there are too many nodes");
    snapshot("too_many_subsets", &error.to_string());
    let fewer = text.replace("11", "10");
    assert!(
        jury::registry::Registry::shipped()
            .open_text(&fewer, "story.json")
            .is_ok()
    );
}

#[test]
fn contradictions() {
    let of_run = |name: &str, text: &str| snapshot(name, &complaint(&run(text)));
    let of_check = |name: &str, text: &str| snapshot(name, &complaint(&check(text)));
    of_run(
        "duplicates_on_fifo",
        r#"{ "network": { "order": "fifo", "duplicates": [1, 10] } }"#,
    );
    of_run(
        "timing_beside_clocks",
        r#"{ "schedule": ["1s crash C"], "timing": "accurate" }"#,
    );
    of_run(
        "joins_later_and_delayed",
        r#"{ "nodes": { "P1": { "start-delay": "1s", "joins-later": true } } }"#,
    );
    of_run(
        "joins_later_and_up",
        r#"{ "nodes": { "P1": { "up": [1, 2], "joins-later": true } } }"#,
    );
    of_run(
        "options_beyond_all",
        r#"{ "nodes": { "P1": { "choices": { "Yes": [1, 2], "No": [2, 3] } } } }"#,
    );
    of_run(
        "ratios_without_denominator",
        r#"{ "nodes": { "P1": { "choices": { "Yes": [1, 65537], "No": [1, 65539] } } } }"#,
    );
    of_run("no_steps", r#"{ "steps": 0 }"#);
    of_check(
        "unlimited_duplicates_accurate",
        r#"{ "timing": "accurate", "faults": { "duplicates": "unlimited" } }"#,
    );
    of_check(
        "unlimited_duplicates_drops",
        r#"{ "faults": { "duplicates": "unlimited", "drops": 1 } }"#,
    );
    of_check(
        "check_duplicates_on_fifo",
        r#"{ "order": "fifo", "faults": { "duplicates": 1 } }"#,
    );
    of_check("no_copies", r#"{ "bounds": { "copies": 0 } }"#);
    of_check(
        "inside_handlers_word",
        r#"{ "faults": { "crashes": 1, "inside-handlers": "subset" } }"#,
    );
    of_check("cuts_number", r#"{ "faults": { "cuts": 1 } }"#);
    of_check(
        "cuts_of_nothing",
        r#"{ "faults": { "cuts": { "which": [] } } }"#,
    );
    of_check(
        "property_twice",
        r#"{ "properties": ["atomicity", "atomicity"] }"#,
    );
    let large = r#""params": { "participants": 20 },
  "check": { "faults": { "cuts": { "which": ["isolate-one", "halves"] } } }"#;
    let large = format!("{{\n  \"jury\": 1,\n  \"protocol\": \"toy\",\n  {large}\n}}\n");
    snapshot("family_too_large", &complaint(&large));
}

#[test]
fn expectations() {
    slip("verdict_of_another_kind", "\"can block\"", "\"violated\"");
    slip(
        "run_violates_progress",
        "{ \"violated\": \"atomicity\" }",
        "{ \"violated\": \"non-blocking\" }",
    );
    let whole = |name: &str, text: &str| {
        let text = format!("{{\n  \"jury\": 1,\n  \"protocol\": \"toy\",\n  {text}\n}}\n");
        snapshot(name, &complaint(&text));
    };
    whole("does_nothing", r#""expect": {}"#);
    whole(
        "expects_of_no_run",
        r#""check": {}, "expect": { "run": "ok" }"#,
    );
    whole(
        "expects_of_no_check",
        r#""run": {}, "expect": { "check": { "atomicity": "holds" } }"#,
    );
    whole(
        "expects_of_unchecked",
        r#""check": { "properties": ["committed"] }, "expect": { "check": { "atomicity": "holds" } }"#,
    );
    whole(
        "expects_nothing",
        r#""run": {}, "expect": { "run": { "every": [] } }"#,
    );
    whole("expects_empty", r#""run": {}, "expect": { "run": {} }"#);
    whole(
        "violated_beside_every",
        r#""run": {}, "expect": { "run": { "violated": "atomicity", "every": ["ok"] } }"#,
    );
}
