//! What transactions across shards say of themselves: who takes part, who waits for whom, and where a node stands.

use super::bugs::Mistake;
use super::epochs::{self, Configuration};
use super::groups::Groups;
use super::replica;
use super::rules::RULES;
use super::state::{joined, listed, written};
use super::{
    Claim, Client, Decision, History, Master, Msg, Params, Replica, Role, Server, Sharded, State,
    Storage, Timer, Transaction, Vote,
};
use crate::model::arms::Told;
use crate::model::cluster::numbered;
use crate::model::{
    BadParameter, Bug, Cluster, Id, Input, KeyState, NodeSet, Property, Protocol, Rule, Size, Step,
    Successes, Variant, View,
};
use crate::protocols::consensus::Ballot;
use crate::protocols::key_value::Key;

impl Protocol for Sharded {
    const NAME: &'static str = "sharded";
    const ABOUT: &'static str = "Transactions across shards: each server owns some of the keys, and two-phase commit and locks hold them together.";
    const SOURCES: &'static [&'static str] = &[
        "Aguilera, Merchant, Shah, Veitch & Karamanolis 2007, Sinfonia",
        "Mohan, Lindsay & Obermarck 1986, Transaction Management in the R* Distributed Database Management System",
        "Rosenkrantz, Stearns & Lewis 1978, System Level Concurrency Control for Distributed Database Systems",
        "Bernstein, Hadzilacos & Goodman 1987, chapters 3 and 7",
        "MIT 6.824, lab 4: sharded key/value service",
        "Lamport 2001, Paxos Made Simple",
        "Rystsov 2018, CASPaxos: Replicated State Machines without logs",
    ];
    const BUGS: &'static [Bug] = Mistake::BUGS;
    const SIZES: &'static [Size] = &[
        Size::of("changes"),
        Size::nodes("servers", "S"),
        Size::nodes("clients", "C"),
        Size::nodes("clients.clients", "C"),
        Size::of("clients.commands"),
        Size::of("attempts"),
    ];

    type Params = Params;
    type History = History;

    fn new(params: &Params) -> Result<Self, BadParameter> {
        params.check()?;
        let bad = |message: String| BadParameter::new("clients", message);
        let read = |line: &String| line.parse::<Transaction>().map_err(bad);
        let (scripts, drawn) = params.clients.read(read)?;
        let all = || scripts.iter().flatten().chain(&drawn);
        let mut accounts: Vec<Key> = all().flat_map(Transaction::keys).collect();
        accounts.sort_unstable();
        accounts.dedup();
        let members = epochs::members(&params.changes, params.servers)?.into_iter();
        let groups = Groups::of(params.servers, &params.faults);
        let of = |members| Configuration::of(members, &groups, params.virtual_nodes);
        Ok(Sharded {
            configurations: members.map(of).collect(),
            groups,
            accounts,
            keeps_the_sum: all().all(Transaction::keeps_the_sum),
            params: params.clone(),
            scripts,
            drawn,
        })
    }

    fn cluster(&self) -> Cluster {
        let names = self.replicas().iter().filter_map(|id| self.server_name(id));
        let servers = names.map(|name| (name, "server"));
        let clients = numbered("C", "client", self.clients().len());
        let master = self.master().map(|_| ("M".to_owned(), "master"));
        Cluster::new(servers.chain(clients).chain(master))
    }

    /// A prepared record is the vote, and takes the locks; a session is a commit. Unless another has voted and committed,
    /// and both come with a range.
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Claim> {
        let is_transfer = match step.input {
            Input::Message { msg, .. } => matches!(msg.said(), Msg::Transfer(..)),
            _ => false,
        };
        step.newly(move |_, storage| {
            let Some(disk) = storage.and_then(Storage::disk) else {
                return Vec::new();
            };
            let locked = disk.prepared.keys().map(|txn| Claim::Locked(*txn));
            if is_transfer {
                return locked.collect();
            }
            let votes = disk.prepared.keys();
            let votes = votes.map(|txn| Claim::Voted(*txn, Vote::Yes));
            let sessions = disk.sessions.values().map(|session| session.txn);
            let committed = sessions.map(|txn| Claim::Decided(txn, Decision::Commit));
            votes.chain(locked).chain(committed).collect()
        })
    }

    fn record(&self, history: &mut History, id: Id, claim: &Claim) {
        history.record(self, id, claim);
    }

    /// A client hears from its coordinator if that is up and in reach, unless others hold it up: then nothing comes of
    /// asking again. The same is true of a prepared owner. An owner acknowledges a commit at once. Who has not voted
    /// may wait for a lock, which nobody is bound to give up. What is about a range that is on its way is answered when
    /// that has come.
    fn awaits(&self, id: Id, state: &State, timer: &Timer) -> NodeSet {
        if let State::Replica(replica) = state {
            return self.replica_awaits(id, replica, timer);
        }
        self.awaited(match (state, timer) {
            (State::Master(_), Timer::Announce(server)) => NodeSet::only(*server),
            (State::Client(client), Timer::Retry) => match &client.asked {
                Some(asked) => NodeSet::only(self.coordinator_of(client.epoch, &asked.transaction)),
                None => NodeSet::EMPTY,
            },
            (State::Server(server), timer) => self.server_awaits(server, timer),
            _ => NodeSet::EMPTY,
        })
    }

    /// A check looks at so many ballots and no further.
    fn withheld(&self, id: Id, state: &State, input: Input<'_, Self>) -> Option<&'static str> {
        let State::Replica(replica) = state else {
            return None;
        };
        let prepares = matches!(input, Input::Timeout(Timer::Election))
            && matches!(replica.role, Role::Follower);
        let beyond = || self.next_ballot(id, replica) > Ballot(self.params.ballots);
        (prepares && beyond()).then_some("ballots")
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    fn hears(&self, role: &str, told: Told<'_, Self>) -> bool {
        let (server, client, master) = (role == "server", role == "client", role == "master");
        let several = server && self.spans_shards();
        let changes = self.last_epoch() > 0;
        match told {
            Told::Message(Msg::Of(..)) => false,
            Told::Message(Msg::Begin { .. }) => server,
            Told::Message(
                Msg::Prepare(..)
                | Msg::Yes(..)
                | Msg::No(..)
                | Msg::Commit(..)
                | Msg::Abort(_)
                | Msg::Ack(..)
                | Msg::Inquiry(..),
            )
            | Told::Timer(Timer::Acks(_) | Timer::Outcome(_)) => several,
            Told::Message(Msg::Wound(..)) => several && self.wounds(),
            Told::Timer(Timer::Votes(_)) => server && self.params.vote_timeout.is_some(),
            Told::Message(Msg::Configure(_)) => server && changes,
            Told::Message(Msg::Transfer(..) | Msg::Received(_))
            | Told::Timer(Timer::Transfer(_)) => server && self.has_moves(),
            Told::Message(Msg::Done(_) | Msg::WhichEpoch)
            | Told::Timer(Timer::Change | Timer::Announce(_)) => master,
            Told::Message(Msg::Orphaned(..)) => master && self.spans_shards() && self.has_leavers(),
            Told::Message(Msg::Epoch(_)) => client && changes,
            Told::Message(Msg::Reply(..))
            | Told::Timer(Timer::Think | Timer::Retry | Timer::Backoff) => client,
            Told::Message(
                Msg::PrepareBallot(_)
                | Msg::Promise(..)
                | Msg::Accept(_)
                | Msg::Accepted(..)
                | Msg::Refused(_),
            )
            | Told::Timer(Timer::Election | Timer::Heartbeat) => server && self.has_replicas(),
        }
    }

    fn status_up(&self, state: &State) -> String {
        match state {
            State::Server(server) => standing(server),
            State::Replica(replica) => joined(&[
                replica::standing(replica),
                replica.server().map_or(String::new(), standing),
            ]),
            State::Client(client) => asking(client),
            State::Master(master) => self.changing(*master),
        }
    }

    fn status_down(&self, storage: &Storage) -> String {
        match storage {
            Storage::Server(disk) => disk.in_words(),
            Storage::Replica(record) => record.accepted.disk.in_words(),
            Storage::Client(_) => String::new(),
            Storage::Master(master) => self.changing(*master),
        }
    }

    /// The values of a server, and the transactions in which it has a part.
    fn key_state(&self, state: &State) -> KeyState {
        match state {
            State::Server(server) => {
                let values = KeyState::default().with("values", written(&server.disk.values));
                values.with("", standing(server))
            }
            State::Replica(replica) => {
                let disk = replica
                    .server()
                    .map_or(&replica.record.accepted.disk, |s| &s.disk);
                let values = KeyState::default().with("values", written(&disk.values));
                let values = values.with("replica", replica::standing(replica));
                values.with("", replica.server().map_or(String::new(), standing))
            }
            State::Client(client) => KeyState::default().with("", asking(client)),
            State::Master(master) => KeyState::default().with("", self.changing(*master)),
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        super::properties::properties(self)
    }

    fn successes(&self, after: Option<&dyn View<Self>>) -> Successes<Self> {
        super::successes::successes(self, after.is_none())
    }

    fn matrix() -> Vec<Variant<Params>> {
        super::matrix::variants()
    }
}

impl Sharded {
    /// Whom a server waits for.
    fn server_awaits(&self, server: &Server, timer: &Timer) -> NodeSet {
        match timer {
            Timer::Transfer(target) => NodeSet::only(*target),
            Timer::Acks(txn) => self.unacknowledged(&server.disk, *txn),
            Timer::Outcome(txn) => match server.disk.prepared.get(txn) {
                Some(part) => NodeSet::only(part.request.coordinator),
                None => NodeSet::EMPTY,
            },
            _ => NodeSet::EMPTY,
        }
    }

    /// A follower waits for who leads the highest ballot that it has heard of, unless that was itself; who prepares for
    /// those that have not promised; who leads for those that have not accepted.
    fn replica_awaits(&self, id: Id, replica: &Replica, timer: &Timer) -> NodeSet {
        let others = self.nodes_of(id).without(id);
        match (&replica.role, timer) {
            (Role::Follower, Timer::Election) => {
                let highest = replica.seen.max(replica.record.promised);
                NodeSet::only(self.leader_of(highest, id)).without(id)
            }
            (Role::Preparing { promised, .. }, Timer::Election) => others.minus(*promised),
            (Role::Leader(leader), Timer::Heartbeat) => match &leader.writing {
                Some(writing) => others.minus(writing.accepted),
                None => NodeSet::EMPTY,
            },
            (Role::Leader(leader), timer) => {
                let server = leader.server.as_ref();
                let awaits = |server| self.awaited(self.server_awaits(server, timer));
                server.map_or(NodeSet::EMPTY, awaits)
            }
            _ => NodeSet::EMPTY,
        }
    }

    /// Whether some transaction has parts at several owners.
    fn spans_shards(&self) -> bool {
        let mut all = self.scripts.iter().flatten().chain(&self.drawn);
        all.any(|transaction| {
            let mut epochs = 0..=self.last_epoch();
            epochs.any(|epoch| self.owners(epoch, transaction).len() > 1)
        })
    }

    /// Whether some key moves.
    fn has_moves(&self) -> bool {
        let mut keys = self.accounts.iter();
        keys.any(|key| self.since(self.last_epoch(), *key) > 0)
    }

    fn has_leavers(&self) -> bool {
        let mut epochs = 1..=self.last_epoch();
        epochs.any(|epoch| !self.members(epoch - 1).is_subset(self.members(epoch)))
    }

    /// Where the master stands.
    fn changing(&self, master: Master) -> String {
        let missing = self.missing(master);
        let epoch = master.epoch;
        if missing.is_empty() {
            return format!("epoch {epoch}");
        }
        format!("epoch {epoch}, waits for {}", self.names(missing))
    }

    fn wounds(&self) -> bool {
        self.params.deadlocks == super::Deadlocks::WoundWait
    }
}

/// Where a server stands.
fn standing(server: &Server) -> String {
    let mut waiting = server.waiting.iter().map(|request| &request.attempt.txn);
    let parts = [
        listed("collecting", &mut server.collecting.keys()),
        listed("prepared", &mut server.disk.prepared.keys()),
        listed("waits", &mut waiting),
        listed("unacknowledged", &mut server.disk.committed.keys()),
        server.disk.moves(),
    ];
    let words = joined(&parts);
    if words.is_empty() {
        return "idle".to_owned();
    }
    words
}

/// Where a client stands.
fn asking(client: &Client) -> String {
    match &client.asked {
        Some(asked) if asked.has_died => format!("{} died", asked.attempt.txn),
        Some(asked) => format!("asks for {} as {:?}", asked.transaction, asked.attempt),
        None => "idle".to_owned(),
    }
}
