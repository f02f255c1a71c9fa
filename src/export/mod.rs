//! A run in the formats of other tools.
//!
//! Invariant: made of a trace alone, which may come from a file and say anything. A page writes the same bytes
//! (`src/page/web/exports`), which a test holds it to.

mod itf;
mod mermaid;
mod shiviz;
mod svg;

use std::fmt;

use crate::trace::{Trace, What};
pub use svg::picture_size;

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A sequence diagram of Mermaid.
    Mermaid,
    /// A log for `ShiViz`.
    Shiviz,
    /// Apalache's Informal Trace Format.
    Itf,
    /// The space-time diagram as a picture.
    Svg,
}

impl Format {
    pub const ALL: [Format; 4] = [Format::Mermaid, Format::Shiviz, Format::Itf, Format::Svg];

    pub fn name(self) -> &'static str {
        match self {
            Format::Mermaid => "mermaid",
            Format::Shiviz => "shiviz",
            Format::Itf => "itf",
            Format::Svg => "svg",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Writes a trace in a format.
pub fn export(trace: &Trace, format: Format) -> String {
    match format {
        Format::Mermaid => mermaid::mermaid(trace),
        Format::Shiviz => shiviz::shiviz(trace),
        Format::Itf => itf::itf(trace),
        Format::Svg => svg::svg(trace),
    }
}

/// A text without control characters: whatever would end a line.
fn clean(text: &str) -> String {
    let ends_a_line = |c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}';
    let clean = |c: char| if ends_a_line(c) { ' ' } else { c };
    text.chars().map(clean).collect()
}

fn names(trace: &Trace) -> Vec<String> {
    trace.nodes.iter().map(|node| node.name.clone()).collect()
}

/// Whether a node had been up before a step, counted from 1, as far as is recorded.
fn ever_up(trace: &Trace, node: usize, step: usize) -> bool {
    let before = trace.steps.iter().take(step - 1);
    let mut actors = before.map(|step| step.what.actor());
    trace.start.get(node).is_some_and(|start| start.after.up)
        || actors.any(|actor| actor == Some(node))
}

/// The links that a cut, or the end of one, is about.
fn links(what: &What) -> Option<&[(usize, usize)]> {
    match what {
        What::Cut { links } | What::Heal { links } => Some(links),
        _ => None,
    }
}
