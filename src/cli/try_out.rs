//! `jury try`: run a scenario, then check it.

use std::path::PathBuf;

use super::limits::Limits;
use super::output::remark;
use super::picture::Picture;
use super::reduce::Reducing;
use super::run as simulate;
use super::{Failure, Outcome, Terminal, check, edge, interrupt};

const EXAMPLES: &str = "\
Examples:
  jury try scenarios/2pc/coordinator-dies-after-prepare.json
  jury try mine.json --time 60s
  jury try mine.json --reduce none";

/// Run a scenario, then check it: the whole trial of one file.
///
/// Shows what `jury run` and `jury check` show, one after the other.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The scenario.
    file: PathBuf,

    #[command(flatten)]
    reducing: Reducing,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    picture: Picture,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let case = edge::open(&args.file)?;
    let (runs, checks) = (case.seeds().is_some(), case.has_check());
    drop(case);
    let mut outcome = Outcome::AsExpected;
    if runs {
        let args =
            simulate::Args::all_seeds(args.file.clone(), (&args.limits).into(), args.picture);
        outcome = outcome.max(simulate::run(&args, terminal)?);
    }
    if checks && interrupt::asked() {
        remark("Interrupted: not checked.");
        outcome = outcome.max(Outcome::NotEstablished);
    } else if checks {
        let args = check::Args::all_properties(
            args.file.clone(),
            args.reducing,
            args.limits.clone(),
            args.picture,
        );
        outcome = outcome.max(check::run(&args, terminal)?);
    }
    Ok(outcome)
}
