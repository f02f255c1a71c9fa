//! What a scenario can set, and which settings make no system.

use super::bugs::Mistake;
use crate::model::{BadParameter, TimerRange};

params! {
    /// The parameters of streaming two-phase commit.
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
        /// Whether a task with several inputs stops reading those on which the barrier has come until it has come on all. If
        /// not, records are processed at least once.
        aligned: bool = true;
        /// Whether tasks drop what was sent in an earlier attempt. If not, they take it for what is sent in their own.
        fenced: bool = true;
        /// How many checkpoints in a row may be given up before all start again.
        tolerated: u32 = 0, within 0..=1000;
        /// The last attempt that a check looks at: a bound, so what could happen in later ones is left open. A run has no
        /// such bound.
        attempts: u32 = 3, within 1..=1000;
        /// How long a source takes to read a record.
        read: TimerRange = TimerRange::millis(5, 20);
        /// How long the job manager waits before the next checkpoint.
        interval: TimerRange = TimerRange::millis(30, 60);
        /// How long a checkpoint may take before it is given up; `null` if for ever.
        checkpoint_timeout: Option<TimerRange> = Some(TimerRange::millis(300, 400));
        /// How long a task that has failed waits to be restored before it says so again.
        restore: TimerRange = TimerRange::millis(100, 150);
        /// How long a sink with prepared transactions waits before it votes again.
        outcome: TimerRange = TimerRange::millis(100, 150);
        /// How long the external store keeps a prepared transaction before it aborts it; `null` if for ever.
        transaction_timeout: Option<TimerRange> = None;
        /// A mistake to make on purpose.
        bug: Option<Mistake> = None;
    }
}

impl Params {
    pub(super) fn check(&self) -> Result<(), BadParameter> {
        self.in_range()?;
        let is_exact = self.aligned && self.fenced;
        if !is_exact && self.checkpoint_timeout.is_some() {
            let message = "without alignment or fences nobody may start again as long as nothing fails: write `null`";
            return Err(BadParameter::new("checkpoint-timeout", message));
        }
        let needs = match self.bug {
            Some(Mistake::StateNotRestored) if self.operators == 0 => r#""operators": 1, or more"#,
            Some(Mistake::CountsOldAcks | Mistake::ListsTheNewestOnly | Mistake::CommitsAll)
                if self.checkpoints == 1 && self.in_flight == 1 && self.tolerated == 0 =>
            {
                r#""checkpoints": 2, or more"#
            }
            _ => return Ok(()),
        };
        Err(BadParameter::mistake(needs))
    }
}
