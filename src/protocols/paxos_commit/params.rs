//! What a scenario can set, and which settings make no system.

use super::PlannedVote;
use super::bugs::Mistake;
use crate::model::{BadParameter, TimerRange};
use crate::protocols::atomic_commitment::MAX_PARTICIPANTS;

params! {
    /// The parameters of Paxos Commit.
    Params {
        /// How many participants (resource managers) there are.
        participants: u8 = 3, within 1..=MAX_PARTICIPANTS;
        /// How each participant votes, in order; everybody votes yes (*prepared*) if the list is empty. An
        /// open vote is drawn from the seed in a run, and the checker explores both.
        votes: Vec<PlannedVote> = Vec::new();
        /// F: how many acceptors may fail. There are 2F + 1 of them; of one, with 0, the node is what
        /// two-phase commit calls the coordinator.
        faults: u8 = 1, within 0..=3;
        /// Whether acceptors tell the participants what they have accepted of the votes, and not the
        /// leader: one message delay less, and more messages (Faster Paxos Commit).
        faster: bool = false;
        /// Whether an acceptor writes and tells in one piece what it has accepted of the votes, when they
        /// are all in, or one by one as they come.
        bundled: bool = true;
        /// How many participants begin by themselves. The others wait to be asked.
        initiators: u8 = 1, within 1..=MAX_PARTICIPANTS;
        /// Whether what is not answered is sent again. Without it each participant asks each acceptor once
        /// for the outcome, and lost messages may leave it in doubt for ever.
        retransmit: bool = true;
        /// When those begin who begin by themselves.
        start: TimerRange = TimerRange::millis(1, 2);
        /// How long a participant waits to be asked before it aborts by itself.
        prepare_timeout: TimerRange = TimerRange::millis(200, 300);
        /// How long an acceptor waits for votes.
        vote_timeout: TimerRange = TimerRange::millis(100, 150);
        /// How long a prepared participant waits for the outcome before it asks, and asks the next.
        inquiry: TimerRange = TimerRange::millis(160, 240);
        /// How long a leader waits for acceptors, and those who promised for their leader.
        retry: TimerRange = TimerRange::millis(60, 90);
        /// How long a leader that was refused waits before its next ballot.
        back_off: TimerRange = TimerRange::millis(10, 100);
        /// The highest ballot that a check looks at: a bound, so what could happen above it is left
        /// open. With m acceptors, round r of the i-th is ballot (r - 1) · m + i. A run has no such bound.
        ballots: u32 = 4, within 0..=1000;
        /// A mistake to make on purpose.
        bug: Option<Mistake> = None;
    }
}

impl Params {
    pub(super) fn check(&self) -> Result<(), BadParameter> {
        self.in_range()?;
        if self.initiators > self.participants {
            let message = format!(
                "{} begin and there are {} participants",
                self.initiators, self.participants
            );
            return Err(BadParameter::new("initiators", message));
        }
        self.check_bug()
    }

    /// Some mistakes can only be made where there is enough to mistake.
    fn check_bug(&self) -> Result<(), BadParameter> {
        use Mistake::{
            CommitsUnprepared, CountsAcrossBallots, CountsOldPromises, KeepsTheOutcome,
            PromiseInMemory, SharedBallots, WaitsForAll,
        };
        let needs = match self.bug {
            // One acceptor is a majority, and all; and there is nobody else to lead.
            Some(
                CountsAcrossBallots | CountsOldPromises | KeepsTheOutcome | PromiseInMemory
                | SharedBallots | WaitsForAll,
            ) if self.faults == 0 => r#""faults": 1, or more"#,
            Some(CommitsUnprepared) if self.participants < 2 => r#""participants": 2, or more"#,
            _ => return Ok(()),
        };
        Err(BadParameter::mistake(needs))
    }
}
