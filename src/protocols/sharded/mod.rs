//! Transactions across shards: each server owns some of the keys, a transaction has a part at each owner of its keys,
//! and all of it happens at once, or none of it.
//!
//! - M. Aguilera, A. Merchant, M. Shah, A. Veitch, C. Karamanolis, *Sinfonia: A New Paradigm for Building Scalable
//!   Distributed Systems*, SOSP 2007 (ASMKV): mini-transactions (3), which say beforehand all that they read and write,
//!   so that locks are taken and votes given in one go.
//! - C. Mohan, B. Lindsay, R. Obermarck, *Transaction Management in the R\* Distributed Database Management System*, TODS
//!   1986 (MLO), section 3: two-phase commit with presumed abort.
//! - D. Rosenkrantz, R. Stearns, P. Lewis, *System Level Concurrency Control for Distributed Database Systems*, TODS 1978
//!   (RSL): wait-die and wound-wait.
//! - P. Bernstein, V. Hadzilacos, N. Goodman, *Concurrency Control and Recovery in Database Systems*, 1987 (BHG):
//!   two-phase locking (3.2), and strict (3.5); deadlocks (3.4, 3.11); atomic commitment (7.3).
//! - D. Ongaro, *Consensus: Bridging Theory and Practice*, 2014, section 6.3: sessions.
//! - L. Lamport, *Paxos Made Simple*, 2001 (PMS), and D. Rystsov, *`CASPaxos`: Replicated State Machines without logs*, 2018
//!   (Rystsov): servers that are groups of replicas.
//! - MIT 6.824, lab 4: a sharded key/value service, whose configurations change one after the other.
//!
//! ```text
//!   client C1              S1 owns x                        S2 owns y
//!
//!     | -- BEGIN T1 ---->   |                                |
//!     |    transfer x y 1   | -- PREPARE T1: give y 1 ---->  |
//!     |               locks x: its own vote             locks y, or waits, or dies
//!     |                     |                           force *prepared T1*
//!     |                     |  <---------- YES T1 ---------  |
//!     |          force *committed T1*, x,               prepared: it may not
//!     |          and the answer to C1                   decide alone any more
//!     |  <-- committed ---  | ----------- COMMIT T1 ------>  |
//!     |                unlocks x                        force y, unlocks y
//!     |                     |  <---------- ACK T1 ---------  |
//!     |                 forgets T1                           |
//! ```
//!
//! The owner of its first key coordinates a transaction. Keys are placed by a ring of hashes (`consistent_hashing`).
//!
//! | a transaction of k owners | messages | forced writes of servers | delays until the last owner knows |
//! |---------------------------|----------|--------------------------|----------------------------------|
//! | commits                   | 4k - 2   | 2k - 1                   | 4; 1 if k = 1                    |
//! | aborts, as one says NO    | 3k - 2   | k - 2                    |                                  |
//!
//! What the client asks and is told are two of the messages. It forces its number, too. (The coordinator has its own part
//! without messages, and NO is the last vote to come: who votes too late is told ABORT once more.) The first tests of this
//! folder assert it.
//!
//! *Deadlocks.* Whoever is in conflict with those that hold locks, or wait before it, waits for them, dies, or wounds
//! them (`deadlocks`). With wait-die all wait for younger ones, with wound-wait for older ones or for some that are decided
//! or about to give way: there is no cycle. That is true only because nobody passes those that wait.
//!
//! *Exactly once.* Each attempt at a transaction has a number of its own, is begun by one coordinator, and there once: by
//! a number that is not greater than the last of the same client nothing is begun, and neither is anything that was sent
//! to an earlier incarnation of the coordinator. So whatever a coordinator had begun and not committed when it crashed is
//! aborted for good; no vote for it can count later, and a client that hears so may try again. What was committed is in
//! the session of the client, by the same record. An owner votes once in each attempt, by the same rule.
//!
//! *The ring changes* (`changes`), one epoch after the other: a master tells the servers that one joins or leaves, and
//! goes on when all that it is about are done (6.824, lab 4).
//!
//! ```text
//!    M                       S1 had x                 S3 has x in epoch 1
//!
//! force *epoch 1*
//!    | -- CONFIGURE 1 -->     |                         |
//!    |              force *epoch 1*, x *frozen*         |
//!    |              abort what is not decided           |
//!    |                        | ------ TRANSFER 1 --->  |
//!    |                        |    x, its sessions,     |
//!    |                        |    what is prepared     |
//!    |                        |              force *epoch 1*, x
//!    |                        |  <---- RECEIVED 1 ----  | -- INQUIRY T1 --> who coordinates
//!    |                     drop x                       |                   what is prepared
//!    |  <----- DONE 1 ------  |                         |
//!    |  <------------------ DONE 1 -------------------  |
//! ```
//!
//! At every moment a key has one owner, or is frozen for one. What moves with it is all that was promised for it: its
//! value, what is prepared (a part of a part, if only some of its keys move), and the sessions of clients. What was not
//! promised does not move: who waits for a lock is told NO, and what is not decided is aborted, if the coordinator loses a
//! key of its own part. A client tries that again, as old as it was.
//!
//! - *An outcome finds the owner.* COMMIT is told until it is acknowledged for each key, and an acknowledgement
//!   counts for the keys that its sender has in its epoch. For what it has handed over another must acknowledge it: were
//!   it otherwise, the coordinator would forget the outcome, and tell who has the promise now that it was aborted.
//! - *An attempt is begun once.* It carries the epoch in which it was first sent. If its first key has moved since,
//!   nobody begins it any more, wherever it comes: who had the key then has committed it, and its session has moved
//!   along, or it never will be.
//! - *What comes early waits.* Whoever hears of a newer epoch goes on to it, and puts aside what is about keys that it
//!   does not have yet.
//! - *Who leaves* is done when all that it has committed is acknowledged. Nobody acknowledges an ABORT, so somebody may
//!   still be in doubt about one: it asks the master, who knows that the coordinator has left, and so that it was aborted.
//!
//! *A server may be a group of replicas* (`faults`), of which some may fail.
//!
//! ```text
//!      S1                    S2 leads ballot 1        S2b                  S2c
//!
//!       | -- PREPARE T1 --------->  | -- to all ---->  |  --------------->  |   (they drop it)
//!       |                     force *prepared T1*      |                    |
//!       |                           | -- ACCEPT 1:1 -> |  --------------->  |
//!       |                           |         force *prepared T1*           |
//!       |                           | <- ACCEPTED 1:1  |                    |
//!       |  <------------ YES T1 --- |                  |                    |
//!       |                           ×          election timeout             |
//!       |                                              | -- PREPARE 2 --->  |
//!       |                                              | <- PROMISE 2, - -  |
//!       |  <-------------------- INQUIRY T1, incarnation 2
//! ```
//!
//! Paxos (PMS) agrees on what is on the server's disk, in one place that is written again and again (Rystsov), and its
//! leader is the server, as it would be alone. What that writes is accepted by a majority before anything leaves it. A
//! replica that comes to lead does what a server does that comes back with that disk: two-phase commit is not changed
//! by it, and not proved again. What it said last, others believe: it may have been somebody else by then. So each
//! incarnation has a number, which is on that disk, and nobody who has heard of one listens to those before.
//!
//! On purpose different from the papers, or more definite than they are:
//!
//! - In Rystsov's register whoever is asked proposes. Here, one leads, and does phase 1 once for all that it writes
//!   (PMS 3).
//! - What is accepted is a whole disk and not a change of one, under the number of its version. Who comes to lead has it
//!   accepted once more before it does anything else: it may be chosen, and nobody may know.
//! - One proposal is on its way at a time: what the server does meanwhile is the next.
//! - What is said to a server is said to all its replicas, and dropped by those that do not lead: who asks need not know
//!   who does. Everything is asked again anyway.
//!
//! - The coordinator is an owner, and not the client (ASMKV, 4, whose clients coordinate, and keep no log).
//! - The coordinator's own part has no prepared record: it is in the commit record.
//! - An owner that only reads forces its record and keeps its locks like any other. (MLO's read-only votes would release
//!   locks before others have taken theirs, as votes are given where locks are taken.)
//! - A part takes all its locks at an owner at once, and holds none while it waits. Waiting takes no disk: what waits is
//!   forgotten in a crash.
//! - Who waits for a lock waits for those that wait before it, too.
//! - A transaction that has died is tried again, with its old timestamp, so often and no more. Timestamps are numbers of
//!   attempts and no times: they need be distinct, and grow.
//! - Of two transactions only the younger is wounded, and who has voted YES for it asks its coordinator.
//! - A read tells the version that it found, by its writer. Nothing needs that but the judge of histories.
//! - Refusing (an overdraft, a comparison that fails) is an answer, and is not tried again.
//! - A range is all that goes from one server to another between two epochs, of the keys that anybody names, and is sent
//!   in one message. It moves at once: locks do not hold it up. (Lab 4 leaves that open.)
//! - A server that is no member is up like all others, and told of changes that it is a part of.
//!
//! The algorithm is in `owner.rs`, `locks.rs`, `coordinator.rs`, `moves.rs`, `master.rs` and `client.rs`, and that of
//! replicas in `paxos.rs` and `leading.rs`; `transaction.rs` says what a transaction is, `epochs.rs` who has which key,
//! `groups.rs` which nodes stand for which server, and `ranges.rs` what moves. They know nothing of time, faults or
//! properties.

mod bugs;
mod claims;
mod client;
mod coordinator;
mod epochs;
mod groups;
mod leading;
mod locks;
mod master;
mod matrix;
mod messages;
mod movement;
mod moves;
mod owner;
mod params;
mod paxos;
mod placement;
mod progress;
mod properties;
mod protocol;
mod ranges;
mod replica;
mod replication;
mod rules;
mod state;
mod successes;
#[cfg(test)]
mod tests;
mod transaction;

use self::bugs::Mistake;
pub use self::claims::{Claim, History};
use self::epochs::Configuration;
pub use self::epochs::Epoch;
use self::groups::Groups;
pub use self::master::Master;
pub use self::messages::{Msg, Timer, Values, Why};
use self::owner::Shard;
pub use self::params::{Deadlocks, Params};
use self::paxos::Acceptor;
pub use self::ranges::Range;
pub use self::replica::{Leader, Proposal, Record, Replica, Role, Step, Writing};
use self::state::Begun;
pub use self::state::{Attempt, Client, Disk, Outcome, Part, Request, Server, State, Storage};
pub use self::transaction::{Operation, Transaction};
use super::atomic_commitment::{Decision, Vote};
use super::key_value::Key;
use crate::model::{Actor, Id, Out, Start};

/// Transactions across shards. The servers come first, then the clients, and then the master, if the ring changes.
#[derive(Clone, Debug)]
pub struct Sharded {
    params: Params,
    groups: Groups,
    /// Who owns which key, in each epoch.
    configurations: Vec<Configuration>,
    /// What each client asks for, if that is written down.
    scripts: Vec<Vec<Transaction>>,
    /// What clients draw from, if it is not.
    drawn: Vec<Transaction>,
    /// All keys that anybody names, in order.
    accounts: Vec<Key>,
    /// Nobody asks for anything that changes the sum of all accounts.
    keeps_the_sum: bool,
}

impl Actor for Sharded {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Choice = Transaction;
    type Observation = Claim;

    fn on_start(&self, id: Id, start: Start<'_, Storage>, o: &mut Out<Self>) -> State {
        if self.master() == Some(id) {
            return self.speaks(o, |o| self.start_master(start, o));
        }
        if self.is_replicated(id) {
            return State::Replica(self.start_replica(id, start, o));
        }
        if self.is_server(id) {
            return State::Server(self.speaks(o, |o| self.start_server(id, start, o)));
        }
        let begun = match start.storage() {
            Some(Storage::Client(begun)) => *begun,
            _ => Begun::default(),
        };
        State::Client(self.start_client(id, begun, o))
    }

    fn on_message(&self, id: Id, state: &mut State, src: Id, msg: Msg, o: &mut Out<Self>) {
        let protocol = self;
        if let State::Replica(r) = state {
            return Acceptor { protocol, id, r, o }.hears(src, msg);
        }
        let src = self.stands_for(src);
        self.speaks(o, |o| match state {
            State::Server(s) => Shard { protocol, id, s, o }.hears(src, msg),
            State::Client(client) => self.client_hears(id, client, src, msg, o),
            State::Master(master) => self.master_hears(master, src, msg.said(), o),
            State::Replica(_) => {}
        });
    }

    fn on_timeout(&self, id: Id, state: &mut State, timer: &Timer, o: &mut Out<Self>) {
        let protocol = self;
        if let State::Replica(r) = state {
            return Acceptor { protocol, id, r, o }.waits_no_longer(timer);
        }
        self.speaks(o, |o| match state {
            State::Server(s) => Shard { protocol, id, s, o }.waits_no_longer(timer),
            State::Client(client) => self.client_waits_no_longer(id, client, *timer, o),
            State::Master(master) => self.master_waits_no_longer(master, *timer, o),
            State::Replica(_) => {}
        });
    }

    fn on_choice(&self, id: Id, state: &mut State, choice: &Transaction, o: &mut Out<Self>) {
        if let State::Client(client) = state {
            self.speaks(o, |o| self.asks(id, client, choice.clone(), o));
        }
    }
}

impl Sharded {
    /// Whether this mistake is switched on.
    fn makes(&self, mistake: Mistake) -> bool {
        self.params.bug == Some(mistake)
    }
}
