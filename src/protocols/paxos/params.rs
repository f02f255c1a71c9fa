//! What a scenario can set, and which settings make no system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bugs::Mistake;
use crate::model::{BadParameter, TimerRange};

/// The largest number of nodes of each role.
pub const MAX_OF_A_ROLE: u8 = 15;

/// The parameters of Paxos.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Params {
    /// How many proposers there are; the i-th wants the value vi.
    #[schemars(range(min = 1, max = 15))]
    pub proposers: u8,
    /// How many acceptors there are. Any majority of them is a quorum.
    #[schemars(range(min = 1, max = 15))]
    pub acceptors: u8,
    /// How many learners there are. Without any a value is chosen and nobody knows; that is enough
    /// to look at safety.
    #[schemars(range(min = 0, max = 15))]
    pub learners: u8,
    /// When a proposer begins, and begins again after a crash.
    pub start: TimerRange,
    /// How long a proposer waits for promises, or to hear that a value is chosen.
    pub retry: TimerRange,
    /// What it does then.
    pub retry_with: RetryWith,
    /// Whether proposers hear how it went: refusals (NACK) from acceptors, and from learners what
    /// was chosen. Without it there are just the four messages of the paper, and a proposer that
    /// has waited too long can only begin its next ballot, whatever became of the last.
    pub feedback: bool,
    /// How long a proposer that was refused waits before its next ballot.
    pub back_off: TimerRange,
    /// The highest ballot that a check looks at: a bound, so what could happen above it is left
    /// open. With P proposers, round r of the i-th is ballot (r - 1) · P + i. A run has no such
    /// bound.
    #[schemars(range(min = 1, max = 1000))]
    pub ballots: u32,
    /// A mistake to make on purpose.
    pub bug: Option<Mistake>,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            proposers: 1,
            acceptors: 3,
            learners: 1,
            start: TimerRange::millis(1, 2),
            retry: TimerRange::millis(60, 90),
            retry_with: RetryWith::SameBallot,
            feedback: true,
            back_off: TimerRange::millis(10, 100),
            ballots: 4,
            bug: None,
        }
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
        let roles = [
            ("proposers", self.proposers, 1),
            ("acceptors", self.acceptors, 1),
            ("learners", self.learners, 0),
        ];
        for (role, n, least) in roles {
            if !(least..=MAX_OF_A_ROLE).contains(&n) {
                let message = format!("{n} {role}: write {least} to {MAX_OF_A_ROLE}");
                return Err(BadParameter::new(role, message));
            }
        }
        if !(1..=1000).contains(&self.ballots) {
            let message = format!("{} ballots: write 1 to 1000", self.ballots);
            return Err(BadParameter::new("ballots", message));
        }
        if !self.feedback && self.retry_with == RetryWith::SameBallot {
            let message = "a proposer that is never told that it was refused would send the same \
                           for ever: write `\"retry-with\": \"next-ballot\"` as well";
            return Err(BadParameter::new("feedback", message));
        }
        self.check_bug()
    }

    /// Some mistakes can only be made where there is enough to mistake.
    fn check_bug(&self) -> Result<(), BadParameter> {
        let needs =
            match self.bug {
                Some(
                    Mistake::CountsAcrossBallots | Mistake::AcceptancesCounted | Mistake::TellsOnce,
                ) if self.learners == 0 => r#""learners": 1, or more"#,
                // Of one acceptor there is only one majority, and it is all.
                Some(
                    Mistake::HalfIsAQuorum | Mistake::AcceptancesCounted | Mistake::WaitsForAll,
                ) if self.acceptors < 2 => r#""acceptors": 2, or more"#,
                _ => return Ok(()),
            };
        let message = format!("this mistake can only be made with {needs}");
        Err(BadParameter::new("bug", message))
    }
}
