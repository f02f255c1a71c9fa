//! `jury run --verify`: the same seed gives the same run, in this process and in a fresh one.
//!
//! A fresh process has another layout of addresses and other keys for hash maps, which is the point. It is this very
//! program, asked for a batch of seeds at a time, and does not outlive the question.

use std::env;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::testbed::verify::{Between, CameTo, Mismatch, Recorded, Side, recorded, repeat};
use crate::testbed::{Case, RunLimits, RunReport, RunVerdict};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::limits::RunGuard;
use super::output::Output;
use super::{Failure, Outcome, progress, sources, words};

/// So many seeds are asked of one process: their answer takes some megabytes.
const BATCH: usize = 1_000;

/// How long to wait for an answer before looking whether it is still wanted.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What may be behind it.
pub const ADVICE: &str = "A handler or a predicate is not a pure function. Does it read a clock, chance, a global or an \
                      address, or go through a HashMap?";

/// How a fresh process is asked for runs.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub file: &'a Path,
    /// What else was typed of how runs are to be.
    pub options: &'a [String],
}

/// What came of running seeds three times.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Verified {
    /// How many seeds came to the same twice in this process and once in a fresh one: hash, verdict and steps.
    same: usize,
    /// The seeds that did not.
    differing: Vec<u64>,
    /// Where the first of them parts.
    first: Option<Mismatch>,
}

impl Verified {
    pub fn is_broken(&self) -> bool {
        self.first.is_some()
    }
}

/// Runs seeds a second time here, and a third time in a fresh process. Where it had to end before it was through,
/// nothing is the same yet.
pub fn verify(
    case: &dyn Case,
    asked: Asked<'_>,
    reports: &[RunReport],
    guard: &RunGuard,
) -> Result<Verified, Failure> {
    let bar = progress::count("runs to compare", 2 * reports.len() as u64);
    let limits = RunLimits {
        states: guard.states,
        go_on: guard.go_on,
        watch: &|| guard.look(),
        ..RunLimits::default()
    };
    let mut differing = repeat(case, reports, &limits, &|| bar.inc(1));
    for batch in reports.chunks(BATCH) {
        // What differs here already says nothing about other processes.
        if !differing.is_empty() || guard.look().is_err() {
            break;
        }
        let Some(fresh) = fresh_runs(asked, batch, guard)? else {
            break;
        };
        for (report, fresh) in batch.iter().zip(&fresh) {
            let came_to = [CameTo::from(report), fresh.came_to()];
            let between = Between::HereAndInAFreshProcess;
            differing.extend(Mismatch::of(report.seed, between, came_to));
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    let seeds = differing.iter().map(|mismatch| mismatch.seed).collect();
    let first = differing.into_iter().next();
    let is_same = first.is_none() && guard.stopped().is_none();
    let first = first.map(|first| match first.between {
        Between::TwiceInThisProcess => Ok(first.told_here(case, &limits)),
        Between::HereAndInAFreshProcess => {
            let (seed, mut failed) = (first.seed, None);
            let told = first.told(&mut || {
                let here = recorded(case, seed, &limits)?;
                let fresh = fresh_record(asked, seed, guard);
                let fresh = fresh.map_err(|failure| failed = Some(failure)).ok()?;
                Some([here, fresh?])
            });
            failed.map_or(Ok(told), Err)
        }
    });
    Ok(Verified {
        same: if is_same { reports.len() } else { 0 },
        differing: seeds,
        first: first.transpose()?,
    })
}

/// A run, as a fresh process tells of it.
#[derive(Deserialize)]
struct FreshRun {
    seed: u64,
    hash: String,
    verdict: RunVerdict,
    facts: FreshFacts,
}

#[derive(Deserialize)]
struct FreshFacts {
    steps: u64,
}

impl FreshRun {
    fn came_to(&self) -> CameTo {
        CameTo {
            hash: self.hash.clone(),
            verdict: self.verdict,
            steps: self.facts.steps,
        }
    }
}

/// These runs in a fresh process; nothing if they are not wanted any more.
fn fresh_runs(
    asked: Asked<'_>,
    batch: &[RunReport],
    guard: &RunGuard,
) -> Result<Option<Vec<FreshRun>>, Failure> {
    #[derive(Deserialize)]
    struct Answer {
        runs: Vec<FreshRun>,
    }
    let [Some(first), Some(last)] = [batch.first(), batch.last()] else {
        return Ok(Some(Vec::new()));
    };
    let seeds = format!("{}..{}", first.seed, last.seed);
    let Some(Answer { runs }) = answer(asked, &["--seeds", &seeds, "--all"], guard)? else {
        return Ok(None);
    };
    let are_over = runs.iter().all(|run| run.verdict.is_over());
    let pairs = batch.iter().zip(&runs);
    if are_over && runs.len() == batch.len() && pairs.into_iter().all(|(a, b)| a.seed == b.seed) {
        return Ok(Some(runs));
    }
    Err(Failure::new(
        format!("a fresh process did not get through seeds {seeds}"),
        "raise `--memory`",
    ))
}

/// A record of one run in a fresh process; nothing if it is not wanted any more.
fn fresh_record(
    asked: Asked<'_>,
    seed: u64,
    guard: &RunGuard,
) -> Result<Option<Recorded>, Failure> {
    #[derive(Deserialize)]
    struct Answer {
        shown: Option<Recorded>,
    }
    let seed = seed.to_string();
    let answer: Option<Answer> = answer(asked, &["--seed", &seed, "--with-trace"], guard)?;
    Ok(answer.and_then(|answer| answer.shown))
}

/// What a fresh process answers; nothing if it is not wanted any more.
fn answer<T: DeserializeOwned>(
    asked: Asked<'_>,
    which: &[&str],
    guard: &RunGuard,
) -> Result<Option<T>, Failure> {
    let failed = |why: String| {
        Failure::new(
            format!("a fresh process gave no answer: {why}"),
            "does this program come as far as `jury::cli::main` with the arguments that it is given?",
        )
    };
    let mut fresh = Fresh::start(asked, which).map_err(|error| failed(error.to_string()))?;
    let Some((bytes, told)) = fresh.output(guard) else {
        return Ok(None);
    };
    let answer = serde_json::from_str(&String::from_utf8_lossy(&bytes));
    answer.map(Some).map_err(|error| {
        let is_broken = fresh.code() == Some(Outcome::BrokenPromise.code().into());
        match told.trim() {
            // It was kept here.
            told if is_broken => Failure::broken(format!("in a fresh process: {told}"), ADVICE),
            "" => failed(error.to_string()),
            told => failed(told.to_owned()),
        }
    })
}

/// A fresh process of this program. It ends with whoever asks.
struct Fresh(Child);

impl Fresh {
    fn start(asked: Asked<'_>, which: &[&str]) -> io::Result<Self> {
        let is_stdin = sources::is_stdin(asked.file);
        let mut command = Command::new(env::current_exe()?);
        command.args(["--color", "never", "run", "--json", "--quiet"]);
        command.args(which).args(asked.options);
        command.arg("--").arg(asked.file);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if is_stdin {
            Stdio::piped()
        } else {
            Stdio::null()
        });
        let mut child = command.spawn()?;
        if let Some(mut input) = child.stdin.take()
            && let Ok(bytes) = sources::stdin()
        {
            // It reads all of it before it does anything else.
            input.write_all(bytes)?;
        }
        Ok(Fresh(child))
    }

    /// All that it writes to its outputs; nothing if that is not wanted any more.
    fn output(&mut self, guard: &RunGuard) -> Option<(Vec<u8>, String)> {
        let (done, wait) = mpsc::channel();
        let (output, errors) = (self.0.stdout.take()?, self.0.stderr.take()?);
        thread::spawn(move || {
            let errors = thread::spawn(move || all_of(errors));
            let output = all_of(output);
            let errors = errors.join().unwrap_or_default();
            // Whoever waited may have left.
            let _ = done.send((output, String::from_utf8_lossy(&errors).into_owned()));
        });
        while guard.look().is_ok() {
            match wait.recv_timeout(LOOK_EVERY) {
                Ok(outputs) => return Some(outputs),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        None
    }

    /// The exit code of one that has told all.
    fn code(&mut self) -> Option<i32> {
        self.0.wait().ok()?.code()
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // If it has ended by itself there is nothing to kill.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn all_of(mut from: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What was written before an error is what there is.
    let _ = from.read_to_end(&mut bytes);
    bytes
}

/// Tells what came of it: one line where all is well.
pub fn tell(
    out: &mut Output,
    verified: &Verified,
    reproduce: &dyn Fn(u64) -> String,
) -> Result<(), Failure> {
    let Some(first) = &verified.first else {
        if verified.same > 0 {
            let n = verified.same as u64;
            let seeds = words::count(n, "seed", "seeds");
            let each = if n == 1 { "" } else { " each" };
            let hashes = words::count(n, "hash", "hashes");
            out.line(format!(
                "{seeds},{each} twice here and once in a fresh process: the same {hashes}"
            ))?;
        }
        return Ok(());
    };
    for line in lines(first) {
        out.line(line)?;
    }
    let others = verified.differing.len() - 1;
    if others > 0 {
        let others = words::count(others as u64, "other seed differs", "other seeds differ");
        out.line(format!("{others} as well."))?;
    }
    out.line(ADVICE)?;
    let again = reproduce(first.seed);
    out.line(format!("Again: {again} --verify"))
}

/// Two runs that differ, in lines.
pub fn lines(mismatch: &Mismatch) -> Vec<String> {
    let names = mismatch.between.runs();
    let Mismatch {
        seed,
        came_to,
        parting,
        untold,
        ..
    } = mismatch;
    let mut lines = vec![format!("Seed {seed} is not the same run each time:")];
    let width = names.map(str::len).into_iter().max().unwrap_or_default();
    for (name, came) in names.iter().zip(came_to) {
        let CameTo {
            hash,
            verdict,
            steps,
        } = came;
        let steps = words::count(*steps, "step", "steps");
        lines.push(format!(
            "  {name:width$}  {hash}, {}, {steps}",
            verdict.word()
        ));
    }
    lines.extend(untold.clone());
    let Some(parting) = parting else {
        return lines;
    };
    let in_a_step = parting.runs.iter().any(|side| side.event.is_some());
    let place = match parting.step {
        0 => "at the start".to_owned(),
        step if in_a_step => format!("in step {}", words::number(step as u64)),
        step => format!("behind step {}, the last", words::number(step as u64)),
    };
    lines.push(format!("They part {place}, by `{}`:", parting.field));
    for (name, side) in names.iter().zip(&parting.runs) {
        let mut told = told(side).into_iter();
        lines.extend(told.next().map(|line| format!("  {name:width$}  {line}")));
        lines.extend(told.map(|line| format!("  {:width$}  {line}", "")));
    }
    lines
}

/// What one run did where the two part.
fn told(side: &Side) -> Vec<String> {
    let Side {
        value,
        at,
        event,
        drawn,
        node,
        before,
        after,
    } = side;
    let mut lines = Vec::new();
    if let Some(event) = event {
        let at = at.map_or_else(String::new, |at| format!("at {at}, "));
        lines.push(format!("{at}{event}"));
        lines.extend(drawn.iter().map(|drawn| format!("drawn: {drawn}")));
    }
    let value = if value.is_empty() { "nothing" } else { value };
    lines.push(format!("it has: {value}"));
    let node = node.as_deref().unwrap_or_default();
    for (when, fields) in [("before", before), ("after", after)] {
        if !fields.is_empty() {
            let fields = serde_json::to_string(fields).unwrap_or_default();
            lines.push(format!("{node} {when}: {fields}"));
        }
    }
    lines
}
