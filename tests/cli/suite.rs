//! `jury test`, and what `jury new` writes for it.

use super::*;

#[test]
fn test_tells_of_every_file_and_what_it_skipped() {
    let here = folder();
    fs::remove_file(here.path().join("long.json")).unwrap();
    fs::write(here.path().join("other.json"), "{}").unwrap();
    fs::create_dir(here.path().join("deeper")).unwrap();
    fs::rename(
        here.path().join("crash.json"),
        here.path().join("deeper/crash.json"),
    )
    .unwrap();
    jury(here.path())
        .args(["test", ".", "--junit", "out.xml"])
        .assert()
        .code(1)
        .stdout(contains("skipped other.json").and(contains(
            "Reproduce: jury check deeper/crash.json --property non-blocking",
        )));
    let xml = fs::read_to_string(here.path().join("out.xml")).unwrap();
    assert!(xml.contains("<testsuite name=\"fine.json\" tests=\"10\""));
    assert!(xml.contains("<failure message=\"expected holds, found can block"));
    jury(here.path())
        .args(["test", ".", "--filter", "fine"])
        .assert()
        .code(0);
    let (code, answer) = json(jury(here.path()).args(["test", "fine.json", "--json"]));
    assert_eq!(code, 0);
    assert_eq!(answer["files"][0]["run"]["finished"], 100);
    fs::write(here.path().join("bad.json"), "{ \"jury\": 1, \"rum\": {} }").unwrap();
    jury(here.path())
        .args(["test", "."])
        .assert()
        .code(2)
        .stdout(contains("bad.json").and(contains(
            "3 scenarios: 1 as expected, 1 refuted, 1 bad input; 1 file skipped in",
        )));
    fs::write(here.path().join("bad.json"), "{ jury: 1 }").unwrap();
    jury(here.path()).args(["test", "."]).assert().code(2);
    jury(here.path())
        .args(["test", "other.json", "--filter", "nothing has this"])
        .assert()
        .code(2)
        .stderr(contains("no scenario was found"));
}

#[test]
fn what_fails_is_told_alone() {
    let here = folder();
    let mut scenario = read(here.path(), "crash.json");
    scenario["expect"]["run"] =
        serde_json::json!({ "every": ["blocked", "undecided"], "some": ["ok", "blocked"] });
    scenario["expect"]["check"]["atomicity"] = "violated".into();
    write(here.path(), "wrong.json", &scenario);
    let every = "expected every: blocked or undecided, found ok with seed 1";
    jury(here.path())
        .args(["test", "wrong.json", "--junit", "out.xml"])
        .assert()
        .code(1)
        .stdout(
            contains(format!("run: {every}"))
                .and(contains("expected some: blocked, found none"))
                .and(contains("expected some: ok").not()),
        );
    let xml = fs::read_to_string(here.path().join("out.xml")).unwrap();
    assert!(xml.contains(&format!("<failure message=\"{every}")));
    let cases: Vec<&str> = xml.split("<testcase").collect();
    let case = |name: &str| {
        let named = |text: &&&str| text.contains(&format!("name=\"check {name}\""));
        cases.iter().find(named).unwrap()
    };
    assert!(case("atomicity").contains("jury check wrong.json --property atomicity"));
    assert!(!case("atomicity").contains("non-blocking"));
    assert!(case("non-blocking").contains("jury check wrong.json --property non-blocking"));
}

#[test]
fn a_new_scenario_names_a_schema_that_is_there() {
    let here = folder();
    assert!(read(here.path(), "fine.json").get("$schema").is_none());
    jury(here.path())
        .args(["schema", "-o", "schema.json"])
        .assert()
        .success();
    for (path, schema) in [
        ("a.json", "./schema.json"),
        ("deep/er/b.json", "../../schema.json"),
    ] {
        jury(here.path())
            .args(["new", "2pc", "-o", path])
            .assert()
            .success();
        assert_eq!(read(here.path(), path)["$schema"], schema);
    }
}

/// Whoever starts with a protocol sees both engines agree with the file that they were given.
#[test]
fn what_one_starts_with_is_as_expected() {
    let here = TempDir::new().unwrap();
    let (_, listed) = json(jury(here.path()).args(["list", "--json"]));
    let protocols = listed["protocols"].as_array().expect("a list of protocols");
    assert!(protocols.len() >= 4);
    for protocol in protocols {
        let name = protocol["name"].as_str().unwrap();
        let file = format!("{name}.json");
        jury(here.path())
            .args(["new", name, "-o", &file])
            .assert()
            .success();
        jury(here.path()).args(["test", &file]).assert().code(0);
    }
}

/// Where a scenario expects nothing of its check, every property has to come out well.
#[test]
fn what_expects_nothing_is_judged_all_the_same() {
    let here = folder();
    let mut scenario = read(here.path(), "crash.json");
    scenario.as_object_mut().unwrap().remove("expect");
    scenario.as_object_mut().unwrap().remove("run");
    write(here.path(), "silent.json", &scenario);
    let report = here.path().join("report.xml");
    jury(here.path())
        .args(["test", "silent.json", "--junit", "report.xml"])
        .assert()
        .code(1)
        .stdout(contains("non-blocking: expected holds, found can block"));
    let xml = fs::read_to_string(report).unwrap();
    assert!(
        xml.contains("check non-blocking") && xml.contains("<failure"),
        "{xml}"
    );
    scenario["check"]["faults"]["crashes"] = 0.into();
    write(here.path(), "silent.json", &scenario);
    jury(here.path())
        .args(["test", "silent.json"])
        .assert()
        .code(0);
}

#[test]
fn fail_fast_stops_after_the_first_that_fails() {
    let here = folder();
    let mut scenario = read(here.path(), "fine.json");
    scenario["expect"]["run"] = "blocked".into();
    write(here.path(), "a-wrong.json", &scenario);
    let args = ["test", ".", "--filter", "n", "--fail-fast"];
    jury(here.path())
        .args(args)
        .assert()
        .code(1)
        .stdout(contains("a-wrong.json").and(contains("fine.json").not()))
        .stdout(contains("Stopped: ").and(contains("1 scenario: 1 refuted in")));
    let (code, answer) = json(jury(here.path()).args(args).arg("--json"));
    assert_eq!(code, 1);
    assert_eq!(answer["files"].as_array().map(Vec::len), Some(1));
    assert!(answer["untried"].as_u64() > Some(0));
}

#[cfg(unix)]
#[test]
fn each_real_file_is_tested_once_and_one_that_cannot_be_read_fails_alone() {
    use std::os::unix::fs::symlink;

    let here = folder();
    for other in ["long.json", "crash.json"] {
        fs::remove_file(here.path().join(other)).unwrap();
    }
    symlink(".", here.path().join("again")).unwrap();
    symlink("fine.json", here.path().join("same.json")).unwrap();
    jury(here.path())
        .args(["test", ".", "fine.json"])
        .assert()
        .code(0)
        .stdout(contains("1 scenario: 1 as expected"));
    symlink("gone", here.path().join("lost.json")).unwrap();
    jury(here.path())
        .args(["test", "."])
        .assert()
        .code(2)
        .stdout(contains("2 scenarios: 1 as expected, 1 bad input"));
}

#[test]
fn a_quiet_test_tells_what_failed() {
    let here = folder();
    jury(here.path())
        .args(["test", "fine.json", "-q"])
        .assert()
        .code(0)
        .stdout(contains("1 scenario: 1 as expected").and(contains("fine.json").not()));
    let mut scenario = read(here.path(), "fine.json");
    scenario["expect"]["run"] = "blocked".into();
    write(here.path(), "wrong.json", &scenario);
    jury(here.path())
        .args(["test", "fine.json", "wrong.json", "-q"])
        .assert()
        .code(1)
        .stdout(contains("wrong.json").and(contains("fine.json").not()));
}

/// All in one line, and the mistake behind more columns than two bytes count.
#[test]
fn a_line_of_any_length_has_its_mistake_shown() {
    let here = folder();
    let about = "x".repeat(65_600);
    let long = format!(r#"{{"jury":1,"about":"{about}","parms":1}}"#);
    fs::write(here.path().join("line.json"), long).unwrap();
    jury(here.path())
        .args(["check", "line.json"])
        .assert()
        .code(2)
        .stderr(
            contains("unknown key `parms`")
                .and(contains("line.json:1:65622"))
                .and(contains("xxx\",\"parms\":1}")),
        );
    jury(here.path())
        .args(["test", "line.json", "fine.json"])
        .assert()
        .code(2)
        .stdout(contains("2 scenarios: 1 as expected, 1 bad input"));
}

#[test]
fn a_scenario_has_a_name() {
    let here = folder();
    for (from, to) in [
        ("fine.json", "scenarios/a/one.json"),
        ("fine.json", "scenarios/b/one.json"),
        ("fine.json", "scenarios/b/figure-two.json"),
    ] {
        let to = here.path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(here.path().join(from), to).unwrap();
    }
    let run = |name: &str, code: i32| {
        let mut command = jury(here.path());
        command.args(["run", name, "-q"]).assert().code(code)
    };
    run("figure-two", 0);
    run("b/one", 0);
    run("one", 2)
        .stderr(contains("`one` may be any of 2 scenarios").and(contains("`a/one`, `b/one`")));
    run("figur-two", 2).stderr(contains("did you mean `b/figure-two`?"));
    let missing = run("nothing-like-it.json", 2);
    let missing = String::from_utf8_lossy(&missing.get_output().stderr).into_owned();
    let tested = jury(here.path())
        .args(["test", "nothing-like-it.json"])
        .assert()
        .code(2);
    assert_eq!(
        missing,
        String::from_utf8_lossy(&tested.get_output().stderr)
    );
    assert!(missing.contains("is the name spelled right?"), "{missing}");
}

#[test]
fn a_scenario_may_come_from_standard_input_and_begin_with_a_mark() {
    let here = folder();
    let text = fs::read_to_string(here.path().join("fine.json")).unwrap();
    for command in ["run", "check", "try", "test"] {
        jury(here.path())
            .args([command, "-"])
            .write_stdin(text.as_str())
            .assert()
            .code(0);
    }
    // What was piped is not there any more for whoever would go on.
    let mut bug: Value = serde_json::from_str(&text).unwrap();
    bug["params"]["bug"] = "majority-commits".into();
    bug["params"]["votes"] = serde_json::json!(["yes", "yes", "no"]);
    bug.as_object_mut().unwrap().remove("expect");
    for command in ["run", "check", "explain"] {
        let output = jury(here.path())
            .args([command, "-"])
            .write_stdin(bug.to_string())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("violated"), "{command}: {text}");
        assert!(!text.contains("Go on from here"), "{command}: {text}");
    }
    jury(here.path())
        .args(["run", "-"])
        .write_stdin("{ \"jury\": 1, \"rum\": {} }")
        .assert()
        .code(2)
        .stderr(contains("standard input:1:14"));
    fs::write(here.path().join("marked.json"), format!("\u{feff}{text}")).unwrap();
    jury(here.path())
        .args(["test", "marked.json"])
        .assert()
        .code(0);
}

#[test]
fn a_crate_of_ones_own_is_written_where_nothing_is() {
    let here = TempDir::new().unwrap();
    let new = |folder: &str, code: i32| {
        let mut command = jury(here.path());
        command.args(["new", "--crate", folder]).assert().code(code)
    };
    new("token-ring", 0).stderr(contains(
        "cd token-ring && cargo run -- try old-releases-count",
    ));
    let read = |path: &str| fs::read_to_string(here.path().join("token-ring").join(path)).unwrap();
    assert!(read("Cargo.toml").contains("name = \"token-ring\""));
    assert!(read("src/main.rs").contains("jury::cli::main(token_ring::registry())"));
    assert!(read("README.md").starts_with("# token-ring\n"));
    new("token-ring", 2).stderr(contains("token-ring exists already"));
    new("2pc", 2).stderr(contains("2pc is no name for a crate"));
}
