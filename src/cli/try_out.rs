//! `jury try`: what a scenario is about, a picture of it, and what became of its runs and its check.

use std::path::PathBuf;

use crate::testbed::{Case, PropertyReport, RunReport};

use super::check::{Checked, by_itself};
use super::limits::Limits;
use super::output::{Output, remark};
use super::picture::Picture;
use super::records::PendingRecords;
use super::reduce::Reducing;
use super::run as simulate;
use super::run::Ran;
use super::{Failure, Outcome, Terminal, check, edge, interrupt};

const EXAMPLES: &str = "\
Examples:
  jury try scenarios/2pc/coordinator-dies-after-prepare.json
  jury try mine.json --time 60s
  jury try mine.json --reduce none";

/// Run a scenario, then check it: the whole trial of one file.
///
/// Tells what the scenario is about and draws a picture, then says what `jury run` and `jury check` say, one after
/// the other. Where both tell of the same property, the shorter picture, which is the check's, comes first.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The scenario.
    file: PathBuf,

    #[command(flatten)]
    reducing: Reducing,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    picture: Picture,
}

pub fn run(args: &Args, terminal: &Terminal) -> Result<Outcome, Failure> {
    let case = edge::open(&args.file)?;
    let case = case.as_ref();
    let mut out = Output::new(terminal);
    let about = edge::prose(case.about(), &args.picture.options(terminal));
    out.line(format!("{about}\n"))?;
    out.finish()?;
    let picture = Picture {
        about_is_told: true,
        ..args.picture
    };
    let trial = Trial {
        case,
        terminal,
        run: simulate::Args::all_seeds(args.file.clone(), (&args.limits).into(), picture),
        check: check::Args::all_properties(
            args.file.clone(),
            args.reducing,
            args.limits.clone(),
            picture,
        ),
    };
    trial.take_place()
}

struct Trial<'a> {
    case: &'a dyn Case,
    terminal: &'a Terminal,
    run: simulate::Args,
    check: check::Args,
}

impl Trial<'_> {
    fn take_place(&self) -> Result<Outcome, Failure> {
        let Some(seeds) = self.case.seeds() else {
            return self.check_alone();
        };
        if self.case.refuted_run().is_some() {
            let outcome = simulate::run(&self.run, self.terminal)?;
            return Ok(outcome.max(self.check_after()?));
        }
        let ran = simulate::simulate(&self.run, self.case, seeds, None)?;
        let may_be_same = ran.shown().is_some_and(|report| report.property.is_some());
        let refuted = self.case.refuted_check().is_some();
        if !self.case.has_check() || refuted || !may_be_same || interrupt::asked() {
            let outcome = self.tell_run(ran)?;
            return Ok(outcome.max(self.check_after()?));
        }
        let (checked, _) = check::explore(&self.check, self.case)?;
        if let Some(property) = ran.shown().and_then(|report| same(report, &checked)) {
            let outcome = self.tell_check(&checked, &[property])?;
            self.pause()?;
            return Ok(outcome.max(self.tell_run(ran)?));
        }
        let outcome = self.tell_run(ran)?;
        self.pause()?;
        let shown = check::shown(&checked.report, None);
        Ok(outcome.max(self.tell_check(&checked, &shown)?))
    }

    /// An empty line between what is told of runs and of the check.
    fn pause(&self) -> Result<(), Failure> {
        let mut out = Output::new(self.terminal);
        out.line("")?;
        out.finish()
    }

    fn tell_run(&self, ran: Ran) -> Result<Outcome, Failure> {
        simulate::answer(&self.run, self.terminal, ran, PendingRecords::default())
    }

    fn tell_check(&self, checked: &Checked, shown: &[&PropertyReport]) -> Result<Outcome, Failure> {
        let records = PendingRecords::default();
        check::answer(&self.check, self.terminal, checked, shown, records)?;
        Ok(checked.outcome)
    }

    /// The check, where there is one, once the runs were told.
    fn check_after(&self) -> Result<Outcome, Failure> {
        if !self.case.has_check() {
            return Ok(Outcome::AsExpected);
        }
        if interrupt::asked() {
            remark("Interrupted: not checked.");
            return Ok(Outcome::NotEstablished);
        }
        self.pause()?;
        check::run(&self.check, self.terminal)
    }

    /// Where there is no run and nothing is violated, what can be reached is drawn; and where nothing can, a run
    /// in which nothing more fails.
    fn check_alone(&self) -> Result<Outcome, Failure> {
        if self.case.refuted_check().is_some() || !self.case.has_check() {
            return check::run(&self.check, self.terminal);
        }
        let (checked, _) = check::explore(&self.check, self.case)?;
        let mut shown = check::shown(&checked.report, None);
        if shown.iter().all(|property| property.trace.is_none()) {
            let drawable = checked
                .report
                .properties
                .iter()
                .filter(|p| p.trace.is_some());
            shown.extend(drawable.take(1));
        }
        let is_drawn = shown.iter().any(|property| property.trace.is_some());
        if let Some(trace) = self.case.glimpse().filter(|_| !is_drawn) {
            let mut out = Output::new(self.terminal);
            out.line("A run of it in which nothing more fails:")?;
            out.line(self.check.picture.draw(&trace, self.terminal))?;
            out.line("")?;
            out.finish()?;
        }
        self.tell_check(&checked, &shown)
    }
}

/// The property of which a run and a check tell the same, where the check takes fewer steps to do so.
fn same<'a>(run: &RunReport, checked: &'a Checked) -> Option<&'a PropertyReport> {
    let name = run.property.as_ref()?;
    let steps = run.trace.as_ref()?.steps.len();
    let mut properties = checked.report.properties.iter();
    let property = properties.find(|p| p.property == *name && by_itself(p) == Outcome::Refuted)?;
    let shorter = property.trace.as_ref()?.steps.len() < steps;
    shorter.then_some(property)
}
