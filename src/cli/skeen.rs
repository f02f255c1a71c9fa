//! `jury skeen`: concurrency sets, and what they say of blocking.

use std::time::Instant;

use crate::matrix::skeen::{ConcurrencySets, Concurrent, against, beside};
use serde::Serialize;

use super::output::{Output, Paint};
use super::shapes::Answer;
use super::table::{self, painted, plain};
use super::{Failure, Outcome, Terminal, edge};

const EXAMPLES: &str = "\
Examples:
  jury skeen                       every protocol that solves atomic commitment
  jury skeen 2pc 3pc
  jury skeen 3pc --json";

/// Compute Skeen's criterion: can whoever survives decide alone?
///
/// Explores two participants, each free to vote, without failures. For each local state of a site it says what others may
/// be in at the same time. A protocol lets a lone survivor decide if and only if no state may stand
/// beside both a commit and an abort, and none that does not know of everybody's YES beside a commit
/// (Skeen 1981).
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only these protocols.
    protocols: Vec<String>,

    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Computed {
    protocols: Vec<ConcurrencySets>,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    edge::check_commit_protocols(&args.protocols)?;
    let begun = Instant::now();
    let wanted = |name: &str| args.protocols.is_empty() || args.protocols.iter().any(|p| p == name);
    let all = edge::concurrency_sets(&wanted);
    let mut out = Output::new(terminal);
    if args.json {
        let seconds = begun.elapsed().as_secs_f64();
        let outcome = Outcome::AsExpected;
        let protocols = Computed { protocols: all };
        out.json(&Answer::new("skeen", None, seconds, outcome, protocols))?;
    } else {
        for (i, sets) in all.iter().enumerate() {
            if i > 0 {
                out.line("")?;
            }
            tell(&mut out, sets)?;
        }
    }
    out.finish()?;
    Ok(Outcome::AsExpected)
}

fn tell(out: &mut Output, sets: &ConcurrencySets) -> Result<(), Failure> {
    let ConcurrencySets {
        protocol,
        worlds,
        states,
    } = sets;
    let verdict = if sets.is_nonblocking() {
        out.paint(Paint::Good, "whoever survives can decide alone")
    } else {
        out.paint(
            Paint::Bad,
            "whoever survives may not be able to decide alone",
        )
    };
    let name = out.paint(Paint::Bold, protocol);
    out.line(format!("{name} ({worlds} worlds): {verdict}"))?;
    let headings = ["site", "in", "while others may be in", "committable"];
    let row = |state: &Concurrent| {
        let committable = if state.committable { "yes" } else { "no" };
        vec![
            plain(state.role),
            plain(state.local.letter()),
            plain(beside(state)),
            plain(committable),
            painted(against(state), Paint::Bad),
        ]
    };
    let headings = headings
        .map(|heading| painted(heading, Paint::Dim))
        .to_vec();
    let rows: Vec<_> = std::iter::once(headings)
        .chain(states.iter().map(row))
        .collect();
    for line in table::lines(out, &rows) {
        out.line(line)?;
    }
    Ok(())
}
