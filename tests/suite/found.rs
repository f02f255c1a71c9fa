//! What becomes of the shipped scenarios: each is run once, and explored once in each way, whoever asks.
//!
//! All who ask are one program, and nothing is kept longer than it runs. So nothing is out of date.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use jury::check::Patient;
use jury::check::fast::{Sizes, Tuning};
use jury::testbed::{CheckOptions, CheckReport, EngineKind, RunLimits, RunReport, run_seeds};

use crate::cores::on_all_cores;
use crate::shipped::{Story, stories};

/// Engines and tunings other than the usual repeat no check that is larger than this: they are slow.
const SECOND_OPINION_MAX: u64 = 30_000;

/// Checks that are only feasible with reductions: of these the size is that of what is left.
pub const ONLY_REDUCED: &[&str] = &["paxos/three-ballots"];

/// How a check is explored.
#[derive(Clone, Copy)]
pub enum Way {
    /// As `jury check` does: what changes no verdict is left out. (On one thread, as several files are
    /// explored at a time.)
    Usual,
    /// The same with nothing left out, so that sizes are those of the relation.
    Whole,
    /// On two threads, with nothing left out, and with fields and tables so small that worlds are packed again, and
    /// tables grow and spill, all the time.
    Cramped,
    /// The same on eight, cramped otherwise.
    Crowded,
    /// By the engine that remembers nothing and packs nothing.
    Plain,
    /// By Stateright's checker.
    Stateright,
}

/// What was found, by the names of the scenarios.
pub type Found<T> = BTreeMap<&'static str, T>;

impl Way {
    fn options(self) -> CheckOptions {
        let cramped = |threads, word_bits, block| Tuning {
            threads,
            blocks_max: 1,
            sizes: Sizes {
                word_bits,
                slots: 1,
                round: 7 * block,
                chunk: 5,
                shared_from: 1,
                offers_max: 100,
                steps_max: 50,
                block,
                ..Sizes::default()
            },
            ..Tuning::unreduced()
        };
        let on_one_thread = |tuning| Tuning {
            threads: 1,
            ..tuning
        };
        let (engine, tuning) = match self {
            Way::Usual => (EngineKind::Fast, on_one_thread(Tuning::default())),
            Way::Whole => (EngineKind::Fast, on_one_thread(Tuning::unreduced())),
            Way::Cramped => (EngineKind::Fast, cramped(2, 7, 64)),
            Way::Crowded => (EngineKind::Fast, cramped(8, 23, 31)),
            Way::Plain => (EngineKind::Plain, Tuning::unreduced()),
            Way::Stateright => (EngineKind::Stateright, Tuning::unreduced()),
        };
        CheckOptions {
            engine,
            tuning,
            ..CheckOptions::default()
        }
    }

    fn suits(self, story: &Story) -> bool {
        let name = story.name.as_str();
        match self {
            Way::Usual => true,
            Way::Whole => !ONLY_REDUCED.contains(&name),
            _ => explored(Way::Whole)
                .get(name)
                .is_some_and(|report| worlds(report) <= SECOND_OPINION_MAX),
        }
    }
}

/// The worlds of all searches.
pub fn worlds(report: &CheckReport) -> u64 {
    report.searches.iter().map(|search| search.distinct).sum()
}

/// Every check that can be explored in this way.
pub fn explored(way: Way) -> &'static Found<CheckReport> {
    static ALL: [OnceLock<Found<CheckReport>>; 6] = [const { OnceLock::new() }; 6];
    ALL[way as usize].get_or_init(|| {
        let mut due: Vec<&'static Story> = stories().iter().collect();
        due.retain(|story| story.case.has_check() && way.suits(story));
        let options = way.options();
        let found = on_all_cores(&due, |story| {
            story.case.check(&options, None, &mut Patient).unwrap()
        });
        named(&due, found)
    })
}

/// The check of one scenario with nothing left out, where that is feasible.
pub fn sized(name: &str) -> &'static CheckReport {
    let whole = explored(Way::Whole).get(name);
    whole.unwrap_or_else(|| &explored(Way::Usual)[name])
}

/// The runs of every scenario that has some: one for each seed.
pub fn runs() -> &'static Found<Vec<RunReport>> {
    static RUNS: LazyLock<Found<Vec<RunReport>>> = LazyLock::new(|| {
        let run = |story: &'static Story| {
            let seeds = story.case.seeds()?;
            let reports = run_seeds(&*story.case, seeds, &RunLimits::default(), &|_| ());
            Some((story.name.as_str(), reports))
        };
        stories().iter().filter_map(run).collect()
    });
    &RUNS
}

/// The first of these runs, with its trace.
pub fn recorded() -> &'static Found<RunReport> {
    static RECORDS: LazyLock<Found<RunReport>> = LazyLock::new(|| {
        let mut due: Vec<&'static Story> = stories().iter().collect();
        due.retain(|story| story.case.seeds().is_some());
        let found = on_all_cores(&due, |story| {
            let seeds = story.case.seeds().expect("it has some");
            story.case.run(*seeds.start(), true, &RunLimits::default())
        });
        named(&due, found)
    });
    &RECORDS
}

fn named<T>(stories: &[&'static Story], found: Vec<T>) -> Found<T> {
    let names = stories.iter().map(|story| story.name.as_str());
    names.zip(found).collect()
}
