//! How a replay differs from its record.

use super::{NodeRecord, StepRecord, Trace};

/// How two traces of the same schedule differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The first step that differs, counted from 1; 0 for the start.
    pub step: usize,
    pub event: String,
    /// What differs: `sent`, `saved`, `observed`, `state` …
    pub field: &'static str,
    pub was: String,
    pub is: String,
}

/// One thing in which steps can differ, as text.
struct Field {
    name: &'static str,
    text: fn(&Trace, &StepRecord) -> String,
}

/// In the order in which they are told: what a step did comes before what it left.
const FIELDS: [Field; 7] = [
    Field {
        name: "event",
        text: |_, step| step.event.clone(),
    },
    Field {
        name: "sent",
        text: |trace, step| {
            listed(&step.did.sent, |s| {
                format!("{} to {}", s.message, trace.node(s.dst))
            })
        },
    },
    Field {
        name: "saved",
        text: |_, step| listed(&step.did.saved, |s| s.record.clone()),
    },
    Field {
        name: "observed",
        text: |_, step| listed(&step.did.observed, ToString::to_string),
    },
    Field {
        name: "properties",
        text: |_, step| {
            listed(&step.properties, |p| {
                let verb = if p.holds { "holds" } else { "is broken" };
                format!("{} {verb}", p.property)
            })
        },
    },
    Field {
        name: "state",
        text: |_, step| recorded(step, |after| after.state.to_string()),
    },
    Field {
        name: "storage",
        text: |_, step| recorded(step, |after| after.storage.to_string()),
    },
];

fn listed<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn recorded(step: &StepRecord, text: fn(&NodeRecord) -> String) -> String {
    step.after.as_ref().map_or_else(String::new, text)
}

impl Trace {
    /// The first step in which a replay differs from this record, and how.
    pub fn first_difference(&self, replay: &Trace) -> Option<Difference> {
        let starts = self.start.iter().zip(&replay.start).enumerate();
        for (node, (was, is)) in starts {
            if was != is {
                let name = self.node(node);
                return Some(Difference {
                    step: 0,
                    event: format!("start of {name}"),
                    field: "start",
                    was: format!("{:?} {}", was.did, was.after.state),
                    is: format!("{:?} {}", is.did, is.after.state),
                });
            }
        }
        let steps = self.steps.iter().zip(&replay.steps).enumerate();
        for (nth, (was, is)) in steps {
            for field in FIELDS {
                let (a, b) = ((field.text)(self, was), (field.text)(replay, is));
                if a != b {
                    return Some(Difference {
                        step: nth + 1,
                        event: was.event.clone(),
                        field: field.name,
                        was: a,
                        is: b,
                    });
                }
            }
        }
        let whole = |field, was: &str, is: &str| {
            (was != is).then(|| Difference {
                step: self.steps.len(),
                event: "the run as a whole".to_owned(),
                field,
                was: was.to_owned(),
                is: is.to_owned(),
            })
        };
        let verdict = |trace: &Trace| {
            let outcome = trace.verdict.as_ref();
            outcome.map_or_else(String::new, |o| {
                format!("{}. {}", o.verdict, o.sentences.join(" "))
            })
        };
        whole("hash", &self.hash, &replay.hash)
            .or_else(|| whole("verdict", &verdict(self), &verdict(replay)))
    }

    /// The name of a node, if it has one.
    fn node(&self, position: usize) -> &str {
        let node = self.nodes.get(position);
        node.map_or("?", |node| node.name.as_str())
    }
}
