//! `jury new`: a scenario to start from.

use std::path::PathBuf;

use super::files::Pending;
use super::output::{Output, remark};
use super::{Failure, Outcome, Terminal, edge, list, words};

const EXAMPLES: &str = "\
Examples:
  jury new 2pc                     to standard output
  jury new 2pc -o mine.json        to a file that does not exist yet
  jury new 2pc -o mine.json --force";

/// Write a scenario to start from.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The protocol; `jury list` names them.
    protocol: String,

    /// Write it here.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Replace the file if there is one.
    #[arg(long, requires = "output")]
    force: bool,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let protocol = list::find(&args.protocol)?;
    let Some(text) = edge::starting_scenario(&protocol.name) else {
        return Err(Failure::new(
            format!("there is no scenario to start from for {}", protocol.name),
            "copy one of those that `jury list --scenarios DIR` shows",
        ));
    };
    let Some(path) = &args.output else {
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
    Pending::at(path)?.write(text.as_bytes())?;
    let name = words::typed(&path.display().to_string());
    remark(format!("Wrote {name}. Now: jury run {name}"));
    Ok(Outcome::AsExpected)
}
