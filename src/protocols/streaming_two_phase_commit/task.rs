//! Sources, operators and sinks: what they do with records and barriers (ABS, algorithm 1), what sinks commit (TPCS), and how
//! all start again (ABS 4.3).

use super::claims::Claim;
use super::{Disk, Mistake, Msg, Place, Storage, StreamingTwoPhaseCommit, Task, Timer, Work};
use crate::model::{Id, Out, Start};
use crate::protocols::streaming::{
    Epoch, Inputs, Item, Part, Record, Store, Taken, Transaction, manager, nth,
};

/// A task while one of its handlers runs.
pub(in crate::protocols) struct Worker<'a> {
    pub protocol: &'a StreamingTwoPhaseCommit,
    pub id: Id,
    pub t: &'a mut Task,
    pub o: &'a mut Out<StreamingTwoPhaseCommit>,
}

impl StreamingTwoPhaseCommit {
    /// A first start, in the first attempt; or recovery: what it had in its attempt is gone.
    pub(in crate::protocols) fn start_task(
        &self,
        id: Id,
        start: Start<'_, Storage>,
        o: &mut Out<Self>,
    ) -> Task {
        let recorded = start.storage().and_then(Storage::disk).cloned();
        let mut t = Task {
            disk: recorded.unwrap_or_else(|| Disk {
                attempt: 1,
                store: Store::default(),
            }),
            work: None,
            early: Vec::new(),
        };
        let mut worker = Worker {
            protocol: self,
            id,
            t: &mut t,
            o,
        };
        match start {
            Start::First => worker.begins(&self.flow.part_at_first(id)),
            Start::Again(_) => {
                if self.makes(Mistake::RestoredTwice) {
                    worker.t.disk.attempt = 0;
                }
                let prepared: Vec<Epoch> = worker.t.disk.store.prepared.keys().copied().collect();
                for name in prepared {
                    worker.may_expire(name);
                }
                worker.says_that_it_failed();
            }
        }
        t
    }
}

impl Worker<'_> {
    pub fn hears(&mut self, src: Id, msg: Msg) {
        let (of, attempt) = (msg.attempt(), self.t.disk.attempt);
        match msg {
            Msg::Restore(_, part) if of > attempt => self.is_restored(of, part),
            Msg::Restore(..) => {}
            msg if of > attempt => {
                let early = &mut self.t.early;
                let at = early.partition_point(|(other, _)| *other <= src);
                early.insert(at, (src, msg));
            }
            _ if of < attempt && self.protocol.params.fenced => {}
            Msg::Trigger(epoch) => self.is_triggered(epoch.checkpoint),
            Msg::Record(record, place) => self.takes(src, Item::Record(record), place),
            Msg::Barrier(checkpoint, place) => self.takes(src, Item::Barrier(checkpoint), place),
            Msg::Notify(epoch) => self.is_notified(epoch.checkpoint),
            Msg::Ack(..) | Msg::Failed(_) => {}
        }
    }

    pub fn waits_no_longer(&mut self, timer: Timer) {
        match timer {
            Timer::Read => self.reads(),
            Timer::Outcome => self.asks(),
            Timer::Restore => self.says_that_it_failed(),
            Timer::Expire(name) => self.expires(name),
            Timer::Trigger | Timer::Late(_) => {}
        }
    }

    /// A source reads a record, and sends it on.
    fn reads(&mut self) {
        let Some(Work::Source { offset, .. }) = &mut self.t.work else {
            return;
        };
        let record = Record {
            source: u8::try_from(nth(self.protocol.flow.sources(), self.id)).unwrap_or(u8::MAX),
            offset: *offset,
        };
        *offset += 1;
        self.sends(Item::Record(record));
        self.reads_on();
    }

    fn reads_on(&mut self) {
        let params = &self.protocol.params;
        if let Some(Work::Source { offset, .. }) = &self.t.work
            && *offset < params.records
        {
            self.o.set_timer(Timer::Read, params.read);
        }
    }

    /// A source ends an epoch: its part is what it has read.
    fn is_triggered(&mut self, checkpoint: u32) {
        let Some(Work::Source {
            offset, barrier, ..
        }) = &mut self.t.work
        else {
            return;
        };
        if checkpoint <= *barrier {
            return;
        }
        *barrier = checkpoint;
        let beyond = u32::from(self.protocol.makes(Mistake::OffsetTooHigh));
        let part = Part::Offset(*offset + beyond);
        self.acknowledges(checkpoint, part);
        self.sends(Item::Barrier(checkpoint));
    }

    /// Puts something on all channels; a record that is dealt out, on one.
    fn sends(&mut self, item: Item) {
        let protocol = self.protocol;
        let attempt = self.t.disk.attempt;
        let downstream = protocol.flow.downstream(self.id);
        match &mut self.t.work {
            Some(Work::Source { sent, .. }) => {
                for (place, (to, sent)) in (0..).zip(downstream.iter().zip(sent)) {
                    let is_dealt_elsewhere = match item {
                        Item::Record(record) if protocol.flow.operators().contains(to) => {
                            protocol.flow.dealt_to(record.offset) != place
                        }
                        _ => false,
                    };
                    if !is_dealt_elsewhere {
                        let nth = *sent;
                        *sent += 1;
                        self.o
                            .send(to, Msg::on_channel(item, Place { attempt, nth }));
                    }
                }
            }
            Some(Work::Operator { sent, .. }) => {
                let nth = *sent;
                *sent += 1;
                let msg = Msg::on_channel(item, Place { attempt, nth });
                self.o.broadcast(downstream, &msg);
            }
            Some(Work::Sink { .. }) | None => {}
        }
    }

    /// Something has come on a channel.
    fn takes(&mut self, src: Id, item: Item, place: Place) {
        let protocol = self.protocol;
        let Some(Work::Operator { inputs, .. } | Work::Sink { inputs, .. }) = &mut self.t.work
        else {
            return;
        };
        let channel = nth(protocol.flow.upstream(self.id), src);
        let aligned = protocol.params.aligned;
        match inputs.take(channel, place.nth, item, aligned) {
            Ok(taken) => self.processes(taken),
            Err(_) if protocol.makes(Mistake::GapsUnnoticed) => {
                let taken = inputs.read_on(channel, item, aligned);
                self.processes(taken);
            }
            Err(_) => {
                self.o.observe(Claim::Misses);
                self.says_that_it_failed();
            }
        }
    }

    fn processes(&mut self, taken: Vec<Taken>) {
        for taken in taken {
            match taken {
                Taken::Record(record) => self.processes_record(record),
                Taken::Aligned(checkpoint) => self.is_aligned(checkpoint),
            }
        }
    }

    fn processes_record(&mut self, record: Record) {
        match &mut self.t.work {
            Some(Work::Operator { count, .. }) => {
                *count += 1;
                self.sends(Item::Record(record));
            }
            Some(Work::Sink { open, .. }) => {
                let at = open.partition_point(|other| *other <= record);
                open.insert(at, record);
            }
            Some(Work::Source { .. }) | None => {}
        }
    }

    /// An epoch has ended on all channels. An operator has its state in the checkpoint; a sink prepares.
    fn is_aligned(&mut self, checkpoint: u32) {
        match &mut self.t.work {
            Some(Work::Operator { count, .. }) => {
                let part = Part::Count(*count);
                self.acknowledges(checkpoint, part);
                self.sends(Item::Barrier(checkpoint));
            }
            Some(Work::Sink { open, .. }) => {
                let records = std::mem::take(open);
                let attempt = self.t.disk.attempt;
                let epoch = Epoch {
                    attempt,
                    checkpoint,
                };
                self.prepares(Transaction { epoch, records });
            }
            Some(Work::Source { .. }) | None => {}
        }
    }

    /// Phase 1: a sink makes its transaction last, and votes.
    fn prepares(&mut self, transaction: Transaction) {
        let protocol = self.protocol;
        let name = self.names(&transaction);
        let checkpoint = transaction.epoch.checkpoint;
        self.o.observe(Claim::Prepared(transaction.clone()));
        self.t.disk.store.prepared.insert(name, transaction);
        if protocol.makes(Mistake::CommitsAtTheBarrier) {
            self.commits(name);
        }
        if protocol.makes(Mistake::VotesBeforeItPrepares) {
            self.votes(checkpoint);
            return self.writes_down();
        }
        self.writes_down();
        self.votes(checkpoint);
        self.may_expire(name);
    }

    /// The name of a transaction, which no other ever has.
    fn names(&self, transaction: &Transaction) -> Epoch {
        if !self.protocol.makes(Mistake::RecyclesNames) {
            return transaction.epoch;
        }
        let prepared = &self.t.disk.store.prepared;
        let mut numbers = (1..).map(|checkpoint| Epoch {
            attempt: 0,
            checkpoint,
        });
        let free = numbers.find(|name| !prepared.contains_key(name));
        free.unwrap_or(transaction.epoch)
    }

    /// A sink acknowledges an epoch, with all that is not committed.
    fn votes(&mut self, checkpoint: u32) {
        let prepared = self.t.disk.store.prepared.keys();
        let mut pending: Vec<Epoch> = prepared.copied().collect();
        if self.protocol.makes(Mistake::ListsTheNewestOnly) {
            pending.retain(|name| name.checkpoint == checkpoint);
        }
        self.acknowledges(checkpoint, Part::Pending(pending));
        self.o
            .set_timer(Timer::Outcome, self.protocol.params.outcome);
    }

    /// A sink in doubt votes again, in the last epoch that it has prepared: whoever knows the outcome tells it.
    fn asks(&mut self) {
        let prepared = self.t.disk.store.prepared.values();
        if let Some(last) = prepared.map(|transaction| transaction.epoch).max() {
            self.votes(last.checkpoint);
        }
    }

    /// Phase 2: all transactions up to this checkpoint are committed, whatever became of earlier notifications.
    fn is_notified(&mut self, checkpoint: u32) {
        let all = self.protocol.makes(Mistake::CommitsAll);
        let prepared = self.t.disk.store.prepared.iter();
        let covered = prepared.filter(|(_, it)| all || it.epoch.checkpoint <= checkpoint);
        let covered: Vec<Epoch> = covered.map(|(name, _)| *name).collect();
        if covered.is_empty() {
            return;
        }
        for name in covered {
            self.commits(name);
        }
        self.writes_down();
        if self.t.disk.store.prepared.is_empty() {
            self.o.cancel_timer(Timer::Outcome);
        }
    }

    fn commits(&mut self, name: Epoch) {
        let store = &mut self.t.disk.store;
        if let Some(committed) = store.commit(name) {
            self.o.observe(Claim::Committed(committed.clone()));
            self.o.cancel_timer(Timer::Expire(name));
        } else if self.protocol.makes(Mistake::CommitsTwice) {
            let again = store.committed.iter().find(|(other, _)| *other == name);
            let again = again.cloned();
            store.committed.extend(again);
        }
    }

    fn aborts(&mut self, name: Epoch) {
        if let Some(epoch) = self.t.disk.store.abort(name) {
            self.o.observe(Claim::Aborted(epoch));
            self.o.cancel_timer(Timer::Expire(name));
        }
    }

    /// The store keeps what is prepared for so long.
    fn may_expire(&mut self, name: Epoch) {
        if let Some(timeout) = self.protocol.params.transaction_timeout {
            self.o.set_timer(Timer::Expire(name), timeout);
        }
    }

    /// The store aborts what nobody has committed for too long.
    fn expires(&mut self, name: Epoch) {
        if let Some(epoch) = self.t.disk.store.abort(name) {
            self.o.observe(Claim::Expired(epoch));
            self.writes_down();
        }
    }

    /// Another attempt has begun. (ABS 4.3: all start again from one checkpoint.)
    fn is_restored(&mut self, attempt: u32, mut part: Part) {
        let protocol = self.protocol;
        if let Part::Pending(listed) = &part {
            self.settles(listed);
        }
        match (&self.t.work, &mut part) {
            (Some(Work::Source { offset: at, .. }), Part::Offset(offset))
                if protocol.makes(Mistake::NotRewound) =>
            {
                *offset = *at;
            }
            (Some(Work::Operator { count: at, .. }), Part::Count(count))
                if protocol.makes(Mistake::StateNotRestored) =>
            {
                *count = *at;
            }
            _ => {}
        }
        self.t.disk.attempt = attempt;
        self.writes_down();
        self.o.cancel_timer(Timer::Restore);
        self.o.cancel_timer(Timer::Outcome);
        self.begins(&part);
        let early = std::mem::take(&mut self.t.early);
        for (src, msg) in early {
            self.hears(src, msg);
        }
    }

    /// TPCS, `recoverAndCommit` and `recoverAndAbort`: what is listed in a checkpoint is committed, all else is aborted.
    fn settles(&mut self, listed: &[Epoch]) {
        let protocol = self.protocol;
        let prepared: Vec<Epoch> = self.t.disk.store.prepared.keys().copied().collect();
        if protocol.makes(Mistake::CommitsWhatIsNotListed) {
            for name in &prepared {
                self.commits(*name);
            }
        }
        if !protocol.makes(Mistake::AbortsWhatIsListed) {
            for name in listed {
                self.commits(*name);
            }
        }
        for name in prepared {
            self.aborts(name);
        }
    }

    /// The attempt is over without another: a sink settles what it has prepared.
    pub fn ends_with(&mut self, listed: &[Epoch]) {
        self.settles(listed);
        self.writes_down();
    }

    /// Begins to work, with what it has in a checkpoint.
    fn begins(&mut self, part: &Part) {
        let protocol = self.protocol;
        let inputs = || Inputs::new(protocol.flow.upstream(self.id).len());
        self.t.work = Some(match part {
            Part::Offset(offset) => Work::Source {
                offset: *offset,
                barrier: 0,
                sent: vec![0; protocol.flow.downstream(self.id).len()],
            },
            Part::Count(count) => Work::Operator {
                inputs: inputs(),
                count: *count,
                sent: 0,
            },
            Part::Pending(_) => Work::Sink {
                inputs: inputs(),
                open: Vec::new(),
            },
        });
        self.reads_on();
    }

    /// What it had in its attempt is gone. It waits for another.
    pub fn says_that_it_failed(&mut self) {
        if self.t.work.take().is_some() {
            self.o.cancel_timer(Timer::Read);
            self.o.cancel_timer(Timer::Outcome);
        }
        self.o.send(manager(), Msg::Failed(self.t.disk.attempt));
        self.o
            .set_timer(Timer::Restore, self.protocol.params.restore);
    }

    fn acknowledges(&mut self, checkpoint: u32, part: Part) {
        let attempt = self.t.disk.attempt;
        let epoch = Epoch {
            attempt,
            checkpoint,
        };
        self.o.send(manager(), Msg::Ack(epoch, part));
    }

    fn writes_down(&mut self) {
        self.o.save(Storage::Task(self.t.disk.clone()));
    }
}
