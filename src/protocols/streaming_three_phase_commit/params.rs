//! What a scenario can set, and which settings make no system.

use super::bugs::Mistake;
use crate::model::{BadParameter, TimerRange};
use crate::protocols::streaming_two_phase_commit as flow;

params! {
    /// The parameters of streaming three-phase commit.
    Params {
        /// How many sources there are. Each has a letter: the records of S1 are a1, a2 and so on.
        sources: u8 = 1, within 1..=26;
        /// How many operators are between sources and sinks; with none, sources send to sinks. Records are dealt out among
        /// operators.
        operators: u8 = 0, within 0..=16;
        /// How many sinks there are, each of which gets all records.
        sinks: u8 = 2, within 1..=16;
        /// How many records each source has.
        records: u32 = 2, within 0..=100_000;
        /// How many checkpoints are to be completed.
        checkpoints: u32 = 1, within 0..=100_000;
        /// How many checkpoints may be under way.
        in_flight: u32 = 1, within 1..=1000;
        /// How many checkpoints in a row may be given up before all start again.
        tolerated: u32 = 0, within 0..=1000;
        /// The last attempt that a check looks at: a bound, so what could happen in later ones is left open. A run has no
        /// such bound.
        attempts: u32 = 3, within 1..=1000;
        /// How long a source takes to read a record.
        read: TimerRange = TimerRange::millis(5, 20);
        /// How long the job manager waits before the next checkpoint.
        interval: TimerRange = TimerRange::millis(30, 60);
        /// How long all tasks may take to vote for a checkpoint before it is given up; `null` if for ever.
        checkpoint_timeout: Option<TimerRange> = Some(TimerRange::millis(300, 400));
        /// How long a task that has failed waits to be restored before it says so again, and a new job manager for sinks.
        restore: TimerRange = TimerRange::millis(100, 150);
        /// How long a job manager that has sinks pre-commit, and a backup, wait for answers before they go on without those
        /// who are silent.
        answer: TimerRange = TimerRange::millis(60, 90);
        /// How long a sink in doubt bears the silence of its job manager or backup before it takes that to have failed. It
        /// should be more than a checkpoint may take and two answers: others may have failed whom that waits for.
        silence: TimerRange = TimerRange::millis(700, 800);
        /// A mistake to make on purpose.
        bug: Option<Mistake> = None;
    }
}

impl Params {
    pub(super) fn check(&self) -> Result<(), BadParameter> {
        self.in_range()?;
        let needs = match self.bug {
            Some(_) if self.sinks < 2 => r#""sinks": 2, or more"#,
            _ => return Ok(()),
        };
        Err(BadParameter::mistake(needs))
    }

    /// Those of the dataflow.
    pub(super) fn of_the_flow(&self) -> flow::Params {
        flow::Params {
            sources: self.sources,
            operators: self.operators,
            sinks: self.sinks,
            records: self.records,
            checkpoints: self.checkpoints,
            in_flight: self.in_flight,
            tolerated: self.tolerated,
            attempts: self.attempts,
            read: self.read,
            interval: self.interval,
            checkpoint_timeout: self.checkpoint_timeout,
            restore: self.restore,
            outcome: self.silence,
            ..flow::Params::default()
        }
    }
}
