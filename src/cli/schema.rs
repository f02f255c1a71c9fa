//! `jury schema`: the JSON Schema of scenario files.

use std::path::PathBuf;

use super::files::Pending;
use super::output::Output;
use super::{Failure, Outcome, Terminal, edge};

const EXAMPLES: &str = "\
Examples:
  jury schema                      to standard output
  jury schema -o schema.json       what a scenario's \"$schema\" names";

/// Print the JSON Schema of scenario files, for editors.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Write it here.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    if let Some(path) = &args.output {
        Pending::at(path)?.write_json(&edge::schema())?;
    } else {
        let mut out = Output::new(terminal);
        out.json(&edge::schema())?;
        out.finish()?;
    }
    Ok(Outcome::AsExpected)
}
