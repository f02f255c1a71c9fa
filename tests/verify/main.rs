//! `jury run --verify` on protocols that are no functions: of their arguments, or of more than one process.
//!
//! What differs between processes shows only between processes. So this program is its own test: started as a
//! program it is `jury` with the protocol below, as a crate of one's own has it, and otherwise it starts itself as
//! that. (The harness of the standard library would read the arguments of both.)

#![expect(
    clippy::disallowed_types,
    reason = "what comes of one is to be found out"
)]

use std::collections::HashSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;
use std::process::{Command, ExitCode, Output, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use jury::prelude::*;
use jury::registry::Registry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Whether this is the program, or its test.
const AS_PROGRAM: &str = "JURY_TEST_AS_PROGRAM";

/// Where a fresh process writes its number, when it makes others wait.
const PROCESS: &str = "JURY_TEST_PROCESS";

/// Nothing that a test waits for may take longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What its answers depend on beside what it is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum DependsOn {
    #[default]
    Nothing,
    /// A counter: another answer each time.
    Calls,
    /// The order of a hash set that is made once: the same answers for as long as the process lives.
    HashKeys,
    /// Whether it is asked by a fresh process: then it takes too long.
    Freshness,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Params {
    depends_on: DependsOn,
}

/// A asks B for an order of twenty things.
struct Orders(DependsOn);

static CALLS: AtomicU64 = AtomicU64::new(0);
static THINGS: LazyLock<HashSet<u64>> = LazyLock::new(|| (0..20).collect());

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Msg {
    Ask,
    Answer(Vec<u64>),
}

impl Actor for Orders {
    type Msg = Msg;
    type Timer = ();
    type State = Vec<u64>;
    type Storage = ();
    type Choice = ();
    type Observation = Observation;

    fn on_start(&self, id: Id, _: Start<'_, ()>, o: &mut Out<Self>) -> Self::State {
        if id == Id::from(0) {
            o.set_timer((), TimerRange::millis(10, 20));
        }
        Vec::new()
    }

    fn on_message(&self, _: Id, state: &mut Vec<u64>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let Msg::Answer(answer) = msg else {
            let answer = match self.0 {
                DependsOn::Nothing => vec![0],
                DependsOn::Calls => vec![CALLS.fetch_add(1, Ordering::Relaxed)],
                DependsOn::HashKeys => THINGS.iter().copied().collect(),
                DependsOn::Freshness => slow_where_fresh(),
            };
            state.clone_from(&answer);
            o.send(src, Msg::Answer(answer));
            return;
        };
        *state = answer;
    }

    fn on_timeout(&self, _: Id, _: &mut Vec<u64>, (): &(), o: &mut Out<Self>) {
        o.send(Id::from(1), Msg::Ask);
    }
}

/// Of the processes in these tests only one that verifies is asked for all runs in JSON.
fn slow_where_fresh() -> Vec<u64> {
    if let Some(file) = env::var_os(PROCESS)
        && env::args().any(|argument| argument == "--all")
    {
        fs::write(file, std::process::id().to_string()).unwrap();
        sleep(2 * PATIENCE);
    }
    Vec::new()
}

impl Protocol for Orders {
    const NAME: &'static str = "orders";
    const ABOUT: &'static str = "It answers by more than it is asked.";

    type Params = Params;
    type History = ();

    fn new(params: &Params) -> Result<Self, BadParameter> {
        Ok(Orders(params.depends_on))
    }

    fn cluster(&self) -> Cluster {
        Cluster::new([("A", "node"), ("B", "node")])
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let fine = Predicate::Nodes(|_: &Self, _: &Nodes<'_, Self>| Ok(()));
        vec![Property::always("fine", "Whatever happens.", "", fine)]
    }
}

fn main() -> ExitCode {
    if env::var_os(AS_PROGRAM).is_some() {
        return jury::cli::main(Registry::new().with::<Orders>());
    }
    let tests: [(&str, fn()); 6] = [
        ("what_is_the_same_is_one_line", what_is_the_same_is_one_line),
        (
            "standard_input_is_read_for_all",
            standard_input_is_read_for_all,
        ),
        (
            "a_counter_shows_in_this_process",
            a_counter_shows_in_this_process,
        ),
        (
            "hash_keys_show_in_a_fresh_process",
            hash_keys_show_in_a_fresh_process,
        ),
        ("all_of_it_is_in_the_json", all_of_it_is_in_the_json),
        (
            "a_fresh_process_ends_with_an_interrupt",
            a_fresh_process_ends_with_an_interrupt,
        ),
    ];
    let wanted: Vec<String> = env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part));
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in tests.into_iter().filter(|(name, _)| is_wanted(name)) {
        let is_well = catch_unwind(test).is_ok();
        println!("test {name} ... {}", if is_well { "ok" } else { "FAILED" });
        *(if is_well { &mut passed } else { &mut failed }) += 1;
    }
    let result = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {result}. {passed} passed; {failed} failed");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A folder with a scenario.
fn folder(depends_on: DependsOn) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let scenario = serde_json::json!({
        "jury": 1, "about": "orders", "protocol": "orders",
        "params": { "depends_on": serde_json::to_value(depends_on).unwrap() },
        "run": { "seeds": "1..20", "until": "1s" },
        "expect": { "run": "ok" }
    });
    fs::write(folder.path().join("orders.json"), scenario.to_string()).unwrap();
    folder
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.env(AS_PROGRAM, "1").current_dir(folder);
    command.stdin(Stdio::null());
    command
}

/// The exit code, and what was told on both outputs.
fn told(output: &Output) -> (i32, String) {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    (output.status.code().unwrap(), text.concat())
}

fn verify(depends_on: DependsOn, more: &[&str]) -> (i32, String) {
    let here = folder(depends_on);
    let args = ["run", "orders.json", "--verify"];
    told(&program(here.path()).args(args).args(more).output().unwrap())
}

fn what_is_the_same_is_one_line() {
    let (code, text) = verify(DependsOn::Nothing, &[]);
    assert_eq!(code, 0, "{text}");
    let line = "20 seeds, each twice here and once in a fresh process: the same 20 hashes";
    assert!(text.lines().any(|told| told == line), "{text}");
    // More than one batch, a seed alone, and whatever else was typed.
    let (code, text) = verify(DependsOn::Nothing, &["--seeds", "5..2504"]);
    assert!(
        code == 0 && text.contains("the same 2,500 hashes"),
        "{text}"
    );
    let more = [
        "--seed", "3", "--go-on", "--states", "7", "--memory", "1GiB",
    ];
    let (code, text) = verify(DependsOn::Nothing, &more);
    assert!(code == 0 && text.contains("the same 1 hash\n"), "{text}");
}

fn standard_input_is_read_for_all() {
    let here = folder(DependsOn::Nothing);
    let input = fs::File::open(here.path().join("orders.json")).unwrap();
    let mut program = program(here.path());
    let output = program.args(["run", "-", "--verify"]).stdin(input).output();
    let (code, text) = told(&output.unwrap());
    assert!(code == 0 && text.contains("the same 20 hashes"), "{text}");
}

fn a_counter_shows_in_this_process() {
    let (code, text) = verify(DependsOn::Calls, &["--seeds", "3..9"]);
    assert_eq!(code, 3, "{text}");
    for part in [
        "Seed 3 is not the same run each time:",
        "first run here",
        "second run here",
        "They part in step 2, by `sent`:",
        "deliver A -> B Ask",
        "drawn: latency of the 1st Ask on A -> B",
        "B before: {\"state\":[],\"status\":\"[]\"}",
        "B after: {\"state\":[",
        "6 other seeds differ as well.",
        "not a pure function",
        "run orders.json --seed 3 --verify",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

fn hash_keys_show_in_a_fresh_process() {
    let (code, text) = verify(DependsOn::HashKeys, &[]);
    assert_eq!(code, 3, "{text}");
    for part in [
        "Seed 1 is not the same run each time:",
        "in this process",
        "in a fresh process",
        "They part in step 2, by `sent`:",
        "19 other seeds differ as well.",
        "go through a HashMap?",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

fn all_of_it_is_in_the_json() {
    let here = folder(DependsOn::Nothing);
    let schema = program(here.path()).args(["schema", "--answers"]).output();
    let schema = serde_json::from_slice(&schema.unwrap().stdout).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let answer = |depends_on| {
        let (code, text) = verify(depends_on, &["--json"]);
        let answer: Json = serde_json::from_str(&text).unwrap();
        let wrong: Vec<_> = schema.iter_errors(&answer).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(answer["exit-code"], code);
        answer
    };
    let same = answer(DependsOn::Nothing);
    assert_eq!(same["verified"]["same"], 20);
    assert_eq!(same["verified"]["first"], Json::Null);
    let broken = answer(DependsOn::HashKeys);
    assert_eq!(broken["outcome"], "broken-promise");
    let verified = &broken["verified"];
    assert_eq!(
        (&verified["same"], &verified["differing"][19]),
        (&0.into(), &20.into())
    );
    let first = &verified["first"];
    assert_eq!(first["between"], "here-and-in-a-fresh-process");
    assert_ne!(first["came-to"][0]["hash"], first["came-to"][1]["hash"]);
    assert_eq!(first["came-to"][0]["steps"], 3);
    let [here, fresh] = [0, 1].map(|nth| &first["parting"]["runs"][nth]);
    assert_eq!(here["event"], fresh["event"]);
    assert_eq!(here["drawn"], "latency of the 1st Ask on A -> B");
    assert_ne!(here["after"]["state"], fresh["after"]["state"]);
}

/// Even where only the one that waits is interrupted.
fn a_fresh_process_ends_with_an_interrupt() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let here = folder(DependsOn::Freshness);
    let file = here.path().join("process");
    let child = program(here.path())
        .args(["run", "orders.json", "--verify"])
        .env(PROCESS, OsString::from(&file))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let fresh = loop {
        match fs::read_to_string(&file) {
            Ok(number) if !number.is_empty() => break number,
            _ => assert!(begun.elapsed() < PATIENCE, "there is no fresh process"),
        }
        sleep(Duration::from_millis(10));
    };
    let interrupt = ["-INT", &child.id().to_string()];
    assert!(
        Command::new("kill")
            .args(interrupt)
            .status()
            .unwrap()
            .success()
    );
    let (code, text) = told(&child.wait_with_output().unwrap());
    assert!(code == 4 && text.contains("Interrupted."), "{text}");
    assert!(!text.contains("the same"), "{text}");
    assert!(begun.elapsed() < PATIENCE);
    assert!(!Path::new("/proc").join(fresh).exists());
}
