//! How far the work has come, on standard error, for people who wait. Hidden where standard error
//! is no terminal.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::check::Progress;
use crate::hunt::SoFar;
use crate::shrink;
use indicatif::{ProgressBar, ProgressStyle};

use super::{memory, words};

/// Redraws a second, at most.
const REDRAW: Duration = Duration::from_millis(100);
/// A bar is no use beyond so many seeds.
const LENGTH_MAX: u64 = 1 << 40;

/// A bar for work whose length is known: seeds, files.
pub fn count(what: &str, length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let template = format!("{{bar:30}} {{human_pos}}/{{human_len}} {what} · {{per_sec}} {{msg}}");
    bar.set_style(style(&template));
    bar.enable_steady_tick(REDRAW);
    bar
}

/// A line about a hunt.
pub struct HuntBar {
    bar: ProgressBar,
    /// How many runs may fail.
    stop_at: Option<u64>,
}

impl HuntBar {
    pub fn new(seeds: &RangeInclusive<u64>, stop_at: Option<u64>) -> Self {
        let length = (seeds.end() - seeds.start()).saturating_add(1);
        // Nobody waits for a seed of which there are that many.
        let bar = if length > LENGTH_MAX {
            let bar = ProgressBar::new_spinner();
            bar.set_style(style(
                "{spinner} {elapsed} · {human_pos} seeds · {per_sec} {msg}",
            ));
            bar.enable_steady_tick(REDRAW);
            bar
        } else {
            count("seeds", length)
        };
        HuntBar { bar, stop_at }
    }

    pub fn show(&self, so_far: SoFar) {
        self.bar.set_position(so_far.seeds);
        let most = self
            .stop_at
            .map_or_else(String::new, |most| format!(" of {}", words::number(most)));
        let ways = match so_far.ways {
            0 => String::new(),
            ways => format!(" in {}", words::count(ways as u64, "way", "ways")),
        };
        self.bar.set_message(format!(
            "· {}{most} failing{ways} · {} states",
            words::number(so_far.failing),
            words::number(so_far.states as u64)
        ));
    }

    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// A line about a run that is being shrunk.
pub struct ShrinkBar(ProgressBar);

impl ShrinkBar {
    pub fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(style("{spinner} {elapsed} · {msg}"));
        bar.enable_steady_tick(REDRAW);
        ShrinkBar(bar)
    }

    pub fn show(&self, so_far: shrink::SoFar) {
        if self.0.is_hidden() {
            return;
        }
        self.0.set_message(format!(
            "{} runs tried · {} of {} left",
            words::number(so_far.runs),
            words::count(so_far.left.events as u64, "event", "events"),
            words::count(so_far.left.nodes as u64, "node", "nodes"),
        ));
    }

    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

/// A line about a search, whose length nobody knows.
pub struct SearchBar {
    bar: ProgressBar,
    /// What the searches are about, where there are many.
    about: String,
}

impl SearchBar {
    pub fn new() -> Self {
        Self::about("")
    }

    /// A line that begins with what the search is about.
    pub fn about(about: &str) -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(style("{spinner} {elapsed} · {msg}"));
        bar.enable_steady_tick(REDRAW);
        let about = about.to_owned();
        SearchBar { bar, about }
    }

    /// A search works out what it may leave out.
    pub fn prepare(&self, questions: u64, nth: usize) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_message(format!(
            "{}search {nth}: working out what may be left out, {} questions",
            self.about,
            words::number(questions),
        ));
    }

    pub fn show(&self, progress: &Progress, nth: usize, searching: Duration) {
        if self.bar.is_hidden() {
            return;
        }
        let rate = words::rate(progress.distinct, searching.as_secs_f64());
        let memory = memory::resident();
        let told = told(progress, &rate, memory);
        self.bar
            .set_message(format!("{}search {nth}: {told}", self.about));
    }

    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// How far a search has come, in one line.
fn told(progress: &Progress, rate: &str, memory: Option<u64>) -> String {
    let memory = memory.map_or_else(String::new, |bytes| format!(" · {}", words::bytes(bytes)));
    format!(
        "{} worlds, {} events, depth {}, frontier {} · {rate}{memory}",
        words::number(progress.distinct),
        words::number(progress.generated),
        progress.depth,
        words::number(progress.frontier),
    )
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is ours")
}

#[cfg(test)]
mod tests {
    use crate::check::Progress;

    #[test]
    fn all_that_is_known_of_a_search_is_told() {
        let progress = Progress {
            distinct: 1_234_567,
            generated: 7_654_321,
            depth: 23,
            frontier: 4_321,
            ..Progress::default()
        };
        assert_eq!(
            super::told(&progress, "99 worlds/s", Some(3 << 20)),
            "1,234,567 worlds, 7,654,321 events, depth 23, frontier 4,321 · 99 worlds/s · 3 MiB"
        );
    }
}
