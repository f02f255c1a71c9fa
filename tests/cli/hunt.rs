//! `jury hunt` and `jury detect`.

use std::fs;
use std::path::Path;

use predicates::prelude::*;
use predicates::str::{contains, is_match};
use serde_json::Value;

use super::{folder, interrupted, json, jury, write};

/// A scenario with a nemesis, a check and a mistake, and those beside it.
fn votes_twice() -> String {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/raft/bugs");
    shipped.join("votes-twice.json").display().to_string()
}

#[test]
fn a_hunt_tells_what_failed_and_where_to_go_on() {
    let here = folder();
    let file = votes_twice();
    let told = |args: &[&str]| {
        let output = jury(here.path())
            .args(["hunt", &file])
            .args(args)
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (code, text) = told(&["--seeds", "1..400"]);
    assert_eq!(code, Some(1));
    for part in [
        "failures found",
        "What failed:",
        "were both elected in term #",
        "Go on from here:",
        "--property votes-on-disk",
        "seeds were run twice, with the same result",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // The commands that it names do what they say: the shortest is drawn, and breaks the same.
    let command = text
        .lines()
        .find(|line| line.contains("--strategy") && line.contains("--seed"));
    let typed: Vec<&str> = command.expect("it names one").split_whitespace().collect();
    let drawn = jury(here.path()).args(&typed[1..]).output().unwrap();
    let drawn = String::from_utf8(drawn.stdout).unwrap();
    assert!(drawn.contains("is violated:"), "{drawn}");
    let check = text
        .lines()
        .find(|line| line.contains(" check ") && line.contains("--property"))
        .expect("it names one");
    let typed: Vec<&str> = check.split_whitespace().collect();
    jury(here.path())
        .args(&typed[1..])
        .assert()
        .stdout(contains("violated (a bug)"));
    // The same again: a hunt is a function of its seeds, but for the time that it took.
    let without_time = |text: &str| {
        let is_timed = |line: &&str| !line.contains("failures found");
        text.lines()
            .filter(is_timed)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (_, again) = told(&["--seeds", "1..400"]);
    assert_eq!(without_time(&text), without_time(&again));
}

#[test]
fn a_hunt_that_finds_nothing_says_how_rare_it_must_be() {
    let here = folder();
    jury(here.path())
        .args([
            "hunt",
            "fine.json",
            "--seeds",
            "1..600",
            "--strategy",
            "random",
        ])
        .assert()
        .code(0)
        .stdout(
            contains("nothing failed").and(is_match(r"random +600 +0 +below 0\.0050").unwrap()),
        );
}

#[test]
fn a_hunt_ends_where_it_is_told_to() {
    let here = folder();
    let file = votes_twice();
    let (code, answer) = json(jury(here.path()).args(["hunt", &file, "--stop-at", "3", "--json"]));
    assert_eq!(
        (code, &answer["ended"], &answer["failing"]),
        (1, &"failures".into(), &3.into())
    );
    assert_eq!(answer["shown"]["trace"], Value::Null);
    let go_on = answer["go-on"].as_array().unwrap();
    assert!(go_on.len() >= 3, "{go_on:?}");
    assert!(
        answer["instance"]["file"]
            .as_str()
            .unwrap()
            .ends_with("votes-twice.json")
    );

    let (code, answer) =
        json(jury(here.path()).args(["hunt", "fine.json", "--stale-after", "50", "--json"]));
    assert_eq!((code, &answer["ended"]), (0, &"stale".into()));

    let (code, answer) =
        json(jury(here.path()).args(["hunt", "fine.json", "--for", "300ms", "--json"]));
    assert_eq!((code, &answer["ended"]), (0, &"time".into()));
    assert!(answer["ran"].as_u64().unwrap() > 0);
}

#[test]
fn only_what_is_asked_for_counts() {
    let here = folder();
    let file = votes_twice();
    let asked = |property: &str| {
        let args = [
            "hunt",
            &file,
            "--seeds",
            "1..200",
            "--json",
            "--property",
            property,
        ];
        json(jury(here.path()).args(args))
    };
    let (code, answer) = asked("votes-on-disk");
    assert_eq!(code, 1);
    let fails = |find: &&Value| find["fails"] == true;
    let finds = answer["finds"].as_array().unwrap();
    assert!(
        finds
            .iter()
            .filter(fails)
            .all(|find| find["property"] == "votes-on-disk")
    );
    assert!(!finds.iter().all(|find| find["fails"] == true));
    let (code, _) = asked("log-matching");
    assert_eq!(code, 0);
}

#[test]
fn a_run_of_a_hunt_is_drawn_and_its_trace_replays() {
    let here = folder();
    let file = votes_twice();
    for strategy in ["swarm", "pct", "walk"] {
        let out = format!("{strategy}.json");
        jury(here.path())
            .args([
                "hunt",
                &file,
                "--strategy",
                strategy,
                "--seed",
                "2",
                "--trace",
                &out,
            ])
            .assert()
            .stdout(contains("all start").and(contains("1 seed in")));
        let trace: Value =
            serde_json::from_slice(&fs::read(here.path().join(&out)).unwrap()).unwrap();
        assert_eq!(trace["origin"]["strategy"], strategy);
        jury(here.path()).args(["replay", &out]).assert().stdout(
            contains("the same")
                .or(contains("Same"))
                .or(contains("same")),
        );
    }
}

#[test]
fn what_a_hunt_cannot_do_is_told_with_advice() {
    let here = folder();
    let complaints = [
        (vec!["--strategy", "swarm"], "no nemesis"),
        (
            vec!["--strategy", "luck"],
            "strategies are random, swarm, pct and walk",
        ),
        (vec!["--seed", "7"], "say which: `--strategy random`"),
        (vec!["--property", "atomicty"], "atomicity"),
        (vec!["--stop-at", "0"], "0"),
    ];
    for (args, advice) in complaints {
        jury(here.path())
            .args(["hunt", "fine.json"])
            .args(&args)
            .assert()
            .code(2)
            .stderr(contains(advice));
    }
}

#[test]
fn an_interrupted_hunt_tells_what_it_has() {
    let here = folder();
    let (out, _) = interrupted(here.path(), &["hunt", "fine.json", "--for", "60s"]);
    assert!(
        out.contains("Interrupted.") && out.contains("Seen:"),
        "{out}"
    );
}

#[test]
fn detection_counts_the_same_every_time() {
    let here = folder();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let shipped = shipped.display().to_string();
    let asked = || {
        let args = [
            "detect",
            "2pc",
            "--mistake",
            "votes-unread",
            "--seeds",
            "200",
            "--scenarios",
            &shipped,
            "--json",
        ];
        let (code, mut answer) = json(jury(here.path()).args(args));
        assert_eq!(code, 0);
        let mistake = &mut answer["protocols"][0]["mistakes"][0];
        mistake["check"]["seconds"] = 0.into();
        for tried in mistake["hunts"].as_object_mut().unwrap().values_mut() {
            assert!(tried["seconds"].as_f64().unwrap() > 0.0, "{tried}");
            tried["seconds"] = 0.into();
        }
        answer["protocols"].take()
    };
    let found = asked();
    assert_eq!(found, asked());
    let mistake = &found[0]["mistakes"][0];
    assert!(
        mistake["hunts"]["random"]["times"].as_u64().unwrap() > 0,
        "{mistake}"
    );
    assert!(mistake["check"]["depth"].as_u64().unwrap() > 0, "{mistake}");

    jury(here.path())
        .args(["detect", "2pc", "--scenarios", "."])
        .assert()
        .code(2)
        .stderr(contains("no scenario to hunt in"));
    jury(here.path())
        .args([
            "detect",
            "2pc",
            "--mistake",
            "vote-unread",
            "--scenarios",
            &shipped,
        ])
        .assert()
        .code(2)
        .stderr(contains("votes-unread"));
}

/// Of runs that fail alike the shortest is shown, and the first is named.
#[test]
fn a_run_shows_the_shortest_of_those_that_fail_alike() {
    let here = folder();
    let mut scenario: Value = serde_json::from_slice(&fs::read(votes_twice()).unwrap()).unwrap();
    let scenario = scenario.as_object_mut().unwrap();
    scenario.remove("expect");
    write(here.path(), "votes.json", &Value::Object(scenario.clone()));
    let args = ["run", "votes.json", "--seeds", "1..60", "--all", "--json"];
    let (code, answer) = json(jury(here.path()).args(args));
    assert_eq!(code, 1);
    let runs = answer["runs"].as_array().unwrap();
    let first = runs
        .iter()
        .find(|run| run["verdict"] == "violated")
        .unwrap();
    assert_eq!(answer["first-failing"], first["seed"]);
    let alike = runs
        .iter()
        .filter(|run| run["property"] == first["property"]);
    let shortest = alike
        .map(|run| run["facts"]["steps"].as_u64())
        .min()
        .unwrap();
    assert_eq!(answer["shown"]["facts"]["steps"].as_u64(), shortest);
    assert_ne!(answer["shown"]["seed"], first["seed"]);
}

/// The instance is one of the same protocol with the same mistake, or without any.
#[test]
fn the_small_instance_has_the_same_mistake() {
    let here = folder();
    for mistake in ["votes-twice", "half-is-a-majority"] {
        let file = votes_twice().replace("votes-twice", mistake);
        let args = [
            "hunt",
            &file,
            "--stop-at",
            "1",
            "--json",
            "--strategy",
            "walk,pct",
        ];
        let (_, answer) = json(jury(here.path()).args(args));
        let named = answer["instance"]["file"].as_str().unwrap();
        assert!(named.ends_with(&format!("{mistake}.json")), "{named}");
    }
}
