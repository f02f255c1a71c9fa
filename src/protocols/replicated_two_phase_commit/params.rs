//! What a scenario can set, and which settings make no system.

use super::PlannedVote;
use super::bugs::Mistake;
use crate::model::{BadParameter, TimerRange};
use crate::protocols::atomic_commitment::MAX_PARTICIPANTS;
use crate::protocols::key_value::Workload;
use crate::protocols::multi_paxos;

params! {
    /// The parameters of two-phase commit with a replicated coordinator.
    Params {
        /// How many participants there are.
        participants: u8 = 3, within 1..=MAX_PARTICIPANTS;
        /// How each participant votes, in order; everybody votes yes if the list is empty. An open vote is drawn
        /// from the seed in a run, and the checker explores both.
        votes: Vec<PlannedVote> = Vec::new();
        /// F: how many replicas of the coordinator may fail. There are 2F + 1 of them; with 0 this is two-phase
        /// commit.
        faults: u8 = 1, within 0..=3;
        /// How many participants begin by themselves. The others wait to be asked.
        initiators: u8 = 1, within 1..=MAX_PARTICIPANTS;
        /// When those begin who begin by themselves.
        start: TimerRange = TimerRange::millis(1, 2);
        /// How long a participant waits to be asked before it aborts by itself.
        prepare_timeout: TimerRange = TimerRange::millis(200, 300);
        /// How long the leader waits for votes.
        vote_timeout: TimerRange = TimerRange::millis(100, 150);
        /// How long a prepared participant waits for the outcome before it asks, and asks again.
        inquiry: TimerRange = TimerRange::millis(160, 240);
        /// How long a replica waits for a leader, or to become one, before it prepares a ballot.
        election_timeout: TimerRange = TimerRange::millis(150, 300);
        /// How long a leader waits before it tells the other replicas again what they have to accept.
        heartbeat: TimerRange = TimerRange::millis(40, 50);
        /// How long a replica that prepares waits before it asks again those who have not promised; `null` if it
        /// leaves that to its next ballot.
        prepare_retry: Option<TimerRange> = Some(TimerRange::millis(40, 50));
        /// The highest ballot that a check looks at: a bound, so what could happen above it is left open. With m
        /// replicas, round r of the i-th is ballot (r - 1) · m + i. A run has no such bound.
        ballots: u32 = 4, within 1..=1000;
        /// A mistake to make on purpose.
        bug: Option<Mistake> = None;
    }
}

impl Params {
    pub(super) fn replicas(&self) -> usize {
        2 * usize::from(self.faults) + 1
    }

    /// Those of the log: all that is in it was decided here.
    pub(super) fn log(&self) -> multi_paxos::Params {
        multi_paxos::Params {
            servers: 2 * self.faults + 1,
            clients: Workload::Scripts(Vec::new()),
            election_timeout: self.election_timeout,
            heartbeat: self.heartbeat,
            prepare_retry: self.prepare_retry,
            ballots: self.ballots,
            ..multi_paxos::Params::default()
        }
    }

    pub(super) fn check(&self) -> Result<(), BadParameter> {
        self.in_range()?;
        if self.initiators > self.participants {
            let message = format!(
                "{} begin and there are {} participants",
                self.initiators, self.participants
            );
            return Err(BadParameter::new("initiators", message));
        }
        let needs = match self.bug {
            // Nobody else can come to lead.
            Some(
                Mistake::TellsUnchosen | Mistake::LastDecisionCounts | Mistake::LeavesItUndecided,
            ) if self.faults == 0 => r#""faults": 1, or more"#,
            Some(Mistake::MajorityCommits) if self.participants < 2 => {
                r#""participants": 2, or more"#
            }
            _ => return Ok(()),
        };
        Err(BadParameter::mistake(needs))
    }
}
