//! `jury run`: simulate.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Instant;

use crate::model::FewMap;
use crate::testbed::{self, Case, Expected, RunReport, Strategy};
use crate::trace::{STEPS_MAX, Trace};
use serde::Serialize;

use super::draw::Wanted;
use super::limits::{RunGuard, RunLimits};
use super::output::{Output, Paint};
use super::picture::{self, Picture};
use super::records::{PendingRecords, Records};
use super::seeds::{self, Judged};
use super::shapes::{Answer, InJson};
use super::verify::{self, Asked, Verified};
use super::{
    Failure, Outcome, Terminal, edge, interrupt, keep, onward, output, story, summary, table, words,
};

/// A run with fewer steps is a story: it is shown even if there are more seeds.
const STORY_STEPS: u64 = 100;

const EXAMPLES: &str = "\
Examples:
  jury run scenarios/2pc/happy-path.json       every seed that the file names
  jury run mine.json --seed 7                  one run, drawn
  jury run mine.json --seeds 1..10000 --quiet  many, and one line about them
  jury run mine.json --seeds random:1000       a thousand that nobody has seen; told, to be repeated
  jury run mine.json --seed 7 --go-on          past the first violation, to what else breaks
  jury run mine.json --seed 7 --from 40 --until 60
  jury run mine.json --verify                  every seed three times: it must give the same run
  jury run mine.json --seed 7 --trace t.json   what `jury replay` reads
  jury run mine.json --seed 7 --html run.html  a page that one can look at
  jury run mine.json --keep regressions        what fails, shrunk, as a scenario";

/// Simulate a scenario: every seed it names, on all cores.
///
/// Shows the run that goes against what the scenario expects, of several the shortest that does as the first, and
/// the command that reproduces it. Where nothing is expected, a violation does. A schedule with an event that cannot
/// happen is a story that is refuted, whatever is expected.
// Each flag is one that is typed.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The scenario.
    file: PathBuf,

    /// Run this seed alone, and draw it.
    #[arg(long, value_name = "N", conflicts_with = "seeds", allow_negative_numbers = true, value_parser = seeds::parse)]
    seed: Option<u64>,

    /// Run these seeds, both ends included, instead of those the file names.
    /// `random:1000` draws where to begin, says so, and runs that many.
    #[arg(long, value_name = "A..B|random:N", value_parser = Wanted::parse)]
    seeds: Option<Wanted>,

    /// The first step to draw, counted from 1.
    #[arg(long, value_name = "N")]
    from: Option<usize>,

    /// The last step to draw.
    #[arg(long, value_name = "N")]
    until: Option<usize>,

    /// List every run.
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    records: Records,

    /// Shrink the run that fails, and write it into this folder as a scenario that expects to fail so.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,

    /// Go on when a property is violated, for what else the run breaks: the first violation may not be the one
    /// that was seen.
    #[arg(long)]
    go_on: bool,

    /// Run every seed twice here and once in a fresh process: hash, verdict and steps must be the same. Where they are
    /// not, tell the first step that differs, what was drawn for it, and how the states differ.
    #[arg(long, conflicts_with_all = ["from", "until", "trace", "html"])]
    verify: bool,

    /// Print a line for each run, and nothing else: its seed and its hash. Nothing is judged.
    #[arg(long, conflicts_with_all = ["verify", "from", "until", "trace", "html", "keep", "all", "json", "quiet"])]
    hashes: bool,

    #[command(flatten)]
    answer: InJson,

    /// Draw nothing.
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    limits: RunLimits,

    #[command(flatten)]
    picture: Picture,

    /// A run with fewer steps is drawn even if there are more seeds.
    #[arg(skip = STORY_STEPS)]
    story_steps: u64,
}

impl Args {
    /// What `jury run FILE` means, within limits, but that it always draws a run.
    pub fn all_seeds(file: PathBuf, limits: RunLimits, picture: Picture) -> Self {
        Args {
            file,
            seed: None,
            seeds: None,
            from: None,
            until: None,
            all: false,
            records: Records::default(),
            keep: None,
            go_on: false,
            verify: false,
            hashes: false,
            answer: InJson::default(),
            quiet: false,
            limits,
            picture,
            story_steps: u64::MAX,
        }
    }

    /// The seeds to run, and where they come from if they were drawn.
    fn asked(
        &self,
        named: &RangeInclusive<u64>,
    ) -> Result<(RangeInclusive<u64>, Option<String>), Failure> {
        if let Some(seed) = self.seed {
            return Ok((seed..=seed, None));
        }
        let Some(wanted) = self.seeds else {
            return Ok((named.clone(), None));
        };
        let seeds = wanted.seeds()?;
        let file = words::typed(&self.file.display().to_string());
        Ok((seeds.iter(), wanted.origin("run", seeds, &file)))
    }

    /// Whether nothing is drawn: what is verified is told in lines.
    fn is_quiet(&self) -> bool {
        self.quiet || self.verify
    }

    /// All that was typed of how runs are to be: in another process they must be the same.
    fn how(&self) -> Vec<String> {
        let go_on = self.go_on.then(|| "--go-on".to_owned());
        self.limits.typed().into_iter().chain(go_on).collect()
    }

    /// The scenario that the run that fails was shrunk to, if it is to be kept.
    fn kept(&self, judged: &Judged, trace: Option<&Trace>) -> Result<Option<PathBuf>, Failure> {
        let Some(folder) = &self.keep else {
            return Ok(None);
        };
        let Some(trace) = trace.filter(|_| judged.shortest.is_some()) else {
            output::remark(format!(
                "Nothing was kept: no run went against what is expected. One that fails as expected: {} shrink {} \
                 --keep {}",
                words::program(),
                words::typed(&self.file.display().to_string()),
                words::typed(&folder.display().to_string()),
            ));
            return Ok(None);
        };
        let watch = || interrupt::look();
        let limits = testbed::RunLimits {
            watch: &watch,
            ..testbed::RunLimits::default()
        };
        keep::kept(folder, &self.file, trace, &limits)
    }

    /// How to tell a story that is refuted.
    fn story(&self, begun: Instant) -> story::Asked<'_> {
        story::Asked {
            command: "run",
            file: &self.file,
            begun,
            json: self.answer.json,
            with_trace: self.answer.with_trace,
            quiet: self.quiet,
            part: (self.from, self.until),
            picture: self.picture,
        }
    }
}

/// What the runs gave.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RunAnswer {
    /// The seeds that were asked for, both included.
    seeds: (u64, u64),
    /// How many runs were finished.
    finished: usize,
    /// How many runs had each verdict.
    verdicts: FewMap<&'static str, u64>,
    expected: Vec<Expected>,
    notes: Vec<String>,
    /// The first seed that fails in the worst way: by a violation before anything else.
    first_failing: Option<u64>,
    /// All seeds that fail.
    failing: Vec<u64>,
    /// What came of running every seed three times, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<Verified>,
    /// The command that reproduces the shortest that fails like the first.
    reproduce: Option<String>,
    /// Where that one was written to, shrunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<String>,
    /// The run that is shown: that one, or the only one.
    shown: Option<RunReport>,
    /// Every run, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    runs: Option<Vec<RunReport>>,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let opened = Instant::now();
    let case = edge::open(&args.file)?;
    let case = case.as_ref();
    let Some(named) = case.seeds() else {
        return Err(Failure::new(
            format!("{} has no `run`", args.file.display()),
            "it can be checked: try `jury check`",
        ));
    };
    let (asked, drawn) = args.asked(&named)?;
    let pending = args.records.pending()?;
    if let Some(story) = case.refuted_run() {
        return story::tell(&args.story(opened), story, pending, terminal);
    }
    if args.hashes {
        return hashes(args, terminal, case, &asked);
    }
    let ran = simulate(args, case, asked, drawn)?;
    answer(args, terminal, ran, pending)
}

/// Runs that are over and judged, before anything is told of them.
pub struct Ran {
    asked: RangeInclusive<u64>,
    reports: Vec<RunReport>,
    judged: Judged,
    verified: Option<Verified>,
    shown: Option<RunReport>,
    seconds: f64,
}

impl Ran {
    /// The run to be drawn.
    pub fn shown(&self) -> Option<&RunReport> {
        self.shown.as_ref()
    }
}

/// Runs these seeds, and once more, recorded, the one that is worth showing.
pub fn simulate(
    args: &Args,
    case: &dyn Case,
    asked: RangeInclusive<u64>,
    drawn: Option<String>,
) -> Result<Ran, Failure> {
    let named = case.seeds().unwrap_or_else(|| asked.clone());
    interrupt::heed();
    let begun = Instant::now();
    let mut guard = args.limits.guard();
    guard.go_on = args.go_on;
    let reports = seeds::run(case, &asked, &args.file.display().to_string(), &guard);
    let verified = args.verify.then(|| {
        let how = Asked {
            file: &args.file,
            options: &args.how(),
        };
        verify::verify(case, how, &reports, &guard)
    });
    let verified = verified.transpose()?;
    let whole = asked.contains(named.start()) && asked.contains(named.end());
    let mut judged = seeds::judge(case, &reports, whole, &guard);
    judged.notes.extend(drawn);
    if verified.as_ref().is_some_and(Verified::is_broken) {
        judged.outcome = Outcome::BrokenPromise;
    }
    let shown = shown(case, &reports, &mut judged, args, &guard);
    if let Some(shown) = &shown {
        let steps = usize::try_from(shown.facts.steps).unwrap_or(usize::MAX);
        picture::range((args.from, args.until), steps)?;
    }
    Ok(Ran {
        asked,
        reports,
        judged,
        verified,
        shown,
        seconds: begun.elapsed().as_secs_f64(),
    })
}

/// Tells what runs came to, and writes the trace that was asked for.
pub fn answer(
    args: &Args,
    terminal: &Terminal,
    ran: Ran,
    mut pending: PendingRecords,
) -> Result<Outcome, Failure> {
    let Ran {
        asked,
        reports,
        mut judged,
        verified,
        shown,
        seconds,
    } = ran;
    let too_long = shown.as_ref().and_then(|r| r.trace.as_ref()?.unrecorded);

    let trace = shown.as_ref().and_then(|r| r.trace.as_ref());
    let to_write = trace.cloned();
    if too_long.is_some() && pending.trace.take().is_some() {
        let steps = to_write.as_ref().map_or(0, |trace| trace.facts.steps);
        let most = words::number(STEPS_MAX as u64);
        judged.outcome = judged.outcome.max(Outcome::NotEstablished);
        judged.notes.push(format!(
            "No trace was written: the run has {} steps, and a trace has at most {most}. \
             Lower `until` or `steps` in the scenario.",
            words::number(steps)
        ));
    }
    let kept = args.kept(&judged, trace)?;
    let mut out = Output::new(terminal);
    let outcome = judged.outcome;
    if args.answer.json {
        let shown = shown.map(|mut report| {
            if !args.answer.with_trace {
                (report.trace, report.draws) = (None, Vec::new());
            }
            report
        });
        let result = RunAnswer {
            verified,
            kept: kept.map(|path| path.display().to_string()),
            ..result(args, &asked, reports, judged, shown)
        };
        let answer = Answer::new("run", Some(&args.file), seconds, outcome, result);
        out.json(&answer)?;
    } else {
        tell(&mut out, args, terminal, &reports, &judged, shown.as_ref())?;
        if let Some(verified) = &verified {
            verify::tell(&mut out, verified, &|seed| reproduce(args, seed))?;
        }
        if let Some(kept) = kept {
            out.line(format!("Kept, shrunk: {}", kept.display()))?;
        }
        let runs = words::count(reports.len() as u64, "run", "runs");
        let line = format!("{runs} in {}", words::seconds(seconds));
        out.line(out.paint(Paint::Dim, &line))?;
    }
    out.finish()?;
    if let Some(trace) = to_write {
        pending.write(&trace, &args.file)?;
    }
    Ok(outcome)
}

/// Prints the fingerprint of each run. One that had to end has none.
fn hashes(
    args: &Args,
    terminal: &Terminal,
    case: &dyn Case,
    asked: &RangeInclusive<u64>,
) -> Result<Outcome, Failure> {
    interrupt::heed();
    let mut guard = args.limits.guard();
    guard.go_on = args.go_on;
    let reports = seeds::run(case, asked, &args.file.display().to_string(), &guard);
    let mut out = Output::new(terminal);
    for report in reports.iter().filter(|report| seeds::is_over(report)) {
        out.line(format!("{} {}", report.seed, report.hash))?;
    }
    out.finish()?;
    Ok(match guard.stopped() {
        None => Outcome::AsExpected,
        Some(stopped) => {
            output::remark(format!("Not all seeds were run: {stopped}."));
            Outcome::NotEstablished
        }
    })
}

/// Runs the run worth showing once more, recording it. The same seed must give the same run.
fn shown(
    case: &dyn Case,
    reports: &[RunReport],
    judged: &mut Judged,
    args: &Args,
    guard: &RunGuard,
) -> Option<RunReport> {
    let wanted = args.records.is_wanted() || args.keep.is_some();
    let seen = wanted
        || if args.answer.json {
            args.answer.with_trace
        } else {
            !args.is_quiet()
        };
    let is_story = |report: &RunReport| reports.len() == 1 || report.facts.steps < args.story_steps;
    let shortest = judged.shortest.map(|i| &reports[i]);
    let report = shortest.or_else(|| reports.first().filter(|r| wanted || is_story(r)))?;
    if !seeds::is_over(report) {
        return None;
    }
    let again = seeds::again(case, report.seed, seen, guard);
    if !seeds::is_over(&again) {
        return None;
    }
    // Whoever verifies is told all of it.
    let differs = again.hash != report.hash || again.verdict != report.verdict;
    if differs && !args.verify {
        judged.outcome = Outcome::BrokenPromise;
        judged.notes.push(format!(
            "Seed {} was run twice and differed ({} and {}): a handler is not a pure function. Where: {} --verify",
            report.seed,
            report.hash,
            again.hash,
            reproduce(args, report.seed),
        ));
    }
    Some(again)
}

fn verdicts(reports: &[RunReport]) -> FewMap<&'static str, u64> {
    let mut verdicts = FewMap::new();
    for report in reports {
        *verdicts.of(report.verdict.word()) += 1;
    }
    verdicts
}

fn reproduce(args: &Args, seed: u64) -> String {
    let file = words::typed(&args.file.display().to_string());
    let go_on = if args.go_on { " --go-on" } else { "" };
    format!("{} run {file} --seed {seed}{go_on}", words::program())
}

fn result(
    args: &Args,
    asked: &RangeInclusive<u64>,
    reports: Vec<RunReport>,
    judged: Judged,
    shown: Option<RunReport>,
) -> RunAnswer {
    let first_failing = judged.worst.map(|i| reports[i].seed);
    let failing = judged.failing.iter().map(|i| reports[*i].seed).collect();
    RunAnswer {
        seeds: (*asked.start(), *asked.end()),
        finished: reports.iter().filter(|r| seeds::is_over(r)).count(),
        verdicts: verdicts(&reports),
        expected: judged.expected,
        notes: judged.notes,
        first_failing,
        failing,
        verified: None,
        reproduce: judged.shortest.map(|i| reproduce(args, reports[i].seed)),
        kept: None,
        shown,
        runs: args.all.then_some(reports),
    }
}

fn tell(
    out: &mut Output,
    args: &Args,
    terminal: &Terminal,
    reports: &[RunReport],
    judged: &Judged,
    shown: Option<&RunReport>,
) -> Result<(), Failure> {
    if args.all {
        list(out, reports)?;
        out.line("")?;
    }
    if let Some(trace) = shown.and_then(|r| r.trace.as_ref())
        && !args.is_quiet()
    {
        let part = (args.from, args.until);
        out.line(args.picture.draw_part(trace, part, terminal))?;
        out.line("")?;
        if Picture::leaves_out(trace, part) {
            let command = reproduce(args, trace.origin.seed.unwrap_or_default());
            out.line(format!(
                "See what is left out: {command} --from A --until B"
            ))?;
        }
    } else if let Some(first) = reports
        .first()
        .filter(|first| seeds::is_over(first) && !args.is_quiet() && !args.all)
    {
        let command = reproduce(args, first.seed);
        out.line(format!(
            "Runs this long are not drawn unasked. See one: {command}"
        ))?;
        out.line("")?;
    }
    let counts = verdicts(reports);
    let counts: Vec<_> = counts
        .iter()
        .map(|(word, n)| format!("{n} {word}"))
        .collect();
    let paint = Paint::of(judged.outcome);
    let came_to = if judged.expected.is_empty() && judged.outcome == Outcome::AsExpected {
        String::new()
    } else {
        format!(" · {}", out.paint(paint, judged.outcome.word()))
    };
    let about = args.file.display();
    out.line(format!("{about}: {}{came_to}", counts.join(", ")))?;
    // The first run against what is expected of every run is told below.
    for expected in
        summary::otherwise(&judged.expected).filter(|e| judged.worst.is_none() || e.of_some_run())
    {
        let instead = summary::instead(expected, &expected.found);
        out.line(format!("  {instead}"))?;
    }
    for note in &judged.notes {
        out.line(format!("  {note}"))?;
    }
    if let Some(i) = judged.worst {
        let RunReport { seed, verdict, .. } = &reports[i];
        let word = out.paint(Paint::Bad, verdict.word());
        let expected = summary::otherwise(&judged.expected).find(|e| !e.of_some_run());
        let instead = expected.map_or_else(String::new, |e| format!(", expected {}", e.expected));
        out.line(match reports.len() {
            1 => format!("Seed {seed}: {word}{instead}."),
            _ => format!("First {word} with seed {seed}{instead}."),
        })?;
        let shortest = &reports[judged.shortest.unwrap_or(i)];
        if shortest.seed != *seed {
            let steps = words::count(shortest.facts.steps, "step", "steps");
            let seed = shortest.seed;
            out.line(format!(
                "The shortest such run, of {steps}, is that of seed {seed}."
            ))?;
        }
        // The diagram has said them already.
        if args.is_quiet() {
            for sentence in &shortest.sentences {
                out.line(format!("  {sentence}"))?;
            }
        }
        let command = reproduce(args, shortest.seed);
        out.line(format!("Reproduce: {}", out.paint(Paint::Bold, &command)))?;
        let by = Strategy::Random;
        onward::tell(
            out,
            &onward::from_run(&args.file, shortest.seed, by, shortest.verdict),
        )?;
    }
    Ok(())
}

fn list(out: &mut Output, reports: &[RunReport]) -> Result<(), Failure> {
    let row = |report: &RunReport| {
        vec![
            table::plain(format!("{:>6}", report.seed)),
            table::plain(report.verdict.word()),
            table::plain(format!("{} steps", report.facts.steps)),
            table::plain(report.ended_at.to_string()),
            table::plain(report.hash.clone()),
            table::plain(report.property.clone().unwrap_or_default()),
        ]
    };
    let rows: Vec<_> = reports.iter().map(row).collect();
    for line in table::lines(out, &rows) {
        out.line(line)?;
    }
    Ok(())
}
