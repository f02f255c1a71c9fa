//! `jury compare`: one story, several protocols that solve the same problem, side by side.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::scenario::{Comparison, Problem, Seeds};
use crate::testbed::{Case, Compared, RunVerdict, Trials, comparison_markdown};
use serde::Serialize;

use super::html::{self, Html};
use super::limits::RunLimits;
use super::output::{Output, Paint};
use super::shapes::Answer;
use super::table::{self, painted, plain};
use super::{Failure, Outcome, Terminal, edge, interrupt, seeds, sources};

const EXAMPLES: &str = "\
Examples:
  jury compare scenarios/compare/the-lead-dies-undecided.json
  jury compare scenarios/compare/happy-path.json --protocols 2pc,3pc
  jury compare scenarios/compare/store-the-lead-dies.json
  jury compare mine.json --html side.html
  jury compare mine.json --seeds 1..1000 --json";

/// Tell several protocols the same story: the same votes or clients, and the same faults at moments
/// that all of them know.
///
/// Shows how their runs end, who is blocked, and what it costs, each the median over the seeds: of
/// commit protocols messages, message delays until the decision, forced records, and time with locks
/// held; of replicated stores messages, forced records, the answers that clients got, and the longest that
/// one of them waited. Nothing is expected, so whatever comes of it, the exit code is 0, or 4 if somebody
/// interrupted.
///
/// A story has the `votes` of a transaction, or what the `clients` of a store ask for and how many
/// `servers` it has; `about`, `seeds`, `until` and `network` as in a scenario; and `faults`: `crash`,
/// `recover`, `cut` and `heal`. Sites are `lead`, and P1, P2 and so on; of a store S1, S2 and so on, and
/// C1, C2 and so on. Moments are `first-vote`, `decision-logged` and `mid-broadcast`; of a store
/// `first-request` and `first-answer`. So that S1 leads everywhere (nearly always), it starts earlier than the others, and
/// clients start after half a second.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The story: a comparison file.
    file: PathBuf,

    /// Only these protocols [default: all that solve the problem of the story].
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    protocols: Vec<String>,

    /// Other seeds than the file's: `1..1000`, or `7`.
    #[arg(long, value_parser = Seeds::parse)]
    seeds: Option<Seeds>,

    #[command(flatten)]
    html: Html,

    /// Answer in Markdown.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,

    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SideBySide<'a> {
    about: &'a str,
    protocols: Vec<Compared>,
}

/// A comparison may be named as scenarios are: `happy-path` is `scenarios/compare/happy-path.json`.
fn find(named: &Path) -> Result<PathBuf, Failure> {
    let among_all = |failure| sources::find(&Path::new("compare").join(named)).map_err(|_| failure);
    sources::find(named).or_else(among_all)
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let comparison = Comparison::load(&find(&args.file)?)?;
    match comparison.problem() {
        Problem::AtomicCommitment(_) => edge::check_commit_protocols(&args.protocols)?,
        Problem::ReplicatedStore(..) => edge::check_replicated_stores(&args.protocols)?,
    }
    let wanted = |name: &str| args.protocols.is_empty() || args.protocols.iter().any(|p| p == name);
    let trials = Trials::new(&comparison, &wanted)?;
    let html = args.html.pending()?;
    interrupt::heed();
    let begun = Instant::now();
    let asked = args.seeds.unwrap_or_else(|| comparison.seeds()).iter();
    let guard = RunLimits::default().guard();
    let mut recorded = Vec::new();
    let run = |case: &dyn Case, seeds: &RangeInclusive<u64>, what: &str| {
        let reports = seeds::run(case, seeds, what, &guard);
        let worth_seeing = html.as_ref().and_then(|_| Compared::worth_seeing(&reports));
        let again = worth_seeing.map(|seed| seeds::again(case, seed, true, &guard));
        let trace = again.and_then(|report| report.trace);
        recorded.extend(trace.map(|trace| (what.to_owned(), trace)));
        reports
    };
    let compared = trials.compare(&asked, run);
    let outcome = if guard.stopped().is_some() {
        Outcome::NotEstablished
    } else {
        Outcome::AsExpected
    };
    let mut out = Output::new(terminal);
    if args.json {
        let seconds = begun.elapsed().as_secs_f64();
        let answered = SideBySide {
            about: comparison.about(),
            protocols: compared,
        };
        let answer = Answer::new("compare", Some(&args.file), seconds, outcome, answered);
        out.json(&answer)?;
    } else if args.markdown {
        out.line(format!("{}\n", comparison.about()))?;
        out.line(comparison_markdown(comparison.problem(), &compared))?;
    } else {
        tell(&mut out, &comparison, &compared)?;
    }
    out.finish()?;
    if let Some(pending) = html {
        let story = args.file.file_stem().unwrap_or_default();
        html::write_beside(pending, &story.to_string_lossy(), &recorded)?;
    }
    Ok(outcome)
}

fn tell(out: &mut Output, story: &Comparison, compared: &[Compared]) -> Result<(), Failure> {
    out.line(story.about())?;
    out.line("")?;
    let problem = story.problem();
    let row = |c: &Compared| {
        let paint = match c.worst.as_ref().map(|worst| worst.verdict) {
            None => Paint::Good,
            Some(RunVerdict::Violated | RunVerdict::Blocked) => Paint::Bad,
            Some(_) => Paint::Open,
        };
        let named = [
            painted(c.name(), Paint::Bold),
            painted(c.verdicts.as_str(), paint),
        ];
        let counts = problem.counts(c).map(plain);
        named.into_iter().chain(counts).collect()
    };
    let headings = ["", "runs"].into_iter().chain(problem.columns());
    let headings = headings
        .map(|heading| painted(heading, Paint::Dim))
        .collect();
    let rows: Vec<_> = std::iter::once(headings)
        .chain(compared.iter().map(row))
        .collect();
    for line in table::lines(out, &rows) {
        out.line(line)?;
    }
    for c in compared {
        let Some(worst) = &c.worst else { continue };
        out.line("")?;
        out.line(format!("{}, seed {}:", c.name(), worst.seed))?;
        for sentence in &worst.sentences {
            out.line(format!("  {sentence}"))?;
        }
    }
    Ok(())
}
