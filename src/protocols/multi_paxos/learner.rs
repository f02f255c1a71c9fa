//! The learner: what is chosen is executed in the order of slots, without a gap (PMS, 3), and clients are
//! answered.

use std::sync::Arc;

use super::{Ballot, Claim, Command, Mistake, Msg, Slot, Snapshot, Turn};
use crate::protocols::clients::Reply;

impl Turn<'_> {
    /// A follower learns from its leader up to where all is chosen. It executes what it has accepted in that
    /// leader's ballot, and nothing else: what it has accepted in another may not be what was chosen. Says which
    /// slot is lacking, if one is.
    pub fn learn(&mut self, ballot: Ballot, chosen: Slot) -> Option<Slot> {
        let any_ballot = self.makes(Mistake::LearnsOtherBallots);
        while self.s.executed < chosen {
            let slot = self.s.executed + 1;
            match self.s.stable.log.get(slot) {
                Some(proposal) if proposal.ballot == ballot || any_ballot => {
                    self.execute(slot, proposal.value);
                }
                _ if self.makes(Mistake::ExecutesPastGaps) => self.s.executed = slot,
                _ => return Some(slot),
            }
        }
        self.compact();
        None
    }

    /// A leader executes what a majority has accepted in its ballot, as far as there is no gap.
    pub fn execute_chosen(&mut self) {
        while let Some(leader) = self.s.leading() {
            let slot = self.s.executed + 1;
            let who = leader.accepted.get(&slot).copied().unwrap_or_default();
            let Some(proposal) = self.s.stable.log.get(slot) else {
                break;
            };
            if !self.is_majority(who) {
                break;
            }
            if let Some(leader) = self.s.leading_mut() {
                leader.accepted.remove(&slot);
            }
            self.execute(slot, proposal.value);
        }
        self.compact();
        self.propose_what_waits();
    }

    fn execute(&mut self, slot: Slot, command: Command) {
        self.s.executed = slot;
        self.observe(Claim::Learned(slot, command));
        let Command::Of(client, serial, op) = command else {
            return;
        };
        let number = self.paxos.clients.number(client);
        let applied = Arc::make_mut(&mut self.s.applied);
        let executed = if self.paxos.params.sessions {
            applied.once(number, serial, op)
        } else {
            Some(applied.anyway(op))
        };
        if executed.is_some_and(|executed| executed.anew) {
            self.observe(Claim::Executed { slot, command });
        }
        if let (Some(executed), true) = (executed, self.s.leading().is_some()) {
            let reply = Reply::Answer(executed.answer);
            self.send(client, Msg::Reply(serial, reply));
        }
    }

    /// Once so many slots have been executed since the last snapshot, a new one takes their place (Paxos Made
    /// Live, 5.5).
    fn compact(&mut self) {
        let Some(after) = self.paxos.params.snapshot_after else {
            return;
        };
        let log = &mut self.s.stable.log;
        let last = self.s.executed;
        if last - log.compacted() >= after {
            log.compact(Arc::new(Snapshot {
                last,
                applied: self.s.applied.as_ref().clone(),
                own: log.own_up_to(last),
            }));
        }
    }

    /// The state of somebody who has executed more.
    pub fn on_state(&mut self, ballot: Ballot, state: Arc<Snapshot>) {
        self.s.seen = self.s.seen.max(ballot);
        self.install(state);
    }

    /// All up to there is chosen, whoever says so. What was accepted behind it is kept.
    pub fn install(&mut self, state: Arc<Snapshot>) {
        if state.last > self.s.executed {
            self.observe(Claim::Installed(state.last));
            self.s.executed = state.last;
            self.s.applied = Arc::new(state.applied.clone());
            self.s.stable.log.compact(state);
        }
    }
}
