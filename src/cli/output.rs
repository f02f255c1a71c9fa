//! Standard output: one locked, buffered writer.
//!
//! If its reader goes away, what comes after is lost, and the exit code still says what a command came
//! to. (Nothing in the command line uses `println!`, which panics then.)

use std::io::{self, BufWriter, StdoutLock, Write};

use serde::Serialize;

use super::{Failure, Outcome, Terminal};

/// Where results go.
pub struct Output {
    writer: BufWriter<StdoutLock<'static>>,
    color: bool,
}

/// What a piece of text says, for those who see colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    Good,
    Bad,
    Open,
    Dim,
    Bold,
}

impl Paint {
    /// How an outcome looks.
    pub fn of(outcome: Outcome) -> Paint {
        match outcome {
            Outcome::AsExpected => Paint::Good,
            Outcome::NotEstablished => Paint::Open,
            Outcome::Refuted | Outcome::BrokenPromise | Outcome::BadInput => Paint::Bad,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Paint::Good => "32",
            Paint::Bad => "31",
            Paint::Open => "33",
            Paint::Dim => "2",
            Paint::Bold => "1",
        }
    }
}

impl Output {
    pub fn new(terminal: &Terminal) -> Self {
        Output {
            writer: BufWriter::new(io::stdout().lock()),
            color: terminal.color,
        }
    }

    /// The text, in colour if the reader sees colours.
    pub fn paint(&self, paint: Paint, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("\x1b[{}m{text}\x1b[0m", paint.code())
        } else {
            text.to_owned()
        }
    }

    pub fn line(&mut self, text: impl AsRef<str>) -> Result<(), Failure> {
        let text = text.as_ref().trim_end_matches('\n');
        written(writeln!(self.writer, "{text}"))
    }

    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        self.text(&in_json(value))
    }

    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        written(self.writer.write_all(text.as_bytes()))
    }

    /// Hands over what is buffered. Forgetting this would lose the last error.
    pub fn finish(mut self) -> Result<(), Failure> {
        written(self.writer.flush())
    }
}

/// What an answer or a file is in JSON. It becomes a value first, as everywhere: a writer of text brings all that is
/// written anew.
pub fn in_json(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).expect("what we write is plain data");
    let mut text = format!("{value:#}");
    text.push('\n');
    text
}

/// Whoever read our output may have seen enough: that is no error.
fn written(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => Ok(outcome?),
    }
}

/// A remark to standard error; lost if nobody listens.
pub fn remark(text: impl AsRef<str>) {
    let _ = writeln!(io::stderr(), "{}", text.as_ref());
}
