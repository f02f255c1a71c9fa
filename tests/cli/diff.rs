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
    let why = of_traces["parting"]["why"].to_string();
    assert!(
        why.contains("a trace has nothing of what was drawn"),
        "{why}"
    );
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
    // That it could not have gone on later makes no difference.
    tells(
        "later.json",
        &["timeout C Begin(1)", "crash P1", "crash P1"],
    );
    let (_, answer) = json(jury(here.path()).args(["diff", "one.json", "later.json", "--json"]));
    assert_eq!(answer["parting"]["by"], "end");
    // Of a run that is over its last step is shown.
    assert_eq!(answer["go-on"][0], "jury run one.json --from 1");
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

/// A trace in which something was changed, beside the one that it was.
fn edited(here: &Path, edit: impl Fn(&mut Value)) -> Command {
    let mut trace = read(here, "7.json");
    edit(&mut trace);
    write(here, "edited.json", &trace);
    let mut command = jury(here);
    command.args(["diff", "7.json", "edited.json"]);
    command
}

#[test]
fn what_is_no_difference_and_what_is_one() {
    let here = with_traces();
    // The same run, watched for something else.
    let watched = |trace: &mut Value| {
        for step in trace["steps"].as_array_mut().unwrap() {
            step.as_object_mut().unwrap().remove("properties");
        }
    };
    edited(here.path(), watched).assert().code(0);
    // The same in another order.
    let (_, answer) = json(
        edited(here.path(), |trace| {
            let sent = trace["steps"][0]["sent"].as_array_mut().unwrap();
            sent.reverse();
        })
        .arg("--json"),
    );
    let sent = &answer["parting"]["differs"][0];
    assert_eq!(sent["what"], "sent");
    assert_ne!(sent["runs"][0], "nothing");
    // Nothing but a timer.
    let (_, answer) = json(
        edited(here.path(), |trace| {
            trace["steps"][0]["after"]["timers"] = serde_json::json!(["Nap"]);
        })
        .arg("--json"),
    );
    assert_eq!(answer["parting"]["step"], 1);
    assert_eq!(answer["parting"]["nodes"][0]["is-same"], false);
    // Where the state that matters is the same, it is told how else nodes stand; and of much in flight only the first.
    edited(here.path(), |trace| {
        let step = &mut trace["steps"][0];
        step["after"]["status"] = "collecting dust".into();
        let sent = step["sent"].as_array_mut().unwrap();
        let more =
            (0..14).map(|n| serde_json::json!({ "dst": 1, "message": format!("Note({n})") }));
        sent.extend(more);
    })
    .assert()
    .code(1)
    .stdout(contains("collecting dust").and(contains("2 more")));
    // Steps are missing: what is behind them is not compared.
    let gap = |trace: &mut Value| {
        trace["unrecorded"] = serde_json::json!({ "after": 3, "steps": 100 });
    };
    edited(here.path(), gap).assert().code(4).stderr(contains(
        "the same for 3 steps, and are not recorded further",
    ));
}

#[test]
fn who_takes_part_and_what_is_cut() {
    let here = TempDir::new().unwrap();
    let tells = |name: &str, participants: u32, lines: &[&str]| {
        let scenario = serde_json::json!({
            "jury": 1, "protocol": "2pc", "params": { "participants": participants },
            "run": { "schedule": lines },
        });
        write(here.path(), name, &scenario);
    };
    let parting = |one: &str, other: &str| {
        let (_, answer) = json(jury(here.path()).args(["diff", one, other, "--json"]));
        answer["parting"].clone()
    };
    let cut = "cut {C} | {P1, P2}";
    let heal = "heal {C} | {P1, P2}";
    tells("heals.json", 2, &[cut, heal, "crash P1"]);
    tells("other.json", 2, &[cut, heal, "crash P2"]);
    tells("lasts.json", 2, &[cut, "crash P1"]);
    tells("more.json", 3, &[cut.replace("P2", "P2, P3").as_str()]);
    let cuts = |parting: &Value| {
        (
            parting["cuts"]["both"].clone(),
            parting["cuts"]["only"].clone(),
        )
    };
    let none = serde_json::json!([]);
    let neither = serde_json::json!([[], []]);
    assert_eq!(
        cuts(&parting("heals.json", "other.json")),
        (none.clone(), neither)
    );
    let only = serde_json::json!([[], ["{C} | {P1, P2}"]]);
    assert_eq!(cuts(&parting("heals.json", "lasts.json")), (none, only));
    let more = parting("heals.json", "more.json");
    assert_eq!(
        (&more["by"], &more["differs"][0]["what"]),
        (&"start".into(), &"nodes".into())
    );
    assert!(more["nodes"][3]["runs"][0].is_null());
}

#[test]
fn a_mistake_may_make_no_difference() {
    let here = TempDir::new().unwrap();
    let mut scenario = read(Path::new(""), &root().join(MISTAKE).display().to_string());
    scenario["run"] = serde_json::json!({ "seeds": "1..9" });
    let parts = scenario.as_object_mut().unwrap();
    parts.remove("expect");
    write(here.path(), "mine.json", &scenario);
    jury(here.path())
        .args(["diff", "mine.json", "--seed", "1"])
        .assert()
        .code(0)
        .stdout(contains("The mistake makes no difference in this run."));
    // Nothing failed: nothing is to be explained.
    let (_, answer) = json(jury(here.path()).args(["diff", "mine.json", "--seed", "1", "--json"]));
    let commands = serde_json::json!(["jury run mine.json --seed 1 --from 1"]);
    assert_eq!(answer["go-on"], commands);
    // Runs that are hunted for are drawn again by hunting, and each command is told once.
    let walks = [
        "diff",
        "mine.json",
        "--seed",
        "3",
        "--seed",
        "3",
        "--strategy",
        "walk",
        "--json",
    ];
    let (_, answer) = json(jury(here.path()).args(walks));
    let commands = answer["go-on"].as_array().unwrap();
    assert_eq!(commands[0], "jury hunt mine.json --seed 3 --strategy walk");
    assert!(commands[1..].iter().all(|command| *command != commands[0]));
    // A scenario of one run has others, by other seeds.
    scenario["run"]["seeds"] = "4..4".into();
    write(here.path(), "one.json", &scenario);
    let (_, answer) = json(jury(here.path()).args(["diff", "one.json", "--seed", "5", "--json"]));
    assert!(
        answer["runs"][0]
            .as_str()
            .unwrap()
            .starts_with("one.json, seed 5")
    );
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
    let mut run = read(here.path(), "fine.json");
    run.as_object_mut().unwrap().remove("check");
    run.as_object_mut().unwrap().remove("expect");
    write(here.path(), "run.json", &run);
    let wrong: [(&[&str], &str); 8] = [
        (
            &["run.json", "run.json", "--seed", "1", "--strategy", "walk"],
            "run.json has nothing for `walk`",
        ),
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
