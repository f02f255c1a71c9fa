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
    assert!(
        of_trace["go-on"][0]
            .as_str()
            .unwrap()
            .contains("replay t.json")
    );
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
    let wrong: [(&[&str], &str); 8] = [
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
