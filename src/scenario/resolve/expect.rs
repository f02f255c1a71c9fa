//! What must come of a scenario: that the verdicts are possible ones.

use super::names::Names;
use super::{CheckCase, Expectations, RunCase, pointless};
use crate::scenario::error::Flaw;
use crate::scenario::file::Expect;
use crate::scenario::nearest::list;
use crate::scenario::verdict::{ExpectedRun, ExpectedVerdict, RunExpectation};

pub fn expect(
    part: &Expect,
    runs: Option<&RunCase>,
    check: Option<&CheckCase>,
    names: &Names<'_>,
) -> Result<Expectations, Flaw> {
    if let Some(run) = &part.run {
        let Some(runs) = runs else {
            return Err(pointless(
                run.span(),
                "this scenario has no `run` to expect anything of",
                "add a `run`, or remove the expectation",
            ));
        };
        for verdict in run.verdicts() {
            let ExpectedRun::Violated(Some(name)) = verdict else {
                continue;
            };
            let (property, expectation) = names.property(name)?;
            if !runs.properties.contains(&property) {
                return Err(pointless(
                    name.span(),
                    "this property does not count",
                    "name it in `run.properties`",
                ));
            }
            if expectation != "always" {
                return Err(Flaw::at(
                    name.span(),
                    format!("`{}` is not a property that a run can violate", **name),
                )
                .label(format!("{expectation}, not always"))
                .advice("a run that stops short of its goal is \"blocked\""));
            }
        }
        if let RunExpectation::Among { every, some } = &**run
            && every.is_empty()
            && some.is_empty()
        {
            return Err(Flaw::at(run.span(), "this expects nothing"));
        }
    }
    let mut verdicts = Vec::new();
    for (name, verdict) in &part.check {
        let (property, expectation) = names.property(name)?;
        let Some(check) = check else {
            return Err(pointless(
                name.span(),
                "this scenario has no `check` to expect anything of",
                "add a `check`, or remove the expectation",
            ));
        };
        if !check.properties.contains(&property) {
            return Err(pointless(
                name.span(),
                "this property is not checked",
                "name it in `check.properties`",
            ));
        }
        let fitting = fitting(expectation);
        if !fitting.contains(&**verdict) {
            let words: Vec<String> = fitting.iter().map(ToString::to_string).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            return Err(Flaw::at(
                verdict.span(),
                format!("`{}` cannot be the verdict on `{property}`", **verdict),
            )
            .label(format!("this property is of the kind `{expectation}`"))
            .advice(format!("possible are {}", list(&words))));
        }
        verdicts.push((property, **verdict));
    }
    let run = part.run.as_ref().map(|run| (**run).clone());
    Ok(Expectations {
        run,
        check: verdicts,
    })
}

/// The verdicts that a property of this kind can get.
fn fitting(expectation: &str) -> Vec<ExpectedVerdict> {
    let fits = |verdict: &ExpectedVerdict| match verdict {
        ExpectedVerdict::Violated(_) => expectation == "always",
        ExpectedVerdict::Reached | ExpectedVerdict::Unreachable => expectation == "reachable",
        ExpectedVerdict::Holds | ExpectedVerdict::HoldsWithinBounds => expectation != "reachable",
        ExpectedVerdict::CanBlock(_) => matches!(expectation, "never blocked" | "recovers"),
        ExpectedVerdict::UnknownWithinBounds => true,
    };
    let all = ExpectedVerdict::WORDS
        .into_iter()
        .map(|(_, verdict)| verdict);
    all.filter(fits).collect()
}
