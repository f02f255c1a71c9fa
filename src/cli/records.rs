//! The run that a command shows, written to files: as a trace, and as a page.

use std::path::{Path, PathBuf};

use crate::trace::Trace;

use super::files::Pending;
use super::html::{self, Html};
use super::{Failure, sources};

/// Where the run that is shown is written to.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Records {
    /// Write the trace of the run that is shown.
    #[arg(long, value_name = "OUT.json")]
    trace: Option<PathBuf>,

    #[command(flatten)]
    html: Html,
}

impl Records {
    pub fn is_wanted(&self) -> bool {
        self.trace.is_some() || self.html.html.is_some()
    }

    /// Makes sure that the files can be written.
    pub fn pending(&self) -> Result<PendingRecords, Failure> {
        Ok(PendingRecords {
            trace: self.trace.as_deref().map(Pending::at).transpose()?,
            html: self.html.pending()?,
        })
    }
}

/// Files that will be written once the run is there.
#[derive(Default)]
pub struct PendingRecords {
    pub trace: Option<Pending>,
    html: Option<Pending>,
}

impl PendingRecords {
    /// A page alone.
    pub fn of(html: Option<Pending>) -> Self {
        PendingRecords { trace: None, html }
    }

    pub fn is_any(&self) -> bool {
        self.trace.is_some() || self.html.is_some()
    }

    /// Writes them. An answer is not lost with a file that cannot be written: this comes behind it.
    pub fn write(self, trace: &Trace, scenario: &Path) -> Result<(), Failure> {
        if let Some(pending) = self.trace {
            pending.write_json(trace)?;
        }
        if let Some(pending) = self.html {
            let scenario = Some(scenario).filter(|path| !sources::is_stdin(path));
            html::write(pending, trace, scenario)?;
        }
        Ok(())
    }

    /// What to say if there is nothing to write.
    pub fn unwritten(&self, why: &str) -> Vec<String> {
        let trace = self.trace.iter().map(|pending| ("trace", pending));
        let html = self.html.iter().map(|pending| ("page", pending));
        trace
            .chain(html)
            .map(|(what, pending)| pending.unwritten(why, what))
            .collect()
    }
}
