//! The proposer's phase 1, for all instances at once (PMS, 3): promises, and what is reported with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::configurations::is_majority;
use super::{Ballot, Claim, Leader, Mistake, Msg, Proposal, Report, Role, Slot, Timer, Turn};
use crate::model::{Few, Id, NodeSet};

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
    pub fn prepare_new(&mut self) {
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
        let role = std::mem::replace(&mut self.s.role, Role::Follower);
        let Role::Preparing {
            promised,
            mut reported,
        } = role
        else {
            return;
        };
        self.observe(Claim::Led(self.ballot()));
        let reported = reported.split_off(&(self.s.executed + 1));
        let last = reported.last_key_value();
        let recovered = last.map_or(self.s.executed, |(slot, _)| *slot);
        let is_fixed = self.paxos.is_fixed;
        self.s.role = Role::Leader(Arc::new(Leader {
            accepted: BTreeMap::new(),
            reported,
            recovered,
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
