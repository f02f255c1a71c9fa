//! Pages, exports and sites: what a run can be taken along as.

use super::*;

const DIES: &str = "coordinator-dies-after-prepare";

/// A shipped scenario.
fn shipped(name: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    format!("{root}/scenarios/{name}.json")
}

#[test]
fn a_page_replays_and_explains_as_its_trace_does() {
    let here = folder();
    let scenario = shipped(&format!("2pc/{DIES}"));
    jury(here.path())
        .args(["run", &scenario, "--seed", "3", "--html", "run.html"])
        .args(["--trace", "t.json", "--quiet"])
        .assert()
        .code(0);
    jury(here.path())
        .args(["replay", "run.html"])
        .assert()
        .code(0)
        .stdout(contains("as recorded"));
    // Its run failed, so there is something to explain; of one that went well there is not.
    let commands = |name: &str| data(here.path(), name)["runs"][0]["commands"].to_string();
    assert!(commands("run.html").contains("explain"));
    jury(here.path())
        .args(["page", "fine.json", "--seed", "1", "-o", "fine.html"])
        .assert()
        .code(0);
    assert!(commands("fine.html").contains("run fine.json --seed 1"));
    assert!(!commands("fine.html").contains("explain"));
    let told = |file: &str| {
        let output = jury(here.path()).args(["explain", file]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        // The commands name the file.
        text.split("Go on from here").next().unwrap().to_owned()
    };
    assert_eq!(told("run.html"), told("t.json"));
    // From the trace, and from the page itself.
    for from in ["t.json", "run.html"] {
        jury(here.path())
            .args(["export", from, "--format", "itf", "-o", "from.itf"])
            .assert()
            .code(0);
        let itf = read(here.path(), "from.itf");
        assert_eq!(itf["vars"], serde_json::json!(["step", "event", "nodes"]));
    }
}

#[test]
fn the_same_run_gives_the_same_page() {
    let here = folder();
    let page = |name: &str| {
        jury(here.path())
            .args(["page", "fine.json", "--seed", "2", "-o", name])
            .assert()
            .code(0)
            .stdout(contains(format!("Written to {name}")));
        fs::read(here.path().join(name)).unwrap()
    };
    assert_eq!(page("a.html"), page("b.html"));
}

/// What a page says of its own run.
fn data(folder: &Path, name: &str) -> Value {
    let html = fs::read_to_string(folder.join(name)).unwrap();
    jury::page::data_of(&html).unwrap()
}

#[test]
fn wherever_a_run_is_shown_it_can_be_written_as_a_page() {
    let here = folder();
    let bug = shipped("3pc/partition");
    let mistake = shipped("2pc/bugs/timeout-counts-as-yes");
    let story = shipped("compare/happy-path");
    for (arguments, code, runs) in [
        (vec!["run", "fine.json", "--seed", "1"], 0, 1),
        (vec!["check", "crash.json"], 1, 1),
        (
            vec!["explain", "crash.json", "--property", "non-blocking"],
            0,
            1,
        ),
        (vec!["shrink", &bug], 0, 1),
        (vec!["hunt", &mistake, "--seeds", "1..10"], 1, 1),
        (vec!["compare", &story, "--protocols", "2pc,3pc"], 0, 2),
        (
            vec!["diff", "fine.json", "--seed", "1", "--seed", "2"],
            1,
            2,
        ),
    ] {
        jury(here.path())
            .args(&arguments)
            .args(["--html", "out.html"])
            .assert()
            .code(code);
        let page = data(here.path(), "out.html");
        let told = page["runs"].as_array().unwrap();
        assert_eq!(told.len(), runs, "{arguments:?}");
        assert_eq!(page["beside"] == true, runs == 2, "{arguments:?}");
        assert_eq!(page["diff"].is_object(), arguments[0] == "diff");
        for run in told {
            let steps = run["trace"]["steps"].as_array().unwrap().len();
            assert_eq!(run["told"].as_array().unwrap().len(), steps);
        }
        fs::remove_file(here.path().join("out.html")).unwrap();
    }
    // Replayed, from a page.
    jury(here.path())
        .args(["page", "fine.json", "-o", "one.html"])
        .assert()
        .code(0);
    jury(here.path())
        .args(["replay", "one.html", "--html", "two.html"])
        .assert()
        .code(0);
    let [one, two] = ["one.html", "two.html"].map(|name| data(here.path(), name));
    assert_eq!(
        one["runs"][0]["trace"]["steps"],
        two["runs"][0]["trace"]["steps"]
    );
}

#[test]
fn a_page_says_what_is_stuck_and_where_messages_went() {
    let here = folder();
    jury(here.path())
        .args(["page", &shipped(&format!("2pc/{DIES}")), "-o", "run.html"])
        .assert()
        .code(0);
    let page = data(here.path(), "run.html");
    let run = &page["runs"][0];
    let spans = run["spans"].as_array().unwrap();
    let of = |kind: &str| {
        let all = spans.iter().filter(|span| span["kind"] == kind);
        all.map(|span| span["node"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("stuck"), [1, 2, 3]);
    assert_eq!(of("holds"), [1, 2, 3]);
    assert_eq!(of("down"), [0]);
    let strip = run["strips"].as_array().unwrap().last().unwrap();
    assert_eq!(strip["states"][0][1], "pending");
    assert_eq!(strip["states"][1][1], "blocked");
    assert_eq!(strip["blocked"], serde_json::json!([1, 2, 3]));
    let fates = run["arrows"].as_array().unwrap().iter();
    let refused = fates.filter(|arrow| arrow["fate"] == "refused").count();
    assert_eq!(refused, 9);
    assert_eq!(run["explanation"]["verdict"], "blocked");
}

/// Leaders lead until they are deposed or crash, and what is cut is told by its groups.
#[test]
fn what_lasts_ends_where_it_does() {
    let here = folder();
    jury(here.path())
        .args(["page", &shipped("raft/figure-8"), "-o", "run.html"])
        .assert()
        .code(0);
    let page = data(here.path(), "run.html");
    let spans = page["runs"][0]["spans"].as_array().unwrap();
    let led = spans.iter().filter(|span| span["kind"] == "leads");
    let led: Vec<_> = led
        .map(|span| {
            (
                span["words"].as_str().unwrap(),
                span["from"].clone(),
                span["until"].clone(),
            )
        })
        .collect();
    let crashes = |words, from: u64, until: u64| (words, Value::from(from), Value::from(until));
    assert_eq!(
        led[..3],
        [
            crashes("leads term 1", 7, 10),
            crashes("leads term 2", 15, 17),
            crashes("leads term 3", 24, 31),
        ]
    );
    assert_eq!((led[3].0, &led[3].2), ("leads term 4", &Value::Null));
    jury(here.path())
        .args(["page", &shipped("3pc/partition"), "-o", "cut.html"])
        .assert()
        .code(0);
    let page = data(here.path(), "cut.html");
    let spans = page["runs"][0]["spans"].as_array().unwrap();
    let cut = spans.iter().find(|span| span["kind"] == "cut").unwrap();
    assert_eq!(cut["words"], "parts C and P1 from P2 and P3");
    // A lock is given up by whoever learns the decision.
    let held = spans.iter().find(|span| span["kind"] == "holds").unwrap();
    assert_eq!(
        (held["from"].as_u64(), held["until"].as_u64()),
        (Some(2), Some(12))
    );
}

#[test]
fn an_answer_that_no_order_explains_is_on_the_page() {
    let here = folder();
    jury(here.path())
        .args([
            "page",
            &shipped("raft/bugs/reads-unconfirmed"),
            "-o",
            "run.html",
        ])
        .assert()
        .code(0);
    let page = data(here.path(), "run.html");
    let operations = &page["runs"][0]["operations"];
    assert_eq!(operations["broken"]["possible"], serde_json::json!(["1"]));
    assert_eq!(operations["list"][1]["asked"], "get x");
    // In a run of the honest protocol there is an order.
    jury(here.path())
        .args(["page", &shipped("raft/basic-agreement"), "-o", "fine.html"])
        .assert()
        .code(0);
    let page = data(here.path(), "fine.html");
    let operations = &page["runs"][0]["operations"];
    let told = operations["list"].as_array().unwrap().iter();
    let told = told.filter(|operation| operation["answer"].is_string());
    assert!(operations["order"].as_array().unwrap().len() >= told.count());
}

#[test]
fn what_a_trace_says_stays_data() {
    let here = folder();
    jury(here.path())
        .args(["run", "fine.json", "--seed", "2", "--trace", "t.json"])
        .assert()
        .code(0);
    let mut trace = read(here.path(), "t.json");
    let evil = "</script><script>alert(1)</script>";
    trace["origin"]["scenario"] = format!("JURY_DATA {evil}.json").into();
    trace["origin"]["about"] = evil.into();
    write(here.path(), "t.json", &trace);
    jury(here.path())
        .args(["page", "t.json", "-o", "run.html"])
        .assert()
        .code(0);
    let html = fs::read_to_string(here.path().join("run.html")).unwrap();
    assert!(!html.contains("alert(1)</script>"));
    assert_eq!(
        data(here.path(), "run.html")["runs"][0]["trace"]["origin"]["about"],
        evil
    );
    for format in ["svg", "mermaid"] {
        jury(here.path())
            .args(["export", "t.json", "-f", format])
            .assert()
            .code(0)
            .stdout(contains("<script>").not());
    }
}

#[test]
fn a_page_of_a_run_that_no_longer_happens_says_so() {
    let here = folder();
    jury(here.path())
        .args(["run", "fine.json", "--seed", "2", "--trace", "t.json"])
        .assert()
        .code(0);
    let mut trace = read(here.path(), "t.json");
    trace["steps"][2]["event"] = "deliver P1 -> C No(1)".into();
    write(here.path(), "t.json", &trace);
    jury(here.path())
        .args(["page", "t.json", "-o", "run.html"])
        .assert()
        .code(0)
        .stderr(contains("does not replay any more").and(contains("step 3")));
    let page = data(here.path(), "run.html");
    let why = page["runs"][0]["no_longer"].as_str().unwrap();
    assert!(why.contains("cannot happen"), "{why}");
    // A link to a step of another run is told by this.
    jury(here.path())
        .args(["page", "fine.json", "--seed", "2", "-o", "was.html"])
        .assert()
        .code(0);
    assert_ne!(
        page["runs"][0]["id"],
        data(here.path(), "was.html")["runs"][0]["id"]
    );
}

#[test]
fn what_has_no_run_to_show_is_told() {
    let here = folder();
    fs::write(here.path().join("no.html"), "<!doctype html><p>hello").unwrap();
    jury(here.path())
        .args(["page", "fine.json", "--seed", "2", "-o", "run.html"])
        .assert()
        .code(0);
    for (arguments, flaw) in [
        (vec!["replay", "no.html"], "no run to read"),
        (
            vec!["page", "run.html", "--seed", "3", "-o", "x.html"],
            "`--seed` names none",
        ),
        (
            vec![
                "page",
                "fine.json",
                "--property",
                "atomicty",
                "-o",
                "x.html",
            ],
            "atomicity",
        ),
        (vec!["page", "nothing.json", "-o", "x.html"], "nothing.json"),
        (
            vec!["page", "fine.json", "-o", "no/such/x.html"],
            "no/such/x.html",
        ),
        (vec!["export", "fine.json", "--format", "gif"], "mermaid"),
        (vec!["site", "no-folder", "-o", "s"], "no-folder"),
    ] {
        jury(here.path())
            .args(&arguments)
            .assert()
            .code(2)
            .stdout("")
            .stderr(contains(flaw));
        assert!(!here.path().join("x.html").exists());
    }
}

#[test]
fn exports_of_a_run_that_blocks() {
    let here = folder();
    let exported = |format: &str| {
        let scenario = shipped(&format!("2pc/{DIES}"));
        let output = jury(here.path())
            .args(["export", &scenario, "--seed", "1", "--format", format])
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    insta::assert_snapshot!("mermaid", exported("mermaid"));
    insta::assert_snapshot!("shiviz", exported("shiviz"));
    insta::assert_snapshot!("svg", exported("svg"));
    let itf: Value = serde_json::from_str(&exported("itf")).unwrap();
    let states = itf["states"].as_array().unwrap();
    assert_eq!(states.len(), 23);
    assert_eq!(states[6]["event"], "crash C");
    let coordinator = |state: &Value| state["nodes"]["#map"][0][1]["up"].clone();
    assert_eq!(coordinator(&states[5]), true);
    assert_eq!(coordinator(&states[6]), false);
}

/// Whoever draws it is a browser; here one that draws nothing, but says what it was asked for.
#[test]
#[cfg(unix)]
fn a_picture_in_dots_is_drawn_by_a_browser() {
    use std::os::unix::fs::PermissionsExt;
    let here = folder();
    let png = |browser: Option<&str>| {
        let mut command = jury(here.path());
        command.args(["export", "fine.json", "-f", "png", "-o", "run.png"]);
        match browser {
            Some(browser) => command.env("JURY_BROWSER", here.path().join(browser)),
            None => command.env("PATH", "").env_remove("JURY_BROWSER"),
        };
        command
    };
    png(None)
        .assert()
        .code(2)
        .stderr(contains("none of them is here").and(contains("--format svg")));
    let script = |name: &str, text: &str| {
        let path = here.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    script("draws-nothing", "#!/bin/sh\nexit 0\n");
    png(Some("draws-nothing"))
        .assert()
        .code(2)
        .stderr(contains("did not draw the picture: it wrote none"));
    assert!(!here.path().join("run.png").exists());
    // It draws only without its sandbox, as one does for root.
    script(
        "draws",
        "#!/bin/sh\nfor a; do case $a in --no-sandbox) free=1;; --screenshot=*) to=${a#*=};; esac; done\n\
         [ -z \"$free\" ] || echo \"$*\" > \"$to\"\n",
    );
    png(Some("draws")).assert().code(0);
    let asked = fs::read_to_string(here.path().join("run.png")).unwrap();
    assert!(asked.contains("--window-size=1"), "{asked}");
    jury(here.path())
        .args(["export", "fine.json", "-f", "png"])
        .assert()
        .code(2)
        .stderr(contains("-o run.png"));
}

#[test]
fn a_site_has_every_story() {
    let here = folder();
    let dies = format!("2pc/{DIES}");
    let stories = [
        "2pc/happy-path",
        &dies,
        "compare/happy-path",
        "raft/any-network",
    ];
    for story in stories {
        let place = here.path().join("stories").join(format!("{story}.json"));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(shipped(story), place).unwrap();
    }
    jury(here.path())
        .args(["site", "stories", "-o", "out", "--title", "A <course>"])
        .assert()
        .code(0)
        .stdout(contains("4 stories written: open out/index.html"));
    let index = fs::read_to_string(here.path().join("out/index.html")).unwrap();
    assert!(index.contains("<h1>A &lt;course&gt;</h1>"), "{index}");
    // The picture of a story, what it is about, and its verdict.
    assert!(
        index.contains("they voted yes and do not know the outcome"),
        "{index}"
    );
    assert!(
        index.contains("This\nis blocking") || index.contains("This is blocking"),
        "{index}"
    );
    let addresses = index.split("href=\"").chain(index.split("src=\"")).skip(1);
    let addresses = addresses.filter_map(|rest| rest.split('"').next());
    let mut found = 0;
    for address in addresses {
        if Path::new(address).extension().is_some() {
            assert!(here.path().join("out").join(address).is_file(), "{address}");
            found += 1;
        }
    }
    assert!(found >= 7, "{found}: {index}");
    // What the run came to, and what the check found.
    let page = data(&here.path().join("out/2pc"), &format!("{DIES}.html"));
    assert!(page["runs"].as_array().unwrap().len() > 1);
    assert_ne!(page["beside"], true);
    let page = data(&here.path().join("out/compare"), "happy-path.html");
    assert_eq!(page["beside"], true);
    assert!(page["runs"].as_array().unwrap().len() > 2);
}
