//! How long and how large a search may grow, and the watch that holds it to that.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::check::fast::Tuning;
use crate::check::{Monitor, Progress, Stopped};
use crate::model::{Limit, Time};
use crate::testbed::RUN_STATES;
use serde::Serialize;

use super::progress::SearchBar;
use super::{interrupt, memory};

/// The share of the machine's memory that a search may use, unless told otherwise, in percent.
const MEMORY_SHARE: u64 = 50;

/// The share of that which may go to the list of worlds, in percent; the rest of it lies on disk.
const LIST_SHARE: u64 = 25;

/// After a checkpoint, so many times as long as it took there is no other.
const CHECKPOINT_REST: u32 = 20;

/// The least time between two looks at the memory.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Limits on a search; reaching one is a result, not an error.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Events in a row; worlds at this depth are not expanded.
    #[arg(long, value_name = "N")]
    pub depth: Option<u32>,

    /// Stop a search after so many distinct worlds, and those that the last one leads to.
    #[arg(long, value_name = "N")]
    pub states: Option<u64>,

    /// Stop after this time: 90s, 10min.
    #[arg(long, value_name = "TIME", value_parser = Time::parse)]
    pub time: Option<Time>,

    /// Stop when the process holds so much memory: 4GiB, 30% [default: 50%]. Once it holds a
    /// quarter of that in worlds that are done with, those go to a temporary file (in TMPDIR).
    #[arg(long, value_name = "SIZE", value_parser = memory::parse)]
    pub memory: Option<u64>,
}

impl Limits {
    pub fn depth(&self) -> Option<Limit> {
        self.depth.map(Limit::AtMost)
    }

    /// The most memory that may be held, if anything is known about it.
    fn memory(&self) -> Option<u64> {
        self.memory.or_else(memory_by_default)
    }

    /// How the fast engine keeps within them.
    pub fn tuning(&self) -> Tuning {
        let default = Tuning::default();
        let block = (default.sizes.block * size_of::<u64>()) as u64;
        let blocks = |bytes: u64| usize::try_from(bytes / 100 * LIST_SHARE / block);
        let blocks_max = self.memory().map(blocks);
        Tuning {
            blocks_max: blocks_max
                .and_then(Result::ok)
                .unwrap_or(default.blocks_max),
            ..default
        }
    }

    /// Starts the clock.
    pub fn watch(&self, bar: SearchBar) -> Watch {
        let started = Instant::now();
        let time = self.time.map(|time| Duration::from_nanos(time.nanos()));
        Watch {
            started,
            deadline: time.map(|time| started + time),
            memory_max: self.memory(),
            unenforced: false,
            next_look: started,
            begun: Vec::new(),
            stopped: None,
            every: None,
            next_checkpoint: started,
            wanted: started,
            unwritten: 0,
            why_unwritten: String::new(),
            written: false,
            unspilled: None,
            bar,
        }
    }
}

/// Limits on runs; reaching one is a result, not an error.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct RunLimits {
    /// How many worlds may be searched at the end of a run that missed a goal, to tell whether it is
    /// blocked or just not settled yet [default: 20000].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    states: Option<u64>,

    #[command(flatten)]
    others: TimeAndMemory,
}

/// Limits on runs that nothing is searched at the end of.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct TimeAndMemory {
    /// Stop after this time: 90s, 10min.
    #[arg(long, value_name = "TIME", value_parser = Time::parse)]
    time: Option<Time>,

    /// Stop when the process holds so much memory: 4GiB, 30% [default: 50%].
    #[arg(long, value_name = "SIZE", value_parser = memory::parse)]
    memory: Option<u64>,
}

impl From<&Limits> for RunLimits {
    fn from(limits: &Limits) -> Self {
        RunLimits::of(limits.states, limits.time, limits.memory)
    }
}

impl RunLimits {
    /// So many worlds at the end of a run, so much time for all, so much memory.
    pub fn of(states: Option<u64>, time: Option<Time>, memory: Option<u64>) -> Self {
        let others = TimeAndMemory { time, memory };
        RunLimits { states, others }
    }

    /// What was typed of them, but for the time: whoever waits knows how much of it is left.
    pub fn typed(&self) -> Vec<String> {
        let states = self.states.map(|states| format!("--states={states}"));
        let memory = self
            .others
            .memory
            .map(|bytes| format!("--memory={}KiB", (bytes / 1_024).max(1)));
        states.into_iter().chain(memory).collect()
    }

    /// Starts the clock.
    pub fn guard(&self) -> RunGuard {
        let states = self.states.map(usize::try_from);
        RunGuard {
            states: states.map_or(RUN_STATES, |states| states.unwrap_or(usize::MAX)),
            ..self.others.guard()
        }
    }
}

impl TimeAndMemory {
    /// Starts the clock.
    pub fn guard(&self) -> RunGuard {
        let started = Instant::now();
        let time = self.time.map(|time| Duration::from_nanos(time.nanos()));
        RunGuard {
            states: RUN_STATES,
            go_on: false,
            started,
            deadline: time.map(|time| started + time),
            memory_max: self.memory.or_else(memory_by_default),
            next_look: AtomicU64::new(0),
            stopped: OnceLock::new(),
        }
    }
}

/// The most memory that may be held where nobody says, if anything is known about the machine.
fn memory_by_default() -> Option<u64> {
    Some(memory::of_machine()? / 100 * MEMORY_SHARE)
}

/// Ends runs on all cores at their limits.
pub struct RunGuard {
    /// How many worlds the search at the end of a run may hold.
    pub states: usize,
    /// Whether runs go on when a property is violated.
    pub go_on: bool,
    started: Instant,
    deadline: Option<Instant>,
    memory_max: Option<u64>,
    /// When to look at the memory next, in nanoseconds after the start.
    next_look: AtomicU64,
    stopped: OnceLock<Stopped>,
}

impl RunGuard {
    /// Whether runs have to end. Once they have to, they always do.
    pub fn look(&self) -> Result<(), Stopped> {
        if let Some(stopped) = self.stopped.get() {
            return Err(*stopped);
        }
        let stopped = if interrupt::asked() {
            Some(Stopped::Interrupted)
        } else if self
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
        {
            Some(Stopped::Time)
        } else {
            self.is_full().then_some(Stopped::Memory)
        };
        stopped.map_or(Ok(()), |stopped| Err(*self.stopped.get_or_init(|| stopped)))
    }

    fn is_full(&self) -> bool {
        let now = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if now < self.next_look.load(Ordering::Relaxed) {
            return false;
        }
        let pause = u64::try_from(LOOK_EVERY.as_nanos()).unwrap_or(u64::MAX);
        self.next_look
            .store(now.saturating_add(pause), Ordering::Relaxed);
        let (held, most) = (memory::resident(), self.memory_max);
        held.zip(most).is_some_and(|(held, most)| held > most)
    }

    /// Why runs had to end, if they had to.
    pub fn stopped(&self) -> Option<Stopped> {
        self.stopped.get().copied()
    }
}

/// Stops a search at its limits, notes when each search began, and shows how far it has come.
pub struct Watch {
    started: Instant,
    deadline: Option<Instant>,
    memory_max: Option<u64>,
    /// Nobody told what is held in memory.
    unenforced: bool,
    /// When to look next: a look is dearer than the thousand worlds between two of them.
    next_look: Instant,
    /// When each search began, and what it had cost by then.
    begun: Vec<(Instant, Duration)>,
    /// Why a search was stopped, if one was.
    stopped: Option<Stopped>,
    /// How often checkpoints are written.
    every: Option<Duration>,
    next_checkpoint: Instant,
    /// When a checkpoint was last asked for.
    wanted: Instant,
    /// How many were asked for and could not be written, and why the last of them could not; whether the
    /// last one was written.
    unwritten: u64,
    why_unwritten: String,
    written: bool,
    /// Why worlds could not be put into a temporary file.
    unspilled: Option<String>,
    bar: SearchBar,
}

/// What searches cost in the real world.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Effort {
    pub seconds: f64,
    /// For each search. Empty where the searches could not be told apart.
    pub search_seconds: Vec<f64>,
    /// The most memory that the process ever held, in bytes; absent where the platform does not
    /// tell.
    pub memory_peak: Option<u64>,
    pub memory_max: Option<u64>,
    /// Why a search was stopped that could go on.
    #[serde(skip)]
    pub stopped: Option<Stopped>,
    /// Remarks on limits that could not be kept, on temporary files and on checkpoints.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Watch {
    /// Asks for checkpoints from now on, so often or less: writing them may not take over.
    pub fn keep_checkpoints(&mut self, every: Duration) {
        self.every = Some(every);
        self.next_checkpoint = self.started + every;
    }

    /// Ends the watch over so many searches.
    pub fn finish(self, searches: usize) -> Effort {
        self.bar.clear();
        let end = Instant::now();
        let ends = self.begun.iter().skip(1).map(|(begun, _)| *begun);
        let ends = ends.chain([end]);
        let mut search_seconds: Vec<f64> = self
            .begun
            .iter()
            .zip(ends)
            .map(|((begun, before), end)| (end - *begun + *before).as_secs_f64())
            .collect();
        if search_seconds.len() != searches {
            search_seconds.clear();
        }
        let unenforced = self.unenforced.then(|| {
            "This platform does not tell what a process holds: the memory limit was not kept."
                .to_owned()
        });
        let why = self.why_unwritten;
        let unwritten = match self.unwritten {
            0 => None,
            _ if !self.written => Some(format!("The last checkpoint could not be written: {why}.")),
            1 => Some(format!(
                "A checkpoint could not be written, later ones could: {why}."
            )),
            n => Some(format!(
                "{n} checkpoints could not be written, later ones could: {why}."
            )),
        };
        let unspilled = self.unspilled.map(|why| {
            let place = std::env::temp_dir();
            let place = place.display();
            format!("Worlds stayed in memory, since no temporary file in {place} took them: {why}.")
        });
        Effort {
            seconds: (end - self.started).as_secs_f64(),
            search_seconds,
            memory_peak: memory::peak(),
            memory_max: self.memory_max,
            stopped: self.stopped,
            notes: unenforced
                .into_iter()
                .chain(unspilled)
                .chain(unwritten)
                .collect(),
        }
    }
}

impl Monitor for Watch {
    fn look(&mut self, progress: &Progress) -> Result<(), Stopped> {
        let look = self.look_around(progress);
        self.stopped = look.err().or(self.stopped);
        look
    }

    fn prepares(&mut self, questions: u64) -> Result<(), Stopped> {
        let look = self.look_at(0, 0, |bar, search| bar.prepare(questions, search));
        self.stopped = look.err().or(self.stopped);
        look
    }

    fn begins(&mut self, cost: u64) {
        // No search is too short to be looked at.
        self.next_look = Instant::now();
        self.begun
            .push((Instant::now(), Duration::from_nanos(cost)));
    }

    /// In nanoseconds.
    fn cost(&self) -> u64 {
        let so_far = |(begun, before): &(Instant, Duration)| begun.elapsed() + *before;
        let nanos = self.begun.last().map(|search| so_far(search).as_nanos());
        nanos.map_or(0, |nanos| u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    fn wants_checkpoint(&mut self) -> bool {
        self.wanted = Instant::now();
        self.every.is_some() && self.wanted >= self.next_checkpoint
    }

    fn wrote_checkpoint(&mut self, outcome: Result<(), String>) {
        let took = self.wanted.elapsed();
        let every = self.every.unwrap_or_default();
        self.next_checkpoint = Instant::now() + every.max(took * CHECKPOINT_REST);
        self.written = outcome.is_ok();
        if let Err(why) = outcome {
            self.unwritten += 1;
            self.why_unwritten = why;
        }
    }

    fn spill_failed(&mut self, why: String) {
        self.unspilled.get_or_insert(why);
    }
}

impl Watch {
    fn look_around(&mut self, progress: &Progress) -> Result<(), Stopped> {
        let (begun, before) = *self.begun.last().unwrap_or(&(self.started, Duration::ZERO));
        let searching = begun.elapsed() + before;
        self.look_at(progress.bytes, progress.ahead, |bar, search| {
            bar.show(progress, search, searching);
        })
    }

    /// Looks at the limits, where the engine tells what it holds, or 0, and what it is about to take.
    fn look_at(
        &mut self,
        held: u64,
        ahead: u64,
        show: impl FnOnce(&SearchBar, usize),
    ) -> Result<(), Stopped> {
        let now = Instant::now();
        if interrupt::asked() {
            return Err(Stopped::Interrupted);
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            return Err(Stopped::Time);
        }
        if now < self.next_look && ahead == 0 {
            return Ok(());
        }
        self.next_look = now + LOOK_EVERY;
        // Where the platform does not tell what a process holds, the engine may.
        let told = (held > 0).then_some(held);
        let resident = memory::resident().or(told);
        match (resident, self.memory_max) {
            (Some(resident), Some(most)) if resident + ahead > most => {
                return Err(Stopped::Memory);
            }
            (None, Some(_)) => self.unenforced = true,
            _ => {}
        }
        show(&self.bar, self.begun.len());
        Ok(())
    }
}
