//! What a scenario can set, and which settings make no system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bugs::Mistake;
use super::site::MAX_TRANSACTIONS;
use crate::model::{BadParameter, TimerRange};

/// The largest number of participants.
pub const MAX_PARTICIPANTS: u8 = 8;

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

/// How a participant is going to vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlannedVote {
    Yes,
    No,
    /// The environment chooses.
    Open,
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
    /// The planned vote of each participant, in order.
    pub(super) fn planned(&self) -> Vec<PlannedVote> {
        if self.votes.is_empty() {
            return vec![PlannedVote::Yes; usize::from(self.participants)];
        }
        self.votes.clone()
    }

    pub(super) fn check(&self) -> Result<(), BadParameter> {
        let (n, votes) = (self.participants, self.votes.len());
        if !(1..=MAX_PARTICIPANTS).contains(&n) {
            let message = format!("{n} participants: write 1 to {MAX_PARTICIPANTS}");
            return Err(BadParameter::new("participants", message));
        }
        if votes != 0 && votes != usize::from(n) {
            let message = format!(
                "{votes} votes for {n} participants: write one of `yes`, `no` and `open` for each, \
                 or leave `votes` out and all vote yes"
            );
            return Err(BadParameter::new("votes", message));
        }
        let transactions = usize::from(self.transactions);
        if !(1..=MAX_TRANSACTIONS).contains(&transactions) {
            let message = format!("{transactions} transactions: write 1 to {MAX_TRANSACTIONS}");
            return Err(BadParameter::new("transactions", message));
        }
        self.check_bug()
    }

    /// Some mistakes can only be made in one of the variants, or by several.
    fn check_bug(&self) -> Result<(), BadParameter> {
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
