//! The pictures of the shipped stories: what a reader sees of each, without running anything.

use std::fmt::Write;
use std::path::Path;

use jury::report::{Options, diagram};
use jury::testbed::summary;
use jury::trace::Trace;

use crate::found::{Way, explored, recorded, runs};
use crate::shipped::{Story, all_well, compare, stories};

const INTRODUCTION: &str = "# What the scenarios show

One picture for each shipped scenario: the run of its first seed, and what the model checker found.
Time runs downwards; every event is a line. The tests keep these files true.

[The matrix of assumptions](matrix.md) says which faults each property bears.
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
            if let Some(trace) = p.trace.as_ref().filter(|_| p.verdict != "reached") {
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
