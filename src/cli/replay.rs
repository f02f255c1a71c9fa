//! `jury replay`: the events of a trace, through the handlers of today.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::scenario::to_text;
use crate::shrink::scenario_of;
use crate::testbed::RunLimits;
use crate::trace::Trace;
use serde::Serialize;

use super::edge::{self, Options, Replayed};
use super::html::{self, Html};
use super::output::{Output, Paint};
use super::picture::{self, Picture};
use super::shapes::{Answer, InJson};
use super::{Failure, Outcome, Terminal, keep, scenario_file, traces, walk, words};

const EXAMPLES: &str = "\
Examples:
  jury run mine.json --seed 7 --trace t.json
  jury replay t.json                    does it still happen?
  jury replay t.json --until 12         up to step 12
  jury replay t.json --node P2          what P2 has to do with
  jury replay t.json --step --from 5    step by step, with the keyboard
  jury replay t.json --scenario s.json  a scenario that tells the same";

/// Replay a trace through the real handlers, and draw it.
///
/// Says which step no longer does what was recorded, if one does not (exit code 1), and in what. All that is
/// recorded is compared, also what the run came to in the end. Its verdict is judged again; what one run
/// cannot show, such as that there is no shorter one, stays as recorded, and is named.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A trace that `jury run` or `jury check` wrote.
    trace: PathBuf,

    /// The first step to show, counted from 1.
    #[arg(long, value_name = "N")]
    from: Option<usize>,

    /// The last step to show.
    #[arg(long, value_name = "N")]
    until: Option<usize>,

    /// Only what this node has a part in.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,

    /// Walk through it with the keyboard.
    #[arg(long, conflicts_with = "json")]
    step: bool,

    /// Write a scenario that tells what was recorded, and expects what comes of it.
    #[arg(long, value_name = "OUT.json", conflicts_with = "step")]
    scenario: Option<PathBuf>,

    #[command(flatten)]
    html: Html,

    #[command(flatten)]
    answer: InJson,

    #[command(flatten)]
    picture: Picture,
}

/// What the replay gave.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Repeated {
    /// `same`, `differs` or `diverges`.
    replay: &'static str,
    steps: usize,
    /// `judged again`, `judged in part`, or `as recorded` where a replay alone cannot judge it.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'static str>,
    /// What of the verdict stands there as recorded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    as_recorded: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Difference>,
    /// What happened today, where it was asked for; absent if an event could not happen any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Box<Trace>>,
}

/// The first step that differs, and how.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Difference {
    /// Counted from 1; 0 for the start.
    step: usize,
    event: String,
    /// What differs; `event` if it cannot happen any more.
    field: String,
    was: String,
    is: String,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    let html = args.html.pending()?;
    let trace = traces::read(&args.trace)?;
    picture::range((args.from, args.until), trace.steps.len())?;
    let nodes = args.node.iter().map(|name| picture::node(&trace, name));
    let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
    let options = Options {
        from: args.from,
        until: args.until,
        nodes,
        ..args.picture.options(terminal)
    };
    if args.step {
        walk::possible(terminal)?;
    }
    let (outcome, mut result) = replay(&trace)?;
    if args.step && outcome == Outcome::AsExpected {
        let trace = result.trace.as_deref().unwrap_or(&trace);
        walk::walk(trace, &options, args.from.unwrap_or(1))?;
        return Ok(outcome);
    }
    let written = args
        .scenario
        .as_deref()
        .filter(|_| outcome == Outcome::AsExpected);
    if let Some(path) = written {
        export(&trace, &args.trace, path)?;
    }
    let written_as_page = html.zip(result.trace.as_deref().cloned());
    // The picture ends where the replay does.
    let ended = result.difference.as_ref().map(|d| d.step);
    let options = Options {
        until: options.until.or(ended),
        elide: picture::condensed((args.from, args.until)),
        ..options
    };
    let mut out = Output::new(terminal);
    if args.answer.json {
        let seconds = begun.elapsed().as_secs_f64();
        result.trace = result.trace.filter(|_| args.answer.with_trace);
        out.json(&Answer::new(
            "replay",
            Some(&args.trace),
            seconds,
            outcome,
            &result,
        ))?;
    } else {
        out.line(edge::diagram(
            result.trace.as_deref().unwrap_or(&trace),
            &options,
        ))?;
        out.line("")?;
        if Picture::leaves_out(&trace, (args.from, args.until)) {
            let (program, file) = (words::program(), args.trace.display().to_string());
            let file = words::typed(&file);
            out.line(format!(
                "See what is left out: {program} replay {file} --from A --until B"
            ))?;
        }
        tell(&mut out, &args.trace, outcome, &result)?;
        if let Some(path) = written {
            out.line(format!("Written as a scenario to {}.", path.display()))?;
        }
    }
    out.finish()?;
    if let Some((pending, trace)) = written_as_page {
        html::write(pending, &trace, None)?;
    }
    Ok(outcome)
}

/// Writes a scenario that tells what was recorded.
fn export(trace: &Trace, from: &Path, to: &Path) -> Result<(), Failure> {
    let scenario = scenario_of(edge::registry(), trace, &RunLimits::default());
    let what = words::typed(&from.display().to_string());
    let scenario = scenario.map_err(|why| keep::failure(&what, "told as a scenario", &why))?;
    scenario_file::write(to, &to_text(&scenario), false)
}

/// Replays; where it does not give the same, twice, to tell a change from chance.
fn replay(trace: &Trace) -> Result<(Outcome, Repeated), Failure> {
    let replayed = edge::replay(trace)?;
    let outcome = match &replayed {
        Replayed::Same(..) => Outcome::AsExpected,
        _ if !alike(&edge::replay(trace)?, &replayed) => Outcome::BrokenPromise,
        _ => Outcome::Refuted,
    };
    let steps = trace.steps.len();
    let result = match replayed {
        Replayed::Same(again, certainty) => Repeated {
            replay: "same",
            steps,
            verdict: again.verdict.as_ref().map(|_| {
                match (certainty.is_judged, certainty.as_recorded.is_empty()) {
                    (true, true) => "judged again",
                    (true, false) => "judged in part",
                    (false, _) => "as recorded",
                }
            }),
            as_recorded: certainty.as_recorded,
            difference: None,
            trace: Some(again),
        },
        Replayed::Differs(again, difference) => Repeated {
            replay: "differs",
            steps,
            verdict: None,
            as_recorded: Vec::new(),
            difference: Some(Difference {
                step: difference.step,
                event: difference.event,
                field: difference.field,
                was: difference.was,
                is: difference.is,
            }),
            trace: Some(again),
        },
        Replayed::Diverges(divergence) => Repeated {
            replay: "diverges",
            steps,
            verdict: None,
            as_recorded: Vec::new(),
            difference: Some(Difference {
                step: divergence.step,
                was: divergence.event.clone(),
                event: divergence.event,
                field: "event".to_owned(),
                is: format!("impossible: {}", divergence.obstacle),
            }),
            trace: None,
        },
    };
    Ok((outcome, result))
}

fn alike(a: &Replayed, b: &Replayed) -> bool {
    match (a, b) {
        (Replayed::Same(a, _), Replayed::Same(b, _))
        | (Replayed::Differs(a, _), Replayed::Differs(b, _)) => a == b,
        (Replayed::Diverges(a), Replayed::Diverges(b)) => a == b,
        _ => false,
    }
}

fn tell(out: &mut Output, path: &Path, outcome: Outcome, result: &Repeated) -> Result<(), Failure> {
    let path = path.display();
    let Some(difference) = &result.difference else {
        let steps = words::count(result.steps as u64, "step", "steps");
        let same = out.paint(Paint::Good, "replays");
        out.line(format!("{path}: {same}, all {steps} as recorded."))?;
        if let Some(verdict) = result.verdict.filter(|_| !result.as_recorded.is_empty()) {
            let parts: Vec<_> = result.as_recorded.iter().map(ToString::to_string).collect();
            let parts = words::listed(&parts);
            out.line(format!(
                "  The verdict is {verdict}. One run cannot show {parts}: this stands there as recorded."
            ))?;
        }
        return Ok(());
    };
    let Difference {
        step,
        event,
        field,
        was,
        is,
    } = difference;
    let otherwise = out.paint(Paint::Bad, "no longer replays");
    let place = match step {
        0 => event.clone(),
        _ if event == "the run as a whole" => event.clone(),
        step => format!("step {step}, {event}"),
    };
    out.line(format!("{path}: {otherwise}."))?;
    out.line(format!("  {place}: {field} differs"))?;
    out.line(format!("    was  {was}"))?;
    out.line(format!("    is   {is}"))?;
    if outcome == Outcome::BrokenPromise {
        out.line("Two replays by this very program differ: a handler is not a pure function.")?;
    }
    Ok(())
}
