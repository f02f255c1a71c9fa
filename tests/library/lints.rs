//! What an author may have forgotten, and how the tool says so.

use jury::prelude::*;
use jury::testbed::{CheckReport, CheckVerdict, PropertyReport, RunVerdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Params {
    /// Whether it says for whom its timer waits.
    awaits: bool,
}

/// A asks B, and gives up when its timer fires.
struct Impatient(Params);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Msg {
    Ask,
    Answer,
    /// Nobody sends it.
    Forgotten,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Timer {
    Patience,
    /// Nobody arms it.
    Unwound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum State {
    Waits,
    Answered,
    GaveUp,
}

impl Actor for Impatient {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = ();
    type Choice = ();
    type Observation = Observation;

    fn on_start(&self, id: Id, _: Start<'_, ()>, o: &mut Out<Self>) -> State {
        if id == Id::from(0) {
            o.send(Id::from(1), Msg::Ask);
            o.set_timer(Timer::Patience, TimerRange::millis(1, 2));
        }
        State::Waits
    }

    fn on_message(&self, _: Id, state: &mut State, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Ask => o.send(src, Msg::Answer),
            Msg::Answer if *state == State::Waits => *state = State::Answered,
            Msg::Answer | Msg::Forgotten => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut State, _: &Timer, _: &mut Out<Self>) {
        if *state == State::Waits {
            *state = State::GaveUp;
        }
    }
}

fn patient(_: &Impatient, nodes: &Nodes<'_, Impatient>) -> Answer {
    let gave_up = nodes.state(Id::from(0)) == Some(&State::GaveUp);
    let text = || "A gave up, although B is well".to_owned();
    Reason::unless(!gave_up, NodeSet::only(Id::from(0)), text)
}

impl Protocol for Impatient {
    const NAME: &'static str = "impatient";
    const ABOUT: &'static str = "It asks, and gives up.";
    const SOURCES: &'static [&'static str] = &[];

    type Params = Params;
    type History = ();

    fn new(params: &Params) -> Result<Self, BadParameter> {
        Ok(Impatient(params.clone()))
    }

    fn cluster(&self) -> Cluster {
        Cluster::new(["A", "B"].map(|name| (name.to_owned(), "node")))
    }

    fn awaits(&self, _: Id, _: &State, _: &Timer) -> NodeSet {
        if self.0.awaits {
            NodeSet::only(Id::from(1))
        } else {
            NodeSet::EMPTY
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let patient = Predicate::Nodes(patient);
        let never =
            Predicate::History(|_: &Self, ()| Err(Reason::new(NodeSet::EMPTY, "it never does")));
        vec![
            Property::always("patient", "A waits for B.", "", patient)
                .assuming([Assumption::Synchrony]),
            Property::never_blocked(
                "idle",
                "It is about nothing.",
                "",
                Some(never.clone()),
                never,
            ),
            Property::always(
                "presupposing",
                "Without crashes A waits.",
                "",
                Predicate::History(|_, ()| Ok(())),
            )
            .given([Assumption::CrashStop]),
        ]
    }
}

fn testbed(awaits: bool, check: &str) -> Testbed {
    let text = format!(
        r#"{{ "jury": 1, "about": "lints", "protocol": "impatient", "params": {{ "awaits": {awaits} }},
             "run": {{ "seeds": "1..1", "until": "1s",
                       "network": {{ "latency": {{ "uniform": ["50ms", "60ms"] }} }} }},
             "check": {{ {check} }} }}"#
    );
    Testbed::parse::<Impatient>(&text, "lints.json").unwrap_or_else(|error| panic!("{error}"))
}

fn checked(awaits: bool, check: &str) -> CheckReport {
    let checked = testbed(awaits, check).check(&CheckOptions::default(), None, &mut Patient);
    checked.expect("there are no checkpoints")
}

fn property<'a>(report: &'a CheckReport, name: &str) -> &'a PropertyReport {
    report
        .properties
        .iter()
        .find(|p| p.property == name)
        .expect("it is judged")
}

/// Where no timer awaits anybody every run passes for synchronous, and none shows a bug.
#[test]
fn synchrony_is_not_judged_where_no_timer_awaits_anybody() {
    let report = checked(false, "");
    let patient = property(&report, "patient");
    assert_eq!(patient.verdict, CheckVerdict::NotJudged);
    assert_eq!(patient.qualified, "not judged: no timer awaits anybody");
    assert_eq!(patient.schedule, ["timeout A Patience"]);
    let report = checked(true, "");
    let patient = property(&report, "patient");
    assert_eq!(
        patient.qualified,
        "violated outside the assumptions: synchrony"
    );

    let run = |awaits| testbed(awaits, "").run(1, false, &RunLimits::default());
    let (silent, said) = (run(false), run(true));
    assert_eq!(
        (silent.verdict, said.verdict),
        (RunVerdict::Violated, RunVerdict::Violated)
    );
    assert!(silent.sentences[1].contains("cannot be told"), "{silent:?}");
    assert!(
        said.sentences[1].contains("outside what patient assumes: synchrony"),
        "{said:?}"
    );
}

#[test]
fn what_nothing_could_break_is_told() {
    let idle = "Nothing could break idle: its condition never comes about.";
    assert_eq!(property(&checked(true, ""), "idle").hints, [idle]);
    let after = r#""faults": { "crashes": { "B": 1 }, "recoveries": 1 }, "after": ["crash B", "recover B"]"#;
    let presupposing = "Nothing could break presupposing: the events of `after` break its premise.";
    assert_eq!(
        property(&checked(true, after), "presupposing").hints,
        [presupposing]
    );
}

#[test]
fn what_nobody_gets_is_told() {
    let missing = checked(true, "").never_exercised();
    assert_eq!(Vec::from_iter(missing), ["Forgotten", "timer Unwound"]);
}

/// A world in which a bound withholds a timeout is never taken for blocked.
#[test]
fn a_bound_that_may_hide_blocking_is_named() {
    let text = r#"{ "jury": 1, "about": "P1 waits for all acceptors, and one is down.", "protocol": "paxos",
        "params": { "proposers": 1, "acceptors": 3, "bug": "waits-for-all", "ballots": 1 },
        "check": { "faults": { "crashes": { "A3": 1 } }, BOUND "properties": ["progress"] } }"#;
    let check = |bound: &str| {
        let case =
            jury::registry::Registry::shipped().open_text(&text.replace("BOUND", bound), "p.json");
        let case = case.unwrap_or_else(|error| panic!("{error}"));
        let report = case.check(&CheckOptions::default(), None, &mut Patient);
        report
            .expect("there are no checkpoints")
            .properties
            .remove(0)
    };
    let hidden = check(r#""bounds": { "timeouts": 1 },"#);
    assert_eq!(hidden.verdict, CheckVerdict::HoldsWithinBounds);
    assert!(
        hidden.hints[0].ends_with(r#"for an answer on progress, leave out `bounds.timeouts` (it is 1), or write "unlimited"."#),
        "{:?}",
        hidden.hints
    );
    let lifted = check("");
    assert_eq!(lifted.verdict, CheckVerdict::CanBlock);
    assert_eq!(lifted.hints, Vec::<String>::new());
}

/// It counts, by a timer of its own; a check looks at three of that.
struct Counter;

impl Actor for Counter {
    type Msg = ();
    type Timer = ();
    type State = u8;
    type Storage = ();
    type Choice = ();
    type Observation = Observation;

    fn on_start(&self, _: Id, _: Start<'_, ()>, o: &mut Out<Self>) -> u8 {
        o.set_timer((), TimerRange::millis(1000, 2000));
        0
    }

    fn on_message(&self, _: Id, _: &mut u8, _: Id, (): (), _: &mut Out<Self>) {}

    fn on_timeout(&self, _: Id, count: &mut u8, (): &(), o: &mut Out<Self>) {
        *count += 1;
        o.set_timer((), TimerRange::millis(1000, 2000));
    }
}

impl Protocol for Counter {
    const NAME: &'static str = "counter";
    const ABOUT: &'static str = "It counts.";
    const SOURCES: &'static [&'static str] = &[];

    type Params = NoParams;
    type History = ();

    fn new(_: &NoParams) -> Result<Self, BadParameter> {
        Ok(Counter)
    }

    fn cluster(&self) -> Cluster {
        Cluster::new([("N".to_owned(), "node")])
    }

    fn withheld(&self, _: Id, count: &u8, _: Input<'_, Self>) -> Option<&'static str> {
        (*count == 3).then_some("counts")
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let small = Predicate::History(|_: &Self, ()| Ok(()));
        vec![Property::always("small", "It is small.", "", small)]
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
struct NoParams {}

/// The scenario that `jury new` writes for a protocol with bounds of its own expects no more than its check can
/// show.
#[test]
fn a_scenario_to_start_from_is_as_expected() {
    let registry = jury::registry::Registry::new().with::<Counter>();
    let text = registry.starting_scenario("counter").expect("there is one");
    assert!(text.contains(r#""small": "holds within bounds""#), "{text}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("counter.json"), text).unwrap();
    jury::testing::scenarios(&registry, folder.path());
}
