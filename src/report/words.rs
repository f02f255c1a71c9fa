//! A step in a few words, as many as there is room for.
//!
//! Invariant: what comes back is cleaned and fits the columns given, and its point is never cut: what does not
//! fit into a line goes on in the next. Knows no lanes.

use super::layout::Layout;
use super::names::{DisplayNames, Sort};
use super::story::{Origin, Scene};
use super::text::{Detail, fit, width, wrap};
use crate::model::{Few, Observation};
use crate::trace::{Did, Message, Sent, What};

/// How much a text says; the first that fits is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Values,
    Kinds,
    /// The marks on the lane tell of saves.
    NoSaves,
    Terse,
    /// The arrows to come tell of sends.
    Gist,
}

const LEVELS: [Level; 5] = [
    Level::Values,
    Level::Kinds,
    Level::NoSaves,
    Level::Terse,
    Level::Gist,
];

impl Level {
    fn detail(self) -> Detail {
        match self {
            Level::Values => Detail::Values,
            _ => Detail::Kind,
        }
    }
}

/// What stands beside a step: lines of words, and of what it changed of the state that matters, these with
/// the column where each begins.
pub(super) struct Beside {
    pub words: Vec<String>,
    pub state: Vec<(usize, String)>,
}

/// Words that take more lines are cut.
const LINES_MAX: usize = 8;

/// What a step meant, and what it changed. `is_drawn` says that the arrow bears the message's name.
pub(super) fn step(
    scene: &Scene<'_>,
    names: &DisplayNames,
    is_drawn: bool,
    layout: &Layout,
) -> Beside {
    let said = |level| sentence(scene, names, is_drawn, level);
    let changes = scene.changes();
    let changes: Vec<String> = changes.iter().map(|change| names.text(change)).collect();
    let separator = if names.ascii { ", " } else { " · " };
    let state = changes.join(separator);
    let columns = layout.text_width();
    if let Some(at) = layout.state {
        let lines = pack(&changes, separator, layout.width - at).into_iter();
        return Beside {
            words: in_lines(&said, columns, names.ascii),
            state: lines.take(LINES_MAX).map(|line| (at, line)).collect(),
        };
    }
    // On the step's own line, at its end, if that holds both; else below the words.
    let taken = width(&state) + 2;
    let beside = |text: &String| width(text) + taken <= columns;
    let fits = LEVELS.into_iter().map(said).find(beside);
    if let Some(text) = fits.filter(|_| !state.is_empty()) {
        return Beside {
            words: vec![text],
            state: vec![(layout.width - width(&state), state)],
        };
    }
    let words = in_lines(&said, columns, names.ascii);
    let mut below = vec![(layout.text, String::new()); words.len()];
    let lines = pack(&changes, separator, columns);
    let lines = lines.into_iter().take(LINES_MAX);
    below.extend(lines.map(|line| (layout.width - width(&line), line)));
    Beside {
        words,
        state: below,
    }
}

/// The least terse words that fit into a line; if none do, the tersest in several.
fn in_lines(said: &dyn Fn(Level) -> String, columns: usize, ascii: bool) -> Vec<String> {
    let mut text = String::new();
    for level in LEVELS {
        text = said(level);
        if width(&text) <= columns {
            return vec![text];
        }
    }
    let mut lines = wrap(&text, columns, 2);
    if lines.len() > LINES_MAX {
        let rest = lines.split_off(LINES_MAX - 1);
        let rest: Vec<&str> = rest.iter().map(|line| line.trim_start()).collect();
        lines.push(fit(&format!("  {}", rest.join(" ")), columns, ascii));
    }
    lines
}

/// `term 3 · commit 1`, in as many lines as it takes: no thing is divided that fits into a line.
fn pack(things: &[String], separator: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for thing in things {
        match lines.last_mut() {
            Some(line) if width(line) + width(separator) + width(thing) <= columns => {
                line.push_str(separator);
                line.push_str(thing);
            }
            _ => lines.extend(wrap(thing, columns, 2)),
        }
    }
    lines
}

/// What the first start of a node did.
pub(super) fn start(node: usize, did: &Did, names: &DisplayNames, columns: usize) -> Vec<String> {
    let said = |level| {
        format!(
            "{} {}",
            names.name(node),
            reaction(did, &[], node, names, level)
        )
    };
    in_lines(&said, columns, names.ascii)
}

/// A step in one sentence, with all it did.
pub(super) fn whole(scene: &Scene<'_>, names: &DisplayNames) -> String {
    sentence(scene, names, false, Level::Kinds)
}

fn sentence(scene: &Scene<'_>, names: &DisplayNames, is_drawn: bool, level: Level) -> String {
    let step = scene.step;
    let lost = |m: &Message, what: &str| {
        let label = names.label(Sort::Message, &m.message, level.detail());
        format!("{label} to {} {what}", names.name(m.dst))
    };
    match &step.what {
        What::Deliver(m) => {
            let mut node = names.name(m.dst);
            if is_drawn && only_sends(scene, level) {
                node.push(':');
            }
            let copy = scene.origin.is_some_and(Origin::is_copy);
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
            let label = names.label(Sort::Message, &m.message, level.detail());
            format!("{} is down: {label} is lost", names.name(m.dst))
        }
        What::Timeout { node, timer } => {
            let timer = names.label(Sort::Timer, timer, level.detail());
            let wrongly = match step.suspicion.as_deref() {
                Some("false") => " wrongly",
                Some("early") => " too early",
                _ => "",
            };
            let did = handled(scene, *node, names, level);
            let name = names.name(*node);
            // Whoever awaits nobody has nobody to give up on.
            let awaits = step.suspicion.is_some();
            match level {
                Level::Values => format!("{name}'s timer {timer} fires{wrongly}: {did}"),
                Level::Terse | Level::Gist if awaits => {
                    format!("{name} times out{wrongly}: {did}")
                }
                Level::Kinds | Level::NoSaves | Level::Terse => {
                    format!("{name}'s {timer} fires{wrongly}: {did}")
                }
                Level::Gist => format!("{name}'s {timer}: {did}"),
            }
        }
        What::Choose { node, key, value } => {
            let key = names.text(key);
            let value = names.label(Sort::Choice, value, level.detail());
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
        What::Cut { .. } => {
            let what = if is_drawn {
                "the network splits".to_owned()
            } else {
                names.text(&step.event)
            };
            match step.lost.len() {
                0 => what,
                n => format!("{what}; {n} lost on the way"),
            }
        }
        What::Recover { node } => {
            let verb = if scene.joins { "joins" } else { "recovers" };
            let did = if step.did == Did::default() && step.crash_after.is_none() {
                String::new()
            } else {
                format!(": {}", handled(scene, *node, names, level))
            };
            format!("{} {verb}{did}", names.name(*node))
        }
        What::Heal { .. } if is_drawn => "the network heals".to_owned(),
        What::Heal { .. } => names.text(&step.event),
    }
}

/// Whether its sends, without a verb, are all that is said of a step.
fn only_sends(scene: &Scene<'_>, level: Level) -> bool {
    let is_news = |o: &Observation| !matches!(o, Observation::Executed { .. });
    let did = &scene.step.did;
    level >= Level::Terse
        && did.sent.iter().any(|sent| sent.lost.is_none())
        && !did.observed.iter().any(is_news)
        && scene.overwritten().is_empty()
}

/// What a handler did, or that it did nothing.
fn handled(scene: &Scene<'_>, node: usize, names: &DisplayNames, level: Level) -> String {
    let step = scene.step;
    let did = reaction(&step.did, &scene.overwritten(), node, names, level);
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
    if !step.did.sent.is_empty() {
        return "sends in vain".to_owned();
    }
    match (scene.before, &step.after) {
        (Some(before), Some(after)) if before == after => "does nothing".to_owned(),
        (Some(before), Some(after))
            if before.status != after.status && scene.changes().is_empty() =>
        {
            format!("is now {}", names.text(&after.status))
        }
        _ => "takes note".to_owned(),
    }
}

/// Of more entries that are accepted, committed or overwritten in one step only the first and the last are named.
const ENTRIES_MAX: usize = 3;

/// The verb of what may be said of many entries of a log in one step.
fn verb_of_entries(observation: &Observation) -> Option<&'static str> {
    match observation {
        Observation::Accepted { .. } => Some("accepts "),
        Observation::Chosen { .. } => Some("learns "),
        Observation::Committed { .. } => Some("commits "),
        _ => None,
    }
}

/// How many observations in a row say the same of entries that are all different, and the first and the last of them
/// in words.
fn entries_in_a_row(
    observed: &[&Observation],
    names: &DisplayNames,
    level: Level,
) -> Option<(usize, String)> {
    let verb = verb_of_entries(observed.first()?)?;
    let same = |o: &&&Observation| verb_of_entries(o) == Some(verb);
    let text = |o: &&Observation| {
        let text = observation(o, names, level);
        match names.subject(o) {
            Some(subject) => format!("{text} ({subject})"),
            None => text,
        }
    };
    let texts: Vec<String> = observed.iter().take_while(same).map(text).collect();
    let is_settled = matches!(observed[0], Observation::Committed { .. });
    let entries = observed[..texts.len()].iter();
    let distinct: Few<String> = entries.map(|o| observation(o, names, level)).collect();
    if texts.len() <= ENTRIES_MAX || (!is_settled && distinct.len() < texts.len()) {
        return None;
    }
    let last = texts.last()?;
    let last = last.strip_prefix(verb).unwrap_or(last);
    Some((texts.len(), format!("{} to {last}", texts[0])))
}

/// Observations, saves and sends, in words.
fn reaction(
    did: &Did,
    overwritten: &[String],
    node: usize,
    names: &DisplayNames,
    level: Level,
) -> String {
    let mut parts = Vec::new();
    let is_rule = |o: &&Observation| matches!(o, Observation::Applied { .. });
    // What is settled is carried out; that need not be said.
    let is_news = |o: &&Observation| !matches!(o, Observation::Executed { .. });
    let (rules, observed): (Vec<_>, Vec<_>) =
        did.observed.iter().filter(is_news).partition(is_rule);
    let words = |observed: &[&Observation]| {
        let mut words: Vec<(String, Vec<String>)> = Vec::new();
        let mut told = 0;
        for (i, o) in observed.iter().enumerate() {
            if i < told {
                continue;
            }
            if let Some((entries, text)) = entries_in_a_row(&observed[i..], names, level) {
                told = i + entries;
                words.push((text, Vec::new()));
                continue;
            }
            let subject = names.subject(o);
            let next = observed.get(i + 1).and_then(|o| names.subject(o));
            // A subject is named once for all that is said of it.
            let subject = subject.filter(|_| next != subject).map(|s| s.to_string());
            let text = observation(o, names, level);
            match (words.last_mut(), subject) {
                (Some((last, of)), Some(subject)) if *last == text && !of.is_empty() => {
                    of.push(subject);
                }
                (_, subject) => words.push((text, subject.into_iter().collect())),
            }
        }
        let words = words.into_iter().map(|(text, of)| match of.len() {
            0 => text,
            _ => format!("{text} ({})", of.join(", ")),
        });
        words.collect::<Vec<_>>().join(", ")
    };
    match (observed.is_empty(), rules.is_empty()) {
        (true, true) => {}
        (true, false) => parts.push(format!("applies {}", words(&rules))),
        (false, false) if level < Level::Gist => {
            parts.push(format!("{} ({})", words(&observed), words(&rules)));
        }
        (false, _) => parts.push(words(&observed)),
    }
    if !overwritten.is_empty() {
        let entries = match overwritten {
            [first, .., last] if overwritten.len() > ENTRIES_MAX => format!("{first} to {last}"),
            few => few.join(" "),
        };
        parts.push(format!("overwrites {}", names.text(&entries)));
    }
    if level < Level::NoSaves {
        for saved in &did.saved {
            let verb = if saved.forced { "forces" } else { "writes" };
            let record = names.label(Sort::Record, &saved.record, level.detail());
            parts.push(format!("{verb} {record}"));
        }
    }
    if level == Level::Gist && !parts.is_empty() {
        return parts.join("; ");
    }
    let mut sends = Vec::new();
    for (label, to) in groups(&did.sent, names, level.detail()) {
        let to = names.set(&to, Some(node));
        sends.push(match (level < Level::Terse, names.ascii) {
            (true, _) => format!("{label} to {to}"),
            (false, false) => format!("{label}→{to}"),
            (false, true) => format!("{label}->{to}"),
        });
    }
    if !sends.is_empty() {
        let verb = if level < Level::Terse { "sends " } else { "" };
        parts.push(format!("{verb}{}", sends.join(", ")));
    }
    parts.join("; ")
}

fn observation(observed: &Observation, names: &DisplayNames, level: Level) -> String {
    match observed {
        Observation::Locked { .. } if level >= Level::NoSaves => "locks".to_owned(),
        Observation::Released { .. } if level >= Level::NoSaves => "unlocks".to_owned(),
        Observation::Applied { rule } => names.text(rule),
        other => names.text(&other.to_string()),
    }
}

/// What was sent, each message once with all it went to. What was lost at once is left out: it
/// has a line of its own.
fn groups(sent: &[Sent], names: &DisplayNames, detail: Detail) -> Vec<(String, Few<usize>)> {
    let mut groups: Vec<(String, Few<usize>)> = Vec::new();
    for s in sent.iter().filter(|s| s.lost.is_none()) {
        let label = names.label(Sort::Message, &s.message, detail);
        match groups.iter_mut().find(|(l, _)| *l == label) {
            Some((_, to)) => {
                to.insert(s.dst);
            }
            None => groups.push((label, Few::from([s.dst]))),
        }
    }
    groups
}
