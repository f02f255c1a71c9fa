//! `jury site`: all stories as pages, with a first page that tells of them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::export::{Format, export};
use crate::model::FewMap;
use crate::page::{Chapter, Page, Run, Story, Verdict, index};
use crate::scenario::Comparison;
use crate::testbed::{Case, CheckOptions, Compared, Trials};

use super::check::{by_itself, examine};
use super::files::Pending;
use super::limits::{Limits, RunLimits};
use super::one_run::worth_showing;
use super::output::{Output, remark};
use super::progress::{self, SearchBar};
use super::{Failure, Outcome, Terminal, edge, html, interrupt, seeds, suite, words};

const EXAMPLES: &str = "\
Examples:
  jury site scenarios -o site              every story, by protocol
  jury site scenarios/2pc scenarios/3pc -o handout
  jury site mine.json -o site --time 60s";

/// Write all stories as a static site: a page for each scenario, and a first page with what each is about, its
/// picture, and what came of it.
///
/// The page of a scenario has the run that `jury run` shows and what its check found. Nothing is loaded from
/// elsewhere: the folder can be copied, zipped, or put on any web server.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Scenario files, and folders to look for them in.
    #[arg(required = true, value_name = "DIR|FILE")]
    paths: Vec<PathBuf>,

    /// The folder to write to; it is made if it is not there, and files in it are replaced.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,

    /// What the first page is called.
    #[arg(long, value_name = "TEXT", default_value = "Protocols on trial")]
    title: String,

    #[command(flatten)]
    limits: Limits,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let found = suite::find(&args.paths)?;
    let comparisons = found
        .skipped
        .iter()
        .filter(|(_, what)| *what == "a comparison");
    let comparisons: Vec<&PathBuf> = comparisons.map(|(path, _)| path).collect();
    interrupt::heed();
    let bar = progress::count(
        "stories",
        (found.scenarios.len() + comparisons.len()) as u64,
    );
    let mut chapters: FewMap<String, Chapter> = FewMap::new();
    let mut outcome = Outcome::AsExpected;
    let mut written = 0_u64;
    for path in found.scenarios.iter().chain(comparisons.iter().copied()) {
        if interrupt::asked() {
            break;
        }
        bar.set_message(path.display().to_string());
        let is_comparison = comparisons.contains(&path);
        let told = if is_comparison {
            args.comparison(path)
        } else {
            args.story(path)
        };
        bar.inc(1);
        match told {
            Ok((chapter, story)) => {
                written += 1;
                chapters.of(chapter).stories.push(story);
            }
            Err(failure) => {
                failure.tell(terminal);
                outcome = Outcome::BadInput;
            }
        }
    }
    bar.finish_and_clear();
    // The story that was under way is not whole, either.
    if interrupt::asked() {
        remark("Interrupted: not all stories are there.");
        outcome = outcome.max(Outcome::NotEstablished);
    }
    if written == 0 {
        return Err(Failure::new(
            "there is no story to write",
            "name scenario files, or folders that have some",
        ));
    }
    let chapters: Vec<Chapter> = in_order(chapters);
    let first = args.output.join("index.html");
    write(&first, index(&args.title, &chapters).as_bytes())?;
    let mut out = Output::new(terminal);
    let stories = words::count(written, "story", "stories");
    out.line(format!("{stories} written: open {}", first.display()))?;
    out.finish()?;
    Ok(outcome)
}

/// By protocol, in the order of the registry, and mistakes behind honest stories.
fn in_order(chapters: FewMap<String, Chapter>) -> Vec<Chapter> {
    let protocols = edge::protocols();
    let place = |title: &str| protocols.iter().position(|info| info.name == title);
    let mut all: Vec<(usize, Chapter)> = Vec::new();
    for (title, mut chapter) in chapters {
        let about = place(&title).map(|at| protocols[at].about.clone());
        chapter.about = about.unwrap_or_default();
        let at = place(&title).unwrap_or(usize::MAX);
        chapter.title = title;
        chapter.stories.sort_by_key(|story| {
            let is_mistake = story.title.contains('/');
            let is_first = story.title == "happy-path";
            (is_mistake, !is_first, story.title.clone())
        });
        all.push((at, chapter));
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, chapter)| chapter).collect()
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| Failure::file("make", folder, &error))?;
    }
    Pending::at(path)?.write(bytes)
}

impl Args {
    /// The page of a scenario, and what the first page says of it.
    fn story(&self, path: &Path) -> Result<(String, Story), Failure> {
        let case = edge::open(path)?;
        let case = case.as_ref();
        let mut runs = Vec::new();
        let mut verdicts = Vec::new();
        let mut picture = None;
        if let Some(story) = case.refuted_run().or(case.refuted_check()) {
            runs.push(html::run(
                &story.trace,
                "as far as it can happen",
                Some(path),
            ));
            picture = Some(export(&story.trace, Format::Svg));
            verdicts.push(Verdict {
                of: "story".to_owned(),
                verdict: format!("cannot happen: {}", story.obstacle),
                is_well: false,
            });
        } else {
            self.of_run(case, path, &mut runs, &mut verdicts, &mut picture);
            self.of_check(case, path, &mut runs, &mut verdicts, &mut picture)?;
        }
        let name = self.name(path, case.protocol());
        let title = format!("{} · {name}", case.protocol());
        let (page, picture) = if runs.is_empty() {
            // All that was asked holds, and there is nothing to be reached.
            (None, None)
        } else {
            let (page, picture) = self.put(path, &Page::new(title, runs), picture)?;
            (Some(page), picture)
        };
        let story = Story {
            title: name,
            about: case.about().to_owned(),
            page,
            picture,
            verdicts,
        };
        Ok((case.protocol().to_owned(), story))
    }

    fn of_run(
        &self,
        case: &dyn Case,
        path: &Path,
        runs: &mut Vec<Run>,
        verdicts: &mut Vec<Verdict>,
        picture: &mut Option<String>,
    ) {
        if case.seeds().is_none() {
            return;
        }
        let guard = RunLimits::from(&self.limits).guard();
        let seed = worth_showing(case, &path.display().to_string(), &guard);
        let report = seeds::again(case, seed, true, &guard);
        let Some(trace) = &report.trace else { return };
        runs.push(html::run(trace, &format!("run, seed {seed}"), Some(path)));
        *picture = Some(export(trace, Format::Svg));
        let sentence = report.sentences.first();
        verdicts.push(Verdict {
            of: format!("seed {seed}"),
            verdict: sentence.map_or_else(|| report.verdict.word().to_owned(), Clone::clone),
            is_well: report.verdict == crate::testbed::RunVerdict::Ok,
        });
    }

    fn of_check(
        &self,
        case: &dyn Case,
        path: &Path,
        runs: &mut Vec<Run>,
        verdicts: &mut Vec<Verdict>,
        picture: &mut Option<String>,
    ) -> Result<(), Failure> {
        if !case.has_check() {
            return Ok(());
        }
        let expected = case.expected_of_check();
        let options = CheckOptions {
            properties: expected,
            states_max: self.limits.states,
            depth_max: self.limits.depth(),
            tuning: self.limits.tuning(),
            ..CheckOptions::default()
        };
        let report = examine(case, &options, &self.limits, SearchBar::new())?.report;
        for property in &report.properties {
            verdicts.push(Verdict {
                of: property.property.clone(),
                verdict: property.qualified.clone(),
                is_well: by_itself(property) != Outcome::Refuted,
            });
            if let Some(trace) = &property.trace {
                let name = format!("{}: {}", property.property, property.qualified);
                runs.push(html::run(trace, &name, Some(path)));
                picture.get_or_insert_with(|| export(trace, Format::Svg));
            }
        }
        Ok(())
    }

    /// The page of a story that is told to several protocols.
    fn comparison(&self, path: &Path) -> Result<(String, Story), Failure> {
        let comparison = Comparison::load(path)?;
        let trials = Trials::new(&comparison, &|_| true)?;
        let guard = RunLimits::from(&self.limits).guard();
        let mut runs = Vec::new();
        let compared = trials.compare(&comparison.seeds().iter(), |case, asked, what| {
            let reports = seeds::run(case, asked, what, &guard);
            let seed = Compared::worth_seeing(&reports);
            let again = seed.map(|seed| seeds::again(case, seed, true, &guard));
            if let Some(trace) = again.and_then(|report| report.trace) {
                runs.push(html::run(&trace, what, None));
            }
            reports
        });
        let verdicts = compared.iter().map(|one| Verdict {
            of: one.name(),
            verdict: one.verdicts.clone(),
            is_well: one.worst.is_none(),
        });
        let name = self.name(path, "compare");
        let page = Page::new(format!("side by side · {name}"), runs).beside(None);
        let (page, _) = self.put(path, &page, None)?;
        let story = Story {
            title: name,
            about: comparison.about().to_owned(),
            page: Some(page),
            picture: None,
            verdicts: verdicts.collect(),
        };
        Ok(("Side by side".to_owned(), story))
    }

    /// What a scenario is called in its chapter: its path without the folder of that.
    fn name(&self, path: &Path, chapter: &str) -> String {
        let path = self.place(path).with_extension("");
        let path = path.strip_prefix(chapter).unwrap_or(&path);
        path.to_string_lossy().replace('\\', "/")
    }

    /// Where a scenario is, from the folder that was named.
    fn place(&self, path: &Path) -> PathBuf {
        let inside = self.paths.iter().filter_map(|folder| {
            let rest = path.strip_prefix(folder).ok()?;
            let is_below = rest.components().next().is_some();
            // Of `scenarios/2pc` the last part says something.
            let several = self.paths.len() > 1 && folder.is_dir();
            let name = folder.file_name().filter(|_| several);
            is_below
                .then(|| name.map_or_else(|| rest.to_owned(), |name| Path::new(name).join(rest)))
        });
        let alone = || PathBuf::from(path.file_name().unwrap_or_default());
        inside
            .min_by_key(|p| p.components().count())
            .unwrap_or_else(alone)
    }

    /// Writes a page and its picture: where they are, from the first page.
    fn put(
        &self,
        path: &Path,
        page: &Page,
        picture: Option<String>,
    ) -> Result<(String, Option<String>), Failure> {
        let place = self.place(path);
        let html = place.with_extension("html");
        write(&self.output.join(&html), page.html().as_bytes())?;
        let address = |path: &Path| path.to_string_lossy().replace('\\', "/");
        let picture = picture.map(|svg| -> Result<String, Failure> {
            let place = place.with_extension("svg");
            write(&self.output.join(&place), svg.as_bytes())?;
            Ok(address(&place))
        });
        Ok((address(&html), picture.transpose()?))
    }
}
