//! One step in full: what it did, and its node before and after.
//!
//! Invariant: every line fits the width; lines that did not change are shown only around those
//! that did.

use super::Options;
use super::paint::{Style, paint};
use super::story::Story;
use super::text::{clean, fit, wrap};
use super::transcript::transcript_of;
use crate::model::id::named;
use crate::trace::{NodeRecord, Trace};
use serde_json::Value as Json;

/// Beyond so many pairs of lines, no best match is looked for.
const MATCH_MAX: usize = 250_000;
/// A value that takes no more characters stands in one line.
const LINE_MAX: usize = 64;
/// Unchanged lines shown around each change.
const CONTEXT: usize = 3;

/// Shows one step, counted from 1; `None` if there is no such step.
pub fn step(trace: &Trace, number: usize, options: &Options) -> Option<String> {
    let index = number.checked_sub(1)?;
    let step = trace.steps.get(index)?;
    let mut story = Story::begin(trace);
    let mut scene = story.next();
    for _ in 0..index {
        scene = story.next();
    }
    let scene = scene?;
    let columns = options.columns();
    let mut out = vec![paint(
        &format!("step {number} of {}", trace.steps.len()),
        Style::Dim,
        options.color,
    )];
    // As the transcript has it, so that both say the same.
    for line in transcript_of(trace, step).lines() {
        let line = clean(line, options.ascii);
        let indent = line.len() - line.trim_start().len();
        let pad = " ".repeat(indent);
        for part in wrap(&line, columns - indent, 4) {
            out.push(format!("{pad}{part}"));
        }
    }
    if let (Some(_), Some(origin)) = (step.what.message(), scene.origin) {
        let sent = match (origin.step, origin.is_copy()) {
            (0, _) => "sent at the start".to_owned(),
            (n, false) => format!("sent in step {n}"),
            (n, true) => format!("a copy of what step {n} sent"),
        };
        out.push(format!("  the message was {sent}"));
    }
    if step.what.actor().is_some()
        && let Some(after) = &step.after
    {
        out.push(String::new());
        let names: Vec<String> = trace.nodes.iter().map(|n| n.name.clone()).collect();
        let before = scene.before.map(|before| pretty(before, &names));
        let after = pretty(after, &names);
        for (sign, line) in context(&diff(&before.unwrap_or_default(), &after)) {
            let style = match sign {
                '+' => Style::Good,
                '-' => Style::Bad,
                _ => Style::Plain,
            };
            let line = fit(&clean(&line, options.ascii), columns - 2, options.ascii);
            out.push(paint(&format!("{sign} {line}"), style, options.color));
        }
    }
    out.push(String::new());
    Some(out.join("\n"))
}

/// Lines that a change can be seen in. What fits into a line stands in one, so that a line that differs
/// says what it belongs to.
fn pretty(record: &NodeRecord, names: &[String]) -> Vec<String> {
    let mut lines = vec![format!("status: {}", record.status)];
    for (name, json) in [("state", &record.state), ("storage", &record.storage)] {
        expand(&format!("{name}: "), json, 0, &mut lines);
    }
    lines.push(format!("timers: {}", record.timers.join(", ")));
    lines.iter().map(|line| named(line, names)).collect()
}

/// A value in as many lines as it takes.
fn expand(label: &str, json: &Json, depth: usize, lines: &mut Vec<String>) {
    let pad = "  ".repeat(depth);
    let within = |brackets: [char; 2], lines: &mut Vec<String>, each: &[(String, &Json)]| {
        lines.push(format!("{pad}{label}{}", brackets[0]));
        for (label, json) in each {
            expand(label, json, depth + 1, lines);
        }
        lines.push(format!("{pad}{}", brackets[1]));
    };
    let mut whole = String::new();
    if depth > 0 && compact(json, &mut whole) || !json.is_object() && !json.is_array() {
        if whole.is_empty() {
            whole = json
                .as_str()
                .map_or_else(|| json.to_string(), str::to_owned);
        }
        lines.push(format!("{pad}{label}{whole}"));
        return;
    }
    match json {
        Json::Object(map) => {
            let each: Vec<_> = map.iter().map(|(k, v)| (format!("{k}: "), v)).collect();
            within(['{', '}'], lines, &each);
        }
        Json::Array(list) => {
            let each: Vec<_> = list.iter().map(|v| (String::new(), v)).collect();
            within(['[', ']'], lines, &each);
        }
        _ => {}
    }
}

/// Writes a value into a line; false if it is too long for one.
fn compact(json: &Json, out: &mut String) -> bool {
    match json {
        Json::String(text) => out.push_str(text),
        Json::Array(list) => {
            out.push('[');
            for (nth, value) in list.iter().enumerate() {
                out.push_str(if nth > 0 { ", " } else { "" });
                if !compact(value, out) {
                    return false;
                }
            }
            out.push(']');
        }
        Json::Object(map) => {
            out.push('{');
            for (nth, (key, value)) in map.iter().enumerate() {
                out.push_str(if nth > 0 { ", " } else { "" });
                out.push_str(key);
                out.push_str(": ");
                if !compact(value, out) {
                    return false;
                }
            }
            out.push('}');
        }
        json => out.push_str(&json.to_string()),
    }
    out.len() <= LINE_MAX
}

type Change = (char, String);

/// The lines of two texts, each kept, taken away or added.
fn diff(before: &[String], after: &[String]) -> Vec<Change> {
    let head = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let (a, b) = (&before[head..], &after[head..]);
    let tail = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    let kept = |line: &String| (' ', line.clone());
    let mut out: Vec<Change> = before[..head].iter().map(kept).collect();
    if a.len() * b.len() > MATCH_MAX {
        out.extend(a.iter().map(|l| ('-', l.clone())));
        out.extend(b.iter().map(|l| ('+', l.clone())));
    } else {
        out.extend(matched(a, b));
    }
    out.extend(before[before.len() - tail..].iter().map(kept));
    out
}

/// The longest common subsequence.
fn matched(a: &[String], b: &[String]) -> Vec<Change> {
    let mut longest = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = if a[i] == b[j] {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::new();
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            out.push((' ', a[i].clone()));
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || longest[i + 1][j] >= longest[i][j + 1]) {
            out.push(('-', a[i].clone()));
            i += 1;
        } else {
            out.push(('+', b[j].clone()));
            j += 1;
        }
    }
    out
}

/// Only the changes and the lines around them.
fn context(changes: &[Change]) -> Vec<Change> {
    let near = |i: usize| {
        let around = i.saturating_sub(CONTEXT)..(i + CONTEXT + 1).min(changes.len());
        changes[around].iter().any(|(sign, _)| *sign != ' ')
    };
    if changes.iter().all(|(sign, _)| *sign == ' ') {
        return vec![(' ', "(nothing changed)".to_owned())];
    }
    let mut out: Vec<Change> = Vec::new();
    let mut skipped = false;
    for (i, change) in changes.iter().enumerate() {
        if near(i) {
            if std::mem::take(&mut skipped) {
                out.push((' ', "...".to_owned()));
            }
            out.push(change.clone());
        } else {
            skipped = true;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.chars().map(String::from).collect()
    }

    #[test]
    fn a_diff_keeps_what_is_common() {
        let show = |a, b| -> String {
            let changes = diff(&lines(a), &lines(b));
            changes
                .iter()
                .flat_map(|(s, l)| [s.to_string(), l.clone()])
                .collect()
        };
        assert_eq!(show("abcd", "axcd"), " a-b+x c d");
        assert_eq!(show("", "a"), "+a");
        assert_eq!(show("aa", "a"), " a-a");
    }
}
