//! What stands below the steps: how the nodes end, the legend, the verdict and the facts.
//!
//! Invariant: names what the diagram above left out.

use super::diagram::Picture;
use super::facts::{facts, verdict};
use super::paint::{Line, Style, paint};
use super::story::Story;
use super::text::{Detail, count, width};
use crate::model::cluster::enumerate;

/// So many messages that never arrived are named under the diagram.
const IN_FLIGHT_MAX: usize = 8;
/// So many idle nodes are named.
const IDLE_MAX: usize = 8;

impl Picture<'_> {
    /// How each node stands at the end, under its lane if there is room.
    pub(super) fn end(&mut self, story: &Story<'_>) {
        let layout = self.canvas.layout;
        let status = |&node: &usize| {
            let record = story.record(node)?;
            Some(self.names.label(&record.status, Detail::Full))
        };
        let room = layout.pitch.saturating_sub(1);
        let fits = |n: &usize| status(n).is_some_and(|s| width(&s) <= room);
        if layout.lanes.is_empty() || !layout.lanes.iter().all(fits) {
            return;
        }
        let mut line = Line::blank(layout.width);
        for node in &layout.lanes {
            if let (Some(x), Some(status)) = (layout.column(*node), status(node)) {
                let at = x.saturating_sub(width(&status).saturating_sub(1) / 2);
                line.put(at, &status, Style::Bold);
            }
        }
        self.push(&line);
    }

    /// The legend, what never arrived, the verdict and the facts.
    pub(super) fn below(&mut self, story: &Story<'_>) {
        let layout = self.canvas.layout;
        self.out.push(String::new());
        for line in self.canvas.legend.lines(layout.width, self.options.ascii) {
            self.out.push(paint(&line, Style::Dim, self.options.color));
        }
        if !layout.idle.is_empty() {
            let idle = layout.idle.iter().take(IDLE_MAX);
            let mut idle: Vec<String> = idle.map(|n| self.names.name(*n)).collect();
            if layout.idle.len() > IDLE_MAX {
                idle.push(format!("{} more", layout.idle.len() - IDLE_MAX));
            }
            self.say(
                &format!("Not drawn, no part in these steps: {}.", enumerate(idle)),
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
