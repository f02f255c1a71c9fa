//! What `jury run` draws and tells.

use super::*;

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
        .stdout(contains("Reproduce: jury run wrong.json --seed 1"))
        // There is nothing in it to explain.
        .stdout(contains("Go on from here").not());
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

/// *If nothing fails, all commit* says nothing of it: a late start is a delay beyond any bound.
#[test]
fn who_starts_late_breaks_the_premise_that_nothing_is_late() {
    let here = folder();
    for late in ["P2", "C"] {
        let mut scenario = read(here.path(), "fine.json");
        scenario["run"]["nodes"] = serde_json::json!({ late: { "start-delay": "400ms" } });
        write(here.path(), "late.json", &scenario);
        jury(here.path())
            .args(["run", "late.json"])
            .assert()
            .code(0)
            .stdout(contains("100 ok · as expected").and(contains("The run was not synchronous")));
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
    let (text, _) = interrupted(here.path(), &["run", "endless.json"]);
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

/// Runs that are too long to be drawn unasked are not passed over in silence.
#[test]
fn a_long_run_is_offered() {
    let here = folder();
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/scenarios/raft/initial-election.json"
    );
    let offer = || contains("Runs this long are not drawn unasked. See one: jury run");
    jury(here.path())
        .args(["run", file])
        .assert()
        .code(0)
        .stdout(offer());
    jury(here.path())
        .args(["run", file, "--quiet"])
        .assert()
        .code(0)
        .stdout(offer().not());
}

/// Drawn seeds are told, and what is told can be typed.
#[test]
fn seeds_may_be_drawn() {
    let here = folder();
    let drawn = || {
        let args = ["run", "fine.json", "--seeds", "random:5", "--json"];
        let (code, answer) = json(jury(here.path()).args(args));
        assert_eq!((code, &answer["finished"]), (0, &Value::from(5)));
        answer
    };
    let (answer, other) = (drawn(), drawn());
    assert_ne!(answer["seeds"], other["seeds"]);
    let seeds = answer["seeds"].as_array().unwrap();
    let [first, last] = [&seeds[0], &seeds[1]].map(|seed| seed.as_u64().unwrap());
    assert_eq!(last, first + 4);
    let again = format!("jury run fine.json --seeds {first}..{last}");
    let told = answer["notes"][0].as_str().unwrap();
    assert!(told.ends_with(&again), "{told}");
    let named = format!("{first}..{last}");
    let args = ["run", "fine.json", "--seeds", &named, "--json"];
    let (_, same) = json(jury(here.path()).args(args));
    assert_eq!(same["shown"], answer["shown"]);
    jury(here.path())
        .args(["run", "fine.json", "--seeds", "random:5", "--quiet"])
        .assert()
        .code(0)
        .stdout(contains("Drawn: seeds ").and(contains("--seeds ")));
    for (wrong, advice) in [
        ("random:0", "draws no seeds"),
        ("random:x", "write `random:1000`"),
        ("random:1000001", "more than 1000000 seeds"),
    ] {
        jury(here.path())
            .args(["run", "fine.json", "--seeds", wrong])
            .assert()
            .code(2)
            .stdout("")
            .stderr(contains(advice));
    }
}

#[test]
fn a_seed_that_is_none_gets_advice() {
    let here = folder();
    let seed = |seed: &str, advice: &str| {
        let mut command = jury(here.path());
        let refused = command.args(["run", "fine.json", "--seed", seed]).assert();
        refused.code(2).stderr(contains(advice));
    };
    seed("-1", "write `--seed 1`");
    seed("1..5", "write `--seeds 1..5`");
    seed("one", "write `--seed 7`");
}

/// The answer comes first, and is not lost with a file that cannot be written.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_outlives_a_full_disk() {
    let here = folder();
    jury(here.path())
        .args(["run", "fine.json", "--seed", "1", "--trace", "/dev/full"])
        .assert()
        .code(2)
        .stdout(contains("1 ok"))
        .stderr(contains("cannot write /dev/full"));
    jury(here.path())
        .args(["test", "fine.json", "--junit", "/dev/full"])
        .assert()
        .code(2)
        .stdout(contains("1 scenario: 1 as expected"))
        .stderr(contains("cannot write /dev/full"));
    jury(here.path())
        .args([
            "check",
            "crash.json",
            "--show",
            "non-blocking",
            "--trace",
            "/dev/full",
        ])
        .assert()
        .code(2)
        .stdout(contains("non-blocking"))
        .stderr(contains("cannot write /dev/full"));
}

/// A search at the end of a run that is stopped leaves the run undecided, and says by which limit.
#[test]
fn the_search_at_the_end_of_a_run_has_a_limit() {
    let here = folder();
    let nobody = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/2pc/nobody-knows.json");
    let run = |states: &str| {
        let args = ["--seed", "30", "--json", "--states", states];
        json(jury(here.path()).arg("run").arg(&nobody).args(args))
    };
    let (code, blocked) = run("20000");
    assert_eq!((code, &blocked["shown"]["verdict"]), (0, &"blocked".into()));
    let (_, open) = run("100");
    assert_eq!(open["shown"]["verdict"], "undecided");
    let said = open["shown"]["sentences"].to_string();
    assert!(
        said.contains("left open after 100 worlds: raise `--states`"),
        "{said}"
    );
    // Whoever replays it searches as far.
    jury(here.path())
        .arg("run")
        .arg(&nobody)
        .args([
            "--seed",
            "30",
            "--states",
            "100",
            "--trace",
            "open.json",
            "-q",
        ])
        .assert()
        .code(1);
    jury(here.path())
        .args(["replay", "open.json"])
        .assert()
        .code(0)
        .stdout(contains("as recorded"));
}

/// Raft that ends in the middle of things: what may become of it is more than anybody can search.
const IN_THE_MIDDLE: &str = r#"{
  "jury": 1, "about": "Servers come and go, and it ends.", "protocol": "raft",
  "params": {
    "servers": 5, "snapshot-after": 4,
    "clients": { "clients": 3, "commands": 20, "from": ["put x 1", "get x", "inc x"] }
  },
  "run": {
    "until": "2s", "seeds": "1..4",
    "network": { "loss": [1, 20], "duplicates": [1, 10] },
    "nemesis": { "crash-every": "250ms", "cuts": ["halves"], "cut-every": "300ms", "until": "1900ms" }
  }
}"#;

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_search_at_the_end_of_a_run() {
    let here = folder();
    fs::write(here.path().join("middle.json"), IN_THE_MIDDLE).unwrap();
    let begun = std::time::Instant::now();
    let args = ["run", "middle.json", "--states", "1000000000"];
    let (text, _) = interrupted(here.path(), &args);
    // It waits for 0.7 s first.
    assert!(begun.elapsed() < std::time::Duration::from_secs(3));
    assert!(
        text.contains("whether it is blocked was being searched: interrupted"),
        "{text}"
    );
}

#[test]
fn runs_end_at_their_limits_and_match_no_expectation() {
    let here = folder();
    let mut scenario: Value = serde_json::from_str(IN_THE_MIDDLE).unwrap();
    scenario["expect"] = serde_json::json!({ "run": "ok" });
    write(here.path(), "middle.json", &scenario);
    let args = ["run", "middle.json", "--states", "1000000000", "--all"];
    for (limit, value) in [("time", "300ms"), ("memory", "1MiB")] {
        jury(here.path())
            .args(args)
            .args([format!("--{limit}"), value.to_owned()])
            .assert()
            .code(4)
            .stdout(contains(format!("Out of {limit}: raise `--{limit}`.")));
    }
}

/// A proposer that asks again every nanosecond fills the memory with messages under way.
#[test]
fn a_run_keeps_to_its_memory() {
    let here = folder();
    let text = r#"{
      "jury": 1, "about": "No patience at all.", "protocol": "paxos", "params": { "retry": "1ns" },
      "run": { "until": "1h", "seeds": "1" }
    }"#;
    fs::write(here.path().join("nanosecond.json"), text).unwrap();
    let args = ["run", "nanosecond.json", "--memory", "200MiB", "--json"];
    let (code, answer) = json(jury(here.path()).args(args));
    assert_eq!(code, 4, "{answer}");
    assert_eq!(answer["verdicts"]["memory"], 1, "{answer}");
}

/// A moment may name what is in a message: then others of its kind do not count.
#[test]
fn a_fault_strikes_at_what_is_in_a_message() {
    let here = folder();
    let run = |deliver: &str, code: i32| {
        let text = format!(
            r#"{{ "jury": 1, "about": "x", "protocol": "2pc", "params": {{ "transactions": 2 }},
               "run": {{ "seeds": "1..5", "faults": [
                 {{ "after": {{ "deliver": "{deliver}", "to": "P1" }}, "crash": "C" }} ] }} }}"#
        );
        fs::write(here.path().join("anchor.json"), text).unwrap();
        let (found, answer) =
            json(jury(here.path()).args(["run", "anchor.json", "--all", "--json"]));
        assert_eq!(found, code, "{answer}");
        let run = &answer["runs"][0];
        let crashes = run["facts"]["crashes"][0].as_u64();
        (crashes, run["verdict"].as_str().unwrap().to_owned())
    };
    assert_eq!(run("Prepare(2)", 0).0, Some(1));
    assert_eq!(run("Prepare", 0).0, Some(1));
    assert_eq!(run("Prepare(3)", 1), (Some(0), "unreached".to_owned()));
    fs::write(
        here.path().join("anchor.json"),
        fs::read_to_string(here.path().join("anchor.json"))
            .unwrap()
            .replace("Prepare(3)", "Prepar(1)"),
    )
    .unwrap();
    jury(here.path())
        .args(["run", "anchor.json"])
        .assert()
        .code(2)
        .stderr(contains("there is no kind of message `Prepar`").and(contains("Prepare")));
}

/// An acceptor forgets what it accepted. A run stops where a chosen value is lost, unless it is told that only
/// what learners get counts: then it goes on until two of them differ.
#[test]
fn a_run_may_look_past_a_violation() {
    let here = folder();
    let text = r#"{
      "jury": 1, "about": "x", "protocol": "paxos",
      "params": { "proposers": 3, "retry-with": "next-ballot", "bug": "acceptance-in-memory" },
      "run": {
        "properties": [],
        "schedule": [
          "timeout P1 Propose", "deliver P1 -> A2 Prepare", "deliver P1 -> A3 Prepare",
          "deliver A2 -> P1 Promise", "deliver A3 -> P1 Promise", "timeout P2 Propose",
          "deliver P2 -> A1 Prepare", "deliver P2 -> A2 Prepare", "deliver A1 -> P2 Promise",
          "deliver A2 -> P2 Promise", "deliver P2 -> A1 Accept", "deliver P2 -> A2 Accept",
          "crash A2", "recover A2", "timeout P3 Propose", "deliver P3 -> A2 Prepare",
          "deliver P3 -> A3 Prepare", "deliver A2 -> P3 Promise", "deliver A3 -> P3 Promise",
          "deliver P3 -> A2 Accept", "deliver P3 -> A3 Accept"
        ]
      }
    }"#;
    let mut scenario: Value = serde_json::from_str(text).unwrap();
    let mut run = |properties: Value, trace: &str| {
        scenario["run"]["properties"] = properties;
        write(here.path(), "past.json", &scenario);
        let args = ["run", "past.json", "--json", "--trace", trace];
        let (_, answer) = json(jury(here.path()).args(args));
        let shown = &answer["shown"];
        (shown["property"].clone(), shown["step"].as_u64().unwrap())
    };
    let (first, early) = run(Value::Null, "first.json");
    let (second, late) = run(serde_json::json!(["consistency"]), "second.json");
    assert_ne!(first, second);
    assert_eq!(second, "consistency");
    assert!(early < late, "{early} {late}");
    // Whoever replays it judges by the same.
    jury(here.path())
        .args(["replay", "second.json"])
        .assert()
        .code(0);
    // Or it goes on, and tells of each in its turn.
    scenario["run"]["properties"] = Value::Null;
    write(here.path(), "past.json", &scenario);
    let args = [
        "run",
        "past.json",
        "--go-on",
        "--json",
        "--trace",
        "all.json",
    ];
    let (_, answer) = json(jury(here.path()).args(args));
    let shown = &answer["shown"];
    assert_eq!(shown["step"].as_u64(), Some(early));
    let violated = shown["violated"].as_array().unwrap();
    assert_eq!((&violated[0], violated.last().unwrap()), (&first, &second));
    let told = shown["sentences"].to_string();
    let last = format!("consistency is violated in step {late}: ");
    assert!(told.contains(&last), "{told}");
    jury(here.path())
        .args(["replay", "all.json"])
        .assert()
        .code(0)
        .stdout(contains(last));
    scenario["run"]["properties"] = serde_json::json!(["consistency"]);
    scenario["expect"] = serde_json::json!({ "run": { "violated": "stability" } });
    write(here.path(), "past.json", &scenario);
    jury(here.path())
        .args(["run", "past.json"])
        .assert()
        .code(2)
        .stderr(contains("this property does not count").and(contains("`run.properties`")));
}

/// `try` tells what a scenario is about and draws a picture, also of a run that is long.
#[test]
fn a_trial_tells_the_story_of_a_long_run() {
    let here = TempDir::new().unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/raft/figure-8.json");
    let args = ["try", file, "--width", "80"];
    let output = jury(here.path()).args(args).assert().code(0);
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    assert!(
        text.starts_with("Figure 8 of the Raft paper, (a) to (d)."),
        "{text}"
    );
    assert_eq!(
        text.matches("Figure 8 of the Raft paper").count(),
        1,
        "{text}"
    );
    for told in [
        "overwrites 1:a1",
        "heartbeats",
        "--from A --until B",
        "20 ok",
    ] {
        assert!(text.contains(told), "{told}:\n{text}");
    }
}

/// Where run and check tell of the same property, the picture that takes fewer steps comes first.
#[test]
fn a_trial_draws_the_shorter_picture_first() {
    let here = TempDir::new().unwrap();
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/scenarios/2pc/coordinator-dies-after-prepare.json"
    );
    let output = jury(here.path()).args(["try", file]).assert().code(0);
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    let place = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}:\n{text}"));
    assert!(
        place("json · non-blocking") < place("json · seed 1"),
        "{text}"
    );
    assert!(place("100 blocked") > place("json · seed 1"), "{text}");
}

/// A scenario that is only checked, and in which nothing goes wrong, has a picture of what can be reached.
#[test]
fn a_trial_without_runs_draws_a_witness() {
    let here = TempDir::new().unwrap();
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/scenarios/3pc/one-false-suspicion.json"
    );
    jury(here.path())
        .args(["try", file])
        .assert()
        .code(0)
        .stdout(contains("Nobody dies, and time means nothing").and(contains("all start")));
}

/// A replay is drawn as the run was.
#[test]
fn a_long_replay_is_condensed() {
    let here = TempDir::new().unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/raft/figure-8.json");
    jury(here.path())
        .args(["run", file, "--seed", "1", "--quiet", "--trace", "t.json"])
        .assert()
        .code(0);
    let drawn = contains("heartbeats").and(contains("overwrites 1:a1"));
    jury(here.path())
        .args(["replay", "t.json"])
        .assert()
        .code(0)
        .stdout(drawn.and(contains("replay t.json --from A --until B")));
}

/// All chance comes from the seed: twice here, once in a fresh process.
#[test]
fn the_same_seed_is_the_same_run_everywhere() {
    let here = folder();
    let line = "100 seeds, each twice here and once in a fresh process: the same 100 hashes";
    jury(here.path())
        .args(["run", "fine.json", "--verify"])
        .assert()
        .code(0)
        .stdout(
            contains(line)
                .and(contains("100 ok · as expected"))
                .and(contains("│").not()),
        );
    let args = ["run", "fine.json", "--verify", "--json"];
    let (code, answer) = json(jury(here.path()).args(args));
    assert_eq!((code, &answer["verified"]["same"]), (0, &Value::from(100)));
    assert_eq!(answer["verified"]["first"], Value::Null);
    // It says nothing of verdicts: they are told as ever.
    let mut scenario = read(here.path(), "fine.json");
    scenario["expect"]["run"] = "blocked".into();
    write(here.path(), "wrong.json", &scenario);
    jury(here.path())
        .args(["run", "wrong.json", "--verify"])
        .assert()
        .code(1)
        .stdout(contains("the same 100 hashes").and(contains("Reproduce: jury run")));
}

/// Nothing is said to be the same that was not compared.
#[test]
fn a_limit_on_time_ends_a_verification() {
    let here = folder();
    for time in ["300ms", "1500ms"] {
        let args = ["run", "long.json", "--verify", "--time", time];
        jury(here.path())
            .args(args)
            .assert()
            .code(4)
            .stdout(contains("Out of time").and(contains("the same").not()));
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_verification() {
    let here = folder();
    let (text, _) = interrupted(here.path(), &["run", "long.json", "--verify"]);
    assert!(text.contains("Interrupted."), "{text}");
    assert!(!text.contains("the same"), "{text}");
}

/// Nothing else is printed, whatever is expected.
#[test]
fn hashes_are_lines_of_their_own() {
    let here = folder();
    let (_, answer) = json(jury(here.path()).args(["run", "fine.json", "--all", "--json"]));
    let line = |run: &Value| format!("{} {}\n", run["seed"], run["hash"].as_str().unwrap());
    let lines: String = answer["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(line)
        .collect();
    assert_eq!(lines.lines().count(), 100);
    let mut scenario = read(here.path(), "fine.json");
    scenario["expect"]["run"] = "blocked".into();
    write(here.path(), "wrong.json", &scenario);
    for file in ["fine.json", "wrong.json"] {
        let hashes = jury(here.path()).args(["run", file, "--hashes"]).assert();
        assert_eq!(hashes.get_output().stdout, lines.as_bytes());
        hashes.code(0);
    }
    jury(here.path())
        .args(["run", "long.json", "--hashes", "--time", "300ms"])
        .assert()
        .code(4)
        .stderr(contains("Not all seeds were run: time."));
    for other in ["--verify", "--json", "--all", "--quiet"] {
        jury(here.path())
            .args(["run", "fine.json", "--hashes", other])
            .assert()
            .code(2);
    }
}
