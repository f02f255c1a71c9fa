//! A run as one file that a browser shows, offline: what `src/page/web` is built to, with the run in it.
//!
//! Invariant: made of traces alone, which may come from files and say anything; what they say stays data. Nothing is
//! run, judged or printed. The same runs give the same bytes.

mod pack;
mod patch;
mod run;
mod site;

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use serde::Serialize;
use serde_json::Value as Json;

use crate::diff::Diff;
use crate::trace::Trace;
pub use run::Run;
pub use site::{Chapter, Story, Verdict, index};

/// What `npm run build` makes of `src/page/web`.
const BUNDLE: &str = include_str!("page.html");
/// Where a page has its title, and its data.
const TITLE: &str = "JURY_TITLE";
const DATA: &str = "JURY_DATA";
/// What stands around the data.
const BEFORE: &str = "<script id=\"data\" type=\"application/octet-stream\">";
const BEHIND: &str = "</script>";
/// A page that unpacks to more is none of ours.
const BYTES_MAX: u64 = 1 << 30;

/// Runs to be looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// The version of the program that made it.
    jury: &'static str,
    title: String,
    runs: Vec<Run>,
    /// They are shown two at a time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    beside: bool,
    /// Where the first two part.
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<Diff>,
}

impl Page {
    pub fn new(title: impl Into<String>, runs: Vec<Run>) -> Self {
        Page {
            jury: env!("CARGO_PKG_VERSION"),
            title: title.into(),
            runs,
            beside: false,
            diff: None,
        }
    }

    /// Runs side by side; of two, perhaps, where they part.
    #[must_use]
    pub fn beside(mut self, diff: Option<Diff>) -> Self {
        (self.beside, self.diff) = (true, diff);
        self
    }

    /// The file.
    pub fn html(&self) -> String {
        let json = serde_json::to_value(self).expect("runs are plain data");
        let json = json.to_string();
        // No name and no time: the same page has the same bytes.
        let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
        let packed = gzip.write_all(json.as_bytes()).and_then(|()| gzip.finish());
        let data = STANDARD.encode(packed.expect("writing to memory succeeds"));
        // The title first: what a trace says must not be taken for a place to fill.
        let (before, behind) = BUNDLE.split_once(DATA).expect("a page has data");
        let before = before.replacen(TITLE, &escaped(&self.title), 1);
        [&before, &data, behind].concat()
    }
}

/// The first run of a page.
pub fn trace_of(html: &str) -> Result<Trace, String> {
    let mut page = data_of(html)?;
    pack::unpacked(page["runs"][0]["trace"].take())
}

/// All that a page says, as JSON; a trace in it is packed.
pub fn data_of(html: &str) -> Result<Json, String> {
    let none = "it holds no run of Jury's";
    let (_, behind) = html.split_once(BEFORE).ok_or(none)?;
    let (data, _) = behind.split_once(BEHIND).ok_or(none)?;
    let packed = STANDARD.decode(data.trim()).map_err(|_| none)?;
    let mut json = Vec::new();
    let mut unpacker = GzDecoder::new(packed.as_slice()).take(BYTES_MAX);
    unpacker.read_to_end(&mut json).map_err(|_| none)?;
    serde_json::from_slice(&json).map_err(|_| none.to_owned())
}

fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}
