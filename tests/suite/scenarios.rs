//! Every shipped scenario on trial: it must come out as it says, in both engines, every time.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use jury::check::Patient;
use jury::check::fast::Tuning;
use jury::model::Limit;
use jury::registry::Registry;
use jury::testbed::{
    CheckOptions, CheckReport, CheckVerdict, Expected, ExpectedOutcome, PropertyReport, Replayed,
    RunLimits, RunVerdict, SearchReport, run_seeds,
};
use serde_json::Value as Json;

use crate::cores::on_all_cores;
use crate::found::{ONLY_REDUCED, Way, explored, runs, sized, worlds};
use crate::shipped::{COUNTS, HASHES, Story, all_well, compare, stories};

/// Where the scenarios of mistakes are: what people get wrong, and what articles print.
const MISTAKES: [&str; 2] = ["/bugs/", "/naive/"];

/// Here it is the lesson that somebody waits for the living: nobody orders who waits for whose locks.
const DEADLOCKS: [&str; 1] = ["sharded/deadlock"];

/// So many runs of each scenario are repeated.
const REPEATED: usize = 3;

/// What students are given fits on a screen.
const LINES_MAX: usize = 48;

/// What a check explores is over in 5 s where each event takes a third of a microsecond, as it does in
/// a release build on one core of a modest machine.
const EVENTS_MAX: u64 = 15_000_000;

/// Without their mistake these are too large to be explored whole. They are explored as deep as the
/// mistake shows itself.
const LARGE_WITHOUT_MISTAKE: &[&str] = &[
    "raft/bugs/change-while-uncommitted",
    "raft/bugs/joint-forgotten-in-snapshot",
    "raft/bugs/new-majority-only",
    "raft/bugs/reads-unconfirmed",
];

/// Without their mistake runs of these end in the middle of things, and what could still become of
/// each takes a search of its own: so many seeds of them are run.
const UNDECIDED_WITHOUT_MISTAKE: &[&str] = &[
    "raft/bugs/change-while-uncommitted",
    "raft/bugs/lease-survives-transfer",
    "raft/bugs/new-majority-only",
    "raft/bugs/reads-unconfirmed",
];
const UNDECIDED_SEEDS: u64 = 4;

/// These are refused without the mistake: a leader that commits nothing of its own term never gets to
/// what comes before their checks.
const BEGUN_BY_MISTAKE: &[&str] = &["raft/bugs/change-before-own-commit"];

/// So many runs of each scenario have their hash on file.
const HASHED: usize = 2;

fn text(story: &Story) -> String {
    std::fs::read_to_string(&story.path).expect("it was just read")
}

fn json(story: &Story) -> Json {
    serde_json::from_str(&text(story)).expect("it was just parsed")
}

fn unmet(name: &str, outcomes: &[Expected]) -> Vec<String> {
    let unmet = |e: &&Expected| e.outcome != ExpectedOutcome::AsExpected;
    let line = |e: &Expected| {
        let Expected {
            of,
            expected,
            found,
            ..
        } = e;
        format!("{name}: {of}: expected {expected}, found {found}")
    };
    outcomes.iter().filter(unmet).map(line).collect()
}

#[test]
fn the_schema_is_up_to_date() {
    let text = serde_json::to_string_pretty(&Registry::shipped().schema())
        .expect("a schema is plain data");
    let outcome = compare(Path::new("schema.json"), &(text + "\n"));
    all_well(outcome.err().as_slice());
}

#[test]
fn every_scenario_is_written_well() {
    let validator =
        jsonschema::validator_for(&Registry::shipped().schema()).expect("a good schema");
    let mut problems = Vec::new();
    for story in stories() {
        let mut complain = |what: &str| problems.push(format!("{}: {what}", story.name));
        let json = json(story);
        for error in validator.iter_errors(&json) {
            complain(&format!("{}: {error}", error.instance_path()));
        }
        let schema = story
            .path
            .with_file_name(json["$schema"].as_str().unwrap_or_default());
        if schema.canonicalize().ok() != Path::new("schema.json").canonicalize().ok() {
            complain("names another schema");
        }
        if !story.case.about().ends_with(['.', ')']) {
            complain("has no `about` in whole sentences");
        }
        if text(story).lines().count() > LINES_MAX {
            complain("is too long");
        }
        let expect = &json["expect"];
        if story.case.seeds().is_some() == expect["run"].is_null() {
            complain("does not say what to expect of its run");
        }
        if story.case.has_check() == expect["check"].is_null() {
            complain("does not say what to expect of its check");
        }
    }
    all_well(&problems);
}

#[test]
fn every_run_ends_as_expected() {
    let mut problems = Vec::new();
    for story in stories() {
        if let Some(reports) = runs().get(story.name.as_str()) {
            problems.extend(unmet(&story.name, &story.case.compare_runs(reports)));
        }
    }
    all_well(&problems);
}

/// Events and times of the first runs of each scenario, as they have always been: also in other builds, which
/// `.ci/run` sees to. A change here is a change of what every seed means.
#[test]
fn the_same_seeds_give_the_same_runs() {
    let mut hashes = "# Scenario, seed, hash of the run.\n".to_owned();
    for story in stories() {
        for seed in story.case.seeds().into_iter().flatten().take(HASHED) {
            let report = story.case.run(seed, false, &RunLimits::default());
            writeln!(hashes, "{} {seed} {}", story.name, report.hash).unwrap();
        }
    }
    assert!(hashes.lines().count() > 300, "{hashes}");
    all_well(compare(Path::new(HASHES), &hashes).err().as_slice());
}

/// The verdicts, and how many worlds it took: a change of the relation shows in the sizes first.
#[test]
fn every_check_ends_as_expected() {
    let mut problems = Vec::new();
    let mut sizes =
        "# Scenario, distinct worlds, events applied, depth; one line for each search.\n"
            .to_owned();
    writeln!(sizes, "# Reduced: {}.", ONLY_REDUCED.join(", ")).unwrap();
    for story in stories().iter().filter(|story| story.case.has_check()) {
        let report = sized(&story.name);
        problems.extend(unmet(&story.name, &story.case.compare_check(report)));
        for search in &report.searches {
            let (name, imposed) = (&story.name, search.imposed.join(", "));
            let line = format!(
                "{name} {} {} {} {imposed}",
                search.distinct, search.generated, search.depth
            );
            writeln!(sizes, "{}", line.trim_end()).unwrap();
        }
        // An honest protocol never waits for somebody who will not answer.
        let waits = report
            .searches
            .iter()
            .any(|s| s.waiting_for_the_living.is_some());
        let is_lesson = DEADLOCKS.contains(&story.name.as_str());
        let is_mistake = MISTAKES.iter().any(|folder| story.name.contains(folder));
        if waits != is_lesson && !is_mistake {
            problems.push(format!(
                "{}: somebody waits for the living, or not",
                story.name
            ));
        }
    }
    problems.extend(compare(Path::new(COUNTS), &sizes).err());
    all_well(&problems);
}

/// Whoever tries a scenario has its verdicts soon: events are counted, since time depends on the machine.
#[test]
fn every_check_is_quick() {
    let mut problems = Vec::new();
    for (name, report) in explored(Way::Usual) {
        let events: u64 = report.searches.iter().map(|s| s.generated).sum();
        if events > EVENTS_MAX {
            problems.push(format!("{name}: {events} events"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What is left out of a search unless one asks for all of it changes no verdict.
#[test]
fn reductions_change_no_verdict() {
    let mut problems = Vec::new();
    let (mut whole, mut left) = (0, 0);
    for (name, all) in explored(Way::Whole) {
        let reduced = &explored(Way::Usual)[name];
        assert_eq!(all.properties.len(), reduced.properties.len(), "{name}");
        for (theirs, ours) in all.properties.iter().zip(&reduced.properties) {
            let brief = |p: &PropertyReport| (p.verdict, p.standing, p.schedule.len());
            if brief(theirs) != brief(ours) {
                let property = &ours.property;
                let (theirs, ours) = (&theirs.qualified, &ours.qualified);
                problems.push(format!("{name}: {property}: {theirs}, or {ours}"));
            }
        }
        whole += worlds(all);
        left += worlds(reduced);
    }
    all_well(&problems);
    assert!(left * 10 < whole * 9, "{whole} worlds, and {left} are left");
}

/// The plain engine, which remembers nothing and packs nothing, says the same in every word: verdicts,
/// schedules, counts, bounds, what was never exercised. So does the fast one with any number of
/// threads, and where fields and tables are so small that it packs again, grows and spills all the time.
#[test]
fn the_plain_engine_finds_the_same() {
    let ways = [
        (Way::Whole, "whole"),
        (Way::Cramped, "cramped"),
        (Way::Crowded, "crowded"),
    ];
    let said = |report: &CheckReport| {
        serde_json::to_value((&report.properties, &report.searches)).expect("plain data")
    };
    let mut problems = Vec::new();
    let mut seen = 0;
    let plain = explored(Way::Plain);
    for (name, report) in plain {
        let plain = said(report);
        for (way, called) in ways {
            if said(&explored(way)[name]) != plain {
                problems.push(format!("{name}: {called}, it differs"));
            }
        }
        seen += worlds(report);
    }
    all_well(&problems);
    let compared = plain.len();
    assert!(
        compared >= 100 && seen >= 500_000,
        "{compared}, {seen} worlds"
    );
}

/// Stateright's checker walks the same relation by a search of its own.
#[test]
fn stateright_finds_the_same() {
    let mut problems = Vec::new();
    let (mut compared, mut whole) = (0, 0);
    for (name, theirs) in explored(Way::Stateright) {
        let ours = &explored(Way::Whole)[name];
        compared += 1;
        // A search that has found out all it was asked stops there, and each has its own place.
        let (first, second) = (&ours.searches[0], &theirs.searches[0]);
        if !first.settled && !second.settled {
            whole += 1;
            let counts = |s: &SearchReport| (s.distinct, s.generated);
            if counts(first) != counts(second) {
                let (first, second) = (counts(first), counts(second));
                problems.push(format!("{name}: {first:?}, or {second:?}"));
            }
        }
        for second in &theirs.properties {
            let first = ours
                .properties
                .iter()
                .find(|p| p.property == second.property);
            let first = &first.expect("judged by both").verdict;
            if *first != second.verdict {
                let (property, second) = (&second.property, &second.verdict);
                problems.push(format!("{name}: {property}: {first:?}, or {second:?}"));
            }
        }
    }
    all_well(&problems);
    assert!(compared >= 100 && whole >= 80, "{compared}, {whole} whole");
}

/// The same seed gives the same bytes, and the record replays to the same steps.
#[test]
fn every_run_can_be_repeated() {
    let again = |story: &Story| {
        let mut problems = Vec::new();
        let seeds = story.case.seeds().into_iter().flatten();
        for seed in seeds.take(REPEATED) {
            let name = &story.name;
            let record = || {
                let trace = story.case.run(seed, true, &RunLimits::default()).trace;
                trace.expect("it was asked for")
            };
            let trace = record();
            let bytes = serde_json::to_vec(&trace).expect("a trace is plain data");
            if bytes != serde_json::to_vec(&record()).expect("a trace is plain data") {
                problems.push(format!("{name}: seed {seed} gave two runs"));
            }
            match Registry::shipped().replay(&trace) {
                Ok(Replayed::Same(..)) => {}
                Ok(Replayed::Differs(_, difference)) => {
                    problems.push(format!("{name}: seed {seed}: {difference:?}"));
                }
                Ok(Replayed::Diverges(divergence)) => {
                    problems.push(format!("{name}: seed {seed}: {divergence}"));
                }
                Err(error) => problems.push(format!("{name}: seed {seed}: {error}")),
            }
        }
        problems
    };
    all_well(&on_all_cores(stories(), again).concat());
}

/// Every mistake of every protocol has a scenario that shows just what it breaks; without the mistake
/// the same scenario shows nothing.
#[test]
fn every_mistake_has_its_scenario() {
    let stories = stories();
    let mut problems = Vec::new();
    let mut twins = Vec::new();
    for protocol in Registry::shipped().protocols() {
        for bug in &protocol.bugs {
            let inside = |folder: &&str| format!("{}{folder}{}", protocol.name, bug.name);
            let names: Vec<_> = MISTAKES.iter().map(inside).collect();
            let Some(story) = stories.iter().find(|story| names.contains(&story.name)) else {
                problems.push(format!("{}: there is no such scenario", names.join(" or ")));
                continue;
            };
            let (name, json) = (&story.name, json(story));
            if json["params"]["bug"] != *bug.name {
                problems.push(format!("{name}: shows another mistake"));
            }
            let broken = shown(&json["expect"]);
            let breaks: BTreeSet<&str> = bug.breaks.iter().map(String::as_str).collect();
            if broken != breaks {
                problems.push(format!("{name}: breaks {breaks:?}, or {broken:?}"));
            }
            twins.push((story, json));
        }
    }
    let found = on_all_cores(&twins, |(story, json)| honest(story, json.clone()));
    problems.extend(found.concat());
    all_well(&problems);
}

/// The properties that a scenario expects to be broken: by its check, or by some run if what breaks
/// takes time, of which checks know nothing.
fn shown(expect: &Json) -> BTreeSet<&str> {
    let Some(check) = expect["check"].as_object() else {
        let some = expect["run"]["some"].as_array().into_iter().flatten();
        return some.filter_map(|run| run["violated"].as_str()).collect();
    };
    // Some mistakes show only where an assumption breaks that does no harm without them.
    let shows = |v: &str| v.starts_with("violated") || v == "can block" || v.ends_with("(a bug)");
    let is_bug = |verdict: &Json| verdict.as_str().is_some_and(shows);
    let broken = check.iter().filter(|(_, verdict)| is_bug(verdict));
    broken.map(|(property, _)| property.as_str()).collect()
}

/// The scenario of a mistake without the mistake.
fn honest(story: &Story, mut json: Json) -> Vec<String> {
    let name = story.name.as_str();
    json["params"]
        .as_object_mut()
        .expect("parameters")
        .remove("bug");
    json.as_object_mut().expect("a scenario").remove("expect");
    let honest = match Registry::shipped().open_text(&json.to_string(), name) {
        Ok(_) if BEGUN_BY_MISTAKE.contains(&name) => {
            return vec![format!("{name}, honest: can begin, too")];
        }
        Ok(honest) => honest,
        Err(error) => {
            let text = error.render(false);
            let is_meant = BEGUN_BY_MISTAKE.contains(&name);
            assert!(is_meant && text.contains("`no-op`"), "{text}");
            return Vec::new();
        }
    };
    let mut problems = Vec::new();
    if let Some(mut seeds) = honest.seeds() {
        if UNDECIDED_WITHOUT_MISTAKE.contains(&name) {
            let (first, last) = seeds.into_inner();
            seeds = first..=last.min(first + UNDECIDED_SEEDS - 1);
        }
        let reports = run_seeds(&*honest, seeds, &RunLimits::default(), &|_| ());
        let odd = reports.iter().find(|r| r.verdict == RunVerdict::Violated);
        problems.extend(odd.map(|r| format!("{name}, honest: {}", r.sentences.join(" "))));
    }
    if honest.has_check() {
        let mut options = CheckOptions {
            tuning: Tuning {
                threads: 1,
                ..Tuning::default()
            },
            ..CheckOptions::default()
        };
        if LARGE_WITHOUT_MISTAKE.contains(&name) {
            let depth = sized(name).searches[0].depth;
            options.depth_max = Some(Limit::AtMost(depth.try_into().expect("not that deep")));
        }
        let report = honest.check(&options, None, &mut Patient).unwrap();
        let broken = |p: &&PropertyReport| {
            p.verdict == CheckVerdict::Violated || p.qualified.ends_with("(a bug)")
        };
        let broken = report.properties.iter().filter(broken);
        problems.extend(broken.map(|p| format!("{name}, honest: {} {}", p.property, p.qualified)));
    }
    problems
}

/// What a run of each of these costs with every seed: messages; records that are forced, then
/// lazy, at the coordinator and at each participant. With three participants: 4n messages with
/// acknowledgements, 3n without (Mohan, Lindsay & Obermarck 1986; see the table in the protocol).
#[test]
fn two_phase_commit_costs_what_the_paper_says() {
    let table = [
        ("happy-path", 12, (1, 2), (1, 0)),
        ("presumed-nothing", 12, (1, 2), (1, 0)),
        ("presumed-commit", 9, (2, 1), (0, 1)),
        ("late-votes-presumed-abort", 9, (0, 1), (0, 1)),
        ("late-votes-presumed-nothing", 12, (1, 2), (1, 0)),
        ("late-votes-presumed-commit", 12, (1, 2), (1, 0)),
    ];
    let stories = stories();
    for (name, messages, forced, lazy) in table {
        let name = format!("2pc/{name}");
        let story = stories.iter().find(|story| story.name == name);
        let story = story.expect("it is shipped");
        for seed in story.case.seeds().expect("it has a run") {
            let costs = story.case.run(seed, false, &RunLimits::default()).costs;
            assert_eq!(costs.messages, messages, "{name}, seed {seed}");
            for (what, records, (coordinator, participant)) in [
                ("forced", &costs.forced, forced),
                ("lazy", &costs.lazy, lazy),
            ] {
                let expected = [coordinator, participant, participant, participant];
                assert_eq!(records[..], expected, "{name}, seed {seed}, {what}");
            }
        }
    }
}
