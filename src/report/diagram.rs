//! The space-time diagram: a lane for each node, a line for each step, time flowing down.
//!
//! Invariant: no line is wider than the options allow. Puts together what the story, the layout,
//! the canvas and the words make of a trace; decides the order of the rows, nothing more.

use super::canvas::{Canvas, Head};
use super::facts::{facts, verdict};
use super::layout::Layout;
use super::marks::Mark;
use super::paint::{Line, Style, paint};
use super::story::{Origin, Scene, Standing, Story, actor, message};
use super::text::{Detail, clean, count, fit, width, wrap};
use super::words::{self, Names};
use super::Options;
use crate::model::Observation;
use crate::model::cluster::enumerate;
use crate::trace::{Did, Message, Trace, What};

/// So many lost messages of one step have a line of their own.
const LOST_LINES_MAX: usize = 4;
/// So many messages that never arrived are named under the diagram.
const IN_FLIGHT_MAX: usize = 8;
/// So many idle nodes are named.
const IDLE_MAX: usize = 8;

/// Draws a trace. The diagram ends in a line break.
pub fn diagram(trace: &Trace, options: &Options) -> String {
    let names = Names::new(trace, options.ascii);
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

struct Picture<'a> {
    trace: &'a Trace,
    options: &'a Options,
    names: &'a Names,
    canvas: Canvas<'a>,
    out: Vec<String>,
}

impl<'a> Picture<'a> {
    fn push(&mut self, line: &Line) {
        self.out.push(line.render(self.options.color));
    }

    /// Cleaned sentences, wrapped.
    fn say(&mut self, text: &str, style: Style) {
        let text = clean(text, self.options.ascii);
        for line in wrap(&text, self.canvas.layout.width, 2) {
            self.out.push(paint(&line, style, self.options.color));
        }
    }

    fn title(&mut self) {
        let origin = &self.trace.origin;
        let dot = format!(" {} ", self.canvas.strokes().dot);
        let mut title = vec![self.trace.protocol.clone()];
        title.extend(origin.scenario.clone());
        title.extend(origin.seed.map(|seed| format!("seed {seed}")));
        title.extend(origin.property.clone());
        title.retain(|part| !part.is_empty());
        self.say(&title.join(&dot), Style::Bold);
        if let Some(about) = &origin.about {
            self.say(about, Style::Plain);
        }
        if !self.out.is_empty() {
            self.out.push(String::new());
        }
    }

    /// The names over their lanes, on as many lines as keep them apart, and the roles.
    fn header(&mut self) {
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
                line.put(x.saturating_sub((width(&name) - 1) / 2), &name, Style::Bold);
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
            let role = fit(&role, x1 - x0 + layout.pitch - 1, self.options.ascii);
            any |= !role.is_empty();
            let middle = usize::midpoint(x0, x1);
            let at = middle.saturating_sub(width(&role).saturating_sub(1) / 2);
            line.put(at, &role, Style::Dim);
        }
        any.then_some(line)
    }

    fn start(&mut self, story: &Story<'_>) {
        if self.options.from.is_some_and(|from| from > 1) {
            return;
        }
        let layout = self.canvas.layout;
        let later: Vec<String> = (0..self.names.len())
            .filter(|n| story.standing(*n) == Standing::NotStarted)
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
            line.put(layout.text, &words, Style::Plain);
            self.push(&line);
            self.lost_sends(story, node, &start.did);
        }
        let broken = self.trace.properties.iter().filter(|p| !p.holds);
        for property in broken {
            self.violation(story, &property.property, property.reason.as_deref());
        }
    }

    fn steps(&mut self, story: &mut Story<'a>) {
        let shown = &self.canvas.layout.steps;
        let (head, tail) = match self.options.elide {
            Some(max) if shown.len() > max => (max.div_ceil(2), shown.len() - max / 2),
            _ => (shown.len(), shown.len()),
        };
        let mut shown = shown.iter().enumerate().peekable();
        while let Some(scene) = story.next() {
            let Some((i, _)) = shown.next_if(|(_, n)| **n == scene.number) else {
                continue;
            };
            if i == head {
                self.left_out(story, tail - head);
            }
            if i < head || i >= tail {
                self.scene(story, &scene);
            }
        }
    }

    fn left_out(&mut self, story: &Story<'_>, steps: usize) {
        let mut line = self.canvas.lanes(story);
        let words = format!("{} left out", count(steps as u64, "step"));
        self.canvas.banner(&mut line, &words, Style::Dim, false);
        self.push(&line);
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
            self.canvas.marks(&mut line, node, &event_marks(scene), from);
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

    fn message(
        &mut self,
        line: &mut Line,
        story: &Story<'_>,
        m: &Message,
        origin: Option<Origin>,
        head: Head,
    ) -> bool {
        let details = [Detail::Full, Detail::Values, Detail::Kind];
        let numbered = details.map(|d| self.names.message(&m.message, origin, d));
        let short = self.names.label(&m.message, Detail::Kind);
        let mut labels = numbered.to_vec();
        labels.push(short);
        self.canvas.legend.numbers |= origin.is_some();
        let ends = (m.src, m.dst);
        self.canvas.arrow(line, story, ends, &labels, head)
    }

    /// The lines of what was lost as soon as it was sent.
    fn lost_sends(&mut self, story: &Story<'_>, node: usize, did: &Did) {
        let lost: Vec<(Message, Option<Origin>, &str)> = did
            .sent
            .iter()
            .filter_map(|s| {
                let m = Message {
                    src: node,
                    dst: s.dst,
                    message: s.message.clone(),
                };
                Some((m, None, s.lost.as_deref()?))
            })
            .collect();
        self.lost(story, &lost);
    }

    fn lost(&mut self, story: &Story<'_>, lost: &[(Message, Option<Origin>, &str)]) {
        let layout = self.canvas.layout;
        let shown = if lost.len() > LOST_LINES_MAX { LOST_LINES_MAX - 1 } else { lost.len() };
        for (m, origin, why) in &lost[..shown] {
            let mut line = self.canvas.lanes(story);
            self.message(&mut line, story, m, *origin, Head::Lost);
            let label = self.names.label(&m.message, Detail::Kind);
            let why = match *why {
                "cut" => "lost to the cut",
                "absorbed" => "absorbed: too many copies",
                _ => "lost",
            };
            let words = format!("{label} to {}: {why}", self.names.name(m.dst));
            let words = fit(&words, layout.text_width(), self.options.ascii);
            line.put(layout.text, &words, Style::Bad);
            self.push(&line);
        }
        if shown < lost.len() {
            let mut line = self.canvas.lanes(story);
            let more = count((lost.len() - shown) as u64, "more message");
            let words = fit(&format!("and {more} lost"), layout.text_width(), self.options.ascii);
            line.put(layout.text, &words, Style::Bad);
            self.push(&line);
        }
    }

    fn violation(&mut self, story: &Story<'_>, property: &str, reason: Option<&str>) {
        let layout = self.canvas.layout;
        let mut line = self.canvas.lanes(story);
        let reason = reason.map_or_else(String::new, |r| format!(": {r}"));
        let words = clean(&format!("{property} is violated{reason}"), self.options.ascii);
        let room = (layout.width - layout.left).saturating_sub(4);
        let words = fit(&words, room, self.options.ascii);
        self.canvas.banner(&mut line, &words, Style::Bad, true);
        self.push(&line);
    }

    /// How each node stands at the end, under its lane if there is room.
    fn end(&mut self, story: &Story<'_>) {
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
    fn below(&mut self, story: &Story<'_>) {
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
            self.say(&format!("Not shown, idle: {}.", enumerate(idle)), Style::Dim);
        }
        if let Some((others, _)) = &layout.others {
            let (Some(first), Some(last)) = (others.first(), others.last()) else {
                return;
            };
            let (first, last) = (self.names.name(*first), self.names.name(*last));
            let n = others.len();
            self.say(&format!("+{n}: {first} to {last} share the last lane."), Style::Dim);
        }
        self.on_their_way(story);
        self.out.push(String::new());
        let tone = match self.trace.verdict.as_ref().map(|v| v.verdict.as_str()) {
            Some("ok" | "holds" | "reached") => Style::Good,
            Some("undecided") => Style::Warn,
            _ => Style::Bad,
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
        let on_way: Vec<String> = story
            .in_flight()
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
        self.say(&format!("Still on the way: {}.", enumerate(named)), Style::Dim);
    }
}

/// What a step put on the lane of its node, the most telling first.
fn event_marks(scene: &Scene<'_>) -> Vec<Mark> {
    let step = scene.step;
    let mut all = Vec::new();
    if step.crash_after.is_some() || matches!(step.what, What::Crash { .. }) {
        all.push(Mark::Crash);
    }
    match step.what {
        What::Timeout { .. } => all.push(Mark::Timer),
        What::Choose { .. } => all.push(Mark::Choice),
        What::Recover { .. } => all.push(Mark::Recover),
        _ => {}
    }
    let did = marks(&step.did);
    let is_event = !all.is_empty();
    all.extend(did.into_iter().filter(|m| *m != Mark::Acts || !is_event));
    if all.is_empty() {
        all.push(match (scene.before, &step.after) {
            (Some(before), Some(after)) if before == after => Mark::Idle,
            _ => Mark::Acts,
        });
    }
    all
}

/// The marks of what a handler did.
fn marks(did: &Did) -> Vec<Mark> {
    let decided = did.observed.iter().rev().find_map(|o| match o {
        Observation::Decided { value, .. } => Some(match value.to_string().as_str() {
            "commit" => Mark::Commit,
            "abort" => Mark::Abort,
            _ => Mark::Decided,
        }),
        Observation::Chosen { .. } => Some(Mark::Decided),
        Observation::Elected { .. } => Some(Mark::Elected),
        _ => None,
    });
    let mut marks = Vec::new();
    marks.extend(decided);
    if marks.is_empty() && *did != Did::default() {
        marks.push(Mark::Acts);
    }
    if did.saved.iter().any(|s| s.forced) {
        marks.push(Mark::Forced);
    } else if !did.saved.is_empty() {
        marks.push(Mark::Lazy);
    }
    marks
}

/// The colour of a step's words.
fn tone(scene: &Scene<'_>) -> Style {
    match &scene.step.what {
        What::Crash { .. } | What::Drop(_) | What::ArriveAtDown(_) => Style::Bad,
        _ if scene.step.crash_after.is_some() => Style::Bad,
        What::Cut { .. } | What::Heal { .. } | What::Duplicate(_) => Style::Warn,
        _ => Style::Plain,
    }
}
