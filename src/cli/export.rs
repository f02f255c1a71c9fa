//! `jury export`: a run in the formats of other tools.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::export::{Format, export};

use super::files::Pending;
use super::one_run::{Found, OneRun};
use super::output::Output;
use super::{Failure, Outcome, Terminal, interrupt};

const EXAMPLES: &str = "\
Examples:
  jury export mine.json --seed 7 --format mermaid      a sequence diagram, for Markdown
  jury export t.json --format svg -o run.svg           the space-time diagram, for slides
  jury export run.html --format shiviz -o run.log      what happened before what, in ShiViz
  jury export mine.json --property atomicity --format itf -o run.itf.json  for Apalache's tools";

/// Write a run in the format of another tool: Mermaid, `ShiViz`, ITF, or a picture.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    of: OneRun,

    /// The format.
    #[arg(long, short, value_name = "FORMAT", value_parser = format())]
    format: Format,

    /// Where to write it [default: standard output].
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

fn format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name)).map(|name| {
        let is_it = |format: &Format| format.name() == name;
        Format::ALL.into_iter().find(is_it).unwrap_or(Format::Svg)
    })
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let pending = args.output.as_deref().map(Pending::at).transpose()?;
    interrupt::heed();
    let (Found::Recorded(trace) | Found::Anew(trace)) = args.of.find()?;
    let text = export(&trace, args.format);
    let mut out = Output::new(terminal);
    match pending {
        Some(pending) => pending.write(text.as_bytes())?,
        None => out.line(&text)?,
    }
    out.finish()?;
    Ok(Outcome::AsExpected)
}
