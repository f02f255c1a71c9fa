//! What stands above the steps: title, names and roles, and how the run begins.
//!
//! Invariant: says nothing that the origin, the nodes and the starts of a trace do not.

use super::diagram::Picture;
use super::paint::{Line, Style};
use super::signs::marks;
use super::story::{Condition, Story};
use super::text::{fit, width};
use super::words;
use crate::model::cluster::enumerate;
use crate::trace::Did;

impl Picture<'_> {
    pub(super) fn title(&mut self) {
        let origin = &self.trace.origin;
        let dot = format!(" {} ", self.canvas.strokes().dot);
        let mut title = vec![self.trace.protocol.clone()];
        title.extend(origin.scenario.clone());
        title.extend(origin.seed.map(|seed| format!("seed {seed}")));
        title.extend(origin.property.clone());
        title.retain(|part| !part.is_empty());
        self.say(&title.join(&dot), Style::Bold);
        if let Some(about) = origin.about.as_ref().filter(|_| self.options.about) {
            self.say(about, Style::Plain);
        }
        if !self.out.is_empty() {
            self.out.push(String::new());
        }
    }

    /// The names over their lanes, on as many lines as keep them apart, and the roles.
    pub(super) fn header(&mut self) {
        let layout = self.canvas.layout;
        let mut heads: Vec<(usize, String)> = layout
            .lanes
            .iter()
            .filter_map(|&n| Some((layout.column(n)?, self.names.name(n))))
            .collect();
        if let Some((others, x)) = &layout.others {
            heads.push((*x, format!("+{}", others.len())));
        }
        let longest = heads.iter().map(|(_, name)| width(name)).max().unwrap_or(0);
        let rows = (longest + 1).div_ceil(layout.pitch).clamp(1, 4);
        let roles = self.roles();
        for row in 0..rows {
            let mut line = Line::blank(layout.width);
            if row + 1 == rows && roles.is_none() {
                self.gutter_head(&mut line);
            }
            for (x, name) in heads.iter().skip(row).step_by(rows) {
                let name = fit(name, layout.pitch * rows - 1, self.options.ascii);
                line.put(
                    x.saturating_sub(width(&name).saturating_sub(1) / 2),
                    &name,
                    Style::Bold,
                );
            }
            self.push(&line);
        }
        if let Some(mut line) = roles {
            self.gutter_head(&mut line);
            self.push(&line);
        }
    }

    fn gutter_head(&self, line: &mut Line) {
        let layout = self.canvas.layout;
        line.put(layout.number - 1, "#", Style::Dim);
        if let Some(state) = layout.state {
            line.put(state, "state", Style::Dim);
        }
        if let Some(clock) = &layout.clock {
            let at = layout.number + 1 + clock.width - clock.unit.len();
            line.put(at, clock.unit, Style::Dim);
        }
    }

    /// The roles under the names: each once over neighbours that share it.
    fn roles(&self) -> Option<Line> {
        let layout = self.canvas.layout;
        let mut line = Line::blank(layout.width);
        let mut any = false;
        let gutter = layout.number + layout.clock.as_ref().map_or(0, |clock| clock.width + 1);
        let mut roles: Vec<(usize, String, usize)> = Vec::new();
        let role = |n: &usize| self.names.role(*n);
        for run in layout.lanes.chunk_by(|a, b| role(a) == role(b)) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else {
                continue;
            };
            let (Some(x0), Some(x1)) = (layout.column(*first), layout.column(*last)) else {
                continue;
            };
            let role = if run.len() > 1 && !role(first).is_empty() {
                format!("{}s", role(first))
            } else {
                role(first).to_owned()
            };
            let middle = usize::midpoint(x0, x1);
            roles.push((middle, role, x1 - x0 + layout.pitch - 1));
        }
        // Whole where it runs into no other.
        let ends = |(middle, role, _): &(usize, String, usize)| {
            let from = middle.saturating_sub(width(role).saturating_sub(1) / 2);
            (from, from + width(role))
        };
        let is_free = |nth: usize| {
            let (from, to) = ends(&roles[nth]);
            let before = nth
                .checked_sub(1)
                .map_or(gutter, |before| ends(&roles[before]).1);
            let behind = roles.get(nth + 1).map_or(layout.width, |next| ends(next).0);
            before < from && to < behind
        };
        for (nth, (middle, role, room)) in roles.iter().enumerate() {
            let role = if is_free(nth) {
                role.clone()
            } else {
                fit(role, *room, self.options.ascii)
            };
            any |= !role.is_empty();
            let at = middle.saturating_sub(width(&role).saturating_sub(1) / 2);
            line.put(at, &role, Style::Dim);
        }
        any.then_some(line)
    }

    pub(super) fn start(&mut self, story: &Story<'_>) {
        if self.options.from.is_some_and(|from| from > 1) {
            return;
        }
        let layout = self.canvas.layout;
        let later: Vec<String> = (0..self.names.len())
            .filter(|n| story.standing(*n) == Condition::NotStarted)
            .map(|n| self.names.name(n))
            .collect();
        let words = match later.len() {
            0 => "all start".to_owned(),
            1..=3 => format!("all start but {}", enumerate(later)),
            n => format!("all start but {n}"),
        };
        let mut line = self.canvas.lanes(story);
        line.put(layout.number - 1, "0", Style::Dim);
        let words = fit(&words, layout.text_width(), self.options.ascii);
        line.put(layout.text, &words, Style::Dim);
        self.push(&line);
        for (node, start) in self.trace.start.iter().enumerate().take(self.names.len()) {
            if start.did == Did::default() {
                continue;
            }
            let mut line = self.canvas.lanes(story);
            self.canvas.marks(&mut line, node, &marks(&start.did), None);
            let words = words::start(node, &start.did, self.names, layout.text_width());
            for (nth, words) in words.iter().enumerate() {
                if nth > 0 {
                    line = self.canvas.lanes(story);
                }
                line.put(layout.text, words, Style::Plain);
                self.push(&line);
            }
            self.lost_sends(story, node, &start.did);
        }
        let broken = self.trace.properties.iter().filter(|p| !p.holds);
        for property in broken {
            self.violation(story, &property.property, property.reason.as_deref());
        }
    }
}
