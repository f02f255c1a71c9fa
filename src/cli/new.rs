//! `jury new`: a scenario to start from.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::files::Pending;
use super::output::{Output, remark};
use super::{Failure, Outcome, Terminal, edge, list, own, words};

const EXAMPLES: &str = "\
Examples:
  jury new 2pc                     to standard output
  jury new 2pc -o mine.json        to a file that does not exist yet
  jury new 2pc -o mine.json --force
  jury new --crate ring            a cargo project with a protocol of one's own";

/// What `jury schema -o` is told to write.
const SCHEMA: &str = "schema.json";

/// How far above a scenario its schema is looked for.
const LEVELS_MAX: usize = 5;

/// Write a scenario to start from, or a crate for a protocol of one's own.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The protocol; `jury list` names them.
    #[arg(required_unless_present = "crate_folder")]
    protocol: Option<String>,

    /// Write a cargo project: a small protocol with storage, a timer and a mistake to make on purpose, two
    /// scenarios and a test that runs them.
    #[arg(long = "crate", value_name = "DIR", conflicts_with_all = ["protocol", "output", "force"])]
    crate_folder: Option<PathBuf>,

    /// Where the crate finds jury's source; from the registry if it is left out.
    #[arg(long, value_name = "DIR", requires = "crate_folder")]
    jury: Option<PathBuf>,

    /// Write it here.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Replace the file if there is one.
    #[arg(long, requires = "output")]
    force: bool,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    if let Some(folder) = &args.crate_folder {
        return own::write(folder, args.jury.as_deref());
    }
    let protocol = list::find(args.protocol.as_deref().unwrap_or_default())?;
    let Some(text) = edge::starting_scenario(&protocol.name) else {
        return Err(Failure::new(
            format!("there is no scenario to start from for {}", protocol.name),
            "copy one of those that `jury list --scenarios DIR` shows",
        ));
    };
    let Some(path) = &args.output else {
        let text = with_schema(&text, None);
        let mut out = Output::new(terminal);
        out.line(text)?;
        out.finish()?;
        return Ok(Outcome::AsExpected);
    };
    if !args.force && path.symlink_metadata().is_ok() {
        return Err(Failure::new(
            format!("{} exists already", path.display()),
            "name another file, or replace it with --force",
        ));
    }
    let folder = folder_of(path);
    fs::create_dir_all(folder).map_err(|e| Failure::file("write", path, &e))?;
    let schema = schema_near(folder);
    Pending::at(path)?.write(with_schema(&text, schema.as_deref()).as_bytes())?;
    let name = words::typed(&path.display().to_string());
    remark(format!("Wrote {name}. Now: jury run {name}"));
    Ok(Outcome::AsExpected)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The schema of scenarios in this folder or one above it, as a file in this folder names it.
fn schema_near(folder: &Path) -> Option<String> {
    let folder = fs::canonicalize(folder).ok()?;
    let mut above = folder.ancestors().take(LEVELS_MAX + 1);
    let levels = above.position(|folder| is_ours(&folder.join(SCHEMA)))?;
    Some(match levels {
        0 => format!("./{SCHEMA}"),
        _ => format!("{}{SCHEMA}", "../".repeat(levels)),
    })
}

/// Other programs have schemas of the same name.
fn is_ours(path: &Path) -> bool {
    let Ok(text) = fs::read_to_string(path) else {
        return false;
    };
    let schema: Option<Value> = serde_json::from_str(&text).ok();
    schema.is_some_and(|schema| schema.pointer("/properties/jury").is_some())
}

/// The scenario, naming this schema or none.
fn with_schema(text: &str, schema: Option<&str>) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        match (line.trim_start().starts_with("\"$schema\":"), schema) {
            (false, _) => lines.push(line.to_owned()),
            (true, Some(schema)) => lines.push(format!("  \"$schema\": \"{schema}\",")),
            (true, None) => {}
        }
    }
    lines.push(String::new());
    lines.join("\n")
}
