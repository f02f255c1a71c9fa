//! Locks: strict two-phase locking (BHG 3.5), and who waits, dies or is wounded where two are in conflict (RSL).

use super::claims::Claim;
use super::owner::Shard;
use super::transaction::conflict;
use super::{Attempt, Deadlocks, Mistake, Msg, Operation, Request, Server, Sharded, Why};
use crate::protocols::transactions::Txn;

impl Sharded {
    /// The requests that a request would have to wait for, were it behind the first so many that wait: those that hold
    /// locks, and those that wait before it.
    pub(super) fn in_conflict<'a>(
        &self,
        server: &'a Server,
        operations: &[Operation],
        behind: usize,
    ) -> Vec<&'a Request> {
        let parts = server.parts().map(|part| &part.request);
        let hold = parts.filter(|_| !self.makes(Mistake::ReleasesAtVote));
        let all = hold.chain(&server.waiting[..behind]);
        all.filter(|other| {
            if self.makes(Mistake::ReadsWithoutLocks) {
                return writes_conflict(&other.operations, operations);
            }
            conflict(&other.operations, operations)
        })
        .collect()
    }
}

impl Shard<'_> {
    /// RSL: takes the locks, or waits, or gives way, or has others give way.
    pub fn acquire(&mut self, request: Request) {
        let attempt = request.attempt;
        let all = self.s.waiting.len();
        let rivals = self.protocol.in_conflict(self.s, &request.operations, all);
        let rivals: Vec<Attempt> = rivals.iter().map(|rival| rival.attempt).collect();
        let is_older = |rival: &&Attempt| rival.timestamp < attempt.timestamp;
        let is_younger = |rival: &&Attempt| rival.timestamp > attempt.timestamp;
        let fatal = match self.protocol.params.deadlocks {
            Deadlocks::None | Deadlocks::WoundWait => None,
            Deadlocks::NoWait => rivals.first(),
            Deadlocks::WaitDie if self.protocol.makes(Mistake::OlderDies) => {
                rivals.iter().find(is_younger)
            }
            Deadlocks::WaitDie => rivals.iter().find(is_older),
        };
        if let Some(rival) = fatal {
            self.o.observe(Claim::GivesWay(attempt, *rival));
            return self.says_no(&request, Why::Died);
        }
        self.s.waiting.push(request);
        if self.protocol.params.deadlocks == Deadlocks::WoundWait {
            for rival in rivals.iter().filter(is_younger) {
                self.wound(*rival, attempt);
            }
        }
        self.grant();
        self.notes_if_it_waits(attempt.txn);
    }

    fn notes_if_it_waits(&mut self, txn: Txn) {
        let mut waiting = self.s.waiting.iter();
        let Some(place) = waiting.position(|request| request.attempt.txn == txn) else {
            return;
        };
        let operations = &self.s.waiting[place].operations;
        let rivals = self.protocol.in_conflict(self.s, operations, place);
        if let Some(rival) = rivals.first() {
            self.o.observe(Claim::Waits(txn, rival.attempt.txn));
        }
    }

    /// Has one give way that is younger. Who has voted YES for it cannot tell whether it may.
    fn wound(&mut self, rival: Attempt, by: Attempt) {
        let txn = rival.txn;
        if let Some(part) = self.s.disk.prepared.get(&txn) {
            let coordinator = part.request.coordinator;
            if self.protocol.makes(Mistake::WoundsPrepared) {
                return self.aborts_here(txn);
            }
            return self.o.send(coordinator, Msg::Wound(txn, by));
        }
        if self.s.collecting.contains_key(&txn) {
            return self.wounded(txn, by);
        }
        let mut waiting = self.s.waiting.iter();
        let place = waiting.position(|request| request.attempt.txn == txn);
        if let Some(place) = place {
            let request = self.s.waiting.remove(place);
            self.o.observe(Claim::GivesWay(rival, by));
            self.says_no(&request, Why::Died);
        }
    }

    /// Gives locks to those that wait, in the order in which they came, if nobody is in their way.
    pub fn grant(&mut self) {
        loop {
            let mut places = 0..self.s.waiting.len();
            let next = places.find(|place| {
                let operations = &self.s.waiting[*place].operations;
                let passes = self.protocol.makes(Mistake::Overtakes)
                    && operations.iter().all(|operation| !operation.writes());
                let behind = if passes { 0 } else { *place };
                self.protocol
                    .in_conflict(self.s, operations, behind)
                    .is_empty()
            });
            let Some(place) = next else {
                return;
            };
            let request = self.s.waiting.remove(place);
            self.votes(&request);
        }
    }
}

/// Whether both write a key.
fn writes_conflict(one: &[Operation], other: &[Operation]) -> bool {
    let writes = |all: &[Operation]| {
        let mut writes = all.to_vec();
        writes.retain(|operation| operation.writes());
        writes
    };
    conflict(&writes(one), &writes(other))
}
