//! The picture of a trace: a diagram, a transcript, the facts in words, one step in full.
//!
//! Invariant: reports read traces, which may come from files and say anything, and answer with
//! text that is safe to show and fits its width. They run no actor, judge nothing and print
//! nothing.

mod canvas;
mod diagram;
mod facts;
mod footer;
mod header;
mod layout;
mod legend;
mod losses;
mod marks;
mod names;
mod paint;
mod signs;
mod state;
mod step;
mod story;
mod telling;
mod text;
mod told;
mod transcript;
mod walk;
mod weight;
mod words;

#[cfg(test)]
pub(crate) mod tests;

use crate::model::KeyState;

pub use diagram::diagram;
pub use facts::facts;
pub(crate) use layout::Clock;
pub(crate) use paint::{Style, paint};
pub use step::step;
pub(crate) use text::{clean, wrap};
pub use told::{Flying, Telling, ToldStep, Weight, telling};
pub use transcript::transcript;
pub use walk::{Landmark, details, landmark, screen};

/// Sentences, safe to show, in lines that fit the width, of which the second and later ones are indented.
pub fn prose(text: &str, options: &Options) -> String {
    text::wrap(&text::clean(text, options.ascii), options.columns(), 2).join("\n")
}

/// The state that matters, each thing by itself: `term 3`. It is not cleaned.
pub fn key_state(state: &KeyState) -> Vec<String> {
    state::changes(None, state)
}

/// The widest that a diagram may be, in columns.
pub const WIDTH_MAX: usize = 200;
/// How wide it is if nobody says.
pub const WIDTH_DEFAULT: usize = 100;
/// The narrowest; asked for less, it takes this.
pub const WIDTH_MIN: usize = 40;

/// What a diagram shows, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Columns, between [`WIDTH_MIN`] and [`WIDTH_MAX`].
    pub width: usize,
    /// Colours, as ANSI escapes. Whoever prints knows whether they are wanted.
    pub color: bool,
    /// Draw with ASCII alone.
    pub ascii: bool,
    /// The first step to show, counted from 1.
    pub from: Option<usize>,
    /// The last step to show.
    pub until: Option<usize>,
    /// Only the steps that these nodes, by name, have a part in. Empty shows all.
    pub nodes: Vec<String>,
    /// Draw what the scenario is about above the picture.
    pub about: bool,
    /// Draw a run with more steps than this condensed, in about so many: around what it turns on. What lies between is
    /// told in a line.
    pub elide: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            width: WIDTH_DEFAULT,
            color: false,
            ascii: false,
            from: None,
            until: None,
            nodes: Vec::new(),
            about: true,
            elide: None,
        }
    }
}

impl Options {
    pub(crate) fn columns(&self) -> usize {
        self.width.clamp(WIDTH_MIN, WIDTH_MAX)
    }
}
