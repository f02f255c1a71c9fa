//! `jury explain`: why a run failed, and how far a goal was come.

use super::*;

/// What is told of a shipped scenario.
fn told(arguments: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = jury(root).arg("explain").args(arguments).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn two_phase_commit_blocks() {
    let file = "scenarios/2pc/coordinator-dies-after-prepare.json";
    insta::assert_snapshot!("2pc-blocks", told(&[file, "--property", "non-blocking"]));
}

#[test]
fn three_phase_commit_is_split_by_a_partition() {
    insta::assert_snapshot!("3pc-splits", told(&["scenarios/3pc/partition.json"]));
}

#[test]
fn two_proposers_and_acceptors_that_forget_their_promise() {
    let file = "scenarios/paxos/bugs/accepts-below-promise.json";
    insta::assert_snapshot!("paxos-chooses-twice", told(&[file]));
}

#[test]
fn figure_8_and_two_votes_in_a_term() {
    let figure_8 = "scenarios/raft/bugs/commits-old-terms.json";
    insta::assert_snapshot!("raft-figure-8", told(&[figure_8]));
    let two_votes = "scenarios/raft/bugs/votes-twice.json";
    insta::assert_snapshot!("raft-votes-twice", told(&[two_votes]));
}

/// Users want to know which bound or which handler it was.
#[test]
fn a_goal_that_is_out_of_reach() {
    let file = "scenarios/paxos/a-majority-down.json";
    insta::assert_snapshot!("paxos-goal", told(&[file, "--property", "choice-possible"]));
    let file = "scenarios/raft/split-vote.json";
    insta::assert_snapshot!(
        "raft-goal",
        told(&[file, "--property", "election-possible"])
    );
}

/// Whatever qualifies the verdict; and where no run comes near, since none is asked for.
#[test]
fn every_property_that_was_not_established_is_explained() {
    let late = "scenarios/2pc/late-votes-presumed-abort.json";
    let told_of = told(&[late, "--property", "commit-possible"]);
    assert!(
        told_of.contains("The run that comes nearest has"),
        "{told_of}"
    );
    let dies = "scenarios/2pc/coordinator-dies-after-prepare.json";
    let told_of = told(&[dies, "--property", "recovers"]);
    assert!(told_of.contains("raise `faults.recoveries`"), "{told_of}");
    assert!(
        told_of.starts_with(&format!("2pc · {dies} · recovers")),
        "{told_of}"
    );
}

/// What is said of a check beside what it found.
#[test]
fn what_stands_in_the_way_is_told_of_the_whole_check() {
    let here = TempDir::new().unwrap();
    let tells = |check: Value, arguments: &[&str], expected: &[&str]| {
        let participants = serde_json::json!({ "participants": 2 });
        let scenario = serde_json::json!({
            "jury": 1, "protocol": "2pc", "params": participants, "check": check,
        });
        write(here.path(), "mine.json", &scenario);
        let (code, answer) = json(
            jury(here.path())
                .args(["explain", "mine.json", "--json"])
                .args(arguments),
        );
        assert_eq!(code, 0);
        let way = answer["goal"]["in-the-way"].to_string();
        for part in expected {
            assert!(way.contains(part), "{part}: {answer:#}");
        }
        answer
    };
    let dies = serde_json::json!({
        "timing": "accurate", "faults": { "crashes": { "C": 1 } },
        "after": ["timeout C Begin(1)", "crash C"],
        "properties": ["commit-possible", "non-blocking"],
    });
    let goal = ["--property", "commit-possible"];
    let used_up = "the events of `after` use up `faults.crashes` of C";
    let answer = tells(dies.clone(), &goal, &[used_up]);
    assert_eq!(answer["go-on"].as_array().map(Vec::len), Some(1));
    // A run says more than that there is none.
    let answer = tells(dies, &[], &[]);
    assert_eq!(answer["property"], "non-blocking");
    assert_eq!(answer["go-on"].as_array().map(Vec::len), Some(2));
    let few = ["--property", "commit-possible", "--states", "2"];
    let large = serde_json::json!({ "timing": "asynchronous" });
    tells(large, &few, &["ran out of states: raise `--states`"]);
}

/// Of several runs that fail the first of those that say most: a violation says more than that nothing is decided yet.
#[test]
fn the_first_run_that_says_most_is_told() {
    let here = TempDir::new().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/2pc/bugs/votes-counted.json");
    let mut scenario = read(Path::new(""), &file.display().to_string());
    let parts = scenario.as_object_mut().unwrap();
    parts.remove("check");
    parts.remove("expect");
    let told = |scenario: &Value| {
        write(here.path(), "mine.json", scenario);
        let (_, answer) = json(jury(here.path()).args(["explain", "mine.json", "--json"]));
        let go_on = answer["go-on"].clone();
        (answer["verdict"].to_string(), go_on)
    };
    scenario["run"]["seeds"] = "3..12".into();
    scenario["run"]["until"] = "12ms".into();
    let (verdict, go_on) = told(&scenario);
    assert!(verdict.contains("violated"), "{verdict}");
    let commands = ["run", "shrink"].map(|verb| format!("jury {verb} mine.json --seed 11"));
    assert_eq!(go_on, serde_json::json!(commands));
    scenario["run"]["seeds"] = "3..10".into();
    let (verdict, go_on) = told(&scenario);
    assert!(verdict.contains("undecided"), "{verdict}");
    // There is nothing to shrink in it.
    assert_eq!(go_on, serde_json::json!(["jury run mine.json --seed 3"]));
}

#[test]
fn a_run_of_a_walk_goes_on_as_one() {
    let here = TempDir::new().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("scenarios/2pc/bugs/late-yes-commits.json");
    fs::copy(file, here.path().join("bug.json")).unwrap();
    let (_, hunted) =
        json(jury(here.path()).args(["hunt", "bug.json", "--strategy", "walk", "--json"]));
    let seed = hunted["finds"][0]["first"]["seed"].to_string();
    let walk = ["--seed", &seed, "--strategy", "walk"];
    let (_, answer) = json(
        jury(here.path())
            .args(["explain", "bug.json", "--json"])
            .args(walk),
    );
    let which = walk.join(" ");
    let commands = ["hunt", "shrink"].map(|verb| format!("jury {verb} bug.json {which}"));
    assert_eq!(answer["go-on"], serde_json::json!(commands));
}

/// The same of a run, of its trace, and in JSON.
#[test]
fn a_run_and_its_trace_are_told_alike() {
    let here = TempDir::new().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("scenarios/2pc/bugs/uncertain-aborts.json");
    fs::copy(file, here.path().join("bug.json")).unwrap();
    let run = ["run", "bug.json", "--seed", "1", "--trace", "t.json"];
    jury(here.path()).args(run).assert().success();
    let (code, of_run) =
        json(jury(here.path()).args(["explain", "bug.json", "--seed", "1", "--json"]));
    assert_eq!(code, 0);
    let (_, of_trace) = json(jury(here.path()).args(["explain", "t.json", "--json"]));
    for part in [
        "story", "summary", "facts", "withheld", "conflict", "mistake",
    ] {
        assert_eq!(of_run[part], of_trace[part], "{part}");
    }
    assert_eq!(of_run["property"], "atomicity");
    assert!(of_run["trace"].is_null());
    let rule = of_run["story"][0]["rule"].as_str().unwrap();
    assert!(rule.starts_with("BHG 7.4, step 1"), "{rule}");
    assert_eq!(of_trace["go-on"], serde_json::json!(["jury replay t.json"]));
    // A trace may begin with a mark, as a scenario may.
    let text = fs::read_to_string(here.path().join("t.json")).unwrap();
    fs::write(here.path().join("marked.json"), format!("\u{feff}{text}")).unwrap();
    let (_, marked) = json(jury(here.path()).args(["explain", "marked.json", "--json"]));
    assert_eq!(of_trace["story"], marked["story"]);
    let (_, of_check) =
        json(jury(here.path()).args(["explain", "bug.json", "--json", "--with-trace"]));
    assert_eq!(of_check["parted-after"], 2);
    assert_eq!(of_check["trace"]["protocol"], "2pc");
    assert_eq!(of_check["others"][0]["property"], "forgets");
}

#[test]
fn what_has_nothing_to_explain_says_so() {
    let here = folder();
    jury(here.path())
        .args(["run", "fine.json", "--seed", "1", "--trace", "t.json"])
        .assert()
        .success();
    fs::write(here.path().join("no-trace.json"), "{ \"jury_trace\": 1 }").unwrap();
    let fine = read(here.path(), "fine.json");
    for (file, missing) in [("run.json", "check"), ("check.json", "run")] {
        let mut part = fine.clone();
        part.as_object_mut().unwrap().remove(missing);
        part.as_object_mut().unwrap().remove("expect");
        write(here.path(), file, &part);
    }
    let wrong: [(&[&str], &str); 11] = [
        (
            &["check.json", "--seed", "1"],
            "check.json has nothing for `random`",
        ),
        (
            &["run.json", "--seed", "1", "--strategy", "walk"],
            "run.json has nothing for `walk`",
        ),
        (
            &["run.json", "--property", "atomicity"],
            "run.json has no `check`",
        ),
        (&["fine.json"], "nothing failed in fine.json"),
        (
            &["fine.json", "--seed", "1"],
            "nothing failed in this run of fine.json",
        ),
        (&["t.json"], "nothing failed in this run of t.json: ok"),
        (&["t.json", "--seed", "1"], "t.json is a trace"),
        (&["no-trace.json"], "no-trace.json is not a trace"),
        (
            &["fine.json", "--property", "atomicty"],
            "did you mean `atomicity`?",
        ),
        (
            &["fine.json", "--property", "validity"],
            "there is nothing to explain: validity holds",
        ),
        (&["missing.json"], "missing.json"),
    ];
    for (arguments, advice) in wrong {
        jury(here.path())
            .arg("explain")
            .args(arguments)
            .assert()
            .code(2)
            .stdout("")
            .stderr(contains(advice));
    }
}

#[test]
fn a_story_that_cannot_happen_is_told_as_far_as_it_goes() {
    let here = TempDir::new().unwrap();
    let scenario = serde_json::json!({
        "jury": 1, "protocol": "2pc", "params": { "participants": 1 },
        "run": { "schedule": ["crash P1", "crash P1"] },
    });
    write(here.path(), "no.json", &scenario);
    jury(here.path())
        .args(["explain", "no.json", "--seed", "1"])
        .assert()
        .code(1)
        .stdout(contains("its story cannot happen"));
    jury(here.path())
        .args(["shrink", "no.json"])
        .assert()
        .code(2)
        .stderr(contains("the story of no.json cannot happen"));
}
