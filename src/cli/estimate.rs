//! `jury estimate`: how likely it is, counted over many seeds.

use std::path::PathBuf;
use std::time::Instant;

use crate::estimate::{Confidence, Estimate, Estimated, Interval, markdown, plot};
use crate::scenario::Seeds;
use crate::testbed::{self, Case};
use clap::ValueEnum;
use serde::Serialize;

use super::files::Pending;
use super::limits::TimeAndMemory;
use super::output::{Output, Paint};
use super::shapes::Answer;
use super::table::{self, painted, plain};
use super::{Failure, Outcome, Terminal, edge, interrupt, progress, seeds, words};

const EXAMPLES: &str = "\
Examples:
  jury estimate scenarios/estimate/2pc-loss.json
  jury estimate mine.json --seeds 1..100000 --confidence 95
  jury estimate scenarios/estimate/*.json --svg likely.svg --markdown";

/// Estimate how likely it is that a transaction commits, or that a value is chosen.
///
/// Runs many seeds of a scenario and counts how many come to what the protocol is there for, with an
/// interval (Wilson's). Beside it stands the closed form, where one is known: of one attempt, in which
/// messages are lost, nodes take no part (`up`) and votes are drawn (`choices`), and nothing is sent
/// twice; and the mean of the members' likelihoods, which some articles give for the whole. What does
/// not lie in the interval is refuted; if that is a closed form, or a property is violated, the exit
/// code is 1.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Scenario files that have a `run`.
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// The seeds, whatever the files say.
    #[arg(long, value_parser = Seeds::parse, default_value = "1..10000")]
    seeds: Seeds,

    /// How sure the intervals are, in percent.
    #[arg(long, value_name = "PERCENT", default_value = "99.9")]
    confidence: Percent,

    /// Write a plot of all of them.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// Answer in Markdown.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,

    /// Answer in JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    limits: TimeAndMemory,
}

/// A [`Confidence`] as users write it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Percent {
    #[value(name = "95")]
    Low,
    #[value(name = "99")]
    Middle,
    #[value(name = "99.9")]
    High,
}

impl From<Percent> for Confidence {
    fn from(percent: Percent) -> Self {
        match percent {
            Percent::Low => Confidence::Percent95,
            Percent::Middle => Confidence::Percent99,
            Percent::High => Confidence::Percent99_9,
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Estimates {
    /// The seeds that were asked for, both included.
    seeds: (u64, u64),
    estimates: Vec<OfFile>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct OfFile {
    file: String,
    #[serde(flatten)]
    estimate: Estimate,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    let pending = args.svg.as_deref().map(Pending::at).transpose()?;
    let opened = |file: &PathBuf| Ok((file.display().to_string(), with_run(file)?));
    let cases: Vec<(String, Box<dyn Case>)> = args
        .files
        .iter()
        .map(opened)
        .collect::<Result<_, Failure>>()?;
    interrupt::heed();
    let asked = args.seeds.iter();
    let guard = args.limits.guard();
    let limits = testbed::RunLimits {
        watch: &|| guard.look(),
        ..testbed::RunLimits::default()
    };
    let mut estimates = Vec::new();
    for (file, case) in cases {
        let bar = progress::count("seeds", seeds::len(&asked));
        bar.set_message(file.clone());
        let confidence = args.confidence.into();
        let estimate = edge::estimate(&*case, asked.clone(), confidence, &limits, &|| bar.inc(1));
        bar.finish_and_clear();
        estimates.push(OfFile { file, estimate });
    }
    let outcome = match () {
        () if guard.stopped().is_some() => Outcome::NotEstablished,
        () if estimates.iter().all(|e| e.estimate.is_as_known()) => Outcome::AsExpected,
        () => Outcome::Refuted,
    };
    let picture = pending.map(|pending| (pending, picture(&estimates)));
    let mut out = Output::new(terminal);
    if args.json {
        let seconds = begun.elapsed().as_secs_f64();
        let seeds = (*asked.start(), *asked.end());
        let answered = Estimates { seeds, estimates };
        out.json(&Answer::new("estimate", None, seconds, outcome, answered))?;
    } else {
        for (nth, OfFile { file, estimate }) in estimates.iter().enumerate() {
            if nth > 0 {
                out.line("")?;
            }
            if args.markdown {
                out.line(format!("{}\n\n{}", estimate.about, markdown(estimate)))?;
            } else {
                tell(&mut out, file, estimate)?;
            }
        }
        if let Some(stopped) = guard.stopped() {
            out.line(format!("Not all seeds were run: {stopped}."))?;
        }
    }
    out.finish()?;
    if let Some((pending, picture)) = picture {
        pending.write(picture?.as_bytes())?;
    }
    Ok(outcome)
}

/// A scenario whose run can begin.
fn with_run(file: &std::path::Path) -> Result<Box<dyn Case>, Failure> {
    let case = edge::open(file)?;
    let name = file.display();
    if case.seeds().is_none() {
        return Err(Failure::new(
            format!("{name} has no run, so there is nothing to count"),
            "add a `run`, with its `network` and `nodes`",
        ));
    }
    if let Some(story) = case.refuted_run() {
        return Err(Failure::new(
            format!("the schedule of {name} cannot happen: {}", story.obstacle),
            format!("`jury run {}` tells more", words::typed(&name.to_string())),
        ));
    }
    Ok(case)
}

/// The name of a file, without where it lies.
fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.strip_suffix(".json").unwrap_or(name)
}

fn picture(estimates: &[OfFile]) -> Result<String, Failure> {
    let rows = estimates.iter().map(|of| (stem(&of.file), &of.estimate));
    let rows: Vec<_> = rows.collect();
    plot(&rows).map_err(|error| Failure::new(error.to_string(), "leave out `--svg`"))
}

fn tell(out: &mut Output, file: &str, estimate: &Estimate) -> Result<(), Failure> {
    let (runs, percent) = (words::number(estimate.runs), estimate.confidence.percent());
    let protocol = out.paint(Paint::Bold, estimate.protocol);
    out.line(format!("{file}: {protocol}"))?;
    out.line(&estimate.about)?;
    out.line("")?;
    let interval = format!("interval, {percent} %");
    let headings = [
        "",
        &format!("of {runs} runs"),
        "share",
        &interval,
        "closed form",
        "mean of members",
    ]
    .map(|heading| painted(heading, Paint::Dim));
    let known = |success: &Estimated, number: Option<f64>, right: Paint| match number {
        None => plain(""),
        Some(known) if success.interval.contains(known) => painted(format!("{known:.4}"), right),
        Some(known) => painted(format!("{known:.4} refuted"), Paint::Bad),
    };
    let row = |success: &Estimated| {
        let Interval { low, high } = success.interval;
        vec![
            painted(success.name, Paint::Bold),
            plain(words::number(success.times)),
            plain(format!("{:.4}", success.share)),
            plain(format!("{low:.4} to {high:.4}")),
            known(success, success.closed_form, Paint::Good),
            known(success, success.mean, Paint::Open),
        ]
    };
    let rows: Vec<_> = std::iter::once(headings.to_vec())
        .chain(estimate.successes.iter().map(row))
        .collect();
    for line in table::lines(out, &rows) {
        out.line(line)?;
    }
    for success in &estimate.successes {
        let Estimated { name, about, .. } = success;
        let formula = success.formula.map(|formula| format!(" {formula}."));
        out.line(format!("{name}: {about}{}", formula.unwrap_or_default()))?;
    }
    if let Some(property) = estimate.property {
        let runs = words::count(estimate.violated, "run", "runs");
        out.line(out.paint(
            Paint::Bad,
            &format!("{runs} violated a property, the first {property}."),
        ))?;
    }
    for note in &estimate.notes {
        out.line(note)?;
    }
    Ok(())
}
