//! The space-time diagram: a lane for each node, a line for each step, time flowing down.
//!
//! Invariant: no line is wider than the options allow. Puts together what the story, the layout,
//! the canvas and the words make of a trace; decides the order of the rows, nothing more.

use super::Options;
use super::canvas::{Canvas, Head};
use super::layout::Layout;
use super::names::{DisplayNames, Sort};
use super::paint::{Line, Style, paint};
use super::signs::{event_marks, tone};
use super::story::{Origin, Scene, Story, actor, message};
use super::text::{Detail, clean, count, fit, wrap};
use super::words;
use crate::model::Observation;
use crate::trace::{Message, StepRecord, Trace, What};

/// Draws a trace. The diagram ends in a line break.
pub fn diagram(trace: &Trace, options: &Options) -> String {
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
    picture.header();
    let mut story = Story::begin(trace);
    picture.start(&story);
    picture.steps(&mut story);
    picture.end(&story);
    picture.below(&story);
    let mut text = picture.out.join("\n");
    text.push('\n');
    text
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
        let kept = kept(self.trace, wanted, self.options.elide);
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
                skipped.add(scene.step);
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
        let Skipped { steps, loud } = std::mem::take(skipped);
        if loud {
            self.left_out(story, steps, "");
        } else if steps > 0 {
            let words = format!("{} left out", count(steps as u64, "quiet step"));
            self.banner(story, &words);
        }
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
        if let Some(m) = message(&step.what) {
            let head = match step.what {
                What::Deliver(_) => Head::Arrives,
                What::Duplicate(_) => Head::Copied,
                _ => Head::Lost,
            };
            is_drawn = self.message(&mut line, story, m, scene.origin, head);
        }
        if let Some(node) = actor(step) {
            let from = message(&step.what).map(|m| m.src);
            self.canvas
                .marks(&mut line, node, &event_marks(scene), from);
        }
        if let What::Cut { .. } | What::Heal { .. } = step.what {
            let words = clean(&step.event, self.options.ascii);
            let room = (layout.text - layout.left).saturating_sub(6);
            let words = fit(&words, room, self.options.ascii);
            self.canvas.banner(&mut line, &words, Style::Warn, false);
        }
        let words = words::step(scene, self.names, is_drawn, layout.text_width());
        line.put(layout.text, &words, tone(scene));
        self.push(&line);
        if let Some(node) = actor(step) {
            self.lost_sends(story, node, &step.did);
        }
        let lost = step.lost.iter().zip(&scene.lost);
        let lost = lost.map(|(m, origin)| (m.clone(), *origin, "cut"));
        self.lost(story, &lost.collect::<Vec<_>>());
        for property in step.properties.iter().filter(|p| !p.holds) {
            self.violation(story, &property.property, property.reason.as_deref());
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
        head: Head,
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

/// Steps left out in a row.
#[derive(Default)]
struct Skipped {
    steps: usize,
    /// Some of them matter.
    loud: bool,
}

impl Skipped {
    fn add(&mut self, step: &StepRecord) {
        self.steps += 1;
        self.loud |= matters(step);
    }
}

/// Which of the steps that are wanted are drawn, if no more than so many are: a quarter at each end,
/// and between them only those that matter, of these again the first and the last.
fn kept(trace: &Trace, wanted: &[usize], elide: Option<usize>) -> Vec<bool> {
    let most = elide.unwrap_or(usize::MAX);
    if wanted.len() <= most {
        return vec![true; wanted.len()];
    }
    let (head, tail) = (most.div_ceil(4), most / 4);
    let end = wanted.len() - tail;
    let loud: Vec<usize> = (head..end)
        .filter(|i| trace.steps.get(wanted[*i] - 1).is_some_and(matters))
        .collect();
    let room = most - head - tail;
    let (first, last) = if loud.len() > room {
        (room.div_ceil(2), loud.len() - room / 2)
    } else {
        (loud.len(), loud.len())
    };
    let mut kept = vec![false; wanted.len()];
    kept[..head].fill(true);
    kept[end..].fill(true);
    for &i in loud[..first].iter().chain(&loud[last..]) {
        kept[i] = true;
    }
    kept
}

/// Whether a step is more than a message or a timer on its way: something was decided or done, a fault
/// came or went, a property broke.
fn matters(step: &StepRecord) -> bool {
    let fault = match step.what {
        What::Crash { .. } | What::Cut { .. } | What::Recover { .. } | What::Heal { .. } => true,
        _ => step.crash_after.is_some(),
    };
    let tells = |observation: &Observation| {
        !matches!(
            observation,
            Observation::Applied { .. }
                | Observation::Accepted { .. }
                | Observation::Intends { .. }
        )
    };
    fault || step.did.observed.iter().any(tells) || step.properties.iter().any(|p| !p.holds)
}
