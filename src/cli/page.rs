//! `jury page`: a run as a page that a browser shows, offline.

use std::path::PathBuf;

use crate::page::Page;
use crate::trace::Trace;

use super::edge::Replayed;
use super::files::Pending;
use super::one_run::{Found, OneRun};
use super::output::{Output, remark};
use super::{Failure, Outcome, Terminal, edge, html, interrupt};

const EXAMPLES: &str = "\
Examples:
  jury page scenarios/2pc/coordinator-dies-after-prepare.json -o run.html
  jury page mine.json --seed 7 -o run.html                  one run
  jury page mine.json --seed 7 --strategy walk -o run.html  one that `jury hunt` found
  jury page mine.json --property atomicity -o run.html      what its check shows of a property
  jury page t.json -o run.html                              a trace that `--trace` wrote";

/// Write a run as a page: one HTML file to be looked at, offline, in any browser.
///
/// Has a space-time diagram, what each step did, how every node stood, why the run failed, and the whole run as text.
/// Of a scenario it shows the run that `jury run` shows, or what its check found. A page can be replayed and explained
/// as a trace can.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    of: OneRun,

    /// Where to write it.
    #[arg(short, long, value_name = "OUT.html")]
    output: PathBuf,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let pending = Pending::at(&args.output)?;
    interrupt::heed();
    let page = match args.of.find()? {
        Found::Recorded(trace) => recorded(&trace)?,
        Found::Anew(trace) => html::page(&trace, Some(&args.of.file)),
    };
    let page = page.html();
    pending.write(page.as_bytes())?;
    let mut out = Output::new(terminal);
    let size = page.len().div_ceil(1_000);
    out.line(format!("Written to {}, {size} kB.", args.output.display()))?;
    out.finish()?;
    Ok(Outcome::AsExpected)
}

/// The page of a trace, which says so if it does not happen any more.
fn recorded(trace: &Trace) -> Result<Page, Failure> {
    let name = html::name(trace);
    let mut run = html::run(trace, &name, None);
    run.no_longer = match edge::replay(trace)? {
        Replayed::Same(..) => None,
        Replayed::Differs(_, difference) => Some(format!(
            "This run does not replay any more: in step {} ({}), {} was {} and is {}.",
            difference.step, difference.event, difference.field, difference.was, difference.is
        )),
        Replayed::Diverges(divergence) => Some(format!(
            "This run does not replay any more: step {} ({}) cannot happen, {}.",
            divergence.step, divergence.event, divergence.obstacle
        )),
    };
    if let Some(why) = &run.no_longer {
        remark(why);
    }
    let title = format!("{} · {name}", trace.protocol);
    Ok(Page::new(title, vec![run]))
}
