//! `jury completions`: what shells need to complete what is typed.

use clap::CommandFactory;
use clap_complete::Shell;

use super::output::Output;
use super::{Cli, Failure, Outcome, Terminal};

const EXAMPLES: &str = "\
Examples:
  jury completions bash > ~/.local/share/bash-completion/completions/jury
  jury completions zsh > ~/.zfunc/_jury
  jury completions fish > ~/.config/fish/completions/jury.fish";

/// Print a completion script for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    shell: Shell,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "jury", &mut script);
    let mut out = Output::new(terminal);
    out.line(String::from_utf8_lossy(&script))?;
    out.finish()?;
    Ok(Outcome::AsExpected)
}
