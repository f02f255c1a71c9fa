//! The space-time diagram of a run as a picture: a lane for each node, time downwards, evenly by step.
//!
//! Of a long run it shows what the run turns on; what lies between is a line.

use std::fmt::Write as _;

use crate::explain::{Fate, Lasting, Sending, Span, fates, spans};
use crate::model::Observation;
use crate::report::{Clock, Telling, telling};
use crate::trace::{StepRecord, Trace, What};

/// A longer run is shown in about so many steps.
const STEPS_WHOLE: usize = 60;
/// In pixels: what stands left of the lanes, between them, and right of them; a row, and what is above the first and below the
/// last.
const LEFT: usize = 104;
const LANE: usize = 112;
const RIGHT: usize = 580;
const ROW: usize = 26;
const HEAD: usize = 64;
const BELOW: usize = 16;
/// A longer text would leave the picture.
const WORDS_MAX: usize = 76;
/// A longer arrow, in rows, is faint.
const FAR: usize = 8;
/// How far from the end of its arrow a label stands, in pixels.
const LABEL: usize = 52;

/// Colours that people who see few of them can tell apart (Okabe & Ito 2008).
const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1b1f24}\
.dim{fill:#5b6570;font-size:12px}.name{font-weight:600}.mid{text-anchor:middle}.end{text-anchor:end}\
.lane{stroke:#aab2bb}.arrow{stroke:#3b4754;fill:none;stroke-width:1.3}.lost{stroke:#b3261e;stroke-dasharray:5 3}\
.far{opacity:.3}.flying{stroke:#8a949e;stroke-dasharray:2 3}.label{font-size:11px;paint-order:stroke;stroke:#fff;stroke-width:3px}\
.dot{fill:#3b4754}.idle{fill:#fff;stroke:#3b4754}.bad{fill:#b3261e}.good{fill:#00704f}\
.holds{fill:#e69f00}.leads{fill:#0072b2}.stuck{fill:none;stroke:#b3261e;stroke-width:2}\
.cut{fill:#cc79a7;opacity:.16}.broken{fill:#b3261e;opacity:.12}";

pub(super) fn svg(trace: &Trace) -> String {
    let telling = telling(trace, false);
    let (rows, places) = rows(trace, &telling);
    let mut picture = Picture {
        trace,
        rows,
        places,
        telling,
        clock: Clock::of(trace),
        body: String::new(),
    };
    for span in spans(trace, &picture.telling) {
        picture.span(&span);
    }
    picture.lanes();
    for sent in fates(trace, &picture.telling) {
        picture.arrow(&sent);
    }
    picture.steps();
    picture.whole()
}

/// Width and height of that picture, in pixels.
pub fn picture_size(trace: &Trace) -> (usize, usize) {
    let (rows, _) = rows(trace, &telling(trace, false));
    size(trace, rows.len())
}

fn size(trace: &Trace, rows: usize) -> (usize, usize) {
    let width = LEFT + trace.nodes.len() * LANE + RIGHT;
    (width, HEAD + rows * ROW + BELOW)
}

/// A row: a step, or several that are not shown.
enum Row {
    Step(usize),
    Skipped(Vec<usize>),
}

/// The rows, and the place of each step among them.
fn rows(trace: &Trace, telling: &Telling<'_>) -> (Vec<Row>, Vec<usize>) {
    let wanted: Vec<usize> = (1..=trace.steps.len()).collect();
    let kept = telling.kept(&wanted, STEPS_WHOLE);
    let mut rows: Vec<Row> = Vec::new();
    let mut places = Vec::new();
    for (nth, kept) in wanted.into_iter().zip(kept) {
        match rows.last_mut() {
            _ if kept => rows.push(Row::Step(nth)),
            Some(Row::Skipped(steps)) => steps.push(nth),
            _ => rows.push(Row::Skipped(vec![nth])),
        }
        places.push(rows.len() - 1);
    }
    (rows, places)
}

struct Picture<'a> {
    trace: &'a Trace,
    telling: Telling<'a>,
    rows: Vec<Row>,
    /// The row of each step.
    places: Vec<usize>,
    /// Nothing in a run without times.
    clock: Option<Clock>,
    body: String,
}

impl Picture<'_> {
    fn put(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    fn lane(node: usize) -> usize {
        LEFT + LANE / 2 + node * LANE
    }

    /// The middle of the row of a step; the start is above all rows.
    fn row(&self, step: usize) -> usize {
        let at = step.checked_sub(1).and_then(|at| self.places.get(at));
        at.map_or(HEAD - ROW / 2, |at| HEAD + at * ROW + ROW / 2)
    }

    /// Whether a step has a row of its own.
    fn is_shown(&self, step: usize) -> bool {
        let at = step.checked_sub(1).and_then(|at| self.places.get(at));
        at.is_some_and(|at| matches!(self.rows[*at], Row::Step(_)))
    }

    fn bottom(&self) -> usize {
        HEAD + self.rows.len() * ROW
    }

    fn width(&self) -> usize {
        size(self.trace, 0).0
    }

    fn span(&mut self, span: &Span) {
        let top = self.row(span.from);
        let end = span.until.map_or(self.bottom(), |until| self.row(until));
        let height = end.saturating_sub(top);
        let words = escaped(&span.words);
        let class = match span.kind {
            Lasting::Cut => {
                let (x, width) = (LEFT, self.trace.nodes.len() * LANE);
                self.put(&format!(
                    r#"<rect class="cut" x="{x}" y="{top}" width="{width}" height="{height}"><title>{words}</title></rect><text class="dim" x="{}" y="{}">{words}</text>"#,
                    x + 4,
                    top + 12
                ));
                return;
            }
            Lasting::Down | Lasting::NotStarted => "down",
            Lasting::Holds => "holds",
            Lasting::Leads => "leads",
            Lasting::Stuck => "stuck",
        };
        let Some(node) = span.node.filter(|node| *node < self.trace.nodes.len()) else {
            return;
        };
        let lane = Self::lane(node);
        let (x, width) = match span.kind {
            Lasting::Holds => (lane - 12, 4),
            Lasting::Leads => (lane + 8, 4),
            Lasting::Stuck => (lane - 15, 30),
            _ => (lane - 9, 18),
        };
        let fill = match span.kind {
            Lasting::Down | Lasting::NotStarted => r#" fill="url(#hatched)""#,
            _ => "",
        };
        self.put(&format!(
            r#"<rect class="{class}"{fill} x="{x}" y="{top}" width="{width}" height="{height}" rx="2"><title>{words}</title></rect>"#
        ));
    }

    fn lanes(&mut self) {
        let bottom = self.bottom();
        self.put(r#"<text class="dim end" x="36" y="38">#</text>"#);
        if let Some(clock) = &self.clock {
            let unit = clock.unit;
            self.put(&format!(
                r#"<text class="dim end" x="98" y="38">{unit}</text>"#
            ));
        }
        for (node, info) in self.trace.nodes.iter().enumerate() {
            let x = Self::lane(node);
            let name = escaped(&self.telling.name(node));
            let role = escaped(&self.telling.text(&info.role));
            self.put(&format!(
                r#"<text class="name mid" x="{x}" y="22">{name}</text><text class="dim mid" x="{x}" y="38">{role}</text><line class="lane" x1="{x}" y1="46" x2="{x}" y2="{bottom}"/>"#
            ));
        }
    }

    fn arrow(&mut self, sent: &Sending<'_>) {
        let nodes = self.trace.nodes.len();
        if sent.src >= nodes || sent.dst >= nodes || sent.src == sent.dst {
            return;
        }
        let (class, end) = match sent.fate {
            Fate::Arrived(step) => ("arrow", step),
            Fate::AtDown(step) | Fate::Dropped(step) => ("arrow lost", step),
            Fate::Cut(step) => ("arrow lost", step.max(sent.sent_in)),
            Fate::OnItsWay => ("arrow flying", self.trace.steps.len()),
            Fate::Absorbed => return,
        };
        let (from, to) = (self.row(sent.sent_in), self.row(end));
        // What is sent and arrives in steps that are not shown is not, either.
        if !self.is_shown(end) && !self.is_shown(sent.sent_in) && sent.sent_in > 0 {
            return;
        }
        let (x1, x2) = (Self::lane(sent.src), Self::lane(sent.dst));
        let part = |from: usize, to: usize| {
            if matches!(sent.fate, Fate::Arrived(_) | Fate::AtDown(_)) {
                to
            } else {
                // It never got there.
                usize::midpoint(from, to)
            }
        };
        let (x2, y2) = (part(x1, x2), part(from, to));
        let head = if matches!(sent.fate, Fate::Arrived(_)) {
            r#" marker-end="url(#head)""#
        } else {
            ""
        };
        let label = escaped(&self.telling.message(sent.label));
        let y1 = from;
        let far = if from.abs_diff(to) > FAR * ROW {
            " far"
        } else {
            ""
        };
        let mut element = format!(
            r#"<line class="{class}{far}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"{head}/>"#
        );
        if class == "arrow lost" {
            let (x, y) = (x2, y2 + 4);
            let _ = write!(element, r#"<text class="bad mid" x="{x}" y="{y}">✗</text>"#);
        }
        // Near its end, where no other arrow ends.
        let length = (x1.abs_diff(x2).pow(2) + y1.abs_diff(y2).pow(2)).isqrt();
        let back = LABEL.min(length / 3);
        let at = |from: usize, to: usize| {
            let part = from.abs_diff(to) * back / length.max(1);
            if from < to { to - part } else { to + part }
        };
        let (x, y) = (at(x1, x2), at(y1, y2).saturating_sub(4));
        let _ = write!(
            element,
            r#"<text class="label mid" x="{x}" y="{y}">{label}</text>"#
        );
        self.put(&element);
    }

    fn steps(&mut self) {
        for at in 0..self.rows.len() {
            let y = HEAD + at * ROW + ROW / 2;
            let words = match &self.rows[at] {
                Row::Skipped(steps) => {
                    let words = escaped(&self.telling.skipped(steps));
                    let x = LEFT + self.trace.nodes.len() * LANE + 12;
                    format!(
                        r#"<text class="dim" x="{x}" y="{}">… {words}</text>"#,
                        y + 4
                    )
                }
                Row::Step(nth) => self.step(*nth, y),
            };
            self.put(&words);
        }
    }

    fn step(&self, nth: usize, y: usize) -> String {
        let step = &self.trace.steps[nth - 1];
        let told = &self.telling.steps[nth - 1];
        let lanes = self.trace.nodes.len();
        let mut out = String::new();
        if step.properties.iter().any(|status| !status.holds) {
            let (y, width) = (y - ROW / 2, self.width());
            let _ = write!(
                out,
                r#"<rect class="broken" x="0" y="{y}" width="{width}" height="{ROW}"/>"#
            );
        }
        let number = self.trace.number(nth);
        let time = step.at.zip(self.clock.as_ref());
        let time = time.map_or_else(String::new, |(at, clock)| clock.show(at.nanos()));
        let baseline = y + 4;
        let _ = write!(
            out,
            r#"<text class="end" x="36" y="{baseline}">{number}</text><text class="dim end" x="98" y="{baseline}">{time}</text>"#
        );
        if let Some(node) = step.what.actor().filter(|node| *node < lanes) {
            out.push_str(&mark(step, Self::lane(node), y));
        }
        let mut words: String = told.words.chars().take(WORDS_MAX).collect();
        if told.words.chars().count() > WORDS_MAX {
            words.push('…');
        }
        let x = LEFT + lanes * LANE + 12;
        let _ = write!(
            out,
            r#"<text x="{x}" y="{baseline}">{}</text>"#,
            escaped(&words)
        );
        out
    }

    fn whole(&self) -> String {
        let (width, height) = size(self.trace, self.rows.len());
        let title = escaped(&self.telling.text(&self.trace.protocol));
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">
<title>{title}</title>
<style>{STYLE}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="11" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#3b4754"/></marker><pattern id="hatched" width="6" height="6" patternTransform="rotate(45)" patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="#fff"/><path d="M0 0V6" stroke="#8a949e" stroke-width="3"/></pattern></defs>
<rect width="{width}" height="{height}" fill="#fff"/>
{}</svg>
"##,
            self.body
        )
    }
}

/// What happened on a lane.
fn mark(step: &StepRecord, x: usize, y: usize) -> String {
    let sign = |class: &str, text: &str| {
        let y = y + 5;
        format!(r#"<text class="name mid {class}" x="{x}" y="{y}">{text}</text>"#)
    };
    if step.crash_after.is_some() || matches!(step.what, What::Crash { .. }) {
        return sign("bad", "╳");
    }
    let decides = step.did.observed.iter().find_map(|seen| match seen {
        Observation::Decided { value, .. } => Some(match value.to_string().as_str() {
            "abort" => ("bad", "✗"),
            _ => ("good", "✓"),
        }),
        Observation::Chosen { .. } | Observation::Committed { .. } => Some(("good", "✓")),
        Observation::Elected { .. } => Some(("good", "★")),
        _ => None,
    });
    let mut out = match (&step.what, decides) {
        (_, Some((class, text))) => {
            let disc = format!(r#"<circle cx="{x}" cy="{y}" r="8" fill="white"/>"#);
            format!("{disc}{}", sign(class, text))
        }
        (What::Timeout { .. }, _) => format!(
            r#"<circle class="idle" cx="{x}" cy="{y}" r="5"/><path d="M{x} {}v3h3" class="idle"/>"#,
            y - 3
        ),
        (What::Recover { .. }, _) => sign("", "↑"),
        (What::Choose { .. }, _) => sign("", "◆"),
        _ => format!(r#"<circle class="dot" cx="{x}" cy="{y}" r="4"/>"#),
    };
    if let Some(saved) = step.did.saved.first() {
        let class = if saved.forced { "dot" } else { "idle" };
        let (left, top) = (x + 14, y - 3);
        let _ = write!(
            out,
            r#"<rect class="{class}" x="{left}" y="{top}" width="6" height="6"/>"#
        );
    }
    out
}

fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        c if c.is_control() => " ".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}
