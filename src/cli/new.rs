//! `jury new`: a scenario to start from.

use std::path::PathBuf;

use super::output::{Output, remark};
use super::{Failure, Outcome, Terminal, edge, list, own, scenario_file, words};

const EXAMPLES: &str = "\
Examples:
  jury new 2pc                     to standard output
  jury new 2pc -o mine.json        to a file that does not exist yet
  jury new 2pc -o mine.json --force
  jury new --crate ring            a cargo project with a protocol of one's own";

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
        let text = scenario_file::with_schema(&text, None);
        let mut out = Output::new(terminal);
        out.line(text)?;
        out.finish()?;
        return Ok(Outcome::AsExpected);
    };
    scenario_file::write(path, &text, args.force)?;
    let name = words::typed(&path.display().to_string());
    remark(format!("Wrote {name}. Now: jury run {name}"));
    Ok(Outcome::AsExpected)
}
