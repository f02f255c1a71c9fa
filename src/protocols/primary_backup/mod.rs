//! Primary-backup replication: one server serves the clients and forwards each operation to another, which takes
//! over when the first fails.
//!
//! - P. Alsberg, J. Day, *A Principle for Resilient Sharing of Distributed Resources*, ICSE 1976: the primary answers
//!   only when the backup has the operation as well.
//! - N. Budhiraja, K. Marzullo, F. Schneider, S. Toueg, *The Primary-Backup Approach*, 1993: at most one primary at any
//!   time, and what that takes.
//! - MIT 6.824, *Lab 2: Primary/Backup Key/Value Service* (parts A and B), and lab 2 of the University of Washington's
//!   CSE 452, which DSLabs grades: a view service says who is primary and who is backup.
//! - B. Liskov, J. Cowling, *Viewstamped Replication Revisited*, 2012: the servers say so themselves.
//!
//! ```text
//!    client            primary                backup                view service
//!
//!      | -- Request --->  |                      |                       |
//!      |                  | ----- Forward ---->  |                       |
//!      |                  |                   execute                    |
//!      |                  | <--- Forwarded ----  |                       |
//!      |               execute                   |                       |
//!      | <--- Reply ----  |                      |                       |
//!                         ╳                      | ------- Ping -------> | the primary is silent
//!                                                | <---- View 2 -------- | view 2: the backup is primary
//!                                             primary                    |
//!                                                | ------ Ping 2 ------> | view 2 is acknowledged
//! ```
//!
//! Who decides that a backup takes over is the parameter `failover`:
//!
//! - `static`: a pair. Each takes the other for failed when it is silent for too long, and goes on alone. That is right
//!   as long as silence means failure: whoever is merely slow, or cut off, leaves two servers that both serve.
//! - `view-service`: a third party that does not fail. It changes the view only when the primary of the present one has
//!   acknowledged it, and a primary does so only when its new backup has the state; whoever is neither is idle, and
//!   becomes backup when one is missing. The primary forwards each operation, reads as well, and the backup takes it
//!   only in the same view: so a primary that was replaced cannot answer anybody any more.
//!
//! - `elected`: the servers themselves. `elected/` has it.
//!
//! In the steady state an operation costs 2(N - 1) messages between N servers, two of which are at work with a view
//! service.
//!
//! On purpose different from the sources, or more definite than they are:
//!
//! - RPCs are messages. What is not answered is sent again; one operation is forwarded at a time, and the others wait
//!   in line. Each has its place in the order, so what comes twice is noticed.
//! - In the labs a server that was down comes back with nothing, and is told from its former self by pinging with view
//!   0. Here messages may be late, and what was for the former self must not be taken by the new one: so members of
//!   views carry the number of their incarnation, which is all that is on a server's disk. With `durable` it is all
//!   there: then a server that comes back is who it was.
//! - A ping says in which view a server is. A primary says the one before until its backup has the state: its ping with
//!   the present number is the acknowledgement.
//! - The view service keeps its view on the disk. While it is down nobody takes over. When it is back it does not know
//!   any more how often idle servers had come back: a late ping may make it take one for its former self.
//! - The state of a new backup carries the view, so that it need not hear of it first.
//! - A server that is not primary does not answer clients, who ask the view service, or, without one, the next server
//!   (not all of them, as in Viewstamped Replication).
//! - In a static pair each server is its own view service. One that comes back with nothing is taken for the backup.
//! - Clients number what they ask for, and ask one thing at a time; the last number and answer of each are part of the
//!   state (the labs' filter of duplicates).
//!
//! | source | here |
//! |---|---|
//! | lab 2A: view service | `view_service.rs` |
//! | Alsberg & Day; lab 2B: primary and backup | `primary.rs`, `backup.rs` |
//! | static pair | `pair.rs` |
//! | Liskov & Cowling 2012: servers that elect their primary | `elected/` |
//! | lab 2B: clerk | `client.rs` |
//!
//! The algorithm knows nothing of time, faults or properties.

mod backup;
mod bugs;
mod claim;
mod client;
mod copy;
mod elected;
mod matrix;
mod messages;
mod pair;
mod params;
mod primary;
mod progress;
mod properties;
mod protocol;
mod rules;
mod state;
mod successes;
#[cfg(test)]
mod tests;
mod turn;
mod view_service;

pub use self::bugs::Mistake;
pub use self::claim::{Claim, History};
pub use self::copy::{Command, Copy};
pub use self::elected::{Replica, Report, Response, Status};
pub use self::messages::{Msg, Timer};
pub use self::params::{Failover, Params};
pub use self::state::{
    Asked, Client, Member, Phase, Primary, Role, Server, State, Storage, View, ViewNumber,
};
use self::turn::Turn;
pub use self::view_service::{Seen, ViewService};
pub use super::key_value::{Answer, Op, Workload};
use crate::model::cluster::index;
use crate::model::{Actor, Id, NodeSet, Out, Start};

/// Primary-backup replication. The servers come first, then the view service, if there is one, then the clients.
#[derive(Clone, Debug)]
pub struct PrimaryBackup {
    params: Params,
    service: Option<Id>,
    servers: NodeSet,
    /// What each client asks for, one after the other, if that is written down.
    scripts: Vec<Vec<Op>>,
    /// What clients draw from, if it is not.
    drawn: Vec<Op>,
}

impl Actor for PrimaryBackup {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Choice = Op;
    type Observation = Claim;

    fn on_start(&self, id: Id, start: Start<'_, Storage>, o: &mut Out<Self>) -> State {
        if Some(id) == self.service {
            return State::Service(self.service_starts(start, o));
        }
        if self.servers.contains(id) && self.params.failover == Failover::Elected {
            return State::Replica(self.replica_starts(id, start, o));
        }
        if self.servers.contains(id) {
            return State::Server(self.server_starts(id, start, o));
        }
        let begun = match start.storage() {
            Some(Storage::Client(begun)) => *begun,
            _ => 0,
        };
        State::Client(self.client_starts(id, begun, o))
    }

    fn on_message(&self, id: Id, state: &mut State, src: Id, msg: Msg, o: &mut Out<Self>) {
        match state {
            State::Service(service) => self.service_hears(service, src, &msg, o),
            State::Server(server) => self.turn(id, server, o, |turn| turn.hears(src, msg)),
            State::Replica(replica) => self.seat(id, replica, o).hears(src, msg),
            State::Client(client) => self.client_hears(id, client, &msg, o),
        }
    }

    fn on_timeout(&self, id: Id, state: &mut State, timer: &Timer, o: &mut Out<Self>) {
        match (state, *timer) {
            (State::Service(service), Timer::Dead(server)) => self.suspects(service, server, o),
            (State::Server(server), timer) => {
                self.turn(id, server, o, |turn| turn.waits_no_longer(timer));
            }
            (State::Replica(replica), timer) => self.seat(id, replica, o).waits_no_longer(timer),
            (State::Client(client), timer) => self.client_waits_no_longer(id, client, timer, o),
            (State::Service(_), _) => {}
        }
    }

    /// A client has drawn what to ask for.
    fn on_choice(&self, _: Id, state: &mut State, op: &Op, o: &mut Out<Self>) {
        if let State::Client(client) = state {
            self.begin(client, *op, o);
        }
    }
}

impl PrimaryBackup {
    /// The view that a cluster is set up with, if it is set up with one.
    fn first_view(&self) -> Option<View> {
        self.params.paired.then(|| View {
            number: ViewNumber(1),
            primary: Member::first(Id::from(0)),
            backup: Some(Member::first(Id::from(1))),
        })
    }

    /// The number of a client among the clients, from 0 on.
    fn client_number(&self, id: Id) -> u8 {
        u8::try_from(index(id) - index(self.client(0))).expect("few clients")
    }

    /// The client that has a number.
    fn client(&self, number: u8) -> Id {
        let before = self.servers.len() + usize::from(self.service.is_some());
        Id::from(before + usize::from(number))
    }

    fn is_static(&self) -> bool {
        self.params.failover == Failover::Static
    }

    /// Whether this mistake is switched on.
    fn makes(&self, mistake: Mistake) -> bool {
        self.params.bug == Some(mistake)
    }
}

/// What a server is called. (Servers come first in the cluster.)
fn name(id: Id) -> String {
    format!("S{}", index(id) + 1)
}
