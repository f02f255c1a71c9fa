//! Scenario files that are right, what becomes of them, and that no text whatever breaks the
//! loader.

use crate::toy::{GOOD, Toy};
use jury::model::cluster::index;
use jury::model::kinds::kinds;
use jury::model::{Actor, Id, Limit, LinkOrder, NodeSet, Time, Timing};
use jury::protocols::two_phase_commit::TwoPhaseCommit;
use jury::scenario::{
    ExpectedRun, ExpectedStanding, ExpectedVerdict, Resolved, RunExpectation, Scenario,
    protocol_params, schema, to_text,
};
use jury::sim::setup::{AnchorPoint, Latency, PlannedFault, When};
use proptest::prelude::*;

fn resolve(text: &str) -> Resolved<Toy> {
    let scenario = Scenario::parse(text, "story.json");
    match scenario.and_then(|scenario| scenario.resolve::<Toy>()) {
        Ok(case) => case,
        Err(error) => panic!("{}", error.render(false)),
    }
}

#[test]
fn a_file_reads_back_what_it_writes() {
    let read = Scenario::parse(GOOD, "good").unwrap();
    let again = Scenario::parse(&to_text(&read.file), "again").unwrap();
    assert_eq!(read.file, again.file);
    let words: serde_json::Value = serde_json::from_str(GOOD).unwrap();
    assert_eq!(serde_json::to_value(&read.file).unwrap(), words);
}

#[test]
fn a_run_is_resolved() {
    let case = resolve(GOOD);
    let run = case.run.unwrap();
    assert_eq!(run.seeds.count(), 100);
    assert!(run.seeded && run.schedule.is_empty());
    assert_eq!(run.setup.until, Time::from_millis(5_000));
    let p2 = case.cluster.find("P2").unwrap();
    assert_eq!(run.rules.absent, NodeSet::only(p2));
    assert_eq!(run.setup.nodes[index(p2)].drift_ppm, -200);
    let (link, latency) = run.setup.network.links[0];
    assert_eq!((link.src, link.dst), (Id::from(0), Id::from(1)));
    assert_eq!(latency, Latency::Constant(Time::from_millis(50)));

    let plan = &run.setup.plan;
    assert_eq!(
        plan[0].text,
        r#"{ "after": { "deliver": "Prepare", "to": "P3", "nth": 2 }, "crash": "C" }"#
    );
    assert_eq!(plan[0].what, PlannedFault::Crash(Id::from(0)));
    let When::Anchor { moment, nth: 2 } = &plan[0].when else {
        panic!("anchored on the second");
    };
    assert!(matches!(
        moment,
        AnchorPoint::AfterDeliver { kind, from: None, to: Some(to) }
            if kind == "Prepare" && *to == Id::from(3)
    ));
    assert!(matches!(
        &plan[1].when,
        When::Anchor {
            moment: AnchorPoint::BeforeDeliver {
                from: Some(_),
                to: None,
                ..
            },
            nth: 1
        }
    ));
    assert!(matches!(&plan[2].what, PlannedFault::Cut(cut)
        if cut.notation(&case.cluster) == "{C, P1} | {P2, P3}"));
    assert_eq!(plan[3].what, PlannedFault::Heal(None));
    let nemesis = run.setup.nemesis.unwrap();
    assert_eq!(nemesis.crashes, case.cluster.with_role("participant"));
    assert_eq!(nemesis.down_max, 1);
}

#[test]
fn a_check_is_resolved() {
    let case = resolve(GOOD);
    let check = case.check.unwrap();
    let rules = check.rules;
    assert_eq!(rules.timing, Timing::Accurate);
    assert_eq!(rules.links.order, LinkOrder::Unordered);
    assert_eq!(rules.links.copies, Limit::AtMost(2));
    let coordinator = NodeSet::only(Id::from(0));
    let participants = case.cluster.with_role("participant");
    assert_eq!(
        rules.budgets.crashes,
        [
            (coordinator, Limit::AtMost(1)),
            (participants, Limit::Unlimited)
        ]
    );
    assert_eq!(rules.budgets.recoveries, Limit::AtMost(1));
    assert_eq!(rules.budgets.drops, Limit::NONE);
    assert_eq!(rules.budgets.cuts, Limit::AtMost(1));
    assert_eq!(rules.cuts.len(), 6);
    assert_eq!(check.depth, Limit::AtMost(40));
    assert_eq!(check.properties, ["atomicity", "committed", "non-blocking"]);
    assert_eq!(check.after[1], (None, "crash C".to_owned()));
    assert_eq!(
        case.expect.check,
        [
            (
                "atomicity",
                ExpectedVerdict::Violated(Some(ExpectedStanding::OutsideTheAssumptions))
            ),
            ("non-blocking", ExpectedVerdict::CanBlock(None)),
        ]
    );
}

#[test]
fn a_schedule_may_have_times_and_a_sequel() {
    let case = resolve(
        r#"{ "jury": 1, "protocol": "toy", "run": {
            "schedule": ["deliver C -> P1 Prepare", "20ms crash C",
                         "30ms crash P1 after 1 of deliver P2 -> P1 Vote(true)",
                         "cut {C} | {P1, P2}", "heal C -> P1", "timeout P1 Retry(1)"],
            "then": "seeded" },
          "expect": { "run": { "violated": "atomicity" } } }"#,
    );
    let run = case.run.unwrap();
    assert!(run.seeded);
    assert_eq!(run.seeds.count(), 1);
    assert_eq!(run.schedule.len(), 6);
    let crash = (Some(Time::from_millis(20)), "crash C".to_owned());
    assert_eq!(run.schedule[1], crash);
    assert!(matches!(
        case.expect.run,
        Some(RunExpectation::Each(ExpectedRun::Violated(Some(property)))) if *property == "atomicity"
    ));
}

#[test]
fn a_network_that_never_forgets_also_loses() {
    let case = resolve(
        r#"{ "jury": 1, "protocol": "toy",
             "check": { "faults": { "duplicates": "unlimited", "crashes": { "participant": 2, "P1": 0 } } } }"#,
    );
    let rules = case.check.unwrap().rules;
    assert!(rules.links.never_forgets);
    assert_eq!(rules.budgets.drops, Limit::Unlimited);
    let others: NodeSet = [2, 3].map(Id::from).into_iter().collect();
    assert_eq!(rules.budgets.crashes, [(others, Limit::AtMost(2))]);
}

#[test]
fn the_starting_scenario_is_right() {
    let text = Scenario::starting_for::<Toy>(&[]);
    let case = resolve(&text);
    assert!(case.run.is_some() && case.check.is_some());
    assert_eq!(case.expect.check.len(), 3);
    insta::assert_snapshot!(text);
}

/// The example of the design, and what `jury new 2pc` writes.
#[test]
fn two_phase_commit_reads_the_design() {
    let text = r#"{ "$schema": "../schema.json", "jury": 1,
      "about": "The coordinator dies after asking for votes: whoever voted yes is stuck.",
      "protocol": "2pc",
      "params": { "participants": 3, "votes": ["yes", "yes", "yes"] },
      "run": {
        "seeds": "1..100", "until": "5s",
        "network": { "latency": { "uniform": ["1ms", "10ms"] } },
        "faults": [ { "after": { "deliver": "Prepare", "to": "P3" }, "crash": "C" } ] },
      "check": { "timing": "accurate", "faults": { "crashes": { "C": 1 } } },
      "expect": { "run": "blocked",
                  "check": { "atomicity": "holds", "non-blocking": "can block" } } }"#;
    let starting = Scenario::starting_for::<TwoPhaseCommit>(&[]);
    for text in [text, &starting] {
        let scenario = Scenario::parse(text, "2pc.json");
        let case = scenario.and_then(|scenario| scenario.resolve::<TwoPhaseCommit>());
        if let Err(error) = case {
            panic!("{}", error.render(false));
        }
    }
    assert_eq!(kinds::<<TwoPhaseCommit as Actor>::Msg>()[0], "Prepare");
}

#[test]
fn the_schema_knows_the_protocols() {
    let schema = schema([protocol_params::<Toy>()]);
    assert_eq!(schema["properties"]["protocol"]["enum"][0], "toy");
    let params = &schema["allOf"][0]["then"]["properties"]["params"]["$ref"];
    let params = params.as_str().unwrap().trim_start_matches('#');
    let params = schema.pointer(params).unwrap();
    assert!(params["properties"]["participants"].is_object());
    let text = serde_json::to_string_pretty(&schema).unwrap();
    for (at, _) in text.match_indices("\"#/$defs/") {
        let name = text[at + 9..].split('"').next().unwrap();
        assert!(schema["$defs"][name].is_object(), "{name} is defined");
    }
    insta::assert_snapshot!(text);
}

/// Reads a text as far as it goes, and its error to the end.
fn survives(text: &str) {
    let case = Scenario::parse(text, "fuzz").and_then(|scenario| scenario.resolve::<Toy>());
    if let Err(error) = case {
        assert!(!error.render(false).is_empty());
        assert!(!error.to_string().is_empty());
    }
}

/// Values that may stand anywhere in JSON, but mostly should not.
const SPLICES: [&str; 20] = [
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "1e400",
    "18446744073709551616",
    "\"\"",
    "\"C\"",
    "\"é -> ü\"",
    "\"0s\"",
    "[]",
    "{}",
    "[[]]",
    "[null]",
    "{\"\": 1}",
    "\"all\"",
    "\"18446744073709551615min\"",
    "\"\\u00e9 -> P1\"",
];

/// The places of the values in a JSON text, roughly: behind each colon, comma and bracket.
fn places(text: &str) -> Vec<usize> {
    let before = |c: char| matches!(c, ':' | ',' | '[' | '{');
    text.match_indices(before).map(|(at, _)| at + 1).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_bytes_break_the_loader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Err(error) = Scenario::parse_bytes(&bytes, "fuzz") {
            prop_assert!(!error.render(false).is_empty());
        }
    }

    #[test]
    fn no_text_breaks_the_loader(text in "[\\[\\]{}\",:a-z0-9\\\\ é\n-]{0,80}") {
        survives(&text);
    }

    #[test]
    fn no_slip_breaks_the_loader(
        slips in proptest::collection::vec((any::<usize>(), 0..4usize, any::<char>()), 1..4),
    ) {
        let mut text: Vec<char> = GOOD.chars().collect();
        for (at, kind, other) in slips {
            let at = at % text.len();
            match kind {
                0 => { text.remove(at); }
                1 => text.insert(at, other),
                2 => text[at] = other,
                _ => text[at] = text[(at * 7 + 1) % text.len()],
            }
        }
        survives(&text.into_iter().collect::<String>());
    }

    #[test]
    fn no_value_in_a_wrong_place_breaks_the_loader(
        at in any::<usize>(), splice in 0..SPLICES.len(), replace in any::<bool>(),
    ) {
        let places = places(GOOD);
        let start = places[at % places.len()];
        let rest = &GOOD[start..];
        let length = rest.find([',', ']', '}']).unwrap_or(0);
        let end = if replace { start + length } else { start };
        survives(&format!("{}{}{}", &GOOD[..start], SPLICES[splice], &GOOD[end..]));
    }
}

/// Verdicts and expectations go by the names of properties.
#[test]
fn two_properties_of_one_name_are_refused() {
    let text = r#"{ "jury": 1, "about": "x", "protocol": "toy", "params": { "participants": 13 }, "run": {} }"#;
    let scenario = Scenario::parse(text, "toy.json").unwrap();
    let error = scenario.resolve::<Toy>().err().expect("it is refused");
    assert_eq!(
        error.message(),
        "the protocol has two properties called `atomicity`"
    );
}
