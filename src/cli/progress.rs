//! How far the work has come, on standard error, for people who wait. Hidden where standard error
//! is no terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jury::check::Progress;

use super::words;

/// Redraws a second, at most.
const REDRAW: Duration = Duration::from_millis(100);

/// A bar for work whose length is known: seeds, files.
pub fn count(what: &str, length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let template = format!("{{bar:30}} {{human_pos}}/{{human_len}} {what} · {{per_sec}} {{msg}}");
    bar.set_style(style(&template));
    bar.enable_steady_tick(REDRAW);
    bar
}

/// A line about a search, whose length nobody knows.
pub struct SearchBar(ProgressBar);

impl SearchBar {
    pub fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(style("{spinner} {elapsed} · {msg}"));
        bar.enable_steady_tick(REDRAW);
        SearchBar(bar)
    }

    pub fn show(
        &self,
        progress: &Progress,
        nth: usize,
        searching: Duration,
        resident: Option<u64>,
    ) {
        if self.0.is_hidden() {
            return;
        }
        let memory =
            resident.map_or_else(String::new, |bytes| format!(" · {}", words::bytes(bytes)));
        let rate = words::rate(progress.distinct, searching.as_secs_f64());
        self.0.set_message(format!(
            "search {nth}: {} worlds, depth {}, frontier {} · {rate}{memory}",
            words::number(progress.distinct),
            progress.depth,
            words::number(progress.frontier),
        ));
    }

    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is ours")
}
