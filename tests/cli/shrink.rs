//! `jury shrink`, `--keep` and `jury replay --scenario`: from a run that fails to a scenario.

use super::*;

fn shipped(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    root.join(name).display().to_string()
}

/// The numbers of a line about time are those of the machine.
fn without_time(text: &str) -> String {
    let lines = text.lines().map(|line| match line.rfind(" in ") {
        Some(at) if line.contains("by leaving out") => line[..at].to_owned(),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A scenario that was written is green, and says why it fails.
fn is_green(here: &Path, file: &str) -> Value {
    jury(here).args(["test", file]).assert().success();
    let scenario = read(here, file);
    assert!(
        scenario["about"]
            .as_str()
            .is_some_and(|about| about.len() > 20)
    );
    scenario
}

#[test]
fn a_long_run_becomes_a_short_scenario() {
    let here = TempDir::new().unwrap();
    let file = shipped("raft/bugs/votes-twice.json");
    let output = jury(here.path())
        .args(["shrink", &file, "--seed", "63", "-o", "small.json"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout)
        .unwrap()
        .replace(&file, "votes-twice.json");
    insta::assert_snapshot!("votes-twice-shrunk", without_time(&text));
    let scenario = is_green(here.path(), "small.json");
    assert_eq!(
        scenario["run"]["schedule"].as_array().map(Vec::len),
        Some(5)
    );
    assert_eq!(scenario["params"]["servers"], 2);
    let about = scenario["about"].as_str().unwrap();
    assert!(about.contains("The mistake: "), "{about}");
    // Nothing is replaced unasked.
    jury(here.path())
        .args(["shrink", &file, "--seed", "63", "-o", "small.json"])
        .assert()
        .code(2)
        .stderr(contains("--force"));
    // Without the mistake it does not fail.
    let mut honest = scenario;
    honest["params"].as_object_mut().unwrap().remove("bug");
    write(here.path(), "honest.json", &honest);
    jury(here.path())
        .args(["test", "honest.json"])
        .assert()
        .code(1);
}

#[test]
fn the_same_on_any_number_of_cores() {
    let here = TempDir::new().unwrap();
    let file = shipped("raft/bugs/truncates-always.json");
    let with = |threads: &str| {
        let mut command = jury(here.path());
        command.env("RAYON_NUM_THREADS", threads);
        let (code, mut answer) = json(command.args(["shrink", &file, "--seed", "50", "--json"]));
        assert_eq!(code, 0);
        answer["seconds"] = 0.into();
        answer
    };
    let one = with("1");
    assert_eq!(one, with("5"));
    assert_eq!(one["before"]["events"], 51);
    assert!(one["deleted-to"]["events"].as_u64() <= Some(14));
    assert_eq!(one["scenario"]["protocol"], "raft");
}

#[test]
fn any_strategy_and_any_trace_of_a_failure_will_do() {
    let here = TempDir::new().unwrap();
    let file = shipped("2pc/bugs/late-yes-commits.json");
    let walk = [
        "shrink",
        &file,
        "--seed",
        "1",
        "--strategy",
        "walk",
        "--json",
    ];
    let (_, first) = json(jury(here.path()).args(["hunt", &file, "--strategy", "walk", "--json"]));
    let seed = first["finds"][0]["first"]["seed"].to_string();
    let typed = walk.map(|word| if word == "1" { seed.as_str() } else { word });
    let (code, answer) = json(jury(here.path()).args(typed));
    assert_eq!(code, 0, "{answer:#}");
    // The counterexample of a check is the shortest already.
    let check = shipped("3pc/partition.json");
    jury(here.path())
        .args([
            "check",
            &check,
            "--property",
            "atomicity",
            "--trace",
            "t.json",
        ])
        .assert()
        .code(0);
    let (code, answer) = json(jury(here.path()).args(["shrink", "t.json", "--json"]));
    assert_eq!(code, 0, "{answer:#}");
    assert_eq!(answer["report"]["property"], "atomicity");
    assert_eq!(answer["report"]["standing"], "outside the assumptions");
}

#[test]
fn without_a_seed_the_shortest_of_the_scenario_is_taken() {
    let here = TempDir::new().unwrap();
    let file = shipped("2pc/coordinator-dies-after-prepare.json");
    jury(here.path())
        .args(["shrink", &file, "-q"])
        .assert()
        .success()
        .stdout(contains("P1 is blocked").and(contains("2 nodes")));
    // A schedule is one run, whatever the seed: so does who explains it name it.
    let small = ["shrink", &file, "-q", "-o", "small.json"];
    // It is over where it blocks.
    let goes_on = contains("--go-on");
    jury(here.path())
        .args(small)
        .assert()
        .success()
        .stdout(contains("jury run small.json").and(goes_on.not()));
    let (_, answer) =
        json(jury(here.path()).args(["shrink", "small.json", "--seed", "1", "--json"]));
    assert_eq!(answer["before"], answer["deleted-to"]);
    assert!(answer["report"]["trace"].is_null());
    // Of several that are violated it is the shortest.
    let mut scenario = read(Path::new(""), &shipped("2pc/bugs/votes-counted.json"));
    scenario["run"]["seeds"] = "2..30".into();
    write(here.path(), "mine.json", &scenario);
    let keeps = ["shrink", "mine.json", "-q", "--keep", "kept"];
    jury(here.path())
        .args(keeps)
        .assert()
        .success()
        .stdout(contains("seed 24 of mine.json: from 5 events"))
        .stdout(contains("Write it as a scenario").not());
}

/// Nor does what is left lean on another assumption: without clocks no cut would be needed.
#[test]
fn no_other_assumption_is_broken_than_before() {
    let here = TempDir::new().unwrap();
    let file = shipped("3pc/partition.json");
    let (_, answer) = json(jury(here.path()).args(["shrink", &file, "--json"]));
    let broken = &answer["report"]["broken-assumptions"];
    assert_eq!(*broken, serde_json::json!(["no cut"]));
}

#[test]
fn what_does_not_fail_cannot_be_shrunk() {
    let here = folder();
    jury(here.path())
        .args(["shrink", "fine.json", "--seed", "1"])
        .assert()
        .code(2)
        .stderr(contains("nothing fails in it"));
    jury(here.path())
        .args(["shrink", "fine.json"])
        .assert()
        .code(2)
        .stderr(contains("no seed that fails").and(contains("jury hunt")));
    jury(here.path())
        .args(["shrink", "fine.json", "--seed", "1", "--strategy", "swarm"])
        .assert()
        .code(2)
        .stderr(contains("nothing for `swarm`"));
    jury(here.path())
        .args(["run", "fine.json", "--seed", "1", "--trace", "t.json"])
        .assert()
        .success();
    jury(here.path())
        .args(["shrink", "t.json", "--seed", "2"])
        .assert()
        .code(2)
        .stderr(contains("is a trace"));
    let mut trace = read(here.path(), "t.json");
    trace["unrecorded"] = serde_json::json!({ "after": 3, "steps": 100 });
    write(here.path(), "long.json", &trace);
    jury(here.path())
        .args(["shrink", "long.json"])
        .assert()
        .code(2)
        .stderr(contains("its trace lacks steps"));
    jury(here.path())
        .args(["shrink", "absent.json"])
        .assert()
        .code(2)
        .stderr(contains("absent.json"));
}

#[test]
fn what_fails_is_kept() {
    let here = TempDir::new().unwrap();
    let mut scenario = read(Path::new(""), &shipped("2pc/bugs/votes-counted.json"));
    scenario.as_object_mut().unwrap().remove("expect");
    scenario["run"]["nodes"] = serde_json::json!({ "C": { "drift-ppm": 1000 } });
    write(here.path(), "mine.json", &scenario);
    let (code, answer) =
        json(jury(here.path()).args(["run", "mine.json", "--keep", "kept", "--json"]));
    assert_eq!(code, 1);
    let kept = answer["kept"].as_str().expect("it was kept").to_owned();
    let scenario = is_green(here.path(), &kept);
    // It needs no clock, and so none that drifts.
    assert!(scenario["run"]["nodes"].is_null());
    // What is as by default is not said.
    let told: Vec<&String> = scenario["params"].as_object().unwrap().keys().collect();
    assert!(!told.iter().any(|key| *key == "start"), "{told:?}");
    // What is there is not written twice.
    let (_, again) = json(jury(here.path()).args(["run", "mine.json", "--keep", "kept", "--json"]));
    assert_eq!(again["kept"], kept.as_str());
    // What is another stays.
    let mut other = read(here.path(), &kept);
    other["about"] = "Mine, and I want to have it as it is.".into();
    write(here.path(), &kept, &other);
    let (_, again) = json(jury(here.path()).args(["run", "mine.json", "--keep", "kept", "--json"]));
    let name = again["kept"].as_str().expect("it was kept");
    assert_eq!(name, kept.replace(".json", "-2.json"));
    assert_eq!(read(here.path(), &kept), other);
    let (_, hunted) = json(jury(here.path()).args([
        "hunt",
        "mine.json",
        "--seeds",
        "1..400",
        "--keep",
        "hunted",
        "--json",
    ]));
    let kept = hunted["kept"].as_array().expect("they were kept");
    assert!(!kept.is_empty());
    for file in kept {
        is_green(here.path(), file.as_str().unwrap());
    }
    jury(here.path())
        .args([
            "run",
            &shipped("2pc/happy-path.json"),
            "--keep",
            "none",
            "-q",
        ])
        .assert()
        .success()
        .stderr(contains("no run went against"));
}

#[test]
fn a_trace_becomes_a_scenario_that_comes_to_the_same() {
    let here = TempDir::new().unwrap();
    let run = shipped("2pc/coordinator-dies-after-prepare.json");
    jury(here.path())
        .args(["run", &run, "--seed", "3", "--trace", "run.json", "-q"])
        .assert()
        .success();
    jury(here.path())
        .args(["replay", "run.json", "--scenario", "same.json"])
        .assert()
        .success()
        .stdout(contains("Written as a scenario to same.json"));
    let scenario = is_green(here.path(), "same.json");
    assert_eq!(scenario["expect"]["run"], "blocked");
    assert!(
        scenario["run"]["schedule"][0]
            .as_str()
            .unwrap()
            .contains("ms ")
    );
    // Of a check: what only blocks while no timer fires that awaits the living is told so.
    let check = shipped("tree-2pc/bugs/keeps-decision.json");
    jury(here.path())
        .args([
            "check",
            &check,
            "--property",
            "non-blocking",
            "--trace",
            "check.json",
        ])
        .assert()
        .code(0);
    jury(here.path())
        .args(["replay", "check.json", "--scenario", "blocks.json"])
        .assert()
        .success();
    let scenario = is_green(here.path(), "blocks.json");
    assert_eq!(scenario["run"]["timing"], "accurate");
    assert_eq!(scenario["expect"]["run"], "blocked");
    jury(here.path())
        .args(["shrink", "check.json", "-o", "small.json"])
        .assert()
        .success();
    let scenario = is_green(here.path(), "small.json");
    assert_eq!(scenario["run"]["timing"], "accurate");
    // Such a run replays as any.
    jury(here.path())
        .args(["run", "small.json", "--trace", "small-run.json", "-q"])
        .assert()
        .success();
    jury(here.path())
        .args(["replay", "small-run.json"])
        .assert()
        .success()
        .stdout(contains("as recorded").and(contains("awaits somebody who is up")));
    jury(here.path())
        .args(["replay", "check.json", "--scenario", "blocks.json"])
        .assert()
        .code(2)
        .stderr(contains("exists already"));
}

#[test]
#[cfg(unix)]
fn whoever_is_interrupted_has_the_smallest_so_far() {
    let here = TempDir::new().unwrap();
    let mut scenario = read(Path::new(""), &shipped("hunt/raft-single.json"));
    scenario["params"]["bug"] = "defends-for-ever".into();
    scenario.as_object_mut().unwrap().remove("expect");
    write(here.path(), "slow.json", &scenario);
    // On a slow machine it is interrupted before it was told once.
    let (text, errors) = interrupted(here.path(), &["shrink", "slow.json", "--seed", "19", "-q"]);
    let has = |part: &str| text.contains(part) || errors.contains(part);
    assert!(
        has("It had to end early") || has("Nothing was shrunk"),
        "{text}"
    );
}
