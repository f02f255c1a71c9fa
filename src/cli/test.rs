//! `jury test`: every expectation of every scenario.

use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::check::fast::Tuning;
use crate::model::promise::{self, Broken};
use crate::model::{Few, FewMap};
use crate::testbed::{
    Case, CheckOptions, CheckVerdict, Expected, ExpectedOutcome, PropertyReport, RefutedStory,
};
use serde::Serialize;

use super::check::{Checked, by_itself, examine};
use super::files::Pending;
use super::limits::{Limits, RunLimits};
use super::output::{Output, Paint, remark};
use super::progress::SearchBar;
use super::reduce::Reducing;
use super::shapes::Answer;
use super::words;
use super::{
    Failure, Outcome, Terminal, edge, interrupt, junit, promises, seeds, story, suite, summary,
};

const EXAMPLES: &str = "\
Examples:
  jury test scenarios                            every scenario in a folder
  jury test scenarios --filter coordinator       only those whose path or `about` has it
  jury test scenarios --junit report.xml         for a CI server
  jury test scenarios --fail-fast                no further than the first that fails
  jury test scenarios --seeds-max 20 --time 10s  a quick look
  jury test scenarios --reduce none              leave nothing out";

/// Test scenarios: both engines against every expectation.
///
/// Where a scenario expects something of its check, only that is checked. Where it expects nothing,
/// every property has to come out well, as with `jury check`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Scenario files, and folders to look for them in.
    #[arg(required = true, value_name = "DIR|FILE")]
    paths: Vec<PathBuf>,

    /// Only scenarios whose path or `about` contains this.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,

    /// Run at most so many seeds of each scenario.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seeds_max: Option<u64>,

    /// Stop after the first scenario that does not turn out as expected.
    #[arg(long)]
    fail_fast: bool,

    #[arg(long, value_name = "OUT.xml", help = "Write the results as JUnit XML")]
    junit: Option<PathBuf>,

    /// Answer in JSON.
    #[arg(long)]
    json: bool,

    /// Tell only what did not turn out as expected.
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    reducing: Reducing,

    #[command(flatten)]
    limits: Limits,
}

/// What came of one file.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Tried {
    pub file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<&'static str>,
    pub outcome: Outcome,
    /// What is wrong with the file itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunPart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckPart>,
    pub seconds: f64,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct RunPart {
    pub outcome: Outcome,
    pub finished: usize,
    pub verdicts: FewMap<&'static str, u64>,
    pub expected: Vec<Expected>,
    pub notes: Vec<String>,
    /// The first seed that fails in the worst way: by a violation before anything else.
    pub first_failing: Option<u64>,
    /// All seeds that fail.
    pub failing: Vec<u64>,
    /// Of the first failing run.
    pub sentences: Vec<String>,
    /// The event of the schedule that cannot happen: then nothing was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub divergence: Option<Diverged>,
    pub seconds: f64,
}

/// A refuted story.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Diverged {
    pub schedule: String,
    pub step: usize,
    pub line: usize,
    pub column: usize,
    pub event: String,
    pub obstacle: String,
    /// The same as people read it, with the world at that point.
    pub sentences: Vec<String>,
}

impl Diverged {
    fn new(story: &RefutedStory) -> Self {
        Diverged {
            schedule: story.schedule.clone(),
            step: story.step,
            line: story.line,
            column: story.column,
            event: story.event.clone(),
            obstacle: story.obstacle.clone(),
            sentences: story::lines(story),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CheckPart {
    pub outcome: Outcome,
    /// The qualified verdict of each property that was judged.
    pub verdicts: FewMap<String, String>,
    pub expected: Vec<Expected>,
    /// Of each property that turned out otherwise.
    pub sentences: FewMap<String, Vec<String>>,
    /// The event before the check that cannot happen: then nothing was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub divergence: Option<Diverged>,
    /// What of the budgets was gone before the search started.
    pub notes: Vec<String>,
    /// The kinds of messages that no node got, and of timers that fired at none.
    pub never_exercised: Few<String>,
    pub distinct: u64,
    pub seconds: f64,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Tested {
    files: Vec<Tried>,
    /// JSON files that are no scenarios, each with what they are.
    skipped: Vec<(String, &'static str)>,
    /// Scenarios that the filter left out.
    filtered: usize,
    /// Scenarios whose turn never came.
    untried: usize,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let found = suite::find(&args.paths)?;
    let pending = args.junit.as_deref().map(Pending::at).transpose()?;
    interrupt::heed();
    let begun = Instant::now();
    let mut files = Vec::new();
    let mut filtered = 0;
    for path in &found.scenarios {
        if interrupt::asked() {
            break;
        }
        let name = path.display().to_string();
        match alone(&name, terminal, || tried(path, args, terminal)) {
            Some(tried) => files.push(tried),
            None => filtered += 1,
        }
        let failed = files
            .last()
            .is_some_and(|f| f.outcome != Outcome::AsExpected);
        if args.fail_fast && failed {
            break;
        }
    }
    if files.is_empty() && !interrupt::asked() {
        return Err(Failure::new(
            "no scenario was found",
            if filtered > 0 {
                "the filter left all of them out"
            } else {
                "a scenario is a JSON file that declares \"jury\": 1; `jury new` writes one"
            },
        ));
    }
    let untried = found.scenarios.len() - files.len() - filtered;
    let mut outcome = files.iter().map(|f| f.outcome).max().unwrap_or_default();
    if interrupt::asked() {
        outcome = outcome.max(Outcome::NotEstablished);
    }
    let seconds = begun.elapsed().as_secs_f64();
    let skipped = found.skipped.iter();
    let skipped = skipped.map(|(path, what)| (path.display().to_string(), *what));
    let result = Tested {
        files,
        skipped: skipped.collect(),
        filtered,
        untried,
    };
    let mut out = Output::new(terminal);
    if args.json {
        out.json(&Answer::new("test", None, seconds, outcome, &result))?;
    } else {
        summary::tell(&mut out, &result.files, args.quiet)?;
        for (path, what) in result.skipped.iter().filter(|_| !args.quiet) {
            out.line(out.paint(Paint::Dim, &format!("skipped {path}: {what}")))?;
        }
        if untried > 0 {
            let why = if interrupt::asked() {
                "Interrupted"
            } else {
                "Stopped"
            };
            out.line(format!("{why}: {untried} not tested."))?;
        }
        let counts = counts(&out, &result);
        out.line(format!("{counts} in {}", words::seconds(seconds)))?;
    }
    out.finish()?;
    // An answer is not lost with a file that cannot be written.
    if let Some(pending) = pending {
        pending.write(&junit::report(&result.files))?;
    }
    Ok(outcome)
}

/// `4 scenarios: 3 refuted, 1 bad input; 1 file skipped`
fn counts(out: &Output, result: &Tested) -> String {
    let mut of_each = FewMap::<Outcome, u64>::new();
    for tried in &result.files {
        *of_each.of(tried.outcome) += 1;
    }
    let of_each = of_each.iter().map(|(outcome, n)| {
        let text = format!("{} {}", words::number(*n), outcome.word());
        out.paint(Paint::of(*outcome), &text)
    });
    let of_each: Vec<String> = of_each.collect();
    let files = words::count(result.files.len() as u64, "scenario", "scenarios");
    let mut text = format!("{files}: {}", of_each.join(", "));
    let skipped = result.skipped.len() as u64;
    if skipped > 0 {
        text.push_str("; ");
        text.push_str(&words::count(skipped, "file skipped", "files skipped"));
    }
    text
}

/// Whatever goes wrong with one file is that file's result, and no other's.
fn alone(name: &str, terminal: &Terminal, trial: impl FnOnce() -> Option<Tried>) -> Option<Tried> {
    let begun = Instant::now();
    let done = panic::catch_unwind(AssertUnwindSafe(trial));
    done.unwrap_or_else(|payload| {
        let failure = match payload.downcast_ref::<Broken>() {
            Some(broken) => promises::told(broken),
            None => Failure::broken(
                format!("a panic: {}", promise::text(&*payload)),
                "a mistake of the protocol, or of this program: `jury try` of the file alone shows where",
            ),
        };
        Some(failed(name.to_owned(), &failure, terminal, begun))
    })
}

/// Tests one file, unless the filter leaves it out.
fn tried(path: &Path, args: &Args, terminal: &Terminal) -> Option<Tried> {
    let begun = Instant::now();
    let name = path.display().to_string();
    let has = |text: &str| {
        let filter = args.filter.as_deref().unwrap_or("");
        text.to_lowercase().contains(&filter.to_lowercase())
    };
    let case = match edge::open(path) {
        Ok(case) => case,
        Err(_) if !has(&name) => return None,
        Err(failure) => {
            return Some(failed(name, &failure, terminal, begun));
        }
    };
    let case = case.as_ref();
    if !has(&name) && !has(case.about()) {
        return None;
    }
    let run = case.seeds().map(|seeds| run_part(case, seeds, &name, args));
    let expects = case.expected_of_check();
    let wanted = case.has_check() && !interrupt::asked();
    let check = match wanted.then(|| check_part(case, expects, args)).transpose() {
        Ok(check) => check,
        Err(failure) => return Some(failed(name, &failure, terminal, begun)),
    };
    let outcomes = [
        run.as_ref().map(|run| run.outcome),
        check.as_ref().map(|check| check.outcome),
    ];
    let seconds = begun.elapsed().as_secs_f64();
    // On a terminal people watch: a long suite tells of each file as it goes.
    if terminal.stderr && seconds > 1.0 && !args.quiet {
        remark(format!("{name}: {}", words::seconds(seconds)));
    }
    Some(Tried {
        file: name,
        protocol: Some(case.protocol()),
        outcome: outcomes.into_iter().flatten().max().unwrap_or_default(),
        error: None,
        run,
        check,
        seconds,
    })
}

fn run_part(
    case: &dyn Case,
    named: std::ops::RangeInclusive<u64>,
    what: &str,
    args: &Args,
) -> RunPart {
    let begun = Instant::now();
    if let Some(story) = case.refuted_run() {
        return RunPart {
            outcome: Outcome::Refuted,
            finished: 0,
            verdicts: FewMap::new(),
            expected: Vec::new(),
            notes: Vec::new(),
            first_failing: None,
            failing: Vec::new(),
            sentences: Vec::new(),
            divergence: Some(Diverged::new(story)),
            seconds: begun.elapsed().as_secs_f64(),
        };
    }
    let most = args.seeds_max.unwrap_or(u64::MAX);
    let last = named.start().saturating_add(most - 1).min(*named.end());
    let asked = *named.start()..=last;
    let guard = RunLimits::from(&args.limits).guard();
    let reports = seeds::run(case, &asked, what, &guard);
    let mut judged = seeds::judge(case, &reports, asked == named, &guard);
    // The first run once more: a handler that is not pure makes every verdict worthless.
    if let Some(first) = reports.first()
        && let again = seeds::again(case, first.seed, false, &guard)
        && seeds::is_over(first)
        && seeds::is_over(&again)
        && again.hash != first.hash
    {
        judged.outcome = Outcome::BrokenPromise;
        let note = format!("Seed {} was run twice and differed.", first.seed);
        judged.notes.push(note);
    }
    let mut verdicts = FewMap::new();
    for report in &reports {
        *verdicts.of(report.verdict.word()) += 1;
    }
    let failing = judged.worst.map(|i| &reports[i]);
    RunPart {
        outcome: judged.outcome,
        finished: reports.iter().filter(|r| seeds::is_over(r)).count(),
        verdicts,
        expected: judged.expected,
        notes: judged.notes,
        first_failing: failing.map(|report| report.seed),
        failing: judged.failing.iter().map(|i| reports[*i].seed).collect(),
        sentences: failing.map_or_else(Vec::new, |report| report.sentences.clone()),
        divergence: None,
        seconds: begun.elapsed().as_secs_f64(),
    }
}

/// A file that has no answer.
fn failed(file: String, failure: &Failure, terminal: &Terminal, begun: Instant) -> Tried {
    Tried {
        file,
        protocol: None,
        outcome: failure.outcome(),
        // It also goes into files: no colours.
        error: Some(failure.render(&Terminal {
            stderr_color: false,
            ..*terminal
        })),
        run: None,
        check: None,
        seconds: begun.elapsed().as_secs_f64(),
    }
}

fn check_part(case: &dyn Case, properties: Vec<String>, args: &Args) -> Result<CheckPart, Failure> {
    if let Some(story) = case.refuted_check() {
        return Ok(CheckPart {
            outcome: Outcome::Refuted,
            verdicts: FewMap::new(),
            expected: Vec::new(),
            sentences: FewMap::new(),
            divergence: Some(Diverged::new(story)),
            notes: Vec::new(),
            never_exercised: Few::new(),
            distinct: 0,
            seconds: 0.0,
        });
    }
    let options = CheckOptions {
        properties,
        states_max: args.limits.states,
        depth_max: args.limits.depth(),
        tuning: Tuning {
            reduce: args.reducing.reduce,
            ..args.limits.tuning()
        },
        ..CheckOptions::default()
    };
    let checked = examine(case, &options, &args.limits, SearchBar::new())?;
    let Checked {
        report, expected, ..
    } = &checked;
    let by_themselves = || report.properties.iter().map(well).collect();
    let expected = match &expected[..] {
        [] => by_themselves(),
        expected => expected.to_vec(),
    };
    let otherwise = expected
        .iter()
        .filter(|e| Outcome::from(e.outcome) != Outcome::AsExpected);
    let sentences = otherwise
        .filter_map(|e| report.properties.iter().find(|p| p.property == e.of))
        .map(|p| (p.property.clone(), p.sentences.clone()))
        .collect();
    let verdict = |p: &PropertyReport| (p.property.clone(), p.qualified.clone());
    Ok(CheckPart {
        outcome: checked.outcome,
        verdicts: report.properties.iter().map(verdict).collect(),
        notes: report.notes.clone(),
        never_exercised: report.never_exercised(),
        distinct: report.searches.iter().map(|s| s.distinct).sum(),
        seconds: checked.effort.seconds,
        divergence: None,
        sentences,
        expected,
    })
}

/// What is expected of a property where the scenario expects nothing.
fn well(property: &PropertyReport) -> Expected {
    let well = match property.expectation.as_str() {
        "reachable" => CheckVerdict::Reached,
        _ => CheckVerdict::Holds,
    };
    Expected {
        of: property.property.clone(),
        expected: well.word().to_owned(),
        found: property.qualified.clone(),
        outcome: match by_itself(property) {
            Outcome::AsExpected => ExpectedOutcome::AsExpected,
            Outcome::NotEstablished => ExpectedOutcome::NotEstablished,
            _ => ExpectedOutcome::Refuted,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::terminal::{Color, Terminal};
    use super::{Outcome, alone};

    #[test]
    fn a_panic_is_the_result_of_its_file() {
        let terminal = Terminal::look(Color::Never);
        let tried = alone("bad.json", &terminal, || panic!("too wide"));
        let tried = tried.expect("it was tried");
        assert_eq!(tried.outcome, Outcome::BrokenPromise);
        assert!(
            tried
                .error
                .is_some_and(|error| error.contains("a panic: too wide"))
        );
    }
}
