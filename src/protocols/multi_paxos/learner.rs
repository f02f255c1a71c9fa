//! The learner: what is chosen is executed in the order of slots, without a gap (PMS, 3), and clients are
//! answered.

use std::sync::Arc;

use super::{Ballot, Claim, Command, Configurations, Mistake, Msg, Role, Slot, Snapshot, Turn};
use crate::model::Id;
use crate::protocols::clients::{Members, Reply};
use crate::protocols::key_value::{Answer, Executed, Op};

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
        self.leave_leader();
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
            if !self.decide(slot, who) {
                break;
            }
            if let Some(leader) = self.s.leading_mut() {
                leader.accepted.remove(&slot);
            }
            self.execute(slot, proposal.value);
        }
        self.compact();
    }

    fn execute(&mut self, slot: Slot, command: Command) {
        self.s.executed = slot;
        self.observe(Claim::Learned(slot, command));
        let executed = match command {
            Command::Of(client, serial, op) => self.operate(client, serial, op),
            Command::Members(client, serial, members) => self.change(slot, client, serial, members),
            Command::NoOp | Command::Own(..) | Command::Decision(_) => None,
        };
        self.s.configurations.pass(slot);
        if executed.is_some_and(|executed| executed.anew) {
            self.observe(Claim::Executed { slot, command });
        }
        let told_to = command.origin().filter(|_| self.s.leading().is_some());
        if let (Some(executed), Some((client, serial))) = (executed, told_to) {
            let is_change = matches!(command, Command::Members(..));
            self.send(client, Msg::Reply(serial, told(executed.answer, is_change)));
        }
    }

    /// Who takes part no more leads nobody any more, as far as this server knows.
    fn leave_leader(&mut self) {
        let leader = self.s.leader;
        self.s.leader = leader.filter(|leader| self.s.takes_part(*leader));
    }

    fn operate(&mut self, client: Id, serial: u32, op: Op) -> Option<Executed> {
        let number = self.paxos.clients.number(client);
        let applied = Arc::make_mut(&mut self.s.applied);
        if self.paxos.params.sessions {
            applied.once(number, serial, op)
        } else {
            Some(applied.anyway(op))
        }
    }

    /// Others decide from α slots later on (PMS, 3). Nobody could decide anything after a change to nobody.
    fn change(
        &mut self,
        slot: Slot,
        client: Id,
        serial: u32,
        members: Members,
    ) -> Option<Executed> {
        let window = self.paxos.params.window.unwrap_or(1);
        let from = if self.makes(Mistake::ChangesAtOnce) {
            slot + 1
        } else {
            slot.saturating_add(window)
        };
        let configurations = &mut self.s.configurations;
        let mut change = || {
            let target = members.out_of(configurations.newest());
            if !target.is_empty() {
                configurations.change(from, target);
            }
            Answer::Swapped(!target.is_empty())
        };
        if !self.paxos.params.sessions {
            let answer = change();
            return Some(Executed { answer, anew: true });
        }
        let number = self.paxos.clients.number(client);
        let applied = Arc::make_mut(&mut self.s.applied);
        applied.sessions.once(number, serial, change)
    }

    /// Once so many slots have been executed since the last snapshot, a new one takes their place (Paxos Made
    /// Live, 5.5).
    fn compact(&mut self) {
        let Some(after) = self.paxos.params.snapshot_after else {
            return;
        };
        if self.s.executed - self.s.stable.log.compacted() >= after {
            let snapshot = Arc::new(self.snapshot());
            self.s.stable.log.compact(snapshot);
        }
    }

    /// The state that it has come to, and who decides next: changes that are not in effect yet are part of it.
    fn snapshot(&self) -> Snapshot {
        let last = self.s.executed;
        let configurations = &self.s.configurations;
        Snapshot {
            last,
            applied: self.s.applied.as_ref().clone(),
            configurations: if self.makes(Mistake::SnapshotForgetsChanges) {
                Configurations::of(configurations.next())
            } else {
                configurations.clone()
            },
            own: self.s.stable.log.own_up_to(last),
        }
    }

    /// What it has executed, to somebody who may not know that it is chosen.
    pub fn send_state(&mut self, dst: Id) {
        let state = Msg::State(self.ballot(), Arc::new(self.snapshot()));
        self.send(dst, state);
    }

    /// Who takes part no more tells those who do up to where all is chosen: they may know nothing, not even that
    /// they take part, and would wait for ever.
    pub fn hand_over(&mut self) {
        if self.s.executed > 0 {
            for id in self.others().iter() {
                self.send_state(id);
            }
        }
    }

    /// The state of somebody who has executed more.
    pub fn on_state(&mut self, ballot: Ballot, state: Arc<Snapshot>) {
        self.s.seen = self.s.seen.max(ballot);
        self.install(state);
        self.go_on();
    }

    /// All up to there is chosen, whoever says so. What was accepted behind it is kept. A leader that has proposed
    /// something there leaves its ballot: others may have chosen something else, and its followers would take its own
    /// for chosen.
    pub fn install(&mut self, state: Arc<Snapshot>) {
        if state.last > self.s.executed {
            let in_flight = self.s.leading().and_then(|l| l.accepted.first_key_value());
            let is_overtaken = in_flight.is_some_and(|(slot, _)| *slot <= state.last);
            if is_overtaken && !self.makes(Mistake::LeadsOvertaken) {
                self.follow(None);
            }
            self.observe(Claim::Installed(state.last));
            self.s.executed = state.last;
            self.s.applied = Arc::new(state.applied.clone());
            self.s.configurations = state.configurations.clone();
            let next = state.last + 1;
            self.s.stable.log.compact(state);
            if let Some(leader) = self.s.leading_mut() {
                leader.accepted = leader.accepted.split_off(&next);
                leader.reported = leader.reported.split_off(&next);
            }
            self.leave_leader();
            if matches!(self.s.role, Role::Preparing { .. }) && !self.takes_part() {
                self.follow(None);
            }
        }
    }
}

/// What a client is told. Of a change the table says whether it was made, as of a `cas`.
pub fn told(answer: Answer, is_change: bool) -> Reply {
    match answer {
        Answer::Swapped(true) if is_change => Reply::Accepted,
        Answer::Swapped(false) if is_change => Reply::Refused,
        answer => Reply::Answer(answer),
    }
}
