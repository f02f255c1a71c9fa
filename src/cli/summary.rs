//! How the results of `jury test` are told: a table, and what went otherwise.

use crate::model::{Few, FewMap};
use crate::testbed::Expected;

use super::output::{Output, Paint};
use super::test::{CheckPart, Diverged, RunPart, Tried};
use super::{Failure, Outcome, table, words};

/// The table and the failures; or the failures alone.
pub fn tell(out: &mut Output, files: &[Tried], quiet: bool) -> Result<(), Failure> {
    if !quiet {
        table_of(out, files)?;
    }
    let failures = files.iter().filter(|f| f.outcome != Outcome::AsExpected);
    for (nth, tried) in failures.enumerate() {
        if nth > 0 || !quiet {
            out.line("")?;
        }
        explain(out, tried)?;
    }
    if quiet {
        return Ok(());
    }
    for line in notes(files).into_iter().chain(never_exercised(files)) {
        out.line("")?;
        out.line(format!("Note: {line}"))?;
    }
    out.line("")
}

fn table_of(out: &mut Output, files: &[Tried]) -> Result<(), Failure> {
    let head = ["scenario", "run", "check", "time"];
    let mut rows = vec![
        head.iter()
            .map(|text| table::painted(*text, Paint::Dim))
            .collect::<Vec<_>>(),
    ];
    rows.extend(files.iter().map(row));
    for line in table::lines(out, &rows) {
        out.line(line)?;
    }
    Ok(())
}

/// What qualifies the checks beyond their verdicts; of several only that there is something.
fn notes(files: &[Tried]) -> Vec<String> {
    let of = |tried: &Tried| tried.check.as_ref().map_or(0, |check| check.notes.len());
    let noted: Vec<&Tried> = files.iter().filter(|tried| of(tried) > 0).collect();
    match noted[..] {
        [] => Vec::new(),
        [only] => {
            let all = only.check.iter().flat_map(|check| &check.notes);
            all.map(|note| format!("{}: {note}", only.file)).collect()
        }
        [first, ..] => {
            let file = words::typed(&first.file);
            let n = words::number(noted.len() as u64);
            vec![format!(
                "in {n} scenarios the events of `after` use up a budget; which, is told by --json, or of \
                 one: jury check {file}"
            )]
        }
    }
}

/// What no check has any node of a protocol get: nothing here is proved of it.
fn never_exercised(files: &[Tried]) -> Vec<String> {
    let mut of_each = FewMap::<&str, Few<&str>>::new();
    for tried in files {
        let (Some(protocol), Some(check)) = (tried.protocol, &tried.check) else {
            continue;
        };
        if check.divergence.is_some() {
            continue;
        }
        let missing: Few<&str> = check.never_exercised.iter().map(String::as_str).collect();
        let in_all = of_each.of_or(protocol, || missing.clone());
        in_all.retain(|kind| missing.contains(kind));
    }
    of_each.retain(|_, missing| !missing.is_empty());
    let line = |(protocol, missing): (&str, Few<&str>)| {
        let kinds: Vec<&str> = missing.into_iter().collect();
        let kinds = kinds.join(", ");
        format!("{protocol}: no check here comes to {kinds}: is it ever sent, or armed?")
    };
    of_each.into_iter().map(line).collect()
}

fn row(tried: &Tried) -> Vec<table::Cell> {
    let of = |outcome: Outcome, divergence: &Option<Diverged>, what| {
        let what = divergence.as_ref().map_or(what, |_| "its story".to_owned());
        (format!("{} ({what})", outcome.word()), outcome)
    };
    let run = tried.run.as_ref().map(|run| {
        let seeds = words::count(run.finished as u64, "seed", "seeds");
        of(run.outcome, &run.divergence, seeds)
    });
    let check = tried.check.as_ref().map(|check| {
        let worlds = words::count(check.distinct, "world", "worlds");
        of(check.outcome, &check.divergence, worlds)
    });
    let cell = |part: Option<(String, Outcome)>| match part {
        Some((text, outcome)) => table::painted(text, Paint::of(outcome)),
        None if tried.error.is_some() => table::painted(tried.outcome.word(), Paint::Bad),
        None => table::painted("-", Paint::Dim),
    };
    vec![
        table::plain(tried.file.as_str()),
        cell(run),
        cell(check),
        table::plain(words::seconds(tried.seconds)),
    ]
}

fn explain(out: &mut Output, tried: &Tried) -> Result<(), Failure> {
    out.line(out.paint(Paint::Bold, &tried.file))?;
    if let Some(error) = &tried.error {
        out.line(error)?;
    }
    for line in tried.run.iter().flat_map(|run| of_run(tried, run)) {
        out.line(format!("  {line}"))?;
    }
    for line in tried.check.iter().flat_map(|check| of_check(tried, check)) {
        out.line(format!("  {line}"))?;
    }
    Ok(())
}

/// What went otherwise in the runs; nothing if all went as expected. Ends with the command that
/// reproduces it.
pub fn of_run(tried: &Tried, run: &RunPart) -> Vec<String> {
    if run.outcome == Outcome::AsExpected {
        return Vec::new();
    }
    if let Some(diverged) = &run.divergence {
        return of_story("run", tried, diverged);
    }
    let mut lines = Vec::new();
    for expected in otherwise(&run.expected) {
        lines.push(format!("run: {}", instead(expected, &expected.found)));
    }
    let counts = run.verdicts.iter();
    let counts: Vec<_> = counts
        .map(|(word, n)| format!("{} {word}", words::number(*n)))
        .collect();
    lines.push(format!("run: {}", counts.join(", ")));
    lines.extend(run.notes.iter().cloned());
    lines.extend(run.sentences.iter().cloned());
    let file = words::typed(&tried.file);
    let jury = words::program();
    lines.push(match run.first_failing {
        Some(seed) => format!("Reproduce: {jury} run {file} --seed {seed}"),
        None => format!("Reproduce: {jury} run {file}"),
    });
    let mut against = ["violated", "blocked"].iter();
    let fails = against.any(|verdict| run.verdicts.contains_key(verdict));
    if let Some(seed) = run.first_failing.filter(|_| fails) {
        lines.push(format!("Explain: {jury} explain {file} --seed {seed}"));
    }
    lines
}

/// The event that cannot happen, the world at that point, and the command that shows how it comes to
/// that.
pub fn of_story(command: &str, tried: &Tried, diverged: &Diverged) -> Vec<String> {
    let mut lines = diverged.sentences.clone();
    lines[0] = format!("{command}: {}", lines[0]);
    let file = words::typed(&tried.file);
    let jury = words::program();
    lines.push(format!("Reproduce: {jury} {command} {file}"));
    lines
}

/// What went otherwise in the check.
pub fn of_check(tried: &Tried, check: &CheckPart) -> Vec<String> {
    if let Some(diverged) = &check.divergence {
        return of_story("check", tried, diverged);
    }
    let expected = otherwise(&check.expected);
    if check.outcome == Outcome::NotEstablished && otherwise(&check.expected).next().is_none() {
        return vec!["check: interrupted".to_owned()];
    }
    let lines = expected.flat_map(|expected| {
        let mut lines = of_property(tried, check, expected);
        lines[0] = format!("check: {}: {}", expected.of, lines[0]);
        lines
    });
    lines.collect()
}

/// What went otherwise with one property, and the command that reproduces it.
pub fn of_property(tried: &Tried, check: &CheckPart, expected: &Expected) -> Vec<String> {
    let of = &expected.of;
    let found = check.verdicts.get(of).unwrap_or(&expected.found);
    let mut lines = vec![instead(expected, found)];
    lines.extend(check.sentences.get(of).into_iter().flatten().cloned());
    let (file, property) = (words::typed(&tried.file), words::typed(of));
    let jury = words::program();
    lines.push(format!(
        "Reproduce: {jury} check {file} --property {property}"
    ));
    let is_met = found.starts_with("holds") || found == "reached";
    if !is_met {
        lines.push(format!(
            "Explain: {jury} explain {file} --property {property}"
        ));
    }
    lines
}

/// The expectations that were not met.
pub fn otherwise(expected: &[Expected]) -> impl Iterator<Item = &Expected> {
    let met = |e: &&Expected| Outcome::from(e.outcome) == Outcome::AsExpected;
    expected.iter().filter(move |e| !met(e))
}

/// `expected ok, found blocked with seed 1`
pub fn instead(expected: &Expected, found: &str) -> String {
    let open = Outcome::from(expected.outcome) == Outcome::NotEstablished;
    if open && found.starts_with(&expected.expected) {
        return format!("expected {}, so far {found}", expected.expected);
    }
    format!("expected {}, found {found}", expected.expected)
}
