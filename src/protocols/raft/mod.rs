//! Raft: a leader, elected by a majority, replicates a log of commands to a state machine.
//!
//! - D. Ongaro and J. Ousterhout, *In Search of an Understandable Consensus Algorithm (Extended
//!   Version)*, 2014. A number alone (5.4.1) is a section of it.
//! - D. Ongaro, *Consensus: Bridging Theory and Practice*, 2014 (the thesis): what the paper leaves out.
//! - D. Ongaro, *Bug in single-server membership changes*, raft-dev, 2015.
//!
//! ```text
//!    client            leader                   followers
//!
//!                    follower  -- election timeout -->  candidate
//!                        |  ------ RequestVote ----->  |
//!                        |  <--- Vote: force term ---  |              5.2, 5.4.1
//!                    a majority voted
//!      | -- Request -> leader
//!                    force entry
//!                        |  ----- AppendEntries ---->  |
//!                        |                      force entries         5.3
//!                        |  <------ Appended --------  |
//!                    a majority has it: committed                     5.4.2
//!                    apply
//!      | <- Reply ---    |  -- AppendEntries (commit) ->  apply
//! ```
//!
//! Where to find what:
//!
//! | paper | here |
//! |---|---|
//! | Figure 2, *State* | `basic/state.rs`, `basic/log.rs` |
//! | Figures 2 and 13: RPCs, and every other message | `basic/messages.rs` |
//! | Figure 2, *All Servers*: terms | `Turn::hears`, below; `step_down` in `basic/election.rs` |
//! | Figure 2, *All Servers*: apply | `basic/application.rs` |
//! | Figure 2, *updated on stable storage before responding*; quorums | `basic/turn.rs`, `extensions/configuration.rs` |
//! | Figure 2, *`RequestVote` RPC*; *Followers*, *Candidates*; 5.2, 5.4.1 | `basic/election.rs` |
//! | Figure 2, *`AppendEntries` RPC*; *Leaders*; 5.3, 5.4.2 | `basic/replication.rs` |
//! | 6; thesis, 4; Ongaro 2015: membership | `extensions/membership.rs`, `extensions/configuration.rs` |
//! | 7, Figure 13; thesis, 5: snapshots | `extensions/snapshots.rs`; sent by `send_entries` in `basic/replication.rs` |
//! | thesis, 3.10: leadership transfer | `extensions/transfer.rs` |
//! | thesis, 4.2.3, 6.2, 9.6: leaders that are defended, check-quorum, pre-vote | `extensions/stability.rs` |
//! | 8; thesis, 6.4: reads without the log | `extensions/reads.rs` |
//! | 5.3, 8; thesis, 6.3: what is done for clients (sessions) | `service.rs` |
//! | 8: clients, and what they ask for | `protocols/clients`, which other logs share |
//! | Figure 3 and more: what must be true | `about/properties` |
//! | how people get it wrong | `about/bugs.rs`; in the algorithm, wherever it `makes` a `Mistake` |
//!
//! Snapshots, pre-vote, check-quorum, membership changes and reads without the log are off unless a
//! parameter turns them on.
//!
//! On purpose different from the papers, or more definite than they are:
//!
//! - RPCs are messages; an answer says what it answers. A leader asks again with its next heartbeat, a
//!   candidate when its retry timer fires.
//! - A leader sends entries as soon as it has them, and again with every heartbeat until they are
//!   acknowledged: `nextIndex` moves on acknowledgement (Figure 2), so under load some are sent twice.
//!   A parameter makes heartbeats empty, as in 5.2.
//! - Entries are applied as soon as they are known to be committed: `lastApplied` = `commitIndex`.
//! - Term, vote and log are one record on the disk.
//! - A snapshot is taken after so many entries, by every server by itself, and sent in one piece.
//! - A new server has caught up when it has all that was committed when the change was asked for
//!   (thesis, 4.2.1: rounds of a certain length); if that takes an election timeout, it is not added.
//! - Clients do not register: each has a number and a session from the beginning, and sessions never
//!   expire (thesis, 6.3). What they ask of the cluster itself, other members or another leader, has no
//!   session: asked twice it may be done twice.
//! - A client that gets no answer asks the servers in turn (8: a randomly-chosen server). A server that
//!   tells it of a leader does not change whose turn it is next: that leader may be an old one.
//! - With check-quorum a server that comes back defends a leader for the minimum election timeout as
//!   if it had just heard from one: it may have, and the leader may rely on it (thesis, 6.4.1).
//! - Leases last as long as a timer that is set when a round of heartbeats is sent.
//! - A server that is not in its own latest configuration campaigns only until it knows that one to be
//!   committed (thesis, 4.2.2). After a crash it knows less of that, and may campaign once more.
//! - That a leader has committed an entry of its own term before it changes the membership is asked for
//!   in joint consensus, too (Ongaro 2015: one server at a time).
//! - A leader that asks another to take over asks it again with every acknowledgement, until that
//!   starts an election or an election timeout is over; it never has a lease again in its term,
//!   because what it sent may arrive at any time.
//! - Only the first request for votes of an election that the leader asked for says so: one that is
//!   repeated is like any other.
//!
//! This folder's algorithm knows nothing of time, faults or properties.

mod about;
mod basic;
mod extensions;
mod service;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use self::about::bugs::Mistake;
pub use self::about::claim::Claim;
pub use self::about::history::History;
pub use self::about::params::{Membership, Params, Reads};
pub use self::basic::log::{Content, Entry, Index, Log, Position, Snapshot, Term};
pub use self::basic::messages::{
    AppendEntries, AppendResult, Appended, Campaign, InstallSnapshot, Msg, RequestVote, Timer, Vote,
};
pub use self::basic::state::{
    Change, Leader, Lease, Progress, Read, Role, Server, Stable, State, Storage,
};
use self::basic::turn::Turn;
pub use self::extensions::configuration::Configuration;
use super::clients::{self, Clients, Serves, Wait};
pub use super::clients::{Ask, Client, Drawn, Members, Reply, Servers, Workload};
pub use super::key_value::Applied;
use crate::model::{Actor, Id, NodeSet, Out, Start};

/// Raft. The servers come first, then the clients.
#[derive(Clone, Debug)]
pub struct Raft {
    params: Params,
    servers: NodeSet,
    /// The configuration that the cluster is set up with.
    first: Configuration,
    clients: Clients,
}

impl Actor for Raft {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Choice = Ask;
    type Observation = Claim;

    /// A first start, or recovery from what is on disk, if anything is.
    fn on_start(&self, id: Id, start: Start<'_, Storage>, o: &mut Out<Self>) -> State {
        let comes_back = matches!(start, Start::Again(_));
        match start.storage() {
            Some(Storage::Client(begun)) => State::Client(clients::start(self, id, *begun, o)),
            Some(Storage::Server(stable)) => {
                State::Server(self.server_starts(id, stable.clone(), comes_back, o))
            }
            None if self.servers.contains(id) => {
                State::Server(self.server_starts(id, self.nothing(), comes_back, o))
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

impl Serves for Raft {
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

impl Raft {
    /// When servers start up, they begin as followers (5.2).
    fn server_starts(&self, id: Id, stable: Stable, comes_back: bool, o: &mut Out<Self>) -> Server {
        let snapshot = &stable.log.snapshot;
        let server = Server {
            commit_index: snapshot.last.index,
            applied: Arc::new(snapshot.applied.clone()),
            leader: None,
            hears_leader: comes_back && self.params.check_quorum,
            role: Role::Follower,
            stable,
        };
        if server.may_campaign(id) {
            o.set_timer(Timer::Election, self.params.election_timeout);
        }
        if server.hears_leader {
            let minimum = self.params.minimum_election_timeout();
            o.set_timer(Timer::LeaderHeard, minimum);
        }
        server
    }

    /// Lets a server work on one input, and saves what has changed.
    fn turn(&self, id: Id, s: &mut Server, out: &mut Out<Self>, work: impl FnOnce(&mut Turn)) {
        let saved = s.stable.clone();
        let mut turn = Turn {
            raft: self,
            id,
            s,
            out,
            saved,
        };
        work(&mut turn);
        turn.persist();
    }

    /// What is on the disk of a server that has never saved anything.
    fn nothing(&self) -> Stable {
        Stable {
            current_term: Term::default(),
            voted_for: None,
            log: Log::new(self.first),
        }
    }

    fn makes(&self, mistake: Mistake) -> bool {
        self.params.bug == Some(mistake)
    }
}

impl Turn<'_> {
    fn hears(&mut self, src: Id, msg: Msg) {
        if self.defends_leader(&msg) {
            return;
        }
        // Rules for all servers: if RPC request or response contains term T > currentTerm: set
        // currentTerm = T, convert to follower (5.1).
        if let Some(term) = msg.term()
            && term > self.s.stable.current_term
        {
            self.step_down(term);
        }
        match msg {
            Msg::RequestVote(ask) => self.on_request_vote(src, ask),
            Msg::Vote(vote) => self.on_vote(src, vote),
            Msg::AppendEntries(append) => self.on_append_entries(src, append),
            Msg::Appended(results) => self.on_appended(src, results),
            Msg::InstallSnapshot(install) => self.on_install_snapshot(src, install),
            Msg::TimeoutNow(term) => self.on_timeout_now(term),
            Msg::Request(serial, ask) => self.on_request(src, serial, ask),
            Msg::Reply(..) => {}
        }
    }

    fn waits_no_longer(&mut self, timer: Timer) {
        match timer {
            Timer::Election => self.election_timeout(),
            Timer::Heartbeat => self.heartbeat(),
            Timer::VoteRetry => self.vote_retry(),
            Timer::Propose => self.propose(),
            Timer::LeaderHeard if self.makes(Mistake::DefendsForEver) => {}
            Timer::LeaderHeard => self.s.hears_leader = false,
            Timer::CheckQuorum => self.check_quorum(),
            Timer::Lease(slot) => self.lease_is_over(slot),
            Timer::Transfer => self.transfer_timeout(),
            Timer::CatchUp => self.catch_up_timeout(),
            Timer::Think | Timer::Retry => {}
        }
    }
}
