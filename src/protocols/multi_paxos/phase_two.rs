//! The proposer's phase 2, of one instance after the other (PMS, 3): what is proposed next, to whom, and what comes
//! of it.

use std::sync::Arc;

use super::configurations::is_majority;
use super::{
    Accept, Accepted, Ballot, Claim, Command, Mistake, Msg, Proposal, Role, Slot, Timer, Turn,
    Waiting,
};
use crate::model::cluster::index;
use crate::model::{Id, NodeSet};

impl Turn<'_> {
    /// Phase 2a: to each server all that is in flight and that it has not accepted, and what is chosen.
    pub fn heartbeat(&mut self) {
        if self.s.leading().is_none() {
            return;
        }
        self.begin_lease();
        self.accept_all();
        self.prepare_new();
        self.set_timer(Timer::Heartbeat, self.paxos.params.heartbeat);
    }

    pub fn accept_all(&mut self) {
        for id in self.others().iter() {
            self.send_accept(id, self.unaccepted_by(id));
        }
    }

    /// What is in flight and not known to be accepted by a server.
    fn unaccepted_by(&self, id: Id) -> Arc<[(Slot, Command)]> {
        let Some(leader) = self.s.leading() else {
            return Arc::default();
        };
        let in_flight = leader.accepted.iter();
        let lacked =
            in_flight.filter(|(slot, who)| !self.decide(**slot, **who) && !who.contains(id));
        self.commands(lacked.map(|(slot, _)| *slot))
    }

    /// What this leader has accepted in these slots.
    fn commands(&self, slots: impl Iterator<Item = Slot>) -> Arc<[(Slot, Command)]> {
        let log = &self.s.stable.log;
        let commands = slots.filter_map(|slot| Some((slot, log.get(slot)?.value)));
        match commands.collect::<Vec<_>>() {
            // All share the empty list.
            none if none.is_empty() => Arc::default(),
            some => some.into(),
        }
    }

    fn send_accept(&mut self, id: Id, commands: Arc<[(Slot, Command)]>) {
        let Some(leader) = self.s.leading() else {
            return;
        };
        let accept = Accept {
            ballot: self.ballot(),
            commands,
            chosen: self.s.executed,
            round: leader.round,
        };
        self.send(id, Msg::Accept(accept));
    }

    /// Executes what is chosen, and proposes what is next, until there is neither: phase 2a of the next instances
    /// (PMS, 3).
    pub fn go_on(&mut self) {
        while self.s.leading().is_some() {
            self.execute_as_leader();
            let slots = self.take_next();
            if slots.is_empty() {
                break;
            }
            let commands = self.commands(slots.into_iter());
            for id in self.others().iter() {
                self.send_accept(id, Arc::clone(&commands));
            }
        }
    }

    /// Who comes to take part is asked for a promise, and who does no more is told so. A leader that takes part no
    /// more itself leaves the rest to others.
    fn execute_as_leader(&mut self) {
        let (all, newest) = (self.s.configurations.all(), self.s.configurations.newest());
        self.execute_chosen();
        let gone = all.minus(self.s.configurations.all());
        for id in gone.without(self.id).iter() {
            self.send_accept(id, Arc::default());
        }
        if !self.takes_part() {
            self.follow(None);
            self.hand_over();
        } else if self.s.configurations.newest() != newest {
            self.prepare_new();
        }
    }

    /// The slot that it will propose in next.
    pub fn next(&self) -> Slot {
        let in_flight = self.s.leading().and_then(|l| l.accepted.last_key_value());
        let last = in_flight.map_or(0, |(slot, _)| *slot);
        last.max(self.s.executed) + 1
    }

    /// Whether it may propose in a slot: it has executed the slot α before, so that it knows who decides (PMS, 3),
    /// and a majority of these has promised.
    fn may_propose(&self, slot: Slot) -> bool {
        let ahead = slot - self.s.executed;
        let has_room = self.paxos.params.window.is_none_or(|most| ahead <= most);
        has_room && self.is_promised(slot)
    }

    /// Whether a majority of those who decide a slot has promised it this ballot.
    pub fn is_promised(&self, slot: Slot) -> bool {
        let Some(leader) = self.s.leading() else {
            return false;
        };
        self.paxos.is_fixed
            || self.makes(Mistake::SkipsNewPhaseOne)
            || is_majority(self.s.configurations.at(slot), leader.promised)
    }

    /// Takes what is next for its own, as far as it may propose it.
    pub fn take_next(&mut self) -> Vec<Slot> {
        let mut slots = Vec::new();
        while let Some((slot, value)) = self.next_proposal() {
            self.take(slot, value);
            slots.push(slot);
        }
        slots
    }

    /// One slot after the other: in each what was reported; where nothing was, and something was behind, a no-op,
    /// so that there is no gap (PMS, 3); then what clients wait for; and more no-ops, as long as a change waits
    /// for its slot, which may be the last that this leader has to see to.
    fn next_proposal(&mut self) -> Option<(Slot, Command)> {
        let mut slot = self.next();
        if self.makes(Mistake::LeavesGaps) {
            let reported = self.s.leading()?.reported.first_key_value();
            slot = reported.map_or(slot, |(slot, _)| *slot);
        }
        if !self.may_propose(slot) {
            return None;
        }
        let is_awaited = self.s.configurations.is_awaited(slot);
        let leader = self.s.leading_mut()?;
        if let Some(proposal) = leader.reported.remove(&slot) {
            self.observe(Claim::Adopted(slot));
            return Some((slot, proposal.value));
        }
        if slot <= leader.recovered {
            return Some((slot, Command::NoOp));
        }
        let asked = leader.waiting.iter().next().copied();
        let command = asked.and_then(
            |Waiting {
                 client,
                 serial,
                 ask,
             }| {
                leader.waiting.remove(&Waiting {
                    client,
                    serial,
                    ask,
                });
                Command::asked(client, serial, ask)
            },
        );
        let command = command.or(is_awaited.then_some(Command::NoOp))?;
        Some((slot, command))
    }

    /// Proposes a command that nobody asked for. (What else is next was proposed as soon as it could be.)
    pub fn propose_made_up(&mut self, value: Command) {
        let slot = self.next();
        if self.may_propose(slot) {
            self.take(slot, value);
            let commands = self.commands(std::iter::once(slot));
            for id in self.others().iter() {
                self.send_accept(id, Arc::clone(&commands));
            }
            self.go_on();
        }
    }

    fn take(&mut self, slot: Slot, value: Command) {
        let ballot = self.ballot();
        self.accept(slot, Proposal { ballot, value });
        if let Some(leader) = self.s.leading_mut() {
            leader.accepted.insert(slot, NodeSet::only(self.id));
        }
    }

    /// Who has accepted what in this ballot, up to when it still leads, and what it lacks.
    pub fn on_accepted(&mut self, src: Id, accepted: &Accepted) {
        let is_old = accepted.ballot != self.ballot();
        if is_old && !self.makes(Mistake::CountsOldAcceptances) {
            return;
        }
        for slot in accepted.slots.iter() {
            let who = self.s.leading().and_then(|l| l.accepted.get(slot));
            let is_open = who.is_some_and(|who| !self.decide(*slot, *who));
            if let (true, Some(leader)) = (is_open, self.s.leading_mut()) {
                leader.accepted.entry(*slot).or_default().insert(src);
            }
        }
        let Some(leader) = self.s.leading_mut() else {
            return;
        };
        let answered = &mut leader.answered[index(src)];
        *answered = (*answered).max(accepted.round);
        self.go_on();
        if let Some(lacks) = accepted.lacks {
            self.catch_up(src, lacks);
        }
        self.round_answered();
    }

    /// Phase 2a once more, of slots that are chosen: whatever ballot chose them, this one may propose the same.
    /// Where they are compacted, the state stands for them.
    fn catch_up(&mut self, id: Id, from: Slot) {
        let log = &self.s.stable.log;
        let compacted = log.compacted();
        if from <= compacted {
            let state = Msg::State(self.ballot(), Arc::clone(&log.snapshot));
            self.send(id, state);
        }
        let lacked = self.commands(from.max(compacted + 1)..=self.s.executed);
        if !lacked.is_empty() {
            self.send_accept(id, lacked);
        }
    }

    /// Somebody has promised another ballot: it leaves this one, and waits before it prepares another
    /// (PMS, 2.2, 2.4).
    pub fn on_refused(&mut self, ballot: Ballot, promised: Ballot) {
        self.s.seen = self.s.seen.max(promised);
        if ballot == self.ballot() && !matches!(self.s.role, Role::Follower) {
            self.follow(None);
        }
    }
}
