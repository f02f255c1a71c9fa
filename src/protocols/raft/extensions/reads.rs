//! Reads that do not go through the log (8; thesis, 6.4): read-index, and leases (6.4.1).

use crate::model::{Id, NodeSet};
use crate::protocols::key_value::{Answer, Op};
use crate::protocols::raft::{Leader, Lease, Mistake, Read, Reads, Reply, Timer, Turn};

impl Turn<'_> {
    pub fn read(&mut self, client: Id, serial: u32, op: Op) {
        let knows = self.s.has_committed_own_term() || self.makes(Mistake::ReadsBeforeOwnCommit);
        if self.makes(Mistake::ReadsUnconfirmed) || (knows && self.holds_lease()) {
            return self.answer_read(client, serial, op);
        }
        let Some(leader) = self.s.leading_mut() else {
            return;
        };
        // A request that comes late does not take the place of a newer one.
        let is_newer = |read: &Read| read.client == client && read.serial > serial;
        if leader.reads.iter().any(is_newer) {
            return;
        }
        leader.reads.retain(|read| read.client != client);
        leader.reads.push(Read {
            client,
            serial,
            op,
            round: None,
        });
        if knows {
            self.read_what_waits();
        }
    }

    /// Thesis, 6.4: (1) once the leader has committed an entry of its term, (2) its commit index is
    /// the read index, and (3) it sends a new round of heartbeats. (4) What is committed is applied.
    ///
    /// (Commands committed later than that are no harm: the client still waits.)
    pub fn read_what_waits(&mut self) {
        let knows = self.s.has_committed_own_term() || self.makes(Mistake::ReadsBeforeOwnCommit);
        let waits = |leader: &Leader| leader.reads.iter().any(|read| read.round.is_none());
        if !knows || !self.s.leading().is_some_and(waits) {
            return;
        }
        let Some(leader) = self.s.leading_mut() else {
            return;
        };
        leader.round += 1;
        let round = Some(leader.round);
        for read in &mut leader.reads {
            read.round = read.round.or(round);
        }
        self.replicate_to_all();
        self.round_answered();
    }

    /// Serves the reads, and confirms the leases, whose round a majority has answered.
    pub fn round_answered(&mut self) {
        let Some(leader) = self.s.leading() else {
            return;
        };
        let answered = |round: u32| {
            let others = self.raft.servers.without(self.id).iter();
            let who: NodeSet = others.filter(|id| leader.of(*id).round >= round).collect();
            self.is_quorum(who.with(self.id))
        };
        let is_ready = |read: &Read| read.round.is_some_and(answered);
        let confirm = |lease: Lease| Lease {
            confirmed: lease.confirmed || answered(lease.round),
            ..lease
        };
        let leases = leader.leases.map(|lease| lease.map(confirm));
        let ready: Vec<Read> = leader.reads.iter().copied().filter(is_ready).collect();
        let changes = leases != leader.leases || !ready.is_empty();
        if changes && let Some(leader) = self.s.leading_mut() {
            leader.leases = leases;
            leader.reads.retain(|read| !ready.contains(read));
        }
        for read in ready {
            self.answer_read(read.client, read.serial, read.op);
        }
    }

    fn answer_read(&mut self, client: Id, serial: u32, op: Op) {
        let answer = Answer::Value(self.s.applied.machine.read(op.key()));
        self.reply(client, serial, Reply::Answer(answer));
    }

    /// Thesis, 6.4.1: with a round of heartbeats a lease begins, which counts once a majority has
    /// answered: none of them will vote for anybody else before it is over.
    pub fn begin_lease(&mut self) {
        if self.raft.params.reads != Reads::Lease || self.transfers() {
            return;
        }
        let survives = self.makes(Mistake::LeaseSurvivesTransfer);
        let Some(leader) = self.s.leading_mut() else {
            return;
        };
        if leader.undefended && !survives {
            return;
        }
        leader.round += 1;
        let round = leader.round;
        // The last lease goes on until this one is confirmed.
        let [first, second] = leader.leases.map(|lease| lease.map(|l| l.round));
        let slot = u8::from(first > second);
        leader.leases[usize::from(slot)] = Some(Lease {
            round,
            confirmed: false,
        });
        self.set_timer(Timer::Lease(slot), self.raft.params.lease);
    }

    pub fn lease_is_over(&mut self, slot: u8) {
        if let Some(leader) = self.s.leading_mut() {
            leader.leases[usize::from(slot)] = None;
        }
    }

    fn holds_lease(&self) -> bool {
        let leader = self.s.leading();
        let leases = leader.map_or([None; 2], |leader| leader.leases);
        self.raft.params.reads == Reads::Lease && leases.iter().flatten().any(|l| l.confirmed)
    }

    /// Thesis, 6.4.1: a leader that asks another to start an election has no lease any more.
    pub fn give_up_leases(&mut self) {
        if self.makes(Mistake::LeaseSurvivesTransfer) {
            return;
        }
        if let Some(leader) = self.s.leading_mut() {
            leader.leases = [None; 2];
            self.cancel(Timer::Lease(0));
            self.cancel(Timer::Lease(1));
        }
    }
}
