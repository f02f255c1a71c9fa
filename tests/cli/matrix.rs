//! `jury matrix`.

use super::*;

/// Marks, sentences and claims; and what a limit leaves open, or lets follow.
#[test]
fn the_matrix_says_what_each_property_bears() {
    let here = TempDir::new().unwrap();
    let short = |more: &[&str]| {
        let limits = ["--states", "300", "--threads", "1"];
        let variant = ["matrix", "2pc", "--variant", "presumed abort, by role"];
        let mut command = jury(here.path());
        command
            .args(variant)
            .args(limits)
            .args(more)
            .assert()
            .code(4)
    };
    let output = short(&[]);
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    insta::assert_snapshot!("matrix", text);

    let json = short(&["--json"]);
    let json: Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    assert_eq!(json["exit-code"], 4);
    let cells = &json["protocols"][0]["variants"][0]["cells"];
    assert_eq!(cells[0]["faults"].as_array().unwrap().len(), 0);
    let verdicts = cells.as_array().unwrap().iter();
    let mut verdicts = verdicts.flat_map(|cell| cell["verdicts"].as_array().unwrap());
    assert!(verdicts.any(|verdict| verdict.get("follows-from").is_some()));
}

#[test]
fn the_matrix_is_written_in_whole_or_not_at_all() {
    let here = TempDir::new().unwrap();
    jury(here.path())
        .args(["matrix", "3cp"])
        .assert()
        .code(2)
        .stderr(contains("there is no protocol `3cp`"));
    jury(here.path())
        .args(["matrix", "--variant", "presumed abrt"])
        .assert()
        .code(2)
        .stderr(contains("did you mean `presumed abort`?"));
    fs::create_dir(here.path().join("reports")).unwrap();
    let write = |limits: &[&str]| {
        let mut command = jury(here.path());
        command.args(["matrix", "2pc", "--write"]).args(limits);
        command.assert().code(4)
    };
    // A clock cut it short: nobody could find the same again.
    write(&["--time", "1ms"]).stderr(contains("nothing was written"));
    assert!(!here.path().join("reports/matrix.md").exists());
    write(&["--states", "50"]);
    let page = fs::read_to_string(here.path().join("reports/matrix.md")).unwrap();
    assert!(page.starts_with("# The matrix of assumptions"));
    let data = read(here.path(), "reports/matrix.json");
    assert_eq!(data["protocols"][0]["name"], "2pc");
}
