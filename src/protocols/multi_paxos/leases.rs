//! Master leases (PML, 5.2): reads that ask nobody, as long as nobody else can have come to lead. They rely on
//! clocks that run about equally fast.

use super::{Lease, Mistake, MultiPaxos, Reads, Server, Timer, Turn};
use crate::model::Id;

/// *Leaders.*
impl Turn<'_> {
    /// With a round of heartbeats a lease begins, which counts once a majority has answered: none of them will
    /// promise another ballot before it is over, nor accept anything in one.
    pub fn begin_lease(&mut self) {
        if !self.uses_leases() {
            return;
        }
        let Some(leader) = self.s.leading_mut() else {
            return;
        };
        leader.round += 1;
        let round = leader.round;
        // The last lease goes on until this one is granted.
        let [first, second] = leader.leases.map(|lease| lease.map(|l| l.round));
        let slot = u8::from(first > second);
        leader.leases[usize::from(slot)] = Some(Lease { round });
        self.set_timer(Timer::Lease(slot), self.paxos.params.lease);
    }

    pub fn lease_is_over(&mut self, slot: u8) {
        if let Some(leader) = self.s.leading_mut() {
            leader.leases[usize::from(slot)] = None;
        }
    }

    pub fn holds_lease(&self) -> bool {
        let leases = self.s.leading().map_or([None; 2], |leader| leader.leases);
        let mut leases = leases.iter().flatten();
        leases.any(|lease| self.is_confirmed(lease.round))
    }
}

/// *Acceptors.*
impl Turn<'_> {
    /// Grants a lease to the leader that it hears from.
    pub fn grant(&mut self) {
        if self.uses_leases() {
            self.s.grants = true;
            self.set_timer(Timer::Grant, self.paxos.params.grant());
        }
    }

    /// Whether a server may not be promised anything, because of the lease of another.
    pub fn is_bound(&self, src: Id) -> bool {
        self.paxos.binds(self.s, src)
    }

    fn uses_leases(&self) -> bool {
        self.paxos.params.reads == Reads::Lease
    }
}

impl MultiPaxos {
    /// Whether what a server has granted keeps it from promising another one anything.
    pub(super) fn binds(&self, server: &Server, other: Id) -> bool {
        let bound = server.grants && server.leader != Some(other);
        bound && !self.makes(Mistake::PromisesDuringLease)
    }
}
