//! What a scenario can set, and which settings make no system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bugs::Mistake;
use crate::model::{BadParameter, TimerRange};

/// The largest number of nodes of each role.
pub const MAX_OF_A_ROLE: u8 = 15;

params! {
    /// The parameters of Paxos.
    Params {
        /// How many proposers there are; the i-th wants the value vi.
        proposers: u8 = 1, within 1..=MAX_OF_A_ROLE;
        /// How many acceptors there are. Any majority of them is a quorum.
        acceptors: u8 = 3, within 1..=MAX_OF_A_ROLE;
        /// How many learners there are. Without any a value is chosen and nobody knows; that is enough
        /// to look at safety.
        learners: u8 = 1, within 0..=MAX_OF_A_ROLE;
        /// When a proposer begins, and begins again after a crash.
        start: TimerRange = TimerRange::millis(1, 2);
        /// How long a proposer waits for promises, or to hear that a value is chosen.
        retry: TimerRange = TimerRange::millis(60, 90);
        /// What it does then.
        retry_with: RetryWith = RetryWith::SameBallot;
        /// Whether proposers hear how it went: refusals (NACK) from acceptors, and from learners what
        /// was chosen. Without it there are just the four messages of the paper, and a proposer that
        /// has waited too long can only begin its next ballot, whatever became of the last.
        feedback: bool = true;
        /// How long a proposer that was refused waits before its next ballot.
        back_off: TimerRange = TimerRange::millis(10, 100);
        /// The highest ballot that a check looks at: a bound, so what could happen above it is left
        /// open. With P proposers, round r of the i-th is ballot (r - 1) · P + i. A run has no such
        /// bound.
        ballots: u32 = 4, within 1..=1000;
        /// A mistake to make on purpose.
        bug: Option<Mistake> = None;
    }
}

/// What a proposer does that has waited too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RetryWith {
    /// It sends again what has not been answered; only a refusal makes it begin another ballot.
    SameBallot,
    /// It abandons its ballot for its next one.
    NextBallot,
}

impl Params {
    pub(super) fn check(&self) -> Result<(), BadParameter> {
        self.in_range()?;
        if !self.feedback && self.retry_with == RetryWith::SameBallot {
            let message = "a proposer that is never told that it was refused would send the same \
                           for ever: write `\"retry-with\": \"next-ballot\"` as well";
            return Err(BadParameter::new("feedback", message));
        }
        self.check_bug()
    }

    /// Some mistakes can only be made where there is enough to mistake.
    fn check_bug(&self) -> Result<(), BadParameter> {
        use Mistake::{
            AcceptancesCounted, CountsAcrossBallots, HalfIsAQuorum, TellsOnce, WaitsForAll,
        };
        let needs = match self.bug {
            Some(CountsAcrossBallots | AcceptancesCounted | TellsOnce) if self.learners == 0 => {
                r#""learners": 1, or more"#
            }
            // Of one acceptor there is only one majority, and it is all.
            Some(HalfIsAQuorum | AcceptancesCounted | WaitsForAll) if self.acceptors < 2 => {
                r#""acceptors": 2, or more"#
            }
            _ => return Ok(()),
        };
        Err(BadParameter::mistake(needs))
    }
}
