//! `jury check --checkpoint` from outside: kills, interrupts, wrong and damaged checkpoints.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::PATIENCE;

fn check(folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jury"));
    command
        .current_dir(folder)
        .args(["check", "slow.json"])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

const KEPT: [&str; 4] = ["--checkpoint", "kept", "--checkpoint-every", "50ms"];

/// A folder with a scenario that takes some seconds.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let new = Command::new(env!("CARGO_BIN_EXE_jury"))
        .current_dir(folder.path())
        .args(["new", "2pc", "-o", "slow.json"])
        .output();
    assert!(new.unwrap().status.success());
    let path = folder.path().join("slow.json");
    let mut scenario: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    scenario["params"]["participants"] = 4.into();
    scenario["check"]["timing"] = "asynchronous".into();
    scenario["check"]["bounds"]["copies"] = 1.into();
    scenario["check"]["faults"] = serde_json::json!({ "crashes": 1, "drops": 1 });
    fs::write(&path, scenario.to_string()).unwrap();
    folder
}

/// What a check found, without what it cost.
fn found(output: &Output) -> Value {
    let mut answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for cost in ["seconds", "effort"] {
        answer.as_object_mut().unwrap().remove(cost);
    }
    answer
}

/// The checkpoints that are there, with their lengths.
fn checkpoints(folder: &Path) -> Vec<(PathBuf, u64, std::time::SystemTime)> {
    let Ok(entries) = fs::read_dir(folder.join("kept")) else {
        return Vec::new();
    };
    // What is renamed in this moment is not there.
    let file = |entry: fs::DirEntry| {
        let about = entry.metadata().ok()?;
        Some((entry.path(), about.len(), about.modified().ok()?))
    };
    let mut files: Vec<_> = entries.filter_map(|e| file(e.ok()?)).collect();
    files.retain(|(path, ..)| path.extension().is_some_and(|e| e == "checkpoint"));
    files.sort();
    files
}

/// Waits until a check has written something; whether it has, and still runs.
fn until_written(folder: &Path, child: &mut Child) -> bool {
    let before = checkpoints(folder);
    let begun = Instant::now();
    while checkpoints(folder) == before {
        assert!(begun.elapsed() < PATIENCE, "no checkpoint is written");
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    child.try_wait().unwrap().is_none()
}

#[test]
fn a_check_that_is_killed_again_and_again_finds_the_same() {
    let here = folder();
    let whole = check(here.path(), &["--json"]).output().unwrap();
    let mut killed = 0;
    for wait in [0, 40, 7, 130, 61, 300, 15] {
        let mut child = check(here.path(), &KEPT).spawn().unwrap();
        if !until_written(here.path(), &mut child) {
            child.wait().unwrap();
            continue;
        }
        std::thread::sleep(Duration::from_millis(wait));
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            killed += 1;
        }
        child.wait().unwrap();
    }
    assert!(killed >= 3, "only {killed} kills hit");
    let rest = check(here.path(), &KEPT).arg("--json").output().unwrap();
    assert_eq!(found(&rest), found(&whole));
    assert!(!here.path().join("kept").exists());
}

#[test]
fn an_interrupt_says_how_to_go_on() {
    let here = folder();
    let whole = check(here.path(), &["--json"]).output().unwrap();
    let mut child = check(here.path(), &KEPT).spawn().unwrap();
    assert!(until_written(here.path(), &mut child));
    let interrupted = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupted.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    let text = String::from_utf8(output.stdout).unwrap();
    let command = "jury check slow.json --checkpoint kept --checkpoint-every 50ms";
    let go_on = format!("it can go on from kept. Go on with: {command}");
    assert!(text.contains(&go_on), "{text}");

    let stopped = check(here.path(), &["--time", "1ms", "--json"])
        .args(KEPT)
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&stopped.stdout).unwrap();
    assert_eq!(answer["checkpoint"]["folder"], "kept");
    assert_eq!(answer["exit-code"], 4);

    // Another question is not answered from it.
    let other = check(here.path(), &["--property", "atomicity"])
        .args(KEPT)
        .output()
        .unwrap();
    assert_eq!(other.status.code(), Some(2));
    let error = String::from_utf8(other.stderr).unwrap();
    assert!(error.contains("another check"), "{error}");
    assert!(error.contains("properties"), "{error}");

    let rest = check(here.path(), &KEPT).arg("--json").output().unwrap();
    assert!(String::from_utf8_lossy(&rest.stderr).contains("Going on from kept."));
    assert_eq!(found(&rest), found(&whole));
    assert!(!here.path().join("kept").exists());
}

#[test]
fn a_damaged_checkpoint_is_an_error() {
    let here = folder();
    let stop = ["--time", "300ms"];
    check(here.path(), &KEPT).args(stop).output().unwrap();
    let files = checkpoints(here.path());
    assert!(!files.is_empty());
    let file = &files[0].0;
    let whole = fs::read(file).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    for bytes in [&flipped[..], &whole[..whole.len() / 2], b"", b"{}"] {
        fs::write(file, bytes).unwrap();
        let output = check(here.path(), &KEPT).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            error.contains("is damaged") && error.contains("delete this file"),
            "{error}"
        );
    }
    let mut newer = whole.clone();
    newer[8] += 1;
    let format = format!("have format {}", newer[8]);
    fs::write(file, newer).unwrap();
    let output = check(here.path(), &KEPT).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains(&format), "{error}");
}

#[test]
fn other_engines_keep_none() {
    let here = folder();
    let output = check(here.path(), &["--engine", "plain"])
        .args(KEPT)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!here.path().join("kept").exists());
    let output = check(here.path(), &["--checkpoint-every", "1s"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

/// Worlds and verdicts in a checkpoint are of the program that wrote it.
#[test]
fn another_program_does_not_go_on() {
    let here = folder();
    let stop = ["--time", "300ms"];
    check(here.path(), &KEPT).args(stop).output().unwrap();
    assert!(!checkpoints(here.path()).is_empty());
    let other = here.path().join("jury");
    let mut bytes = fs::read(env!("CARGO_BIN_EXE_jury")).unwrap();
    // What is behind its end changes nothing in what it does.
    bytes.push(0);
    fs::copy(env!("CARGO_BIN_EXE_jury"), &other).unwrap();
    fs::write(&other, bytes).unwrap();
    let output = Command::new(&other)
        .current_dir(here.path())
        .args(["check", "slow.json"])
        .args(KEPT)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("another check") && error.contains("program"),
        "{error}"
    );
}
