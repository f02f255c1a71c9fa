//! Detection as a page.

use std::fmt::Write;

use super::{Detection, OfMistake, OfProtocol, Searched, Tried};
use crate::estimate::{Confidence, Interval, wait};
use crate::testbed::Strategy;

/// The data, so that a line changes where something changed.
pub fn layout(detection: &Detection) -> String {
    let value = serde_json::to_value(detection).expect("it is plain data");
    format!("{value:#}\n")
}

/// A table for each protocol.
pub fn markdown(detection: &Detection) -> String {
    let mut page = format!("{}\n", head(detection));
    for protocol in &detection.protocols {
        page.push_str(&table(protocol));
    }
    page.push_str(&sums(detection));
    page
}

fn head(detection: &Detection) -> String {
    format!(
        "# What it takes to find a mistake

Every mistake that is made on purpose, in every scenario of [scenarios/hunt](../scenarios/hunt) that allows it: these know of no
mistake. Each strategy had {} seeds in each scenario, until it had found {} violations of a property
within what that assumes (of which there is none without the mistake). A cell says how many seeds it takes until the first find, in the mean, in the scenario where the
strategy does best, with the interval in which the true number lies with 95 %; *> {:.0}* says that there was no find in {}
seeds, so that it takes more than that, as sure. Behind that stands, where it was measured, how long it takes until the first find
on two cores, in the mean (or how long all seeds took, if there was none). The last columns are what the checker needs, in the scenario that was
written for the mistake: events of the shortest way (behind those that the scenario starts after), worlds, and seconds on two
cores. `jury detect --write` writes this page anew; a test repeats the cheap protocols.
",
        detection.seeds,
        detection.stop_at,
        wait(Confidence::Percent95.bound_of_never(detection.seeds)),
        detection.seeds,
    )
}

fn table(of: &OfProtocol) -> String {
    let mut page = format!("\n## {}\n\n| mistake |", of.protocol);
    for strategy in Strategy::ALL {
        write!(page, " {strategy} |").expect("a string takes all");
    }
    page.push_str(" checker | worlds | seconds |\n|---|---|---|---|---|---|---|---|\n");
    for mistake in &of.mistakes {
        page.push_str(&row(mistake));
    }
    page
}

fn row(of: &OfMistake) -> String {
    let mut row = format!("| {} |", of.mistake);
    for strategy in Strategy::ALL {
        let cell = of.hunts.get(&strategy).map_or_else(String::new, hunted);
        write!(row, " {cell} |").expect("a string takes all");
    }
    row.push_str(
        &of.check
            .as_ref()
            .map_or_else(|| " | | |\n".to_owned(), searched),
    );
    row
}

/// How many seeds it takes, and how long.
fn hunted(tried: &Tried) -> String {
    let seeds = seeds(tried);
    match tried.seconds {
        None => seeds,
        Some(s) if s < 0.01 => format!("{seeds}, {:.1} ms", s * 1_000.0),
        Some(s) => format!("{seeds}, {s:.2} s"),
    }
}

/// How many seeds it takes.
pub fn seeds(tried: &Tried) -> String {
    let Interval { low, high } = tried.found.interval;
    if tried.found.times == 0 {
        return format!("> {:.0}", wait(high));
    }
    let mean = wait_of(tried.ran, tried.found.times);
    format!("{mean} ({:.0}–{:.0})", wait(high), wait(low))
}

fn wait_of(ran: u64, times: u64) -> String {
    // In tenths, rounded.
    let tenths = (ran * 10 + times / 2) / times.max(1);
    if tenths >= 100 {
        format!("{}", (tenths + 5) / 10)
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

fn searched(of: &Searched) -> String {
    let before = match of.before {
        0 => String::new(),
        n => format!("{n} + "),
    };
    format!(
        " {before}{} events | {} | {:.2} |\n",
        of.depth, of.worlds, of.seconds
    )
}

/// How many mistakes were found by whom.
fn sums(detection: &Detection) -> String {
    let all: Vec<&OfMistake> = detection
        .protocols
        .iter()
        .flat_map(|p| &p.mistakes)
        .collect();
    let found = |of: &OfMistake, strategy: Strategy| {
        of.hunts
            .get(&strategy)
            .is_some_and(|tried| tried.found.times > 0)
    };
    let by = Strategy::ALL.map(|strategy| {
        let number = all.iter().filter(|of| found(of, strategy)).count();
        format!("{strategy} {number}")
    });
    let checked = all.iter().filter(|of| of.check.is_some()).count();
    let luckless: Vec<String> = all
        .iter()
        .filter(|of| of.check.is_some() && !Strategy::ALL.iter().any(|s| found(of, *s)))
        .map(|of| format!("`{}`", of.mistake))
        .collect();
    let unchecked: Vec<String> = all
        .iter()
        .filter(|of| of.check.is_none())
        .map(|of| format!("`{}`", of.mistake))
        .collect();
    let mut page = format!(
        "\n## In sum\n\nOf {} mistakes the checker finds {checked}, and with so many seeds {}.\n",
        all.len(),
        by.join(", ")
    );
    if !luckless.is_empty() {
        writeln!(
            page,
            "\nNo strategy found {}; the checker does.",
            luckless.join(", ")
        )
        .expect("a string takes all");
    }
    if !unchecked.is_empty() {
        writeln!(
            page,
            "\nFor {} there is no check that finds it.",
            unchecked.join(", ")
        )
        .expect("a string takes all");
    }
    page
}
