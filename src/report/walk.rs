//! A trace on a screen: what somebody sees who walks through it, and where there is something to stop at.
//!
//! Invariant: no more lines than asked for, the names of the lanes always among them.

use super::diagram::rows;
use super::weight::{breaks, is_decision, is_election, is_fault};
use super::{Options, step};
use crate::model::Observation;
use crate::trace::{StepRecord, Trace};

/// What a step may be looked for for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landmark {
    /// A crash, a recovery, a cut, its end.
    Fault,
    Election,
    /// A decision, or what is known to be committed.
    Decision,
    Violation,
    Any,
}

impl Landmark {
    fn is_at(self, step: &StepRecord) -> bool {
        let observed = |is: fn(&Observation) -> bool| step.did.observed.iter().any(is);
        let commits = |o: &Observation| matches!(o, Observation::Committed { .. });
        match self {
            Landmark::Fault => is_fault(step),
            Landmark::Election => observed(is_election),
            Landmark::Decision => observed(is_decision) || step.did.observed.iter().any(commits),
            Landmark::Violation => breaks(step),
            Landmark::Any => [
                Landmark::Fault,
                Landmark::Election,
                Landmark::Decision,
                Landmark::Violation,
            ]
            .into_iter()
            .any(|landmark| landmark.is_at(step)),
        }
    }
}

/// The next step of this sort behind a step, or the last before it, among those recorded and counted from 1.
pub fn landmark(trace: &Trace, from: usize, landmark: Landmark, back: bool) -> Option<usize> {
    let is_one = |n: &usize| {
        let step = n.checked_sub(1).and_then(|i| trace.steps.get(i));
        step.is_some_and(|step| landmark.is_at(step))
    };
    if back {
        (1..from).rev().find(is_one)
    } else {
        (from + 1..=trace.steps.len()).find(is_one)
    }
}

/// The picture up to a step, in so many lines: the names of the lanes, and as much above the end as there is room for.
pub fn screen(trace: &Trace, options: &Options, lines: usize) -> Vec<String> {
    let (head, mut rest) = rows(trace, options);
    let room = lines.saturating_sub(head.names.len());
    if head.title.len() + rest.len() <= room {
        let mut all = head.title;
        all.extend(head.names);
        all.extend(rest);
        return all;
    }
    let mut shown = head.names;
    shown.truncate(lines);
    shown.extend(rest.split_off(rest.len().saturating_sub(room)));
    shown
}

/// One step in full, in so many lines, and the names of who takes part.
pub fn details(trace: &Trace, number: usize, options: &Options, lines: usize) -> Vec<String> {
    let text = step(trace, number, options).unwrap_or_default();
    let (head, _) = rows(trace, options);
    let mut shown: Vec<String> = head.title.into_iter().take(1).collect();
    shown.extend(text.lines().map(str::to_owned));
    shown.truncate(lines);
    shown
}
