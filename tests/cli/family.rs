//! `jury compare`, `jury skeen` and `jury estimate`: what concerns protocols together.

use super::*;

const STORY: &str = r#"{
  "jury_comparison": 1,
  "about": "Whoever leads dies decided.",
  "votes": ["yes", "yes"],
  "seeds": "1..5",
  "until": "1s",
  "faults": [{ "after": "decision-logged", "crash": "lead" }]
}"#;

fn with(from: &str, to: &str) -> String {
    let story = STORY.replace(from, to);
    assert_ne!(story, STORY, "`{from}` is not there");
    story
}

#[test]
fn one_story_is_told_to_several_protocols() {
    let here = TempDir::new().unwrap();
    fs::write(here.path().join("story.json"), STORY).unwrap();
    let compare = |more: &[&str]| {
        let mut command = jury(here.path());
        let protocols = ["compare", "story.json", "--protocols", "2pc,3pc"];
        command.args(protocols).args(more).assert().code(0)
    };
    let json = compare(&["--json"]);
    let json: Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    let [two, three] = &json["protocols"].as_array().unwrap()[..] else {
        panic!("two protocols: {json}");
    };
    assert_eq!(two["protocol"], "2pc");
    assert_eq!(two["verdicts"], "5 blocked");
    let sentences = two["worst"]["sentences"].to_string();
    assert!(sentences.contains("P1 and P2"), "{sentences}");
    assert_eq!(three["verdicts"], "5 ok");
    assert_eq!(three.get("worst"), None);
    // Whoever is blocked holds its locks until the end.
    let held = |c: &Value| c["locked"].as_str().unwrap().ends_with("ms");
    assert!(!held(two) && held(three), "{json}");
    compare(&[])
        .stdout(contains("Whoever leads dies decided."))
        .stdout(contains("5 blocked"))
        .stdout(contains("2pc, seed 1:"));
    compare(&["--markdown"]).stdout(contains("| 3pc | 5 ok |"));
}

const STORE: &str = r#"{
  "jury_comparison": 1,
  "about": "Whoever leads dies when it has heard the first request.",
  "clients": [["put x 1", "get x"]],
  "seeds": "1..3",
  "network": { "latency": { "constant": "10ms" } },
  "faults": [{ "after": "first-request", "crash": "lead" }]
}"#;

#[test]
fn one_story_is_told_to_several_stores() {
    let here = TempDir::new().unwrap();
    let compare = |story: &str, args: &[&str]| {
        fs::write(here.path().join("story.json"), story).unwrap();
        let mut command = jury(here.path());
        command.args(["compare", "story.json"]).args(args).assert()
    };
    let rows = |story: &str| {
        let json = compare(story, &["--json"]).code(0);
        let json: Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
        json["protocols"].as_array().unwrap().clone()
    };
    let told = rows(STORE);
    let name = |row: &Value| format!("{} {}", row["protocol"], row["form"]);
    let names: Vec<String> = told.iter().map(name).collect();
    let form = |form: &str| format!(r#""primary-backup" "{form}""#);
    assert_eq!(
        names,
        [
            r#""raft" null"#.to_owned(),
            r#""multi-paxos" null"#.to_owned(),
            form("view-service"),
            form("elected"),
        ]
    );
    for row in &told {
        assert_eq!(
            (&row["verdicts"], &row["answered"]),
            (&"3 ok".into(), &2.into()),
            "{row}"
        );
        // Somebody else had to take over first.
        let waited = row["slowest"].as_str().unwrap().trim_end_matches("ms");
        assert!(waited.parse::<f64>().unwrap() > 100.0, "{row}");
    }
    // Nobody fails: request, replication, acknowledgement and reply follow one another.
    let faults = r#"[{ "after": "first-request", "crash": "lead" }]"#;
    let quiet = STORE.replace(faults, "[]");
    let waited = |row: &Value| row["slowest"].as_str().unwrap().to_owned();
    let times: Vec<String> = rows(&quiet).iter().map(waited).collect();
    assert_eq!(times, ["40ms"; 4]);
    // Two servers: the one that lives is no majority, and the rest of a pair goes on.
    let pair = STORE.replace(r#""seeds""#, r#""servers": 2, "seeds""#);
    let ends: Vec<Value> = rows(&pair.replace("\"lead\"", "\"S2\""))
        .iter()
        .map(|row| row["verdicts"].clone())
        .collect();
    assert_eq!(
        ends,
        ["3 blocked", "3 blocked", "3 ok", "3 ok", "3 blocked"]
    );
    compare(STORE, &[])
        .stdout(contains("answers  slowest"))
        .stdout(contains("primary-backup, elected"));
    compare(STORE, &["--markdown", "--protocols", "raft"])
        .stdout(contains(
            "| | runs | messages | forced | answers | slowest |",
        ))
        .stdout(contains("| raft | 3 ok |"))
        .stdout(contains("multi-paxos").not());
    let refused = |story: &str, args: &[&str], said: &[&str]| {
        let mut refused = compare(story, args).code(2);
        for said in said {
            refused = refused.stderr(contains(*said));
        }
    };
    refused(
        &STORE.replace("\"lead\"", "\"S4\""),
        &[],
        &["there is no site `S4`", "`S1` to `S3`", "`C1` to `C1`"],
    );
    refused(
        &STORE.replace("first-request", "first-vote"),
        &[],
        &["first-answer", "story.json:7:"],
    );
    refused(
        &STORE.replace("put x 1", "push x 1"),
        &[],
        &["push x 1", "story.json:4:"],
    );
    let too_many = STORE.replace(r#""seeds""#, r#""servers": 40, "seeds""#);
    refused(&too_many, &[], &["40 servers", "story.json:5:"]);
    refused(
        STORE,
        &["--protocols", "2pc"],
        &["`2pc` is no protocol that replicates a key-value store"],
    );
}

#[test]
fn a_story_that_is_none_is_refused_with_its_place() {
    let here = TempDir::new().unwrap();
    let refuse = |text: &str, said: &[&str]| {
        fs::write(here.path().join("story.json"), text).unwrap();
        let mut refused = jury(here.path())
            .args(["compare", "story.json"])
            .assert()
            .code(2);
        for said in said {
            refused = refused.stderr(contains(*said));
        }
    };
    let lead = r#""crash": "lead""#;
    refuse(
        &with(lead, r#""crash": "P3""#),
        &["there is no site `P3`", "story.json:7:", "`P2`"],
    );
    // Of the protocols without a coordinator one of the participants leads.
    let cut = |cut: &str| with(lead, &format!(r#""cut": {cut}"#));
    refuse(
        &cut(r#"[["lead"], ["P1", "P2"]]"#),
        &[
            "in d2pc this is P1, which is on the other side",
            "story.json:7:",
            "--protocols",
        ],
    );
    fs::write(
        here.path().join("story.json"),
        cut(r#"[["P1", "lead"], ["P2"]]"#),
    )
    .unwrap();
    jury(here.path())
        .args(["compare", "story.json", "--protocols", "2pc,d2pc"])
        .assert()
        .code(0);
    refuse(&with("decision-logged", "first-vot"), &["first-vote"]);
    refuse(
        &with("votes", "vote"),
        &["unknown key `vote`", "story.json:4:3"],
    );
    refuse(&with(r#"["yes", "yes"]"#, "[]"), &["story.json:4:"]);
    refuse(
        &with("jury_comparison", "jury"),
        &["`jury_comparison` is missing", "jury try"],
    );
    refuse(&with(": 1,", ": 2,"), &["there is no such version"]);
    let other = with(r#""votes": ["yes", "yes"]"#, r#""servers": 3"#);
    refuse(&other, &["nothing to compare", "write the `votes`"]);
    let clients = r#""clients": [["put x 1"]]"#;
    let both = with(r#""seeds""#, &format!(r#"{clients}, "seeds""#));
    refuse(&both, &["not of both", "story.json:5:14"]);
    let servers = with(r#""seeds""#, r#""servers": 3, "seeds""#);
    refuse(&servers, &["a transaction has no servers", "story.json:5:"]);
    fs::write(here.path().join("story.json"), STORY).unwrap();
    jury(here.path())
        .args(["compare", "story.json", "--protocols", "2pc,raft"])
        .assert()
        .code(2)
        .stderr(contains(
            "`raft` is no protocol that solves atomic commitment",
        ));
    // A suite passes it over.
    jury(here.path())
        .args(["test", "."])
        .assert()
        .stderr(contains("a comparison").or(contains("no scenario")));
}

#[test]
fn concurrency_sets_say_who_can_decide_alone() {
    let here = TempDir::new().unwrap();
    let skeen = |args: &[&str]| jury(here.path()).arg("skeen").args(args).assert();
    let json = skeen(&["2pc", "3pc", "--json"]).code(0);
    let json: Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    let waiting = |protocol: usize| {
        let states = json["protocols"][protocol]["states"].as_array().unwrap();
        let is_waiting = |s: &&Value| s["role"] == "participant" && s["local"] == "w";
        let waiting = states.iter().find(is_waiting).expect("somebody waits");
        assert_eq!(waiting["committable"], false);
        waiting["beside"]["participant"].to_string()
    };
    assert_eq!(waiting(0), r#"["q","w","a","c"]"#);
    assert_eq!(waiting(1), r#"["q","w","p","a"]"#);
    skeen(&["3pc"])
        .code(0)
        .stdout(contains("whoever survives can decide alone"));
    skeen(&["paxos"])
        .code(2)
        .stderr(contains("`paxos` is no protocol"));
}

const LIKELY: &str = r#"{
  "jury": 1,
  "about": "Two that are willing now and then.",
  "protocol": "2pc",
  "params": {
    "votes": ["open", "open"], "participants": 2,
    "vote-timeout": "1h", "prepare-timeout": "1h", "inquiry": "1h", "resend": "1h"
  },
  "run": {
    "until": "1s",
    "network": { "loss": [1, 10] },
    "nodes": { "P1": { "choices": { "Yes": [9, 10] } }, "P2": { "choices": { "Yes": [1, 2] } } }
  }
}"#;

/// 0.9 · 0.5 · 0.9⁴, and three in four for the mean of (0.9 and 0.5) · 0.9².
#[test]
fn what_is_measured_stands_beside_what_is_known() {
    let here = TempDir::new().unwrap();
    fs::write(here.path().join("likely.json"), LIKELY).unwrap();
    let estimate = |more: &[&str]| {
        let mut command = jury(here.path());
        let some = ["estimate", "likely.json", "--seeds", "1..2000"];
        command.args(some).args(more).assert().code(0)
    };
    let json = estimate(&["--json", "--svg", "likely.svg"]);
    let json: Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    let found = &json["estimates"][0];
    assert_eq!(found["runs"], 2000);
    let decided = &found["successes"][0];
    assert_eq!(decided["name"], "commit-decided");
    assert_eq!(decided["closed-form"], 0.295_245);
    assert_eq!(decided["mean"], 0.567);
    let (low, high) = (&decided["interval"]["low"], &decided["interval"]["high"]);
    assert!(low.as_f64() < Some(0.295) && Some(0.296) < high.as_f64());
    let svg = fs::read_to_string(here.path().join("likely.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("likely: commit-decided"));
    estimate(&[])
        .stdout(contains("0.5670 refuted"))
        .stdout(contains("Π y · (1 − p)^2n"));
    estimate(&["--markdown", "--confidence", "95"]).stdout(contains("interval, 95 %"));
}

#[test]
fn where_no_formula_applies_it_is_said_why() {
    let here = TempDir::new().unwrap();
    let estimate = |from: &str, to: &str, code: i32| {
        let text = LIKELY.replace(from, to);
        assert_ne!(text, LIKELY, "`{from}` is not there");
        fs::write(here.path().join("likely.json"), text).unwrap();
        let mut command = jury(here.path());
        let some = ["estimate", "likely.json", "--seeds", "1..200"];
        command.args(some).assert().code(code)
    };
    estimate(r#""resend": "1h""#, r#""resend": "20ms""#, 0)
        .stdout(contains("a timer may run out after 20ms"));
    estimate(r#""loss": [1, 10]"#, r#""duplicates": [1, 10]"#, 0)
        .stdout(contains("messages are duplicated"));
    estimate(r#""until": "1s""#, r#""until": "8ms""#, 1)
        .stdout(contains("ended with messages under way"));
    estimate(r#""Yes": [9, 10]"#, r#""yes": [9, 10]"#, 1)
        .stdout(contains("Nobody was ever offered yes of P1"));
    estimate(r#""run": {"#, r#""runs": {"#, 2).stderr(contains("unknown key `runs`"));
}
