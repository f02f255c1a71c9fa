//! A step in a few words, as many as there is room for.
//!
//! Invariant: what comes back is cleaned and fits the columns given. Knows no lanes.

use std::collections::BTreeSet;

use super::story::{Origin, Scene};
use super::text::{Detail, clean, fit, shorten, width};
use crate::model::Observation;
use crate::model::cluster::enumerate;
use crate::trace::{Did, Message, Sent, Trace, What};

/// The longest name of a node that is shown whole.
const NAME_MAX: usize = 12;
/// Labels are cut here before anything else is done to them.
const LABEL_MAX: usize = 200;

/// The names of a trace, fit to show.
#[derive(Debug)]
pub(super) struct Names {
    names: Vec<String>,
    roles: Vec<String>,
    pub ascii: bool,
}

impl Names {
    pub fn new(trace: &Trace, ascii: bool) -> Self {
        let show = |text: &str| fit(&clean(&cap(text), ascii), NAME_MAX, ascii);
        Names {
            names: trace.nodes.iter().map(|n| show(&n.name)).collect(),
            roles: trace.nodes.iter().map(|n| show(&n.role)).collect(),
            ascii,
        }
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn name(&self, node: usize) -> String {
        let unknown = || format!("node {node}");
        self.names.get(node).cloned().unwrap_or_else(unknown)
    }

    pub fn role(&self, node: usize) -> &str {
        self.roles.get(node).map_or("", String::as_str)
    }

    /// The nodes of a set in a sentence: `P1 and P2`, `all participants`, `all`.
    pub fn set(&self, nodes: &BTreeSet<usize>, but: Option<usize>) -> String {
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

    pub fn label(&self, label: &str, detail: Detail) -> String {
        clean(&shorten(&cap(label), detail), self.ascii)
    }

    /// `Prepare #3`: a message and the step that sent it.
    pub fn message(&self, label: &str, origin: Option<Origin>, detail: Detail) -> String {
        let label = self.label(label, detail);
        origin.map_or_else(|| label.clone(), |o| format!("{label} #{}", o.step))
    }
}

fn cap(text: &str) -> String {
    text.chars().take(LABEL_MAX).collect()
}

/// How much a text says; the first that fits is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Full,
    Values,
    Kinds,
    /// The marks on the lane tell of saves.
    NoSaves,
    Terse,
}

const LEVELS: [Level; 5] = [
    Level::Full,
    Level::Values,
    Level::Kinds,
    Level::NoSaves,
    Level::Terse,
];

impl Level {
    fn detail(self) -> Detail {
        match self {
            Level::Full => Detail::Full,
            Level::Values => Detail::Values,
            _ => Detail::Kind,
        }
    }
}

/// What a step meant. `is_drawn` says that the arrow bears the message's name.
pub(super) fn step(scene: &Scene<'_>, names: &Names, is_drawn: bool, columns: usize) -> String {
    let mut text = String::new();
    for level in LEVELS {
        text = sentence(scene, names, is_drawn, level);
        if width(&text) <= columns {
            return text;
        }
    }
    fit(&text, columns, names.ascii)
}

/// What the first start of a node did.
pub(super) fn start(node: usize, did: &Did, names: &Names, columns: usize) -> String {
    let mut text = String::new();
    for level in LEVELS {
        text = format!("{} {}", names.name(node), reaction(did, node, names, level));
        if width(&text) <= columns {
            return text;
        }
    }
    fit(&text, columns, names.ascii)
}

fn sentence(scene: &Scene<'_>, names: &Names, is_drawn: bool, level: Level) -> String {
    let step = scene.step;
    let lost = |m: &Message, what: &str| {
        let label = names.label(&m.message, level.detail());
        format!("{label} to {} {what}", names.name(m.dst))
    };
    match &step.what {
        What::Deliver(m) => {
            let node = names.name(m.dst);
            let copy = scene.origin.is_some_and(|o| o.copy);
            let gets = match (is_drawn, copy) {
                (true, true) => " gets a copy:".to_owned(),
                (true, false) => String::new(),
                (false, _) => {
                    let text = names.message(&m.message, scene.origin, level.detail());
                    let copy = if copy { " again" } else { "" };
                    format!(" gets {text}{copy}:")
                }
            };
            format!("{node}{gets} {}", handled(scene, m.dst, names, level))
        }
        What::ArriveAtDown(m) => {
            let label = names.label(&m.message, level.detail());
            format!("{} is down: {label} is lost", names.name(m.dst))
        }
        What::Timeout { node, timer } => {
            let timer = names.label(timer, level.detail());
            let wrongly = match step.suspicion.as_deref() {
                Some("false") => " wrongly",
                Some("early") => " too early",
                _ => "",
            };
            let did = handled(scene, *node, names, level);
            let name = names.name(*node);
            if level >= Level::NoSaves {
                format!("{name} times out{wrongly}: {did}")
            } else {
                format!("{name}'s timer {timer} fires{wrongly}: {did}")
            }
        }
        What::Choose { node, key, value } => {
            let key = names.label(key, Detail::Full);
            let value = names.label(value, level.detail());
            let did = if step.did == Did::default() && step.crash_after.is_none() {
                String::new()
            } else {
                format!(": {}", handled(scene, *node, names, level))
            };
            format!("{}'s {key} is {value}{did}", names.name(*node))
        }
        What::Crash { node } => format!("{} crashes", names.name(*node)),
        What::Drop(m) => lost(m, "is dropped"),
        What::Duplicate(m) => lost(m, "is duplicated"),
        What::Cut { .. } => match step.lost.len() {
            0 => "the network splits".to_owned(),
            n => format!("the network splits; {n} lost on the way"),
        },
        What::Recover { node } => {
            let verb = if scene.joins { "joins" } else { "recovers" };
            let did = if step.did == Did::default() && step.crash_after.is_none() {
                String::new()
            } else {
                format!(": {}", handled(scene, *node, names, level))
            };
            format!("{} {verb}{did}", names.name(*node))
        }
        What::Heal { .. } => "the network heals".to_owned(),
    }
}

/// What a handler did, or that it did nothing.
fn handled(scene: &Scene<'_>, node: usize, names: &Names, level: Level) -> String {
    let step = scene.step;
    let did = reaction(&step.did, node, names, level);
    if step.crash_after.is_some() {
        return if did.is_empty() {
            "crashes before it can act".to_owned()
        } else {
            format!("{did}, then crashes")
        };
    }
    if !did.is_empty() {
        return did;
    }
    match (scene.before, &step.after) {
        (Some(before), Some(after)) if before == after => "changes nothing".to_owned(),
        (Some(before), Some(after)) if before.status != after.status => {
            format!("is now {}", names.label(&after.status, Detail::Full))
        }
        _ => "takes note".to_owned(),
    }
}

/// Observations, saves and sends, in words.
fn reaction(did: &Did, node: usize, names: &Names, level: Level) -> String {
    let mut parts = Vec::new();
    let observed: Vec<String> = did
        .observed
        .iter()
        .map(|o| observation(o, names, level))
        .collect();
    if !observed.is_empty() {
        parts.push(observed.join(", "));
    }
    if level < Level::NoSaves {
        for saved in &did.saved {
            let verb = if saved.forced { "forces" } else { "writes" };
            let record = names.label(&saved.record, level.detail());
            parts.push(format!("{verb} {record}"));
        }
    }
    let verb = if level == Level::Terse { "" } else { "sends " };
    for (label, to) in groups(&did.sent, level.detail()) {
        let to = names.set(&to, Some(node));
        parts.push(format!("{verb}{} to {to}", clean(&label, names.ascii)));
    }
    parts.join("; ")
}

fn observation(observed: &Observation, names: &Names, level: Level) -> String {
    match observed {
        Observation::Locked { .. } if level >= Level::NoSaves => "locks".to_owned(),
        Observation::Released { .. } if level >= Level::NoSaves => "unlocks".to_owned(),
        other => names.label(&other.to_string(), Detail::Full),
    }
}

/// What was sent, each message once with all it went to. What was lost at once is left out: it
/// has a line of its own.
fn groups(sent: &[Sent], detail: Detail) -> Vec<(String, BTreeSet<usize>)> {
    let mut groups: Vec<(String, BTreeSet<usize>)> = Vec::new();
    for s in sent.iter().filter(|s| s.lost.is_none()) {
        let label = shorten(&cap(&s.message), detail);
        match groups.iter_mut().find(|(l, _)| *l == label) {
            Some((_, to)) => {
                to.insert(s.dst);
            }
            None => groups.push((label, BTreeSet::from([s.dst]))),
        }
    }
    groups
}
