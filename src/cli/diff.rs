//! `jury diff`: where two runs part, why, and the two worlds there.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::diff::{Beside, By, Diff, LETTERS, Parting, Recorded, Side, Standing, diff};
use crate::explain::summary;
use crate::report::{clean, wrap};
use crate::scenario::{Expect, File};
use crate::shrink::scenario_of;
use crate::testbed::{self, Case, RefutedStory, RunReport, Strategy};
use crate::trace::Trace;
use serde::Serialize;

use super::edge::{self, Options};
use super::html::{self, Html};
use super::limits::{RunGuard, TimeAndMemory};
use super::output::{Output, Paint, remark};
use super::picture::Picture;
use super::shapes::{Answer, InJson};
use super::traces::trace_of;
use super::{Failure, Outcome, Terminal, interrupt, keep, onward, seeds, words};

/// Of a value so many characters are told.
const VALUE_MAX: usize = 120;
/// Of what is in flight so much is listed.
const LISTED_MAX: usize = 12;

const EXAMPLES: &str = "\
Examples:
  jury diff t1.json t2.json               two traces, or scenarios that have one run
  jury diff mine.json --seed 7 --seed 8   two seeds of a scenario
  jury diff bug.json --seed 7             a mistake on purpose, and the honest protocol with the same seed
  jury diff small.json                    the same of a schedule, or of a trace: as far as the honest protocol can follow";

/// Tell where two runs part, why, and how the two worlds differ there.
///
/// A run of a mistake that is made on purpose (`bug`) is held against the honest protocol. That the same steps come at
/// other times makes no difference. The exit code is 0 if the runs are the same and 1 if they part.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// One or two scenarios or traces.
    #[arg(required = true, num_args = 1..=2, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The run with this seed; twice for two runs of one scenario.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = seeds::parse)]
    seed: Vec<u64>,

    /// How the events of these runs are chosen.
    #[arg(
        long,
        value_name = "STRATEGY",
        requires = "seed",
        default_value = "random"
    )]
    strategy: Strategy,

    #[command(flatten)]
    html: Html,

    #[command(flatten)]
    answer: InJson,

    #[command(flatten)]
    limits: TimeAndMemory,

    #[command(flatten)]
    picture: Picture,
}

/// Two runs side by side.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct DiffAnswer {
    protocol: String,
    /// What the two are: A and B.
    runs: [String; 2],
    #[serde(flatten)]
    diff: Diff,
    /// Commands that go on from here.
    go_on: Vec<String>,
    /// Both, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    traces: Option<[Trace; 2]>,
}

/// A run that is compared.
struct Run {
    name: String,
    trace: Trace,
    draws: Vec<Option<String>>,
    cannot: Option<crate::diff::Cannot>,
    /// The command that draws it from a step on, and the one that explains it; without the program. Nothing of a run
    /// that no file has.
    commands: Option<[String; 2]>,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    let html = args.html.pending()?;
    interrupt::heed();
    let guard = args.limits.guard();
    let runs = args.runs(&guard)?;
    if guard.stopped().is_some() {
        remark("A run had to end before it was over: give it more time, or more memory.");
        return Ok(Outcome::NotEstablished);
    }
    let protocols = [0, 1].map(|run| runs[run].trace.protocol.clone());
    let [protocol, other] = &protocols;
    if protocol != other {
        return Err(Failure::new(
            format!("these are runs of different protocols: {protocol} and {other}"),
            "`jury compare` tells one story to several commit protocols",
        ));
    }
    let recorded = [0, 1].map(|run| {
        let Run {
            trace,
            draws,
            cannot,
            ..
        } = &runs[run];
        Recorded {
            trace,
            draws,
            background: edge::registry().background(trace),
            cannot: cannot.clone(),
        }
    });
    let told = match diff(&recorded) {
        Ok(told) => told,
        Err(steps) => {
            let steps = words::count(steps as u64, "step", "steps");
            remark(format!(
                "They are the same for {steps}, and are not recorded further in a row: lower `until` or `steps`."
            ));
            return Ok(Outcome::NotEstablished);
        }
    };
    let go_on = go_on(&runs, &told);
    let outcome = match told.parting {
        Some(_) => Outcome::Refuted,
        None => Outcome::AsExpected,
    };
    let page = html.map(|pending| {
        let [a, b] = &runs;
        let page = html::page_of_diff([(&a.trace, &a.name), (&b.trace, &b.name)], &told);
        (pending, page)
    });
    let mut out = Output::new(terminal);
    if args.answer.json {
        let [a, b] = runs;
        let result = DiffAnswer {
            protocol: protocol.clone(),
            runs: [a.name, b.name],
            diff: told,
            go_on,
            traces: args.answer.with_trace.then_some([a.trace, b.trace]),
        };
        let file = args.files.first().filter(|_| args.files.len() == 1);
        let seconds = begun.elapsed().as_secs_f64();
        let file = file.map(PathBuf::as_path);
        out.json(&Answer::new("diff", file, seconds, outcome, result))?;
    } else {
        let mut page = Page {
            out: &mut out,
            options: args.picture.options(terminal),
        };
        page.tell(protocol, &runs, &told, &go_on)?;
    }
    out.finish()?;
    // An answer is not lost with a file that cannot be written.
    if let Some((pending, page)) = page {
        pending.write(page.html().as_bytes())?;
    }
    Ok(outcome)
}

impl Args {
    fn runs(&self, guard: &RunGuard) -> Result<[Run; 2], Failure> {
        match (&self.files[..], &self.seed[..]) {
            ([one, other], seed) if seed.len() < 2 => {
                let seed = seed.first().copied();
                Ok([self.one(one, seed, guard)?, self.one(other, seed, guard)?])
            }
            ([file], [one, other]) => Ok([
                self.one(file, Some(*one), guard)?,
                self.one(file, Some(*other), guard)?,
            ]),
            ([file], seed) if seed.len() < 2 => {
                self.with_and_without(file, seed.first().copied(), guard)
            }
            _ => Err(Failure::new(
                "these are more than two runs",
                "name two files, or one and two seeds of it",
            )),
        }
    }

    /// The run of a file.
    fn one(&self, file: &Path, seed: Option<u64>, guard: &RunGuard) -> Result<Run, Failure> {
        if let Some(trace) = trace_of(file)? {
            return recorded(file, trace, seed);
        }
        let case = edge::open(file)?;
        self.of_case(file, case.as_ref(), seed, guard)
    }

    /// The run of a mistake, and that of the honest protocol.
    fn with_and_without(
        &self,
        file: &Path,
        seed: Option<u64>,
        guard: &RunGuard,
    ) -> Result<[Run; 2], Failure> {
        let watch = || guard.look();
        let limits = testbed::RunLimits {
            watch: &watch,
            ..testbed::RunLimits::default()
        };
        let (mut first, told) = if let Some(trace) = trace_of(file)? {
            let first = recorded(file, trace, seed)?;
            without_mistake(file, first.trace.params.get("bug"))?;
            let told = scenario_of(edge::registry(), &first.trace, &limits);
            let told = told.map_err(|why| keep::failure(&first.name, "told again", &why))?;
            (first, told)
        } else {
            let told = edge::file_of(file)?;
            without_mistake(file, told.params.get("bug"))?;
            let case = edge::open(file)?;
            (self.of_case(file, case.as_ref(), seed, guard)?, told)
        };
        let honest = edge::open_file(&honest(told), &format!("{}, honest", file.display()))?;
        let mut second = self.of_case(file, honest.as_ref(), seed, guard)?;
        (second.name, second.commands) = ("the honest protocol".to_owned(), None);
        let bug = first.trace.params.get("bug").and_then(|bug| bug.as_str());
        first.name = format!(
            "{}, with the mistake {}",
            first.name,
            bug.unwrap_or_default()
        );
        Ok([first, second])
    }

    fn of_case(
        &self,
        file: &Path,
        case: &dyn Case,
        seed: Option<u64>,
        guard: &RunGuard,
    ) -> Result<Run, Failure> {
        let (shown, by) = (file.display().to_string(), self.strategy);
        if by.has_time()
            && let Some(story) = case.refuted_run()
        {
            return Ok(of_story(&shown, story));
        }
        if !seeds::has(case, by) {
            return Err(Failure::new(
                format!("{shown} has nothing for `{by}` to go by"),
                "name a trace: `jury check FILE --trace OUT.json` writes one of what a check finds",
            ));
        }
        let is_one = case.seeds().filter(|seeds| seeds.start() == seeds.end());
        let only = is_one.filter(|_| seed.is_none());
        let Some(seed) = seed.or(only.as_ref().map(|seeds| *seeds.start())) else {
            return Err(Failure::new(
                format!("{shown} has more than one run"),
                "say which: `--seed N`; once for one with a mistake and without it, or twice",
            ));
        };
        let RunReport { trace, draws, .. } = seeds::drawn(case, seed, by, guard);
        let typed = words::typed(&shown);
        let which = match (only, by) {
            (Some(_), _) => String::new(),
            (None, Strategy::Random) => format!(" --seed {seed}"),
            (None, by) => format!(" --seed {seed} --strategy {by}"),
        };
        let draw = match by {
            Strategy::Random => format!("run {typed}{which} --from"),
            _ => format!("hunt {typed}{which} --from"),
        };
        let name = match (which.is_empty(), by) {
            (true, _) => shown,
            (false, Strategy::Random) => format!("{shown}, seed {seed}"),
            (false, by) => format!("{shown}, seed {seed} by {by}"),
        };
        Ok(Run {
            name,
            trace: trace.expect("it was asked for"),
            draws,
            cannot: None,
            commands: Some([draw, format!("explain {typed}{which}")]),
        })
    }
}

/// The same scenario without its mistake, and without what is expected of it.
fn honest(mut file: File) -> File {
    file.params.remove("bug");
    file.expect = Expect::default();
    file
}

/// The run that a trace has.
fn recorded(file: &Path, trace: Trace, seed: Option<u64>) -> Result<Run, Failure> {
    let name = file.display().to_string();
    if seed.is_some() {
        return Err(Failure::new(
            format!("{name} is a trace: it has one run, and `--seed` names none"),
            "leave out `--seed`, or name the scenario",
        ));
    }
    let typed = words::typed(&name);
    Ok(Run {
        name,
        trace,
        draws: Vec::new(),
        cannot: None,
        commands: Some([format!("replay {typed} --from"), format!("explain {typed}")]),
    })
}

/// A story, as far as it can happen.
fn of_story(shown: &str, story: &RefutedStory) -> Run {
    Run {
        name: shown.to_owned(),
        trace: story.trace.clone(),
        draws: Vec::new(),
        cannot: Some(crate::diff::Cannot {
            event: story.event.clone(),
            obstacle: story.obstacle.clone(),
        }),
        commands: None,
    }
}

/// Complains of a file that has no mistake to leave out.
fn without_mistake(file: &Path, bug: Option<&serde_json::Value>) -> Result<(), Failure> {
    match bug {
        Some(bug) if bug.is_string() => Ok(()),
        _ => Err(Failure::new(
            format!(
                "{} makes no mistake on purpose, so it is one run and not two",
                file.display()
            ),
            "name another file beside it, or two seeds: `--seed 7 --seed 8`",
        )),
    }
}

/// The commands that go on from where two runs part.
fn go_on(runs: &[Run; 2], told: &Diff) -> Vec<String> {
    let program = words::program();
    let from = told.parting.as_ref().map_or(1, |parting| parting.step);
    let mut go_on = Vec::new();
    for run in runs {
        let Some([draw, explain]) = &run.commands else {
            continue;
        };
        if draw.starts_with("hunt") {
            let draw = draw.trim_end_matches(" --from");
            go_on.push(format!("{program} {draw}"));
        } else {
            // Of a run that is over its last step is shown.
            let from = from.min(run.trace.steps.len()).max(1);
            go_on.push(format!("{program} {draw} {from}"));
        }
        let background = edge::registry().background(&run.trace);
        if !summary(&run.trace, &background).is_empty() {
            go_on.push(format!("{program} {explain}"));
        }
    }
    go_on.dedup();
    go_on
}

/// What is told, as people read it. Every line fits the width.
struct Page<'a> {
    out: &'a mut Output,
    options: Options,
}

impl Page<'_> {
    fn tell(
        &mut self,
        protocol: &str,
        runs: &[Run; 2],
        told: &Diff,
        go_on: &[String],
    ) -> Result<(), Failure> {
        self.head(&format!("{protocol}: two runs"))?;
        for (letter, run) in LETTERS.iter().zip(runs) {
            self.say(2, &format!("{letter}: {}", run.name))?;
        }
        self.line("")?;
        let steps = told.in_common as u64;
        match &told.parting {
            None => {
                let steps = words::count(steps, "step", "steps");
                self.head(&format!("They are the same, all {steps}."))?;
                if runs[1].commands.is_none() {
                    self.say(2, "The mistake makes no difference in this run.")?;
                }
            }
            Some(parting) => self.parting(parting, steps)?,
        }
        self.line("")?;
        self.head("What they came to:")?;
        for (letter, end) in LETTERS.iter().zip(&told.ends) {
            let steps = words::count(end.steps as u64, "step", "steps");
            let verdict = end.verdict.as_deref().unwrap_or("not judged");
            let first = end.sentences.first().map_or("", String::as_str);
            let told = match &end.cannot {
                Some(cannot) => format!(
                    "its story ends after {steps}: `{}` cannot happen, {}.",
                    cannot.event, cannot.obstacle
                ),
                None => format!("{verdict}, after {steps}. {first}"),
            };
            self.say(2, &format!("{letter}: {told}"))?;
        }
        onward::tell(self.out, go_on)?;
        Ok(())
    }

    fn parting(&mut self, parting: &Parting, in_common: u64) -> Result<(), Failure> {
        let Parting {
            step,
            by,
            runs,
            differs,
            why,
            ..
        } = parting;
        let common = match in_common {
            0 => "They part at once".to_owned(),
            n => {
                let steps = words::count(n, "step", "steps");
                format!("They go the same way for {steps}")
            }
        };
        let how = match by {
            By::Start => "they do not start alike".to_owned(),
            By::Reaction => format!("step {step} is the same event, and comes to something else"),
            By::Event => format!("step {step} is another in each"),
            By::Impossible => format!("step {step} of the one cannot happen in the other"),
            By::End => format!("only one has a step {step}"),
        };
        self.head(&format!("{common}; {how}."))?;
        for (letter, side) in LETTERS.iter().zip(runs) {
            self.say(2, &format!("{letter}: {}", told(side)))?;
        }
        for differing in differs {
            let [one, other] = differing.runs.each_ref().map(|value| short(value));
            let what = &differing.what;
            self.say(2, &format!("{what}: {one} in A, {other} in B"))?;
        }
        if runs.iter().any(|side| side.words.contains(" #")) {
            self.dim("#n sent in step n")?;
        }
        self.line("")?;
        self.head("Why:")?;
        for sentence in why {
            self.say(2, sentence)?;
        }
        self.line("")?;
        self.worlds(parting)
    }

    /// Both worlds, side by side.
    fn worlds(&mut self, parting: &Parting) -> Result<(), Failure> {
        let title = match parting.step {
            0 => "The two worlds at the start".to_owned(),
            step => format!("The two worlds behind step {step}"),
        };
        self.head(&format!("{title} (* is not the same in both):"))?;
        let names = parting.nodes.iter().map(|node| node.node.chars().count());
        let widest = names.max().unwrap_or_default();
        // A mark, the name, and two columns two apart.
        let room = self.options.columns().saturating_sub(4 + widest + 2 + 2) / 2;
        let row = |mark: &str, name: &str, cells: [&str; 2]| {
            let [left, right] = cells.map(|cell| wrap(&clean(cell, self.options.ascii), room, 2));
            let mut lines = Vec::new();
            for nth in 0..left.len().max(right.len()).max(1) {
                let (mark, name) = if nth == 0 { (mark, name) } else { ("", "") };
                let [left, right] =
                    [&left, &right].map(|cell| cell.get(nth).map_or("", String::as_str));
                lines.push(format!("  {mark:1} {name:widest$}  {left:room$}  {right}"));
            }
            lines
        };
        let mut lines = row("", "", LETTERS);
        for node in &parting.nodes {
            let [one, other] = cells(node);
            let name = clean(&node.node, self.options.ascii);
            if node.is_same {
                lines.extend(row("", &name, [&one, "the same"]));
            } else {
                lines.extend(row("*", &name, [&one, &other]));
            }
        }
        for line in lines {
            self.line(line.trim_end())?;
        }
        for (what, beside) in [("In flight", &parting.in_flight), ("Cut", &parting.cuts)] {
            self.beside(what, beside)?;
        }
        Ok(())
    }

    fn beside(&mut self, what: &str, beside: &Beside) -> Result<(), Failure> {
        if beside.is_empty() {
            return Ok(());
        }
        let [one, other] = &beside.only;
        let rows = [
            ("", "in both", &beside.both),
            ("* ", "only in A", one),
            ("* ", "only in B", other),
        ];
        for (mark, place, things) in rows {
            if things.is_empty() {
                continue;
            }
            let mut listed: Vec<String> = things.iter().take(LISTED_MAX).cloned().collect();
            let more = things.len() - listed.len();
            listed.extend((more > 0).then(|| format!("{more} more")));
            let indent = 4 - mark.len();
            self.say(
                indent,
                &format!("{mark}{what} {place}: {}", listed.join(", ")),
            )?;
        }
        Ok(())
    }

    fn head(&mut self, text: &str) -> Result<(), Failure> {
        for line in self.wrapped(0, text) {
            let line = self.out.paint(Paint::Bold, &line);
            self.line(&line)?;
        }
        Ok(())
    }

    fn dim(&mut self, text: &str) -> Result<(), Failure> {
        let line = self.out.paint(Paint::Dim, text);
        self.line(&format!("  {line}"))
    }

    fn say(&mut self, indent: usize, text: &str) -> Result<(), Failure> {
        for line in self.wrapped(indent, text) {
            self.line(&line)?;
        }
        Ok(())
    }

    fn wrapped(&self, indent: usize, text: &str) -> Vec<String> {
        let Options { ascii, .. } = self.options;
        let pad = " ".repeat(indent);
        let lines = wrap(&clean(text, ascii), self.options.columns() - indent, 3);
        lines.iter().map(|line| format!("{pad}{line}")).collect()
    }

    fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.out.line(text)
    }
}

/// What a run does where they part.
fn told(side: &Side) -> String {
    let Some(event) = &side.event else {
        return "(nothing)".to_owned();
    };
    let at = side.at.map_or_else(String::new, |at| format!("at {at}, "));
    let state = match side.state.as_slice() {
        [] => String::new(),
        state => format!(" [{}]", state.join(", ")),
    };
    format!("{at}{event}: {}{state}", side.words)
}

/// Where a node stands in both worlds: by the state that matters, or if there is none, or it says no more, by its status.
fn cells(node: &Standing) -> [String; 2] {
    let states = node
        .runs
        .each_ref()
        .map(|run| run.as_ref().map(|run| &run.state));
    let says_no_more = !node.is_same && states[0] == states[1];
    node.runs.each_ref().map(|stands| {
        let Some(stands) = stands else {
            return "(none)".to_owned();
        };
        let mut cell = match stands.state.as_slice() {
            [] => stands.status.clone(),
            _ if says_no_more => stands.status.clone(),
            state => state.join(", "),
        };
        if !stands.timers.is_empty() {
            cell.extend([" [", &stands.timers.join(", "), "]"]);
        }
        cell
    })
}

/// A value that is not too long to be read.
fn short(value: &str) -> String {
    match value.char_indices().nth(VALUE_MAX) {
        Some((end, _)) => format!("{}...", &value[..end]),
        None => value.to_owned(),
    }
}
