//! How a refuted story is told: what happened, the line that cannot, and the world that stands there.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use crate::testbed::{NodeStands, RefutedStory};
use crate::trace::Trace;
use serde::Serialize;

use super::output::{Output, Paint};
use super::picture::{self, Part, Picture};
use super::records::PendingRecords;
use super::shapes::Answer;
use super::{Failure, Outcome, Terminal, words};

/// The answer of a command whose story is refuted.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct CannotHappen<'a> {
    divergence: &'a RefutedStory,
    /// The events before it, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'a Trace>,
}

/// How a command was asked to answer.
pub struct Asked<'a> {
    pub command: &'static str,
    pub file: &'a Path,
    pub begun: Instant,
    pub json: bool,
    /// The trace goes into the JSON.
    pub with_trace: bool,
    /// Nothing is drawn.
    pub quiet: bool,
    pub part: Part,
    pub picture: Picture,
}

/// Tells a refuted story instead of an answer. Its records, if any are wanted, have what happened.
pub fn tell(
    asked: &Asked<'_>,
    story: &RefutedStory,
    records: PendingRecords,
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    let outcome = Outcome::Refuted;
    picture::range(asked.part, story.trace.steps.len())?;
    let mut out = Output::new(terminal);
    if asked.json {
        let result = CannotHappen {
            divergence: story,
            trace: asked.with_trace.then_some(&story.trace),
        };
        let seconds = asked.begun.elapsed().as_secs_f64();
        let answer = Answer::new(asked.command, Some(asked.file), seconds, outcome, result);
        out.json(&answer)?;
    } else {
        if !asked.quiet {
            let part = asked.part;
            out.line(asked.picture.draw_part(&story.trace, part, terminal))?;
            out.line("")?;
        }
        let word = out.paint(Paint::of(outcome), outcome.word());
        let file = asked.file.display();
        out.line(format!("{file}: {word}, its story cannot happen"))?;
        out.line(story.place.render(terminal.color))?;
        for line in world(story) {
            out.line(format!("  {line}"))?;
        }
    }
    out.finish()?;
    records.write(&story.trace, asked.file)?;
    Ok(outcome)
}

/// The same in lines of text, without a picture.
pub fn lines(story: &RefutedStory) -> Vec<String> {
    let RefutedStory {
        schedule,
        step,
        line,
        event,
        obstacle,
        ..
    } = story;
    let mut lines = vec![format!(
        "event {step} of {schedule}, line {line}: `{event}` cannot happen here: {obstacle}"
    )];
    lines.extend(world(story));
    lines
}

/// The world in which the event cannot happen.
fn world(story: &RefutedStory) -> Vec<String> {
    let happened = match story.step {
        1 => "At the start:".to_owned(),
        step => format!("After event {}:", step - 1),
    };
    let mut lines = vec![happened];
    lines.extend(story.nodes.iter().map(node));
    let listed = |what: &str, things: &[String]| format!("  {what}: {}", words::listed(things));
    lines.push(listed("in flight", &story.in_flight));
    if !story.cuts.is_empty() {
        lines.push(listed("cut", &story.cuts));
    }
    lines
}

/// `P1: waiting [Vote(1)]`, as in a transcript.
fn node(node: &NodeStands) -> String {
    let NodeStands {
        name,
        status,
        timers,
        choices,
        ..
    } = node;
    let mut text = format!("  {name}: {status}");
    if !timers.is_empty() {
        let _ = write!(text, " [{}]", timers.join(", "));
    }
    for choice in choices {
        let _ = write!(text, ", to choose {choice}");
    }
    text
}
