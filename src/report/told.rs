//! Each step of a trace in words, for whoever tells a story of some of them.
//!
//! Invariant: words and changes are safe to show. Steps are numbered as they were recorded, from 1.

use super::names::{DisplayNames, Sort};
use super::story::{Origin, Story};
use super::text::Detail;
use super::weight::{Skipped, kept, weights};
use super::words;
use crate::trace::Trace;

pub use super::weight::Weight;

/// A trace in words.
#[derive(Debug)]
pub struct Telling<'a> {
    trace: &'a Trace,
    names: DisplayNames,
    pub steps: Vec<ToldStep>,
    /// What was still on its way in the end.
    pub in_flight: Vec<Flying>,
}

/// A step in words.
#[derive(Clone, Debug)]
pub struct ToldStep {
    /// A clause with the node as its subject: `P1 gets Prepare #1: locks, votes yes; sends Yes to C`.
    pub words: String,
    /// What it changed of the state that matters: `term 3`.
    pub changes: Vec<String>,
    /// The entries of a log that it took out: `1:a`.
    pub overwritten: Vec<String>,
    pub weight: Weight,
    /// The step that put the message of the event on its way: that sent it, or copied it; 0 is the start.
    pub sent_in: Option<usize>,
    /// The same for the messages that a cut lost, in their order.
    pub lost_from: Vec<Option<usize>>,
}

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flying {
    pub src: usize,
    pub dst: usize,
    pub label: String,
    /// The step that put it on its way.
    pub sent_in: usize,
}

impl Telling<'_> {
    /// A node by its name.
    pub fn name(&self, node: usize) -> String {
        self.names.name(node)
    }

    /// A message, no longer than tells it from others of its kind.
    pub fn message(&self, label: &str) -> String {
        self.names.label(Sort::Message, label, Detail::Kind)
    }

    /// A text, safe to show.
    pub fn text(&self, text: &str) -> String {
        self.names.text(text)
    }

    /// Which of these steps are told, if no more than so many are.
    pub fn kept(&self, wanted: &[usize], most: usize) -> Vec<bool> {
        let weights: Vec<Weight> = self.steps.iter().map(|step| step.weight).collect();
        kept(&weights, wanted, most)
    }

    /// Steps in a row that are not told, in a line: `3 quiet steps: 1 heartbeat, 2 messages`.
    pub fn skipped(&self, steps: &[usize]) -> String {
        let mut skipped = Skipped::default();
        for &nth in steps {
            if let (Some(step), Some(told)) =
                (self.trace.steps.get(nth - 1), self.steps.get(nth - 1))
            {
                skipped.add(step, told.weight, &self.names);
            }
        }
        match skipped.contents() {
            contents if contents.is_empty() => skipped.title(),
            contents => format!("{}: {contents}", skipped.title()),
        }
    }
}

/// Puts a trace in words.
pub fn telling(trace: &Trace, ascii: bool) -> Telling<'_> {
    let names = DisplayNames::new(trace, ascii);
    let weights = weights(trace, &names);
    let sent_in = |origin: Option<Origin>| {
        let origin = origin?;
        let copied = origin.copied_in.filter(|_| !trace.links.never_forgets);
        Some(recorded(trace, copied.unwrap_or(origin.step)))
    };
    let mut story = Story::begin(trace);
    let mut steps = Vec::new();
    while let Some(scene) = story.next() {
        let changes = scene.changes();
        steps.push(ToldStep {
            words: words::whole(&scene, &names),
            changes: changes.iter().map(|change| names.text(change)).collect(),
            overwritten: scene.overwritten().iter().map(|e| names.text(e)).collect(),
            weight: weights.get(steps.len()).copied().unwrap_or_default(),
            sent_in: sent_in(scene.origin),
            lost_from: scene.lost.iter().map(|origin| sent_in(*origin)).collect(),
        });
    }
    let flying = story.in_flight().filter_map(|(src, dst, label, origin)| {
        Some(Flying {
            src,
            dst,
            label: label.to_owned(),
            sent_in: sent_in(Some(origin))?,
        })
    });
    let in_flight = flying.collect();
    Telling {
        trace,
        names,
        steps,
        in_flight,
    }
}

/// The number of a step among those recorded, from its number in the run.
fn recorded(trace: &Trace, number: usize) -> usize {
    match trace.unrecorded {
        Some(gap) if number > gap.after => number.saturating_sub(gap.steps),
        _ => number,
    }
}
