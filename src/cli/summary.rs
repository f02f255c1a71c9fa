//! How the results of `jury test` are told: a table, and what went otherwise.

use super::output::{Output, Paint};
use super::test::{CheckPart, RunPart, Tried};
use super::{Failure, Outcome, table, words};

/// The table and the failures.
pub fn tell(out: &mut Output, files: &[Tried]) -> Result<(), Failure> {
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
    let failures = files.iter().filter(|f| f.outcome != Outcome::AsExpected);
    for tried in failures {
        out.line("")?;
        explain(out, tried)?;
    }
    out.line("")
}

fn row(tried: &Tried) -> Vec<table::Cell> {
    let run = tried.run.as_ref().map(|run| {
        let seeds = words::count(run.finished as u64, "seed", "seeds");
        (format!("{} ({seeds})", run.outcome.word()), run.outcome)
    });
    let check = tried.check.as_ref().map(|check| {
        let worlds = words::count(check.distinct, "world", "worlds");
        (
            format!("{} ({worlds})", check.outcome.word()),
            check.outcome,
        )
    });
    let cell = |part: Option<(String, Outcome)>| match part {
        Some((text, outcome)) => table::painted(text, Paint::of(outcome)),
        None if tried.error.is_some() => table::painted("bad input", Paint::Bad),
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
    let mut lines = Vec::new();
    for (word, n) in &run.verdicts {
        lines.push(format!("run: {} {word}", words::number(*n)));
    }
    for expected in &run.expected {
        lines.push(format!(
            "run: expected {}, found {}",
            expected.expected, expected.found
        ));
    }
    lines.extend(run.notes.iter().cloned());
    lines.extend(run.sentences.iter().cloned());
    let file = words::typed(&tried.file);
    lines.push(match run.first_failing {
        Some(seed) => format!("Reproduce: jury run {file} --seed {seed}"),
        None => format!("Reproduce: jury run {file}"),
    });
    lines
}

/// What went otherwise in the check.
pub fn of_check(tried: &Tried, check: &CheckPart) -> Vec<String> {
    if check.outcome == Outcome::AsExpected {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let mut first = None;
    for expected in &check.expected {
        if Outcome::from(expected.outcome) != Outcome::AsExpected {
            let of = &expected.of;
            let found = check.verdicts.get(of).unwrap_or(&expected.found);
            first.get_or_insert(of);
            lines.push(format!(
                "check: {of}: expected {}, found {found}",
                expected.expected
            ));
        }
    }
    lines.extend(check.sentences.iter().cloned());
    let file = words::typed(&tried.file);
    let property = first.map_or_else(String::new, |name| {
        format!(" --property {}", words::typed(name))
    });
    lines.push(format!("Reproduce: jury check {file}{property}"));
    lines
}
