//! `jury diff`: where two runs part, why, and the two worlds there.

use super::*;

const MISTAKE: &str = "scenarios/2pc/bugs/uncertain-aborts.json";

/// What is told of two runs that part.
fn told(folder: &Path, arguments: &[&str]) -> String {
    let output = jury(folder).arg("diff").args(arguments).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with a mistake, the schedule that it shrinks to, and traces: of two seeds, one of them twice.
fn with_traces() -> TempDir {
    let here = TempDir::new().unwrap();
    fs::copy(root().join(MISTAKE), here.path().join("bug.json")).unwrap();
    let mut commands: Vec<Vec<&str>> = vec![vec![
        "shrink",
        "bug.json",
        "--seed",
        "1",
        "--quiet",
        "-o",
        "small.json",
    ]];
    for (seed, to) in [("7", "7.json"), ("7", "again.json"), ("8", "8.json")] {
        commands.push(vec!["run", "bug.json", "--seed", seed, "--trace", to]);
    }
    for command in commands {
        jury(here.path()).args(command).assert().success();
    }
    here
}

#[test]
fn a_mistake_and_the_honest_protocol_with_the_same_seed() {
    insta::assert_snapshot!("honest", told(root(), &[MISTAKE, "--seed", "7"]));
    // A crash is planned inside the step that goes wrong, and so comes inside another.
    let file = "scenarios/2pc/bugs/commit-before-record.json";
    insta::assert_snapshot!("crash-inside", told(root(), &[file, "--seed", "1"]));
}

#[test]
fn two_seeds_of_a_scenario() {
    let seeds = [MISTAKE, "--seed", "7", "--seed", "8"];
    insta::assert_snapshot!("seeds", told(root(), &seeds));
}

#[test]
fn a_shrunk_scenario_is_told_to_the_honest_protocol() {
    let here = with_traces();
    insta::assert_snapshot!("shrunk", told(here.path(), &["small.json"]));
}

/// It goes as far as the honest protocol can follow.
#[test]
fn a_counterexample_is_told_to_the_honest_protocol() {
    let here = TempDir::new().unwrap();
    let file = root().join("scenarios/raft/bugs/votes-twice.json");
    jury(here.path())
        .args(["check", "--trace", "t.json"])
        .arg(file)
        .assert()
        .success();
    insta::assert_snapshot!("counterexample", told(here.path(), &["t.json"]));
}

#[test]
fn runs_that_are_the_same() {
    let here = with_traces();
    let same = ["diff", "7.json", "again.json"];
    jury(here.path())
        .args(same)
        .assert()
        .code(0)
        .stdout(contains("They are the same, all 8 steps."));
    let (code, answer) = json(jury(here.path()).args(same).arg("--json"));
    assert_eq!((code, &answer["in-common"]), (0, &8.into()));
    assert!(answer["parting"].is_null());
}

#[test]
fn the_same_in_json() {
    let here = with_traces();
    let (code, of_traces) =
        json(jury(here.path()).args(["diff", "7.json", "8.json", "--json", "--with-trace"]));
    assert_eq!(code, 1);
    assert_eq!(of_traces["traces"][1]["origin"]["seed"], 8);
    let (_, of_seeds) =
        json(jury(here.path()).args(["diff", "bug.json", "--seed", "7", "--seed", "8", "--json"]));
    assert_eq!(of_seeds["parting"]["by"], "event");
    assert_eq!(of_seeds["parting"]["nodes"], of_traces["parting"]["nodes"]);
    // A trace has nothing of what was drawn.
    let drawn = |answer: &Value| answer["parting"]["runs"][0]["drawn"].clone();
    assert_eq!(drawn(&of_seeds), "latency of the 1st Prepare on C -> P1");
    assert!(drawn(&of_traces).is_null());
    let (_, of_mistake) = json(jury(here.path()).args(["diff", "small.json", "--json"]));
    assert_eq!(of_mistake["parting"]["by"], "reaction");
    assert_eq!(of_mistake["file"], "small.json");
}

/// One of them is over; one of them has a line that cannot happen.
#[test]
fn a_run_that_is_over_and_one_that_cannot_go_on() {
    let here = TempDir::new().unwrap();
    let tells = |name: &str, lines: &[&str]| {
        let scenario = serde_json::json!({
            "jury": 1, "protocol": "2pc", "params": { "participants": 2 }, "run": { "schedule": lines },
        });
        write(here.path(), name, &scenario);
    };
    tells("one.json", &["timeout C Begin(1)"]);
    tells("two.json", &["timeout C Begin(1)", "crash P1"]);
    tells("no.json", &["timeout C Begin(1)", "recover P1"]);
    let parting = |other: &str| {
        let (code, answer) = json(jury(here.path()).args(["diff", "two.json", other, "--json"]));
        assert_eq!((code, &answer["in-common"]), (1, &1.into()));
        answer["parting"].clone()
    };
    let over = parting("one.json");
    assert_eq!(over["by"], "end");
    assert!(over["why"][0].as_str().unwrap().starts_with("B is over"));
    let cannot = parting("no.json");
    assert_eq!(cannot["by"], "impossible");
    assert_eq!(
        cannot["why"][0],
        "`recover P1` cannot happen in B: P1 is up already."
    );
    jury(here.path())
        .args(["diff", "no.json", "no.json"])
        .assert()
        .code(0);
}

#[test]
fn lines_fit_the_width() {
    let text = told(
        root(),
        &[MISTAKE, "--seed", "7", "--width", "40", "--ascii"],
    );
    let (text, _) = text.split_once("Go on from here").unwrap();
    assert!(text.is_ascii());
    assert!(text.lines().all(|line| line.len() <= 40), "{text}");
}

#[test]
fn what_cannot_be_compared_says_so() {
    let here = with_traces();
    jury(here.path())
        .args(["new", "2pc", "-o", "fine.json"])
        .assert()
        .success();
    jury(here.path())
        .args(["new", "paxos", "-o", "paxos.json"])
        .assert()
        .success();
    let wrong: [(&[&str], &str); 7] = [
        (&["fine.json"], "makes no mistake on purpose"),
        (&["bug.json"], "has more than one run"),
        (&["bug.json", "small.json"], "has more than one run"),
        (&["7.json", "--seed", "1"], "7.json is a trace"),
        (
            &["fine.json", "paxos.json", "--seed", "1"],
            "different protocols: 2pc and paxos",
        ),
        (
            &["bug.json", "--seed", "1", "--seed", "2", "--seed", "3"],
            "more than two runs",
        ),
        (&["missing.json", "7.json"], "missing.json"),
    ];
    for (arguments, advice) in wrong {
        jury(here.path())
            .arg("diff")
            .args(arguments)
            .assert()
            .code(2)
            .stdout("")
            .stderr(contains(advice));
    }
}
