//! Traces: written, replayed, walked through, and refused.

use super::*;

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
}

/// The verdict of a check is held against where its schedule ends. What no single run can show is named.
#[test]
fn the_verdict_of_a_check_is_judged_as_far_as_one_run_shows_it() {
    let here = folder();
    let wrong = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/scenarios/2pc/bugs/uncertain-aborts.json"
    );
    for (file, property, verdict, parts) in [
        ("crash.json", "non-blocking", "can block", 3),
        (wrong, "atomicity", "violated", 2),
        ("crash.json", "commit-possible", "reached", 1),
    ] {
        let show = ["--show", property, "--trace", "c.json"];
        let _ = jury(here.path()).args(["check", file]).args(show).assert();
        let (code, answer) = json(jury(here.path()).args(["replay", "c.json", "--json"]));
        assert_eq!((code, &answer["verdict"]), (0, &"judged in part".into()));
        assert_eq!(answer["as-recorded"].as_array().unwrap().len(), parts);
        jury(here.path())
            .args(["replay", "c.json"])
            .assert()
            .success()
            .stdout(contains("One run cannot show that no schedule is shorter"));
        let trace = read(here.path(), "c.json");
        assert!(
            trace["verdict"]["verdict"]
                .as_str()
                .unwrap()
                .starts_with(verdict)
        );
        for (place, value) in [("verdict", "holds"), ("sentences/0", "All is well.")] {
            let mut edited = trace.clone();
            let Some(place) = edited.pointer_mut(&format!("/verdict/{place}")) else {
                // A witness needs no words.
                assert_eq!(verdict, "reached");
                continue;
            };
            *place = value.into();
            write(here.path(), "edited.json", &edited);
            jury(here.path())
                .args(["replay", "edited.json"])
                .assert()
                .code(1)
                .stdout(contains("verdict differs").and(contains(verdict)));
        }
    }
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
