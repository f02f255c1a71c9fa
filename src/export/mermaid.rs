//! A run as a sequence diagram of Mermaid.
//!
//! - The first line is `sequenceDiagram`; every other line is indented by four spaces.
//! - `participant n0 as C (coordinator)`: nodes are n0, n1 … in their order; without a role there are no brackets.
//! - The start comes first, then each step; of a step, in this order:
//!   - what happened: a message that arrives is `n0->>n1: Prepare(1)`, at the step of its arrival; one that is lost is
//!     `n0-xn1: Yes(1) (lost)`, at the step that lost it, with `(lost)`, `(cut)` or `(C is down)`; a copy, a timer, a
//!     choice, a crash, a start, a cut and its end are notes;
//!   - a note if the node crashed inside the step;
//!   - a note with what its node decided, chose, committed, returned, or that it was elected;
//!   - what it sent into a cut, and what a cut lost;
//!   - a note over all for each property that is violated from here on.
//! - Of what was not recorded, a note says how many steps it is.
//! - In texts, control characters are blanks, and `# ; < > & % $` are written by number: `#35;`.

use super::{clean, ever_up, links, names};
use crate::model::Observation;
use crate::model::id::named;
use crate::trace::{Did, Message, StepRecord, Trace, What};

pub(super) fn mermaid(trace: &Trace) -> String {
    let mut out = Mermaid {
        trace,
        names: names(trace),
        text: "sequenceDiagram\n".to_owned(),
    };
    out.whole();
    out.text
}

struct Mermaid<'a> {
    trace: &'a Trace,
    names: Vec<String>,
    text: String,
}

impl Mermaid<'_> {
    fn whole(&mut self) {
        let trace = self.trace;
        for (node, info) in trace.nodes.iter().enumerate() {
            let role = escaped(&info.role);
            let role = if role.is_empty() {
                role
            } else {
                format!(" ({role})")
            };
            self.line(&format!(
                "participant n{node} as {}{role}",
                escaped(&info.name)
            ));
        }
        for (node, start) in trace.start.iter().enumerate() {
            self.did(node, &start.did);
        }
        for (step, nth) in trace.steps.iter().zip(1..) {
            self.gap(|after| after + 1 == nth);
            self.step(step, nth);
        }
        self.gap(|after| after >= trace.steps.len());
    }

    fn line(&mut self, text: &str) {
        self.text.push_str("    ");
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn worded(&self, text: &str) -> String {
        escaped(&named(text, &self.names))
    }

    fn note(&mut self, nodes: impl IntoIterator<Item = usize>, text: &str) {
        let nodes: Vec<usize> = nodes.into_iter().collect();
        let (Some(first), Some(last)) = (nodes.iter().min(), nodes.iter().max()) else {
            return;
        };
        let over = if first == last {
            format!("n{first}")
        } else {
            format!("n{first},n{last}")
        };
        self.line(&format!("Note over {over}: {text}"));
    }

    fn all(&mut self, text: &str) {
        self.note(0..self.names.len(), text);
    }

    /// What was not recorded, if it belongs here.
    fn gap(&mut self, is_here: impl Fn(usize) -> bool) {
        if let Some(gap) = self.trace.unrecorded.filter(|gap| is_here(gap.after)) {
            self.all(&format!("{} steps are not recorded", gap.steps));
        }
    }

    fn step(&mut self, step: &StepRecord, nth: usize) {
        self.event(step, nth);
        if let Some(node) = step.what.node() {
            if step.crash_after.is_some() {
                self.note([node], "crashes inside the step");
            }
            self.did(node, &step.did);
        }
        for message in &step.lost {
            self.lost(message, "cut");
        }
        for status in step.properties.iter().filter(|status| !status.holds) {
            let property = self.worded(&status.property);
            self.all(&format!("{property} is violated"));
        }
    }

    fn event(&mut self, step: &StepRecord, nth: usize) {
        match &step.what {
            What::Deliver(m) => {
                let text = self.worded(&m.message);
                self.line(&format!("n{}->>n{}: {text}", m.src, m.dst));
            }
            What::ArriveAtDown(m) => {
                let name = match self.trace.nodes.get(m.dst) {
                    Some(info) => info.name.clone(),
                    None => format!("node {}", m.dst),
                };
                self.lost(m, &format!("{} is down", escaped(&name)));
            }
            What::Drop(m) => self.lost(m, "lost"),
            What::Duplicate(m) => {
                let text = self.worded(&m.message);
                self.note([m.src, m.dst], &format!("{text} is duplicated"));
            }
            What::Timeout { node, timer } => {
                let timer = self.worded(timer);
                self.note([*node], &format!("{timer} fires"));
            }
            What::Choose { node, key, value } => {
                let text = format!("{} = {}", self.worded(key), self.worded(value));
                self.note([*node], &text);
            }
            What::Crash { node } => self.note([*node], "crashes"),
            What::Recover { node } if ever_up(self.trace, *node, nth) => {
                self.note([*node], "starts again");
            }
            What::Recover { node } => self.note([*node], "joins"),
            What::Cut { .. } | What::Heal { .. } => {
                let text = self.worded(&step.event);
                match links(&step.what).unwrap_or_default() {
                    [] => self.all(&text),
                    links => self.note(links.iter().flat_map(|&(a, b)| [a, b]), &text),
                }
            }
        }
    }

    /// What a handler decided, and what it sent into a cut.
    fn did(&mut self, node: usize, did: &Did) {
        let decisions = did.observed.iter().filter(|seen| is_decision(seen));
        let words: Vec<String> = decisions
            .map(|seen| self.worded(&seen.to_string()))
            .collect();
        if !words.is_empty() {
            self.note([node], &words.join(", "));
        }
        for sent in did.sent.iter().filter(|s| s.lost.as_deref() == Some("cut")) {
            let message = Message {
                src: node,
                dst: sent.dst,
                message: sent.message.clone(),
            };
            self.lost(&message, "cut");
        }
    }

    fn lost(&mut self, m: &Message, why: &str) {
        let text = self.worded(&m.message);
        self.line(&format!("n{}-xn{}: {text} ({why})", m.src, m.dst));
    }
}

fn is_decision(observation: &Observation) -> bool {
    matches!(
        observation,
        Observation::Decided { .. }
            | Observation::Chosen { .. }
            | Observation::Elected { .. }
            | Observation::Committed { .. }
            | Observation::Returned { .. }
    )
}

fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '#' | ';' | '<' | '>' | '&' | '%' | '$' => format!("#{};", u32::from(c)),
        c => c.to_string(),
    };
    clean(text).chars().map(escape).collect()
}
