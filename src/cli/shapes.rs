//! The shapes of `--json`: the reports of the testbed, and what the command knows beside them.

use std::path::Path;

use serde::Serialize;

use super::Outcome;

/// What every answer says of itself.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Answer<T> {
    /// The version of the program.
    pub jury: &'static str,
    pub command: &'static str,
    /// The file, as it was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    pub seconds: f64,
    pub outcome: Outcome,
    pub exit_code: u8,
    #[serde(flatten)]
    pub result: T,
}

impl<T> Answer<T> {
    pub fn new(
        command: &'static str,
        file: Option<&Path>,
        seconds: f64,
        outcome: Outcome,
        result: T,
    ) -> Self {
        Answer {
            jury: env!("CARGO_PKG_VERSION"),
            command,
            file: file.map(|file| file.display().to_string()),
            seconds,
            outcome,
            exit_code: outcome.code(),
            result,
        }
    }
}
