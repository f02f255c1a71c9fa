//! `jury list`: what can be put on trial.

use std::path::PathBuf;

use jury::testbed::{ParameterInfo, ProtocolInfo};
use serde::Serialize;

use super::output::{Output, Paint};
use super::{Failure, Outcome, Terminal, edge, failure, suite, table, words};

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
struct Listed {
    jury: &'static str,
    protocols: Vec<ProtocolInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scenarios: Option<Vec<Scenario>>,
    /// Files with a mistake.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unusable: Vec<String>,
}

#[derive(Serialize)]
struct Scenario {
    file: String,
    protocol: String,
    about: String,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
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
        out.json(&Listed {
            jury: env!("CARGO_PKG_VERSION"),
            protocols,
            scenarios,
            unusable,
        })?;
    } else {
        for protocol in protocols.iter().filter(|_| args.protocol.is_some()) {
            detail(&mut out, protocol)?;
        }
        if args.protocol.is_none() {
            let row = |p: &ProtocolInfo| {
                vec![
                    table::painted(p.name.as_str(), Paint::Bold),
                    table::plain(p.about.as_str()),
                ]
            };
            let rows: Vec<_> = protocols.iter().map(row).collect();
            lines(&mut out, &rows)?;
        }
        if let Some(scenarios) = scenarios {
            out.line("")?;
            let row = |s: &Scenario| {
                vec![
                    table::painted(s.file.as_str(), Paint::Bold),
                    table::plain(s.about.as_str()),
                ]
            };
            let rows: Vec<_> = scenarios.iter().map(row).collect();
            lines(&mut out, &rows)?;
            for file in unusable {
                let file = words::typed(&file);
                let note = format!("left out {file}, which has a mistake: try jury test {file}");
                out.line(out.paint(Paint::Dim, &note))?;
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

fn lines(out: &mut Output, rows: &[Vec<table::Cell>]) -> Result<(), Failure> {
    for line in table::lines(out, rows) {
        out.line(line)?;
    }
    Ok(())
}

fn heading(out: &mut Output, text: &str) -> Result<(), Failure> {
    out.line("")?;
    out.line(out.paint(Paint::Dim, text))
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

fn detail(out: &mut Output, protocol: &ProtocolInfo) -> Result<(), Failure> {
    let name = out.paint(Paint::Bold, &protocol.name);
    out.line(format!("{name}: {}", protocol.about))?;
    for source in &protocol.sources {
        out.line(format!("  {source}"))?;
    }
    let nodes: Vec<String> = protocol
        .nodes
        .iter()
        .map(|(name, role)| format!("{name} ({role})"))
        .collect();
    out.line(format!("  nodes by default: {}", nodes.join(", ")))?;

    heading(out, "Parameters")?;
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
    lines(out, &rows)?;

    heading(out, "Properties")?;
    for p in &protocol.properties {
        let name = out.paint(Paint::Bold, &p.name);
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
        out.line(format!("  {name} ({}){only}: {}", p.expectation, p.about))?;
        out.line(format!("    {}", p.citation))?;
        if !p.assumes.is_empty() {
            out.line(format!("    assumes: {}", p.assumes.join(", ")))?;
        }
    }
    if !protocol.bugs.is_empty() {
        heading(out, "Bugs that can be switched on")?;
        for bug in &protocol.bugs {
            let breaks = words::listed(&bug.breaks);
            out.line(format!("  {} (breaks {breaks}): {}", bug.name, bug.about))?;
            if !bug.source.is_empty() {
                out.line(format!("    known from {}", bug.source))?;
            }
        }
    }
    Ok(())
}
