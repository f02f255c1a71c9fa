//! The command line, from outside: help, exit codes, closed pipes, interrupts, outputs.

#![cfg(feature = "cli")]

use std::fs;
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::time::Duration;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;
use tempfile::TempDir;

/// Nothing that a test starts may go on for ever.
const PATIENCE: Duration = Duration::from_secs(120);

fn jury(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("jury").expect("the binary was built");
    command.current_dir(folder).timeout(PATIENCE);
    command
}

/// A folder with a scenario in which all goes well, and one with a crash and `expect` unchanged.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    jury(folder.path())
        .args(["new", "2pc", "-o", "fine.json"])
        .assert()
        .success();
    let text = fs::read_to_string(folder.path().join("fine.json")).unwrap();
    let mut scenario: Value = serde_json::from_str(&text).unwrap();
    scenario["check"]["faults"]["crashes"] = 1.into();
    write(folder.path(), "crash.json", &scenario);
    scenario["params"]["participants"] = 6.into();
    scenario["check"]["faults"]["drops"] = 3.into();
    scenario["run"]["seeds"] = "1..1000000".into();
    write(folder.path(), "long.json", &scenario);
    folder
}

fn write(folder: &Path, name: &str, value: &Value) {
    fs::write(folder.join(name), value.to_string()).unwrap();
}

fn read(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

fn json(command: &mut Command) -> (i32, Value) {
    let output = command.output().unwrap();
    let value = serde_json::from_slice(&output.stdout).expect("standard output is JSON");
    (output.status.code().unwrap(), value)
}

#[test]
fn help_of_every_command_has_examples() {
    let here = TempDir::new().unwrap();
    let commands = [
        "run",
        "check",
        "test",
        "replay",
        "list",
        "matrix",
        "new",
        "explore",
        "schema",
        "completions",
    ];
    for command in commands {
        jury(here.path())
            .args([command, "--help"])
            .assert()
            .success()
            .stdout(contains("Examples:").and(contains(format!("jury {command}"))));
    }
    jury(here.path())
        .arg("--help")
        .assert()
        .success()
        .stdout(contains("Exit codes:"));
}

#[test]
fn wrong_names_get_the_nearest_right_one() {
    let here = folder();
    let wrong: [(&[&str], &str); 4] = [
        (&["chek", "fine.json"], "'check'"),
        (&["new", "2cp"], "did you mean `2pc`?"),
        (
            &["check", "fine.json", "--property", "atomicty"],
            "did you mean `atomicity`?",
        ),
        (&["run", "fin.json"], "fin.json"),
    ];
    for (arguments, advice) in wrong {
        jury(here.path())
            .args(arguments)
            .assert()
            .code(2)
            .stdout("")
            .stderr(contains(advice));
    }
}

#[test]
fn a_run_as_expected_is_drawn_with_its_verdict() {
    let here = folder();
    jury(here.path())
        .args(["run", "fine.json"])
        .assert()
        .code(0)
        .stdout(contains("coordinator").and(contains("100 ok · as expected")));
    jury(here.path())
        .args(["run", "fine.json", "--seed", "7", "--ascii"])
        .assert()
        .code(0)
        .stdout(contains("seed 7").and(contains("Verdict: ok.")));
}

#[test]
fn a_refuted_run_names_the_command_that_reproduces_it() {
    let here = folder();
    let mut scenario = read(here.path(), "fine.json");
    scenario["expect"]["run"] = "blocked".into();
    write(here.path(), "wrong.json", &scenario);
    jury(here.path())
        .args(["run", "wrong.json"])
        .assert()
        .code(1)
        .stdout(contains("Reproduce: jury run wrong.json --seed 1"));
    jury(here.path())
        .args(["run", "wrong.json", "--seed", "1"])
        .assert()
        .code(1)
        .stdout(contains("Seed 1: ok, expected blocked."));
    let (code, answer) = json(jury(here.path()).args(["run", "wrong.json", "--json"]));
    assert_eq!(code, 1);
    assert_eq!(answer["outcome"], "refuted");
    assert_eq!(answer["first-failing"], 1);
    assert_eq!(answer["verdicts"]["ok"], 100);
}

#[test]
fn the_same_seed_gives_the_same_words() {
    let here = folder();
    let run = |seed: &str| {
        let output = jury(here.path())
            .args(["run", "fine.json", "--seed", seed, "--json"])
            .output()
            .unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        answer["shown"].clone()
    };
    assert_eq!(run("3"), run("3"));
    assert_ne!(run("3"), run("4"));
}

#[test]
fn a_check_tells_verdicts_and_draws_the_shortest_schedule() {
    let here = folder();
    jury(here.path())
        .args(["check", "fine.json"])
        .assert()
        .code(0)
        .stdout(contains("non-blocking").and(contains("as expected")));
    jury(here.path())
        .args(["check", "crash.json"])
        .assert()
        .code(1)
        .stdout(contains("can block outside the assumptions").and(contains("1 crash")));
    let (code, answer) = json(jury(here.path()).args(["check", "crash.json", "--json"]));
    assert_eq!(code, 1);
    assert_eq!(answer["exit-code"], 1);
    assert_eq!(answer["properties"][0]["property"], "atomicity");
    assert!(answer["effort"]["seconds"].is_number());
}

#[test]
fn a_check_that_reaches_a_limit_establishes_nothing() {
    let here = folder();
    for limit in [
        ["--states", "100"],
        ["--time", "300ms"],
        ["--memory", "5MiB"],
    ] {
        if limit[0] == "--memory" && !cfg!(target_os = "linux") {
            continue;
        }
        let word = limit[0].trim_start_matches("--");
        jury(here.path())
            .args(["check", "long.json", "--property", "atomicity"])
            .args(limit)
            .assert()
            .code(4)
            .stdout(contains(format!("holds within bounds: {word}")));
    }
}

/// The process may hold a fifth more than it was allowed, and a few MiB that no search can help.
#[cfg(target_os = "linux")]
#[test]
fn a_check_ends_before_it_holds_much_more_than_it_may() {
    let here = folder();
    let mut scenario = read(here.path(), "long.json");
    scenario["params"]["participants"] = 4.into();
    scenario["check"]["timing"] = "asynchronous".into();
    write(here.path(), "large.json", &scenario);
    let (code, answer) =
        json(jury(here.path()).args(["check", "large.json", "--memory", "32MiB", "--json"]));
    assert_eq!(code, 4);
    assert_eq!(answer["searches"][0]["bounds"][0], "memory");
    assert!(answer["searches"][0]["distinct"].as_u64().unwrap() > 100_000);
    let held = answer["effort"]["memory-peak"].as_u64().unwrap();
    assert!(held < (32 + 32 / 5 + 4) << 20, "{held}");
}

#[test]
fn the_second_engine_agrees() {
    let here = folder();
    jury(here.path())
        .args([
            "check",
            "crash.json",
            "--engine",
            "stateright",
            "--property",
            "atomicity",
        ])
        .assert()
        .code(0)
        .stdout(contains("stateright engine"));
    // What it cannot judge, it does not pass.
    jury(here.path())
        .args(["check", "fine.json", "--engine", "stateright"])
        .assert()
        .code(4)
        .stdout(contains("not established").and(contains("not judged by this engine")));
    let (code, answer) = json(jury(here.path()).args([
        "check",
        "fine.json",
        "--engine",
        "stateright",
        "--property",
        "non-blocking",
        "--json",
    ]));
    assert_eq!(code, 4);
    assert_eq!(answer["not-judged"][0], "non-blocking");
}

/// The verdict says that worlds were taken together; and who names nodes where it must not is told.
#[test]
fn a_check_tells_whose_names_made_no_difference() {
    let folder = folder();
    let mut scenario = read(folder.path(), "crash.json");
    let check = |flags: &[&str]| {
        let mut command = jury(folder.path());
        command
            .args(["check", "crash.json", "--symmetry"])
            .args(flags);
        command
    };
    // The coordinator asks one participant after the other, and may crash in between.
    let named = contains("node symmetry is broken").and(contains("the handler of C"));
    check(&[]).assert().code(2).stderr(named);
    scenario["check"]["faults"]["inside-handlers"] = false.into();
    write(folder.path(), "crash.json", &scenario);
    let sentence =
        "node symmetry of {P1, P2, P3}: distinct worlds are orbits; preserves all verdicts";
    check(&[]).assert().stdout(contains(sentence));
    let (_, answer) = json(&mut check(&["--json"]));
    // Each search has a time of its own.
    let searches = answer["searches"].as_array().expect("a list").len();
    let seconds = answer["effort"]["search-seconds"].as_array();
    assert_eq!(seconds.expect("a list").len(), searches);
    assert_eq!(answer["searches"][0]["symmetry"], sentence);
}

#[test]
fn a_trace_replays_until_something_changes() {
    let here = folder();
    jury(here.path())
        .args(["run", "fine.json", "--seed", "2", "--trace", "t.json"])
        .assert()
        .code(0);
    jury(here.path())
        .args(["replay", "t.json", "--until", "2"])
        .assert()
        .code(0)
        .stdout(contains("all 13 steps as recorded"));
    for (range, flaw) in [
        (["--from", "14", "--until", "15"], "--from 14"),
        (["--from", "1", "--until", "14"], "the trace has 13 steps"),
        (["--from", "5", "--until", "4"], "no steps from 5 until 4"),
    ] {
        jury(here.path())
            .args(["replay", "t.json"])
            .args(range)
            .assert()
            .code(2)
            .stdout("")
            .stderr(contains(flaw));
    }
    let mut trace = read(here.path(), "t.json");
    trace["steps"][2]["event"] = "deliver P1 -> C No(1)".into();
    write(here.path(), "t.json", &trace);
    jury(here.path())
        .args(["replay", "t.json"])
        .assert()
        .code(1)
        .stdout(contains("step 3").and(contains("impossible")));
    jury(here.path())
        .args([
            "check",
            "crash.json",
            "--trace",
            "c.json",
            "--show",
            "non-blocking",
        ])
        .assert()
        .code(1);
    let (code, answer) = json(jury(here.path()).args(["replay", "c.json", "--json"]));
    assert_eq!(code, 0);
    assert_eq!(answer["replay"], "same");
}

#[test]
fn what_is_no_trace_is_told_what_it_is() {
    let here = folder();
    jury(here.path())
        .args(["replay", "fine.json"])
        .assert()
        .code(2)
        .stderr(contains("a scenario, not a trace"));
    fs::write(here.path().join("x.json"), "{ \"jury_trace\": 1,\n").unwrap();
    jury(here.path())
        .args(["replay", "x.json"])
        .assert()
        .code(2)
        .stderr(contains("is not a trace"));
    jury(here.path())
        .args(["run", "fine.json", "--seed", "1", "--trace", "t.json"])
        .assert()
        .success();
    jury(here.path())
        .args(["replay", "t.json", "--step"])
        .assert()
        .code(2)
        .stderr(contains("needs a terminal"));
    jury(here.path())
        .args(["replay", "t.json", "--node", "P9"])
        .assert()
        .code(2)
        .stderr(contains("there is no node `P9`"));
}

#[test]
fn test_tells_of_every_file_and_what_it_skipped() {
    let here = folder();
    fs::remove_file(here.path().join("long.json")).unwrap();
    fs::write(here.path().join("other.json"), "{}").unwrap();
    fs::create_dir(here.path().join("deeper")).unwrap();
    fs::rename(
        here.path().join("crash.json"),
        here.path().join("deeper/crash.json"),
    )
    .unwrap();
    jury(here.path())
        .args(["test", ".", "--junit", "out.xml"])
        .assert()
        .code(1)
        .stdout(contains("skipped other.json").and(contains(
            "Reproduce: jury check deeper/crash.json --property non-blocking",
        )));
    let xml = fs::read_to_string(here.path().join("out.xml")).unwrap();
    assert!(xml.contains("<testsuite name=\"fine.json\" tests=\"10\""));
    assert!(xml.contains("<failure message=\"expected holds, found can block"));
    jury(here.path())
        .args(["test", ".", "--filter", "fine"])
        .assert()
        .code(0);
    let (code, answer) = json(jury(here.path()).args(["test", "fine.json", "--json"]));
    assert_eq!(code, 0);
    assert_eq!(answer["files"][0]["run"]["finished"], 100);
    fs::write(here.path().join("bad.json"), "{ \"jury\": 1, \"rum\": {} }").unwrap();
    jury(here.path())
        .args(["test", "."])
        .assert()
        .code(2)
        .stdout(contains("bad.json").and(contains(
            "3 scenarios: 1 as expected, 1 refuted, 1 bad input; 1 file skipped in",
        )));
    fs::write(here.path().join("bad.json"), "{ jury: 1 }").unwrap();
    jury(here.path()).args(["test", "."]).assert().code(2);
    jury(here.path())
        .args(["test", "other.json", "--filter", "nothing has this"])
        .assert()
        .code(2)
        .stderr(contains("no scenario was found"));
}

#[test]
fn what_fails_is_told_alone() {
    let here = folder();
    let mut scenario = read(here.path(), "crash.json");
    scenario["expect"]["run"] =
        serde_json::json!({ "every": ["blocked", "undecided"], "some": ["ok", "blocked"] });
    scenario["expect"]["check"]["atomicity"] = "violated".into();
    write(here.path(), "wrong.json", &scenario);
    let every = "expected every: blocked or undecided, found ok with seed 1";
    jury(here.path())
        .args(["test", "wrong.json", "--junit", "out.xml"])
        .assert()
        .code(1)
        .stdout(
            contains(format!("run: {every}"))
                .and(contains("expected some: blocked, found none"))
                .and(contains("expected some: ok").not()),
        );
    let xml = fs::read_to_string(here.path().join("out.xml")).unwrap();
    assert!(xml.contains(&format!("<failure message=\"{every}")));
    let cases: Vec<&str> = xml.split("<testcase").collect();
    let case = |name: &str| {
        let named = |text: &&&str| text.contains(&format!("name=\"check {name}\""));
        cases.iter().find(named).unwrap()
    };
    assert!(case("atomicity").contains("jury check wrong.json --property atomicity"));
    assert!(!case("atomicity").contains("non-blocking"));
    assert!(case("non-blocking").contains("jury check wrong.json --property non-blocking"));
}

#[test]
fn a_new_scenario_names_a_schema_that_is_there() {
    let here = folder();
    assert!(read(here.path(), "fine.json").get("$schema").is_none());
    jury(here.path())
        .args(["schema", "-o", "schema.json"])
        .assert()
        .success();
    for (path, schema) in [
        ("a.json", "./schema.json"),
        ("deep/er/b.json", "../../schema.json"),
    ] {
        jury(here.path())
            .args(["new", "2pc", "-o", path])
            .assert()
            .success();
        assert_eq!(read(here.path(), path)["$schema"], schema);
    }
}

/// Whoever starts with a protocol sees both engines agree with the file that they were given.
#[test]
fn what_one_starts_with_is_as_expected() {
    let here = TempDir::new().unwrap();
    let (_, listed) = json(jury(here.path()).args(["list", "--json"]));
    let protocols = listed["protocols"].as_array().expect("a list of protocols");
    assert!(protocols.len() >= 4);
    for protocol in protocols {
        let name = protocol["name"].as_str().unwrap();
        let file = format!("{name}.json");
        jury(here.path())
            .args(["new", name, "-o", &file])
            .assert()
            .success();
        jury(here.path()).args(["test", &file]).assert().code(0);
    }
}

#[test]
fn a_trace_from_before_is_not_taken_for_a_new_one() {
    let here = folder();
    let check = ["check", "fine.json", "--trace", "t.json"];
    let before = "t.json is from before";
    jury(here.path())
        .args(check)
        .assert()
        .code(0)
        .stderr(contains("no trace was written").and(contains(before).not()));
    jury(here.path())
        .args(["run", "fine.json", "--seed", "2", "--trace", "t.json"])
        .assert()
        .code(0);
    jury(here.path())
        .args(check)
        .assert()
        .code(0)
        .stderr(contains(before));
}

#[test]
fn outputs_are_found_unwritable_before_the_work() {
    let here = folder();
    for path in ["nowhere/t.json", "."] {
        jury(here.path())
            .args(["run", "long.json", "--trace", path])
            .assert()
            .code(2)
            .stdout("")
            .stderr(contains("cannot write"));
    }
    jury(here.path())
        .args(["new", "2pc", "-o", "fine.json"])
        .assert()
        .code(2)
        .stderr(contains("--force"));
    jury(here.path())
        .args(["new", "2pc", "-o", "fine.json", "--force"])
        .assert()
        .code(0);
    // Nothing is left behind beside the outputs.
    let mut names: Vec<_> = fs::read_dir(here.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["crash.json", "fine.json", "long.json"]);
}

#[test]
fn lists_schema_and_completions_are_printed() {
    let here = folder();
    let (_, answer) = json(jury(here.path()).args(["list", "--scenarios", ".", "--json"]));
    assert_eq!(answer["protocols"][0]["name"], "2pc");
    assert_eq!(answer["scenarios"][0]["file"], "crash.json");
    jury(here.path())
        .args(["list", "2pc"])
        .assert()
        .success()
        .stdout(contains("Properties").and(contains("Bernstein")));
    let (_, schema) = json(jury(here.path()).arg("schema"));
    assert!(schema.is_object());
    for shell in ["bash", "zsh", "fish"] {
        jury(here.path())
            .args(["completions", shell])
            .assert()
            .success()
            .stdout(contains("jury"));
    }
}

#[test]
fn colours_are_for_those_who_want_them() {
    let here = folder();
    let escape = || contains("\x1b[");
    jury(here.path())
        .args(["run", "fine.json"])
        .assert()
        .stdout(escape().not());
    jury(here.path())
        .args(["run", "fine.json", "--color", "always"])
        .assert()
        .stdout(escape());
    jury(here.path())
        .env("NO_COLOR", "1")
        .args(["run", "nothing.json"])
        .assert()
        .stderr(escape().not());
}

#[test]
fn a_closed_pipe_is_no_error() {
    let here = folder();
    for arguments in [
        vec!["schema"],
        vec!["run", "fine.json", "--all"],
        vec!["list", "2pc"],
    ] {
        let mut child = Process::new(env!("CARGO_BIN_EXE_jury"))
            .args(&arguments)
            .current_dir(here.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_cleanly_and_tells_what_is_known() {
    let here = folder();
    for command in ["check", "run", "try"] {
        let child = Process::new(env!("CARGO_BIN_EXE_jury"))
            .args([command, "long.json"])
            .current_dir(here.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(700));
        let killed = Process::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(4), "{text}");
        assert!(text.contains("not established"), "{text}");
        assert!(text.to_lowercase().contains("interrupted"), "{text}");
        if command == "try" {
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(errors.contains("not checked"), "{errors}");
            assert!(!text.contains("Allowed:"), "{text}");
        }
    }
}

/// Marks, sentences and claims; and what a limit leaves open, or lets follow.
#[test]
fn the_matrix_says_what_each_property_bears() {
    let here = TempDir::new().unwrap();
    let short = |more: &[&str]| {
        let limits = ["--states", "300", "--threads", "1"];
        let variant = ["matrix", "2pc", "--variant", "presumed abort, by role"];
        let mut command = jury(here.path());
        command
            .args(variant)
            .args(limits)
            .args(more)
            .assert()
            .code(4)
    };
    let output = short(&[]);
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    insta::assert_snapshot!("matrix", text);

    let json = short(&["--json"]);
    let json: Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    assert_eq!(json["exit-code"], 4);
    let cells = &json["protocols"][0]["variants"][0]["cells"];
    assert_eq!(cells[0]["faults"].as_array().unwrap().len(), 0);
    let verdicts = cells.as_array().unwrap().iter();
    let mut verdicts = verdicts.flat_map(|cell| cell["verdicts"].as_array().unwrap());
    assert!(verdicts.any(|verdict| verdict.get("follows-from").is_some()));
}

#[test]
fn the_matrix_is_written_in_whole_or_not_at_all() {
    let here = TempDir::new().unwrap();
    jury(here.path())
        .args(["matrix", "3cp"])
        .assert()
        .code(2)
        .stderr(contains("there is no protocol `3cp`"));
    jury(here.path())
        .args(["matrix", "--variant", "presumed abrt"])
        .assert()
        .code(2)
        .stderr(contains("did you mean `presumed abort`?"));
    fs::create_dir(here.path().join("reports")).unwrap();
    let write = |limits: &[&str]| {
        let mut command = jury(here.path());
        command.args(["matrix", "2pc", "--write"]).args(limits);
        command.assert().code(4)
    };
    // A clock cut it short: nobody could find the same again.
    write(&["--time", "1ms"]).stderr(contains("nothing was written"));
    assert!(!here.path().join("reports/matrix.md").exists());
    write(&["--states", "50"]);
    let page = fs::read_to_string(here.path().join("reports/matrix.md")).unwrap();
    assert!(page.starts_with("# The matrix of assumptions"));
    let data = read(here.path(), "reports/matrix.json");
    assert_eq!(data["protocols"][0]["name"], "2pc");
}

#[test]
fn a_search_tells_what_it_left_out() {
    let here = folder();
    let mut scenario = read(here.path(), "fine.json");
    scenario["check"]["timing"] = "asynchronous".into();
    scenario["check"]["faults"]["drops"] = 1.into();
    scenario["check"]["bounds"] = serde_json::json!({ "copies": 1 });
    scenario.as_object_mut().unwrap().remove("expect");
    write(here.path(), "lossy.json", &scenario);
    let check = |reduce: &[&str]| {
        let arguments = ["check", "lossy.json", "--property", "atomicity"];
        let mut command = jury(here.path());
        command.args(arguments).args(reduce);
        command
    };
    let told = "Reduced by lost: what is lost is never delivered; keeps always and reachable.";
    check(&[])
        .assert()
        .code(0)
        .stdout(contains("search 1, reduced").and(contains(told)));
    check(&["--reduce", "none"])
        .assert()
        .code(0)
        .stdout(contains("educed").not());
    let search = |reduce: &[&str]| {
        let (code, answer) = json(check(reduce).arg("--json"));
        assert_eq!(code, 0);
        answer["searches"][0].clone()
    };
    let names = |search: &Value| -> Vec<String> {
        let reduced = search["reduced"].as_array().cloned().unwrap_or_default();
        let name = |one: &Value| one["name"].as_str().unwrap().to_owned();
        reduced.iter().map(name).collect()
    };
    let all = search(&["--reduce", "none"]);
    assert!(names(&all).is_empty());
    let lost = search(&["--reduce", "lost"]);
    assert_eq!(names(&lost), ["lost"]);
    assert_eq!(lost["reduced"][0]["preserves"][0], "always");
    let auto = search(&["--reduce", "auto"]);
    assert_eq!(names(&auto), ["no-op", "lost", "dead"]);
    assert_eq!(auto, search(&["--reduce", "dead,no-op,lost"]));
    let distinct = |search: &Value| search["distinct"].as_u64().unwrap();
    assert!(distinct(&auto) < distinct(&lost) && distinct(&lost) < distinct(&all));
    check(&["--reduce", "dead,losses"])
        .assert()
        .code(2)
        .stderr(contains("there is no reduction `losses`").and(contains("no-op, lost, dead")));
    // Where what was asked for cannot be done, it says why.
    jury(here.path())
        .args([
            "check",
            "lossy.json",
            "--property",
            "non-blocking",
            "--reduce",
            "lost",
        ])
        .assert()
        .stdout(contains(
            "not reduced by lost: it says nothing of possible progress.",
        ));
    for command in ["try", "test"] {
        jury(here.path())
            .args([command, "fine.json", "--reduce", "none"])
            .assert()
            .code(0);
    }
}

/// A run whose end nobody lives to see: heartbeats for a hundred days.
fn endless(folder: &Path, until: &str) {
    jury(folder)
        .args(["new", "raft", "-o", "endless.json", "--force"])
        .assert()
        .success();
    let mut scenario = read(folder, "endless.json");
    scenario["run"]["until"] = until.into();
    scenario["run"]["steps"] = 1_000_000_000.into();
    scenario["run"]["seeds"] = "1..1".into();
    scenario.as_object_mut().unwrap().remove("expect");
    write(folder, "endless.json", &scenario);
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_run_that_is_under_way() {
    let here = TempDir::new().unwrap();
    endless(here.path(), "9000000s");
    let child = Process::new(env!("CARGO_BIN_EXE_jury"))
        .args(["run", "endless.json"])
        .current_dir(here.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let killed = Process::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(text.contains("Seed 1: Interrupted after"), "{text}");
}

#[test]
fn a_run_that_is_too_long_to_record_is_drawn_and_not_written() {
    let here = TempDir::new().unwrap();
    endless(here.path(), "400s");
    let args = ["run", "endless.json", "--seed", "1"];
    let output = jury(here.path()).args(args).assert();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert!(text.contains("steps not recorded"), "{text}");
    assert!(text.contains("--from A --until B"), "{text}");
    jury(here.path())
        .args(args)
        .args(["--quiet", "--trace", "long.json"])
        .assert()
        .code(4)
        .stdout(contains("No trace was written"));
    assert!(!here.path().join("long.json").exists());
}

/// A record that says something else than what happens is no good record.
#[test]
fn a_replay_finds_an_edited_verdict_or_fingerprint() {
    let here = folder();
    jury(here.path())
        .args(["run", "fine.json", "--seed", "1", "--trace", "t.json"])
        .assert()
        .success();
    jury(here.path())
        .args(["replay", "t.json"])
        .assert()
        .success();
    let trace = read(here.path(), "t.json");
    let edited = |path: &str, value: &str, told: &str| {
        let mut edited = trace.clone();
        *edited.pointer_mut(path).unwrap() = value.into();
        write(here.path(), "edited.json", &edited);
        jury(here.path())
            .args(["replay", "edited.json"])
            .assert()
            .code(1)
            .stdout(contains(told));
    };
    edited("/hash", "0123456789abcdef", "hash differs");
    edited("/verdict/verdict", "blocked", "verdict differs");
    edited("/verdict/sentences/0", "All is well.", "verdict differs");
    let sent = trace["steps"]
        .as_array()
        .unwrap()
        .iter()
        .position(|step| step.pointer("/sent/0").is_some())
        .unwrap();
    let message = format!("/steps/{sent}/sent/0/message");
    edited(&message, "No(1)", "was  No(1) to ");
    // What a search found is not searched for again.
    jury(here.path())
        .args(["check", "crash.json", "--trace", "c.json"])
        .assert()
        .code(1);
    jury(here.path())
        .args(["replay", "c.json"])
        .assert()
        .success()
        .stdout(contains("as recorded: it says more"));
}

#[test]
fn a_flag_that_an_engine_does_not_know_is_refused() {
    let here = folder();
    for (engine, flag) in [
        ("plain", "--symmetry"),
        ("plain", "--paranoid"),
        ("stateright", "--threads=1"),
        ("stateright", "--reduce=dead"),
    ] {
        jury(here.path())
            .args(["check", "fine.json", "--engine", engine, flag])
            .assert()
            .code(2)
            .stderr(contains("only the fast engine knows"));
    }
    jury(here.path())
        .args(["check", "fine.json", "--property", "atomicity"])
        .args(["--show", "non-blocking"])
        .assert()
        .code(2)
        .stderr(contains("this property is not judged"));
    jury(here.path())
        .args(["check", "fine.json", "--paranoid"])
        .assert()
        .success()
        .stdout(contains("every answer of a handler asked for again"));
}

#[test]
fn a_memory_limit_holds_for_every_search() {
    let here = folder();
    let args = ["check", "crash.json", "--memory", "1KiB", "--json"];
    let (code, answer) = json(jury(here.path()).args(args));
    assert_eq!(code, 4);
    let searches = answer["searches"].as_array().unwrap();
    assert!(searches.len() > 1);
    for search in searches {
        let bounds = search["bounds"].as_array().unwrap();
        assert!(bounds.contains(&"memory".into()), "{search}");
    }
}

#[test]
fn a_place_for_checkpoints_is_made_only_where_it_belongs() {
    let here = folder();
    for (place, told) in [
        ("nowhere/kept", "no such file or directory"),
        ("fine.json", "this is a file, not a folder"),
    ] {
        let output = jury(here.path())
            .args(["check", "fine.json", "--checkpoint", place])
            .assert()
            .code(2);
        let text = String::from_utf8_lossy(&output.get_output().stderr).to_lowercase();
        assert!(text.contains(told), "{text}");
    }
    assert!(!here.path().join("nowhere").exists());
}

/// A walk whose terminal is gone ends by itself. `script` gives it a terminal, and is killed.
#[cfg(target_os = "linux")]
#[test]
fn a_walk_ends_with_its_terminal() {
    let here = folder();
    jury(here.path())
        .args(["run", "fine.json", "--seed", "1", "--trace", "t.json"])
        .assert()
        .success();
    let exe = env!("CARGO_BIN_EXE_jury");
    // Whoever survives a hangup sees the terminal go.
    let walk = format!("trap '' HUP; echo $$ > pid; exec {exe} replay t.json --step");
    let Ok(mut script) = Process::new("script")
        .args(["-qec", &walk, "/dev/null"])
        .current_dir(here.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
    else {
        return;
    };
    std::thread::sleep(Duration::from_secs(1));
    let pid = fs::read_to_string(here.path().join("pid")).unwrap();
    let process = Path::new("/proc").join(pid.trim());
    assert!(process.exists(), "it walks");
    script.kill().unwrap();
    script.wait().unwrap();
    let ended = (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        let status = fs::read_to_string(process.join("status")).unwrap_or_default();
        status.is_empty() || status.contains("State:\tZ")
    });
    assert!(ended, "it goes on without a terminal");
}

#[test]
fn a_list_names_all_values_and_properties_and_bears_a_bad_file() {
    let here = folder();
    fs::write(here.path().join("broken.json"), "{\"jury\": 1").unwrap();
    jury(here.path())
        .args(["list", "--scenarios", "."])
        .assert()
        .success()
        .stdout(contains("fine.json").and(contains("left out broken.json")));
    jury(here.path())
        .args(["list", "raft"])
        .assert()
        .success()
        .stdout(contains("configurations-overlap").and(contains("One of \"")));
    jury(here.path())
        .args(["matrix", "2pc", "--variant", "nothing"])
        .assert()
        .code(2)
        .stderr(contains("`presumed abort, by role`"));
    let mut scenario = read(here.path(), "fine.json");
    scenario["jury"] = "1".into();
    write(here.path(), "quoted.json", &scenario);
    jury(here.path())
        .args(["run", "quoted.json"])
        .assert()
        .code(2)
        .stderr(contains("write 1 without quotes"));
    scenario["jury"] = 1.into();
    scenario["params"]["participants"] = 300.into();
    write(here.path(), "many.json", &scenario);
    jury(here.path())
        .args(["run", "many.json"])
        .assert()
        .code(2)
        .stderr(contains("a whole number from 1 to 8, found 300"));
}
