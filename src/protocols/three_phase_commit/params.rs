//! What a scenario can set, and which settings make no system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PlannedVote;
use super::bugs::Mistake;
use crate::model::{BadParameter, TimerRange};
use crate::protocols::atomic_commitment::{MAX_PARTICIPANTS, MAX_TRANSACTIONS};

params! {
    /// The parameters of three-phase commit.
    Params {
        /// How many participants there are, beside the coordinator.
        participants: u8 = 3, within 1..=MAX_PARTICIPANTS;
        /// How each participant votes, in order; everybody votes yes if the list is empty. An open
        /// vote is drawn from the seed in a run, and the checker explores both.
        votes: Vec<PlannedVote> = Vec::new();
        /// What those do who wait too long.
        termination: Termination = Termination::Protocol;
        /// Vc: how many participants have to be pre-committed before anybody commits, with
        /// termination by quorum. A majority if it is left out.
        commit_quorum: Option<u8> = None;
        /// Va: how many have to be pre-aborted before anybody aborts. As few as Vc allows if it is
        /// left out: Vc + Va has to be larger than the number of participants. If it is larger by more
        /// than one, neither may come together though all are up: then only safety is claimed.
        abort_quorum: Option<u8> = None;
        /// How often a question is asked again before the silent are held to have failed. The papers
        /// assume that no message is lost: never.
        retries: u8 = 0, within 0..=3;
        /// How many transactions run at the same time, all with the same participants and votes.
        transactions: u8 = 1, within 1..=MAX_TRANSACTIONS;
        /// When the coordinator begins.
        start: TimerRange = TimerRange::millis(1, 2);
        /// How long the coordinator waits for votes before it aborts.
        vote_timeout: TimerRange = TimerRange::millis(100, 150);
        /// How long a participant waits for CAN-COMMIT before it aborts unilaterally.
        can_commit_timeout: TimerRange = TimerRange::millis(200, 300);
        /// How long a coordinator or backup waits for states and acknowledgements.
        answer_timeout: TimerRange = TimerRange::millis(60, 90);
        /// How long those who follow wait for their coordinator.
        coordinator_timeout: TimerRange = TimerRange::millis(200, 300);
        /// How long a site that came back waits for the outcome before it asks again.
        inquiry: TimerRange = TimerRange::millis(60, 90);
        /// A mistake to make on purpose.
        bug: Option<Mistake> = None;
    }
}

/// What becomes of those who wait too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Termination {
    /// Each for itself: the uncertain abort, the pre-committed commit. (The timeout transitions of
    /// Skeen & Stonebraker 1983, and of most textbooks.)
    Timeouts,
    /// They elect a backup, which asks where everybody stands and finishes what the coordinator
    /// began. (Skeen 1981; Bernstein et al. 7.5.)
    Protocol,
    /// So they do, but nothing is decided without a quorum. (Skeen 1982.)
    Quorum,
}

impl Params {
    /// Vc.
    pub(super) fn commit_quorum(&self) -> usize {
        usize::from(self.commit_quorum.unwrap_or(self.participants / 2 + 1))
    }

    /// Va.
    pub(super) fn abort_quorum(&self) -> usize {
        let least = (usize::from(self.participants) + 1).saturating_sub(self.commit_quorum());
        self.abort_quorum.map_or(least.max(1), usize::from)
    }

    pub(super) fn check(&self) -> Result<(), BadParameter> {
        self.in_range()?;
        self.check_quorums()?;
        self.check_bug()
    }

    fn check_quorums(&self) -> Result<(), BadParameter> {
        let n = usize::from(self.participants);
        for (parameter, given, quorum) in [
            ("commit-quorum", self.commit_quorum, self.commit_quorum()),
            ("abort-quorum", self.abort_quorum, self.abort_quorum()),
        ] {
            if given.is_some() && self.termination != Termination::Quorum {
                let message = r#"there are quorums only with "termination": "quorum""#;
                return Err(BadParameter::new(parameter, message));
            }
            if !(1..=n).contains(&quorum) {
                let message = format!("a quorum of {quorum} participants: write 1 to {n}");
                return Err(BadParameter::new(parameter, message));
            }
        }
        let (commit, abort) = (self.commit_quorum(), self.abort_quorum());
        if commit + abort <= n {
            let message = format!(
                "a commit quorum of {commit} and an abort quorum of {abort} of {n} participants \
                 need not meet: together they must be more than {n}"
            );
            return Err(BadParameter::new("abort-quorum", message));
        }
        Ok(())
    }

    /// Some mistakes can only be made in one of the variants, or by several.
    fn check_bug(&self) -> Result<(), BadParameter> {
        use Mistake::{
            AllUncertainCommit, CommitsWithoutMoving, FirstAckCommits, FirstBackDecides,
            MissingAckAborts, ObeysTheReplaced, PreCommittedAborts, TimeoutsOnly,
        };
        let needs = match self.bug {
            Some(
                AllUncertainCommit | CommitsWithoutMoving | FirstBackDecides | ObeysTheReplaced
                | PreCommittedAborts | TimeoutsOnly,
            ) if self.termination != Termination::Protocol => r#""termination": "protocol""#,
            // With quorums nobody goes on without acknowledgements, be it to commit or to abort.
            Some(MissingAckAborts) if self.termination == Termination::Quorum => {
                r#""termination": "protocol" or "timeouts""#
            }
            Some(FirstAckCommits | CommitsWithoutMoving) if self.participants < 2 => {
                r#""participants": 2, or more"#
            }
            _ => return Ok(()),
        };
        Err(BadParameter::mistake(needs))
    }
}
