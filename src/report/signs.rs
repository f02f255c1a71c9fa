//! Which marks and which colour a step gets.
//!
//! Invariant: read off the step alone; knows no columns.

use super::marks::Mark;
use super::paint::Style;
use super::story::Scene;
use crate::model::Observation;
use crate::trace::{Did, What};

/// What a step put on the lane of its node, the most telling first.
pub(super) fn event_marks(scene: &Scene<'_>) -> Vec<Mark> {
    let step = scene.step;
    let mut all = Vec::new();
    if step.crash_after.is_some() || matches!(step.what, What::Crash { .. }) {
        all.push(Mark::Crash);
    }
    match step.what {
        What::Timeout { .. } => all.push(Mark::Timer),
        What::Choose { .. } => all.push(Mark::Choice),
        What::Recover { .. } => all.push(Mark::Recover),
        _ => {}
    }
    let did = marks(&step.did);
    let is_event = !all.is_empty();
    all.extend(did.into_iter().filter(|m| *m != Mark::Acts || !is_event));
    if all.is_empty() {
        all.push(match (scene.before, &step.after) {
            (Some(before), Some(after)) if before == after => Mark::Idle,
            _ => Mark::Acts,
        });
    }
    all
}

/// The marks of what a handler did.
pub(super) fn marks(did: &Did) -> Vec<Mark> {
    let decided = did.observed.iter().rev().find_map(|o| match o {
        Observation::Decided { value, .. } => Some(match value.to_string().as_str() {
            "commit" => Mark::Commit,
            "abort" => Mark::Abort,
            _ => Mark::Decided,
        }),
        Observation::Chosen { .. } => Some(Mark::Decided),
        Observation::Elected { .. } => Some(Mark::Elected),
        _ => None,
    });
    let mut marks = Vec::new();
    marks.extend(decided);
    if marks.is_empty() && *did != Did::default() {
        marks.push(Mark::Acts);
    }
    if did.saved.iter().any(|s| s.forced) {
        marks.push(Mark::Forced);
    } else if !did.saved.is_empty() {
        marks.push(Mark::Lazy);
    }
    marks
}

/// The colour of a step's words.
pub(super) fn tone(scene: &Scene<'_>) -> Style {
    match &scene.step.what {
        What::Crash { .. } | What::Drop(_) | What::ArriveAtDown(_) => Style::Bad,
        _ if scene.step.crash_after.is_some() => Style::Bad,
        What::Cut { .. } | What::Heal { .. } | What::Duplicate(_) => Style::Warn,
        _ => Style::Plain,
    }
}
