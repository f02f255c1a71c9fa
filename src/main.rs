//! The command line: what was typed, what it means, run.

mod cli;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Terminal};

fn main() -> ExitCode {
    let typed = Cli::parse();
    let terminal = Terminal::look(typed.color);
    match cli::run(typed.command, &terminal) {
        Ok(outcome) => outcome.into(),
        Err(failure) => failure.tell(&terminal),
    }
}
