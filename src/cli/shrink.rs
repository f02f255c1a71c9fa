//! `jury shrink`: from a run that fails to the smallest that fails alike.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::scenario::File;
use crate::shrink::{Extent, Shrunk, Unshrinkable};
use crate::testbed::{self, Case, RunReport, RunVerdict, Strategy};
use crate::trace::Trace;
use serde::Serialize;
use serde_json::Value as Json;

use super::html::{self, Html};
use super::limits::{RunGuard, TimeAndMemory};
use super::output::{Output, remark};
use super::picture::Picture;
use super::shapes::{Answer, InJson};
use super::traces::trace_of;
use super::{
    Failure, Outcome, Terminal, edge, interrupt, keep, onward, scenario_file, seeds, words,
};

const EXAMPLES: &str = "\
Examples:
  jury shrink mine.json --seed 7 -o small.json    the smallest run that fails like seed 7
  jury shrink mine.json --seed 7 --strategy walk  of a seed that `jury hunt` came upon
  jury shrink trace.json                          of a recorded run, or of a counterexample
  jury shrink mine.json                           of the shortest run of the scenario that fails
  jury shrink mine.json --keep regressions        as a scenario that expects to fail so";

/// Shrink a failing run to the smallest that fails in the same way, as a scenario.
///
/// Leaves out nodes, clients and transactions, and then events, as long as the run fails in the same way: it breaks the
/// same property, for a reason of the same shape, within its assumptions or outside, and no other of them than before.
/// No single event can be left out of what remains. Variants and mistakes stay as they are. Where the instance has
/// become small enough, a search says how short it can get at all.
///
/// What comes of it does not depend on the number of cores. Interrupted, it tells the smallest so far.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A scenario, or a trace.
    file: PathBuf,

    /// The seed that fails [default: the shortest of the scenario's own that does].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = seeds::parse)]
    seed: Option<u64>,

    /// The strategy by which it does.
    #[arg(long, value_name = "NAME", requires = "seed", default_value = "random")]
    strategy: Strategy,

    /// Write the scenario here.
    #[arg(long, short, value_name = "OUT.json")]
    output: Option<PathBuf>,

    /// Replace the file if there is one.
    #[arg(long, requires = "output")]
    force: bool,

    /// Write the scenario into this folder, under a name of its own.
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    keep: Option<PathBuf>,

    #[command(flatten)]
    html: Html,

    #[command(flatten)]
    answer: InJson,

    /// Draw nothing.
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    limits: TimeAndMemory,

    /// How many worlds the search for the shortest may find; 0 for none.
    #[arg(long, value_name = "N", help_heading = "Limits", default_value_t = keep::STATES)]
    states: u64,

    #[command(flatten)]
    picture: Picture,
}

/// What a run was shrunk to.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ShrinkAnswer {
    #[serde(flatten)]
    shrunk: Shrunk,
    /// The scenario.
    scenario: Json,
    /// Where it was written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<String>,
    /// Commands that show more of it.
    go_on: Vec<String>,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    interrupt::heed();
    let html = args.html.pending()?;
    let guard = args.limits.guard();
    let failing = args.failing(&guard);
    // A run that had to end says nothing of its failure, and is not what was asked for.
    if let Some(stopped) = guard.stopped() {
        remark(format!("Nothing was shrunk: {stopped}."));
        return Ok(Outcome::NotEstablished);
    }
    let (what, trace) = failing?;
    let watch = || guard.look();
    let limits = testbed::RunLimits {
        states: guard.states,
        watch: &watch,
        ..testbed::RunLimits::default()
    };
    let mut shrunk = match keep::shrink(&trace, &limits, args.states) {
        Ok(shrunk) => shrunk,
        // Where it had to end in the middle, whatever did not come out is no fault of the run.
        Err(why) if guard.stopped().is_some() || why == Unshrinkable::Stopped => {
            remark(format!("Nothing was shrunk: {why}."));
            return Ok(Outcome::NotEstablished);
        }
        Err(why) => return Err(keep::failure(&what, "shrunk", &why)),
    };
    let seconds = begun.elapsed().as_secs_f64();
    let outcome = if shrunk.ended_early {
        Outcome::NotEstablished
    } else {
        Outcome::AsExpected
    };
    let written = args.write(&shrunk)?;
    let go_on = written
        .as_deref()
        .map_or_else(Vec::new, |path| go_on(path, &shrunk.report));
    let page = html.zip(shrunk.report.trace.clone());
    let page = page.map(|(pending, trace)| (pending, html::page_of(&trace, shrunk.text())));
    let mut out = Output::new(terminal);
    if args.answer.json {
        let scenario = File {
            schema: None,
            ..shrunk.file.clone()
        };
        let scenario = serde_json::to_value(scenario).expect("a scenario is plain data");
        if !args.answer.with_trace {
            (shrunk.report.trace, shrunk.report.draws) = (None, Vec::new());
        }
        let result = ShrinkAnswer {
            shrunk,
            scenario,
            written: written.map(|path| path.display().to_string()),
            go_on,
        };
        out.json(&Answer::new(
            "shrink",
            Some(&args.file),
            seconds,
            outcome,
            result,
        ))?;
    } else {
        args.tell(&mut out, terminal, &what, &shrunk, seconds)?;
        if let Some(path) = written {
            out.line(format!("Written to {}.", path.display()))?;
        }
        onward::tell(&mut out, &go_on)?;
    }
    out.finish()?;
    if let Some((pending, page)) = page {
        pending.write(page.html().as_bytes())?;
    }
    Ok(outcome)
}

/// The commands that show more of a shrunk run.
fn go_on(path: &Path, report: &RunReport) -> Vec<String> {
    let (program, file) = (words::program(), words::typed(&path.display().to_string()));
    let mut commands = vec![
        format!("{program} explain {file} --seed 1"),
        format!("{program} run {file}"),
    ];
    if report.verdict == RunVerdict::Violated {
        commands.push(format!("{program} run {file} --go-on"));
    }
    commands
}

impl Args {
    /// A run that fails: what it is called, and its trace.
    fn failing(&self, guard: &RunGuard) -> Result<(String, Trace), Failure> {
        let name = words::typed(&self.file.display().to_string());
        if let Some(trace) = trace_of(&self.file)? {
            if self.seed.is_some() {
                return Err(Failure::new(
                    format!("{name} is a trace, and has no other seeds"),
                    "leave out `--seed`",
                ));
            }
            return Ok((name, trace));
        }
        let case = edge::open(&self.file)?;
        let case = case.as_ref();
        if self.seed.is_some() && !seeds::has(case, self.strategy) {
            return Err(Failure::new(
                format!("{name} is nothing for `{}`", self.strategy),
                format!(
                    "`{} hunt {name}` says what it can be hunted by",
                    words::program()
                ),
            ));
        }
        if case.refuted_run().is_some() {
            return Err(Failure::new(
                format!("the story of {name} cannot happen, so there is nothing to shrink"),
                format!("see why: `{} run {name}`", words::program()),
            ));
        }
        let report = match self.seed {
            Some(seed) => seeds::drawn(case, seed, self.strategy, guard),
            None => self.shortest(case, guard)?,
        };
        let what = match (self.seed, self.strategy) {
            (Some(seed), Strategy::Random) => format!("seed {seed} of {name}"),
            (Some(seed), by) => format!("seed {seed} of {name} by {by}"),
            (None, _)
                if case
                    .seeds()
                    .is_some_and(|seeds| seeds.start() == seeds.end()) =>
            {
                name
            }
            (None, _) => format!("seed {} of {name}", report.seed),
        };
        let trace = report.trace.expect("it was asked for");
        Ok((what, trace))
    }

    /// The shortest run of the scenario that violates a property or is blocked.
    fn shortest(&self, case: &dyn Case, guard: &RunGuard) -> Result<RunReport, Failure> {
        let name = words::typed(&self.file.display().to_string());
        let none = |why: &str| {
            let program = words::program();
            Failure::new(
                format!("{name} {why}"),
                format!(
                    "name a seed that fails, and its strategy: `{program} hunt {name}` looks for some; or a trace: \
                     `{program} check {name} --trace OUT.json` writes one"
                ),
            )
        };
        let seeds = case.seeds().ok_or_else(|| none("has no `run`"))?;
        let reports = seeds::run(case, &seeds, &name, guard);
        let fails = |report: &&RunReport| {
            matches!(report.verdict, RunVerdict::Violated | RunVerdict::Blocked)
        };
        let failing = reports.iter().filter(fails);
        let shortest = failing.min_by_key(|report| (report.verdict, report.facts.steps));
        let shortest = shortest.ok_or_else(|| none("has no seed that fails"))?;
        Ok(seeds::again(case, shortest.seed, true, guard))
    }

    fn write(&self, shrunk: &Shrunk) -> Result<Option<PathBuf>, Failure> {
        match (&self.output, &self.keep) {
            (Some(path), _) => {
                scenario_file::write(path, &shrunk.text(), self.force)?;
                Ok(Some(path.clone()))
            }
            (None, Some(folder)) => keep::keep(folder, &self.file, shrunk).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn tell(
        &self,
        out: &mut Output,
        terminal: &Terminal,
        what: &str,
        shrunk: &Shrunk,
        seconds: f64,
    ) -> Result<(), Failure> {
        if let Some(trace) = shrunk.report.trace.as_ref().filter(|_| !self.quiet) {
            let picture = Picture {
                about_is_told: true,
                ..self.picture
            };
            out.line(picture.draw(trace, terminal))?;
            out.line("")?;
        }
        for line in lines(what, shrunk, seconds) {
            out.line(line)?;
        }
        if self.quiet {
            for sentence in &shrunk.report.sentences {
                out.line(format!("  {sentence}"))?;
            }
        }
        if self.output.is_none() && self.keep.is_none() {
            out.line("Write it as a scenario: the same with `-o small.json`, or `--keep DIR`.")?;
        }
        Ok(())
    }
}

/// What shrinking came to.
fn lines(what: &str, shrunk: &Shrunk, seconds: f64) -> Vec<String> {
    let Shrunk {
        before,
        deleted_to,
        shortest,
        runs,
        ..
    } = shrunk;
    let mut lines = vec![format!(
        "{what}: from {} to {} by leaving out what it does not need, {} in {}.",
        extent(*before),
        extent(*deleted_to),
        words::count(*runs, "run", "runs"),
        words::seconds(seconds),
    )];
    if shrunk.ended_early {
        lines.push("It had to end early: more may be left out.".to_owned());
    }
    match shortest {
        Some(shortest) if *shortest < deleted_to.events => lines.push(format!(
            "A search of all that may happen there found a shorter way, of {}: that is the one shown.",
            words::count(shrunk.lines.len() as u64, "event", "events"),
        )),
        Some(_) => lines.push("A search of all that may happen there found none shorter.".to_owned()),
        None => {}
    }
    lines
}

fn extent(extent: Extent) -> String {
    let events = words::count(extent.events as u64, "event", "events");
    format!(
        "{events} of {}",
        words::count(extent.nodes as u64, "node", "nodes")
    )
}
