//! The marks of a diagram: how each looks, and what the legend says of it.
//!
//! Invariant: every mark is one column wide, in both alphabets.

/// A mark that a legend can explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Acts,
    Idle,
    Forced,
    Lazy,
    Locked,
    Timer,
    Choice,
    Commit,
    Abort,
    Decided,
    Elected,
    Crash,
    Down,
    Recover,
    NotStarted,
    Lost,
    Copied,
    ToItself,
    Cut,
    OnlyRight,
    OnlyLeft,
}

impl Mark {
    pub fn glyph(self, ascii: bool) -> &'static str {
        let (unicode, plain) = match self {
            Mark::Acts => ("●", "*"),
            Mark::Idle => ("○", "o"),
            Mark::Forced => ("■", "F"),
            Mark::Lazy => ("□", "f"),
            Mark::Locked => ("┃", "H"),
            Mark::Timer => ("◷", "t"),
            Mark::Choice => ("◆", "?"),
            Mark::Commit => ("✓", "C"),
            Mark::Abort => ("✗", "A"),
            Mark::Decided => ("✓", "D"),
            Mark::Elected => ("★", "L"),
            Mark::Crash => ("╳", "X"),
            Mark::Down => ("┊", ":"),
            Mark::Recover => ("↑", "^"),
            Mark::NotStarted => ("·", "."),
            Mark::Lost => ("✗", "x"),
            Mark::Copied => ("»", "%"),
            Mark::ToItself => ("↻", "@"),
            Mark::Cut => ("║", "!"),
            Mark::OnlyRight => ("›", ")"),
            Mark::OnlyLeft => ("‹", "("),
        };
        if ascii { plain } else { unicode }
    }

    /// What it means, in a legend.
    pub fn meaning(self) -> &'static str {
        match self {
            Mark::Acts => "acts",
            Mark::Idle => "does nothing",
            Mark::Forced => "forced write",
            Mark::Lazy => "lazy write",
            Mark::Locked => "holds",
            Mark::Timer => "timer fires",
            Mark::Choice => "a choice is settled",
            Mark::Commit => "decides commit",
            Mark::Abort => "decides abort",
            Mark::Decided => "decides or learns",
            Mark::Elected => "becomes leader",
            Mark::Crash => "crashes",
            Mark::Down => "down",
            Mark::Recover => "starts again or joins",
            Mark::NotStarted => "not started",
            Mark::Lost => "message lost",
            Mark::Copied => "message duplicated",
            Mark::ToItself => "stays on its lane",
            Mark::Cut => "cut",
            Mark::OnlyRight | Mark::OnlyLeft => "cut, but for this way",
        }
    }

    /// How the legend shows it, where the glyph alone would be taken for another.
    pub fn sample(self, ascii: bool) -> String {
        let glyph = self.glyph(ascii);
        match self {
            Mark::Lost | Mark::Copied if ascii => format!("--{glyph}"),
            Mark::Lost | Mark::Copied => format!("──{glyph}"),
            _ => glyph.to_owned(),
        }
    }
}

/// The strokes that lanes and arrows are drawn with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strokes {
    pub lane: &'static str,
    pub dash: &'static str,
    pub right: &'static str,
    pub left: &'static str,
    pub cross: &'static str,
    pub cross_locked: &'static str,
    pub tail_right: &'static str,
    pub tail_left: &'static str,
    pub tail_right_locked: &'static str,
    pub tail_left_locked: &'static str,
    pub cut: &'static str,
    pub broken: &'static str,
    pub dot: &'static str,
}

pub(super) const UNICODE: Strokes = Strokes {
    lane: "│",
    dash: "─",
    right: "▶",
    left: "◀",
    cross: "┼",
    cross_locked: "╂",
    tail_right: "├",
    tail_left: "┤",
    tail_right_locked: "┠",
    tail_left_locked: "┨",
    cut: "╌",
    broken: "═",
    dot: "·",
};

pub(super) const ASCII: Strokes = Strokes {
    lane: "|",
    dash: "-",
    right: ">",
    left: "<",
    cross: "+",
    cross_locked: "H",
    tail_right: "|",
    tail_left: "|",
    tail_right_locked: "H",
    tail_left_locked: "H",
    cut: "~",
    broken: "=",
    dot: "-",
};
