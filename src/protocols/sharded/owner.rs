//! An owner of keys: strict two-phase locking (BHG 3.5), and the participant of two-phase commit with presumed abort
//! (MLO 3).

use super::claims::Claim;
use super::state::{Cell, Disk};
use super::transaction::conflict;
use super::{
    Attempt, Deadlocks, Decision, Mistake, Msg, Operation, Part, Request, Server, Sharded, Storage,
    Timer, Values, Vote, Why,
};
use crate::model::{FewMap, Id, Out, Start};
use crate::protocols::key_value::Key;
use crate::protocols::transactions::{self, Txn, Version};

/// A server while one of its handlers runs.
pub(super) struct Shard<'a> {
    pub protocol: &'a Sharded,
    pub id: Id,
    pub s: &'a mut Server,
    pub o: &'a mut Out<Sharded>,
}

impl Sharded {
    /// A first start, or recovery from what is on disk: what is prepared is locked again and asked about, and what is
    /// committed is told again.
    pub(super) fn start_server(
        &self,
        id: Id,
        start: Start<'_, Storage>,
        o: &mut Out<Self>,
    ) -> Server {
        let first = Disk {
            incarnation: 1,
            ..Disk::default()
        };
        let recorded = start.storage().and_then(Storage::disk).cloned();
        let mut s = Server {
            disk: recorded.unwrap_or(first),
            waiting: Vec::new(),
            collecting: FewMap::new(),
            begun: FewMap::new(),
        };
        if let Start::Again(_) = start {
            let (protocol, s) = (self, &mut s);
            Shard { protocol, id, s, o }.comes_back();
        }
        s
    }

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

    /// The value of a key, and who wrote it.
    fn cell(&self, disk: &Disk, key: Key) -> Cell {
        let first = Cell {
            value: self.params.balance,
            version: Version::Initial,
        };
        disk.values.get(&key).copied().unwrap_or(first)
    }
}

impl Shard<'_> {
    fn comes_back(&mut self) {
        // Whatever it had begun under the number before is over.
        self.s.disk.incarnation += 1;
        self.save();
        let prepared: Vec<Txn> = self.s.disk.prepared.keys().copied().collect();
        for txn in prepared {
            self.o.observe(Claim::Locked(txn));
            self.inquire(txn);
        }
        let committed: Vec<Txn> = self.s.disk.committed.keys().copied().collect();
        for txn in committed {
            self.tells_again(txn);
        }
    }

    /// Forces what is to be on its disk.
    pub fn save(&mut self) {
        let record = self.record();
        self.o.save(record);
    }

    /// Writes it without waiting: were it lost, it would be found out again.
    pub fn save_lazily(&mut self) {
        let record = self.record();
        self.o.save_lazily(record);
    }

    fn record(&self) -> Storage {
        let mut disk = self.s.disk.clone();
        if self.protocol.makes(Mistake::PreparedInMemory) {
            disk.prepared = FewMap::new();
        }
        if self.protocol.makes(Mistake::SessionsInMemory) {
            disk.sessions = FewMap::new();
        }
        Storage::Server(disk)
    }

    /// Phase 1, of another coordinator.
    pub fn asked_to_prepare(&mut self, attempt: Attempt, operations: Vec<Operation>, src: Id) {
        let client = self.protocol.client_of(attempt.txn);
        let heard = self.s.disk.heard.get(&client);
        // It comes twice, or too late: its client has gone on.
        if heard.is_some_and(|heard| attempt.txn <= *heard) {
            return;
        }
        self.s.disk.heard.insert(client, attempt.txn);
        self.acquire(Request {
            attempt,
            coordinator: src,
            operations,
        });
    }

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

    /// Executes what is asked, and votes.
    fn votes(&mut self, request: &Request) {
        let Attempt { txn, .. } = request.attempt;
        let Some((part, values)) = self.execute(request) else {
            return self.says_no(request, Why::Refused);
        };
        self.o.observe(Claim::Voted(txn, Vote::Yes));
        self.o.observe(Claim::Locked(txn));
        // The coordinator's own part is in its commit record.
        if let Some(collecting) = self.s.collecting.get_mut(&txn) {
            collecting.own = Some(part);
            return self.counts(txn, self.id, values);
        }
        self.s.disk.prepared.insert(txn, part);
        self.save();
        self.o.send(request.coordinator, Msg::Yes(txn, values));
        let inquiry = self.protocol.params.inquiry;
        self.o.set_timer(Timer::Outcome(txn), inquiry);
    }

    /// What comes of a request, and what it tells its client; nothing, if it is refused.
    fn execute(&self, request: &Request) -> Option<(Part, Values)> {
        let (mut reads, mut writes, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for operation in &request.operations {
            let key = operation.key();
            let Cell { value, version } = self.protocol.cell(&self.s.disk, key);
            let new = operation.on(value)?;
            match operation {
                Operation::Read(_) => values.push((key, value)),
                Operation::Is(..) => {}
                Operation::Put(..) => {
                    writes.push((key, new));
                    continue;
                }
                Operation::Take(..) | Operation::Give(..) => writes.push((key, new)),
            }
            reads.push((key, version));
        }
        let part = Part {
            request: request.clone(),
            reads,
            writes,
        };
        Some((part, Values(values)))
    }

    /// NO is a decision, which need not be forced.
    fn says_no(&mut self, request: &Request, why: Why) {
        let txn = request.attempt.txn;
        self.o.observe(Claim::Voted(txn, Vote::No));
        if request.coordinator == self.id {
            return self.aborts(txn, why, None);
        }
        self.o.observe(Claim::Decided(txn, Decision::Abort));
        self.save_lazily();
        self.o.send(request.coordinator, Msg::No(txn, why));
    }

    /// Phase 2: COMMIT is forced before it is acknowledged, since the coordinator forgets it then.
    pub fn hears_commit(&mut self, txn: Txn, src: Id) {
        if let Some(part) = self.s.disk.prepared.remove(&txn) {
            self.o.observe(Claim::Decided(txn, Decision::Commit));
            self.installs(&part);
            self.save();
            self.releases(txn);
        }
        self.o.send(src, Msg::Ack(txn));
        self.grant();
    }

    /// Phase 2: ABORT is what it is told if it asks again.
    pub fn aborts_here(&mut self, txn: Txn) {
        if self.s.disk.prepared.remove(&txn).is_some() {
            self.o.observe(Claim::Decided(txn, Decision::Abort));
            self.save_lazily();
            self.releases(txn);
        } else {
            let others = |request: &Request| request.attempt.txn != txn;
            self.s.waiting.retain(others);
        }
        self.grant();
    }

    fn releases(&mut self, txn: Txn) {
        self.o.observe(Claim::Released(txn));
        self.o.cancel_timer(Timer::Outcome(txn));
    }

    /// Makes what a transaction has written the latest version.
    pub fn installs(&mut self, part: &Part) {
        let txn = part.request.attempt.txn;
        let says = |o: &mut Out<Sharded>, claim| o.observe(Claim::Of(claim));
        for (key, version) in &part.reads {
            says(self.o, transactions::Claim::Read(txn, *key, *version));
        }
        for (key, value) in &part.writes {
            let over = self.protocol.cell(&self.s.disk, *key).version;
            says(self.o, transactions::Claim::Installed(txn, *key, over));
            let (value, version) = (*value, Version::By(txn));
            self.s.disk.values.insert(*key, Cell { value, version });
        }
    }

    /// In its window of uncertainty it can only ask, and will ask again.
    pub fn inquire(&mut self, txn: Txn) {
        if let Some(part) = self.s.disk.prepared.get(&txn) {
            self.o.send(part.request.coordinator, Msg::Inquiry(txn));
            let inquiry = self.protocol.params.inquiry;
            self.o.set_timer(Timer::Outcome(txn), inquiry);
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
