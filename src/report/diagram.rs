//! The space-time diagram: a lane for each node, a line for each step, time flowing down.
//!
//! Invariant: no line is wider than the options allow. Puts together what the story, the layout,
//! the canvas and the words make of a trace; decides the order of the rows, nothing more.

use super::Options;
use super::canvas::{self, Canvas};
use super::layout::Layout;
use super::names::{DisplayNames, Sort};
use super::paint::{Line, Style, paint};
use super::signs::{event_marks, tone};
use super::story::{Origin, Scene, Story};
use super::text::{Detail, clean, count, fit, width, wrap};
use super::weight::{Skipped, kept, weights};
use super::words::{self, Beside};
use crate::trace::{Message, Trace, What};

/// Draws a trace. The diagram ends in a line break.
pub fn diagram(trace: &Trace, options: &Options) -> String {
    let (Head { title, names }, rest) = rows(trace, options);
    let mut text = [title, names, rest].concat().join("\n");
    text.push('\n');
    text
}

/// What stands above the steps.
pub(super) struct Head {
    pub title: Vec<String>,
    /// The names over the lanes.
    pub names: Vec<String>,
}

/// The lines of a diagram: the head, and the rest.
pub(super) fn rows(trace: &Trace, options: &Options) -> (Head, Vec<String>) {
    let names = DisplayNames::new(trace, options.ascii);
    let layout = Layout::new(trace, options, &names);
    let mut picture = Picture {
        trace,
        options,
        names: &names,
        canvas: Canvas::new(&layout, options.ascii),
        out: Vec::new(),
    };
    picture.title();
    let title = std::mem::take(&mut picture.out);
    picture.header();
    let header = std::mem::take(&mut picture.out);
    let mut story = Story::begin(trace);
    picture.start(&story);
    picture.steps(&mut story);
    picture.end(&story);
    picture.below(&story);
    let head = Head {
        title,
        names: header,
    };
    (head, picture.out)
}

/// A diagram in the making.
pub(super) struct Picture<'a> {
    pub trace: &'a Trace,
    pub options: &'a Options,
    pub names: &'a DisplayNames,
    pub canvas: Canvas<'a>,
    pub out: Vec<String>,
}

impl<'a> Picture<'a> {
    pub fn push(&mut self, line: &Line) {
        self.canvas.done(line);
        self.out.push(line.render(self.options.color));
    }

    /// Cleaned sentences, wrapped.
    pub fn say(&mut self, text: &str, style: Style) {
        let text = clean(text, self.options.ascii);
        for line in wrap(&text, self.canvas.layout.width, 2) {
            self.out.push(paint(&line, style, self.options.color));
        }
    }

    fn steps(&mut self, story: &mut Story<'a>) {
        let wanted = &self.canvas.layout.steps;
        let weights = weights(self.trace, self.names);
        let kept = kept(&weights, wanted, self.options.elide.unwrap_or(usize::MAX));
        let mut shown = wanted.iter().zip(kept).peekable();
        let earlier = self.options.from.map_or(0, |from| from.saturating_sub(1));
        let until = self.options.until.unwrap_or(usize::MAX);
        let gap = self.trace.unrecorded;
        let mut skipped = Skipped::default();
        while story.number() < until {
            if earlier > 0 && story.number() == earlier {
                self.left_out(story, earlier, "earlier ");
            }
            let Some(scene) = story.next() else {
                break;
            };
            let nth = story.steps();
            if let Some(gap) = gap.filter(|gap| nth == gap.after + 1 && earlier < scene.number) {
                self.skipped(story, &mut skipped);
                let words = format!("{} not recorded", count(gap.steps as u64, "step"));
                self.banner(story, &words);
            }
            let Some((_, kept)) = shown.next_if(|(n, _)| **n == nth) else {
                continue;
            };
            if kept {
                self.skipped(story, &mut skipped);
                self.scene(story, &scene);
            } else {
                skipped.add(scene.step, weights[nth - 1], self.names);
            }
        }
        self.skipped(story, &mut skipped);
        let later = self.trace.steps.len() - story.steps();
        if later > 0 {
            self.left_out(story, later, "later ");
        }
    }

    /// Says what was left out since the last step that was drawn.
    fn skipped(&mut self, story: &Story<'_>, skipped: &mut Skipped) {
        let skipped = std::mem::take(skipped);
        if skipped.is_empty() {
            return;
        }
        let mut line = self.canvas.lanes(story);
        self.canvas
            .banner(&mut line, &skipped.title(), Style::Dim, false);
        self.beside(line, story, &skipped.contents(), Style::Dim);
    }

    /// Puts words beside a line, and on as many lines below as they take.
    pub fn beside(&mut self, mut line: Line, story: &Story<'_>, words: &str, style: Style) {
        let layout = self.canvas.layout;
        for (nth, words) in wrap(words, layout.text_width(), 2).iter().enumerate() {
            if nth > 0 {
                self.push(&line);
                line = self.canvas.lanes(story);
            }
            line.put(layout.text, words, style);
        }
        self.push(&line);
    }

    fn banner(&mut self, story: &Story<'_>, words: &str) {
        let mut line = self.canvas.lanes(story);
        self.canvas.banner(&mut line, words, Style::Dim, false);
        self.push(&line);
    }

    fn left_out(&mut self, story: &Story<'_>, steps: usize, which: &str) {
        let words = format!("{} left out", count(steps as u64, &format!("{which}step")));
        self.banner(story, &words);
    }

    fn scene(&mut self, story: &Story<'_>, scene: &Scene<'_>) {
        let layout = self.canvas.layout;
        let step = scene.step;
        let mut line = self.canvas.lanes(story);
        self.gutter(&mut line, scene);
        let mut is_drawn = false;
        if let Some(m) = step.what.message() {
            let head = match step.what {
                What::Deliver(_) => canvas::Head::Arrives,
                What::Duplicate(_) => canvas::Head::Copied,
                _ => canvas::Head::Lost,
            };
            is_drawn = self.message(&mut line, story, m, scene.origin, head);
        }
        if let Some(node) = step.what.actor() {
            let from = step.what.message().map(|m| m.src);
            self.canvas
                .marks(&mut line, node, &event_marks(scene), from);
        }
        if let What::Cut { .. } | What::Heal { .. } = step.what {
            let words = clean(&step.event, self.options.ascii);
            let room = (layout.text - layout.left).saturating_sub(6);
            is_drawn = width(&words) <= room;
            // Where it does not say whom it separates, the text does.
            let words = if is_drawn {
                words
            } else {
                words.split(' ').take(1).collect()
            };
            let words = fit(&words, room, self.options.ascii);
            self.canvas.banner(&mut line, &words, Style::Warn, false);
        }
        self.text(line, story, scene, is_drawn);
        if let Some(node) = step.what.actor() {
            self.lost_sends(story, node, &step.did);
        }
        let lost = step.lost.iter().zip(&scene.lost);
        let lost = lost.map(|(m, origin)| (m.clone(), *origin, "cut"));
        self.lost(story, &lost.collect::<Vec<_>>());
        for property in step.properties.iter().filter(|p| !p.holds) {
            self.violation(story, &property.property, property.reason.as_deref());
        }
    }

    /// The words of a step and what it changed, beside its line and below it.
    fn text(&mut self, line: Line, story: &Story<'_>, scene: &Scene<'_>, is_drawn: bool) {
        let layout = self.canvas.layout;
        let Beside { words, state } = words::step(scene, self.names, is_drawn, layout);
        let mut line = Some(line);
        for row in 0..words.len().max(state.len()) {
            let mut line = match line.take() {
                Some(line) => line,
                None => self.canvas.lanes(story),
            };
            if let Some(words) = words.get(row) {
                line.put(layout.text, words, tone(scene));
            }
            if let Some((at, state)) = state.get(row) {
                line.put(*at, state, Style::Accent);
            }
            self.push(&line);
        }
    }

    fn gutter(&self, line: &mut Line, scene: &Scene<'_>) {
        let layout = self.canvas.layout;
        let number = format!("{:>w$}", scene.number, w = layout.number);
        line.put(0, &number, Style::Dim);
        if let (Some(clock), Some(at)) = (&layout.clock, scene.step.at) {
            let time = format!("{:>w$}", clock.show(at.0), w = clock.width);
            line.put(layout.number + 1, &time, Style::Dim);
        }
    }

    pub fn message(
        &mut self,
        line: &mut Line,
        story: &Story<'_>,
        m: &Message,
        origin: Option<Origin>,
        head: canvas::Head,
    ) -> bool {
        let labels = [
            self.names.message(&m.message, origin, Detail::Values),
            self.names.message(&m.message, origin, Detail::Kind),
            self.names.label(Sort::Message, &m.message, Detail::Kind),
        ];
        self.canvas.legend.numbers |= origin.is_some();
        let ends = (m.src, m.dst);
        self.canvas.arrow(line, story, ends, &labels, head)
    }
}
