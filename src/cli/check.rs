//! `jury check`: explore every run.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::check::checkpoint::{CheckpointError, Folder};
use crate::check::fast::Tuning;
use crate::check::{ByOrbits, Reduce, Stopped};
use crate::model::Time;
use crate::testbed::{
    Case, CheckOptions, CheckReport, CheckVerdict, EngineKind, Expected, PropertyReport,
};
use clap::ValueEnum;
use serde::Serialize;

use super::limits::{Effort, Limits};
use super::output::Output;
use super::picture::Picture;
use super::progress::SearchBar;
use super::records::{PendingRecords, Records};
use super::reduce::Reducing;
use super::shapes::{Answer, InJson};
use super::{Failure, Outcome, Terminal, edge, failure, findings, interrupt, onward, story, words};

const EXAMPLES: &str = "\
Examples:
  jury check scenarios/2pc/coordinator-dies-after-prepare.json
  jury check mine.json --property atomicity --show all
  jury check mine.json --time 60s --memory 4GiB
  jury check mine.json --checkpoint kept            goes on where it was stopped
  jury check mine.json --engine stateright --property atomicity
                                                   a second opinion on one property of safety
  jury check mine.json --threads 1 --paranoid
  jury check mine.json --reduce none               count every world and event
  jury check scenarios/2pc/coordinator-dies-after-prepare.json --trace t.json \\
    && jury replay t.json --step";

/// How often a checkpoint is written, unless told otherwise.
const CHECKPOINT_EVERY: Time = Time::from_millis(60_000);

/// Explore every run of a scenario, and judge each property.
///
/// A limit that is reached ends in the verdict that nothing was established (exit code 4), never
/// in an error.
///
/// Where the scenario expects something of its check, only that counts. Where it expects nothing, every
/// verdict does: `violated`, `can block` and `unreachable` refute (exit code 1), what was left open
/// within bounds is not established (exit code 4). An event of `after` that cannot happen is a story that
/// is refuted, whatever is expected.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The scenario.
    file: PathBuf,

    /// Which engine searches.
    #[arg(long, value_name = "ENGINE", default_value = "fast")]
    engine: EngineName,

    /// How many threads the fast engine searches with [default: one for each core]. What it finds
    /// is the same with any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=32))]
    threads: Option<u8>,

    /// Ask handlers and properties again whenever what they answered is remembered, and name one that
    /// answers differently [default: ask a sample].
    #[arg(long)]
    paranoid: bool,

    /// Keep checkpoints in this folder, and go on from those that are there: after an interrupt, a
    /// limit or a kill the same command line continues (with a larger --states if that was the limit).
    /// One check at a time. Removed once all is through.
    #[arg(long, value_name = "DIR")]
    checkpoint: Option<PathBuf>,

    /// How often to write a checkpoint; less often if writing takes long.
    #[arg(long, value_name = "TIME", value_parser = Time::parse, default_value = "60s", requires = "checkpoint")]
    checkpoint_every: Time,
    /// Whether worlds that differ by the names of nodes that are alike are taken for one, in protocols that
    /// say which nodes are: `auto` does so in large searches where names make no difference, unless `--reduce`
    /// is given; `--symmetry` alone means `on`. Verdicts stay the same. That names make no difference is checked.
    #[arg(long, value_name = "on|off|auto", num_args = 0..=1, require_equals = true,
          default_value = "auto", default_missing_value = "on", value_parser = by_orbits,
          hide_default_value = true)]
    symmetry: ByOrbits,

    /// Judge only this property; may be repeated.
    #[arg(long = "property", value_name = "NAME")]
    properties: Vec<String>,

    /// Whose shortest schedules to show: a property, `all` or `none` [default: the first that
    /// does not hold].
    #[arg(long, value_name = "PROPERTY|all|none")]
    show: Option<String>,

    #[command(flatten)]
    records: Records,

    #[command(flatten)]
    answer: InJson,

    #[command(flatten)]
    reducing: Reducing,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    pub picture: Picture,
}

impl Args {
    /// What `jury check FILE` means, within limits.
    pub fn all_properties(
        file: PathBuf,
        reducing: Reducing,
        limits: Limits,
        picture: Picture,
    ) -> Self {
        Args {
            file,
            engine: EngineName::Fast,
            threads: None,
            paranoid: false,
            checkpoint: None,
            checkpoint_every: CHECKPOINT_EVERY,
            symmetry: ByOrbits::Auto,
            properties: Vec::new(),
            show: None,
            records: Records::default(),
            answer: InJson::default(),
            reducing,
            limits,
            picture,
        }
    }

    /// How to tell a story that is refuted.
    fn story(&self, begun: Instant) -> story::Asked<'_> {
        story::Asked {
            command: "check",
            file: &self.file,
            begun,
            json: self.answer.json,
            with_trace: self.answer.with_trace,
            quiet: self.show.as_deref() == Some("none"),
            part: (None, None),
            picture: self.picture,
        }
    }

    /// The folder for checkpoints, if there is to be one.
    fn checkpoints(
        &self,
        case: &dyn Case,
        options: &CheckOptions,
    ) -> Result<Option<Folder>, Failure> {
        let Some(path) = &self.checkpoint else {
            return Ok(None);
        };
        if self.engine != EngineName::Fast {
            return Err(Failure::new(
                "only the fast engine keeps checkpoints",
                "leave out `--engine`, or `--checkpoint`",
            ));
        }
        let folder = case.checkpoints(options, path);
        let folder = folder.map_err(|error| cannot_go_on(&error))?;
        if !folder.is_empty() {
            super::output::remark(format!("Going on from {}.", path.display()));
        }
        Ok(Some(folder))
    }

    /// Refuses what the chosen engine knows nothing of, before anybody relies on it.
    fn heeded(&self) -> Result<(), Failure> {
        if self.engine == EngineName::Fast {
            return Ok(());
        }
        let reduces = !matches!(self.reducing.reduce, Reduce::Auto | Reduce::NONE);
        let flags = [
            ("--threads", self.threads.is_some()),
            ("--paranoid", self.paranoid),
            ("--symmetry", self.symmetry == ByOrbits::Always),
            ("--reduce", reduces),
        ];
        match flags.into_iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((flag, _)) => Err(Failure::new(
                format!("only the fast engine knows `{flag}`"),
                format!("leave out `--engine`, or `{flag}`"),
            )),
        }
    }

    fn tuning(&self) -> Tuning {
        let default = self.limits.tuning();
        Tuning {
            threads: self.threads.map_or(default.threads, usize::from),
            doubt: if self.paranoid { 1 } else { default.doubt },
            reduce: self.reducing.reduce,
            symmetry: self.symmetry,
            ..default
        }
    }
}

fn by_orbits(text: &str) -> Result<ByOrbits, String> {
    let all = [ByOrbits::Never, ByOrbits::Auto, ByOrbits::Always];
    let named = all.into_iter().find(|one| one.to_string() == text);
    named.ok_or_else(|| "write on, off or auto".to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// Ours: exact, and shortest schedules.
    Fast,
    /// The same answers from the plainest search there is: slow, and there to be compared with.
    Plain,
    /// Stateright's breadth-first checker on the same relation.
    Stateright,
}

/// What a check gave, beside what it cost.
#[derive(Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Checked {
    #[serde(flatten)]
    pub report: CheckReport,
    pub expected: Vec<Expected>,
    /// Properties that were asked for, or expected, and that the engine cannot judge.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_judged: Vec<String>,
    /// Every remembered answer of a handler was asked for again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paranoid: bool,
    /// Where the check can go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<GoOn>,
    pub effort: Effort,
    #[serde(skip)]
    pub outcome: Outcome,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    let case = edge::open(&args.file)?;
    let case = case.as_ref();
    if !case.has_check() {
        return Err(has_none(&args.file));
    }
    args.heeded()?;
    let known = case.properties();
    let special = |name: &&String| name.as_str() == "all" || name.as_str() == "none";
    let named = args.show.iter().filter(|name| !special(name));
    for name in args.properties.iter().chain(named) {
        if !known.contains(&name.as_str()) {
            return Err(failure::unknown("property", name, known));
        }
    }
    if let Some(show) = args.show.as_ref().filter(|name| !special(name))
        && !args.properties.is_empty()
        && !args.properties.contains(show)
    {
        return Err(Failure::new(
            format!("`--show {show}`: this property is not judged"),
            format!("add `--property {show}`, or leave out `--property`"),
        ));
    }
    let pending = args.records.pending()?;
    if let Some(story) = case.refuted_check() {
        return story::tell(&args.story(begun), story, pending, terminal);
    }

    let (checked, folder) = explore(args, case)?;
    let shown = shown(&checked.report, args.show.as_deref());
    answer(args, terminal, &checked, &shown, pending)?;
    if let Some(folder) = folder.filter(|_| checked.effort.stopped.is_none()) {
        // Only now: until its answer is out, a check that is killed could go on.
        if let Err(error) = folder.clear() {
            let path = folder.path().display();
            super::output::remark(format!(
                "The check is over, but its checkpoints in {path} could not be removed: {error}."
            ));
        }
    }
    Ok(checked.outcome)
}

/// Checks, before anything is told of it; and where checkpoints are kept.
pub fn explore(args: &Args, case: &dyn Case) -> Result<(Checked, Option<Folder>), Failure> {
    interrupt::heed();
    let options = CheckOptions {
        engine: match args.engine {
            EngineName::Fast => EngineKind::Fast,
            EngineName::Plain => EngineKind::Plain,
            EngineName::Stateright => EngineKind::Stateright,
        },
        properties: args.properties.clone(),
        states_max: args.limits.states,
        depth_max: args.limits.depth(),
        tuning: args.tuning(),
    };
    let folder = args.checkpoints(case, &options)?;
    let kept = folder.as_ref().map(|folder| {
        let every = Duration::from_nanos(args.checkpoint_every.nanos());
        (folder, every)
    });
    let mut checked = examine_from(case, &options, &args.limits, kept, SearchBar::new())?;
    checked.checkpoint = folder
        .as_ref()
        .and_then(|folder| GoOn::at(folder, &checked));
    Ok((checked, folder))
}

/// Tells what a check found, and writes the trace that was asked for.
pub fn answer(
    args: &Args,
    terminal: &Terminal,
    checked: &Checked,
    shown: &[&PropertyReport],
    pending: PendingRecords,
) -> Result<(), Failure> {
    let special = |name: &&String| name.as_str() == "all" || name.as_str() == "none";
    let recorded = shown.iter().find_map(|p| p.trace.as_ref());
    let recorded = recorded.filter(|_| pending.is_any()).cloned();
    let mut out = Output::new(terminal);
    let outcome = checked.outcome;
    if args.answer.json {
        let seconds = checked.effort.seconds;
        let mut told = checked.clone();
        for property in &mut told.report.properties {
            property.trace = property.trace.take().filter(|_| args.answer.with_trace);
        }
        let answer = Answer::new("check", Some(&args.file), seconds, outcome, told);
        out.json(&answer)?;
    } else {
        findings::tell(&mut out, &args.file, checked)?;
        if let Some(name) = args.show.as_ref().filter(|name| !special(name))
            && shown.is_empty()
        {
            out.line(format!(
                "Nothing to show: {name} is not judged by this check."
            ))?;
        }
        for property in shown {
            findings::show(&mut out, property, args.picture, terminal)?;
        }
        findings::statistics(&mut out, checked)?;
        if outcome == Outcome::Refuted {
            let failed = shown.first();
            let go_on = failed.map(|p| onward::from_check(&args.file, &p.property));
            onward::tell(&mut out, &go_on.unwrap_or_default())?;
        }
    }
    out.finish()?;
    if let Some(trace) = recorded {
        pending.write(&trace, &args.file)?;
    } else {
        let unwritten = pending.unwritten("No schedule is shown");
        unwritten.into_iter().for_each(super::output::remark);
    }
    Ok(())
}

/// How a check that was stopped goes on.
#[derive(Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct GoOn {
    pub folder: String,
    /// The command that continues it.
    pub command: String,
    /// Why it was stopped.
    #[serde(skip)]
    pub stopped: Stopped,
}

impl GoOn {
    fn at(folder: &Folder, checked: &Checked) -> Option<Self> {
        let stopped = checked.effort.stopped.filter(|_| !folder.is_empty())?;
        let arguments = std::env::args().skip(1);
        let typed: Vec<String> = arguments.map(|argument| words::typed(&argument)).collect();
        Some(GoOn {
            folder: folder.path().display().to_string(),
            command: format!("{} {}", words::program(), typed.join(" ")),
            stopped,
        })
    }
}

/// Checks, within limits, and compares with what the scenario expects.
pub fn examine(
    case: &dyn Case,
    options: &CheckOptions,
    limits: &Limits,
    bar: SearchBar,
) -> Result<Checked, Failure> {
    examine_from(case, options, limits, None, bar)
}

/// The same with checkpoints in a folder, written so often.
fn examine_from(
    case: &dyn Case,
    options: &CheckOptions,
    limits: &Limits,
    kept: Option<(&Folder, Duration)>,
    bar: SearchBar,
) -> Result<Checked, Failure> {
    let mut watch = limits.watch(bar);
    if let Some((_, every)) = kept {
        watch.keep_checkpoints(every);
    }
    let folder = kept.map(|(folder, _)| folder);
    let report = case.check(options, folder, &mut watch);
    let report = report.map_err(|error| cannot_go_on(&error))?;
    let mut effort = watch.finish(report.searches.len());
    if folder.is_some() {
        // A limit on worlds is nothing that the watch would know of.
        let stopped = report.searches.iter().find_map(|search| search.stopped);
        effort.stopped = effort.stopped.or(stopped);
    }
    let expected = case.compare_check(&report);
    let mut outcome = if expected.is_empty() {
        let each = report.properties.iter().map(by_itself);
        each.max().unwrap_or_default()
    } else {
        Outcome::of(&expected)
    };
    let mut not_judged = if options.properties.is_empty() {
        case.expected_of_check()
    } else {
        options.properties.clone()
    };
    not_judged.retain(|name| report.properties.iter().all(|p| p.property != *name));
    if !not_judged.is_empty() || interrupt::asked() {
        outcome = outcome.max(Outcome::NotEstablished);
    }
    Ok(Checked {
        report,
        expected,
        not_judged,
        paranoid: options.engine == EngineKind::Fast && options.tuning.doubt == 1,
        checkpoint: None,
        effort,
        outcome,
    })
}

fn cannot_go_on(error: &CheckpointError) -> Failure {
    Failure::new(error.to_string(), error.advice())
}

/// What a verdict comes to where the scenario expects nothing.
pub fn by_itself(property: &PropertyReport) -> Outcome {
    match property.verdict {
        CheckVerdict::Holds | CheckVerdict::Reached => Outcome::AsExpected,
        CheckVerdict::Violated | CheckVerdict::CanBlock | CheckVerdict::Unreachable => {
            Outcome::Refuted
        }
        CheckVerdict::HoldsWithinBounds
        | CheckVerdict::UnknownWithinBounds
        | CheckVerdict::NotJudged => Outcome::NotEstablished,
    }
}

/// A scenario that is only for the simulator.
pub fn has_none(file: &Path) -> Failure {
    Failure::new(
        format!("{} has no `check`", file.display()),
        "it can be simulated: try `jury run`",
    )
}

/// The properties whose schedules are shown.
pub fn shown<'a>(report: &'a CheckReport, show: Option<&str>) -> Vec<&'a PropertyReport> {
    let wrong = |p: &&PropertyReport| {
        by_itself(p) == Outcome::Refuted || p.verdict == CheckVerdict::NotJudged
    };
    let properties = report.properties.iter();
    match show {
        None => properties.filter(wrong).take(1).collect(),
        Some("none") => Vec::new(),
        // A witness is worth seeing, too.
        Some("all") => properties.filter(|p| p.trace.is_some()).collect(),
        Some(name) => properties.filter(|p| p.property == name).collect(),
    }
}
