//! The pictures of the shipped stories: what a reader sees of each, without running anything.

use std::convert::Infallible;
use std::fmt::Write;
use std::path::Path;

use jury::matrix::skeen::{self, concurrency_sets};
use jury::report::{Options, diagram};
use jury::scenario::{Comparison, ScenarioError};
use jury::testbed::{
    CheckVerdict, PropertyReport, Trials, comparison_markdown, run_seeds, summary,
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
";

const NAIVE: &str = "# What articles print as two-phase commit

Code that calls itself two-phase commit and leaves out what the protocol is for. Each is a mistake of `2pc` with a
scenario in `scenarios/2pc/naive`: what is claimed, in words of our own, and the shortest run that refutes it. The
tests keep this page true.
";

const COMPARED: &str = "# Commit protocols, side by side

The stories of `scenarios/compare`, each told to every protocol that solves atomic commitment: the same votes, and the same
faults at moments that all of them know (`jury compare`). Messages, message delays until the decision, forced records and
time with locks held (of all nodes together) are medians over the seeds. The tests keep this page true.
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
            Ok::<_, Infallible>(run_seeds(case, seeds.clone(), &|| false, &|_| ()))
        });
        let Ok(compared) = compared;
        for c in &compared {
            // A moment that a protocol does not have would compare nothing.
            assert!(!c.verdicts.contains("unreached"), "{path:?}: {c:?}");
        }
        let name = path.file_stem().unwrap().to_string_lossy();
        let table = comparison_markdown(&compared);
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
        let first = &recorded()[name][0];
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
    for line in shown.lines() {
        assert!(report.contains(line), "not in the report: {line}");
    }
}
