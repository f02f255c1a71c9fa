//! An owner of keys: strict two-phase locking (BHG 3.5), and the participant of two-phase commit with presumed abort
//! (MLO 3).

use super::claims::Claim;
use super::state::{Cell, Disk};
use super::{
    Attempt, Decision, Epoch, Mistake, Msg, Operation, Part, Request, Server, Sharded, Storage,
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
        let recorded = start.storage().and_then(Storage::disk).cloned();
        let mut s = Server {
            disk: recorded.unwrap_or_else(Disk::at_first),
            waiting: Vec::new(),
            collecting: FewMap::new(),
            begun: FewMap::new(),
            put_aside: Vec::new(),
        };
        if let Start::Again(_) = start {
            let (protocol, s) = (self, &mut s);
            Shard { protocol, id, s, o }.comes_back();
        }
        s
    }

    /// All that a server may wait for.
    pub(super) fn timers_of(&self, server: &Server) -> Vec<Timer> {
        let Server {
            disk, collecting, ..
        } = server;
        let votes = collecting.keys().map(|txn| Timer::Votes(*txn));
        let votes = votes.filter(|_| self.params.vote_timeout.is_some());
        let acks = disk.committed.keys().map(|txn| Timer::Acks(*txn));
        let outcomes = disk.prepared.keys().map(|txn| Timer::Outcome(*txn));
        let transfers = disk.outgoing.keys().map(|to| Timer::Transfer(*to));
        votes.chain(acks).chain(outcomes).chain(transfers).collect()
    }

    /// The value of a key, and who wrote it.
    pub(super) fn cell(&self, disk: &Disk, key: Key) -> Cell {
        let first = Cell {
            value: self.params.balance,
            version: Version::Initial,
        };
        disk.values.get(&key).copied().unwrap_or(first)
    }
}

impl Shard<'_> {
    pub fn hears(&mut self, src: Id, msg: Msg) {
        let (incarnation, msg) = msg.opened();
        let known = &mut self.s.disk.incarnations;
        if self.protocol.is_superseded(known, src, incarnation) {
            return;
        }
        let last = known.get(&src).copied().unwrap_or(1);
        if incarnation > last {
            known.insert(src, incarnation);
        }
        if let Some(epoch) = msg.epoch() {
            self.goes_on_to(epoch);
        }
        if self.is_for_later(&msg) {
            let put_aside = (src, msg);
            if !self.s.put_aside.contains(&put_aside) {
                self.s.put_aside.push(put_aside);
            }
            return;
        }
        match msg {
            // To a coordinator.
            Msg::Begin {
                attempt,
                incarnation,
                since,
                transaction,
                ..
            } => self.asked_to_begin(attempt, (incarnation, since), &transaction, src),
            Msg::Yes(txn, values) => self.counts(txn, src, values),
            Msg::No(txn, why) => self.hears_no(txn, why, src),
            Msg::Ack(txn, epoch) => self.hears_ack(txn, epoch, src),
            Msg::Inquiry(txn, _) => self.answers(txn, src),
            Msg::Wound(txn, by) => self.wounded(txn, by),

            // To an owner.
            Msg::Prepare(attempt, _, operations) => self.asked_to_prepare(attempt, operations, src),
            Msg::Commit(txn, epoch) => self.hears_commit(txn, epoch, src),
            Msg::Abort(txn) => self.aborts_here(txn),

            // While the ring changes.
            Msg::Configure(epoch) => self.told_to_change(epoch),
            Msg::Transfer(epoch, range) => self.hears_transfer(epoch, range, src),
            Msg::Received(epoch) => self.hears_received(epoch, src),

            _ => {}
        }
    }

    pub fn waits_no_longer(&mut self, timer: &Timer) {
        match *timer {
            Timer::Votes(txn) => self.aborts(txn, Why::Died, None),
            Timer::Acks(txn) => self.tells_again(txn),
            Timer::Outcome(txn) => self.inquire(txn),
            Timer::Transfer(target) => self.transfers(target),
            _ => {}
        }
    }

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
        let targets: Vec<Id> = self.s.disk.outgoing.keys().copied().collect();
        for target in targets {
            self.transfers(target);
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
        if self.protocol.makes(Mistake::DropsBeforeReceipt) {
            disk.outgoing = FewMap::new();
        }
        Storage::Server(disk)
    }

    /// Phase 1, of another coordinator.
    pub fn asked_to_prepare(&mut self, attempt: Attempt, operations: Vec<Operation>, src: Id) {
        // It comes twice, or too late: its client has gone on.
        if !self.hears_of(attempt.txn) {
            return;
        }
        let request = Request {
            attempt,
            coordinator: src,
            operations,
        };
        if !self.has_all(&request.operations) {
            let moved = Why::Moved(self.s.disk.epoch);
            return self.says_no(&request, moved);
        }
        self.acquire(request);
    }

    /// Notes that it was asked. Whether that is new.
    fn hears_of(&mut self, txn: Txn) -> bool {
        let client = self.protocol.client_of(txn);
        let heard = self.s.disk.heard.get(&client);
        let is_new = heard.is_none_or(|heard| *heard < txn);
        if is_new {
            self.s.disk.heard.insert(client, txn);
        }
        is_new
    }

    /// Executes what is asked, and votes.
    pub fn votes(&mut self, request: &Request) {
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
    pub fn says_no(&mut self, request: &Request, why: Why) {
        let txn = request.attempt.txn;
        self.o.observe(Claim::Voted(txn, Vote::No));
        if request.coordinator == self.id {
            return self.aborts(txn, why, None);
        }
        self.o.observe(Claim::Decided(txn, Decision::Abort));
        let had_locks = self.drops(txn);
        if had_locks {
            self.o.observe(Claim::Released(txn));
        }
        self.save_lazily();
        self.o.send(request.coordinator, Msg::No(txn, why));
        if had_locks {
            self.grant();
        }
    }

    /// Forgets what is prepared, which another may have voted for. Whether it was.
    pub fn drops(&mut self, txn: Txn) -> bool {
        let was = self.s.disk.prepared.remove(&txn).is_some();
        if was {
            self.o.cancel_timer(Timer::Outcome(txn));
        }
        was
    }

    /// Phase 2: COMMIT is forced before it is acknowledged, since the coordinator forgets it then: for all keys that it has
    /// by now, whichever the coordinator takes it to have.
    pub fn hears_commit(&mut self, txn: Txn, asked: Epoch, src: Id) {
        if let Some(part) = self.s.disk.prepared.remove(&txn) {
            self.o.observe(Claim::Decided(txn, Decision::Commit));
            self.installs(&part);
            self.save();
            self.releases(txn);
        }
        let epoch = if self.protocol.makes(Mistake::AcksWhatMoved) {
            asked
        } else {
            self.s.disk.epoch
        };
        self.o.send(src, Msg::Ack(txn, epoch));
        self.grant();
    }

    /// Phase 2: ABORT is what it is told if it asks again.
    pub fn aborts_here(&mut self, txn: Txn) {
        let others = |request: &Request| request.attempt.txn != txn;
        self.s.waiting.retain(others);
        if self.drops(txn) {
            self.o.observe(Claim::Decided(txn, Decision::Abort));
            // Another may have voted for that part: then it may still be asked for its own.
            self.hears_of(txn);
            self.save_lazily();
            self.o.observe(Claim::Released(txn));
        }
        self.grant();
    }

    pub fn releases(&mut self, txn: Txn) {
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
            let (coordinator, epoch) = (part.request.coordinator, self.s.disk.epoch);
            self.o.send(coordinator, Msg::Inquiry(txn, epoch));
            if let Some(master) = self.protocol.master()
                && !self.protocol.members(epoch).contains(coordinator)
            {
                self.o.send(master, Msg::Orphaned(txn, coordinator));
            }
            let inquiry = self.protocol.params.inquiry;
            self.o.set_timer(Timer::Outcome(txn), inquiry);
        }
    }
}
