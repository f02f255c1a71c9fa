//! One line of the picture, cell by cell.
//!
//! Invariant: a line is never wider than it was made, whatever is put on it. Knows columns and
//! colours, not what they stand for.

use unicode_width::UnicodeWidthChar;

/// What a piece of text is, for those who see colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Style {
    #[default]
    Plain,
    Dim,
    Bold,
    Good,
    Bad,
    Warn,
    Accent,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Dim => "\u{1b}[2m",
            Style::Bold => "\u{1b}[1m",
            Style::Good => "\u{1b}[32m",
            Style::Bad => "\u{1b}[31m",
            Style::Warn => "\u{1b}[33m",
            Style::Accent => "\u{1b}[36m",
        }
    }
}

const RESET: &str = "\u{1b}[0m";

/// The second cell of a character that takes two.
const CONTINUED: char = '\0';

/// A line of cells.
#[derive(Clone, Debug)]
pub(super) struct Line {
    cells: Vec<(char, Style)>,
}

impl Line {
    pub fn blank(width: usize) -> Self {
        Line {
            cells: vec![(' ', Style::Plain); width],
        }
    }

    /// Writes cleaned text from a column on. What does not fit is left away.
    pub fn put(&mut self, at: usize, text: &str, style: Style) {
        let mut x = at;
        for c in text.chars() {
            let w = c.width().unwrap_or(0);
            if w == 0 {
                continue;
            }
            if x + w > self.cells.len() {
                return;
            }
            self.set(x, c, style);
            if w == 2 {
                self.set(x + 1, CONTINUED, style);
            }
            x += w;
        }
    }

    /// Sets one cell; half of a wide character that it lands on turns blank.
    fn set(&mut self, x: usize, c: char, style: Style) {
        if c != CONTINUED && self.cells[x].0 == CONTINUED && x > 0 {
            self.cells[x - 1].0 = ' ';
        }
        if let Some(next) = self.cells.get_mut(x + 1)
            && next.0 == CONTINUED
        {
            next.0 = ' ';
        }
        self.cells[x] = (c, style);
    }

    /// Whether a column shows a character.
    pub fn shows(&self, x: usize, glyph: &str) -> bool {
        self.cells
            .get(x)
            .is_some_and(|(c, _)| glyph.chars().eq([*c]))
    }

    /// The line as text, without blanks at its end.
    pub fn render(&self, color: bool) -> String {
        let end = self
            .cells
            .iter()
            .rposition(|(c, _)| *c != ' ')
            .map_or(0, |last| last + 1);
        let mut out = String::new();
        let mut now = Style::Plain;
        for &(c, style) in &self.cells[..end] {
            // A blank shows no colour, so it need not change it.
            if color && style != now && c != ' ' {
                if now != Style::Plain {
                    out.push_str(RESET);
                }
                out.push_str(style.code());
                now = style;
            }
            if c != CONTINUED {
                out.push(c);
            }
        }
        if now != Style::Plain {
            out.push_str(RESET);
        }
        out
    }
}

/// A whole text in one style.
pub(crate) fn paint(text: &str, style: Style, color: bool) -> String {
    if color && style != Style::Plain {
        format!("{}{text}{RESET}", style.code())
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_clips_and_never_leaves_half_a_character() {
        let mut line = Line::blank(5);
        line.put(0, "投票し", Style::Plain);
        assert_eq!(line.render(false), "投票");
        line.put(1, "x", Style::Plain);
        assert_eq!(line.render(false), " x票");
    }

    #[test]
    fn colours_come_only_when_asked_for() {
        let mut line = Line::blank(3);
        line.put(0, "a", Style::Bad);
        line.put(1, "b", Style::Plain);
        assert_eq!(line.render(false), "ab");
        assert_eq!(line.render(true), "\u{1b}[31ma\u{1b}[0mb");
    }
}
