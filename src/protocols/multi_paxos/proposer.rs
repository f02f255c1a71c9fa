//! The proposer: phase 1 for all instances at once, and phase 2 of each (PMS, 3).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::configurations::is_majority;
use super::{
    Accept, Accepted, Ballot, Claim, Command, Leader, Mistake, Msg, Proposal, Report, Role, Slot,
    Timer, Turn, Waiting,
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
        if !self.takes_part() {
            self.hand_over();
            return self.set_election_timer();
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
        if self.decide(self.s.executed + 1, promised) {
            return self.lead();
        }
        self.prepare(self.others());
        if let Some(retry) = self.paxos.params.prepare_retry {
            self.set_timer(Timer::PrepareRetry, retry);
        }
    }

    /// Phase 1a, for all slots from the first that it does not know to be chosen.
    fn prepare(&mut self, whom: NodeSet) {
        let prepare = Msg::Prepare(self.ballot(), self.s.executed + 1);
        for id in whom.iter() {
            self.send(id, prepare.clone());
        }
    }

    /// Asks again those who have not answered.
    pub fn prepare_retry(&mut self) {
        if let Role::Preparing { promised, .. } = &self.s.role {
            let silent = self.others().minus(*promised);
            self.prepare(silent);
            if let Some(retry) = self.paxos.params.prepare_retry {
                self.set_timer(Timer::PrepareRetry, retry);
            }
        }
    }

    /// Of the servers of later slots that it knows of, those whose promises it lacks: it has none of a majority
    /// of them. What others have promised is as good there, since it was promised for all slots.
    fn lacking(&self) -> NodeSet {
        let Some(leader) = self.s.leading().filter(|_| !self.paxos.is_fixed) else {
            return NodeSet::EMPTY;
        };
        if self.makes(Mistake::SkipsNewPhaseOne) {
            return NodeSet::EMPTY;
        }
        let sets = self.s.configurations.sets();
        let undecided = sets.filter(|set| !is_majority(*set, leader.promised));
        let all = undecided.fold(NodeSet::EMPTY, NodeSet::union);
        all.minus(leader.promised)
    }

    /// Phase 1a once more, in its own ballot, of those who have come to decide while it leads.
    fn prepare_new(&mut self) {
        self.prepare(self.lacking());
    }

    /// Of each slot the proposal with the highest number counts (P2c). What somebody has compacted is chosen,
    /// and its state is taken over before anything is proposed.
    pub fn on_promise(&mut self, src: Id, ballot: Ballot, report: Report) {
        let is_old = ballot != self.ballot() && !self.makes(Mistake::CountsOldPromises);
        let is_wanted = match self.s.role {
            Role::Follower => false,
            Role::Preparing { .. } => true,
            // More than enough is no use.
            Role::Leader(_) => self.lacking().contains(src),
        };
        if is_old || !is_wanted {
            return;
        }
        let Report { accepted, state } = report;
        self.take_report(src, &accepted);
        if let Some(state) = state.filter(|_| !self.paxos.makes(Mistake::CompactedIsEmpty)) {
            self.install(state);
        }
        match &self.s.role {
            Role::Preparing { promised, .. } if self.decide(self.s.executed + 1, *promised) => {
                self.lead();
            }
            Role::Leader(_) => {
                self.go_on();
                self.round_answered();
            }
            _ => {}
        }
    }

    fn take_report(&mut self, src: Id, accepted: &[(Slot, Proposal)]) {
        let (own_only, first_seen) = (
            self.makes(Mistake::OwnLogOnly),
            self.makes(Mistake::KeepsFirstSeen),
        );
        let own_end = self.s.last();
        let ignores_beyond = self.makes(Mistake::IgnoresBeyondOwnEnd);
        let next = self.next();
        let (promised, reported) = match &mut self.s.role {
            Role::Preparing { promised, reported } => (promised, reported),
            Role::Leader(leader) => {
                let leader = Arc::make_mut(leader);
                // Where it has proposed something already, it was free to.
                let last = accepted.last().map_or(0, |(slot, _)| *slot);
                leader.recovered = leader.recovered.max(last);
                (&mut leader.promised, &mut leader.reported)
            }
            Role::Follower => return,
        };
        promised.insert(src);
        for &(slot, proposal) in accepted.iter().filter(|_| !own_only) {
            if slot < next || ignores_beyond && slot > own_end {
                continue;
            }
            let is_higher = |known: &Proposal| !first_seen && proposal.ballot > known.ballot;
            if reported.get(&slot).is_none_or(is_higher) {
                reported.insert(slot, proposal);
            }
        }
    }

    /// A majority of those who decide the next slot has promised. It proposes what was reported, and no-ops in the
    /// gaps (PMS, 3), as far as it may, and tells everybody at once.
    fn lead(&mut self) {
        let Role::Preparing { promised, reported } =
            std::mem::replace(&mut self.s.role, Role::Follower)
        else {
            return;
        };
        self.observe(Claim::Led(self.ballot()));
        let last = reported.last_key_value();
        let last = last.map_or(self.s.executed, |(slot, _)| *slot);
        let mut reported = reported;
        let reported = reported.split_off(&(self.s.executed + 1));
        let is_fixed = self.paxos.is_fixed;
        self.s.role = Role::Leader(Arc::new(Leader {
            accepted: BTreeMap::new(),
            reported,
            recovered: last.max(self.s.executed),
            promised: if is_fixed { NodeSet::EMPTY } else { promised },
            round: 0,
            answered: vec![0; self.paxos.servers.len()],
            reads: Vec::new(),
            leases: [None; 2],
            waiting: Few::new(),
        }));
        self.s.leader = Some(self.id);
        self.out.cancel_timer(Timer::Election);
        self.out.cancel_timer(Timer::PrepareRetry);
        self.take_next();
        self.propose_later();
        self.heartbeat();
        self.go_on();
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
    fn next(&self) -> Slot {
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
    fn take_next(&mut self) -> Vec<Slot> {
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
