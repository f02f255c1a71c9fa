//! What a scenario can set, and which settings make no system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PlannedVote;
use super::bugs::Mistake;
use crate::model::{BadParameter, Id, NodeSet, TimerRange};
use crate::protocols::atomic_commitment::{MAX_PARTICIPANTS, MAX_TRANSACTIONS};

params! {
    /// The parameters of two-phase commit on a tree.
    Params {
        /// How many participants there are.
        participants: u8 = 3, within 1..=MAX_PARTICIPANTS;
        /// To which earlier participant each hangs, from P2 on: `[1, 2]` is a path of three, `[1, 1]` a star
        /// around P1. A path if the list is empty.
        tree: Vec<u8> = Vec::new();
        /// How each participant votes, in order; everybody votes yes if the list is empty. An open
        /// vote is drawn from the seed in a run, and the checker explores both.
        votes: Vec<PlannedVote> = Vec::new();
        /// Whom a participant that sent READY asks for the outcome.
        termination: Termination = Termination::Basic;
        /// Whether it asks at all if it waits too long. If not, whoever misses a message misses it for good.
        inquiries: bool = true;
        /// How many transactions run at the same time, all with the same participants and votes.
        transactions: u8 = 1, within 1..=MAX_TRANSACTIONS;
        /// When a participant is done with its part of the transaction.
        start: TimerRange = TimerRange::millis(1, 2);
        /// How long one that is done waits for READY from a neighbour before it aborts unilaterally.
        ready_timeout: TimerRange = TimerRange::millis(200, 300);
        /// How long one that sent READY waits for the outcome before it asks (again).
        inquiry: TimerRange = TimerRange::millis(60, 90);
        /// A mistake to make on purpose.
        bug: Option<Mistake> = None;
    }
}

/// How a participant that sent READY and waits too long tries to learn the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Termination {
    /// It asks the neighbour that it sent READY to.
    Basic,
    /// It asks all other participants as well (Bernstein et al. 7.4).
    Cooperative,
}

impl Params {
    pub(super) fn check(&self) -> Result<(), BadParameter> {
        self.in_range()?;
        self.check_bug()
    }

    /// The neighbours of each participant.
    pub(super) fn neighbours(&self) -> Result<Vec<NodeSet>, BadParameter> {
        let n = self.participants;
        let path: Vec<u8> = (1..n).collect();
        let tree = if self.tree.is_empty() {
            &path
        } else {
            &self.tree
        };
        if tree.len() != path.len() {
            let message = format!(
                "{} entries for {n} participants: write one for each from P2 on",
                tree.len()
            );
            return Err(BadParameter::new("tree", message));
        }
        let mut neighbours = vec![NodeSet::EMPTY; usize::from(n)];
        for (&to, from) in tree.iter().zip(1..) {
            if !(1..=from).contains(&to) {
                let message = format!(
                    "P{} cannot hang to P{to}, but only to an earlier one",
                    from + 1
                );
                return Err(BadParameter::new("tree", message));
            }
            let (a, b) = (usize::from(to) - 1, usize::from(from));
            neighbours[a].insert(Id::from(b));
            neighbours[b].insert(Id::from(a));
        }
        Ok(neighbours)
    }

    /// Some mistakes can only be made by several, or by those that ask.
    fn check_bug(&self) -> Result<(), BadParameter> {
        use Mistake::{AllUncertainAbort, ReadyToAll, UncertainAborts};
        let cooperative = self.termination == Termination::Cooperative;
        let needs = match self.bug {
            Some(AllUncertainAbort) if !cooperative => r#""termination": "cooperative""#,
            Some(AllUncertainAbort | UncertainAborts) if !self.inquiries => r#""inquiries": true"#,
            Some(ReadyToAll) if self.participants < 3 => r#""participants": 3, or more"#,
            _ => return Ok(()),
        };
        Err(BadParameter::mistake(needs))
    }
}
