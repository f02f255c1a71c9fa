//! Rows of a diagram: lanes, arrows between them, and marks on them.
//!
//! Invariant: draws what it is told at columns that exist; it decides no words.

use super::layout::Layout;
use super::legend::Legend;
use super::marks::{ASCII, Mark, Strokes, UNICODE};
use super::paint::{Line, Style};
use super::story::{Condition, Story};
use super::text::width;

/// Draws rows, and remembers which marks it used.
#[derive(Debug)]
pub(super) struct Canvas<'a> {
    pub layout: &'a Layout,
    pub legend: Legend,
    pub ascii: bool,
    strokes: &'static Strokes,
    /// Where the last lanes bear a mark, unless something comes to stand on it.
    standing: Vec<(usize, Mark)>,
}

/// How an arrow ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    Arrives,
    Lost,
    Copied,
}

impl<'a> Canvas<'a> {
    pub fn new(layout: &'a Layout, ascii: bool) -> Self {
        Canvas {
            layout,
            legend: Legend::default(),
            ascii,
            strokes: if ascii { &ASCII } else { &UNICODE },
            standing: Vec::new(),
        }
    }

    /// A row with nothing but the lanes, as the nodes stand.
    pub fn lanes(&mut self, story: &Story<'_>) -> Line {
        self.standing.clear();
        let mut line = Line::blank(self.layout.width);
        for &node in &self.layout.lanes {
            let Some(x) = self.layout.column(node) else {
                continue;
            };
            let mut mark = |m: Mark| {
                self.standing.push((x, m));
                m.glyph(self.ascii)
            };
            let (glyph, style) = match story.standing(node) {
                Condition::Up => (self.strokes.lane, Style::Plain),
                Condition::Locked => (mark(Mark::Locked), Style::Warn),
                Condition::Down => (mark(Mark::Down), Style::Dim),
                Condition::NotStarted => (mark(Mark::NotStarted), Style::Dim),
            };
            line.put(x, glyph, style);
        }
        if let Some((_, x)) = self.layout.others {
            line.put(x, self.strokes.lane, Style::Dim);
        }
        self.cuts(&mut line, story);
        line
    }

    /// The cuts that last: a wall between neighbours that do not reach each other. A cut between none but
    /// nodes that are no neighbours has a piece of it beside either lane.
    fn cuts(&mut self, line: &mut Line, story: &Story<'_>) {
        let places = self.layout.lanes.iter();
        let places: Vec<(usize, usize)> = places
            .filter_map(|&node| Some((node, self.layout.column(node)?)))
            .collect();
        let wall = |a: usize, b: usize| match (story.is_cut(a, b), story.is_cut(b, a)) {
            (true, true) => Some(Mark::Cut),
            (true, false) => Some(Mark::OnlyLeft),
            (false, true) => Some(Mark::OnlyRight),
            (false, false) => None,
        };
        let mut walls = Vec::new();
        for neighbours in places.windows(2) {
            if let [(a, x0), (b, x1)] = *neighbours
                && let Some(mark) = wall(a, b)
            {
                walls.push((usize::midpoint(x0, x1), mark));
            }
        }
        let seen = walls.clone();
        for links in story.cuts() {
            for &(src, dst) in links {
                let ends = (self.layout.column(src), self.layout.column(dst));
                let (a, b) = (src.min(dst), src.max(dst));
                if let (Some(x0), Some(x1)) = ends
                    && let (low, high) = (x0.min(x1), x0.max(x1))
                    && high > low + 2
                    && !seen.iter().any(|(x, _)| low < *x && *x < high)
                    && let Some(mark) = wall(a, b)
                {
                    walls.extend([(low + 1, mark), (high - 1, mark)]);
                }
            }
        }
        for (x, mark) in walls {
            self.standing.push((x, mark));
            line.put(x, mark.glyph(self.ascii), Style::Warn);
        }
    }

    /// The line is done: what still shows of the lanes' marks is explained.
    pub fn done(&mut self, line: &Line) {
        let s = self.strokes;
        let locked = [s.cross_locked, s.tail_right_locked, s.tail_left_locked];
        for (x, mark) in std::mem::take(&mut self.standing) {
            let shows = |glyph: &str| line.shows(x, glyph);
            let is_crossed = mark == Mark::Locked && locked.into_iter().any(shows);
            if is_crossed || shows(mark.glyph(self.ascii)) {
                self.legend.note(mark);
            }
        }
    }

    /// An arrow from lane to lane that bears the first of these labels that fits. Answers
    /// whether one did.
    pub fn arrow(
        &mut self,
        line: &mut Line,
        story: &Story<'_>,
        (src, dst): (usize, usize),
        labels: &[String],
        head: Head,
    ) -> bool {
        let (Some(from), Some(to)) = (self.layout.column(src), self.layout.column(dst)) else {
            return false;
        };
        let style = match head {
            Head::Arrives => Style::Accent,
            Head::Lost => Style::Bad,
            Head::Copied => Style::Warn,
        };
        if from == to {
            return self.loop_back(line, to, labels, style);
        }
        let rightward = from < to;
        let s = self.strokes;
        let (low, high) = (from.min(to), from.max(to));
        for x in low + 1..high {
            line.put(x, s.dash, style);
        }
        for &node in &self.layout.lanes {
            if let Some(x) = self.layout.column(node).filter(|x| low < *x && *x < high) {
                match story.standing(node) {
                    Condition::Up => line.put(x, s.cross, style),
                    Condition::Locked => line.put(x, s.cross_locked, style),
                    Condition::Down | Condition::NotStarted => {}
                }
            }
        }
        let tail = match (story.standing(src), rightward) {
            (Condition::Up, true) => Some(s.tail_right),
            (Condition::Up, false) => Some(s.tail_left),
            (Condition::Locked, true) => Some(s.tail_right_locked),
            (Condition::Locked, false) => Some(s.tail_left_locked),
            _ => None,
        };
        if let Some(tail) = tail {
            line.put(from, tail, Style::Plain);
        }
        let tip = match head {
            Head::Arrives if rightward => s.right,
            Head::Arrives => s.left,
            Head::Lost => self.mark(Mark::Lost),
            Head::Copied => self.mark(Mark::Copied),
        };
        line.put(if rightward { to - 1 } else { to + 1 }, tip, style);
        self.label(line, (from, to), labels, style)
    }

    /// Writes on an arrow: beside the receiver if it fits there, across lanes if it must.
    fn label(
        &self,
        line: &mut Line,
        (from, to): (usize, usize),
        labels: &[String],
        style: Style,
    ) -> bool {
        let gap = self.layout.pitch.saturating_sub(2);
        let whole = from.abs_diff(to).saturating_sub(2);
        for room in [gap, whole] {
            let Some(label) = labels.iter().find(|l| width(l) <= room) else {
                continue;
            };
            let slack = room - width(label);
            let at = if from < to {
                to - 1 - room + slack.div_ceil(2)
            } else {
                to + 2 + slack / 2
            };
            line.put(at, label, style);
            return true;
        }
        false
    }

    /// A message of a node to itself, or between two that share a lane.
    fn loop_back(&mut self, line: &mut Line, x: usize, labels: &[String], style: Style) -> bool {
        let glyph = self.mark(Mark::ToItself);
        line.put(x + 1, glyph, style);
        let room = self.layout.pitch.saturating_sub(3);
        let label = labels.iter().find(|l| width(l) <= room);
        // The last lane has the text beside it.
        let label = label.filter(|_| x < self.layout.right);
        if let Some(label) = label {
            line.put(x + 2, label, style);
        }
        label.is_some()
    }

    /// Marks on a lane: the first on it, the others behind it, away from the arrow that came in.
    pub fn marks(&mut self, line: &mut Line, node: usize, marks: &[Mark], from: Option<usize>) {
        let Some(x) = self.layout.column(node) else {
            return;
        };
        let rightward = match from.and_then(|f| self.layout.column(f)) {
            Some(source) if source == x => false,
            Some(source) => source < x,
            None => true,
        };
        // Of lanes close together, each has room for two marks.
        let shown = if self.layout.pitch > PITCH_OF_THREE {
            3
        } else {
            2
        };
        for (i, &mark) in marks.iter().take(shown).enumerate() {
            let at = if rightward {
                Some(x + i)
            } else {
                x.checked_sub(i)
            };
            let glyph = self.mark(mark);
            if let Some(at) = at {
                line.put(at, glyph, style(mark));
            }
        }
    }

    /// A line across all lanes with words in it.
    pub fn banner(&self, line: &mut Line, words: &str, style: Style, broken: bool) {
        let stroke = if broken {
            self.strokes.broken
        } else {
            self.strokes.cut
        };
        let start = self.layout.left.saturating_sub(1);
        for x in start..self.layout.text.saturating_sub(1) {
            line.put(x, stroke, style);
        }
        line.put(start + 2, &format!(" {words} "), style);
    }

    pub fn strokes(&self) -> &'static Strokes {
        self.strokes
    }

    fn mark(&mut self, mark: Mark) -> &'static str {
        self.legend.note(mark);
        mark.glyph(self.ascii)
    }
}

/// Lanes at most this far apart have room for two marks.
const PITCH_OF_THREE: usize = 5;

fn style(mark: Mark) -> Style {
    match mark {
        Mark::Commit | Mark::Decided | Mark::Elected | Mark::Recover => Style::Good,
        Mark::Abort | Mark::Crash | Mark::Lost => Style::Bad,
        Mark::Timer | Mark::Copied | Mark::Locked | Mark::Cut => Style::Warn,
        Mark::Idle | Mark::Down | Mark::NotStarted => Style::Dim,
        _ => Style::Bold,
    }
}
