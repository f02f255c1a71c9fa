//! `jury export`: a run in the formats of other tools.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::export::{Format, export, picture_size};

use super::files::Pending;
use super::one_run::{Found, OneRun};
use super::output::Output;
use super::{Failure, Outcome, Terminal, interrupt, png};

const EXAMPLES: &str = "\
Examples:
  jury export mine.json --seed 7 --format mermaid      a sequence diagram, for Markdown
  jury export t.json --format svg -o run.svg           the space-time diagram, for slides
  jury export t.json --format png -o run.png           the same in dots, drawn by a browser that is installed
  jury export run.html --format shiviz -o run.log      what happened before what, in ShiViz
  jury export mine.json --property atomicity --format itf -o run.itf.json  for Apalache's tools";

/// Write a run in the format of another tool: Mermaid, `ShiViz`, ITF, or a picture (SVG, PNG).
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    of: OneRun,

    /// The format.
    #[arg(long, short, value_name = "FORMAT", value_parser = format())]
    format: Wanted,

    /// Where to write it [default: standard output].
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

/// What is written.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    Text(Format),
    /// The picture in dots.
    Png,
}

const PNG: &str = "png";

fn format() -> impl TypedValueParser<Value = Wanted> {
    let names = Format::ALL.map(Format::name).into_iter().chain([PNG]);
    PossibleValuesParser::new(names).map(|name| {
        let format = Format::ALL.into_iter().find(|format| format.name() == name);
        format.map_or(Wanted::Png, Wanted::Text)
    })
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    if matches!(args.format, Wanted::Png) && args.output.is_none() {
        return Err(Failure::new(
            "a PNG is nothing to read on standard output",
            "say where to write it: `-o run.png`",
        ));
    }
    let pending = args.output.as_deref().map(Pending::at).transpose()?;
    interrupt::heed();
    let (Found::Recorded(trace) | Found::Anew(trace)) = args.of.find()?;
    let bytes = match args.format {
        Wanted::Text(format) => export(&trace, format).into_bytes(),
        Wanted::Png => png::png(&export(&trace, Format::Svg), picture_size(&trace))?,
    };
    let mut out = Output::new(terminal);
    match pending {
        Some(pending) => pending.write(&bytes)?,
        None => out.line(String::from_utf8_lossy(&bytes))?,
    }
    out.finish()?;
    Ok(Outcome::AsExpected)
}
