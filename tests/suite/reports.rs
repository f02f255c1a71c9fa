//! The pictures of the shipped stories: what a reader sees of each, without running anything.

use std::fmt::Write;
use std::path::Path;

use jury::estimate::{Confidence, markdown, plot};
use jury::matrix::skeen::{self, concurrency_sets};
use jury::report::{Options, diagram};
use jury::scenario::{Comparison, ScenarioError};
use jury::testbed::{
    CheckVerdict, PropertyReport, RunLimits, Trials, comparison_markdown, estimate, run_seeds,
    summary,
};
use jury::trace::Trace;

use crate::found::{Way, explored, recorded, runs};
use crate::shipped::{COMPARISONS, Story, all_well, compare, find, stories};

const INTRODUCTION: &str = "# What the scenarios show

One picture for each shipped scenario: the run of its first seed, and what the model checker found.
Time runs downwards; every event is a line. The tests keep these files true.

[The matrix of assumptions](matrix.md) says which faults each property bears. [What articles print](naive.md)
as two-phase commit, and how it breaks. [Skeen's criterion](skeen.md) says who can decide alone;
[one story](compare.md) told to several protocols, what each makes of it and what it costs.
[Why each mistake fails](explained), a page for each protocol: which steps are behind it, by which rule of the paper each
was taken, and where the two sides parted. [How likely is commitment](estimate.md), measured, computed, and as some
articles have it. [What it takes to find a
mistake](detection.md): after how many seeds each hunter finds it, and what the checker needs. [How small failing runs
get](shrinking.md). [Consistent hashing](ring.md), measured: how even the shares of nodes are, and what moves when one
joins.
";

const NAIVE: &str = "# What articles print as two-phase commit

Code that calls itself two-phase commit and leaves out what the protocol is for. Each is a mistake of `2pc` with a
scenario in `scenarios/2pc/naive`: what is claimed, in words of our own, and the shortest run that refutes it. The
tests keep this page true.
";

const COMPARED: &str = "# Protocols, side by side

The stories of `scenarios/compare`, each told to every protocol that solves the problem in it: the same votes or clients,
and the same faults at moments that all of them know (`jury compare`). What is counted are medians over the seeds. Of
commit protocols it is messages, message delays until the decision, forced records, and time with locks held (of all nodes
together). Of replicated stores, which are the stories called `store-`, it is messages (heartbeats among them, from the
beginning on), forced records (clients write down what they begin), answers that clients got, and the longest that one of
them waited. There S1 starts early enough to lead, and the clients half a second later. The tests keep this page true.
";

const ESTIMATED: &str = "# How likely is commitment?

The scenarios of `scenarios/estimate`, 10,000 runs each (`jury estimate`): how many come to what the protocol is there
for, with the interval that contains the likelihood behind it 999 times of 1,000. The closed forms are of one attempt, with
nothing sent twice and no timer that runs out. In them y is a participant that is up and votes YES, a is a node that
is up, p a message that is lost, s = (1 − p)², Q a majority of N; b(m, q; k) is that just k of m come about, each with q,
and B that k or more do; a product is over all participants, and a sum over how many m are up. Where nodes
differ, each counts with its own.

The last column is the mean of the likelihoods that a member is up, willing, asked and heard, `(1/n) Σ Pᵢ`, which some articles
give for all of these protocols. It is too high where all have to agree, and too low for a majority of nodes that are better than a coin.
The tests keep this page true.

![measured, closed form and mean](estimate.svg)
";

/// Longer runs are shown without their middle.
const STEPS_MAX: usize = 60;

#[test]
fn the_reports_are_up_to_date() {
    let mut problems = Vec::new();
    let mut index = INTRODUCTION.to_owned();
    let mut folder = String::new();
    for story in stories() {
        let (inside, file) = story
            .name
            .rsplit_once('/')
            .expect("scenarios are in folders");
        if inside != folder {
            inside.clone_into(&mut folder);
            write!(index, "\n## {folder}\n\n").unwrap();
        }
        writeln!(
            index,
            "- [{file}]({}.txt) {}",
            story.name,
            first_sentence(story.case.about())
        )
        .unwrap();
        let path = Path::new("reports").join(format!("{}.txt", story.name));
        problems.extend(compare(&path, &report(story)).err());
    }
    problems.extend(compare(Path::new("reports/README.md"), &index).err());
    all_well(&problems);
}

/// The page of what articles print: each claim, what becomes of it, and the shortest way to get there.
#[test]
fn the_page_of_naive_code_is_up_to_date() {
    let mut page = NAIVE.to_owned();
    for story in stories() {
        let Some(name) = story.name.strip_prefix("2pc/naive/") else {
            continue;
        };
        let report = &explored(Way::Usual)[story.name.as_str()];
        let against = |p: &&PropertyReport| {
            matches!(p.verdict, CheckVerdict::Violated | CheckVerdict::CanBlock)
        };
        let broken: Vec<_> = report.properties.iter().filter(against).collect();
        let shortest = broken.iter().min_by_key(|p| p.schedule.len());
        let shortest = shortest.unwrap_or_else(|| panic!("{name} breaks nothing"));
        write!(page, "\n## {name}\n\n{}\n\n", story.case.about()).unwrap();
        for p in &broken {
            let said = p
                .sentences
                .first()
                .expect("a verdict against it has a reason");
            writeln!(page, "- *{}*: {}. {said}", p.property, p.qualified).unwrap();
        }
        let trace = shortest.trace.as_ref().expect("it has a way there");
        let picture = diagram(trace, &Options::default());
        write!(page, "\n```text\n{picture}```\n").unwrap();
    }
    all_well(&Vec::from_iter(
        compare(Path::new("reports/naive.md"), &page).err(),
    ));
}

/// The page of comparisons: the shipped stories, each told to every commit protocol.
#[test]
fn the_comparisons_are_up_to_date() {
    let mut paths = Vec::new();
    find(Path::new(COMPARISONS), "json", &mut paths);
    paths.sort();
    let mut page = COMPARED.to_owned();
    for path in &paths {
        let text = |error: ScenarioError| error.render(false);
        let comparison = Comparison::load(path).map_err(text);
        let comparison = comparison.unwrap_or_else(|error| panic!("{error}"));
        let trials = Trials::new(&comparison, &|_| true).map_err(text);
        let trials = trials.unwrap_or_else(|error| panic!("{error}"));
        let compared = trials.compare(&comparison.seeds().iter(), |case, seeds, _| {
            run_seeds(case, seeds.clone(), &RunLimits::default(), &|_| ())
        });
        for c in &compared {
            // A moment that a protocol does not have would compare nothing.
            assert!(!c.verdicts.contains("unreached"), "{path:?}: {c:?}");
        }
        let name = path.file_stem().unwrap().to_string_lossy();
        let table = comparison_markdown(comparison.problem(), &compared);
        write!(page, "\n## {name}\n\n{}\n\n{table}\n", comparison.about()).unwrap();
    }
    all_well(&Vec::from_iter(
        compare(Path::new("reports/compare.md"), &page).err(),
    ));
}

#[test]
fn skeens_criterion_is_up_to_date() {
    let all = concurrency_sets(&|_| true);
    let fulfils = |name: &str| {
        let of = all.iter().find(|sets| sets.protocol == name);
        of.expect("it is a commit protocol").is_nonblocking()
    };
    assert!(!fulfils("2pc"));
    assert!(fulfils("3pc"));
    let page = skeen::markdown(&all);
    all_well(&Vec::from_iter(
        compare(Path::new("reports/skeen.md"), &page).err(),
    ));
}

fn first_sentence(about: &str) -> &str {
    about
        .split_inclusive(". ")
        .next()
        .unwrap_or(about)
        .trim_end()
}

fn report(story: &Story) -> String {
    let name = story.name.as_str();
    let mut text = String::new();
    let options = Options {
        elide: Some(STEPS_MAX),
        ..Options::default()
    };
    let picture = |trace: &Trace| diagram(trace, &options);
    if let Some(seeds) = story.case.seeds() {
        let first = &recorded()[name];
        text += &picture(first.trace.as_ref().expect("it was asked for"));
        let (from, to) = (seeds.start(), seeds.end());
        if from != to {
            writeln!(text, "\nSeeds {from} to {to}: {}.", summary(&runs()[name])).unwrap();
        }
    }
    if let Some(report) = explored(Way::Usual).get(name) {
        if !text.is_empty() {
            text += "\n";
        }
        writeln!(text, "Every run with:\n").unwrap();
        for allowed in &report.allowed {
            writeln!(text, "  {allowed}").unwrap();
        }
        text += "\n";
        for p in &report.properties {
            writeln!(text, "  {:<24} {}", p.property, p.qualified).unwrap();
        }
        for p in &report.properties {
            if let Some(trace) = p
                .trace
                .as_ref()
                .filter(|_| p.verdict != CheckVerdict::Reached)
            {
                write!(text, "\n{}", picture(trace)).unwrap();
            }
        }
    }
    text
}

/// What the README promises of its first command is what that command shows.
#[test]
fn the_picture_in_the_readme_is_in_the_report() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path| std::fs::read_to_string(root.join(path)).expect("it is committed");
    let readme = read("README.md");
    let report = read("reports/2pc/coordinator-dies-after-prepare.txt");
    let shown = readme.split("```text\n").nth(1).expect("a picture");
    let shown = shown.split("```").next().expect("it ends");
    assert!(shown.lines().count() > 10);
    // As a whole: a line that the README lacks is as wrong as one that it made up.
    assert!(report.contains(shown), "not in the report:\n{shown}");
}

/// How likely it is: the scenarios of `scenarios/estimate`, counted over the same seeds every time. What is
/// known of each lies in its interval, and is what the books say; the mean of the members is neither that
/// of those that need all, nor that of those that need a majority.
#[test]
fn the_estimates_are_up_to_date() {
    let mut page = ESTIMATED.to_owned();
    let mut problems = Vec::new();
    let mut estimates = Vec::new();
    for story in stories() {
        let Some(name) = story.name.strip_prefix("estimate/") else {
            continue;
        };
        let confidence = Confidence::default();
        let estimate = estimate(
            &*story.case,
            1..=10_000,
            confidence,
            &RunLimits::default(),
            &|| (),
        );
        write!(
            page,
            "\n## {name}\n\n{} (`{}`)\n\n",
            estimate.about, estimate.protocol
        )
        .unwrap();
        page.push_str(&markdown(&estimate));
        if !estimate.is_as_known() {
            problems.push(format!("{name}: what is known of it is refuted"));
        }
        estimates.push((name, estimate));
    }
    for (name, success, known) in KNOWN {
        let of = estimates.iter().find(|(other, _)| other == name);
        let found = of.and_then(|(_, e)| e.successes.iter().find(|s| s.name == *success));
        let found = found.and_then(|found| found.closed_form);
        if found.is_none_or(|found| (found - known).abs() > 2e-6) {
            problems.push(format!("{name}: {success} is {known}, and not {found:?}"));
        }
    }
    let below = |name: &str| {
        let (_, estimate) = estimates.iter().find(|(other, _)| *other == name)?;
        let success = estimate.successes.first()?;
        let (interval, mean) = (success.interval, success.mean?);
        (!interval.contains(mean)).then_some(mean < interval.low)
    };
    for (name, expected) in [
        ("2pc-unanimity", false),
        ("paxos-majority", true),
        ("paxos-poor-majority", false),
    ] {
        if below(name) != Some(expected) {
            problems.push(format!("{name} does not refute the mean"));
        }
    }
    let rows: Vec<_> = estimates.iter().map(|(name, e)| (*name, e)).collect();
    let picture = plot(&rows).expect("a string takes all");
    problems.extend(compare(Path::new("reports/estimate.md"), &page).err());
    problems.extend(compare(Path::new("reports/estimate.svg"), &picture).err());
    all_well(&problems);
}

/// Computed apart from this code.
const KNOWN: &[(&str, &str, f64)] = &[
    ("2pc-unanimity", "everybody-commits", 0.729),
    ("2pc-loss", "commit-decided", 0.569_753),
    ("2pc-loss", "everybody-commits", 0.519_998),
    ("d2pc-loss", "commit-decided", 0.683_859),
    ("paxos-majority", "learned", 0.972),
    ("paxos-poor-majority", "learned", 0.352),
    ("paxos-loss", "learned", 0.781_290),
    ("raft-election", "committed", 0.885_561),
    ("raft-entry", "committed", 0.960_480),
];
