//! What a scenario can set, and which settings make no system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PlannedVote;
use super::bugs::Mistake;
use crate::model::{BadParameter, TimerRange};

/// The parameters of two-phase commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Params {
    /// How many participants there are, beside the coordinator.
    #[schemars(range(min = 1, max = 8))]
    pub participants: u8,
    /// How each participant votes, in order; everybody votes yes if the list is empty. An open
    /// vote is drawn from the seed in a run, and the checker explores both.
    pub votes: Vec<PlannedVote>,
    /// What a coordinator without a record of a transaction answers, and so which records need
    /// not be forced and which decisions need not be acknowledged.
    pub presumption: Presumption,
    /// Whom a prepared participant asks for the outcome.
    pub termination: Termination,
    /// How many transactions run at the same time, all with the same participants and votes.
    #[schemars(range(min = 1, max = 4))]
    pub transactions: u8,
    /// When the coordinator begins.
    pub start: TimerRange,
    /// How long the coordinator waits for votes before it aborts.
    pub vote_timeout: TimerRange,
    /// How long a participant waits for PREPARE before it aborts unilaterally.
    pub prepare_timeout: TimerRange,
    /// How long a prepared participant waits for the outcome before it asks (again).
    pub inquiry: TimerRange,
    /// How long the coordinator waits for acknowledgements before it sends the decision again.
    pub resend: TimerRange,
    /// A mistake to make on purpose.
    pub bug: Option<Mistake>,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            participants: 3,
            votes: Vec::new(),
            presumption: Presumption::Abort,
            termination: Termination::Basic,
            transactions: 1,
            start: TimerRange::millis(1, 2),
            vote_timeout: TimerRange::millis(100, 150),
            prepare_timeout: TimerRange::millis(200, 300),
            inquiry: TimerRange::millis(60, 90),
            resend: TimerRange::millis(60, 90),
            bug: None,
        }
    }
}

/// What the absence of information means (Mohan, Lindsay & Obermarck 1986).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Presumption {
    /// No information means abort: aborts need no forced record and no acknowledgement.
    Abort,
    /// No information means commit: commits need no acknowledgement, but a forced initiation
    /// record comes before PREPARE.
    Commit,
    /// Both decisions are forced and acknowledged. What was in progress when the coordinator
    /// failed is still held to be aborted.
    Nothing,
}

/// How a prepared participant that waits too long tries to learn the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Termination {
    /// It asks the coordinator.
    Basic,
    /// It asks the other participants as well (Bernstein et al. 7.4).
    Cooperative,
}

impl Params {
    /// Some mistakes can only be made in one of the variants, or by several.
    pub(super) fn check_bug(&self) -> Result<(), BadParameter> {
        let cooperative = self.termination == Termination::Cooperative;
        let least = |participants| self.participants >= participants;
        let needs = match self.bug {
            Some(Mistake::NoInitiationRecord) if self.presumption != Presumption::Commit => {
                r#""presumption": "commit""#
            }
            Some(Mistake::AllUncertainAbort) if !cooperative => r#""termination": "cooperative""#,
            // Of two, a majority is all; and one has no peers, and no vote to stand in for.
            Some(Mistake::MajorityCommits) if !least(3) => r#""participants": 3, or more"#,
            Some(Mistake::VotesCounted | Mistake::AllUncertainAbort) if !least(2) => {
                r#""participants": 2, or more"#
            }
            _ => return Ok(()),
        };
        let message = format!("this mistake can only be made with {needs}");
        Err(BadParameter::new("bug", message))
    }
}
