//! What a server does as the ring changes: it freezes what another has from now on, hands that over, and gets what is its
//! own (6.824, lab 4).

use super::claims::Claim;
use super::owner::Shard;
use super::ranges::Range;
use super::state::Disk;
use super::{Epoch, Key, Mistake, Msg, Operation, Sharded, Timer, Why};
use crate::model::{FewMap, Id};
use crate::protocols::transactions::Txn;

impl Sharded {
    /// Whether a server has a key, by its disk: it is the owner, and has got what the owner before had.
    pub(super) fn has(&self, disk: &Disk, id: Id, key: Key) -> bool {
        let before = self.came_from(disk.epoch, key);
        if self.makes(Mistake::ServesFrozen) && before == Some(id) {
            return self.is_frozen(disk, id, key);
        }
        self.owner(disk.epoch, key) == id
            && before.is_none_or(|before| !disk.incoming.contains(before))
    }

    /// Whether a key is frozen at a server, by its disk.
    pub(super) fn is_frozen(&self, disk: &Disk, id: Id, key: Key) -> bool {
        let target = self.owner(disk.epoch, key);
        self.came_from(disk.epoch, key) == Some(id) && disk.outgoing.contains_key(&target)
    }
}

impl Shard<'_> {
    pub fn has(&self, key: Key) -> bool {
        self.protocol.has(&self.s.disk, self.id, key)
    }

    pub fn has_all(&self, operations: &[Operation]) -> bool {
        let mut keys = operations.iter().map(|operation| operation.key());
        keys.all(|key| self.has(key))
    }

    /// Whether it is about keys that are on their way here, or may be.
    pub fn is_for_later(&self, msg: &Msg) -> bool {
        let epoch = self.s.disk.epoch;
        let is_coming = |key| self.protocol.owner(epoch, key) == self.id && !self.has(key);
        match msg {
            Msg::Begin { transaction, .. } => transaction.keys().any(is_coming),
            Msg::Prepare(_, _, operations) => {
                let mut keys = operations.iter().map(|operation| operation.key());
                keys.any(is_coming)
            }
            Msg::Commit(..) => !self.s.disk.incoming.is_empty(),
            _ => false,
        }
    }

    /// The master wants to hear that it is done, perhaps once more.
    pub fn told_to_change(&mut self, epoch: Epoch) {
        if epoch == self.s.disk.epoch {
            return self.reports();
        }
        self.goes_on_to(epoch);
    }

    /// Whoever hears of a newer epoch goes on to it, in one forced record: what is another's from now on is frozen.
    pub fn goes_on_to(&mut self, epoch: Epoch) {
        if epoch <= self.s.disk.epoch {
            return;
        }
        self.s.disk.epoch = epoch;
        self.s.disk.incoming = self.protocol.sources(epoch, self.id);
        let targets = self.protocol.targets(epoch, self.id);
        for target in targets.iter() {
            self.freezes(target);
        }
        self.save();
        self.gives_up();
        for target in targets.iter() {
            self.transfers(target);
        }
        let committed: Vec<Txn> = self.s.disk.committed.keys().copied().collect();
        for txn in committed {
            self.tells_new_owners(txn);
        }
        self.grant();
        self.reports();
    }

    /// Whoever had a key may have dropped it before it heard of COMMIT.
    fn tells_new_owners(&mut self, txn: Txn) {
        let Disk {
            epoch, committed, ..
        } = &self.s.disk;
        let mut keys = committed.get(&txn).into_iter().flatten();
        if keys.any(|key| self.protocol.came_from(*epoch, *key).is_some()) {
            self.tells_again(txn);
        }
    }

    fn freezes(&mut self, target: Id) {
        let Shard { protocol, s, .. } = self;
        let epoch = s.disk.epoch;
        let goes = |key| protocol.owner(epoch, key) == target;
        let before: Vec<Txn> = s.disk.prepared.keys().copied().collect();
        let mut range = s.disk.cut(goes);
        if protocol.makes(Mistake::ServesFrozen) {
            for (key, cell) in &range.values {
                s.disk.values.insert(*key, *cell);
            }
        }
        if protocol.makes(Mistake::OmitsPrepared) {
            range.prepared = FewMap::new();
        }
        if protocol.makes(Mistake::SessionsStayBehind) {
            range.sessions = FewMap::new();
        }
        s.disk.outgoing.insert(target, range);
        for txn in before {
            if !self.s.disk.prepared.contains_key(&txn) {
                self.o.observe(Claim::HandsOver(txn));
                self.releases(txn);
            }
        }
    }

    /// Whoever waits for a lock on what it has no more is told NO, and what it coordinates and has a part in that is
    /// aborted: it was not decided before the range was frozen, and so never will be.
    fn gives_up(&mut self) {
        let why = Why::Moved(self.s.disk.epoch);
        let waiting = std::mem::take(&mut self.s.waiting).into_iter();
        let (stay, moved): (Vec<_>, Vec<_>) =
            waiting.partition(|request| self.has_all(&request.operations));
        self.s.waiting = stay;
        for request in moved {
            self.says_no(&request, why);
        }
        let mut moved: Vec<Txn> = Vec::new();
        for (txn, collecting) in &self.s.collecting {
            let mut own = collecting.own.iter();
            if own.any(|own| !self.has_all(&own.request.operations)) {
                moved.push(*txn);
            }
        }
        for txn in moved {
            self.aborts(txn, why, None);
        }
    }

    /// Sends what is frozen for another, and will send it again.
    pub fn transfers(&mut self, target: Id) {
        if let Some(range) = self.s.disk.outgoing.get(&target) {
            let transfer = Msg::Transfer(self.s.disk.epoch, range.clone());
            self.o.send(target, transfer);
            let resend = self.protocol.params.resend;
            self.o.set_timer(Timer::Transfer(target), resend);
        }
    }

    /// A range is put in once, and before that is acknowledged. What is older was put in before.
    pub fn hears_transfer(&mut self, epoch: Epoch, range: Range, src: Id) {
        let is_awaited = epoch == self.s.disk.epoch && self.s.disk.incoming.contains(src);
        if is_awaited || self.protocol.makes(Mistake::InstallsAgain) {
            self.s.disk.incoming.remove(src);
            let prepared: Vec<Txn> = range.prepared.keys().copied().collect();
            self.s.disk.put(range);
            for txn in &prepared {
                self.o.observe(Claim::TakesOver(*txn));
                self.o.observe(Claim::Locked(*txn));
            }
            self.save();
            // The outcome may have been told to the owner before.
            for txn in prepared {
                self.inquire(txn);
            }
            self.reports();
            for (src, msg) in std::mem::take(&mut self.s.put_aside) {
                self.hears(src, msg);
            }
        }
        self.o.send(src, Msg::Received(epoch));
    }

    /// What the other has on its disk is dropped.
    pub fn hears_received(&mut self, epoch: Epoch, src: Id) {
        if epoch != self.s.disk.epoch {
            return;
        }
        self.s.disk.outgoing.remove(&src);
        if self.protocol.makes(Mistake::ServesFrozen) {
            let Shard { protocol, s, .. } = self;
            s.disk
                .values
                .retain(|key, _| protocol.owner(epoch, *key) != src);
            self.gives_up();
        }
        self.save_lazily();
        self.o.cancel_timer(Timer::Transfer(src));
        self.reports();
    }

    /// Tells the master when it is done: nothing is on its way from it or to it. Who leaves may be gone for good then: what
    /// it has committed is acknowledged before.
    pub fn reports(&mut self) {
        let Disk {
            epoch,
            outgoing,
            incoming,
            committed,
            ..
        } = &self.s.disk;
        let leaves = !self.protocol.members(*epoch).contains(self.id);
        let all_told =
            !leaves || committed.is_empty() || self.protocol.makes(Mistake::LeavesTooEarly);
        if outgoing.is_empty()
            && incoming.is_empty()
            && all_told
            && let Some(master) = self.protocol.master()
        {
            self.o.send(master, Msg::Done(*epoch));
        }
    }
}
