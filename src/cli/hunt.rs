//! `jury hunt`: many seeds, by several strategies.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Instant;

use crate::hunt::{Counting, Ended, Find, HuntReport, Plan, Run, SoFar, Times, hunt};
use crate::model::Time;
use crate::testbed::{self, Blame, Case, RunReport, RunVerdict, Strategy};
use serde::Serialize;

use super::draw::Wanted;
use super::instances::{self, Instance};
use super::limits::RunLimits;
use super::output::{Output, Paint};
use super::picture::Picture;
use super::progress::HuntBar;
use super::records::{PendingRecords, Records};
use super::shapes::{Answer, InJson};
use super::table::{self, painted, plain};
use super::{
    Failure, Outcome, Terminal, edge, failure, interrupt, keep, memory, onward, seeds, sources,
    story, verify, words,
};

/// How many seeds are hunted with if nobody says where to end.
const SEEDS: RangeInclusive<u64> = 1..=10_000;
/// The same where a rule says where to end that may never come about.
const SEEDS_UNLESS: RangeInclusive<u64> = 1..=edge::SEEDS_MAX;
/// So many ways to fail are told, unless all are asked for.
const TOLD: usize = 10;

const EXAMPLES: &str = "\
Examples:
  jury hunt mine.json                               10,000 seeds by every strategy that fits
  jury hunt mine.json --for 10m                     as many as there is time for
  jury hunt mine.json --stop-at 1                   until one fails, a million at most
  jury hunt mine.json --stale-after 20000           until nothing new is seen any more
  jury hunt mine.json --strategy walk --seed 99     one of them, drawn
  jury hunt mine.json --keep regressions            what fails, shrunk, as scenarios
  jury hunt scenarios/raft/bugs/votes-twice.json --strategy pct,walk";

/// Hunt for failures with many seeds, on all cores.
///
/// Deals the seeds to several strategies: `random`, the scenario's own `run`; `swarm`, the same with some kinds of
/// faults left out and the others at other rates; `pct` and `walk`, where no time passes, under the rules of the
/// scenario's `check`: by priorities that rarely change and whatever timing they ask for, and evenly among all that may happen. Runs of `random` are held
/// against what the scenario expects, all others against the properties alone.
///
/// Tells what failed in which way, how often, and the shortest run of each; what was seen and what never was; and where
/// nothing failed, how rare a failure must be. The result does not depend on the number of cores. The exit code is 1
/// if anything failed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The scenario.
    file: PathBuf,

    /// The strategies to deal seeds to [default: all that fit the scenario].
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    strategy: Vec<Strategy>,

    /// Hunt with these seeds, both ends included [default: 1..10000]. `random:1000` draws where to
    /// begin, says so, and takes that many.
    #[arg(long, value_name = "A..B|random:N", value_parser = Wanted::parse)]
    seeds: Option<Wanted>,

    /// Run this seed alone by one strategy, and draw it.
    #[arg(long, value_name = "N", conflicts_with_all = ["seeds", "stop_at", "stale_after", "how_long"], allow_negative_numbers = true, value_parser = seeds::parse)]
    seed: Option<u64>,

    /// Count as failures only what goes against this property, within what it assumes; may be repeated.
    #[arg(long, value_name = "NAME")]
    property: Vec<String>,

    /// End when so many runs have failed.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    stop_at: Option<u64>,

    /// End when so many seeds in a row have seen no abstract state that was new.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    stale_after: Option<u64>,

    #[command(flatten)]
    records: Records,

    /// Shrink the shortest run of each way to fail, and write it into this folder as a scenario that expects to
    /// fail so.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,

    #[command(flatten)]
    answer: InJson,

    /// Draw nothing.
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    picture: Picture,
}

/// Reads how long to hunt; `10m` is ten minutes.
fn how_long(text: &str) -> Result<Time, String> {
    let minutes = text.strip_suffix('m').filter(|n| n.parse::<u64>().is_ok());
    match minutes {
        Some(minutes) => Time::parse(&format!("{minutes}min")),
        None => Time::parse(text),
    }
}

/// Limits on a hunt.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Limits")]
struct Limits {
    /// Hunt so long: 90s, 10m. With as many seeds as that takes, unless they are named.
    #[arg(long = "for", value_name = "TIME", value_parser = how_long)]
    how_long: Option<Time>,

    /// Stop when the process holds so much memory: 4GiB, 30% [default: 50%].
    #[arg(long, value_name = "SIZE", value_parser = memory::parse)]
    memory: Option<u64>,

    /// How many worlds may be searched at the end of a run that missed a goal, to tell whether it is
    /// blocked or just not settled yet [default: 20000, of which other strategies than `random` use 100].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    states: Option<u64>,
}

/// What a hunt came to, and where to go on from there.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct HuntAnswer {
    #[serde(flatten)]
    report: HuntReport,
    /// Commands that show more of what failed.
    go_on: Vec<String>,
    /// A scenario beside this one in which a search finds the same property broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<Instance>,
    /// Where the shortest run of each way to fail was written to, shrunk.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kept: Vec<String>,
    /// The run that is shown: of what is worst the shortest.
    #[serde(skip_serializing_if = "Option::is_none")]
    shown: Option<RunReport>,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    let case = edge::open(&args.file)?;
    let case = case.as_ref();
    let (plan, drawn) = args.plan(case)?;
    let pending = args.records.pending()?;
    let timed = plan.strategies.iter().any(|strategy| strategy.has_time());
    let walks = plan.strategies.iter().any(|strategy| !strategy.has_time());
    let refuted = case.refuted_run().filter(|_| timed);
    if let Some(story) = refuted.or(case.refuted_check().filter(|_| walks)) {
        return story::tell(&args.story(begun), story, pending, terminal);
    }
    interrupt::heed();
    let guard = RunLimits::of(args.limits.states, args.limits.how_long, args.limits.memory).guard();
    let watch = || guard.look();
    let limits = testbed::RunLimits {
        states: guard.states,
        watch: &watch,
        ..testbed::RunLimits::default()
    };
    let bar = HuntBar::new(&plan.seeds, plan.stop_at);
    let mut show = |so_far: SoFar| bar.show(so_far);
    let report = hunt(case, &plan, &limits, &mut show);
    bar.clear();
    let seconds = begun.elapsed().as_secs_f64();
    let told = Told {
        args,
        terminal,
        outcome: came_to(&report),
        report,
        drawn,
        seconds,
    };
    told.tell(case, guard.states, pending)
}

/// The exit code says whether anything failed; that there was no more time is what `--for` is about.
fn came_to(report: &HuntReport) -> Outcome {
    match report.ended {
        Ended::Unequal => Outcome::BrokenPromise,
        _ if report.failing > 0 => Outcome::Refuted,
        Ended::Interrupted | Ended::Memory => Outcome::NotEstablished,
        Ended::Time if report.ran == 0 => Outcome::NotEstablished,
        _ => Outcome::AsExpected,
    }
}

impl Args {
    /// What is asked for, and where the seeds come from if they were drawn.
    fn plan(&self, case: &dyn Case) -> Result<(Plan, Option<String>), Failure> {
        let strategies = self.strategies(case)?;
        let is_open = self.limits.how_long.is_some();
        let has_rule = self.stop_at.is_some() || self.stale_after.is_some();
        let (seeds, drawn) = match (self.seed, self.seeds) {
            (Some(seed), _) => (seed..=seed, None),
            (None, Some(wanted)) => {
                let seeds = wanted.seeds()?;
                (seeds.iter(), wanted.origin("hunt", seeds, &self.name()))
            }
            (None, None) if is_open => (1..=u64::MAX, None),
            (None, None) if has_rule => (SEEDS_UNLESS, None),
            (None, None) => (SEEDS, None),
        };
        let known = case.properties();
        if let Some(unknown) = self.property.iter().find(|p| !known.contains(&p.as_str())) {
            return Err(failure::unknown("property", unknown, known));
        }
        let plan = Plan {
            seeds,
            strategies,
            counting: match &self.property[..] {
                [] => Counting::All,
                properties => Counting::Against(properties.to_vec()),
            },
            stop_at: self.stop_at,
            stale_after: self.stale_after,
        };
        Ok((plan, drawn))
    }

    fn strategies(&self, case: &dyn Case) -> Result<Vec<Strategy>, Failure> {
        let fitting = case.strategies();
        let name = self.file.display();
        let names = |all: &[Strategy]| {
            words::listed(&all.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let mut asked = self.strategy.clone();
        asked.sort_unstable();
        asked.dedup();
        if let Some(unfit) = asked.iter().find(|strategy| !fitting.contains(strategy)) {
            let lacks = match unfit {
                Strategy::Random => "it has no `run` that depends on a seed",
                Strategy::Swarm => {
                    "its `run` has no faults that come at a rate: no nemesis, loss or duplication"
                }
                Strategy::Pct | Strategy::Walk => {
                    "it has no `check`, whose rules say what may happen"
                }
            };
            return Err(Failure::new(
                format!("{name} is nothing for `{unfit}`: {lacks}"),
                match fitting[..] {
                    [] => "give it a `run` or a `check`".to_owned(),
                    _ => format!("it can be hunted by {}", names(&fitting)),
                },
            ));
        }
        if asked.is_empty() {
            asked = fitting;
        }
        if asked.is_empty() {
            return Err(Failure::new(
                format!("in {name} nothing depends on a seed"),
                "give it a `run` without a schedule, or a `check`",
            ));
        }
        if self.seed.is_some() && asked.len() > 1 {
            return Err(Failure::new(
                format!("a seed means something else to each of {}", names(&asked)),
                format!("say which: `--strategy {}`", asked[0]),
            ));
        }
        Ok(asked)
    }

    fn name(&self) -> String {
        words::typed(&self.file.display().to_string())
    }

    /// How to tell a story that is refuted.
    fn story(&self, begun: Instant) -> story::Asked<'_> {
        story::Asked {
            command: "hunt",
            file: &self.file,
            begun,
            json: self.answer.json,
            with_trace: self.answer.with_trace,
            quiet: self.quiet,
            part: (None, None),
            picture: self.picture,
        }
    }

    /// The command that draws a run.
    fn draws(&self, run: Run) -> String {
        let (program, file, seed) = (words::program(), self.name(), run.seed);
        match run.strategy {
            Strategy::Random => format!("{program} run {file} --seed {seed}"),
            by => format!("{program} hunt {file} --strategy {by} --seed {seed}"),
        }
    }
}

/// A hunt that is over, about to be told.
struct Told<'a> {
    args: &'a Args,
    terminal: &'a Terminal,
    report: HuntReport,
    outcome: Outcome,
    drawn: Option<String>,
    seconds: f64,
}

impl Told<'_> {
    fn tell(
        self,
        case: &dyn Case,
        states: usize,
        mut pending: PendingRecords,
    ) -> Result<Outcome, Failure> {
        let shown = self.shown(case, states, pending.is_any());
        let worst = self.worst();
        let failing = self.report.finds.iter().filter(|find| find.fails);
        let mut instances = worst.into_iter().chain(failing).filter_map(|find| {
            instances::of(&self.args.file, find.property.as_deref()?, find.verdict)
        });
        let instance = instances.next();
        let go_on = self.go_on(worst, instance.as_ref());
        let outcome = self.outcome;
        let trace = shown.as_ref().and_then(|report| report.trace.clone());
        let kept = self.kept(case)?;
        let mut out = Output::new(self.terminal);
        if self.args.answer.json {
            let with_trace = self.args.answer.with_trace;
            let shown = shown.map(|mut report| {
                if !with_trace {
                    (report.trace, report.draws) = (None, Vec::new());
                }
                report
            });
            let result = HuntAnswer {
                report: self.report,
                go_on,
                instance,
                kept: kept.iter().map(|path| path.display().to_string()).collect(),
                shown,
            };
            let file = Some(self.args.file.as_path());
            out.json(&Answer::new("hunt", file, self.seconds, outcome, result))?;
        } else {
            self.in_words(&mut out, shown.as_ref(), &go_on)?;
            for path in kept {
                out.line(format!("Kept, shrunk: {}", path.display()))?;
            }
        }
        out.finish()?;
        let Some(trace) = trace else {
            let unwritten = pending.unwritten("Nothing failed");
            unwritten.into_iter().for_each(super::output::remark);
            return Ok(outcome);
        };
        if trace.unrecorded.is_some() && pending.trace.take().is_some() {
            super::output::remark("No trace was written: the run is too long for one.");
        }
        pending.write(&trace, &self.args.file)?;
        Ok(outcome)
    }

    /// Of all that failed by going against a property the shortest, or of all that failed.
    fn worst(&self) -> Option<&Find> {
        let failing = || self.report.finds.iter().filter(|find| find.fails);
        let wrong = failing().filter(|find| goes_wrong(find));
        let shortest = |find: &&Find| find.shortest.steps;
        wrong
            .min_by_key(shortest)
            .or_else(|| failing().min_by_key(shortest))
    }

    /// That one, once more; or the only run there is.
    fn shown(&self, case: &dyn Case, states: usize, wanted: bool) -> Option<RunReport> {
        let is_drawn = wanted
            || if self.args.answer.json {
                self.args.answer.with_trace
            } else {
                !self.args.quiet
            };
        let worst = self.worst();
        let run = worst.map(|find| (find.shortest.seed, find.shortest.strategy));
        let alone = || Some((self.args.seed?, self.report.strategies.first()?.strategy));
        let (seed, strategy) = run.or_else(alone)?;
        // The hunt may be out of time; this one run is not.
        let watch = || interrupt::look();
        let limits = testbed::RunLimits {
            states,
            watch: &watch,
            ..testbed::RunLimits::default()
        };
        let hunted = case.hunt(seed, strategy, is_drawn, &limits);
        hunted.report.verdict.is_over().then_some(hunted.report)
    }

    /// What was shrunk of the ways to fail, if it is to be kept.
    fn kept(&self, case: &dyn Case) -> Result<Vec<PathBuf>, Failure> {
        let Some(folder) = &self.args.keep else {
            return Ok(Vec::new());
        };
        let watch = || interrupt::look();
        let limits = testbed::RunLimits {
            watch: &watch,
            ..testbed::RunLimits::default()
        };
        let mut kept = Vec::new();
        let failing = self.report.finds.iter();
        for find in failing.filter(|find| find.fails && goes_wrong(find)) {
            let Run { seed, strategy, .. } = find.shortest;
            let report = case.hunt(seed, strategy, true, &limits).report;
            let trace = report.trace.expect("it was asked for");
            kept.extend(keep::kept(folder, &self.args.file, &trace, &limits)?);
        }
        if kept.is_empty() {
            super::output::remark("Nothing was kept: nothing failed.");
        }
        Ok(kept)
    }

    fn go_on(&self, worst: Option<&Find>, instance: Option<&Instance>) -> Vec<String> {
        let Some(worst) = worst.filter(|_| !sources::is_stdin(&self.args.file)) else {
            return Vec::new();
        };
        let mut commands = Vec::new();
        if self.args.seed.is_none() {
            commands.push(self.args.draws(worst.shortest));
        }
        commands.push(format!(
            "{} --trace trace.json",
            self.args.draws(worst.shortest)
        ));
        let Run { seed, strategy, .. } = worst.shortest;
        commands.extend(onward::from_run(
            &self.args.file,
            seed,
            strategy,
            worst.verdict,
        ));
        // Where a search finds the same property broken, in its own way.
        if let Some(Instance { file, property }) = instance {
            let (program, file) = (words::program(), words::typed(file));
            commands.push(format!("{program} check {file} --property {property}"));
        }
        commands
    }

    fn in_words(
        &self,
        out: &mut Output,
        shown: Option<&RunReport>,
        go_on: &[String],
    ) -> Result<(), Failure> {
        let report = &self.report;
        if let Some(trace) = shown.and_then(|shown| shown.trace.as_ref())
            && !self.args.quiet
        {
            // What the scenario is about is another run's story.
            let picture = Picture {
                about_is_told: true,
                ..self.args.picture
            };
            out.line(picture.draw(trace, self.terminal))?;
            out.line("")?;
        }
        let name = self.args.file.display();
        let word = out.paint(Paint::of(self.outcome), self.word());
        let (runs, seconds) = (
            words::count(report.ran, "seed", "seeds"),
            words::seconds(self.seconds),
        );
        out.line(format!("{name}: {runs} in {seconds}, {word}"))?;
        if let Some(ended) = self.ended() {
            out.line(format!("  {ended}"))?;
        }
        if let Some(drawn) = &self.drawn {
            out.line(format!("  {drawn}"))?;
        }
        if let Some(unequal) = &report.unequal {
            out.line("")?;
            for line in verify::lines(&unequal.mismatch) {
                out.line(line)?;
            }
            out.line(verify::ADVICE)?;
        }
        if report.ran > 0 {
            self.strategies(out)?;
            self.finds(out)?;
            self.coverage(out)?;
        }
        onward::tell(out, go_on)?;
        Ok(())
    }

    fn word(&self) -> &'static str {
        match self.outcome {
            Outcome::AsExpected => "nothing failed",
            Outcome::Refuted => "failures found",
            other => other.word(),
        }
    }

    /// Why the hunt ended before all seeds had run.
    fn ended(&self) -> Option<String> {
        let report = &self.report;
        Some(match report.ended {
            Ended::Seeds => return None,
            Ended::Failures => format!(
                "It ended with failure {}, as it was told to.",
                words::number(report.failing)
            ),
            Ended::Stale => format!(
                "Nothing new was seen since seed {}.",
                words::number(report.coverage.last_new)
            ),
            Ended::Time if self.args.seeds.is_none() => "The time is up.".to_owned(),
            Ended::Time => "Not all seeds ran: the time is up.".to_owned(),
            Ended::Interrupted => "Interrupted.".to_owned(),
            Ended::Memory => "Out of memory: raise `--memory`.".to_owned(),
            Ended::Unequal => {
                let strategy = report.unequal.as_ref()?.strategy;
                format!("A seed was run twice by `{strategy}`, and differed.")
            }
        })
    }

    fn strategies(&self, out: &mut Output) -> Result<(), Failure> {
        let sure = self.report.confidence.percent();
        let dim = |text: &str| painted(text.to_owned(), Paint::Dim);
        let mut rows = vec![vec![
            dim("strategy"),
            dim("seeds"),
            dim("failing"),
            dim(&format!("probability to fail, {sure} %")),
        ]];
        for of in self.report.strategies.iter().filter(|of| of.ran > 0) {
            let paint = if of.failing.times > 0 {
                Paint::Bad
            } else {
                Paint::Good
            };
            rows.push(vec![
                painted(of.strategy.name(), Paint::Bold),
                plain(words::number(of.ran)),
                painted(words::number(of.failing.times), paint),
                plain(share(&of.failing)),
            ]);
        }
        out.line("")?;
        for line in table::lines(out, &rows) {
            out.line(format!("  {line}"))?;
        }
        Ok(())
    }

    fn finds(&self, out: &mut Output) -> Result<(), Failure> {
        let finds = &self.report.finds;
        let filtered = !self.args.property.is_empty();
        let outside = |find: &Find| find.standing == Some(Blame::OutsideTheAssumptions);
        let heading = |find: &Find| match () {
            () if find.fails && goes_wrong(find) => 0,
            () if find.fails => 1,
            () if outside(find) => 2,
            () if filtered => 3,
            () => 4,
        };
        let headings = [
            "What failed",
            "Not what the scenario expects of its run",
            "Outside what is assumed, so no failure",
            "Not asked for",
            "As the scenario expects of its run",
        ];
        for (nth, name) in headings.into_iter().enumerate() {
            let those = finds.iter().filter(|find| heading(find) == nth);
            let those: Vec<&Find> = those.collect();
            if those.is_empty() {
                continue;
            }
            out.line("")?;
            out.line(format!("{name}:"))?;
            for find in those.iter().take(TOLD) {
                Self::find(out, find)?;
            }
            if those.len() > TOLD {
                let more = words::number((those.len() - TOLD) as u64);
                out.line(format!("  and {more} more ways: `--json` has them all"))?;
            }
        }
        Ok(())
    }

    fn find(out: &mut Output, find: &Find) -> Result<(), Failure> {
        let verdict = find.verdict.word();
        let of = find.property.as_ref().map_or_else(
            || verdict.to_owned(),
            |property| format!("{property} {verdict}"),
        );
        let standing = match find.standing {
            Some(Blame::Bug) => " (a bug)",
            Some(Blame::OutsideTheAssumptions) => " outside the assumptions",
            Some(Blame::NotEstablished) => " (whether a bug cannot be told)",
            None => "",
        };
        let paint = if find.fails { Paint::Bad } else { Paint::Open };
        let by = find.by.iter();
        let by = by.map(|(strategy, times)| format!("{} {strategy}", words::number(times.times)));
        let by = words::listed(&by.collect::<Vec<_>>());
        let of = out.paint(paint, &format!("{of}{standing}"));
        out.line(format!("  {of}: {by}"))?;
        if !find.shape.is_empty() {
            out.line(format!("    {}", find.shape))?;
        }
        let told = |run: &Run| format!("seed {} ({})", run.seed, run.strategy);
        let (first, shortest) = (told(&find.first), told(&find.shortest));
        let steps = words::count(find.shortest.steps, "step", "steps");
        let line = if find.first == find.shortest {
            format!("first and shortest {shortest}, {steps}")
        } else {
            format!("first {first}, shortest {shortest}, {steps}")
        };
        out.line(format!("    {}", out.paint(Paint::Dim, &line)))
    }

    fn coverage(&self, out: &mut Output) -> Result<(), Failure> {
        let coverage = &self.report.coverage;
        let at_least = if coverage.more { "at least " } else { "" };
        let states = words::count(coverage.states, "abstract state", "abstract states");
        let reachable = coverage.reachable.map_or_else(String::new, |reachable| {
            let (seen, all) = (reachable.seen, reachable.states);
            let (seen, all) = (words::number(seen), words::number(all));
            format!("; {seen} of the {all} that the check can reach")
        });
        let last = coverage.last_new;
        out.line("")?;
        out.line(format!(
            "Seen: {at_least}{states}, the last new one with seed {last}{reachable}."
        ))?;
        let never = [
            ("Goals never reached", names(&coverage.never_reached)),
            ("Never exercised", coverage.never_ran.clone()),
        ];
        for (what, never) in never.iter().filter(|(_, never)| !never.is_empty()) {
            out.line(format!("{what}: {}.", words::listed(never)))?;
        }
        let repeated = self.report.repeated;
        if repeated > 0 && self.report.unequal.is_none() {
            let seeds = words::count(repeated, "seed was", "seeds were");
            out.line(format!("{seeds} run twice, with the same result."))?;
        }
        Ok(())
    }
}

/// Whether a property was violated, or a run blocked.
fn goes_wrong(find: &Find) -> bool {
    matches!(find.verdict, RunVerdict::Violated | RunVerdict::Blocked)
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// How likely it is.
fn share(times: &Times) -> String {
    let (low, high) = (times.interval.low, times.interval.high);
    if times.times == 0 {
        return format!("below {}", likelihood(high));
    }
    format!("{} to {}", likelihood(low), likelihood(high))
}

fn likelihood(share: f64) -> String {
    if share > 0.0 && share < 0.001 {
        format!("{share:.1e}")
    } else {
        format!("{share:.4}")
    }
}
