//! What commands answer with `--json`: in a format that has a number and a schema, and no more of it than was
//! asked for. (Whatever answer a test looks at is held against the schema.)

use std::path::Path;

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json as value};

use super::{folder, json, jury, read, write};

/// Each of the commands that answer in JSON.
#[test]
fn every_command_has_its_format() {
    let here = folder();
    jury(here.path())
        .args(["check", "crash.json", "--trace", "t.json"])
        .assert()
        .code(1);
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let path = |name: &str| shipped.join(name).display().to_string();
    let comparison = path("compare/happy-path.json");
    let estimate = path("estimate/2pc-loss.json");
    let asked: [&[&str]; 9] = [
        &["run", "fine.json"],
        &["check", "fine.json"],
        &["test", "fine.json"],
        &["replay", "t.json"],
        &["matrix", "2pc", "--states", "1000"],
        &["compare", &comparison, "--seeds", "1..2"],
        &["estimate", &estimate, "--seeds", "1..20"],
        &["skeen"],
        &["list"],
    ];
    for args in asked {
        let (_, answer) = json(jury(here.path()).args(args).arg("--json"));
        assert_eq!(answer["format"], 1, "{args:?}");
        assert_eq!(answer["command"], args[0]);
    }
}

/// The file beside the sources, which a test of the types keeps up to date, is what the command prints.
#[test]
fn the_schema_of_answers_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(root.join("answers.schema.json")).unwrap();
    jury(root)
        .args(["schema", "--answers"])
        .assert()
        .code(0)
        .stdout(kept);
}

#[test]
fn a_trace_is_in_an_answer_only_if_it_was_asked_for() {
    let here = folder();
    jury(here.path())
        .args(["run", "fine.json", "--seed", "1", "--trace", "t.json"])
        .assert()
        .code(0);
    for (args, place) in [
        (["run", "fine.json", "--seed=1"], "/shown/trace"),
        (
            ["check", "crash.json", "--property=non-blocking"],
            "/properties/0/trace",
        ),
        (["replay", "t.json", "--from=1"], "/trace"),
    ] {
        let (_, without) = json(jury(here.path()).args(args).arg("--json"));
        assert_eq!(without.pointer(place), None, "{args:?}");
        let (_, with) = json(
            jury(here.path())
                .args(args)
                .args(["--json", "--with-trace"]),
        );
        let steps = with
            .pointer(place)
            .and_then(|trace| trace["steps"].as_array());
        assert!(steps.is_some_and(|steps| !steps.is_empty()), "{args:?}");
        jury(here.path())
            .args(args)
            .arg("--with-trace")
            .assert()
            .code(2);
    }
}

#[test]
fn all_seeds_that_fail_are_listed() {
    let here = folder();
    let mut scenario = read(here.path(), "fine.json");
    scenario["run"]["seeds"] = "1..40".into();
    scenario["run"]["until"] = "20ms".into();
    scenario["expect"] = value!({ "run": { "every": ["ok"] } });
    write(here.path(), "short.json", &scenario);
    let args = ["run", "short.json", "--all", "--json"];
    let (code, answer) = json(jury(here.path()).args(args));
    let runs = answer["runs"].as_array().unwrap().iter();
    let failing = runs
        .filter(|run| run["verdict"] != "ok")
        .map(|run| run["seed"].clone());
    let failing = Value::Array(failing.collect());
    assert_eq!((code, &answer["failing"]), (1, &failing));
    assert!(
        (2..40).contains(&failing.as_array().unwrap().len()),
        "{failing}"
    );
    let (_, tested) = json(jury(here.path()).args(["test", "short.json", "--json"]));
    assert_eq!(tested["files"][0]["run"]["failing"], failing);
}

/// Whoever hands an answer to `replay` is told what it is.
#[test]
fn an_answer_is_no_trace() {
    let here = folder();
    let args = ["run", "fine.json", "--seed", "1", "--json", "--with-trace"];
    let (_, answer) = json(jury(here.path()).args(args));
    write(here.path(), "answer.json", &answer);
    jury(here.path())
        .args(["replay", "answer.json"])
        .assert()
        .code(2)
        .stderr(contains("is an answer in JSON, not a trace").and(contains("--trace OUT.json")));
}
