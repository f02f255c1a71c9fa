//! The command line: one file per subcommand, and what they share.
//!
//! Only here does anything print, read the clock of the machine, or decide an exit code. What is
//! proved or simulated is decided elsewhere: a command opens a case, asks it, and tells.

mod check;
mod compare;
mod completions;
mod detect;
mod diff;
mod draw;
mod edge;
mod estimate;
mod explain;
mod explore;
mod export;
mod failure;
mod files;
mod findings;
mod goal;
mod html;
mod hunt;
mod instances;
mod interrupt;
mod junit;
mod keep;
mod limits;
mod list;
mod matrix;
mod memory;
mod new;
mod one_run;
mod onward;
mod outcome;
mod output;
mod own;
mod page;
mod picture;
mod png;
mod progress;
mod promises;
mod records;
mod reduce;
mod replay;
mod run;
mod scenario_file;
mod schema;
mod seeds;
mod shapes;
mod shrink;
mod site;
mod skeen;
mod sources;
mod story;
mod suite;
mod summary;
mod table;
mod terminal;
mod test;
mod traces;
mod try_out;
mod verify;
mod walk;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::registry::Registry;
use failure::Failure;
use outcome::Outcome;
use terminal::{Color, Terminal};

const AFTER_HELP: &str = "\
Exit codes:
  0  as expected
  1  refuted: a verdict goes against what was expected, or a story cannot happen; of `jury diff`, the runs part
  2  bad input or usage
  3  a broken promise: the protocol is not a function, claims too little, or panics
  4  not established: memory, time, bounds, or interrupted

Examples:
  jury list                                 what can be put on trial
  jury new 2pc -o mine.json                 a scenario to start from
  jury try mine.json                        the whole trial of one file
  jury run mine.json                        simulate every seed it names
  jury hunt mine.json                       look for failures with many more
  jury check mine.json                      explore every run
  jury explain mine.json                    tell why it fails
  jury shrink mine.json --seed 7            the smallest run that fails like this one
  jury page mine.json -o run.html           a run that one can look at, offline
  jury export mine.json -f mermaid          the same for another tool
  jury site scenarios -o site               all stories as pages: a handout
  jury diff mine.json --seed 7              where its mistake first tells, beside the honest protocol
  jury test scenarios                       every expectation of every scenario
  jury matrix 2pc                           which faults each property bears
  jury compare story.json                   one story, several commit protocols
  jury estimate mine.json                   how likely it is to commit
  jury detect paxos                         which hunter finds which mistake
  jury skeen 2pc 3pc                        whether whoever survives can decide alone";

/// Puts commit and consensus protocols on trial.
///
/// One scenario file feeds a seeded simulator and a model checker; both judge the same code by the
/// same properties, and every failure replays.
#[derive(Debug, Parser)]
#[command(name = "jury", version, after_help = AFTER_HELP, max_term_width = 100)]
struct Cli {
    /// When to use colours; `NO_COLOR` is respected.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Try(try_out::Args),
    Run(run::Args),
    Hunt(hunt::Args),
    Check(check::Args),
    Test(test::Args),
    Explain(explain::Args),
    Shrink(shrink::Args),
    Diff(diff::Args),
    Replay(replay::Args),
    Page(page::Args),
    Export(export::Args),
    Site(site::Args),
    List(list::Args),
    Matrix(matrix::Args),
    Compare(compare::Args),
    Estimate(estimate::Args),
    Detect(detect::Args),
    Skeen(skeen::Args),
    New(new::Args),
    Explore(explore::Args),
    Schema(schema::Args),
    Completions(completions::Args),
}

/// What was typed, on these protocols: the whole program. A crate that brings a protocol of its own has
/// this `main`:
///
/// ```no_run
/// # use std::process::ExitCode;
/// use jury::registry::Registry;
///
/// fn main() -> ExitCode {
///     jury::cli::main(Registry::shipped())
/// }
/// ```
///
/// with `.with::<Ring>()` behind it.
pub fn main(registry: Registry) -> ExitCode {
    let typed = Cli::parse();
    let terminal = Terminal::look(typed.color);
    edge::on_trial(registry);
    match promises::kept(|| run(typed.command, &terminal)) {
        Ok(outcome) => outcome.into(),
        Err(failure) => failure.tell(&terminal),
    }
}

fn run(command: Command, terminal: &Terminal) -> Result<Outcome, Failure> {
    match command {
        Command::Try(args) => try_out::run(&args, terminal),
        Command::Run(args) => run::run(&args, terminal),
        Command::Hunt(args) => hunt::run(&args, terminal),
        Command::Check(args) => check::run(&args, terminal),
        Command::Test(args) => test::run(&args, terminal),
        Command::Explain(args) => explain::run(&args, terminal),
        Command::Shrink(args) => shrink::run(&args, terminal),
        Command::Diff(args) => diff::run(&args, terminal),
        Command::Replay(args) => replay::run(&args, terminal),
        Command::Page(args) => page::run(&args, terminal),
        Command::Export(args) => export::run(&args, terminal),
        Command::Site(args) => site::run(&args, terminal),
        Command::List(args) => list::run(&args, terminal),
        Command::Matrix(args) => matrix::run(&args, terminal),
        Command::Compare(args) => compare::run(&args, terminal),
        Command::Estimate(args) => estimate::run(&args, terminal),
        Command::Detect(args) => detect::run(&args, terminal),
        Command::Skeen(args) => skeen::run(&args, terminal),
        Command::New(args) => new::run(&args, terminal),
        Command::Explore(args) => explore::run(&args, terminal),
        Command::Schema(args) => schema::run(&args, terminal),
        Command::Completions(args) => completions::run(&args, terminal),
    }
}
