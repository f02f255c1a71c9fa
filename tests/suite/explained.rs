//! Why each shipped mistake fails: what `jury explain` tells of it, page by page.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use jury::check::Patient;
use jury::explain::{explain, text};
use jury::registry::Registry;
use jury::report::Options;
use jury::testbed::{
    CheckOptions, CheckVerdict, PropertyReport, RunLimits, RunReport, RunVerdict, run_seeds,
};
use jury::trace::Trace;

use crate::cores::on_all_cores;
use crate::shipped::{Story, all_well, compare, stories};

/// Every scenario with a mistake, in the order of their names.
fn mistaken() -> Vec<&'static Story> {
    let makes_one = |story: &&Story| {
        let text = std::fs::read_to_string(&story.path).expect("it is shipped");
        let json: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        !json["params"]["bug"].is_null()
    };
    stories().iter().filter(makes_one).collect()
}

#[test]
fn every_mistake_is_explained() {
    let told = on_all_cores(&mistaken(), |story| {
        let trace = failing(story).unwrap_or_else(|| panic!("{} does not fail", story.name));
        let background = Registry::shipped().background(&trace);
        let told = explain(&trace, &background).expect("it failed");
        assert!(told.mistake.is_some(), "{}", story.name);
        (*story, trace, told)
    });
    let mut pages: BTreeMap<&str, String> = BTreeMap::new();
    for (story, trace, told) in &told {
        let protocol = story.case.protocol();
        let page = pages.entry(protocol).or_insert_with(|| {
            format!(
                "# What goes wrong with each mistake of {protocol}\n\nWhat `jury explain` tells of every scenario with a \
                 mistake on purpose: of what its check found, or else of its first run that fails. The tests keep this \
                 page true.\n"
            )
        });
        let origin = &trace.origin;
        let of = match (&told.property, origin.seed) {
            (Some(property), Some(seed)) => format!("{property}, seed {seed}"),
            (Some(property), None) => property.clone(),
            (None, Some(seed)) => format!("seed {seed}"),
            (None, None) => String::new(),
        };
        let (name, about) = (&story.name, story.case.about());
        let text = text(told, &Options::default());
        write!(
            page,
            "\n## {name}: {of}\n\n{about}\n\n> {}\n\n```text\n{text}\n```\n",
            told.summary
        )
        .unwrap();
    }
    for (protocol, page) in &mut pages {
        let of = told
            .iter()
            .filter(|(story, ..)| story.case.protocol() == *protocol);
        let steps = of.flat_map(|(.., told)| &told.story);
        let rules: Vec<&str> = steps.filter_map(|step| step.rule.as_deref()).collect();
        let at = page.find("\n## ").expect("it has stories");
        page.insert_str(at, &notes(protocol, &rules));
    }
    let path = |protocol: &str| Path::new("reports/explained").join(format!("{protocol}.md"));
    let compared = pages
        .iter()
        .map(|(protocol, page)| compare(&path(protocol), page));
    all_well(&compared.filter_map(Result::err).collect::<Vec<_>>());
}

/// The works that rules are taken from, each as rules name it.
const WORKS: [(&str, &str); 13] = [
    (
        "BHG",
        "P. Bernstein, V. Hadzilacos, N. Goodman, *Concurrency Control and Recovery in Database Systems*, 1987",
    ),
    (
        "GL",
        "J. Gray, L. Lamport, *Consensus on Transaction Commit*, 2006",
    ),
    (
        "MLO",
        "C. Mohan, B. Lindsay, R. Obermarck, *Transaction Management in the R\\* Distributed Database Management \
         System*, 1986",
    ),
    ("PMS", "L. Lamport, *Paxos Made Simple*, 2001"),
    (
        "Raft",
        "D. Ongaro, J. Ousterhout, *In Search of an Understandable Consensus Algorithm (Extended Version)*, 2014; its \
         thesis: D. Ongaro, *Consensus: Bridging Theory and Practice*, 2014",
    ),
    (
        "Raz 1995",
        "Y. Raz, *The Dynamic Two Phase Commitment (D2PC) Protocol*",
    ),
    ("Skeen 1981", "D. Skeen, *Nonblocking Commit Protocols*"),
    ("Skeen 1982", "D. Skeen, *A Quorum-Based Commit Protocol*"),
    (
        "Skeen and Stonebraker 1983",
        "*A Formal Model of Crash Recovery in a Distributed System*",
    ),
    (
        "PML",
        "T. Chandra, R. Griesemer, J. Redstone, *Paxos Made Live: An Engineering Perspective*, 2007",
    ),
    (
        "Ongaro",
        "D. Ongaro, *Consensus: Bridging Theory and Practice*, 2014",
    ),
    (
        "Skeen 1985",
        "D. Skeen, *Determining the Last Process to Fail*",
    ),
    (
        "TR",
        "the termination rules TR1 to TR4 of BHG 7.5, by which a backup decides: TR1, somebody has aborted; TR2, \
         somebody has committed; TR3, all are uncertain; TR4, somebody is pre-committed",
    ),
];

/// What has to be known to read a page: of its protocol, and of the works that its rules name.
fn notes(protocol: &str, rules: &[&str]) -> String {
    let about = match protocol {
        "d2pc" => {
            "d2pc is decentralised two-phase commit: nobody coordinates, everybody tells everybody its vote (Skeen \
             1981). What Raz calls D2PC is tree-2pc."
        }
        "tree-2pc" => {
            "tree-2pc is what Raz calls D2PC, dynamic two-phase commitment: votes go along the edges of a tree, and \
             where the last arrives is decided."
        }
        "multi-paxos" => {
            "`+2:a1` is a command that a message brings: for slot 2, the first that S1 proposed (`b1`: S2, and so on). \
             `+2=1:a1` is what was accepted there, in ballot 1."
        }
        "raft" => {
            "`+1:a1` is an entry that a message brings: of term 1, the first that S1 proposed (`b1`: S2, and so on)."
        }
        _ => "",
    };
    let mut notes = String::new();
    if !about.is_empty() {
        write!(notes, "\n{about}\n").unwrap();
    }
    notes.push('\n');
    for (name, work) in WORKS {
        if rules.iter().any(|rule| rule.contains(name)) {
            writeln!(notes, "- {name}: {work}.").unwrap();
        }
    }
    notes
}

/// What the check of a scenario found against a property, or its first run that fails. (They are quickly found, so
/// that nobody has to wait for the checks of all scenarios.)
fn failing(story: &Story) -> Option<Trace> {
    let against =
        |p: &PropertyReport| matches!(p.verdict, CheckVerdict::Violated | CheckVerdict::CanBlock);
    if story.case.has_check() {
        let options = CheckOptions::default();
        let report = story.case.check(&options, None, &mut Patient).unwrap();
        let found = report.properties.into_iter().find(against);
        if let Some(trace) = found.and_then(|property| property.trace) {
            return Some(trace);
        }
    }
    let limits = RunLimits::default();
    let all = run_seeds(&*story.case, story.case.seeds()?, &limits, &|_| ());
    let is_failing = |run: &&RunReport| {
        use RunVerdict::{Blocked, Undecided, Violated};
        matches!(run.verdict, Violated | Blocked | Undecided)
    };
    let failing = all.iter().filter(is_failing);
    let first = failing.min_by_key(|run| (run.verdict, run.seed))?;
    story.case.run(first.seed, true, &limits).trace
}
