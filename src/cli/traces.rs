//! Reading traces: the files that `--trace` writes, and pages, which have one in them.

use std::path::Path;

use miette::{LabeledSpan, MietteDiagnostic, NamedSource, Report};

use crate::page;
use crate::trace::Trace;

use super::{Failure, sources};

const ADVICE: &str = "a trace is what `jury run --trace` and `jury check --trace` write";

/// Reads a trace, or the first run of a page.
pub fn read(path: &Path) -> Result<Trace, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::file("read", path, &e))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if is_page(text) {
        return of_page(path, text);
    }
    serde_json::from_str(text).map_err(|e| flaw(path, text, &e))
}

/// The trace that a file holds; nothing if it holds something else, which is then a scenario.
pub fn trace_of(path: &Path) -> Result<Option<Trace>, Failure> {
    if sources::is_stdin(path) || !path.is_file() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|e| Failure::file("read", path, &e))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if is_page(text) {
        return of_page(path, text).map(Some);
    }
    let is_trace = serde_json::from_str::<serde_json::Value>(text)
        .is_ok_and(|value| value.get("jury_trace").is_some());
    if !is_trace {
        return Ok(None);
    }
    serde_json::from_str(text).map(Some).map_err(|error| {
        Failure::new(
            format!("{} is not a trace: {error}", path.display()),
            ADVICE,
        )
    })
}

fn is_page(text: &str) -> bool {
    text.trim_start().starts_with('<')
}

fn of_page(path: &Path, text: &str) -> Result<Trace, Failure> {
    page::trace_of(text).map_err(|why| {
        Failure::new(
            format!("{} has no run to read: {why}", path.display()),
            "a page with a run in it is what `jury page` and `--html` write",
        )
    })
}

/// What is wrong with a file that is no trace, and where.
fn flaw(path: &Path, text: &str, error: &serde_json::Error) -> Failure {
    let value = serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
    if value.get("command").is_some() {
        return Failure::new(
            format!("{} is an answer in JSON, not a trace", path.display()),
            "`--trace OUT.json` writes the trace alone",
        );
    }
    if value.get("jury").is_some() {
        return Failure::new(
            format!("{} is a scenario, not a trace", path.display()),
            "run it: `jury run FILE --trace OUT.json` records a trace",
        );
    }
    let lines = text.split_inclusive('\n');
    let before: usize = lines
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let at = (before + error.column().saturating_sub(1)).min(text.len());
    let diagnostic = MietteDiagnostic::new(format!("{} is not a trace", path.display()))
        .with_help(ADVICE)
        .with_label(LabeledSpan::at_offset(at, error.to_string()));
    let source = NamedSource::new(path.display().to_string(), text.to_owned());
    Failure::Bad(Report::new(diagnostic).with_source_code(source))
}
