//! Where our words go: who reads them, how wide, in colour or not.

use std::io::{IsTerminal, stderr, stdin, stdout};

use clap::ValueEnum;

/// Diagrams and texts are never wider.
pub const WIDTH_MAX: usize = 200;

/// How wide they are where nobody knows what reads them.
const WIDTH_UNKNOWN: usize = 100;

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal that wants them.
    Auto,
    Always,
    Never,
}

/// What is known of those who read. Each flag is a fact of its own.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
    /// Whether results are coloured.
    pub color: bool,
    /// Whether errors and progress are coloured.
    pub stderr_color: bool,
    /// Columns, at most [`WIDTH_MAX`].
    pub width: usize,
}

impl Terminal {
    pub fn look(color: Color) -> Self {
        let (stdin, stdout, stderr) = (
            stdin().is_terminal(),
            stdout().is_terminal(),
            stderr().is_terminal(),
        );
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let wanted = |terminal| match color {
            Color::Auto => terminal && !set("NO_COLOR") && !dumb,
            Color::Always => true,
            Color::Never => false,
        };
        let width = if stdout {
            crossterm::terminal::size().map_or(WIDTH_UNKNOWN, |(columns, _)| columns.into())
        } else {
            WIDTH_UNKNOWN
        };
        Terminal {
            stdin,
            stdout,
            stderr,
            color: wanted(stdout),
            stderr_color: wanted(stderr),
            width: width.clamp(40, WIDTH_MAX),
        }
    }
}
