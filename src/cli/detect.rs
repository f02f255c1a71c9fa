//! `jury detect`: what it takes to find the mistakes that are made on purpose.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::check::Monitor;
use crate::hunt::detect::{
    Asked, Attendant, Detection, OfMistake, Searched, detect, grounds, layout, markdown, seeds,
};
use crate::model::Few;
use crate::testbed::{RunLimits, Strategy};

use super::files::Pending;
use super::limits::{self, Limits};
use super::output::{Output, Paint, remark};
use super::progress::SearchBar;
use super::shapes::Answer;
use super::table::{self, painted, plain};
use super::{Failure, Outcome, Terminal, edge, failure, interrupt, sources, words};

const EXAMPLES: &str = "\
Examples:
  jury detect                                  every mistake of every protocol
  jury detect paxos --mistake ignores-promises
  jury detect 2pc 3pc --seeds 10000
  jury detect --write                          reports/detection.md and reports/detection.json";

/// Hunt for mistakes that are made on purpose: which strategy finds which, and after how many seeds.
///
/// Makes every mistake in every scenario of `scenarios/hunt` that allows it, and lets each strategy hunt for
/// violations. Beside that: what the checker needs, in the scenario that was written for the mistake.
/// Counts are the same on every machine; times are not.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only mistakes of these protocols.
    protocols: Vec<String>,

    /// Only this mistake; may be repeated.
    #[arg(long = "mistake", value_name = "NAME")]
    mistakes: Vec<String>,

    /// How many seeds each strategy has in each scenario.
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,

    /// After how many finds it has shown what it can.
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u64).range(1..))]
    stop_at: u64,

    /// Where the scenarios are: those to hunt in in its folder `hunt`.
    #[arg(long, value_name = "DIR", default_value = sources::SHIPPED)]
    scenarios: PathBuf,

    /// Write detection.md and detection.json to this folder [default: reports]. Protocols that were not
    /// asked for stay as they are there.
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "reports",
          conflicts_with = "mistakes")]
    write: Option<PathBuf>,

    /// Answer in JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    limits: Limits,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    check_names(args)?;
    let files = sources::json_files(std::slice::from_ref(&args.scenarios));
    let (hunted, instances) = grounds(&files.paths);
    if hunted.is_empty() {
        return Err(Failure::new(
            format!(
                "there is no scenario to hunt in below {}",
                args.scenarios.display()
            ),
            "put one with a `run` and a `check`, and no mistake, into its folder `hunt`",
        ));
    }
    let written = args
        .write
        .as_deref()
        .map(|folder| Written::at(folder, args))
        .transpose()?;
    interrupt::heed();
    let named = |names: &[String], name: &str| names.is_empty() || names.iter().any(|n| n == name);
    let asked = Asked {
        registry: edge::registry(),
        grounds: hunted,
        instances,
        wanted: &|protocol, mistake| {
            named(&args.protocols, protocol) && named(&args.mistakes, mistake)
        },
        seeds: args.seeds,
        stop_at: args.stop_at,
    };
    let mut guard = Guard::new(&args.limits);
    let detection = detect(&asked, &mut guard);
    let outcome = if guard.is_over() {
        Outcome::NotEstablished
    } else {
        Outcome::AsExpected
    };
    match written {
        Some(_) if guard.is_over() => remark("It was cut short, so nothing was written."),
        Some(written) => written.write(&detection)?,
        None => {}
    }
    let mut out = Output::new(terminal);
    if args.json {
        let seconds = begun.elapsed().as_secs_f64();
        out.json(&Answer::new("detect", None, seconds, outcome, &detection))?;
    } else {
        tell(&mut out, &detection)?;
        if outcome == Outcome::NotEstablished {
            out.line("It was cut short.")?;
        }
    }
    out.finish()?;
    Ok(outcome)
}

fn check_names(args: &Args) -> Result<(), Failure> {
    let protocols = edge::protocols();
    let names = || protocols.iter().map(|p| p.name.as_str());
    if let Some(name) = args
        .protocols
        .iter()
        .find(|name| names().all(|n| n != *name))
    {
        return Err(failure::unknown("protocol", name, names()));
    }
    let is_asked = |name: &String| args.protocols.is_empty() || args.protocols.contains(name);
    let asked = protocols.iter().filter(|p| is_asked(&p.name));
    let mistakes = asked.flat_map(|p| &p.bugs).map(|bug| bug.name.as_str());
    let mistakes: Few<&str> = mistakes.collect();
    let unknown = args.mistakes.iter();
    match unknown
        .into_iter()
        .find(|name| !mistakes.contains(name.as_str()))
    {
        Some(name) => Err(failure::unknown("mistake", name, mistakes)),
        None => Ok(()),
    }
}

/// Shows what is being done, and holds it to the limits.
struct Guard<'a> {
    limits: &'a Limits,
    runs: limits::RunGuard,
    about: String,
}

impl<'a> Guard<'a> {
    fn new(limits: &'a Limits) -> Self {
        Guard {
            limits,
            runs: limits::RunLimits::from(limits).guard(),
            about: String::new(),
        }
    }
}

impl Attendant for Guard<'_> {
    fn begins(&mut self, what: &str) {
        what.clone_into(&mut self.about);
    }

    fn hunt(&mut self, hunt: &mut dyn FnMut(&RunLimits<'_>)) -> f64 {
        let begun = Instant::now();
        let bar = SearchBar::about(&self.about);
        let watch = || self.runs.look();
        hunt(&RunLimits {
            states: self.runs.states,
            watch: &watch,
            ..RunLimits::default()
        });
        bar.clear();
        begun.elapsed().as_secs_f64()
    }

    fn check(&mut self, check: &mut dyn FnMut(&mut dyn Monitor)) -> f64 {
        let mut watch = self
            .limits
            .watch(SearchBar::about(&format!("{}: ", self.about)));
        check(&mut watch);
        watch.finish(1).seconds
    }

    fn is_over(&self) -> bool {
        self.runs.look().is_err()
    }
}

/// The two files that are written.
struct Written {
    page: Pending,
    data: Pending,
    /// What was written before.
    old: Detection,
}

impl Written {
    fn at(folder: &Path, args: &Args) -> Result<Self, Failure> {
        let data = folder.join("detection.json");
        let old: Detection = match std::fs::read_to_string(&data) {
            Err(_) => Detection::default(),
            Ok(text) => serde_json::from_str(&text).map_err(|error| {
                Failure::new(
                    format!("{} is no such report: {error}", data.display()),
                    "move it away, or name another folder",
                )
            })?,
        };
        let same = (old.seeds, old.stop_at) == (args.seeds, args.stop_at);
        if !args.protocols.is_empty() && !same {
            return Err(Failure::new(
                format!(
                    "{} was made with {} seeds until {} finds",
                    data.display(),
                    old.seeds,
                    old.stop_at
                ),
                "ask for the same, or for all protocols",
            ));
        }
        Ok(Written {
            page: Pending::at(&folder.join("detection.md"))?,
            data: Pending::at(&data)?,
            old,
        })
    }

    /// Writes what was found, and keeps what was not asked for.
    fn write(self, detection: &Detection) -> Result<(), Failure> {
        let mut whole = Detection {
            protocols: Vec::new(),
            ..*detection
        };
        for protocol in edge::protocols() {
            let of = |detection: &Detection| {
                let mut all = detection.protocols.iter();
                all.find(|p| p.protocol == protocol.name).cloned()
            };
            whole
                .protocols
                .extend(of(detection).or_else(|| of(&self.old)));
        }
        self.page.write(markdown(&whole).as_bytes())?;
        self.data.write(layout(&whole).as_bytes())
    }
}

fn tell(out: &mut Output, detection: &Detection) -> Result<(), Failure> {
    let dim = |text: &str| painted(text.to_owned(), Paint::Dim);
    for of in &detection.protocols {
        out.line(out.paint(Paint::Bold, &of.protocol))?;
        let mut head = vec![dim("mistake")];
        head.extend(Strategy::ALL.map(|strategy| dim(strategy.name())));
        head.extend(["checker", "worlds", "time"].map(dim));
        let mut rows = vec![head];
        rows.extend(of.mistakes.iter().map(row));
        for line in table::lines(out, &rows) {
            out.line(format!("  {line}"))?;
        }
        out.line("")?;
    }
    let (seeds, stop_at) = (
        words::number(detection.seeds),
        words::number(detection.stop_at),
    );
    out.line(format!(
        "Seeds until the first find, in the mean, with the interval of 95 %: of {seeds} in the scenario where it goes \
         best, or until {stop_at} finds. (`> n`: none was found, so it takes more, as sure.)"
    ))
}

fn row(of: &OfMistake) -> Vec<table::Cell> {
    let mut row = vec![painted(of.mistake.clone(), Paint::Bold)];
    for strategy in Strategy::ALL {
        row.push(match of.hunts.get(&strategy) {
            Some(tried) if tried.found.times == 0 => painted(seeds(tried), Paint::Open),
            Some(tried) => plain(seeds(tried)),
            None => plain(""),
        });
    }
    row.extend(match &of.check {
        None => [plain(""), plain(""), plain("")],
        Some(Searched {
            before,
            depth,
            worlds,
            seconds,
            ..
        }) => [
            plain(match before {
                0 => format!("{depth} events"),
                n => format!("{n} + {depth} events"),
            }),
            plain(words::number(*worlds)),
            plain(words::seconds(*seconds)),
        ],
    });
    row
}
