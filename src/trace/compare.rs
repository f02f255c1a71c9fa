//! How a replay differs from its record.

use super::{NodeRecord, Step, Trace};

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
    text: fn(&Step) -> String,
}

/// In the order in which they are told: what a step did comes before what it left.
const FIELDS: [Field; 7] = [
    Field {
        name: "event",
        text: |step| step.event.clone(),
    },
    Field {
        name: "sent",
        text: |step| listed(&step.did.sent, |s| format!("{} to #{}", s.message, s.dst)),
    },
    Field {
        name: "saved",
        text: |step| listed(&step.did.saved, |s| s.record.clone()),
    },
    Field {
        name: "observed",
        text: |step| listed(&step.did.observed, ToString::to_string),
    },
    Field {
        name: "properties",
        text: |step| {
            listed(&step.properties, |p| {
                let verb = if p.holds { "holds" } else { "is broken" };
                format!("{} {verb}", p.property)
            })
        },
    },
    Field {
        name: "state",
        text: |step| recorded(step, |after| after.state.to_string()),
    },
    Field {
        name: "storage",
        text: |step| recorded(step, |after| after.storage.to_string()),
    },
];

fn listed<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn recorded(step: &Step, text: fn(&NodeRecord) -> String) -> String {
    step.after.as_ref().map_or_else(String::new, text)
}

impl Trace {
    /// The first step in which a replay differs from this record, and how.
    pub fn first_difference(&self, replay: &Trace) -> Option<Difference> {
        let starts = self.start.iter().zip(&replay.start).enumerate();
        for (node, (was, is)) in starts {
            if was != is {
                let name = self.nodes.get(node).map_or("?", |n| n.name.as_str());
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
                let (a, b) = ((field.text)(was), (field.text)(is));
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
        None
    }
}
