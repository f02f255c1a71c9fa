//! `jury matrix`: which faults each property bears.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::check::Monitor;
use crate::check::fast::Tuning;
use crate::matrix::report::{Cell, VariantMatrix};
use crate::matrix::words::{self, LEGEND};
use crate::matrix::{
    Attendant, CellWord, ClaimOutcome, Effort, Matrix, NextSearch, layout, markdown,
};

use super::files::Pending;
use super::limits::Limits;
use super::output::{Output, Paint, remark};
use super::progress::SearchBar;
use super::shapes::Answer;
use super::{Failure, Outcome, Terminal, edge, failure, interrupt, table};

const EXAMPLES: &str = "\
Examples:
  jury matrix                                      every protocol, every variant
  jury matrix 2pc --variant 'presumed abort'
  jury matrix 2pc --all                            every set of faults, not only a page
  jury matrix --states 100000 --time 10s           limits on each search
  jury matrix 2pc --json
  jury matrix --write                              reports/matrix.md and reports/matrix.json";

/// Weigh assumptions: which faults does each property of a protocol bear?
///
/// Small instances are explored in full under every set of kinds of faults. From that follow the
/// largest sets of faults under which a property holds, and the smallest under which it fails; and
/// what the protocol's file claims is held against it. A claim that is contradicted is refuted
/// (exit code 1); limits hold for each search, and one that is reached ends in `not established`
/// (exit code 4).
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only these protocols.
    protocols: Vec<String>,

    /// Only this variant; may be repeated.
    #[arg(long = "variant", value_name = "NAME")]
    variants: Vec<String>,

    /// Show every set of faults, and the shortest schedules.
    #[arg(long)]
    all: bool,

    /// How many threads search [default: one for each core]. What is found is the same with any
    /// number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=32))]
    threads: Option<u8>,

    /// Write matrix.md and matrix.json to this folder [default: reports]. Protocols that were not
    /// asked for stay as they are there.
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "reports",
          conflicts_with = "variants")]
    write: Option<PathBuf>,

    /// Answer in JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    limits: Limits,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    check_names(args)?;
    let files = args.write.as_deref().map(Files::at).transpose()?;
    interrupt::heed();
    let default = Effort::default().tuning;
    let effort = Effort {
        tuning: Tuning {
            threads: args.threads.map_or(default.threads, usize::from),
            ..default
        },
        states_max: args.limits.states,
        depth_max: args.limits.depth(),
    };
    let begun = Instant::now();
    let mut guard = Guard {
        limits: &args.limits,
    };
    let named = |names: &[String], name: &str| names.is_empty() || names.iter().any(|n| n == name);
    let wanted = |protocol: &str, variant: &str| {
        named(&args.protocols, protocol) && named(&args.variants, variant)
    };
    let matrix = edge::matrix(&wanted, &effort, &mut guard);
    let outcome = outcome(&matrix, args);
    if let Some(files) = files {
        files.write(&matrix)?;
    }
    let mut out = Output::new(terminal);
    if args.json {
        let seconds = begun.elapsed().as_secs_f64();
        out.json(&Answer::new("matrix", None, seconds, outcome, &matrix))?;
    } else {
        tell(&mut out, &matrix, args.all)?;
    }
    out.finish()?;
    Ok(outcome)
}

fn check_names(args: &Args) -> Result<(), Failure> {
    let known = edge::variants();
    let protocols: Vec<&str> = known.iter().map(|(protocol, _)| *protocol).collect();
    for name in &args.protocols {
        if !protocols.contains(&name.as_str()) {
            return Err(failure::unknown("protocol", name, protocols));
        }
    }
    let asked = |protocol: &str| {
        args.protocols.is_empty() || args.protocols.iter().any(|name| name == protocol)
    };
    let known = known.into_iter().filter(|(protocol, _)| asked(protocol));
    let variants: Vec<&str> = known.flat_map(|(_, variants)| variants).collect();
    for name in &args.variants {
        if !variants.contains(&name.as_str()) {
            return Err(failure::unknown("variant", name, variants));
        }
    }
    Ok(())
}

/// Claims count, and whatever a limit left open.
fn outcome(matrix: &Matrix, args: &Args) -> Outcome {
    let claims = match matrix.worst() {
        ClaimOutcome::Established => Outcome::AsExpected,
        ClaimOutcome::NotEstablished => Outcome::NotEstablished,
        ClaimOutcome::Contradicted => Outcome::Refuted,
    };
    if matrix.is_open() || args.limits.depth.is_some() || interrupt::asked() {
        return claims.max(Outcome::NotEstablished);
    }
    claims
}

/// Holds every search to the limits.
struct Guard<'a> {
    limits: &'a Limits,
}

impl Attendant for Guard<'_> {
    fn attend(&mut self, place: &NextSearch<'_>, search: &mut dyn FnMut(&mut dyn Monitor)) {
        let NextSearch {
            protocol,
            variant,
            nth,
            of,
        } = place;
        let bar = SearchBar::about(&format!("{protocol}, {variant}, {nth} of {of}: "));
        let mut watch = self.limits.watch(bar);
        search(&mut watch);
        watch.finish(1);
    }
}

/// The two files that are written.
struct Files {
    page: Pending,
    data: Pending,
    /// What was written before.
    old: Matrix,
}

impl Files {
    fn at(folder: &Path) -> Result<Self, Failure> {
        let data = folder.join("matrix.json");
        let old = match std::fs::read_to_string(&data) {
            Err(_) => Matrix::default(),
            Ok(text) => serde_json::from_str(&text).map_err(|error| {
                Failure::new(
                    format!("{} is no matrix: {error}", data.display()),
                    "move it away, or name another folder",
                )
            })?,
        };
        Ok(Files {
            page: Pending::at(&folder.join("matrix.md"))?,
            data: Pending::at(&data)?,
            old,
        })
    }

    /// Writes what was found, and keeps what was not asked for. What a clock or this machine cut
    /// short is not written: nobody could find it again.
    fn write(self, matrix: &Matrix) -> Result<(), Failure> {
        let cut_short = |cell: &Cell| cell.stopped.as_ref().is_some_and(|why| why != "states");
        let variants = matrix.protocols.iter().flat_map(|p| &p.variants);
        if variants.flat_map(|v| &v.cells).any(cut_short) {
            remark("A search was cut short, so nothing was written.");
            return Ok(());
        }
        let mut whole = Matrix::default();
        for (name, _) in edge::variants() {
            let of = |matrix: &Matrix| matrix.protocols.iter().find(|p| p.name == name).cloned();
            whole.protocols.extend(of(matrix).or_else(|| of(&self.old)));
        }
        self.page.write(markdown(&whole).as_bytes())?;
        self.data.write(layout(&whole).as_bytes())
    }
}

fn tell(out: &mut Output, matrix: &Matrix, all: bool) -> Result<(), Failure> {
    for protocol in &matrix.protocols {
        for variant in &protocol.variants {
            let title = format!("{}, {}", protocol.name, variant.name);
            out.line(out.paint(Paint::Bold, &title))?;
            out.line(format!("  {}", variant.about))?;
            for line in words::instance(variant) {
                out.line(out.paint(Paint::Dim, &format!("  {line}")))?;
            }
            out.line("")?;
            grid(out, variant, all)?;
            out.line("")?;
            for property in &variant.properties {
                out.line(format!("  {}", out.paint(Paint::Bold, &property.property)))?;
                for sentence in words::needs(variant, property) {
                    out.line(format!("    {sentence}"))?;
                }
                let paint = match property.claim.outcome {
                    ClaimOutcome::Established => Paint::Dim,
                    ClaimOutcome::NotEstablished => Paint::Open,
                    ClaimOutcome::Contradicted => Paint::Bad,
                };
                let claim = words::claim(&property.claim);
                out.line(format!("    {}", out.paint(paint, &claim)))?;
                for event in &property.claim.schedule {
                    out.line(format!("      {event}"))?;
                }
                if all {
                    schedules(out, variant, &property.property, &property.fails)?;
                }
            }
            out.line("")?;
        }
    }
    for (mark, meaning) in LEGEND {
        out.line(out.paint(Paint::Dim, &format!("{mark:<4} {meaning}")))?;
    }
    Ok(())
}

/// Sets of faults as rows: names of properties are long, and a terminal is not wide.
fn grid(out: &mut Output, variant: &VariantMatrix, all: bool) -> Result<(), Failure> {
    let columns: Vec<(String, &Cell)> = if all {
        let cells = variant.cells.iter();
        cells
            .map(|cell| (words::short(&cell.faults), cell))
            .collect()
    } else {
        words::columns(variant)
    };
    let dim = |text: &str| table::painted(text, Paint::Dim);
    let mut rows = Vec::new();
    let properties = variant.properties.iter();
    let mut head = vec![dim("")];
    head.extend((1..=properties.len()).map(|nth| dim(&format!("{nth}"))));
    head.push(dim("worlds"));
    rows.push(head);
    for (name, cell) in columns {
        let mut row = vec![table::plain(name)];
        row.extend(cell.verdicts.iter().map(|found| {
            let paint = match found.verdict {
                CellWord::NotEstablished => Paint::Open,
                word if word.is_against() => Paint::Bad,
                _ => Paint::Good,
            };
            table::painted(words::mark(found), paint)
        }));
        row.push(table::plain(words::worlds(cell)));
        rows.push(row);
    }
    for line in table::lines(out, &rows) {
        out.line(line)?;
    }
    let names = properties.enumerate();
    let names: Vec<String> = names
        .map(|(nth, property)| format!("{} {}", nth + 1, property.property))
        .collect();
    for line in names.chunks(3) {
        out.line(out.paint(Paint::Dim, &format!("  {}", line.join(" · "))))?;
    }
    Ok(())
}

/// The shortest schedules under the smallest sets of faults under which a property fails.
fn schedules(
    out: &mut Output,
    variant: &VariantMatrix,
    property: &str,
    fails: &[Vec<String>],
) -> Result<(), Failure> {
    for faults in fails {
        let found = variant.cell(faults).and_then(|cell| cell.verdict(property));
        let Some(found) = found.filter(|found| !found.schedule.is_empty()) else {
            continue;
        };
        out.line(format!("    With {}:", words::listed(faults)))?;
        for event in &found.schedule {
            out.line(format!("      {event}"))?;
        }
        for event in &found.then {
            out.line(format!("    … {event}"))?;
        }
        out.line(format!("    {}", found.sentences.join(" ")))?;
    }
    Ok(())
}
