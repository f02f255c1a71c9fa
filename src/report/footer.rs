//! What stands below the steps: how the nodes end, the legend, the verdict and the facts.
//!
//! Invariant: names what the diagram above left out.

use super::diagram::Picture;
use super::facts::{facts, verdict};
use super::paint::{Line, Style, paint};
use super::story::Story;
use super::text::{Detail, count, width};
use crate::model::Few;
use crate::model::cluster::enumerate;

/// So many messages that never arrived are named under the diagram.
const IN_FLIGHT_MAX: usize = 8;
/// So many nodes are named where many are alike.
const NAMED_MAX: usize = 8;
/// So many different statuses are told in words.
const STATUSES_MAX: usize = 8;

/// What is said of one node, said of several: `has asked 2` becomes `have asked 2`. Only a verb has
/// another form, and only at the beginning.
fn of_several(status: &str) -> String {
    let (first, rest) = match status.split_once(' ') {
        Some((first, rest)) => (first, format!(" {rest}")),
        None => return status.to_owned(),
    };
    let plural = match first {
        "has" => "have",
        "is" => "are",
        "was" => "were",
        "does" => "do",
        "follows" => "follow",
        "asks" => "ask",
        "waits" => "wait",
        "holds" => "hold",
        "knows" => "know",
        "leads" => "lead",
        other => other,
    };
    format!("{plural}{rest}")
}

impl Picture<'_> {
    /// How each node stands at the end: under its lane if there is room, else in a sentence.
    pub(super) fn end(&mut self, story: &Story<'_>) {
        let layout = self.canvas.layout;
        let hidden = layout.others.iter().flat_map(|(nodes, _)| nodes);
        let stands: Vec<(usize, String)> = layout
            .lanes
            .iter()
            .chain(hidden)
            .filter_map(|&node| {
                let record = story.record(node)?;
                Some((node, self.names.text(&record.status)))
            })
            .collect();
        let room = layout.pitch.saturating_sub(1);
        if stands.len() < layout.lanes.len() || stands.iter().any(|(_, s)| width(s) > room) {
            self.end_in_words(story, &stands);
            return;
        }
        let mut line = Line::blank(layout.width);
        for (node, status) in stands.iter().take(layout.lanes.len()) {
            if let Some(x) = layout.column(*node) {
                let at = x.saturating_sub(width(status).saturating_sub(1) / 2);
                line.put(at, status, Style::Bold);
            }
        }
        self.push(&line);
    }

    /// `In the end: C forgotten; P1 and P2 committed.`
    fn end_in_words(&mut self, story: &Story<'_>, stands: &[(usize, String)]) {
        let mut groups: Vec<(&str, Few<usize>)> = Vec::new();
        for (node, status) in stands.iter().filter(|(_, s)| !s.is_empty()) {
            match groups.iter_mut().find(|(s, _)| s == status) {
                Some((_, nodes)) => {
                    nodes.insert(*node);
                }
                None => groups.push((status, Few::from([*node]))),
            }
        }
        if groups.is_empty() {
            return;
        }
        let rest = groups.len().saturating_sub(STATUSES_MAX);
        let mut parts: Vec<String> = groups
            .iter()
            .take(STATUSES_MAX)
            .map(|(status, nodes)| {
                let who = match nodes.len() {
                    n if n > 2 && n == stands.len() => "all".to_owned(),
                    _ => self.crowd(nodes),
                };
                let status = if nodes.len() > 1 {
                    &of_several(status)
                } else {
                    *status
                };
                // A list, as of several transactions, is kept together.
                if status.contains(", ") {
                    format!("{who} ({status})")
                } else {
                    format!("{who} {status}")
                }
            })
            .collect();
        if rest > 0 {
            parts.push(format!("{rest} more"));
        }
        let when = if story.steps() < self.trace.steps.len() {
            format!("After step {}", story.number())
        } else {
            "In the end".to_owned()
        };
        self.out.push(String::new());
        self.say(&format!("{when}: {}.", parts.join("; ")), Style::Bold);
    }

    /// Nodes in a sentence; of very many, only the first are named.
    fn crowd(&self, nodes: &Few<usize>) -> String {
        if nodes.len() <= NAMED_MAX {
            return enumerate(nodes.iter().map(|n| self.names.name(*n)));
        }
        let named = nodes.iter().take(NAMED_MAX).map(|n| self.names.name(*n));
        let rest = format!("{} more", nodes.len() - NAMED_MAX);
        enumerate(named.chain([rest]))
    }

    /// The legend, what never arrived, the verdict and the facts.
    pub(super) fn below(&mut self, story: &Story<'_>) {
        let layout = self.canvas.layout;
        self.out.push(String::new());
        let held = self.names.held();
        for line in self
            .canvas
            .legend
            .lines(layout.width, self.options.ascii, &held)
        {
            self.out.push(paint(&line, Style::Dim, self.options.color));
        }
        if !layout.idle.is_empty() {
            let idle = self.crowd(&layout.idle.iter().copied().collect());
            self.say(
                &format!("Not drawn, no part in these steps: {idle}."),
                Style::Dim,
            );
        }
        if let Some((others, _)) = &layout.others {
            let (Some(first), Some(last)) = (others.first(), others.last()) else {
                return;
            };
            let (first, last) = (self.names.name(*first), self.names.name(*last));
            let n = others.len();
            self.say(
                &format!("+{n}: {first} to {last} share the last lane."),
                Style::Dim,
            );
        }
        self.on_their_way(story);
        self.out.push(String::new());
        // Whoever walks through a run step by step is not told how it ends.
        let steps = self.trace.steps.len();
        if let Some(until) = self.options.until.filter(|until| *until < steps) {
            let more = count((steps - until) as u64, "more step");
            let follow = if steps - until == 1 {
                "follows"
            } else {
                "follow"
            };
            self.say(&format!("{more} {follow}."), Style::Dim);
            return;
        }
        let verdict_is = |words: &[&str]| {
            let verdict = self.trace.verdict.as_ref();
            verdict.is_some_and(|v| words.iter().any(|w| v.verdict.starts_with(w)))
        };
        let tone = if verdict_is(&["ok", "holds", "reached"]) {
            Style::Good
        } else if verdict_is(&["undecided", "unknown"]) {
            Style::Warn
        } else {
            Style::Bad
        };
        for sentence in verdict(self.trace) {
            self.say(&sentence, tone);
        }
        for sentence in facts(self.trace) {
            self.say(&sentence, Style::Plain);
        }
    }

    fn on_their_way(&mut self, story: &Story<'_>) {
        if self.trace.links.never_forgets {
            return;
        }
        let wanted = &self.options.nodes;
        let node = |n: usize| self.trace.nodes.get(n).map(|i| &i.name);
        let concerns = |n: usize| node(n).is_some_and(|name| wanted.contains(name));
        let on_way: Vec<String> = story
            .in_flight()
            .filter(|(src, dst, ..)| wanted.is_empty() || concerns(*src) || concerns(*dst))
            .map(|(src, dst, text, origin)| {
                let text = self.names.message(text, Some(origin), Detail::Kind);
                let (src, dst) = (self.names.name(src), self.names.name(dst));
                format!("{text} from {src} to {dst}")
            })
            .collect();
        if on_way.is_empty() {
            return;
        }
        let rest = on_way.len().saturating_sub(IN_FLIGHT_MAX);
        let mut named: Vec<String> = on_way.into_iter().take(IN_FLIGHT_MAX).collect();
        if rest > 0 {
            named.push(format!("{rest} more"));
        }
        self.say(
            &format!("Still on the way: {}.", enumerate(named)),
            Style::Dim,
        );
    }
}
