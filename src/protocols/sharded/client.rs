//! A client: it asks for one transaction after the other, asks again until it is told, and tries again what has died.

use super::claims::Claim;
use super::state::{Asked, Attempt, Begun, Client};
use super::{Epoch, Msg, Outcome, Sharded, Storage, Timer, Transaction, Why};
use crate::model::{FewMap, Id, Out};
use crate::protocols::transactions::Txn;

impl Sharded {
    /// It starts, or comes back after it has begun so much. What it had asked for then it never hears of.
    pub(super) fn start_client(&self, id: Id, begun: Begun, o: &mut Out<Self>) -> Client {
        let client = Client {
            begun,
            asked: None,
            incarnations: FewMap::new(),
            epoch: 0,
        };
        self.think(id, &client, o);
        client
    }

    /// Has something else to ask, in a while.
    fn think(&self, id: Id, client: &Client, o: &mut Out<Self>) {
        if client.begun.transactions < self.workload_of(id) {
            o.set_timer(Timer::Think, self.params.think);
        }
    }

    pub(super) fn client_hears(
        &self,
        id: Id,
        client: &mut Client,
        src: Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        let (incarnation, msg) = msg.opened();
        if self.is_superseded(&client.incarnations, src, incarnation) {
            return;
        }
        match msg {
            Msg::Reply(txn, outcome) => self.client_is_told(id, client, src, (txn, outcome), o),
            Msg::Epoch(epoch) => self.client_hears_of(client, epoch, o),
            _ => {}
        }
    }

    pub(super) fn client_waits_no_longer(
        &self,
        id: Id,
        client: &mut Client,
        timer: Timer,
        o: &mut Out<Self>,
    ) {
        match (timer, &client.asked) {
            (Timer::Think, None) => match self.next_of(id, client.begun.transactions) {
                Some(transaction) => self.asks(id, client, transaction, o),
                None => o.choose("transaction", self.drawn.clone()),
            },
            // What was lost, or is to be heard by who has restarted. Or the coordinator is another by now, and the one that
            // it was is there no more.
            (Timer::Retry, Some(asked)) => {
                self.sends(client, asked, o);
                if let Some(master) = self.master() {
                    o.send(master, Msg::WhichEpoch);
                }
            }
            (Timer::Backoff, Some(_)) => self.tries(id, client, o),
            _ => {}
        }
    }

    /// Asks for something new.
    pub(super) fn asks(
        &self,
        id: Id,
        client: &mut Client,
        transaction: Transaction,
        o: &mut Out<Self>,
    ) {
        client.begun.transactions += 1;
        let timestamp = self.next_number(id, client.begun);
        let attempt = Attempt {
            txn: timestamp,
            timestamp,
        };
        client.asked = Some(Asked {
            attempt,
            transaction,
            epoch: client.epoch,
            left: self.params.attempts,
            has_died: false,
        });
        self.tries(id, client, o);
    }

    /// Tries with a number that was never used, which is on the disk before. The timestamp stays what it was (RSL): so
    /// who has to give way becomes the oldest some day.
    fn tries(&self, id: Id, client: &mut Client, o: &mut Out<Self>) {
        let txn = self.next_number(id, client.begun);
        client.begun.attempts += 1;
        if let Some(asked) = &mut client.asked {
            asked.attempt.txn = txn;
            asked.epoch = client.epoch;
            asked.left -= 1;
            asked.has_died = false;
        }
        o.save(Storage::Client(client.begun));
        if let Some(asked) = &client.asked {
            let transaction = asked.transaction.clone();
            o.observe(Claim::Asked(txn, client.begun.transactions, transaction));
            self.sends(client, asked, o);
        }
    }

    fn sends(&self, client: &Client, asked: &Asked, o: &mut Out<Self>) {
        let coordinator = self.coordinator_of(client.epoch, &asked.transaction);
        let incarnation = client.incarnations.get(&coordinator).copied();
        let begin = Msg::Begin {
            attempt: asked.attempt,
            incarnation: incarnation.unwrap_or(1),
            epoch: client.epoch,
            since: asked.epoch,
            transaction: asked.transaction.clone(),
        };
        o.send(coordinator, begin);
        o.set_timer(Timer::Retry, self.params.retry);
    }

    /// The same attempt goes to who coordinates it now: only that one knows what became of it.
    fn client_hears_of(&self, client: &mut Client, epoch: Epoch, o: &mut Out<Self>) {
        if epoch <= client.epoch {
            return;
        }
        client.epoch = epoch;
        if let Some(asked) = &client.asked {
            self.sends(client, asked, o);
        }
    }

    fn client_is_told(
        &self,
        id: Id,
        client: &mut Client,
        src: Id,
        (txn, outcome): (Txn, Outcome),
        o: &mut Out<Self>,
    ) {
        let Some(asked) = &mut client.asked else {
            return;
        };
        if asked.attempt.txn != txn || asked.has_died {
            return;
        }
        o.observe(Claim::Told(asked.attempt, outcome.clone()));
        o.cancel_timer(Timer::Retry);
        match outcome {
            Outcome::Restarted(incarnation) => {
                asked.left += 1;
                client.incarnations.insert(src, incarnation);
                self.tries(id, client, o);
            }
            Outcome::Aborted(Why::Moved(epoch)) => {
                asked.left += 1;
                client.epoch = client.epoch.max(epoch);
                self.tries(id, client, o);
            }
            Outcome::Aborted(Why::Died) if asked.left > 0 => {
                asked.has_died = true;
                o.set_timer(Timer::Backoff, self.params.backoff);
            }
            Outcome::Committed(_) | Outcome::Aborted(_) => {
                client.asked = None;
                self.think(id, client, o);
            }
        }
    }
}
