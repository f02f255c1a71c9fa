//! The proposer: phase 1 for all instances at once, and phase 2 of each (PMS, 3).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Accept, Accepted, Ballot, Claim, Command, Leader, Mistake, Msg, Proposal, Report, Role, Slot,
    Timer, Turn,
};
use crate::model::cluster::index;
use crate::model::{Few, Id, NodeSet};

/// *Phase 1.*
impl Turn<'_> {
    /// Nobody leads, as far as it knows: it prepares a ballot above all that it has heard of (PMS, 2.4, 2.5).
    pub fn election_timeout(&mut self) {
        if self.s.leading().is_some() {
            return;
        }
        if self.is_bound(self.id) {
            return self.set_election_timer();
        }
        let above = self.s.seen.max(self.ballot());
        let ballot = self.paxos.ballot_above(above, self.id);
        self.promise(ballot);
        self.s.leader = None;
        let promised = NodeSet::only(self.id);
        let own = self.s.stable.log.from(self.s.executed + 1);
        let reported = own.iter().copied().collect();
        self.s.role = Role::Preparing { promised, reported };
        self.set_election_timer();
        if self.is_majority(promised) {
            return self.lead();
        }
        self.prepare(self.others());
    }

    /// Phase 1a, for all slots from the first that it does not know to be chosen.
    fn prepare(&mut self, whom: NodeSet) {
        let prepare = Msg::Prepare(self.ballot(), self.s.executed + 1);
        for id in whom.iter() {
            self.send(id, prepare.clone());
        }
        if let Some(retry) = self.paxos.params.prepare_retry {
            self.set_timer(Timer::PrepareRetry, retry);
        }
    }

    /// Asks again those who have not answered.
    pub fn prepare_retry(&mut self) {
        if let Role::Preparing { promised, .. } = &self.s.role {
            let silent = self.paxos.servers.minus(*promised);
            self.prepare(silent);
        }
    }

    /// Of each slot the proposal with the highest number counts (P2c). What somebody has compacted is chosen,
    /// and its state is taken over before anything is proposed.
    pub fn on_promise(&mut self, src: Id, ballot: Ballot, report: Report) {
        let is_old = ballot != self.ballot() && !self.makes(Mistake::CountsOldPromises);
        let Report { accepted, state } = report;
        let (own_only, first_seen) = (
            self.makes(Mistake::OwnLogOnly),
            self.makes(Mistake::KeepsFirstSeen),
        );
        let own_end = self.s.last();
        let ignores_beyond = self.makes(Mistake::IgnoresBeyondOwnEnd);
        let Role::Preparing { promised, reported } = &mut self.s.role else {
            return;
        };
        if is_old {
            return;
        }
        promised.insert(src);
        for &(slot, proposal) in accepted.iter().filter(|_| !own_only) {
            if ignores_beyond && slot > own_end {
                continue;
            }
            let is_higher = |known: &Proposal| !first_seen && proposal.ballot > known.ballot;
            if reported.get(&slot).is_none_or(is_higher) {
                reported.insert(slot, proposal);
            }
        }
        let promised = *promised;
        if let Some(state) = state.filter(|_| !self.paxos.makes(Mistake::CompactedIsEmpty)) {
            self.install(state);
        }
        if self.is_majority(promised) {
            self.lead();
        }
    }

    /// A majority has promised. It proposes what was reported, and no-ops in the gaps (PMS, 3), and tells
    /// everybody at once.
    fn lead(&mut self) {
        let ballot = self.ballot();
        let Role::Preparing { reported, .. } = std::mem::replace(&mut self.s.role, Role::Follower)
        else {
            return;
        };
        self.observe(Claim::Led(ballot));
        let last = reported.last_key_value();
        let last = last.map_or(self.s.executed, |(slot, _)| *slot);
        let mut accepted = BTreeMap::new();
        for slot in self.s.executed + 1..=last {
            let value = match reported.get(&slot) {
                Some(proposal) => {
                    self.observe(Claim::Adopted(slot));
                    proposal.value
                }
                None if self.makes(Mistake::LeavesGaps) => continue,
                None => Command::NoOp,
            };
            self.accept(slot, Proposal { ballot, value });
            accepted.insert(slot, NodeSet::only(self.id));
        }
        self.s.role = Role::Leader(Arc::new(Leader {
            accepted,
            recovered: last,
            round: 0,
            answered: vec![0; self.paxos.servers.len()],
            reads: Vec::new(),
            leases: [None; 2],
            waiting: Few::new(),
        }));
        self.s.leader = Some(self.id);
        self.out.cancel_timer(Timer::Election);
        self.out.cancel_timer(Timer::PrepareRetry);
        self.propose_later();
        self.heartbeat();
        self.execute_chosen();
    }
}

/// *Phase 2.*
impl Turn<'_> {
    /// Phase 2a: to each server all that is in flight and that it has not accepted, and what is chosen.
    pub fn heartbeat(&mut self) {
        if self.s.leading().is_none() {
            return;
        }
        self.begin_lease();
        self.accept_all();
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
        let lacked = in_flight.filter(|(_, who)| !self.is_majority(**who) && !who.contains(id));
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

    /// Phase 2a of the next instance (PMS, 3).
    pub fn propose(&mut self, value: Command) {
        let (slot, ballot) = (self.s.last() + 1, self.ballot());
        self.accept(slot, Proposal { ballot, value });
        if let Some(leader) = self.s.leading_mut() {
            leader.accepted.insert(slot, NodeSet::only(self.id));
        }
        let commands = self.commands(std::iter::once(slot));
        for id in self.others().iter() {
            self.send_accept(id, Arc::clone(&commands));
        }
        self.execute_chosen();
    }

    /// Who has accepted what in this ballot, up to when it still leads, and what it lacks.
    pub fn on_accepted(&mut self, src: Id, accepted: &Accepted) {
        let is_old = accepted.ballot != self.ballot();
        if is_old && !self.makes(Mistake::CountsOldAcceptances) {
            return;
        }
        let paxos = self.paxos;
        let Some(leader) = self.s.leading_mut() else {
            return;
        };
        for slot in accepted.slots.iter() {
            if let Some(who) = leader.accepted.get_mut(slot)
                && !paxos.is_majority(*who)
            {
                who.insert(src);
            }
        }
        let answered = &mut leader.answered[index(src)];
        *answered = (*answered).max(accepted.round);
        self.execute_chosen();
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
