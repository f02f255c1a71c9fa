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
    for cost in ["seconds", "effort", "checkpoint"] {
        answer.as_object_mut().unwrap().remove(cost);
    }
    answer
}

fn interrupt(child: &Child) {
    let id = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &id]).status();
    assert!(killed.unwrap().success());
}

fn error(output: &Output) -> String {
    // Lines are wrapped for whoever reads them.
    let text = String::from_utf8_lossy(&output.stderr);
    let words: Vec<&str> = text
        .split_whitespace()
        .filter(|word| *word != "│")
        .collect();
    words.join(" ")
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
    interrupt(&child);
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

/// An answer that is out stands, and so does its exit code.
#[test]
fn an_answer_stands_though_its_checkpoints_cannot_be_removed() {
    let here = folder();
    let whole = check(here.path(), &["--json"]).output().unwrap();
    // A folder is removed by no one who removes files.
    fs::create_dir_all(here.path().join("kept/0.checkpoint-part")).unwrap();
    let output = check(here.path(), &KEPT).arg("--json").output().unwrap();
    assert_eq!(output.status.code(), whole.status.code());
    assert_eq!(found(&output), found(&whole));
    assert_eq!(found(&output)["exit-code"], output.status.code().unwrap());
    let error = error(&output);
    assert!(
        error.contains("checkpoints in kept could not be removed"),
        "{error}"
    );
}

#[test]
fn one_check_at_a_time_is_at_work_in_a_folder() {
    let here = folder();
    let whole = check(here.path(), &["--json"]).output().unwrap();
    let mut first = check(here.path(), &KEPT).arg("--json").spawn().unwrap();
    assert!(until_written(here.path(), &mut first));
    let second = check(here.path(), &KEPT).output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    let refusal = error(&second);
    let told = "another check is at work in the checkpoint folder kept";
    assert!(refusal.contains(told), "{refusal}");
    assert!(
        refusal.contains("wait until it is over, or name another folder"),
        "{refusal}"
    );
    // Nothing of it was lost by that; and a kill leaves no lock behind.
    assert!(!checkpoints(here.path()).is_empty());
    first.kill().unwrap();
    first.wait().unwrap();
    let rest = check(here.path(), &KEPT).arg("--json").output().unwrap();
    assert!(error(&rest).contains("Going on from kept."));
    assert_eq!(found(&rest), found(&whole));
    assert!(!here.path().join("kept").exists());
}

/// Whoever comes first, none finds a file damaged, and none takes away what is another's.
#[test]
fn checks_that_begin_at_once_do_not_disturb_each_other() {
    let here = folder();
    let whole = check(here.path(), &["--json"]).output().unwrap();
    let (mut answered, mut refused) = (0, 0);
    for _ in 0..4 {
        let pair = [0, 1].map(|_| check(here.path(), &KEPT).arg("--json").spawn().unwrap());
        for output in pair.map(|child| child.wait_with_output().unwrap()) {
            if output.status.code() == Some(2) {
                let error = error(&output);
                assert!(error.contains("another check is at work"), "{error}");
                refused += 1;
            } else {
                assert_eq!(found(&output), found(&whole));
                answered += 1;
            }
        }
    }
    assert_eq!(answered + refused, 8);
    assert!(answered >= 4, "{refused} were refused");
    assert!(!here.path().join("kept").exists());
}

#[test]
fn a_folder_that_vanishes_is_made_again() {
    let here = folder();
    let whole = check(here.path(), &["--json"]).output().unwrap();
    let mut child = check(here.path(), &KEPT).spawn().unwrap();
    assert!(until_written(here.path(), &mut child));
    fs::remove_dir_all(here.path().join("kept")).unwrap();
    assert!(until_written(here.path(), &mut child));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("it can go on from kept."), "{text}");
    let rest = check(here.path(), &KEPT).arg("--json").output().unwrap();
    assert!(error(&rest).contains("Going on from kept."));
    assert_eq!(found(&rest), found(&whole));
    assert!(!here.path().join("kept").exists());
}

/// What cannot be written is told, in the words of the system, and nothing is promised.
#[test]
fn a_checkpoint_that_cannot_be_written_is_told() {
    let lose = |json: bool| {
        let here = folder();
        fs::create_dir(here.path().join("gone")).unwrap();
        let every = ["--checkpoint", "gone/kept", "--checkpoint-every", "10ms"];
        let mut command = check(here.path(), &every);
        if json {
            command.arg("--json");
        }
        let child = command.spawn().unwrap();
        let begun = Instant::now();
        // It is at work in the folder once there is more than its lock.
        let files = || fs::read_dir(here.path().join("gone/kept")).map_or(0, Iterator::count);
        while files() < 2 {
            assert!(begun.elapsed() < PATIENCE);
            std::thread::sleep(Duration::from_millis(1));
        }
        // A folder in one that is not there is not made.
        fs::remove_dir_all(here.path().join("gone")).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        interrupt(&child);
        child.wait_with_output().unwrap()
    };
    let told = "The last checkpoint could not be written: No such file or directory";
    let text = String::from_utf8(lose(false).stdout).unwrap();
    assert_eq!(text.matches(told).count(), 1, "{text}");
    assert!(!text.contains("go on from"), "{text}");
    let output = lose(true);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        answer["effort"]["notes"][0]
            .as_str()
            .unwrap()
            .starts_with(told)
    );
    assert!(answer.get("checkpoint").is_none());
}

/// Worlds that were to lie on disk stay in memory, and that is told once.
#[test]
fn a_spill_that_fails_is_told() {
    let here = folder();
    let path = here.path().join("slow.json");
    let mut scenario: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    scenario["check"]["faults"] = serde_json::json!({ "crashes": 2, "drops": 2 });
    fs::write(&path, scenario.to_string()).unwrap();
    let told = "Worlds stayed in memory, since no temporary file in /nowhere took them: No such file or directory";
    let large = [
        "--memory",
        "100MiB",
        "--reduce",
        "none",
        "--property",
        "atomicity",
    ];
    let output = check(here.path(), &large)
        .env("TMPDIR", "/nowhere")
        .arg("--json")
        .output();
    let answer: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    let notes = answer["effort"]["notes"].as_array().expect("notes");
    let notes: Vec<_> = notes.iter().filter_map(Value::as_str).collect();
    assert!(
        matches!(notes[..], [note] if note.starts_with(told)),
        "{notes:?}"
    );
    let output = check(here.path(), &large)
        .env("TMPDIR", "/nowhere")
        .output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    assert_eq!(text.matches(told).count(), 1, "{text}");
}

#[test]
fn a_limit_on_worlds_keeps_its_checkpoint_and_a_larger_one_goes_on() {
    let here = folder();
    let limited = |most: &str, more: &[&str]| {
        let limit = ["--states", most, "--json"];
        check(here.path(), &limit).args(more).output().unwrap()
    };
    for most in ["1000", "1000", "50000", "200000"] {
        let whole = limited(most, &[]);
        let output = limited(most, &KEPT);
        assert_eq!(output.status.code(), whole.status.code());
        assert_eq!(found(&output), found(&whole), "{most}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["checkpoint"]["folder"], "kept", "{most}");
        assert!(!checkpoints(here.path()).is_empty());
    }
    let text = check(here.path(), &["--states", "200000"])
        .args(KEPT)
        .output()
        .unwrap();
    assert!(error(&text).contains("Going on from kept."));
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("Go on with a larger --states: jury check slow.json"),
        "{text}"
    );
    let whole = check(here.path(), &["--json"]).output().unwrap();
    let rest = check(here.path(), &KEPT).arg("--json").output().unwrap();
    assert!(error(&rest).contains("Going on from kept."));
    assert_eq!(found(&rest), found(&whole));
    assert!(!here.path().join("kept").exists());
}

#[test]
fn the_flag_that_differs_is_named() {
    let here = folder();
    let stop = ["--states", "20000"];
    check(here.path(), &KEPT).args(stop).output().unwrap();
    assert!(!checkpoints(here.path()).is_empty());
    let cases: [(&[&str], &str); 5] = [
        (
            &["--reduce", "none"],
            "differs in `--reduce` (auto there, none here)",
        ),
        (
            &["--reduce", "lost,no-op"],
            "`--reduce` (auto there, no-op,lost here)",
        ),
        (
            &["--symmetry"],
            "differs in `--symmetry` (auto there, on here)",
        ),
        (
            &["--depth", "7"],
            "differs in depth or `--depth` (unlimited there, 7 here)",
        ),
        (
            &["--property", "atomicity", "--symmetry"],
            "properties or `--property` and `--symmetry` (auto there, on here)",
        ),
    ];
    for (flags, told) in cases {
        let output = check(here.path(), flags).args(KEPT).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let error = error(&output);
        assert!(
            error.contains("another check") && error.contains(told),
            "{error}"
        );
    }
    // These make no difference.
    let same = [
        "--threads",
        "1",
        "--memory",
        "2GiB",
        "--paranoid",
        "--show",
        "none",
    ];
    let output = check(here.path(), &same)
        .args(stop)
        .args(KEPT)
        .output()
        .unwrap();
    assert!(error(&output).contains("Going on from kept."));
}
