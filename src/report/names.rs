//! What things are called in a diagram: nodes, sets of nodes, messages.
//!
//! Invariant: every name is cleaned and short, and no more of a label is shown than tells it from
//! the others of its kind.

use super::story::Origin;
use super::telling::Common;
use super::text::{Detail, clean, fit, shorten};
use crate::model::cluster::enumerate;
use crate::model::id::named;
use crate::model::{Few, FewMap, Observation};
use crate::trace::{Trace, What};

/// The longest name of a node that is shown whole.
const NAME_MAX: usize = 12;
/// Labels are cut here before anything else is done to them.
const LABEL_MAX: usize = 200;

/// What a label is of. Labels of different sorts cannot be taken for one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    Message,
    Record,
    Timer,
    Choice,
}

/// What the subjects of observations count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Matter {
    Transaction,
    Choice,
    Request,
}

/// The names of a trace, fit to show.
#[derive(Debug)]
pub(super) struct DisplayNames {
    nodes: Vec<String>,
    roles: Vec<String>,
    /// The kinds of which there is more than one: only these need to show their values.
    various: Few<(Sort, String)>,
    /// What has to be told of messages beside their kind.
    common: Common,
    /// What nodes are called in a protocol that prints their ids, and what to write instead.
    ids: Vec<String>,
    /// The matters of which there is more than one subject.
    several: Few<Matter>,
    /// What nodes hold: `locks`, or what the protocol calls it.
    held: Few<String>,
    pub ascii: bool,
}

impl DisplayNames {
    pub fn new(trace: &Trace, ascii: bool) -> Self {
        let show = |text: &str| fit(&clean(&cap(text), ascii), NAME_MAX, ascii);
        let (various, common) = various(trace);
        DisplayNames {
            nodes: trace.nodes.iter().map(|n| show(&n.name)).collect(),
            roles: trace.nodes.iter().map(|n| show(&n.role)).collect(),
            various,
            common,
            ids: trace.nodes.iter().map(|n| n.name.clone()).collect(),
            several: several(trace),
            held: held(trace, ascii),
            ascii,
        }
    }

    /// Everything that nodes hold at times.
    pub fn held(&self) -> String {
        enumerate(self.held.iter().cloned())
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn name(&self, node: usize) -> String {
        let unknown = || format!("node {node}");
        self.nodes.get(node).cloned().unwrap_or_else(unknown)
    }

    pub fn role(&self, node: usize) -> &str {
        self.roles.get(node).map_or("", String::as_str)
    }

    /// The nodes of a set in a sentence: `P1 and P2`, `all participants`, `all`.
    pub fn set(&self, nodes: &Few<usize>, but: Option<usize>) -> String {
        let all = (0..self.len()).filter(|n| Some(*n) != but);
        if nodes.len() > 2 && all.eq(nodes.iter().copied()) {
            return "all".to_owned();
        }
        let role = nodes.first().map_or("", |n| self.role(*n));
        let alike = (0..self.len()).filter(|n| Some(*n) != but && self.role(*n) == role);
        if nodes.len() > 2 && !role.is_empty() && alike.eq(nodes.iter().copied()) {
            return format!("all {role}s");
        }
        enumerate(nodes.iter().map(|n| self.name(*n)))
    }

    /// A text, whole and safe to show.
    pub fn text(&self, text: &str) -> String {
        clean(&cap(&named(text, &self.ids)), self.ascii)
    }

    /// A label, safe to show. Values that tell it from no other of its sort are left out.
    pub fn label(&self, sort: Sort, label: &str, detail: Detail) -> String {
        let label = cap(&named(label, &self.ids));
        let kind = shorten(&label, Detail::Kind);
        if detail == Detail::Values && self.various.contains(&(sort, kind.clone())) {
            return clean(&shorten(&label, detail), self.ascii);
        }
        let telling = match sort {
            Sort::Message => self.common.telling(&kind, &label),
            _ => String::new(),
        };
        clean(&(kind + &telling), self.ascii)
    }

    /// The kind of a message and what sort of answer it is, if it has a word for that.
    pub fn answer(&self, label: &str) -> Option<(String, String)> {
        let label = cap(&named(label, &self.ids));
        let kind = shorten(&label, Detail::Kind);
        let sort = self.common.sort_of_answer(&kind, &label)?;
        Some((kind, sort))
    }

    /// The subject of an observation, if it tells it from others and its words do not name it.
    pub fn subject(&self, observation: &Observation) -> Option<u64> {
        let (matter, subject) = matter(observation)?;
        self.several.contains(&matter).then_some(subject)
    }

    /// `Prepare #3`: a message and the step that sent it.
    pub fn message(&self, label: &str, origin: Option<Origin>, detail: Detail) -> String {
        let label = self.label(Sort::Message, label, detail);
        origin.map_or_else(|| label.clone(), |o| format!("{label} #{}", o.step))
    }
}

/// The kinds of which a trace has more than one, and what the messages of each have in common.
fn various(trace: &Trace) -> (Few<(Sort, String)>, Common) {
    let mut first: FewMap<(Sort, String), String> = FewMap::new();
    let mut seen: Few<&str> = Few::new();
    let mut various = Few::new();
    let mut common = Common::default();
    let starts = trace.start.iter().map(|s| (None, &s.did));
    let steps = trace.steps.iter().map(|s| (Some(&s.what), &s.did));
    for (what, did) in starts.chain(steps) {
        let subject = match what {
            Some(What::Timeout { timer, .. }) => Some((Sort::Timer, timer)),
            Some(What::Choose { value, .. }) => Some((Sort::Choice, value)),
            Some(what) => what.message().map(|m| (Sort::Message, &m.message)),
            None => None,
        };
        let sent = did.sent.iter().map(|s| (Sort::Message, &s.message));
        let saved = did.saved.iter().map(|s| (Sort::Record, &s.record));
        for (sort, label) in subject.into_iter().chain(sent).chain(saved) {
            let new = sort == Sort::Message && seen.insert(label);
            let label = cap(label);
            let key = (sort, shorten(&label, Detail::Kind));
            if new {
                common.see(&key.1, &label);
            }
            if *first.of_or(key.clone(), || label.clone()) != label {
                various.insert(key);
            }
        }
    }
    (various, common)
}

/// All that was observed.
fn observed(trace: &Trace) -> impl Iterator<Item = &Observation> {
    let starts = trace.start.iter().map(|s| &s.did);
    let all = starts.chain(trace.steps.iter().map(|s| &s.did));
    all.flat_map(|did| did.observed.iter())
}

/// What nodes hold at times, each thing once.
fn held(trace: &Trace, ascii: bool) -> Few<String> {
    let thing = |observation: &Observation| match observation {
        Observation::Locked { .. } => Some("locks".to_owned()),
        Observation::Took { thing } => Some(clean(&cap(thing), ascii)),
        _ => None,
    };
    observed(trace).filter_map(thing).collect()
}

/// The matters of which a trace has more than one subject.
fn several(trace: &Trace) -> Few<Matter> {
    let mut first: FewMap<Matter, u64> = FewMap::new();
    observed(trace)
        .filter_map(matter)
        .filter(|(matter, subject)| first.of_or(*matter, || *subject) != subject)
        .map(|(matter, _)| matter)
        .collect()
}

fn matter(observation: &Observation) -> Option<(Matter, u64)> {
    match observation {
        Observation::Intends { subject, .. }
        | Observation::Voted { subject, .. }
        | Observation::Decided { subject, .. }
        | Observation::Locked { subject }
        | Observation::Released { subject } => Some((Matter::Transaction, *subject)),
        Observation::Chosen { subject, .. } => Some((Matter::Choice, *subject)),
        Observation::Invoked { subject, .. } | Observation::Returned { subject, .. } => {
            Some((Matter::Request, *subject))
        }
        Observation::Accepted { .. }
        | Observation::Elected { .. }
        | Observation::Committed { .. }
        | Observation::Executed { .. }
        | Observation::Applied { .. }
        | Observation::Took { .. }
        | Observation::Gave { .. }
        | Observation::Noted { .. } => None,
    }
}

fn cap(text: &str) -> String {
    text.chars().take(LABEL_MAX).collect()
}
