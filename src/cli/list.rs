//! `jury list`: what can be put on trial.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use crate::model::FewMap;
use crate::testbed::{ParameterInfo, ProtocolInfo};
use serde::Serialize;
use serde_json::Value;

use super::output::{Output, Paint};
use super::shapes::Answer;
use super::{Failure, Outcome, Terminal, edge, failure, sources, suite, table, words};

const EXAMPLES: &str = "\
Examples:
  jury list                          the protocols
  jury list 2pc                      its parameters, properties, sources and bugs
  jury list --scenarios scenarios    the scenarios of a folder, and what they are about
  jury list 2pc --scenarios scenarios --json";

/// List protocols and scenarios.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only this protocol, in full.
    protocol: Option<String>,

    /// List the scenarios of this folder as well.
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,

    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Listed {
    protocols: Vec<ProtocolInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scenarios: Option<Vec<Scenario>>,
    /// Files with a mistake.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unusable: Vec<String>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Scenario {
    file: String,
    protocol: String,
    about: String,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    let protocols = match &args.protocol {
        Some(name) => vec![find(name)?],
        None => edge::protocols(),
    };
    let scenarios = args.scenarios.as_ref().map(scenarios).transpose()?;
    let (scenarios, unusable) = match scenarios {
        None => (None, Vec::new()),
        Some((mut scenarios, unusable)) => {
            let listed = |s: &Scenario| protocols.iter().any(|p| p.name == s.protocol);
            scenarios.retain(listed);
            (Some(scenarios), unusable)
        }
    };
    let mut out = Output::new(terminal);
    if args.json {
        let listed = Listed {
            protocols,
            scenarios,
            unusable,
        };
        let (seconds, outcome) = (begun.elapsed().as_secs_f64(), Outcome::AsExpected);
        out.json(&Answer::new("list", None, seconds, outcome, listed))?;
    } else {
        let width = terminal.width;
        let mut page = Page {
            out: &mut out,
            width,
        };
        for protocol in protocols.iter().filter(|_| args.protocol.is_some()) {
            detail(&mut page, protocol)?;
        }
        if args.protocol.is_none() {
            let row = |p: &ProtocolInfo| {
                vec![
                    table::painted(p.name.as_str(), Paint::Bold),
                    table::plain(p.about.as_str()),
                ]
            };
            let rows: Vec<_> = protocols.iter().map(row).collect();
            page.rows(&rows)?;
        }
        if scenarios.is_none() {
            tell_places(&mut page, args.protocol.as_deref())?;
        }
        if let Some(scenarios) = scenarios {
            page.out.line("")?;
            let row = |s: &Scenario| {
                vec![
                    table::painted(s.file.as_str(), Paint::Bold),
                    table::plain(s.about.as_str()),
                ]
            };
            let rows: Vec<_> = scenarios.iter().map(row).collect();
            page.rows(&rows)?;
            for file in unusable {
                let file = words::typed(&file);
                let note = format!("left out {file}, which has a mistake: try jury test {file}");
                page.text(0, &page.paint(Paint::Dim, &note))?;
            }
        }
    }
    out.finish()?;
    Ok(Outcome::AsExpected)
}

/// The protocol of this name, or the nearest name.
pub fn find(name: &str) -> Result<ProtocolInfo, Failure> {
    let mut protocols = edge::protocols();
    let Some(i) = protocols.iter().position(|p| p.name == name) else {
        let names = protocols.iter().map(|p| p.name.as_str());
        return Err(failure::unknown("protocol", name, names));
    };
    Ok(protocols.swap_remove(i))
}

/// The scenarios of a folder, and the files in it that are meant as such and have a mistake.
fn scenarios(folder: &PathBuf) -> Result<(Vec<Scenario>, Vec<String>), Failure> {
    let found = suite::find(std::slice::from_ref(folder))?;
    let mut scenarios = Vec::new();
    let mut unusable = Vec::new();
    for path in &found.scenarios {
        match edge::open(path) {
            Ok(case) => scenarios.push(Scenario {
                file: path.display().to_string(),
                protocol: case.protocol().to_owned(),
                about: case.about().to_owned(),
            }),
            // What is named by itself, and not found in a folder, is all that was asked for.
            Err(failure) if folder.is_file() => return Err(failure),
            Err(_) => unusable.push(path.display().to_string()),
        }
    }
    Ok((scenarios, unusable))
}

/// Where lines go: no line is wider than this.
struct Page<'a> {
    out: &'a mut Output,
    width: usize,
}

impl Page<'_> {
    fn rows(&mut self, rows: &[Vec<table::Cell>]) -> Result<(), Failure> {
        for line in table::wrapped(self.out, rows, self.width) {
            self.out.line(line)?;
        }
        Ok(())
    }

    /// A text so far from the margin, and what follows of it two columns further.
    fn text(&mut self, indent: usize, text: &str) -> Result<(), Failure> {
        let (first, rest) = (" ".repeat(indent), " ".repeat(indent + 2));
        let options = textwrap::Options::new(self.width)
            .initial_indent(&first)
            .subsequent_indent(&rest);
        for line in textwrap::wrap(text, options) {
            self.out.line(line)?;
        }
        Ok(())
    }

    fn heading(&mut self, text: &str) -> Result<(), Failure> {
        self.out.line("")?;
        self.out.line(self.out.paint(Paint::Dim, text))
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        self.out.paint(paint, text)
    }
}

/// How many scenarios of which protocol lie in which folder, below the one where they are looked for by
/// name. What is none, or cannot be read, is not counted.
fn places(wanted: Option<&str>) -> Vec<(String, Vec<(String, usize)>)> {
    let mut places: FewMap<String, FewMap<String, usize>> = FewMap::new();
    for path in sources::json_files(&[PathBuf::from(sources::SHIPPED)]).paths {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let json: Value = serde_json::from_str(&text).unwrap_or_default();
        let protocol = json.get("protocol").and_then(Value::as_str);
        let (Some(protocol), Some(folder)) = (protocol, path.parent()) else {
            continue;
        };
        if json.get("jury").is_some() && wanted.is_none_or(|wanted| wanted == protocol) {
            let folders = places.of(protocol.to_owned());
            *folders.of(folder.display().to_string()) += 1;
        }
    }
    let folders = |folders: FewMap<String, usize>| folders.into_iter().collect();
    places
        .into_iter()
        .map(|(name, of)| (name, folders(of)))
        .collect()
}

/// Where scenarios are, by protocol.
fn tell_places(page: &mut Page<'_>, wanted: Option<&str>) -> Result<(), Failure> {
    let places = places(wanted);
    if places.is_empty() {
        return Ok(());
    }
    page.heading("Scenarios")?;
    let row = |(protocol, folders): &(String, Vec<(String, usize)>)| {
        let folder = |(folder, number): &(String, usize)| format!("{folder} ({number})");
        let folders: Vec<String> = folders.iter().map(folder).collect();
        vec![
            table::painted(protocol.as_str(), Paint::Bold),
            table::plain(folders.join(", ")),
        ]
    };
    let rows: Vec<_> = places.iter().map(row).collect();
    page.rows(&rows)
}

/// What a parameter is about, and the values that it takes if they can be counted.
fn about_parameter(parameter: &ParameterInfo) -> String {
    let about = parameter.about.trim_end();
    if parameter.values.is_empty() {
        return about.to_owned();
    }
    let values: Vec<String> = parameter.values.iter().map(ToString::to_string).collect();
    format!("{about} One of {}.", values.join(", "))
}

fn detail(page: &mut Page<'_>, protocol: &ProtocolInfo) -> Result<(), Failure> {
    let name = page.paint(Paint::Bold, &protocol.name);
    page.text(0, &format!("{name}: {}", protocol.about))?;
    for source in &protocol.sources {
        page.text(2, source)?;
    }
    let nodes: Vec<String> = protocol
        .nodes
        .iter()
        .map(|(name, role)| format!("{name} ({role})"))
        .collect();
    page.text(2, &format!("nodes by default: {}", nodes.join(", ")))?;

    page.heading("Parameters")?;
    let rows: Vec<_> = protocol
        .parameters
        .iter()
        .map(|p| {
            vec![
                table::plain(p.name.as_str()),
                table::painted(p.default.to_string(), Paint::Dim),
                table::plain(about_parameter(p)),
            ]
        })
        .collect();
    page.rows(&rows)?;

    page.heading("Properties")?;
    for p in &protocol.properties {
        let name = page.paint(Paint::Bold, &p.name);
        let only = match &p.only_with[..] {
            [] => String::new(),
            variants => {
                let quoted = variants.iter().map(|name| format!("`{name}`"));
                format!(
                    " [only with some parameters, as in {}]",
                    words::listed(&quoted.collect::<Vec<_>>())
                )
            }
        };
        let text = format!("{name} ({}){only}: {}", p.expectation, p.about);
        page.text(2, &text)?;
        page.text(4, &p.citation)?;
        if !p.assumes.is_empty() {
            page.text(4, &format!("assumes: {}", p.assumes.join(", ")))?;
        }
    }
    if !protocol.bugs.is_empty() {
        page.heading("Bugs that can be switched on")?;
        for bug in &protocol.bugs {
            let breaks = words::listed(&bug.breaks);
            let text = format!("{} (breaks {breaks}): {}", bug.name, bug.about);
            page.text(2, &text)?;
            if !bug.source.is_empty() {
                page.text(4, &format!("known from {}", bug.source))?;
            }
        }
    }
    Ok(())
}
