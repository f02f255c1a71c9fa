//! What a scenario can set, and which settings make no system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PlannedVote;
use super::bugs::Mistake;
use crate::model::{BadParameter, TimerRange};
use crate::protocols::atomic_commitment::{MAX_PARTICIPANTS, MAX_TRANSACTIONS};

params! {
    /// The parameters of decentralised two-phase commit.
    Params {
        /// How many participants there are.
        participants: u8 = 3, within 1..=MAX_PARTICIPANTS;
        /// How each participant votes, in order; everybody votes yes if the list is empty. An open
        /// vote is drawn from the seed in a run, and the checker explores both.
        votes: Vec<PlannedVote> = Vec::new();
        /// Who votes unasked.
        begins: Begins = Begins::Everybody;
        /// Whether a prepared participant that waits too long asks the others. If not, whoever misses a
        /// vote misses it for good.
        inquiries: bool = true;
        /// How many transactions run at the same time, all with the same participants and votes.
        transactions: u8 = 1, within 1..=MAX_TRANSACTIONS;
        /// When a participant that begins is done with its part of the transaction, and votes.
        start: TimerRange = TimerRange::millis(1, 2);
        /// How long the others wait for a vote that asks for theirs before they abort unilaterally.
        vote_timeout: TimerRange = TimerRange::millis(200, 300);
        /// How long a prepared participant waits for the outcome before it asks (again).
        inquiry: TimerRange = TimerRange::millis(60, 90);
        /// A mistake to make on purpose.
        bug: Option<Mistake> = None;
    }
}

/// Who votes unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Begins {
    /// Everybody, once its own part is done. (Skeen 1981.)
    Everybody,
    /// P1: its vote asks for those of the others. (Bernstein et al. 7.4.)
    First,
}

impl Params {
    pub(super) fn check(&self) -> Result<(), BadParameter> {
        self.in_range()?;
        self.check_bug()
    }

    /// Some mistakes can only be made by several, or with inquiries.
    fn check_bug(&self) -> Result<(), BadParameter> {
        use Mistake::{
            AnswersWithoutAborting, LastVoteAssumed, UncertainAborts, UncertainKeepsSilent,
        };
        let needs = match self.bug {
            Some(AnswersWithoutAborting | UncertainAborts | UncertainKeepsSilent)
                if !self.inquiries =>
            {
                r#""inquiries": true"#
            }
            Some(LastVoteAssumed) if self.participants < 2 => r#""participants": 2, or more"#,
            _ => return Ok(()),
        };
        Err(BadParameter::mistake(needs))
    }
}
