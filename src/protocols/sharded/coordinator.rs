//! The coordinator of a transaction, which is the owner of its first key: two-phase commit with presumed abort
//! (MLO 3), each attempt once.

use super::claims::Claim;
use super::owner::Shard;
use super::state::{Collecting, Disk, Session};
use super::{
    Attempt, Decision, Epoch, Key, Mistake, Msg, Outcome, Request, Sharded, Timer, Transaction,
    Values, Why,
};
use crate::model::{Few, Id, NodeSet};
use crate::protocols::transactions::Txn;

impl Sharded {
    /// Those that have not acknowledged what a coordinator has committed.
    pub(super) fn unacknowledged(&self, disk: &Disk, txn: Txn) -> NodeSet {
        let keys = disk.committed.get(&txn).into_iter().flatten();
        keys.map(|key| self.owner(disk.epoch, *key)).collect()
    }
}

impl Shard<'_> {
    /// A client asks: for something new, or again. An attempt is begun once: what was begun before the last start was
    /// committed then or never will be, so that no vote for it can count. What was first sent before its first key moved
    /// was begun by who had that then, or by nobody: unless its session, which goes along, says that it was committed, it
    /// never will be.
    pub fn asked_to_begin(
        &mut self,
        attempt: Attempt,
        (incarnation, since): (u32, Epoch),
        transaction: &Transaction,
        src: Id,
    ) {
        let txn = attempt.txn;
        let client = self.protocol.client_of(txn);
        let session = self.s.disk.sessions.get(&client);
        if let Some(session) = session.filter(|session| session.txn == txn) {
            let outcome = Outcome::Committed(session.values.clone());
            return self.o.send(src, Msg::Reply(txn, outcome));
        }
        let epoch = self.s.disk.epoch;
        let has_moved = since < self.protocol.since(epoch, transaction.first_key());
        if has_moved && !self.protocol.makes(Mistake::BeginsUnderOldEpoch) {
            let outcome = Outcome::Aborted(Why::Moved(epoch));
            return self.o.send(src, Msg::Reply(txn, outcome));
        }
        let now = self.s.disk.incarnation;
        if incarnation != now && !self.protocol.makes(Mistake::OldVotesCount) {
            return self.o.send(src, Msg::Reply(txn, Outcome::Restarted(now)));
        }
        match self.s.begun.get(&client) {
            Some((last, Some(outcome))) if *last == txn => {
                let outcome = outcome.clone();
                self.o.send(src, Msg::Reply(txn, outcome));
            }
            // It is under way, or its client has gone on.
            Some((last, _)) if txn <= *last => {}
            _ => self.begins(attempt, transaction, src),
        }
    }

    /// Phase 1: asks the other owners for their votes, and itself.
    fn begins(&mut self, attempt: Attempt, transaction: &Transaction, client: Id) {
        let txn = attempt.txn;
        let of = self.protocol.client_of(txn);
        self.s.begun.insert(of, (txn, None));
        let epoch = self.s.disk.epoch;
        let owners = self.protocol.owners(epoch, transaction);
        let is_own = |key: &Key| self.protocol.owner(epoch, *key) == self.id;
        let theirs: Few<Key> = transaction.keys().filter(|key| !is_own(key)).collect();
        self.o.observe(Claim::Begun(attempt, owners));
        self.s.collecting.insert(
            txn,
            Collecting {
                attempt,
                client,
                owners,
                theirs,
                yes: NodeSet::EMPTY,
                values: Values::default(),
                own: None,
            },
        );
        for owner in owners.without(self.id).iter() {
            let operations = self.protocol.operations_of(epoch, transaction, owner);
            self.o.send(owner, Msg::Prepare(attempt, epoch, operations));
        }
        if let Some(patience) = self.protocol.params.vote_timeout {
            self.o.set_timer(Timer::Votes(txn), patience);
        }
        self.acquire(Request {
            attempt,
            coordinator: self.id,
            operations: self.protocol.operations_of(epoch, transaction, self.id),
        });
    }

    /// A vote counts while votes are collected, and for who gave it. Who votes too late is told the outcome.
    pub fn counts(&mut self, txn: Txn, owner: Id, values: Values) {
        let Some(collecting) = self.s.collecting.get_mut(&txn) else {
            return self.answers(txn, owner);
        };
        let missing = collecting.owners.minus(collecting.yes);
        if !missing.contains(owner) {
            if !self.protocol.makes(Mistake::CountsVotes) {
                return;
            }
            collecting.yes = missing.iter().take(1).fold(collecting.yes, NodeSet::with);
        }
        collecting.yes.insert(owner);
        // In the order of keys, and not of votes.
        collecting.values.0.extend(values.0);
        collecting.values.0.sort_unstable();
        if collecting.yes == collecting.owners {
            self.commits(txn);
        }
    }

    /// Phase 2: the record decides, with what is written here and what the client is to be told.
    fn commits(&mut self, txn: Txn) {
        let Some(mut collecting) = self.s.collecting.remove(&txn) else {
            return;
        };
        self.o.observe(Claim::Decided(txn, Decision::Commit));
        if let Some(own) = &collecting.own {
            self.installs(own);
        }
        // What it has taken over from another is its own by now.
        if let Some(part) = self.s.disk.prepared.remove(&txn) {
            self.installs(&part);
            self.o.cancel_timer(Timer::Outcome(txn));
            collecting.theirs.retain(|key| !self.has(*key));
        }
        let client = self.protocol.client_of(txn);
        let values = collecting.values;
        let session = self.s.disk.sessions.get(&client);
        if session.is_none_or(|session| session.txn < txn) {
            let values = values.clone();
            self.s.disk.sessions.insert(client, Session { txn, values });
        }
        if !collecting.theirs.is_empty() {
            self.s.disk.committed.insert(txn, collecting.theirs);
        }
        self.save();
        self.o.cancel_timer(Timer::Votes(txn));
        self.tells_again(txn);
        let outcome = Outcome::Committed(values);
        self.o.send(collecting.client, Msg::Reply(txn, outcome));
        self.o.observe(Claim::Released(txn));
        self.grant();
    }

    /// Tells COMMIT to those that have the keys for which it was not acknowledged, and will tell it again.
    pub fn tells_again(&mut self, txn: Txn) {
        if self.s.disk.committed.contains_key(&txn) {
            let missing = self.protocol.unacknowledged(&self.s.disk, txn);
            self.o
                .broadcast(missing, &Msg::Commit(txn, self.s.disk.epoch));
            let patience = self.protocol.params.ack_timeout;
            self.o.set_timer(Timer::Acks(txn), patience);
        }
    }

    /// It counts for all keys that its sender has in that epoch. When all are acknowledged nobody will ask any more.
    pub fn hears_ack(&mut self, txn: Txn, epoch: Epoch, src: Id) {
        let protocol = self.protocol;
        let Some(missing) = self.s.disk.committed.get_mut(&txn) else {
            return;
        };
        missing.retain(|key| protocol.owner(epoch, *key) != src);
        if missing.is_empty() || self.protocol.makes(Mistake::ForgetsTooEarly) {
            self.s.disk.committed.remove(&txn);
            self.save_lazily();
            self.o.cancel_timer(Timer::Acks(txn));
            if !protocol.members(self.s.disk.epoch).contains(self.id) {
                self.reports();
            }
        }
    }

    /// Aborts what is not decided: nothing is written down, and nobody has to acknowledge it. Who has said NO knows. Who
    /// has got a part meanwhile may have asked already.
    pub fn aborts(&mut self, txn: Txn, why: Why, knows: Option<Id>) {
        let Some(collecting) = self.s.collecting.remove(&txn) else {
            return;
        };
        self.s.waiting.retain(|request| request.attempt.txn != txn);
        self.o.observe(Claim::Decided(txn, Decision::Abort));
        let took_over = self.drops(txn);
        if took_over {
            self.save_lazily();
        }
        let epoch = self.s.disk.epoch;
        let theirs = collecting.theirs.iter();
        let owners = theirs.map(|key| self.protocol.owner(epoch, *key));
        let others = owners.fold(collecting.owners, NodeSet::with);
        let others = others.without(self.id);
        let others = knows.map_or(others, |knows| others.without(knows));
        self.o.broadcast(others, &Msg::Abort(txn));
        self.o.cancel_timer(Timer::Votes(txn));
        let outcome = Outcome::Aborted(why);
        let client = self.protocol.client_of(txn);
        if let Some((last, told)) = self.s.begun.get_mut(&client)
            && *last == txn
        {
            *told = Some(outcome.clone());
        }
        self.o.send(collecting.client, Msg::Reply(txn, outcome));
        if took_over || collecting.own.is_some() {
            self.o.observe(Claim::Released(txn));
        }
        self.grant();
    }

    /// Presumed abort: of what it knows nothing it says that it was aborted.
    pub fn answers(&mut self, txn: Txn, src: Id) {
        if self.s.disk.committed.contains_key(&txn) {
            self.o.send(src, Msg::Commit(txn, self.s.disk.epoch));
        } else if !self.s.collecting.contains_key(&txn)
            || self.protocol.makes(Mistake::AbortsWhileCollecting)
        {
            self.o.send(src, Msg::Abort(txn));
        }
    }

    /// RSL: what is not decided gives way to an older transaction.
    pub fn wounded(&mut self, txn: Txn, by: Attempt) {
        if let Some(collecting) = self.s.collecting.get(&txn) {
            self.o.observe(Claim::GivesWay(collecting.attempt, by));
            self.aborts(txn, Why::Died, None);
        }
    }

    /// An owner says NO.
    pub fn hears_no(&mut self, txn: Txn, why: Why, src: Id) {
        let counts = self.protocol.makes(Mistake::NoCountsAsYes)
            || self.protocol.makes(Mistake::MovedCountsAsYes) && matches!(why, Why::Moved(_));
        if counts {
            return self.counts(txn, src, Values::default());
        }
        self.aborts(txn, why, Some(src));
    }
}
