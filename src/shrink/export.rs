//! A recorded run as a scenario, whole.

use serde_json::{Value as Json, json};

use super::draft::{Draft, Others};
use super::{Unshrinkable, Version, opened};
use crate::model::Timing;
use crate::registry::Registry;
use crate::scenario::File;
use crate::testbed::{CheckVerdict, RunLimits, RunReport, RunVerdict, is_timed};
use crate::trace::Trace;

/// The scenario that tells what a trace has recorded, and expects what comes of it.
///
/// Of what a check found to block as long as no timer fires that awaits the living, it says so (`run.timing`).
pub fn scenario_of(
    registry: &Registry,
    trace: &Trace,
    limits: &RunLimits<'_>,
) -> Result<File, Unshrinkable> {
    // A scenario expects a verdict, and no sentences.
    let limits = &RunLimits {
        explains: false,
        ..*limits
    };
    let (version, report) = told_again(registry, Draft::of(trace, registry)?, &|version| {
        let report = version
            .case
            .retell(&version.draft.lines, version.draft.timing, false, limits)
            .report;
        let is_told = report.verdict == RunVerdict::Blocked || !is_blocked_somewhere(trace);
        (is_told, report)
    })?;
    if report.verdict == RunVerdict::Interrupted {
        return Err(Unshrinkable::Stopped);
    }
    let others = Others {
        is_told: true,
        about: trace.origin.about.as_deref().unwrap_or_default(),
        check: None,
        expect: Some(expected(&report)),
    };
    version.draft.scenario(&others).map_err(unfit)
}

/// Whether a check found that a run can block.
fn is_blocked_somewhere(trace: &Trace) -> bool {
    let outcome = trace.verdict.as_ref();
    outcome.is_some_and(|outcome| outcome.verdict.starts_with(CheckVerdict::CanBlock.word()))
}

/// A run told again as it is; or, where it is not told so and no time passes in it, as one of which nothing more can come
/// as long as no timer fires that awaits the living: as a check may have it.
pub(super) fn told_again<T>(
    registry: &Registry,
    draft: Draft,
    tell: &dyn Fn(&Version) -> (bool, T),
) -> Result<(Version, T), Unshrinkable> {
    let version = opened(registry, draft)?;
    let (is_told, told) = tell(&version);
    if is_told || is_timed(&version.draft.lines) || version.draft.timing == Timing::Accurate {
        return Ok((version, told));
    }
    let other = opened(registry, version.draft.accurate())?;
    Ok(match tell(&other) {
        (true, again) => (other, again),
        (false, _) => (version, told),
    })
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
