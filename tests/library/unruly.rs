//! A protocol that breaks its promises, one at a time, and how the library complains: in a run, in a
//! check, and in the tests of a crate of one's own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use jury::check::Patient;
use jury::hunt::{Ended, Plan, hunt};
use jury::model::promise::{Broken, Promise};
use jury::prelude::*;
use jury::registry::Registry;
use jury::testbed::verify::{Between, repeat};
use jury::testbed::{RunVerdict, Strategy, run_seeds, verified};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What it does that no protocol may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Mischief {
    #[default]
    None,
    SendsToNobody,
    HandlerPanics,
    PredicatePanics,
    /// What it says depends on something beside its arguments.
    IsMoody,
    /// What it sends and keeps is counted for all runs together.
    CountsAllRuns,
    /// So is how long it waits.
    WaitsLongerEachRun,
    /// A record on the disk of a node that starts was claimed by nobody.
    StartClaimsNothing,
    /// This is allowed, and leads nowhere.
    SaysNothing,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Params {
    mischief: Mischief,
}

struct Unruly(Mischief);

static MOOD: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(1);

fn counted() -> u64 {
    COUNT.fetch_add(1, Ordering::Relaxed) % 100
}

/// Two nodes: the first greets the second when it has waited.
impl Actor for Unruly {
    type Msg = u8;
    type Timer = ();
    type State = u8;
    type Storage = u8;
    type Choice = ();
    type Observation = Observation;

    fn on_start(&self, id: Id, _: Start<'_, u8>, o: &mut Out<Self>) -> u8 {
        if id == Id::from(0) && self.0 != Mischief::SaysNothing {
            let more = match self.0 {
                Mischief::WaitsLongerEachRun => 20 * counted(),
                _ => 0,
            };
            o.set_timer((), TimerRange::millis(10 + more, 20 + more));
        }
        if self.0 == Mischief::StartClaimsNothing {
            o.save(1);
        }
        0
    }

    fn on_message(&self, id: Id, greeted: &mut u8, _: Id, _: u8, o: &mut Out<Self>) {
        assert!(self.0 != Mischief::HandlerPanics, "who is there");
        if self.0 == Mischief::IsMoody && MOOD.fetch_xor(true, Ordering::Relaxed) {
            o.send(Id::from(0), 2);
            o.send(Id::from(0), 3);
        }
        *greeted = 1;
        if self.0 == Mischief::CountsAllRuns && id == Id::from(1) {
            *greeted = u8::try_from(counted()).unwrap().max(1);
            o.send(Id::from(0), *greeted);
        }
    }

    fn on_timeout(&self, _: Id, _: &mut u8, (): &(), o: &mut Out<Self>) {
        let whom = match self.0 {
            Mischief::SendsToNobody => 2,
            _ => 1,
        };
        o.send(Id::from(whom), 1);
        if self.0 == Mischief::IsMoody {
            o.set_timer((), TimerRange::millis(10, 20));
        }
    }
}

impl Protocol for Unruly {
    const NAME: &'static str = "unruly";
    const ABOUT: &'static str = "It breaks promises.";
    const SOURCES: &'static [&'static str] = &[];
    const BUGS: &'static [Bug] = &[Bug {
        name: "misspelt",
        about: "It breaks something else.",
        breaks: &["clam"],
        source: "",
    }];

    type Params = Params;
    type History = ();

    fn new(params: &Params) -> Result<Self, BadParameter> {
        Ok(Unruly(params.mischief))
    }

    fn cluster(&self) -> Cluster {
        Cluster::new(["A", "B"].map(|name| (name.to_owned(), "node")))
    }

    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Observation> {
        let saved = step.newly(|_, storage| storage.copied());
        saved.map(|_| Observation::took("a name"))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let calm = Predicate::Nodes(|protocol: &Self, nodes| {
            let greeted = nodes.state(Id::from(1)) == Some(&1);
            assert!(
                !greeted || protocol.0 != Mischief::PredicatePanics,
                "how rude"
            );
            Ok(())
        });
        let greeted = Predicate::Nodes(|_: &Self, nodes: &Nodes<'_, Self>| {
            let greeted = nodes.state(Id::from(1)) > Some(&0);
            let text = || "nobody greeted B".to_owned();
            Reason::unless(greeted, NodeSet::only(Id::from(1)), text)
        });
        vec![
            Property::always("calm", "Nobody minds.", "", calm),
            Property::recovers("greeted", "B can be greeted.", "", greeted),
        ]
    }
}

fn scenario(mischief: Mischief) -> String {
    let mischief = serde_json::to_value(mischief).unwrap();
    serde_json::json!({
        "jury": 1, "about": "mischief", "protocol": "unruly", "params": { "mischief": mischief },
        "run": { "seeds": "7..7", "until": "1s" },
        "check": {},
        "expect": { "run": { "every": ["ok"] }, "check": { "calm": "holds" } }
    })
    .to_string()
}

fn complaint(work: impl FnOnce()) -> Option<Broken> {
    let panic = catch_unwind(AssertUnwindSafe(work)).err()?;
    Some(*panic.downcast().expect("it says which promise"))
}

/// What becomes of a run and of a check.
fn tried(mischief: Mischief) -> [Option<Broken>; 2] {
    let open = || Testbed::parse::<Unruly>(&scenario(mischief), "mischief.json").unwrap();
    let run = complaint(|| drop(open().run(7, false, &RunLimits::default())));
    let options = CheckOptions::default();
    let check = complaint(|| drop(open().check(&options, None, &mut Patient)));
    [run, check]
}

#[test]
fn what_a_protocol_must_not_do_is_told_in_runs_and_in_checks() {
    assert_eq!(tried(Mischief::None), [None, None]);
    let cases = [
        (
            Mischief::SendsToNobody,
            Promise::Addressees,
            [
                "seed 7, in step 1, at ",
                "A sends `1` to node 2, and the nodes are 0 to 1",
            ],
        ),
        (
            Mischief::HandlerPanics,
            Promise::Total,
            [
                "seed 7, in step 2, at ",
                "the handler of B for `1` from A panics in 0: who is there",
            ],
        ),
        (
            Mischief::PredicatePanics,
            Promise::Total,
            ["seed 7, in step 2, at ", "a panic: how rude"],
        ),
        (
            Mischief::StartClaimsNothing,
            Promise::Claims,
            ["", "no handler observed that it takes a name"],
        ),
    ];
    for (mischief, promise, [place, what]) in cases {
        let [run, check] = tried(mischief).map(|broken| broken.expect("it is told"));
        for broken in [&run, &check] {
            assert!(broken.to_string().contains(what), "{mischief:?}: {broken}");
            assert_eq!(broken.promise, promise, "{mischief:?}");
        }
        assert!(run.to_string().starts_with(place), "{mischief:?}: {run}");
    }
}

/// A crash inside a handler strikes where the handler said that it had something to do.
#[test]
fn a_handler_that_takes_it_back_is_not_pure() {
    let text = scenario(Mischief::IsMoody).replace(
        r#""seeds":"7..7""#,
        r#""seeds":"1..50","nemesis":{"crashes":["node"],"crash-every":"12ms","inside-handlers":true,"down-for":"5ms..9ms","until":"500ms"}"#,
    );
    let testbed = Testbed::parse::<Unruly>(&text, "mischief.json").unwrap();
    let run = |seed| complaint(|| drop(testbed.run(seed, false, &RunLimits::default())));
    let told: Vec<_> = (1..=50).filter_map(run).collect();
    assert!(
        told.iter().any(|broken| broken.promise == Promise::Pure),
        "{told:?}"
    );
}

/// A handler that is no function gives two runs: told is the first step in which they part, with what differs.
#[test]
fn a_seed_that_gives_two_runs_is_told() {
    let open = |mischief| Testbed::parse::<Unruly>(&scenario(mischief), "mischief.json").unwrap();
    let twice = |mischief| verified(&open(mischief), 7, &RunLimits::default());
    assert_eq!(twice(Mischief::None).unwrap().seed, 7);

    let mismatch = twice(Mischief::CountsAllRuns).unwrap_err();
    assert_eq!(
        (mismatch.seed, mismatch.between),
        (7, Between::TwiceInThisProcess)
    );
    let [first, second] = &mismatch.came_to;
    assert_ne!(first.hash, second.hash);
    let parting = mismatch.parting.expect("it shows in records as well");
    assert_eq!((parting.step, parting.field.as_str()), (2, "sent"));
    for side in &parting.runs {
        assert_eq!(side.event.as_deref(), Some("deliver A -> B 1"));
        let drawn = Some("latency of the 1st 1 on A -> B");
        assert_eq!(
            (side.node.as_deref(), side.drawn.as_deref()),
            (Some("B"), drawn)
        );
        // Neither what is the same in both, nor anything of A.
        let keys: Vec<&String> = side.before.keys().chain(side.after.keys()).collect();
        assert_eq!(keys, ["state", "status", "state", "status"]);
        assert_eq!(side.before["state"], 0);
    }
    let [first, second] = parting.runs;
    assert_ne!((first.at, first.value), (None, second.value));
    assert_ne!(first.after, second.after);

    let mismatch = twice(Mischief::WaitsLongerEachRun).unwrap_err();
    let parting = mismatch.parting.expect("it shows in records as well");
    assert_eq!((parting.step, parting.field.as_str()), (1, "at"));
    let [first, second] = parting.runs;
    assert_ne!(first.at, second.at);
    assert_eq!(first.event, second.event);
    assert_eq!(first.drawn.as_deref(), Some("duration of the 1st () of A"));
}

/// The second time seeds come in another order.
#[test]
fn every_seed_that_differs_is_found() {
    let text = |mischief| scenario(mischief).replace("7..7", "1..20");
    let open = |mischief| Testbed::parse::<Unruly>(&text(mischief), "mischief.json").unwrap();
    let limits = RunLimits::default();
    let differing = |mischief| {
        let testbed = open(mischief);
        let reports = run_seeds(&testbed, 1..=20, &limits, &|_| ());
        let differing = repeat(&testbed, &reports, &limits, &|| ());
        differing
            .iter()
            .map(|mismatch| mismatch.seed)
            .collect::<Vec<_>>()
    };
    assert_eq!(differing(Mischief::None), [0; 0]);
    let all: Vec<u64> = (1..=20).collect();
    assert_eq!(differing(Mischief::CountsAllRuns), all);
}

/// A goal that neither ordinary events nor repairs lead to is missed in a run as it is in a check.
#[test]
fn what_cannot_be_repaired_is_blocked() {
    let run = |mischief| {
        let testbed = Testbed::parse::<Unruly>(&scenario(mischief), "mischief.json").unwrap();
        let report = testbed.run(7, false, &RunLimits::default());
        (report.verdict, report.property, report.sentences.join(" "))
    };
    let (verdict, property, text) = run(Mischief::SaysNothing);
    assert_eq!(
        (verdict, property.as_deref()),
        (RunVerdict::Blocked, Some("greeted"))
    );
    assert!(text.contains("nobody greeted B"), "{text}");
    let (verdict, _, text) = run(Mischief::None);
    assert_eq!(verdict, RunVerdict::Ok);
    assert!(text.contains("the goal of greeted was reached"), "{text}");
}

/// What is down may come back: a goal that then can be reached is not missed.
#[test]
fn what_can_be_repaired_is_well() {
    let crash = r#""schedule":["crash A"],"until":"1s""#;
    let text = scenario(Mischief::None).replace(r#""seeds":"7..7","until":"1s""#, crash);
    let testbed = Testbed::parse::<Unruly>(&text, "mischief.json").unwrap();
    let report = testbed.run(7, false, &RunLimits::default());
    assert_eq!(report.verdict, RunVerdict::Ok, "{report:?}");
    let text = report.sentences.join(" ");
    assert!(
        text.contains("greeted asks for can still come, with repairs"),
        "{text}"
    );
}

#[test]
fn the_tests_of_a_crate_tell_what_is_broken_file_by_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, mischief) in [
        ("a.json", Mischief::SendsToNobody),
        ("b.json", Mischief::None),
        ("c.json", Mischief::HandlerPanics),
    ] {
        std::fs::write(folder.path().join(name), scenario(mischief)).unwrap();
    }
    let registry = Registry::new().with::<Unruly>();
    let tried = || jury::testing::scenarios(&registry, folder.path());
    let panic = catch_unwind(AssertUnwindSafe(tried)).expect_err("two fail");
    let told = panic.downcast_ref::<String>().unwrap();
    assert!(told.contains("a.json: a broken promise: seed 7"), "{told}");
    assert!(told.contains("c.json: a broken promise: seed 7"), "{told}");
    assert!(!told.contains("b.json"), "{told}");
    let misspelt =
        "unruly: the mistake misspelt is said to break `clam`, and there is no such property";
    assert!(told.contains(misspelt), "{told}");
}

/// A share of all seeds is run twice.
#[test]
fn a_hunt_notices_a_handler_that_is_moody() {
    let testbed = Testbed::parse::<Unruly>(&scenario(Mischief::IsMoody), "mischief.json").unwrap();
    let plan = Plan {
        strategies: vec![Strategy::Random],
        ..Plan::new(1..=1_000)
    };
    let report = hunt(&testbed, &plan, &RunLimits::default(), &mut |_| ());
    assert_eq!(report.ended, Ended::Unequal);
    let unequal = report.unequal.expect("it says which").mismatch;
    assert_ne!(unequal.came_to[0], unequal.came_to[1]);
    // Two more runs that were recorded may differ or not: it has moods.
    assert!(unequal.parting.is_some() || unequal.untold.is_some());
}
