//! The one run that is meant: of a trace, a seed, or a check.

use std::path::PathBuf;

use crate::testbed::{Case, CheckOptions, RunReport, Strategy};
use crate::trace::Trace;

use super::check::examine;
use super::limits::{Limits, RunGuard, RunLimits};
use super::progress::SearchBar;
use super::traces::trace_of;
use super::{Failure, check, edge, failure, seeds, words};

/// Which run.
#[derive(Debug, clap::Args)]
pub struct OneRun {
    /// A scenario, a trace, or a page.
    pub file: PathBuf,

    /// The run with this seed.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = seeds::parse, conflicts_with = "property")]
    seed: Option<u64>,

    /// How the events of that run are chosen [default: as the scenario's `run` has it].
    #[arg(long, value_name = "STRATEGY", requires = "seed")]
    strategy: Option<Strategy>,

    /// What the check shows of this property.
    #[arg(long, value_name = "NAME")]
    property: Option<String>,

    #[command(flatten)]
    limits: Limits,
}

/// Where it was found.
pub enum Found {
    /// In a file, as it was recorded.
    Recorded(Trace),
    /// It was run, or searched for.
    Anew(Trace),
}

impl OneRun {
    pub fn find(&self) -> Result<Found, Failure> {
        if let Some(trace) = trace_of(&self.file)? {
            self.has_one_run()?;
            return Ok(Found::Recorded(trace));
        }
        self.of_scenario().map(Found::Anew)
    }

    fn has_one_run(&self) -> Result<(), Failure> {
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
        Ok(())
    }

    /// The run that is shown of a scenario.
    fn of_scenario(&self) -> Result<Trace, Failure> {
        let case = edge::open(&self.file)?;
        let case = case.as_ref();
        if let Some(name) = &self.property {
            let known = case.properties();
            if !known.contains(&name.as_str()) {
                return Err(failure::unknown("property", name, known));
            }
            return self.of_check(case);
        }
        if let Some(story) = case.refuted_run() {
            return Ok(story.trace.clone());
        }
        if self.seed.is_some() || case.seeds().is_some() {
            return self.of_run(case);
        }
        self.of_check(case)
    }

    fn of_run(&self, case: &dyn Case) -> Result<Trace, Failure> {
        let guard = RunLimits::from(&self.limits).guard();
        let seed = match self.seed {
            Some(seed) => seed,
            None => worth_showing(case, &self.file.display().to_string(), &guard),
        };
        let by = self.strategy.unwrap_or(Strategy::Random);
        if !seeds::has(case, by) {
            return Err(Failure::new(
                format!("{} has nothing for `{by}` to go by", self.file.display()),
                "leave out `--seed`: what its check shows is written",
            ));
        }
        let RunReport { trace, .. } = seeds::drawn(case, seed, by, &guard);
        Ok(trace.expect("it was asked for"))
    }

    /// What the check shows: of the property that was asked for, or what speaks against one, or what can be reached.
    fn of_check(&self, case: &dyn Case) -> Result<Trace, Failure> {
        if !case.has_check() {
            return Err(check::has_none(&self.file));
        }
        if let Some(story) = case.refuted_check() {
            return Ok(story.trace.clone());
        }
        let options = CheckOptions {
            properties: self.property.iter().cloned().collect(),
            states_max: self.limits.states,
            depth_max: self.limits.depth(),
            tuning: self.limits.tuning(),
            ..CheckOptions::default()
        };
        let report = examine(case, &options, &self.limits, SearchBar::new())?.report;
        let against = check::shown(&report, None).into_iter();
        let mut all = against.chain(&report.properties);
        all.find_map(|property| property.trace.clone())
            .ok_or_else(|| {
                let file = words::typed(&self.file.display().to_string());
                Failure::new(
                    format!("the check of {file} has no run to show: nothing speaks against its properties"),
                    "give the scenario a `run`, or name a property that can be reached: `--property NAME`",
                )
            })
    }
}

/// The seed of the run that `jury run` would show: the shortest that goes against what is expected, or the first.
pub fn worth_showing(case: &dyn Case, name: &str, guard: &RunGuard) -> u64 {
    let named = case.seeds().unwrap_or(0..=0);
    let reports = seeds::run(case, &named, name, guard);
    let judged = seeds::judge(case, &reports, true, guard);
    let shown = judged.shortest.and_then(|at| reports.get(at));
    shown
        .or(reports.first())
        .map_or(*named.start(), |report| report.seed)
}
