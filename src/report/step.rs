//! One step in full: what it did, and its node before and after.
//!
//! Invariant: every line fits the width; lines that did not change are shown only around those
//! that did.

use super::Options;
use super::paint::{Style, paint};
use super::story::{Story, actor, message};
use super::text::{clean, fit, wrap};
use super::transcript::transcript_of;
use crate::trace::{NodeRecord, Trace};

/// Beyond so many pairs of lines, no best match is looked for.
const MATCH_MAX: usize = 250_000;
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
    if let (Some(_), Some(origin)) = (message(&step.what), scene.origin) {
        let sent = match (origin.step, origin.copy) {
            (0, _) => "sent at the start".to_owned(),
            (n, false) => format!("sent in step {n}"),
            (n, true) => format!("a copy of what step {n} sent"),
        };
        out.push(format!("  the message was {sent}"));
    }
    if actor(step).is_some()
        && let Some(after) = &step.after
    {
        out.push(String::new());
        let before = scene.before.map(pretty).unwrap_or_default();
        for (sign, line) in context(&diff(&before, &pretty(after))) {
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

fn pretty(record: &NodeRecord) -> Vec<String> {
    let mut lines = vec![format!("status: {}", record.status)];
    for (name, json) in [("state", &record.state), ("storage", &record.storage)] {
        let text = serde_json::to_string_pretty(json).unwrap_or_default();
        lines.extend(format!("{name}: {text}").lines().map(str::to_owned));
    }
    lines.push(format!("timers: {}", record.timers.join(", ")));
    lines
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
