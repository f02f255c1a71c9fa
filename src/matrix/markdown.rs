//! The matrix as a page to read.

use std::fmt::Write;

use super::report::{Matrix, ProtocolMatrix, VariantMatrix};
use super::words::{self, LEGEND, columns, listed, mark, short, worlds};
use crate::model::cluster::enumerate;

const INTRODUCTION: &str = "\
# The matrix of assumptions

Which faults does each property bear? Every protocol is explored in full on small instances, under
every set of kinds of faults: none, each alone, each two together, up to all at once. What a
property assumes plays no part in a verdict here: it is read off the table which faults it bears,
and then what the protocol's file claims is held against that.

Timing is accurate where there is no *false suspicion*: a timer that waits for somebody fires only if
that somebody failed. With it, timers may fire at any moment.

These verdicts are about the stated instances. A counterexample is one for every larger instance, too;
a ✓ is not a proof for others. *Worlds* are those that a search looked at, after the reductions of
`jury check`: those that need not be told apart count once.
";

/// The whole page.
pub fn markdown(matrix: &Matrix) -> String {
    let mut text = INTRODUCTION.to_owned();
    text += "\n| mark | what it says |\n|:-:|---|\n";
    for (sign, meaning) in LEGEND {
        line(&mut text, &format!("| {sign} | {meaning} |"));
    }
    for protocol in &matrix.protocols {
        text += &of_protocol(protocol);
    }
    text += "\nMade by `jury matrix --write`; all of it, with a schedule for every failure, is in \
             [matrix.json](matrix.json).\n";
    text
}

fn of_protocol(protocol: &ProtocolMatrix) -> String {
    let mut text = format!("\n## {}\n\n{}\n", protocol.name, protocol.about);
    let mut known: Vec<&str> = Vec::new();
    text += "\n| property | what it says | source |\n|---|---|---|\n";
    for property in protocol.variants.iter().flat_map(|v| &v.properties) {
        if !known.contains(&property.property.as_str()) {
            known.push(&property.property);
            let (name, about, citation) = (&property.property, &property.about, &property.citation);
            line(&mut text, &format!("| {name} | {about} | {citation} |"));
        }
    }
    for variant in &protocol.variants {
        text += &of_variant(variant);
    }
    text
}

fn of_variant(variant: &VariantMatrix) -> String {
    let mut text = format!("\n### {}\n\n{}\n\n", variant.name, variant.about);
    for sentence in words::instance(variant) {
        line(&mut text, &format!("- {sentence}"));
    }
    text += "\n";
    text += &page(variant);
    text += "\n";
    for property in &variant.properties {
        let mut sentences = words::needs(variant, property);
        sentences.push(words::claim(&property.claim));
        let sentences = sentences.join(" ");
        line(
            &mut text,
            &format!("- **{}**. {sentences}", property.property),
        );
    }
    for cell in variant
        .cells
        .iter()
        .filter(|c| c.waiting_for_the_living.is_some())
    {
        let under = short(&cell.faults);
        line(
            &mut text,
            &format!(
                "- Under {under}, timers wait for the living: a deadlock, or a wrong `awaits`."
            ),
        );
    }
    text += &counterexamples(variant);
    text += &everything(variant);
    text
}

/// Properties as rows, some sets of faults as columns.
fn page(variant: &VariantMatrix) -> String {
    let columns = columns(variant);
    let mut text = "| |".to_owned();
    for (name, _) in &columns {
        write!(text, " {name} |").expect("writing to a string succeeds");
    }
    text += "\n|---|";
    text += &":-:|".repeat(columns.len());
    text += "\n";
    for (nth, property) in variant.properties.iter().enumerate() {
        let marks = columns.iter().map(|(_, cell)| mark(&cell.verdicts[nth]));
        row(&mut text, &property.property, marks);
    }
    let sizes = columns.iter().map(|(_, cell)| worlds(cell));
    row(&mut text, "*worlds*", sizes);
    text
}

/// Under the smallest sets under which it fails, the shortest schedule for each property.
fn counterexamples(variant: &VariantMatrix) -> String {
    let mut items = String::new();
    for property in &variant.properties {
        for faults in &property.fails {
            let found = variant
                .cell(faults)
                .and_then(|c| c.verdict(&property.property));
            let Some(found) = found.filter(|found| !found.schedule.is_empty()) else {
                continue;
            };
            let (name, word) = (&property.property, found.verdict.word());
            let under = listed(faults);
            line(
                &mut items,
                &format!("\n**{name}**, {word} with {under}:\n\n```text"),
            );
            let events = found.schedule.iter().chain(&found.then).enumerate();
            for (nth, event) in events {
                let then = nth >= found.schedule.len();
                let dots = if then { "…" } else { " " };
                line(&mut items, &format!("{dots}{:>3}  {event}", nth + 1));
            }
            line(&mut items, &format!("```\n\n{}", found.sentences.join(" ")));
        }
    }
    if items.is_empty() {
        return items;
    }
    let about = "Where it can block, the events behind … are what ordinary events then come to.";
    fold("The shortest counterexamples", &format!("{about}\n{items}"))
}

/// Sets of faults as rows: there are too many for columns.
fn everything(variant: &VariantMatrix) -> String {
    let mut text = "| faults |".to_owned();
    for property in &variant.properties {
        write!(text, " {} |", property.property).expect("writing to a string succeeds");
    }
    text += " worlds |\n|---|";
    text += &":-:|".repeat(variant.properties.len());
    text += "--:|\n";
    for cell in &variant.cells {
        let name = match &cell.faults[..] {
            [] => "nothing".to_owned(),
            faults => enumerate(faults.to_vec()),
        };
        let marks = cell.verdicts.iter().map(mark);
        row(&mut text, &name, marks.chain([worlds(cell)]));
    }
    fold(
        &format!("All {} sets of faults", variant.cells.len()),
        &text,
    )
}

fn row(text: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.collect();
    line(text, &format!("| {name} | {} |", cells.join(" | ")));
}

fn fold(summary: &str, inside: &str) -> String {
    format!("\n<details><summary>{summary}</summary>\n\n{inside}\n</details>\n")
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
