//! How a replay differs from its record.
//!
//! Invariant: everything that a record holds of a run is compared: each step, what it began with and what it
//! came to. What a record does not hold, since it was written before there was such a thing, is no difference.

use serde::Serialize;
use serde_json::Value as Json;

use super::{Did, NodeRecord, PropertyStatus, StartRecord, StepRecord, Trace};

/// What an event is called where the difference is in no step, but in what all of them came to.
const WHOLE: &str = "the run as a whole";

/// How two traces of the same schedule differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The first step that differs, counted from 1; 0 for the start.
    pub step: usize,
    pub event: String,
    /// What differs: `sent`, `saved`, `observed`, `state.term`, `facts.delivered` …
    pub field: String,
    pub was: String,
    pub is: String,
}

impl Difference {
    /// Whether no step differs, but how many there are, or what they came to.
    pub fn is_of_whole(&self) -> bool {
        self.event == WHOLE
    }
}

/// One thing in which two records differ.
struct Differing {
    field: String,
    was: String,
    is: String,
}

impl Differing {
    fn at(self, step: usize, event: &str) -> Difference {
        let Differing { field, was, is } = self;
        Difference {
            step,
            event: event.to_owned(),
            field,
            was,
            is,
        }
    }
}

impl Trace {
    /// The first thing in which a replay differs from this record, and how.
    pub fn first_difference(&self, replay: &Trace) -> Option<Difference> {
        let before = whole("nodes", &self.nodes, &replay.nodes);
        before
            .map(|differing| differing.at(0, "the nodes"))
            .or_else(|| self.start_differs(replay))
            .or_else(|| self.step_differs(replay))
            .or_else(|| self.end_differs(replay))
    }

    fn start_differs(&self, replay: &Trace) -> Option<Difference> {
        let pairs = self.start.iter().zip(&replay.start).enumerate();
        for (node, (was, is)) in pairs {
            let StartRecord { did, after } = was;
            let differing = self
                .did_differs(did, &is.did)
                .or_else(|| node_differs(after, &is.after));
            if let Some(differing) = differing {
                return Some(differing.at(0, &format!("start of {}", self.node(node))));
            }
        }
        let differing = whole("starts", &self.start.len(), &replay.start.len())
            .or_else(|| properties_differ(&self.properties, &replay.properties));
        differing.map(|differing| differing.at(0, "the start"))
    }

    fn step_differs(&self, replay: &Trace) -> Option<Difference> {
        let pairs = self.steps.iter().zip(&replay.steps).enumerate();
        for (nth, (was, is)) in pairs {
            let StepRecord {
                at,
                event,
                what,
                crash_after,
                suspicion,
                did,
                lost,
                after,
                properties,
            } = was;
            let messages = |lost: &[super::Message]| {
                listed(lost, |m| format!("{} to {}", m.message, self.node(m.dst)))
            };
            let differing = told("event", event, &is.event, String::clone)
                .or_else(|| if_recorded("at", at.as_ref(), is.at.as_ref()))
                .or_else(|| whole("what", what, &is.what))
                .or_else(|| {
                    if_recorded("crash_after", crash_after.as_ref(), is.crash_after.as_ref())
                })
                .or_else(|| if_recorded("suspicion", suspicion.as_ref(), is.suspicion.as_ref()))
                .or_else(|| self.did_differs(did, &is.did))
                .or_else(|| told("lost", lost, &is.lost, |lost| messages(lost)))
                .or_else(|| properties_differ(properties, &is.properties))
                .or_else(|| match (after, &is.after) {
                    (Some(was), Some(is)) => node_differs(was, is),
                    (was, is) => if_recorded("after", was.as_ref(), is.as_ref()),
                });
            if let Some(differing) = differing {
                return Some(differing.at(nth + 1, event));
            }
        }
        let differing = whole("steps", &self.steps.len(), &replay.steps.len());
        differing.map(|differing| differing.at(self.steps.len(), WHOLE))
    }

    fn end_differs(&self, replay: &Trace) -> Option<Difference> {
        let verdict = |trace: &Trace| {
            let outcome = trace.verdict.as_ref();
            outcome.map_or_else(String::new, |o| {
                format!("{}. {}", o.verdict, o.sentences.join(" "))
            })
        };
        let differing = told("hash", &self.hash, &replay.hash, String::clone)
            .or_else(|| tally("facts", &self.facts, &replay.facts))
            .or_else(|| tally("costs", &self.costs, &replay.costs))
            .or_else(|| told("verdict", &verdict(self), &verdict(replay), String::clone));
        differing.map(|differing| differing.at(self.steps.len(), WHOLE))
    }

    fn did_differs(&self, was: &Did, is: &Did) -> Option<Differing> {
        let Did {
            sent,
            saved,
            observed,
        } = was;
        told("sent", sent, &is.sent, |sent| {
            listed(sent, |s| {
                let lost = s.lost.iter().map(|why| format!(" ({why})"));
                let lost: String = lost.collect();
                format!("{} to {}{lost}", s.message, self.node(s.dst))
            })
        })
        .or_else(|| {
            told("saved", saved, &is.saved, |saved| {
                listed(saved, |s| {
                    let how = if s.forced { "forced" } else { "lazy" };
                    format!("{} ({how})", s.record)
                })
            })
        })
        .or_else(|| {
            told("observed", observed, &is.observed, |observed| {
                listed(observed, ToString::to_string)
            })
        })
    }

    /// The name of a node, if it has one.
    fn node(&self, position: usize) -> &str {
        let node = self.nodes.get(position);
        node.map_or("?", |node| node.name.as_str())
    }
}

fn node_differs(was: &NodeRecord, is: &NodeRecord) -> Option<Differing> {
    let NodeRecord {
        up,
        status,
        key_state,
        state,
        storage,
        timers,
    } = was;
    // Older records have none.
    let key_state = || {
        let recorded = Some(key_state).filter(|recorded| !recorded.is_empty())?;
        whole("key-state", recorded, &is.key_state)
    };
    let up_or_down = |up: &bool| if *up { "up" } else { "down" }.to_owned();
    told("up", up, &is.up, up_or_down)
        .or_else(|| told("status", status, &is.status, String::clone))
        .or_else(|| whole("state", state, &is.state))
        .or_else(|| whole("storage", storage, &is.storage))
        .or_else(|| told("timers", timers, &is.timers, |timers| timers.join(", ")))
        .or_else(key_state)
}

fn properties_differ(was: &[PropertyStatus], is: &[PropertyStatus]) -> Option<Differing> {
    let status = |p: &PropertyStatus| {
        let PropertyStatus {
            property,
            holds,
            reason,
        } = p;
        match (holds, reason) {
            (true, None) => format!("{property} holds"),
            (true, Some(reason)) => format!("{property} holds: {reason}"),
            (false, None) => format!("{property} is broken"),
            (false, Some(reason)) => format!("{property} is broken: {reason}"),
        }
    };
    told("properties", was, is, |properties| {
        listed(properties, status)
    })
}

fn listed<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// A difference of two things as people call them; where that sounds the same, as they are written.
fn told<T: PartialEq + Serialize + ?Sized>(
    field: &str,
    was: &T,
    is: &T,
    text: impl Fn(&T) -> String,
) -> Option<Differing> {
    if was == is {
        return None;
    }
    let (a, b) = (text(was), text(is));
    if a == b {
        return whole(field, was, is);
    }
    Some(Differing {
        field: field.to_owned(),
        was: a,
        is: b,
    })
}

/// The same of what records need not hold.
fn if_recorded<T: PartialEq + Serialize>(
    field: &str,
    was: Option<&T>,
    is: Option<&T>,
) -> Option<Differing> {
    was.and_then(|was| whole(field, &Some(was), &is))
}

/// The first place in which two things differ as they are written.
fn whole<T: PartialEq + Serialize + ?Sized>(field: &str, was: &T, is: &T) -> Option<Differing> {
    if was == is {
        return None;
    }
    within(field, &json(was), &json(is), false)
}

/// The first number in which two tallies differ, of those that were recorded.
fn tally<T: Serialize>(field: &str, was: &T, is: &T) -> Option<Differing> {
    within(field, &json(was), &json(is), true)
}

fn json<T: Serialize + ?Sized>(value: &T) -> Json {
    serde_json::to_value(value).unwrap_or(Json::Null)
}

/// The first place in which two values differ; what only the second has counts unless it `may_lack` in
/// the first.
fn within(place: &str, was: &Json, is: &Json, may_lack: bool) -> Option<Differing> {
    match (was, is) {
        (Json::Object(a), Json::Object(b)) if a.keys().any(|key| b.contains_key(key)) => {
            let more = b.keys().filter(|key| !may_lack && !a.contains_key(*key));
            let entry = |of: &serde_json::Map<String, Json>, key: &str| {
                of.get(key).cloned().unwrap_or(Json::Null)
            };
            a.keys().chain(more).find_map(|key| {
                let place = format!("{place}.{key}");
                within(&place, &entry(a, key), &entry(b, key), may_lack)
            })
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs.find_map(|(nth, (was, is))| within(&format!("{place}[{nth}]"), was, is, may_lack))
        }
        _ => (was != is).then(|| Differing {
            field: place.to_owned(),
            was: plain(was),
            is: plain(is),
        }),
    }
}

/// A text without its quotation marks.
fn plain(value: &Json) -> String {
    match value {
        Json::Null => "nothing".to_owned(),
        Json::String(text) => text.clone(),
        value => value.to_string(),
    }
}
