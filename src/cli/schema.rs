//! `jury schema`: the JSON Schema of scenario files, and of answers.

use std::borrow::Cow;
use std::path::PathBuf;

use super::files::Pending;
use super::output::{Output, in_json};
use super::{Failure, Outcome, Terminal, edge, shapes};

const EXAMPLES: &str = "\
Examples:
  jury schema                      to standard output
  jury schema -o schema.json       what a scenario's \"$schema\" names
  jury schema --answers            what commands answer with --json";

/// Print the JSON Schema of scenario files, for editors; or that of answers, for programs.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The schema of what commands answer with `--json`.
    #[arg(long)]
    answers: bool,

    /// Write it here.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let schema = if args.answers {
        Cow::from(shapes::SCHEMA)
    } else {
        Cow::from(in_json(&edge::schema()))
    };
    if let Some(path) = &args.output {
        Pending::at(path)?.write(schema.as_bytes())?;
    } else {
        let mut out = Output::new(terminal);
        out.text(&schema)?;
        out.finish()?;
    }
    Ok(Outcome::AsExpected)
}
