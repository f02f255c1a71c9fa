//! A recorded run as a scenario, whole.

use serde_json::{Value as Json, json};

use super::draft::{Draft, Others};
use super::{Unshrinkable, opened};
use crate::model::Limit;
use crate::registry::Registry;
use crate::scenario::{File, to_text};
use crate::testbed::{CheckOptions, CheckVerdict, RunLimits, RunReport, RunVerdict};
use crate::trace::Trace;

/// The scenario that tells what a trace has recorded, and expects what comes of it.
///
/// What a check found to block as long as no timer fires that awaits the living, a run does not show: then the
/// scenario has a check that starts where the schedule ends.
pub fn scenario_of(
    registry: &Registry,
    trace: &Trace,
    limits: &RunLimits<'_>,
) -> Result<File, Unshrinkable> {
    let draft = Draft::of(trace, registry)?;
    let version = opened(registry, draft)?;
    let draft = &version.draft;
    let report = version.case.retell(&draft.lines, false, limits).report;
    if report.verdict == RunVerdict::Interrupted {
        return Err(Unshrinkable::Stopped);
    }
    let about = trace.origin.about.as_deref().unwrap_or_default();
    let mut others = Others {
        is_told: true,
        about,
        check: None,
        expect: Some(expected(&report)),
    };
    let is_blocked_somewhere = trace
        .verdict
        .as_ref()
        .is_some_and(|verdict| verdict.verdict.starts_with(CheckVerdict::CanBlock.word()));
    if let Some(property) = trace.origin.property.as_deref()
        && is_blocked_somewhere
        && report.verdict != RunVerdict::Blocked
    {
        others.check = Some(behind(draft, trace, property));
        let file = draft.scenario(&others).map_err(unfit)?;
        let case = registry.open_text(&to_text(&file), "the scenario");
        let found =
            case.map_err(unfit)?
                .check(&CheckOptions::default(), None, &mut limits.monitor());
        let found = found
            .ok()
            .and_then(|report| report.properties.into_iter().next());
        if let Some(found) = found.filter(|found| found.verdict == CheckVerdict::CanBlock) {
            let expect = others.expect.as_mut().expect("it is set above");
            expect["check"] = json!({ property: found.verdict.word() });
        } else {
            others.check = None;
        }
    }
    draft.scenario(&others).map_err(unfit)
}

#[expect(clippy::needless_pass_by_value, reason = "this is how errors come")]
pub(super) fn unfit(error: crate::scenario::ScenarioError) -> Unshrinkable {
    Unshrinkable::Unfit(error.to_string())
}

/// What a run came to, as scenarios expect it.
pub(super) fn expected(report: &RunReport) -> Json {
    json!({ "run": match report.verdict {
        RunVerdict::Violated => json!({ "violated": report.property }),
        verdict => json!(verdict.word()),
    } })
}

/// A search of what is left of a property where the schedule of a check ends.
fn behind(draft: &Draft, trace: &Trace, property: &str) -> Json {
    let lines: Vec<&str> = draft.lines.iter().map(|(_, line)| line.as_str()).collect();
    let mut check = json!({
        "timing": "accurate",
        "after": lines,
        "budgets": "from-here",
        "properties": [property],
    });
    if trace.links.copies != Limit::Unlimited {
        check["bounds"] = json!({ "copies": trace.links.copies });
    }
    if !draft.late.is_empty() {
        check["joins-later"] = json!(draft.late);
    }
    check
}
