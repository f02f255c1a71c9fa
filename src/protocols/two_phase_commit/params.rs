//! What a scenario can set, and which settings make no system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PlannedVote;
use super::bugs::Mistake;
use crate::model::{BadParameter, TimerRange};
use crate::protocols::atomic_commitment::{MAX_PARTICIPANTS, MAX_TRANSACTIONS};

params! {
    /// The parameters of two-phase commit.
    Params {
        /// How many participants there are, beside the coordinator.
        participants: u8 = 3, within 1..=MAX_PARTICIPANTS;
        /// How each participant votes, in order; everybody votes yes if the list is empty. An open
        /// vote is drawn from the seed in a run, and the checker explores both.
        votes: Vec<PlannedVote> = Vec::new();
        /// What a coordinator without a record of a transaction answers, and so which records need
        /// not be forced and which decisions need not be acknowledged.
        presumption: Presumption = Presumption::Abort;
        /// Whom a prepared participant asks for the outcome.
        termination: Termination = Termination::Basic;
        /// Whether the coordinator first asks everybody whether it could take part, as articles do that
        /// call the result three-phase commit. The answer binds nobody, and the vote repeats it.
        query: bool = false;
        /// How many transactions run at the same time, all with the same participants and votes.
        transactions: u8 = 1, within 1..=MAX_TRANSACTIONS;
        /// When the coordinator begins.
        start: TimerRange = TimerRange::millis(1, 2);
        /// How long the coordinator waits for votes before it aborts.
        vote_timeout: TimerRange = TimerRange::millis(100, 150);
        /// How long a participant waits for PREPARE before it aborts unilaterally.
        prepare_timeout: TimerRange = TimerRange::millis(200, 300);
        /// How long a prepared participant waits for the outcome before it asks (again).
        inquiry: TimerRange = TimerRange::millis(60, 90);
        /// How long the coordinator waits for acknowledgements before it sends the decision again.
        resend: TimerRange = TimerRange::millis(60, 90);
        /// A mistake to make on purpose.
        bug: Option<Mistake> = None;
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
    pub(super) fn check(&self) -> Result<(), BadParameter> {
        self.in_range()?;
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
        Err(BadParameter::mistake(needs))
    }
}
