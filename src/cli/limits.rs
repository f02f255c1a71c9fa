//! How long and how large a search may grow, and the watch that holds it to that.

use std::time::{Duration, Instant};

use jury::check::{Monitor, Progress, Stopped};
use jury::model::{Limit, Time};
use serde::Serialize;

use super::progress::SearchBar;
use super::{interrupt, memory};

/// The share of the machine's memory that a search may use, unless told otherwise, in percent.
const MEMORY_SHARE: u64 = 50;

/// Limits on a search; reaching one is a result, not an error.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Events in a row; worlds at this depth are not expanded.
    #[arg(long, value_name = "N")]
    pub depth: Option<u32>,

    /// Stop a search after so many distinct worlds.
    #[arg(long, value_name = "N")]
    pub states: Option<u64>,

    /// Stop after this time: 90s, 10min.
    #[arg(long, value_name = "TIME", value_parser = Time::parse)]
    pub time: Option<Time>,

    /// Stop when the process holds so much memory: 4GiB, 30% [default: 50%].
    #[arg(long, value_name = "SIZE", value_parser = memory::parse)]
    pub memory: Option<u64>,
}

impl Limits {
    pub fn depth(&self) -> Option<Limit> {
        self.depth.map(Limit::AtMost)
    }

    /// Starts the clock.
    pub fn watch(&self, bar: SearchBar) -> Watch {
        let started = Instant::now();
        let time = self.time.map(|time| Duration::from_nanos(time.nanos()));
        let share = || Some(memory::of_machine()? / 100 * MEMORY_SHARE);
        // Where the platform does not tell what a process holds, nothing can be enforced.
        let memory_max = memory::resident().and_then(|_| self.memory.or_else(share));
        Watch {
            started,
            deadline: time.map(|time| started + time),
            memory_max,
            unenforced: self.memory.is_some() && memory_max.is_none(),
            begun: Vec::new(),
            bar,
        }
    }
}

/// Stops a search at its limits, notes when each search began, and shows how far it has come.
pub struct Watch {
    started: Instant,
    deadline: Option<Instant>,
    memory_max: Option<u64>,
    unenforced: bool,
    /// When each search began.
    begun: Vec<Instant>,
    bar: SearchBar,
}

/// What searches cost in the real world.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Effort {
    pub seconds: f64,
    /// For each search. Empty where the searches could not be told apart.
    pub search_seconds: Vec<f64>,
    /// The most memory that the process ever held, in bytes; absent where the platform does not
    /// tell.
    pub memory_peak: Option<u64>,
    pub memory_max: Option<u64>,
    /// Remarks on limits that could not be kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Watch {
    /// Ends the watch over so many searches.
    pub fn finish(self, searches: usize) -> Effort {
        self.bar.clear();
        let end = Instant::now();
        let ends = self.begun.iter().skip(1).copied().chain([end]);
        let mut search_seconds: Vec<f64> = self
            .begun
            .iter()
            .zip(ends)
            .map(|(begun, end)| (end - *begun).as_secs_f64())
            .collect();
        if search_seconds.len() != searches {
            search_seconds.clear();
        }
        let notes = self.unenforced.then(|| {
            "This platform does not tell what a process holds: the memory limit was not kept."
                .to_owned()
        });
        Effort {
            seconds: (end - self.started).as_secs_f64(),
            search_seconds,
            memory_peak: memory::peak(),
            memory_max: self.memory_max,
            notes: notes.into_iter().collect(),
        }
    }
}

impl Monitor for Watch {
    fn look(&mut self, progress: &Progress) -> Result<(), Stopped> {
        let now = Instant::now();
        if progress.generated == 0 {
            self.begun.push(now);
        }
        if interrupt::asked() {
            return Err(Stopped::Interrupted);
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            return Err(Stopped::Time);
        }
        let resident = memory::resident();
        if let (Some(resident), Some(most)) = (resident, self.memory_max)
            && resident > most
        {
            return Err(Stopped::Memory);
        }
        let begun = self.begun.last().copied().unwrap_or(self.started);
        self.bar
            .show(progress, self.begun.len(), now - begun, resident);
        Ok(())
    }
}
