//! A run as a page shows it: its trace, each step in words, where each message went, and what lasts.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use super::pack::packed;
use crate::explain::{
    Background, Causes, Explanation, Fate, Span, Strip, explain, fates, observed, rule_of, spans,
    strips,
};
use crate::model::event::kind;
use crate::model::operation::{Linearization, Operation};
use crate::report::{Telling, Weight, telling};
use crate::trace::{Trace, What};

/// A run, and all that is said of it.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// What tells it from the others of a page.
    pub name: String,
    /// Of protocol, parameters, scenario and schedule: links to a step carry it.
    pub id: String,
    /// Command lines that go on from here.
    pub commands: Vec<String>,
    /// Why the record does not replay any more with the program that made the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_longer: Option<String>,
    /// The text of its scenario file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// See [`super::Page::trace_of`].
    trace: Json,
    rules: Vec<String>,
    /// Messages, timers and records: whole, and no longer than tells each from others of its kind.
    labels: Vec<(String, String)>,
    told: Vec<Told>,
    arrows: Vec<Arrow>,
    spans: Vec<Span>,
    strips: Vec<Strip>,
    operations: Option<Shown>,
    explanation: Option<Explanation>,
}

/// A step in words. Steps are counted from 1 as they were recorded; 0 is the start.
#[derive(Clone, Debug, Serialize)]
struct Told {
    words: String,
    /// The kind of its message or timer, or of the fault.
    kind: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<String>,
    weight: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<usize>,
    /// The steps that it came directly after.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    after: Vec<usize>,
    /// The entries of a log that it took out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    overwritten: Vec<String>,
}

/// A message from where it was sent to what became of it.
#[derive(Clone, Debug, Serialize)]
struct Arrow {
    src: usize,
    dst: usize,
    label: usize,
    from: usize,
    fate: &'static str,
    /// The step of its fate.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<usize>,
    /// The network made it from another.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    copy: bool,
}

/// What clients asked for, and whether an order explains what they were told.
#[derive(Clone, Debug, Serialize)]
struct Shown {
    list: Vec<Operation>,
    #[serde(flatten)]
    linearization: Linearization,
}

/// Nothing if the protocol has no clients that could be judged so, or nobody asked for anything.
fn operations(trace: &Trace, background: &Background) -> Option<Shown> {
    let operations = observed(trace);
    let linearization = (background.linearize?)(&operations)?;
    Some(Shown {
        list: operations.list,
        linearization,
    })
}

impl Run {
    /// A run under a name, and what is known of its protocol beforehand.
    pub fn of(name: &str, trace: &Trace, background: &Background) -> Self {
        let telling = telling(trace, false);
        let causes = Causes::of(trace, &telling);
        let mut labels = Labels::default();
        let mut rules: Vec<String> = Vec::new();
        let mut told = Vec::new();
        for ((step, words), nth) in trace.steps.iter().zip(&telling.steps).zip(1..) {
            let rule = rule_of(trace, nth, background.rules).map(|rule| {
                rules.iter().position(|r| *r == rule).unwrap_or_else(|| {
                    rules.push(rule);
                    rules.len() - 1
                })
            });
            told.push(Told {
                words: words.words.clone(),
                kind: telling.text(&kind_of(&step.what)),
                changes: words.changes.clone(),
                weight: weight(words.weight),
                rule,
                after: causes.direct(nth).to_vec(),
                overwritten: words.overwritten.clone(),
            });
        }
        let arrows = fates(trace, &telling).into_iter().map(|sent| {
            let (fate, to) = match sent.fate {
                Fate::OnItsWay => ("flying", None),
                Fate::Arrived(step) => ("arrived", Some(step)),
                Fate::AtDown(step) => ("refused", Some(step)),
                Fate::Dropped(step) => ("dropped", Some(step)),
                // It was lost to a cut that came later, or that was there when it was sent.
                Fate::Cut(step) => ("cut", Some(step.max(sent.sent_in))),
                Fate::Absorbed => ("absorbed", None),
            };
            Arrow {
                src: sent.src,
                dst: sent.dst,
                label: labels.of(sent.label, &telling),
                from: sent.sent_in,
                fate,
                to,
                copy: sent.is_copy,
            }
        });
        Run {
            name: name.to_owned(),
            id: id(trace),
            commands: Vec::new(),
            no_longer: None,
            scenario: None,
            trace: packed(trace),
            arrows: arrows.collect(),
            rules,
            labels: labels.all,
            told,
            spans: spans(trace, &telling),
            strips: strips(trace, &telling),
            operations: operations(trace, background),
            explanation: explain(trace, background),
        }
    }
}

/// Labels, each once.
#[derive(Default)]
struct Labels<'a> {
    all: Vec<(String, String)>,
    places: BTreeMap<&'a str, usize>,
}

impl<'a> Labels<'a> {
    fn of(&mut self, label: &'a str, telling: &Telling<'_>) -> usize {
        *self.places.entry(label).or_insert_with(|| {
            self.all.push((telling.text(label), telling.message(label)));
            self.all.len() - 1
        })
    }
}

fn kind_of(what: &What) -> String {
    match what {
        What::Deliver(m) | What::ArriveAtDown(m) | What::Drop(m) | What::Duplicate(m) => {
            kind(&m.message).to_owned()
        }
        What::Timeout { timer, .. } => kind(timer).to_owned(),
        What::Choose { .. } => "choice".to_owned(),
        What::Crash { .. } => "crash".to_owned(),
        What::Cut { .. } => "cut".to_owned(),
        What::Recover { .. } => "recover".to_owned(),
        What::Heal { .. } => "heal".to_owned(),
    }
}

fn weight(weight: Weight) -> u8 {
    match weight {
        Weight::Quiet => 0,
        Weight::Refuses => 1,
        Weight::Matters => 2,
        Weight::Turns => 3,
        Weight::Breaks => 4,
    }
}

/// Eight hexadecimal digits of what a link to a step of this run depends on.
fn id(trace: &Trace) -> String {
    let Trace {
        protocol,
        params,
        origin,
        ..
    } = trace;
    let scenario = origin.scenario.as_deref().unwrap_or_default();
    let mut text = format!("{protocol}\n{params}\n{scenario}\n");
    for (_, event) in trace.schedule() {
        text.push_str(event);
        text.push('\n');
    }
    // FNV-1a (Fowler, Noll & Vo): the same on every platform.
    let fold = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let hash = text.bytes().fold(0x811c_9dc5, fold);
    format!("{hash:08x}")
}
