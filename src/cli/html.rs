//! Pages: what a command shows, as one file for a browser.

use std::path::{Path, PathBuf};

use crate::diff::Diff;
use crate::page::{Page, Run};
use crate::trace::Trace;

use super::files::Pending;
use super::{Failure, edge, sources, words};

/// Whether what is shown is written as a page, too.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Html {
    /// Write what is shown as a page: one file to be looked at in a browser, offline.
    #[arg(long, value_name = "OUT.html")]
    pub html: Option<PathBuf>,
}

impl Html {
    /// Makes sure that it can be written.
    pub fn pending(&self) -> Result<Option<Pending>, Failure> {
        self.html.as_deref().map(Pending::at).transpose()
    }
}

/// A run for a page.
pub fn run(trace: &Trace, name: &str, scenario: Option<&Path>) -> Run {
    let mut run = Run::of(name, trace, &edge::registry().background(trace));
    run.scenario = scenario.and_then(|path| std::fs::read_to_string(path).ok());
    run.commands = commands(trace);
    run
}

/// A page of one run, as it is called by itself.
pub fn page(trace: &Trace, scenario: Option<&Path>) -> Page {
    let name = name(trace);
    let title = format!("{} · {name}", trace.protocol);
    Page::new(title, vec![run(trace, &name, scenario)])
}

/// The same of a run whose scenario no file has.
pub fn page_of(trace: &Trace, scenario: String) -> Page {
    let name = name(trace);
    let mut run = run(trace, &name, None);
    run.scenario = Some(scenario);
    Page::new(format!("{} · {name}", trace.protocol), vec![run])
}

/// Writes the page of a run.
pub fn write(pending: Pending, trace: &Trace, scenario: Option<&Path>) -> Result<(), Failure> {
    pending.write(page(trace, scenario).html().as_bytes())
}

/// The page of two runs, side by side.
pub fn page_of_diff(runs: [(&Trace, &str); 2], diff: &Diff) -> Page {
    let protocol = &runs[0].0.protocol;
    // Of a path its last part is enough for a title.
    let names = runs.map(|(_, name)| name.rsplit('/').next().unwrap_or(name));
    let title = format!("{protocol} · {} | {}", names[0], names[1]);
    let runs = runs.map(|(trace, name)| run(trace, name, None));
    Page::new(title, runs.into()).beside(Some(diff.clone()))
}

/// Writes the page of several runs under one title, side by side.
pub fn write_beside(
    pending: Pending,
    title: &str,
    runs: &[(String, Trace)],
) -> Result<(), Failure> {
    let runs = runs.iter().map(|(name, trace)| run(trace, name, None));
    let page = Page::new(title, runs.collect()).beside(None);
    pending.write(page.html().as_bytes())
}

/// What a run is called: its scenario, and its seed or its property.
pub fn name(trace: &Trace) -> String {
    let origin = &trace.origin;
    let scenario = origin.scenario.as_deref().map(Path::new);
    let stem = scenario.and_then(Path::file_stem);
    let stem = stem.map(|stem| stem.to_string_lossy().into_owned());
    let seed = origin.seed.map(|seed| format!("seed {seed}"));
    let parts: Vec<String> = [stem, seed, origin.property.clone()]
        .into_iter()
        .flatten()
        .collect();
    if parts.is_empty() {
        return origin.engine.clone();
    }
    parts.join(" · ")
}

/// The commands that show a run again and go on from it, if it is known where it comes from.
fn commands(trace: &Trace) -> Vec<String> {
    let origin = &trace.origin;
    // What was piped is not there any more.
    let named = origin.scenario.as_deref();
    let Some(scenario) = named.filter(|name| *name != sources::STDIN_NAME) else {
        return Vec::new();
    };
    let (program, file) = (words::program(), words::typed(scenario));
    let by = origin.strategy.as_ref();
    let by = by.map_or_else(String::new, |by| format!(" --strategy {by}"));
    match (&origin.property, origin.seed) {
        (Some(property), _) => {
            let property = words::typed(property);
            vec![
                format!("{program} check {file} --property {property}"),
                format!("{program} explain {file} --property {property}"),
            ]
        }
        (None, Some(seed)) => {
            let how = if by.is_empty() { "run" } else { "hunt" };
            let mut commands = vec![format!("{program} {how} {file}{by} --seed {seed}")];
            let outcome = trace.verdict.as_ref();
            // Of a run that went well there is nothing to explain.
            if outcome.is_some_and(|o| ["violated", "blocked"].contains(&o.verdict.as_str())) {
                commands.push(format!("{program} explain {file} --seed {seed}{by}"));
                commands.push(format!(
                    "{program} shrink {file} --seed {seed}{by} -o small.json"
                ));
            }
            commands
        }
        (None, None) => vec![format!("{program} try {file}")],
    }
}
