//! The transcript: every event in the one notation, and below it what it did.
//!
//! Invariant: the same trace always gives the same text, in whole: nothing is cut short, so that
//! golden tests can compare it. A line that is not indented is an event that a schedule can hold.

use std::fmt::Write;

use super::text::clean;
use crate::model::id::named;
use crate::trace::{Did, Message, NodeRecord, PropertyStatus, StepRecord, Trace, What};

/// Writes a trace as a transcript.
pub fn transcript(trace: &Trace) -> String {
    let mut out = Transcript::new(trace);
    out.text.push_str("start\n");
    for (node, start) in trace.start.iter().enumerate() {
        out.did(node, &start.did);
        out.stands(node, &start.after);
    }
    out.properties(trace.properties.iter().filter(|p| !p.holds));
    for step in &trace.steps {
        out.step(step);
    }
    if let Some(outcome) = &trace.verdict {
        out.line(0, &format!("verdict {}", outcome.verdict));
        for sentence in &outcome.sentences {
            out.line(1, sentence);
        }
    }
    out.text
}

/// The part of the transcript that is about one step.
pub(super) fn transcript_of(trace: &Trace, step: &StepRecord) -> String {
    let mut out = Transcript::new(trace);
    out.step(step);
    out.text
}

struct Transcript<'a> {
    trace: &'a Trace,
    names: Vec<String>,
    text: String,
}

impl<'a> Transcript<'a> {
    fn new(trace: &'a Trace) -> Self {
        Transcript {
            trace,
            names: trace.nodes.iter().map(|n| n.name.clone()).collect(),
            text: String::new(),
        }
    }

    fn line(&mut self, depth: usize, text: &str) {
        // An event stands as a schedule can hold it; all else is for people.
        let named = (depth > 0).then(|| named(text, &self.names));
        let text = clean(named.as_deref().unwrap_or(text), false);
        writeln!(self.text, "{:indent$}{text}", "", indent = 2 * depth)
            .expect("writing to a string succeeds");
    }

    fn name(&self, node: usize) -> String {
        let unknown = || format!("node {node}");
        self.trace
            .nodes
            .get(node)
            .map_or_else(unknown, |n| n.name.clone())
    }

    fn step(&mut self, step: &StepRecord) {
        self.line(0, &step.event);
        let before = self.text.len();
        if let Some(at) = step.at {
            self.line(1, &format!("at {at}"));
        }
        if let What::ArriveAtDown(m) = &step.what {
            self.line(
                1,
                &format!("{} is down: the message is lost", self.name(m.dst)),
            );
        }
        if let Some(suspicion) = &step.suspicion {
            self.line(1, &format!("suspicion {suspicion}"));
        }
        let node = step.what.node();
        self.did(node.unwrap_or(usize::MAX), &step.did);
        for lost in &step.lost {
            let message = self.message(lost);
            self.line(1, &format!("lost {message}"));
        }
        if let (Some(node), Some(after)) = (node, &step.after) {
            self.stands(node, after);
        }
        self.properties(step.properties.iter());
        if self.text.len() == before {
            self.line(1, "nothing");
        }
    }

    fn message(&self, m: &Message) -> String {
        format!("{} -> {} {}", self.name(m.src), self.name(m.dst), m.message)
    }

    fn did(&mut self, node: usize, did: &Did) {
        for observed in &did.observed {
            let name = self.name(node);
            self.line(1, &format!("{name} {observed}"));
        }
        for saved in &did.saved {
            let how = if saved.forced { "forced" } else { "lazy" };
            self.line(1, &format!("save {how} {}", saved.record));
        }
        for sent in &did.sent {
            let message = self.message(&Message {
                src: node,
                dst: sent.dst,
                message: sent.message.clone(),
            });
            let lost = sent
                .lost
                .as_ref()
                .map_or_else(String::new, |why| format!(" ({why})"));
            self.line(1, &format!("send {message}{lost}"));
        }
    }

    fn stands(&mut self, node: usize, record: &NodeRecord) {
        let timers = if record.timers.is_empty() {
            String::new()
        } else {
            format!(" [{}]", record.timers.join(", "))
        };
        let name = self.name(node);
        self.line(1, &format!("{name}: {}{timers}", record.status));
    }

    fn properties<'p>(&mut self, changed: impl Iterator<Item = &'p PropertyStatus>) {
        for p in changed {
            let status = if p.holds { "holds" } else { "is violated" };
            let reason = p
                .reason
                .as_ref()
                .map_or_else(String::new, |r| format!(": {r}"));
            self.line(1, &format!("{} {status}{reason}", p.property));
        }
    }
}
