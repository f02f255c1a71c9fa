//! The command line, from outside: help, exit codes, closed pipes, interrupts, outputs.

#![cfg(feature = "cli")]

mod answers;
mod budgets;
mod check;
mod checkpoint;
mod diff;
mod explain;
mod family;
mod hunt;
mod matrix;
mod page;
mod replay;
mod run;
mod shrink;
mod story;
mod suite;

use std::fs;
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::OnceLock;
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
    let value: Value = serde_json::from_slice(&output.stdout).expect("standard output is JSON");
    // A schema is no answer.
    if value.get("$schema").is_none() {
        keeps_to_its_schema(&value);
    }
    (output.status.code().unwrap(), value)
}

/// Every answer that a test looks at is as `jury schema --answers` describes it.
fn keeps_to_its_schema(answer: &Value) {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    let schema = SCHEMA.get_or_init(|| {
        let output = jury(Path::new(".")).args(["schema", "--answers"]).output();
        let schema = serde_json::from_slice(&output.unwrap().stdout).expect("a schema is JSON");
        jsonschema::validator_for(&schema).expect("a good schema")
    });
    if !schema.is_valid(answer) {
        let wrong: Vec<_> = schema.iter_errors(answer).map(|e| e.to_string()).collect();
        panic!("{wrong:?}\n{answer:#}");
    }
}

/// What is told on both outputs by who is interrupted at work. Nothing is established then.
#[cfg(unix)]
fn interrupted(folder: &Path, args: &[&str]) -> (String, String) {
    let child = Process::new(env!("CARGO_BIN_EXE_jury"))
        .args(args)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    // What comes right after the first is the same wish, as `timeout` expresses it.
    for _ in 0..2 {
        let killed = Process::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
    }
    let output = child.wait_with_output().unwrap();
    let [text, errors] = [output.stdout, output.stderr].map(|o| String::from_utf8(o).unwrap());
    assert_eq!(output.status.code(), Some(4), "{text}");
    (text, errors)
}

#[test]
fn help_of_every_command_has_examples() {
    let here = TempDir::new().unwrap();
    let commands = [
        "try",
        "run",
        "check",
        "test",
        "explain",
        "diff",
        "shrink",
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
fn a_closed_pipe_changes_no_answer() {
    let here = folder();
    for (arguments, code) in [
        (vec!["schema"], 0),
        (vec!["run", "fine.json", "--all"], 0),
        (vec!["list", "2pc"], 0),
        (vec!["check", "crash.json"], 1),
        (vec!["check", "crash.json", "--json"], 1),
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
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn no_line_of_a_list_is_wider_than_the_page() {
    let here = folder();
    fs::create_dir(here.path().join("scenarios")).unwrap();
    fs::copy(
        here.path().join("fine.json"),
        here.path().join("scenarios/fine.json"),
    )
    .unwrap();
    for protocol in ["2pc", "raft", "paxos-commit", "multi-paxos"] {
        let listed = jury(here.path()).args(["list", protocol]).assert().code(0);
        let listed = String::from_utf8_lossy(&listed.get_output().stdout).into_owned();
        let widest = listed.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(100), "{protocol}: {widest:?}");
    }
    jury(here.path())
        .arg("list")
        .assert()
        .code(0)
        .stdout(contains("2pc  scenarios (1)"));
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
