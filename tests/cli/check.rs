//! What `jury check` tells, refuses and leaves behind.

use super::*;

#[test]
fn a_check_tells_verdicts_and_draws_the_shortest_schedule() {
    let here = folder();
    jury(here.path())
        .args(["check", "fine.json"])
        .assert()
        .code(0)
        .stdout(contains("non-blocking").and(contains("as expected")));
    jury(here.path())
        .args(["check", "crash.json"])
        .assert()
        .code(1)
        .stdout(contains("can block outside the assumptions").and(contains("1 crash")));
    let (code, answer) = json(jury(here.path()).args(["check", "crash.json", "--json"]));
    assert_eq!(code, 1);
    assert_eq!(answer["exit-code"], 1);
    assert_eq!(answer["properties"][0]["property"], "atomicity");
    assert!(answer["effort"]["seconds"].is_number());
}

#[test]
fn a_check_that_reaches_a_limit_establishes_nothing() {
    let here = folder();
    for limit in [
        ["--states", "100"],
        ["--time", "300ms"],
        ["--memory", "5MiB"],
    ] {
        if limit[0] == "--memory" && !cfg!(target_os = "linux") {
            continue;
        }
        let word = limit[0].trim_start_matches("--");
        jury(here.path())
            .args(["check", "long.json", "--property", "atomicity"])
            .args(limit)
            .assert()
            .code(4)
            .stdout(contains(format!("holds within bounds: {word}")));
    }
}

/// The process may hold a fifth more than it was allowed, and a few MiB that no search can help.
#[cfg(target_os = "linux")]
#[test]
fn a_check_ends_before_it_holds_much_more_than_it_may() {
    let here = folder();
    let mut scenario = read(here.path(), "long.json");
    scenario["params"]["participants"] = 4.into();
    scenario["check"]["timing"] = "asynchronous".into();
    write(here.path(), "large.json", &scenario);
    let (code, answer) =
        json(jury(here.path()).args(["check", "large.json", "--memory", "32MiB", "--json"]));
    assert_eq!(code, 4);
    assert_eq!(answer["searches"][0]["bounds"][0], "memory");
    assert!(answer["searches"][0]["distinct"].as_u64().unwrap() > 100_000);
    let held = answer["effort"]["memory-peak"].as_u64().unwrap();
    assert!(held < (32 + 32 / 5 + 4) << 20, "{held}");
}

#[test]
fn the_second_engine_agrees() {
    let here = folder();
    jury(here.path())
        .args([
            "check",
            "crash.json",
            "--engine",
            "stateright",
            "--property",
            "atomicity",
        ])
        .assert()
        .code(0)
        .stdout(contains("stateright engine"));
    // What it cannot judge, it does not pass.
    jury(here.path())
        .args(["check", "fine.json", "--engine", "stateright"])
        .assert()
        .code(4)
        .stdout(contains("not established").and(contains("not judged by this engine")));
    let (code, answer) = json(jury(here.path()).args([
        "check",
        "fine.json",
        "--engine",
        "stateright",
        "--property",
        "non-blocking",
        "--json",
    ]));
    assert_eq!(code, 4);
    assert_eq!(answer["not-judged"][0], "non-blocking");
}

/// The verdict says that worlds were taken together; and who names nodes where it must not is told.
#[test]
fn a_check_tells_whose_names_made_no_difference() {
    let folder = folder();
    let mut scenario = read(folder.path(), "crash.json");
    let check = |flags: &[&str]| {
        let mut command = jury(folder.path());
        command
            .args(["check", "crash.json", "--symmetry"])
            .args(flags);
        command
    };
    // The coordinator asks one participant after the other, and may crash in between.
    let named = contains("node symmetry is broken").and(contains("the handler of C"));
    check(&[]).assert().code(2).stderr(named);
    scenario["check"]["faults"]["inside-handlers"] = false.into();
    write(folder.path(), "crash.json", &scenario);
    let sentence =
        "node symmetry of {P1, P2, P3}: distinct worlds are orbits; preserves all verdicts";
    check(&[]).assert().stdout(contains(sentence));
    let (_, answer) = json(&mut check(&["--json"]));
    // Each search has a time of its own.
    let searches = answer["searches"].as_array().expect("a list").len();
    let seconds = answer["effort"]["search-seconds"].as_array();
    assert_eq!(seconds.expect("a list").len(), searches);
    assert_eq!(answer["searches"][0]["symmetry"], sentence);
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_cleanly_and_tells_what_is_known() {
    let here = folder();
    for command in ["check", "run", "try"] {
        let (text, errors) = interrupted(here.path(), &[command, "long.json"]);
        assert!(text.contains("not established"), "{text}");
        assert!(text.to_lowercase().contains("interrupted"), "{text}");
        if command == "try" {
            assert!(errors.contains("not checked"), "{errors}");
            assert!(!text.contains("Allowed:"), "{text}");
        }
    }
}

#[test]
fn a_search_tells_what_it_left_out() {
    let here = folder();
    let mut scenario = read(here.path(), "fine.json");
    scenario["check"]["timing"] = "asynchronous".into();
    scenario["check"]["faults"]["drops"] = 1.into();
    scenario["check"]["bounds"] = serde_json::json!({ "copies": 1 });
    scenario.as_object_mut().unwrap().remove("expect");
    write(here.path(), "lossy.json", &scenario);
    let check = |reduce: &[&str]| {
        let arguments = ["check", "lossy.json", "--property", "atomicity"];
        let mut command = jury(here.path());
        command.args(arguments).args(reduce);
        command
    };
    let told = "Reduced by lost: what is lost is never delivered; keeps always and reachable.";
    check(&[])
        .assert()
        .code(0)
        .stdout(contains("search 1, reduced").and(contains(told)));
    check(&["--reduce", "none"])
        .assert()
        .code(0)
        .stdout(contains("educed").not());
    let search = |reduce: &[&str]| {
        let (code, answer) = json(check(reduce).arg("--json"));
        assert_eq!(code, 0);
        answer["searches"][0].clone()
    };
    let names = |search: &Value| -> Vec<String> {
        let reduced = search["reduced"].as_array().cloned().unwrap_or_default();
        let name = |one: &Value| one["name"].as_str().unwrap().to_owned();
        reduced.iter().map(name).collect()
    };
    let all = search(&["--reduce", "none"]);
    assert!(names(&all).is_empty());
    let lost = search(&["--reduce", "lost"]);
    assert_eq!(names(&lost), ["lost"]);
    assert_eq!(lost["reduced"][0]["preserves"][0], "always");
    let auto = search(&["--reduce", "auto", "--symmetry=off"]);
    assert_eq!(names(&auto), ["no-op", "lost", "dead"]);
    assert_eq!(auto, search(&["--reduce", "dead,no-op,lost"]));
    let distinct = |search: &Value| search["distinct"].as_u64().unwrap();
    assert!(distinct(&auto) < distinct(&lost) && distinct(&lost) < distinct(&all));
    // Names make no difference either.
    let by_orbits = search(&[]);
    assert_eq!(names(&by_orbits), names(&auto));
    assert!(distinct(&by_orbits) < distinct(&auto));
    check(&["--reduce", "dead,losses"])
        .assert()
        .code(2)
        .stderr(contains("there is no reduction `losses`").and(contains("no-op, lost, dead")));
    // Where what was asked for cannot be done, it says why.
    jury(here.path())
        .args([
            "check",
            "lossy.json",
            "--property",
            "non-blocking",
            "--reduce",
            "lost",
        ])
        .assert()
        .stdout(contains(
            "not reduced by lost: it says nothing of possible progress.",
        ));
    for command in ["try", "test"] {
        jury(here.path())
            .args([command, "fine.json", "--reduce", "none"])
            .assert()
            .code(0);
    }
}

#[test]
fn a_flag_that_an_engine_does_not_know_is_refused() {
    let here = folder();
    for (engine, flag) in [
        ("plain", "--symmetry"),
        ("plain", "--paranoid"),
        ("stateright", "--threads=1"),
        ("stateright", "--reduce=dead"),
    ] {
        jury(here.path())
            .args(["check", "fine.json", "--engine", engine, flag])
            .assert()
            .code(2)
            .stderr(contains("only the fast engine knows"));
    }
    jury(here.path())
        .args(["check", "fine.json", "--property", "atomicity"])
        .args(["--show", "non-blocking"])
        .assert()
        .code(2)
        .stderr(contains("this property is not judged"));
    jury(here.path())
        .args(["check", "fine.json", "--paranoid"])
        .assert()
        .success()
        .stdout(contains("every answer of a handler asked for again"));
}

#[test]
fn a_memory_limit_holds_for_every_search() {
    let here = folder();
    let args = ["check", "crash.json", "--memory", "1KiB", "--json"];
    let (code, answer) = json(jury(here.path()).args(args));
    assert_eq!(code, 4);
    let searches = answer["searches"].as_array().unwrap();
    assert!(searches.len() > 1);
    for search in searches {
        let bounds = search["bounds"].as_array().unwrap();
        assert!(bounds.contains(&"memory".into()), "{search}");
    }
}

#[test]
fn a_place_for_checkpoints_is_made_only_where_it_belongs() {
    let here = folder();
    for (place, told) in [
        ("nowhere/kept", "no such file or directory"),
        ("fine.json", "this is a file, not a folder"),
    ] {
        let output = jury(here.path())
            .args(["check", "fine.json", "--checkpoint", place])
            .assert()
            .code(2);
        let text = String::from_utf8_lossy(&output.get_output().stderr).to_lowercase();
        assert!(text.contains(told), "{text}");
    }
    assert!(!here.path().join("nowhere").exists());
}

/// A duplicate for which there is no room is as if it had been absorbed: what was not found might need it.
#[test]
fn duplicates_for_which_there_was_no_room_qualify_a_verdict() {
    let folder = folder();
    let mut scenario = serde_json::json!({
        "jury": 1,
        "about": "A vote that is counted twice.",
        "protocol": "2pc",
        "params": { "participants": 2, "votes": ["yes", "no"], "bug": "votes-counted" },
        "check": {
            "timing": "accurate",
            "faults": { "duplicates": 1 },
            "bounds": { "copies": 1 },
            "properties": ["validity", "atomicity"]
        }
    });
    for engine in ["fast", "plain"] {
        write(folder.path(), "one.json", &scenario);
        let (_, answer) =
            json(jury(folder.path()).args(["check", "one.json", "--json", "--engine", engine]));
        for property in answer["properties"].as_array().expect("a list") {
            let qualified = property["qualified"].as_str().expect("a verdict");
            assert_eq!(
                qualified, "holds, with at most 1 equal in flight",
                "{engine}"
            );
        }
    }
    scenario["check"]["bounds"]["copies"] = 2.into();
    write(folder.path(), "two.json", &scenario);
    jury(folder.path())
        .args(["check", "two.json"])
        .assert()
        .code(1)
        .stdout(contains("violated (a bug)"));
}

/// What comes before a check may need just what an assumption rules out.
#[test]
fn what_came_before_is_possible_under_every_assumption() {
    let folder = folder();
    let scenario = serde_json::json!({
        "jury": 1,
        "about": "A message is delivered twice before the check.",
        "protocol": "2pc",
        "params": { "participants": 2 },
        "check": {
            "faults": { "duplicates": "unlimited" },
            "after": ["timeout C Begin", "deliver C -> P1 Prepare", "deliver C -> P1 Prepare"]
        }
    });
    write(folder.path(), "twice.json", &scenario);
    let answers = ["fast", "plain"].map(|engine| {
        let mut command = jury(folder.path());
        let (_, answer) = json(command.args(["check", "twice.json", "--json", "--engine", engine]));
        let verdict = |p: &Value| p["qualified"].as_str().map(str::to_owned);
        let properties = answer["properties"].as_array().expect("a list");
        properties.iter().map(verdict).collect::<Vec<_>>()
    });
    assert!(answers[0].len() > 3);
    assert_eq!(answers[0], answers[1]);
}

/// Half of the machine's memory is what a check may hold unless told otherwise.
#[cfg(target_os = "linux")]
#[test]
fn a_check_may_hold_half_of_the_memory() {
    let here = folder();
    let most = |args: &[&str]| {
        let mut command = jury(here.path());
        let (_, answer) = json(command.args(["check", "fine.json", "--json"]).args(args));
        answer["effort"]["memory-max"].as_u64().expect("a number")
    };
    assert_eq!(most(&[]), most(&["--memory", "50%"]));
    assert!(most(&[]) > 1 << 28);
}

/// What a role never got is told.
#[test]
fn a_check_tells_what_its_verdicts_leave_out() {
    let here = folder();
    jury(here.path())
        .args(["check", "fine.json"])
        .assert()
        .stdout(contains("Never exercised").and(contains("StatusRequest").or(contains("timer"))));
}
