//! Multi-Paxos: a leader, with one promise of a majority for all instances of consensus, has commands chosen
//! in one slot after the other; every server executes them in the order of slots.
//!
//! - L. Lamport, *Paxos Made Simple*, 2001 (PMS): section 2 is consensus, 3 the sequence of instances.
//! - R. van Renesse, D. Altinbuken, *Paxos Made Moderately Complex*, 2015 (PMMC).
//! - T. Chandra, R. Griesemer, J. Redstone, *Paxos Made Live: An Engineering Perspective*, 2007 (PML).
//! - D. Ongaro, *Consensus: Bridging Theory and Practice*, 2014 (Ongaro): sessions, reads without the log.
//! - L. Lamport, D. Malkhi, L. Zhou, *Reconfiguring a State Machine*, 2010 (LMZ): changes by that window, called α.
//!
//! ```text
//!    client            leader                   other servers
//!
//!                    follower  -- election timeout -->
//!                    force promise b
//!                        |  ------ PREPARE b, 1 --->  |
//!                        |                     force promise b      phase 1, once for all slots
//!                        |  <-- PROMISE b, accepted - |
//!                    a majority promised: lead b
//!      | -- Request -> leader
//!                    force slot 1 in b
//!                        |  ------ ACCEPT b 1:v --->  |
//!                        |                     force slot 1 in b    phase 2, for each slot
//!                        |  <------ ACCEPTED b 1 ---  |
//!                    a majority accepted: chosen
//!                    execute
//!      | <- Reply ---    |  -- ACCEPT b (chosen 1) -> execute
//! ```
//!
//! Each server is a proposer, an acceptor and a learner in one (PMS, 3), and forces what it accepts before it
//! says so. A new leader learns from a majority what was accepted from the first slot on that it does not know to
//! be chosen. It proposes anew what was reported under the highest ballot, slot by slot, and no-ops in the gaps,
//! so that what follows can be executed; what was promised keeps an old leader from filling them. While it leads, a
//! command costs 2(N - 1) messages and N forced writes: that it is chosen, the others hear with the next message.
//!
//! Which servers decide a slot is part of the state, and changed by commands (PMS, 3). What the command in slot s
//! changes is in effect from slot s + α on, where α is the window: so a leader that has executed slot i - α knows who
//! decides slot i, and proposes nothing there before.
//!
//! ```text
//!    α = 3     slot        1    2    3    4    5     6
//!              command     x   +S4   y    -    z
//!              decided by 123  123  123  123  1234  1234
//! ```
//!
//! A majority of those who decide a slot has to promise before anything is proposed there, and what was reported
//! waits until then. Old and new majorities need not have a server in common: any set may take the place of any other.
//!
//! Where to find what:
//!
//! | paper | here |
//! |---|---|
//! | PMS 2.2, 2.5: acceptors, what they write | `acceptor.rs`, `turn.rs` |
//! | PMS 2.2, 2.4, 3: phase 1 for all slots | `phase_one.rs` |
//! | PMS 2.2, 3: phase 2 of each, gaps, how far a leader may get ahead | `phase_two.rs` |
//! | PMS 2.3, 3: what is chosen is executed in order; PML 5.5: snapshots | `learner.rs` |
//! | PMS 3; LMZ: who decides which slot | `configurations.rs` |
//! | PML 5.2: leases | `leases.rs` |
//! | PMS 3: clients; Ongaro 6.3, 6.4 | `service.rs` |
//! | what must be true | `properties.rs` |
//! | how people get it wrong | `bugs.rs`; in the algorithm, wherever it `makes` a `Mistake` |
//!
//! On purpose different from the papers, or more definite than they are:
//!
//! - Nothing but timeouts elects a leader: a server that does not hear from one for a random time prepares a
//!   ballot of its own (PMS, 2.4: a real-time algorithm; PMMC, 3: who is preempted backs off).
//! - An acceptor that promises, or accepts, a higher ballot stops leading its own. Who is refused is told the
//!   ballot that was promised, and waits.
//! - A server that has accepted in the leader's ballot knows from one number up to where all is chosen. One that
//!   lacks some of that says so with its answer, and the leader proposes it to it once more, in its own ballot: to
//!   propose what is chosen harms nothing (P2b).
//! - What is in flight and not accepted is sent again with every heartbeat.
//! - Promise, accepted proposals and snapshot are one record on the disk. What is chosen is not written: who comes
//!   back hears of it.
//! - A snapshot is taken after so many slots, by every server by itself, and sent in one piece; also with a promise,
//!   where some of what was asked for is compacted.
//! - A read without the log waits for a round of heartbeats, and until the leader has executed all that was reported
//!   to it in phase 1. No no-op of its own is needed for that, as Raft's leader needs one.
//! - A lease begins with a round of heartbeats, and an acceptor keeps it for the shortest election timeout from when
//!   it heard of that; also one that comes back, which may have granted it. While it does, it answers no `Prepare` of
//!   others, and prepares nothing itself.
//! - Of a change the papers say when it is in effect. Here, a leader that finds new servers by executing it asks them
//!   for a promise of its own ballot at once, and with every heartbeat until a majority has given it. Until the change
//!   is in effect it proposes no-ops, if nothing else (LMZ), since otherwise clients
//!   would have to ask α times.
//! - The leader sends to all who decide a slot that it has not executed; and whoever does no more is told once that it
//!   is so. Whoever knows that it decides nothing any more, or nothing yet, prepares nothing, and a leader leaves its
//!   ballot. Instead, on each election timeout, it sends its state to those who do decide: it may be the only
//!   one to know of the change, and they would not know that they take part.
//! - A leader that takes over a state in which slots are executed that it has proposed something in leaves its ballot.
//! - Who was removed and does not know that prepares for slots that are all executed elsewhere. Whoever has executed
//!   them sends it the state in place of a promise, so that it disturbs nobody.
//! - What is asked of a change is `add`, `remove` or the set itself, and becomes a set when it is executed. One that
//!   leaves nobody is refused then; all others are made, one after the other, also before the last is in effect.
//! - A read without the log is confirmed by a majority of those who decide the next slot, and needs their promises;
//!   and so is a lease counted, at the moment of the read. `service.rs` says why that is enough. While an acceptor
//!   grants a lease, it accepts nothing in a higher ballot, either: where the servers change, one can be led without
//!   the promise of a majority of those who granted it.
//!
//! This folder's algorithm knows nothing of time, faults or properties.

mod acceptor;
mod bugs;
mod claim;
mod configurations;
mod learner;
mod leases;
mod log;
mod matrix;
mod messages;
mod params;
mod part;
mod phase_one;
mod phase_two;
mod properties;
mod protocol;
mod rules;
mod service;
mod state;
mod successes;
#[cfg(test)]
mod tests;
mod turn;

use std::sync::Arc;

pub use self::bugs::Mistake;
pub use self::claim::{Claim, History};
pub use self::configurations::Configurations;
pub use self::log::{Command, Log, Slot, Snapshot};
pub use self::messages::{Accept, Accepted, Msg, Report, Timer};
pub use self::params::{Params, Reads};
pub use self::state::{
    Leader, Lease, Read, Reported, Role, Server, Stable, State, Storage, Waiting,
};
use self::turn::Turn;
use super::clients::{self, Ask, Client, Clients, Serves, Wait};
pub use super::consensus::Ballot;
use crate::model::cluster::index;
use crate::model::{Actor, Id, NodeSet, Out, Start};
use crate::protocols::consensus;

pub type Proposal = consensus::Proposal<Command>;

/// Multi-Paxos. The servers come first, then the clients. With N servers, round r of the i-th is ballot
/// (r - 1) · N + i.
#[derive(Clone, Debug)]
pub struct MultiPaxos {
    params: Params,
    servers: NodeSet,
    /// Those that the cluster is set up with.
    members: NodeSet,
    clients: Clients,
    /// Nobody ever asks for others.
    is_fixed: bool,
}

impl Actor for MultiPaxos {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Choice = Ask;
    type Observation = Claim;

    /// A first start, or recovery from what is on disk, if anything is (PMS, 2.5).
    fn on_start(&self, id: Id, start: Start<'_, Storage>, o: &mut Out<Self>) -> State {
        let comes_back = matches!(start, Start::Again(_));
        match start.storage() {
            Some(Storage::Client(begun)) => State::Client(clients::start(self, id, *begun, o)),
            Some(Storage::Server(stable)) => {
                State::Server(self.server_starts(stable.clone(), comes_back, o))
            }
            None if self.servers.contains(id) => {
                let stable = Stable {
                    promised: Ballot::default(),
                    log: Log::new(self.members),
                };
                State::Server(self.server_starts(stable, comes_back, o))
            }
            None => State::Client(clients::start(self, id, 0, o)),
        }
    }

    fn on_message(&self, id: Id, state: &mut State, src: Id, msg: Msg, o: &mut Out<Self>) {
        match state {
            State::Client(client) => {
                if let Msg::Reply(serial, reply) = msg {
                    clients::hears(self, id, client, src, (serial, reply), o);
                }
            }
            State::Server(server) => self.turn(id, server, o, |turn| turn.hears(src, msg)),
        }
    }

    fn on_timeout(&self, id: Id, state: &mut State, timer: &Timer, o: &mut Out<Self>) {
        match state {
            State::Client(client) => {
                let wait = match timer {
                    Timer::Think => Wait::Think,
                    Timer::Retry => Wait::Retry,
                    _ => return,
                };
                clients::waits_no_longer(self, id, client, wait, o);
            }
            State::Server(server) => self.turn(id, server, o, |turn| turn.waits_no_longer(*timer)),
        }
    }

    /// A client has drawn what to ask for.
    fn on_choice(&self, _: Id, state: &mut State, ask: &Ask, o: &mut Out<Self>) {
        if let State::Client(client) = state {
            clients::begin(self, client, *ask, o);
        }
    }
}

impl Serves for MultiPaxos {
    fn clients(&self) -> &Clients {
        &self.clients
    }

    fn request(serial: u32, ask: Ask) -> Msg {
        Msg::Request(serial, ask)
    }

    fn timer(wait: Wait) -> Timer {
        match wait {
            Wait::Think => Timer::Think,
            Wait::Retry => Timer::Retry,
        }
    }

    fn begun(serial: u32) -> Storage {
        Storage::Client(serial)
    }

    fn claim(claim: clients::Claim) -> Claim {
        claim.into()
    }

    fn client(state: &State) -> Option<&Client> {
        match state {
            State::Client(client) => Some(client),
            State::Server(_) => None,
        }
    }
}

impl MultiPaxos {
    /// It is as it was, but for what it had learned behind its snapshot. It may have granted a lease.
    fn server_starts(&self, stable: Stable, comes_back: bool, o: &mut Out<Self>) -> Server {
        o.set_timer(Timer::Election, self.params.election_timeout);
        let relies = self.params.reads == Reads::Lease && !self.makes(Mistake::GrantForgotten);
        let grants = comes_back && relies;
        if grants {
            o.set_timer(Timer::Grant, self.params.grant());
        }
        let snapshot = &stable.log.snapshot;
        Server {
            executed: snapshot.last,
            applied: Arc::new(snapshot.applied.clone()),
            configurations: snapshot.configurations.clone(),
            seen: stable.promised,
            leader: None,
            grants,
            role: Role::Follower,
            stable,
        }
    }

    /// Lets a server work on one input, and saves what has changed.
    fn turn(&self, id: Id, s: &mut Server, out: &mut Out<Self>, work: impl FnOnce(&mut Turn)) {
        let saved = s.stable.clone();
        let mut turn = Turn {
            paxos: self,
            id,
            s,
            out,
            saved,
        };
        work(&mut turn);
        turn.persist();
    }

    /// The lowest ballot of a server that is above another.
    fn ballot_above(&self, ballot: Ballot, id: Id) -> Ballot {
        if self.makes(Mistake::SharedBallots) {
            return Ballot(ballot.0 + 1);
        }
        let n = u32::try_from(self.servers.len()).expect("few servers");
        let mut above = ballot.0 + 1..=ballot.0 + n;
        let own = |b: &u32| (b - 1) as usize % self.servers.len() == index(id);
        Ballot(above.find(own).expect("one in n"))
    }

    fn makes(&self, mistake: Mistake) -> bool {
        self.params.bug == Some(mistake)
    }
}

impl Turn<'_> {
    fn hears(&mut self, src: Id, msg: Msg) {
        match msg {
            Msg::Prepare(ballot, from) => self.on_prepare(src, ballot, from),
            Msg::Promise(ballot, report) => self.on_promise(src, ballot, report),
            Msg::Accept(accept) => self.on_accept(src, accept),
            Msg::Accepted(accepted) => self.on_accepted(src, &accepted),
            Msg::Refused(ballot, promised) => self.on_refused(ballot, promised),
            Msg::State(ballot, state) => self.on_state(ballot, state),
            Msg::Request(serial, ask) => self.on_request(src, serial, ask),
            Msg::Reply(..) => {}
        }
    }

    fn waits_no_longer(&mut self, timer: Timer) {
        match timer {
            Timer::Election => self.election_timeout(),
            Timer::Heartbeat => self.heartbeat(),
            Timer::PrepareRetry => self.prepare_retry(),
            Timer::Propose => self.propose_own(),
            Timer::Lease(slot) => self.lease_is_over(slot),
            Timer::Grant => self.s.grants = false,
            Timer::Think | Timer::Retry => {}
        }
    }
}
