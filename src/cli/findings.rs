//! How the answer of a check is told: a table, schedules, statistics.

use std::path::Path;

use crate::check::Stopped;
use crate::testbed::report::Unexercised;
use crate::testbed::{CheckReport, PropertyReport};

use super::check::{Checked, GoOn, by_itself};
use super::output::{Output, Paint};
use super::picture::Picture;
use super::{Failure, Outcome, Terminal, table, words};

/// The verdict of each property.
pub fn tell(out: &mut Output, file: &Path, checked: &Checked) -> Result<(), Failure> {
    let mut rows: Vec<_> = checked
        .report
        .properties
        .iter()
        .map(|property| {
            let expected = checked.expected.iter().find(|e| e.of == property.property);
            let (outcome, met) = match expected {
                None => {
                    let outcome = by_itself(property);
                    // Where something is expected, only that counts.
                    let counts = checked.expected.is_empty() && checked.not_judged.is_empty();
                    let met = match outcome {
                        Outcome::Refuted if counts => "refutes: nothing expected",
                        Outcome::NotEstablished if counts => "not established: nothing expected",
                        _ => "nothing expected",
                    };
                    (outcome, met.to_owned())
                }
                Some(e) => {
                    let outcome = e.outcome.into();
                    let met = match outcome {
                        Outcome::AsExpected => "as expected".to_owned(),
                        Outcome::NotEstablished if e.expected == property.verdict.word() => {
                            format!(
                                "as expected so far, cut short: {}",
                                cut_short(&checked.report)
                            )
                        }
                        _ => format!("expected: {}", e.expected),
                    };
                    (outcome, met)
                }
            };
            let paint = Paint::of(outcome);
            let met = match expected {
                None => table::painted(met, Paint::Dim),
                Some(_) => table::painted(met, paint),
            };
            vec![
                table::plain(property.property.as_str()),
                table::painted(property.qualified.as_str(), paint),
                met,
            ]
        })
        .collect();
    rows.extend(checked.not_judged.iter().map(|name| {
        let paint = Paint::of(Outcome::NotEstablished);
        vec![
            table::plain(name.as_str()),
            table::painted("not judged by this engine", paint),
        ]
    }));
    let came_to = out.paint(Paint::of(checked.outcome), checked.outcome.word());
    out.line(format!("{}: {came_to}", file.display()))?;
    for line in table::lines(out, &rows) {
        out.line(line)?;
    }
    Ok(())
}

/// What stopped the searches that did not come to their end.
fn cut_short(report: &CheckReport) -> String {
    let stops = [
        Stopped::Interrupted,
        Stopped::Memory,
        Stopped::Time,
        Stopped::States,
    ];
    let bounds = || report.searches.iter().flat_map(|search| &search.bounds);
    let stops = stops.map(|stopped| stopped.to_string());
    let stops: Vec<String> = stops
        .into_iter()
        .filter(|s| bounds().any(|b| b == s))
        .collect();
    if stops.is_empty() {
        return "depth".to_owned();
    }
    words::listed(&stops)
}

/// The shortest schedule of a property: its sentences and its diagram.
pub fn show(
    out: &mut Output,
    property: &PropertyReport,
    picture: Picture,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let name = out.paint(Paint::Bold, &property.property);
    out.line("")?;
    out.line(format!(
        "{name}: {} ({})",
        property.about, property.citation
    ))?;
    if let Some(trace) = &property.trace {
        // The diagram ends with the verdict and its sentences.
        out.line(picture.draw(trace, terminal))?;
        if Picture::leaves_out(trace, (None, None)) {
            out.line("See what is left out: --trace OUT.json, and then jury replay OUT.json")?;
        }
        return Ok(());
    }
    for sentence in &property.sentences {
        out.line(format!("  {sentence}"))?;
    }
    out.line(format!(
        "  {}. There is no schedule to show.",
        property.qualified
    ))
}

/// What was searched, under what, and what it cost.
pub fn statistics(out: &mut Output, checked: &Checked) -> Result<(), Failure> {
    let Checked { report, effort, .. } = checked;
    out.line("")?;
    out.line(format!("Allowed: {}.", report.allowed.join(", ")))?;
    let head = [
        "",
        "worlds",
        "events",
        "depth",
        "time",
        "rate",
        "exhaustive",
    ];
    let mut rows = vec![
        head.iter()
            .map(|text| table::painted(*text, Paint::Dim))
            .collect::<Vec<_>>(),
    ];
    for (i, search) in report.searches.iter().enumerate() {
        let seconds = effort.search_seconds.get(i).copied();
        let mut name = format!("search {}", i + 1);
        if !search.reduced.is_empty() {
            name.push_str(", reduced");
        }
        if !search.imposed.is_empty() {
            name.push_str(", assuming ");
            name.push_str(&words::listed(&search.imposed));
        }
        let exhaustive = match &search.bounds[..] {
            [] if search.exhaustive => "yes".to_owned(),
            [] => "no need: all was found".to_owned(),
            bounds => format!("no: {}", bounds.join(", ")),
        };
        let rate = |s| words::rate(search.distinct, s);
        rows.push(vec![
            table::plain(name),
            table::plain(words::number(search.distinct)),
            table::plain(words::number(search.generated)),
            table::plain(words::number(search.depth)),
            table::plain(seconds.map_or_else(|| "-".to_owned(), words::seconds)),
            table::plain(seconds.map_or_else(|| "-".to_owned(), rate)),
            table::plain(exhaustive),
        ]);
    }
    for line in table::lines(out, &rows) {
        out.line(line)?;
    }
    for line in symmetry(report) {
        out.line(line)?;
    }
    for line in unexercised(report) {
        out.line(line)?;
    }
    for line in reductions(report) {
        out.line(line)?;
    }
    for note in notes(report) {
        out.line(format!("Note: {note}"))?;
    }
    for note in &effort.notes {
        out.line(format!("Note: {note}"))?;
    }
    if let Some(GoOn {
        folder,
        command,
        stopped,
    }) = &checked.checkpoint
    {
        let how = match stopped {
            Stopped::Memory => "Go on with a larger --memory",
            Stopped::States => "Go on with a larger --states",
            _ => "Go on with",
        };
        out.line(format!(
            "Checkpoint: it can go on from {folder}. {how}: {command}"
        ))?;
    }
    let memory = effort.memory_peak.map_or_else(String::new, |bytes| {
        format!(", at most {} held", words::bytes(bytes))
    });
    let engine = &report.engine;
    let doubt = if checked.paranoid {
        ", every answer of a handler asked for again"
    } else {
        ""
    };
    let threads = match report.threads {
        None => String::new(),
        Some(1) => ", 1 thread".to_owned(),
        Some(n) => format!(", {n} threads"),
    };
    let line = format!(
        "{engine} engine{threads}{doubt}, {}{memory}",
        words::seconds(effort.seconds)
    );
    out.line(out.paint(Paint::Dim, &line))
}

/// What came of node symmetry, once if it is the same in all searches.
fn symmetry(report: &CheckReport) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for (nth, search) in report.searches.iter().enumerate() {
        let Some(symmetry) = &search.symmetry else {
            continue;
        };
        let same = |other: &crate::testbed::report::SearchReport| other.symmetry == search.symmetry;
        if report.searches.iter().all(same) {
            return vec![format!("All searches: {symmetry}.")];
        }
        told.push(format!("Search {}: {symmetry}.", nth + 1));
    }
    told
}

/// What roles never got, so that a proof about nothing is seen; searches that say the same together.
fn unexercised(report: &CheckReport) -> Vec<String> {
    let mut groups: Vec<(Vec<String>, &[Unexercised])> = Vec::new();
    for (nth, search) in report.searches.iter().enumerate() {
        let missing = search.unexercised.as_slice();
        let name = (nth + 1).to_string();
        match groups.iter_mut().find(|(_, other)| *other == missing) {
            Some((names, _)) => names.push(name),
            None => groups.push((vec![name], missing)),
        }
    }
    groups.retain(|(_, missing)| !missing.is_empty());
    let line = |(names, missing): (Vec<String>, &[Unexercised])| {
        let s = if names.len() == 1 { "" } else { "es" };
        let searches = words::listed(&names);
        let role = |of: &Unexercised| format!("{} {}", of.role, of.kinds.join(", "));
        let roles: Vec<String> = missing.iter().map(role).collect();
        format!(
            "Never exercised in search{s} {searches}: {}.",
            roles.join("; ")
        )
    };
    groups.into_iter().map(line).collect()
}

/// What searches left out, and what they did not although they were asked to.
fn reductions(report: &CheckReport) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |line| {
        if !lines.contains(&line) {
            lines.push(line);
        }
    };
    for search in &report.searches {
        for reduction in &search.reduced {
            add(format!(
                "Reduced by {}: {}; keeps {}.",
                reduction.name,
                reduction.about,
                words::listed(&reduction.preserves)
            ));
        }
    }
    for (nth, search) in report.searches.iter().enumerate() {
        for (name, why) in &search.not_reduced {
            add(format!("Search {} not reduced by {name}: {why}.", nth + 1));
        }
    }
    lines
}

/// What qualifies the answer beyond the verdicts.
fn notes(report: &CheckReport) -> Vec<String> {
    let mut notes = report.notes.clone();
    notes.extend(report.properties.iter().flat_map(|p| p.hints.clone()));
    if report.searches.iter().any(|s| s.absorbed) {
        notes.push(
            "sends were absorbed, or duplicates withheld, because as many equal messages as allowed were in \
             flight; raise `copies` to see whether that matters (where timers send again for ever, there is always one \
             more)."
                .to_owned(),
        );
    }
    let waiting = |s: &crate::testbed::report::SearchReport| s.waiting_for_the_living.clone();
    if let Some(schedule) = report.searches.iter().find_map(waiting) {
        notes.push(format!(
            "timers wait for the living: a deadlock, or a wrong `awaits`. It comes after: {}",
            if schedule.is_empty() {
                "the start".to_owned()
            } else {
                schedule.join("; ")
            }
        ));
    }
    notes
}
