//! `jury explain`: why a run failed, or how far a goal was come.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::explain::{self, Explanation};
use crate::testbed::{
    self, Case, CheckOptions, CheckReport, CheckVerdict, PropertyReport, RunReport, Strategy,
};
use crate::trace::{self, Trace};
use serde::Serialize;

use super::check::{by_itself, examine};
use super::edge::Options;
use super::goal::Goal;
use super::html::{self, Html};
use super::limits::{Limits, RunLimits};
use super::output::{Output, Paint};
use super::picture::Picture;
use super::progress::SearchBar;
use super::records::PendingRecords;
use super::shapes::{Answer, InJson};
use super::traces::trace_of;
use super::{Failure, Outcome, Terminal, edge, failure, interrupt, onward, seeds, story, words};

/// So many worlds are looked at for the one that comes nearest to a goal.
const NEAR_WORLDS: usize = 20_000;
/// A run with more steps is made small before anybody reads it.
const STEPS_SMALL: usize = 60;

const EXAMPLES: &str = "\
Examples:
  jury explain mine.json                           what its check found, or its first run that fails
  jury explain mine.json --seed 7                  one run
  jury explain mine.json --seed 7 --strategy walk  one that `jury hunt` found
  jury explain t.json                              a trace that `--trace` wrote
  jury explain mine.json --property non-blocking   one property; of a goal that was not reached, how far it came";

/// Tell why a run failed: what came of what, what did not arrive, and which rule each step follows.
///
/// Leaves out all that is not behind the verdict. Of two things that conflict it tells the last that both have in
/// their past; of a run that is blocked, who waits for whom; of a goal that was not reached, what came nearest and
/// which bounds and handlers stand in the way. The exit code is 0 if there was something to explain.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A scenario, or a trace.
    file: PathBuf,

    /// The run with this seed.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = seeds::parse, conflicts_with = "property")]
    seed: Option<u64>,

    /// How the events of that run are chosen [default: as the scenario's `run` has it].
    #[arg(long, value_name = "STRATEGY", requires = "seed")]
    strategy: Option<Strategy>,

    /// This property of the check.
    #[arg(long, value_name = "NAME")]
    property: Option<String>,

    #[command(flatten)]
    html: Html,

    #[command(flatten)]
    answer: InJson,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    picture: Picture,
}

/// An explanation, and where to go on from there.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Explained {
    #[serde(flatten)]
    explanation: Explanation,
    /// Of a goal that was not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<Goal>,
    /// What else failed in the check.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<Other>,
    /// Commands that go on from here.
    go_on: Vec<String>,
    /// The run that was explained, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Trace>,
}

/// A property that failed as well.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Other {
    property: String,
    verdict: String,
    summary: String,
}

/// What was found, and is explained.
struct Found {
    explanation: Explanation,
    /// The run that it is about, if it is about one.
    trace: Option<Trace>,
    others: Vec<Other>,
    go_on: Vec<String>,
    goal: Option<Goal>,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    let html = args.html.pending()?;
    let found = if let Some(trace) = trace_of(&args.file)? {
        args.recorded(trace)?
    } else {
        let case = edge::open(&args.file)?;
        let story = match args.seed {
            Some(_) => case.refuted_run(),
            None => case.refuted_check().or(case.refuted_run()),
        };
        if let Some(story) = story {
            return story::tell(
                &args.story(begun),
                story,
                PendingRecords::of(html),
                terminal,
            );
        }
        interrupt::heed();
        args.find(case.as_ref())?
    };
    let recorded = html.zip(found.trace.clone());
    let mut out = Output::new(terminal);
    if args.answer.json {
        let seconds = begun.elapsed().as_secs_f64();
        let explained = Explained {
            explanation: found.explanation,
            goal: found.goal,
            others: found.others,
            go_on: found.go_on,
            trace: found.trace.filter(|_| args.answer.with_trace),
        };
        let outcome = Outcome::AsExpected;
        let answer = Answer::new("explain", Some(&args.file), seconds, outcome, explained);
        out.json(&answer)?;
    } else {
        let options = args.picture.options(terminal);
        tell(&mut out, &args.file, &found, &options)?;
    }
    out.finish()?;
    if let Some((pending, trace)) = recorded {
        html::write(pending, &trace, args.scenario())?;
    }
    Ok(Outcome::AsExpected)
}

impl Args {
    /// The file, if it is a scenario that can be read again.
    fn scenario(&self) -> Option<&Path> {
        let is_file = self.file.extension().is_some_and(|e| e == "json") && self.file.is_file();
        Some(self.file.as_path()).filter(|_| is_file)
    }

    fn name(&self) -> String {
        words::typed(&self.file.display().to_string())
    }

    /// How to tell a story that is refuted.
    fn story(&self, begun: Instant) -> story::Asked<'_> {
        story::Asked {
            command: "explain",
            file: &self.file,
            begun,
            json: self.answer.json,
            with_trace: self.answer.with_trace,
            quiet: false,
            part: (None, None),
            picture: self.picture,
        }
    }

    fn recorded(&self, trace: Trace) -> Result<Found, Failure> {
        for (flag, given) in [
            ("--seed", self.seed.is_some()),
            ("--property", self.property.is_some()),
        ] {
            if given {
                let file = self.file.display();
                return Err(Failure::new(
                    format!("{file} is a trace: it has one run, and `{flag}` names none"),
                    format!("leave out `{flag}`, or name the scenario"),
                ));
            }
        }
        let go_on = onward::from_told_trace(&self.file, trace.steps.len() > STEPS_SMALL);
        self.found(trace, go_on)
    }

    fn find(&self, case: &dyn Case) -> Result<Found, Failure> {
        if let Some(seed) = self.seed {
            return self.of_run(case, seed);
        }
        if let Some(name) = &self.property {
            let known = case.properties();
            if !known.contains(&name.as_str()) {
                return Err(failure::unknown("property", name, known));
            }
            if !case.has_check() {
                return Err(super::check::has_none(&self.file));
            }
        }
        if case.has_check()
            && let Some(found) = self.of_check(case)?
        {
            return Ok(found);
        }
        self.of_first_failing(case)
    }

    /// The run of a seed.
    fn of_run(&self, case: &dyn Case, seed: u64) -> Result<Found, Failure> {
        let by = self.strategy.unwrap_or(Strategy::Random);
        if !seeds::has(case, by) {
            return Err(Failure::new(
                format!("{} has nothing for `{by}` to go by", self.file.display()),
                "leave out `--seed`: what its check finds is explained",
            ));
        }
        let guard = RunLimits::from(&self.limits).guard();
        self.of_report(seeds::drawn(case, seed, by, &guard))
    }

    fn of_report(&self, report: RunReport) -> Result<Found, Failure> {
        let by = self.strategy.unwrap_or(Strategy::Random);
        let go_on = onward::from_told_run(&self.file, report.seed, by, report.verdict);
        self.found(report.trace.expect("it was asked for"), go_on)
    }

    /// A run that is explained by itself.
    fn found(&self, trace: Trace, go_on: Vec<String>) -> Result<Found, Failure> {
        Ok(Found {
            explanation: self.explained(&trace)?,
            trace: Some(trace),
            others: Vec::new(),
            go_on,
            goal: None,
        })
    }

    /// The first run that fails, if one does.
    fn of_first_failing(&self, case: &dyn Case) -> Result<Found, Failure> {
        let nothing = |what: &str| {
            let file = self.file.display();
            let program = words::program();
            Failure::new(
                format!("nothing failed in {file}: {what}"),
                format!(
                    "`{program} hunt {}` tries many more seeds; `--property NAME` explains how far a goal was come",
                    self.name()
                ),
            )
        };
        let Some(named) = case.seeds() else {
            return Err(nothing("its check found nothing against its properties"));
        };
        let guard = RunLimits::from(&self.limits).guard();
        let reports = seeds::run(case, &named, &self.file.display().to_string(), &guard);
        let is_failing = |report: &&RunReport| {
            use testbed::RunVerdict::{Blocked, Undecided, Violated};
            matches!(report.verdict, Violated | Blocked | Undecided)
        };
        let Some(first) = reports
            .iter()
            .filter(is_failing)
            .min_by_key(|r| (r.verdict, r.seed))
        else {
            return Err(nothing("all its runs are well"));
        };
        self.of_report(seeds::again(case, first.seed, true, &guard))
    }

    /// What the check found against the property that was asked for, or against the first; nothing if it found
    /// nothing.
    fn of_check(&self, case: &dyn Case) -> Result<Option<Found>, Failure> {
        let options = CheckOptions {
            properties: self.property.iter().cloned().collect(),
            states_max: self.limits.states,
            depth_max: self.limits.depth(),
            tuning: self.limits.tuning(),
            ..CheckOptions::default()
        };
        let checked = examine(case, &options, &self.limits, SearchBar::new())?;
        let report = checked.report;
        let against = |p: &&PropertyReport| {
            by_itself(p) == Outcome::Refuted || p.verdict == CheckVerdict::NotJudged
        };
        let failed: Vec<&PropertyReport> = report.properties.iter().filter(against).collect();
        // A run says more than that there is none.
        let is_shown = |p: &&&PropertyReport| p.trace.is_some();
        let wanted = match &self.property {
            Some(name) => report.properties.iter().find(|p| p.property == *name),
            None => failed.iter().find(is_shown).or(failed.first()).copied(),
        };
        let Some(property) = wanted else {
            return Ok(None);
        };
        let others = failed.iter().filter(|p| p.property != property.property);
        let others = others.filter_map(|p| other(p)).collect();
        let name = &property.property;
        let is_shown = property.trace.is_some();
        let go_on = onward::from_told_property(&self.file, name, is_shown);
        let is_met = matches!(
            property.verdict,
            CheckVerdict::Holds | CheckVerdict::Reached
        );
        if is_met && !is_shown {
            return Err(Failure::new(
                format!("there is nothing to explain: {name} {}", property.qualified),
                "name a property that does not hold, or leave out `--property`",
            ));
        }
        let found = Found {
            explanation: Explanation::of_verdict(
                case.protocol(),
                name,
                &property.qualified,
                &property.sentences,
            ),
            trace: property.trace.clone(),
            others,
            go_on,
            goal: None,
        };
        Ok(Some(match &found.trace {
            Some(trace) => Found {
                explanation: self.explained(trace)?,
                ..found
            },
            None => self.of_goal(case, property, &report, found)?,
        }))
    }

    /// The run that comes nearest to what a property asks for, and what may stand in its way.
    fn of_goal(
        &self,
        case: &dyn Case,
        property: &PropertyReport,
        report: &CheckReport,
        mut found: Found,
    ) -> Result<Found, Failure> {
        let mut watch = self.limits.watch(SearchBar::new());
        let near = case.nearest(&property.property, NEAR_WORLDS, &mut watch);
        let mut goal = Goal::of(property, report);
        if let Some(mut near) = near {
            let steps = words::count(near.trace.steps.len() as u64, "step", "steps");
            let nearest = format!(
                "The run that comes nearest has {steps}, and in its end {}.",
                near.reason
            );
            let sentences = property
                .sentences
                .iter()
                .cloned()
                .chain([nearest])
                .collect();
            near.trace.verdict = Some(trace::Outcome {
                verdict: property.qualified.clone(),
                sentences,
            });
            goal.comes_near((near.worlds, near.all), near.guards);
            found.explanation = self.explained(&near.trace)?;
            found.trace = Some(near.trace);
        }
        found.goal = Some(goal);
        Ok(found)
    }

    /// The explanation of a run, if there is anything to explain.
    fn explained(&self, trace: &Trace) -> Result<Explanation, Failure> {
        let background = edge::registry().background(trace);
        explain::explain(trace, &background).ok_or_else(|| self.nothing_failed(trace))
    }

    fn nothing_failed(&self, trace: &Trace) -> Failure {
        let file = self.file.display();
        let verdict = trace
            .verdict
            .as_ref()
            .map_or("nobody has judged it", |o| &o.verdict);
        let advice = match self.seed {
            Some(_) => "name a seed that fails: `jury run` and `jury hunt` tell which do",
            None => "name a trace that ends in a failure",
        };
        Failure::new(
            format!("nothing failed in this run of {file}: {verdict}"),
            advice,
        )
    }
}

/// A property that failed as well, in a sentence or two.
fn other(property: &PropertyReport) -> Option<Other> {
    let trace = property.trace.as_ref()?;
    let background = explain::Background {
        mistake: None,
        ..edge::registry().background(trace)
    };
    // The property stands before it.
    let summary = explain::summary(trace, &background);
    let named = format!("{} is violated: ", property.property);
    Some(Other {
        property: property.property.clone(),
        verdict: property.qualified.clone(),
        summary: summary.strip_prefix(&named).unwrap_or(&summary).to_owned(),
    })
}

fn tell(out: &mut Output, file: &Path, found: &Found, options: &Options) -> Result<(), Failure> {
    let told = &found.explanation;
    let origin = found.trace.as_ref().map(|trace| trace.origin.clone());
    let origin = origin.unwrap_or_default();
    let title = [
        Some(told.protocol.clone()),
        origin.scenario.or_else(|| Some(file.display().to_string())),
        origin.seed.map(|seed| format!("seed {seed}")),
        told.property.clone(),
    ];
    let dot = if options.ascii { " - " } else { " · " };
    let title: Vec<String> = title.into_iter().flatten().collect();
    let title = edge::prose(&title.join(dot), options);
    out.line(out.paint(Paint::Bold, &title))?;
    if let Some(about) = &origin.about {
        out.line(edge::prose(about, options))?;
    }
    out.line("")?;
    out.line(explain::text(told, options))?;
    let mut sections = Vec::new();
    if let Some(goal) = &found.goal {
        sections.push(("What may stand in the way:", goal.in_the_way().to_vec()));
    }
    let others = found.others.iter();
    let others = others.map(|o| format!("{}, {}: {}", o.property, o.verdict, o.summary));
    sections.push((
        "What failed as well (`--property NAME` explains it):",
        others.collect(),
    ));
    for (heading, lines) in sections {
        if !lines.is_empty() {
            out.line("")?;
            out.line(explain::section(heading, &lines, options))?;
        }
    }
    onward::tell(out, &found.go_on)?;
    let steps = found.trace.as_ref().map_or(0, |trace| trace.steps.len());
    if steps > STEPS_SMALL {
        let advice = format!(
            "This run is long: `{} shrink` makes it small first.",
            words::program()
        );
        out.line(edge::prose(&advice, options))?;
    }
    Ok(())
}
