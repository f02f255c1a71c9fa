//! What keeps a command from giving an answer: bad input, an unwritable output.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::scenario::ScenarioError;
use miette::{GraphicalReportHandler, GraphicalTheme, MietteDiagnostic, Report};

use super::{Outcome, Terminal, edge};

/// What is wrong is easier to read in lines of no more than this.
const TEXT_WIDTH: usize = 100;

/// Why a command has no answer.
#[derive(Debug)]
pub enum Failure {
    /// Bad input or usage, with advice.
    Bad(Report),
    /// The protocol does not keep what it promises: no verdict means anything then.
    Broken(Report),
    /// A scenario that cannot be used. It knows best how to show itself.
    Scenario(ScenarioError),
}

impl Failure {
    /// Something is wrong, in one sentence without a full stop, and what to do about it.
    pub fn new(message: impl Into<String>, advice: impl Into<String>) -> Self {
        let diagnostic = MietteDiagnostic::new(message).with_help(advice);
        Failure::Bad(diagnostic.into())
    }

    /// A promise that was not kept, and how to keep it.
    pub fn broken(message: impl Into<String>, advice: impl Into<String>) -> Self {
        let diagnostic = MietteDiagnostic::new(message).with_help(advice);
        Failure::Broken(diagnostic.into())
    }

    /// A file that cannot be read or written.
    pub fn file(verb: &str, path: &Path, error: &io::Error) -> Self {
        let advice = match error.kind() {
            ErrorKind::NotFound if verb == "read" => "is the name spelled right?",
            ErrorKind::NotFound => "its folder does not exist: create it, or name another place",
            ErrorKind::PermissionDenied => "check the permissions of the file and its folder",
            _ => "nothing was changed",
        };
        Failure::new(
            format!("cannot {verb} {}: {}", path.display(), plain(error)),
            advice,
        )
    }

    /// Writes what is wrong to standard error.
    pub fn tell(self, terminal: &Terminal) -> ExitCode {
        // If nobody listens to standard error, the exit code still tells.
        let _ = io::stderr().write_all(self.render(terminal).as_bytes());
        self.outcome().into()
    }

    /// What it comes to.
    pub fn outcome(&self) -> Outcome {
        match self {
            Failure::Broken(_) => Outcome::BrokenPromise,
            Failure::Bad(_) | Failure::Scenario(_) => Outcome::BadInput,
        }
    }

    /// What is wrong, as people read it.
    pub fn render(&self, terminal: &Terminal) -> String {
        let report = match self {
            Failure::Scenario(error) => return error.render(terminal.stderr_color),
            Failure::Bad(report) | Failure::Broken(report) => report,
        };
        let theme = if terminal.stderr_color {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_links(false)
            .with_width(terminal.width.min(TEXT_WIDTH));
        let mut text = String::new();
        if handler.render_report(&mut text, report.as_ref()).is_err() {
            let _ = writeln!(text, "{report}");
        }
        text
    }
}

/// The words of the system, without the number in parentheses.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    text[..end].to_lowercase()
}

impl From<ScenarioError> for Failure {
    fn from(error: ScenarioError) -> Self {
        Failure::Scenario(error)
    }
}

/// What goes wrong while writing to standard output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::new(
            format!("cannot write to standard output: {}", plain(&error)),
            "is the disk full?",
        )
    }
}

/// Advice for a wrong name: the nearest right one, or all of them.
pub fn unknown<'a>(what: &str, wrong: &str, allowed: impl IntoIterator<Item = &'a str>) -> Failure {
    let allowed: Vec<&str> = allowed.into_iter().collect();
    let mut advice = String::new();
    if let Some(name) = edge::nearest(wrong, &allowed) {
        let _ = write!(advice, "did you mean `{name}`? ");
    }
    let blank = |name: &&str| name.contains([' ', ',']);
    let listed = if allowed.iter().any(blank) {
        let quoted: Vec<String> = allowed.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(", ")
    } else {
        allowed.join(", ")
    };
    let _ = write!(advice, "there are: {listed}");
    Failure::new(format!("there is no {what} `{wrong}`"), advice)
}
