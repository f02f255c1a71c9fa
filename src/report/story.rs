//! A trace as it unfolds: how each node stands, and which send a delivery goes back to.
//!
//! Invariant: a fold over the steps, from the first; nothing outside the trace is asked. Node
//! positions come from files, so each is looked up, never assumed. Knows nothing of pictures.

use std::collections::BTreeMap;

use super::state;
use crate::model::{Few, KeyState, Observation};
use crate::trace::{Did, Message, NodeRecord, StepRecord, Trace, What};

/// How a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    NotStarted,
    Up,
    Locked,
    Down,
}

/// Where a message comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// The step that sent it; 0 is the start.
    pub step: usize,
    /// The network made it from another, in this step.
    pub copied_in: Option<usize>,
}

impl Origin {
    pub fn is_copy(self) -> bool {
        self.copied_in.is_some()
    }
}

/// What a step looked like from the steps before it.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub number: usize,
    pub step: &'a StepRecord,
    /// Where the message of the event comes from.
    pub origin: Option<Origin>,
    /// Where the messages come from that a cut lost.
    pub lost: Vec<Option<Origin>>,
    /// The node of the event before it.
    pub before: Option<&'a NodeRecord>,
    /// What mattered of its state, when it was up last.
    pub key_before: Option<&'a KeyState>,
    /// It had never started.
    pub joins: bool,
}

impl<'a> Scene<'a> {
    /// What matters of the state of its node now, if that is up.
    fn key_after(&self) -> Option<&'a KeyState> {
        let after = self.step.after.as_ref().filter(|after| after.up)?;
        (!after.key_state.is_empty()).then_some(&after.key_state)
    }

    /// What of that is new.
    pub fn changes(&self) -> Vec<String> {
        let after = self.key_after();
        after.map_or_else(Vec::new, |after| state::changes(self.key_before, after))
    }

    /// The entries of a log that are gone.
    pub fn overwritten(&self) -> Vec<String> {
        let after = self.key_after();
        after.map_or_else(Vec::new, |after| state::overwritten(self.key_before, after))
    }
}

/// The links of a cut.
type Links = [(usize, usize)];

type Channels<'a> = BTreeMap<(usize, usize, &'a str), Vec<Origin>>;

/// What a node holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Held<'a> {
    Locks(u64),
    Thing(&'a str),
}

/// The fold.
#[derive(Debug)]
pub(super) struct Story<'a> {
    trace: &'a Trace,
    standing: Vec<Condition>,
    /// What each node holds: locks of a subject, or a thing by its name.
    holds: Vec<Few<Held<'a>>>,
    records: Vec<Option<&'a NodeRecord>>,
    /// What mattered of the state of each node, when it was up last.
    keys: Vec<Option<&'a KeyState>>,
    /// The cuts that last.
    cuts: Vec<&'a Links>,
    flight: Channels<'a>,
    steps: usize,
}

impl<'a> Story<'a> {
    /// The nodes have started.
    pub fn begin(trace: &'a Trace) -> Self {
        let nodes = trace.nodes.len();
        let mut story = Story {
            trace,
            standing: vec![Condition::Up; nodes],
            holds: vec![Few::new(); nodes],
            records: vec![None; nodes],
            keys: vec![None; nodes],
            cuts: Vec::new(),
            flight: BTreeMap::new(),
            steps: 0,
        };
        for (node, start) in trace.start.iter().enumerate().take(nodes) {
            story.records[node] = Some(&start.after);
            story.remember(node, &start.after);
            if !start.after.up {
                story.standing[node] = Condition::NotStarted;
            }
            story.react(node, &start.did);
        }
        story
    }

    /// How many steps have happened.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The number of the step that happened last, in the run.
    pub fn number(&self) -> usize {
        self.trace.number(self.steps)
    }

    pub fn standing(&self, node: usize) -> Condition {
        self.standing.get(node).copied().unwrap_or(Condition::Up)
    }

    pub fn record(&self, node: usize) -> Option<&'a NodeRecord> {
        self.records.get(node).copied().flatten()
    }

    /// Whether a cut keeps messages of one node from another.
    pub fn is_cut(&self, src: usize, dst: usize) -> bool {
        self.cuts.iter().any(|links| links.contains(&(src, dst)))
    }

    /// The cuts that last.
    pub fn cuts(&self) -> impl Iterator<Item = &'a Links> {
        self.cuts.iter().copied()
    }

    fn remember(&mut self, node: usize, record: &'a NodeRecord) {
        if record.up && !record.key_state.is_empty() {
            self.keys[node] = Some(&record.key_state);
        }
    }

    /// What is still on its way, each with the step that sent it.
    pub fn in_flight(&self) -> impl Iterator<Item = (usize, usize, &'a str, Origin)> {
        self.flight
            .iter()
            .flat_map(|(&(src, dst, text), all)| all.iter().map(move |o| (src, dst, text, *o)))
    }

    /// The next step happens.
    pub fn next(&mut self) -> Option<Scene<'a>> {
        let step = self.trace.steps.get(self.steps)?;
        self.steps += 1;
        let actor = step.what.actor();
        let scene = Scene {
            number: self.number(),
            step,
            origin: step.what.message().and_then(|m| self.origin(m, &step.what)),
            lost: step.lost.iter().map(|m| self.take(m, true)).collect(),
            before: actor.and_then(|node| self.record(node)),
            key_before: actor.and_then(|node| self.keys.get(node).copied().flatten()),
            joins: actor.is_some_and(|n| self.standing(n) == Condition::NotStarted),
        };
        if let Some(node) = actor.filter(|n| *n < self.standing.len()) {
            self.react(node, &step.did);
            self.stand(node, step);
        }
        match &step.what {
            What::Cut { links } => self.cuts.push(links),
            What::Heal { links } => {
                if let Some(at) = self.cuts.iter().position(|cut| cut == links) {
                    self.cuts.remove(at);
                }
            }
            _ => {}
        }
        Some(scene)
    }

    fn stand(&mut self, node: usize, step: &'a StepRecord) {
        if let Some(after) = &step.after {
            self.records[node] = Some(after);
            self.remember(node, after);
        }
        let crashed = step.crash_after.is_some() || matches!(step.what, What::Crash { .. });
        if crashed {
            // What it holds is given up with everything else that is volatile.
            self.holds[node].clear();
            self.standing[node] = Condition::Down;
        } else {
            self.standing[node] = if self.holds[node].is_empty() {
                Condition::Up
            } else {
                Condition::Locked
            };
        }
    }

    fn react(&mut self, node: usize, did: &'a Did) {
        for sent in did.sent.iter().filter(|s| s.lost.is_none()) {
            let origin = Origin {
                step: self.number(),
                copied_in: None,
            };
            let key = (node, sent.dst, sent.message.as_str());
            self.flight.entry(key).or_default().push(origin);
        }
        for observation in &did.observed {
            match observation {
                Observation::Locked { subject } => self.holds[node].insert(Held::Locks(*subject)),
                Observation::Released { subject } => {
                    self.holds[node].remove(&Held::Locks(*subject))
                }
                Observation::Took { thing } => self.holds[node].insert(Held::Thing(thing)),
                Observation::Gave { thing } => self.holds[node].remove(&Held::Thing(thing)),
                _ => false,
            };
        }
        if !self.holds[node].is_empty() && self.standing[node] == Condition::Up {
            self.standing[node] = Condition::Locked;
        }
    }

    /// Finds the message of an event, and does to it what the event does. Equal messages cannot
    /// be told apart: the first to arrive is called the original.
    fn origin(&mut self, m: &'a Message, what: &What) -> Option<Origin> {
        let now = self.number();
        match what {
            What::Duplicate(_) => {
                let all = self.flight.get_mut(&(m.src, m.dst, m.message.as_str()))?;
                let origin = *all.first()?;
                all.push(Origin {
                    copied_in: Some(now),
                    ..origin
                });
                Some(origin)
            }
            What::Drop(_) => self.take(m, true),
            _ if self.trace.links.never_forgets => {
                let all = self.flight.get_mut(&(m.src, m.dst, m.message.as_str()))?;
                let first = all.first_mut()?;
                Some(std::mem::replace(
                    first,
                    Origin {
                        copied_in: Some(now),
                        ..*first
                    },
                ))
            }
            _ => self.take(m, false),
        }
    }

    /// Takes a message out of flight; a copy first if it is to be lost.
    fn take(&mut self, m: &'a Message, copy_first: bool) -> Option<Origin> {
        let all = self.flight.get_mut(&(m.src, m.dst, m.message.as_str()))?;
        let copy = all.iter().position(|o| o.is_copy()).filter(|_| copy_first);
        let at = copy.unwrap_or(0);
        (at < all.len()).then(|| all.remove(at))
    }
}
