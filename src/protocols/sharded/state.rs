//! What servers and clients keep, in memory and on stable storage.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Epoch, Key, Master, Msg, Operation, Range, Record, Replica, Transaction, Values, Why};
use crate::model::{Few, FewMap, Id, NodeSet};
use crate::protocols::consensus::Ballot;
use crate::protocols::transactions::{Txn, Version};

/// What a node knows while it is up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    Server(Server),
    /// One of those that a server is together.
    Replica(Replica),
    Client(Client),
    Master(Master),
}

/// What survives a crash.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Storage {
    Server(Disk),
    Replica(Record),
    Client(Begun),
    Master(Master),
}

/// One attempt at a transaction. What is tried again has another number, and is as old as it was.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Attempt {
    pub txn: Txn,
    /// The number of its first attempt: who has a smaller one is older.
    pub timestamp: Txn,
}

/// An owner of keys, which coordinates transactions, too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Server {
    /// What is on its disk, but for what it need not write down at once.
    pub disk: Disk,
    /// Those that wait for locks, in the order in which they came.
    pub waiting: Vec<Request>,
    /// The transactions for which it collects votes.
    pub collecting: FewMap<Txn, Collecting>,
    /// The last attempt of each client that it has begun since it started, and what it told the client if it
    /// has aborted it.
    pub begun: FewMap<u8, (Txn, Option<Outcome>)>,
    /// What it was sent about keys that are on their way, and by whom.
    pub put_aside: Vec<(Id, Msg)>,
}

/// What a server writes down.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Disk {
    /// How often it has started.
    pub incarnation: u32,
    /// The keys that were written.
    pub values: FewMap<Key, Cell>,
    /// The transactions of other coordinators for which it has voted YES.
    pub prepared: FewMap<Txn, Part>,
    /// The last attempt of each client for which it was asked to vote.
    pub heard: FewMap<u8, Txn>,
    /// What it has committed, and the keys of others whose owners have not acknowledged that.
    pub committed: FewMap<Txn, Few<Key>>,
    /// The last transaction of each client that it has committed.
    pub sessions: FewMap<u8, Session>,
    /// The last epoch that it has heard of.
    pub epoch: Epoch,
    /// What is frozen for others, who have not acknowledged it.
    pub outgoing: FewMap<Id, Range>,
    /// Those from whom it has not got what they have for it.
    pub incoming: NodeSet,
    /// The last incarnation of other servers that it has heard of, where these have replicas and it is not the first.
    pub incarnations: FewMap<Id, u32>,
}

/// The value of a key, and who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cell {
    pub value: u32,
    pub version: Version,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Session {
    pub txn: Txn,
    pub values: Values,
}

/// What is asked of an owner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Request {
    pub attempt: Attempt,
    pub coordinator: Id,
    pub operations: Vec<Operation>,
}

/// A request that holds its locks and was executed. (There is no table of locks: they are those of its operations.)
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Part {
    pub request: Request,
    /// The version that it found of each key that it looked at.
    pub reads: Vec<(Key, Version)>,
    /// What it will write.
    pub writes: Vec<(Key, u32)>,
}

/// A transaction that a coordinator has begun and not decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Collecting {
    pub attempt: Attempt,
    pub client: Id,
    pub owners: NodeSet,
    /// The keys of the others.
    pub theirs: Few<Key>,
    pub yes: NodeSet,
    /// What was read so far.
    pub values: Values,
    /// Its own part, once that has its locks.
    pub own: Option<Part>,
}

/// What a client is told.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    Committed(Values),
    Aborted(Why),
    /// The coordinator has started so many times: what it had begun before and not committed it never will.
    Restarted(u32),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Client {
    pub begun: Begun,
    /// What it waits for.
    pub asked: Option<Asked>,
    /// How often it has heard that a server has started, where that is more than once.
    pub incarnations: FewMap<Id, u32>,
    /// The last epoch that it has heard of since it started.
    pub epoch: Epoch,
}

/// What a client has begun so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Begun {
    pub transactions: u32,
    pub attempts: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Asked {
    pub attempt: Attempt,
    pub transaction: Transaction,
    /// The epoch in which this attempt was first sent.
    pub epoch: Epoch,
    /// How often it may still be tried if it dies.
    pub left: u32,
    /// It has died, and is to be tried again.
    pub has_died: bool,
}

impl Server {
    /// The parts that hold locks.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        let own = self.collecting.values().filter_map(|c| c.own.as_ref());
        self.disk.prepared.values().chain(own)
    }
}

impl Disk {
    /// That of a server that was just set up.
    pub fn at_first() -> Self {
        Disk {
            incarnation: 1,
            ..Disk::default()
        }
    }

    /// What is prepared, also of what is frozen.
    pub fn prepared_parts(&self) -> impl Iterator<Item = &Txn> {
        let frozen = self
            .outgoing
            .values()
            .flat_map(|range| range.prepared.keys());
        self.prepared.keys().chain(frozen)
    }

    /// `x=9, prepared T1, unacknowledged T3, epoch 1, has frozen y=11`
    pub fn in_words(&self) -> String {
        let parts = [
            written(&self.values),
            listed("prepared", &mut self.prepared.keys()),
            listed("unacknowledged", &mut self.committed.keys()),
            self.moves(),
        ];
        joined(&parts)
    }

    /// `epoch 1, has frozen y=11, waits for a range`; nothing of what never changed.
    pub fn moves(&self) -> String {
        if self.epoch == 0 {
            return String::new();
        }
        let frozen = |range: &Range| format!("has frozen {range:?}").trim_end().to_owned();
        let mut parts = vec![format!("epoch {}", self.epoch)];
        parts.extend(self.outgoing.values().map(frozen));
        if !self.incoming.is_empty() {
            parts.push("waits for a range".to_owned());
        }
        joined(&parts)
    }
}

/// `x=9 y=11`
pub fn written(values: &FewMap<Key, Cell>) -> String {
    let value = |(key, cell): (&Key, &Cell)| format!("{key}={}", cell.value);
    let values: Vec<String> = values.iter().map(value).collect();
    values.join(" ")
}

/// `prepared T1 T2`; nothing of none.
pub fn listed(word: &str, txns: &mut dyn Iterator<Item = &Txn>) -> String {
    txns.fold(String::new(), |text, txn| {
        let text = if text.is_empty() { word } else { &text };
        format!("{text} {txn}")
    })
}

/// Those that are not empty, separated by commas.
pub fn joined(parts: &[String]) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty());
    parts.cloned().collect::<Vec<_>>().join(", ")
}

impl State {
    /// The server that a node is: of the replicas of one, who leads.
    pub fn server(&self) -> Option<&Server> {
        match self {
            State::Server(server) => Some(server),
            State::Replica(replica) => replica.server(),
            State::Client(_) | State::Master(_) => None,
        }
    }

    /// The ballot that a replica has promised, or leads.
    pub fn ballot(&self) -> Ballot {
        match self {
            State::Replica(replica) => replica.record.promised,
            _ => Ballot::default(),
        }
    }

    pub fn client(&self) -> Option<&Client> {
        match self {
            State::Client(client) => Some(client),
            _ => None,
        }
    }

    pub fn master(&self) -> Option<Master> {
        match self {
            State::Master(master) => Some(*master),
            _ => None,
        }
    }
}

impl Storage {
    /// That of a server that is by itself.
    pub fn disk(&self) -> Option<&Disk> {
        match self {
            Storage::Server(disk) => Some(disk),
            _ => None,
        }
    }

    pub fn record(&self) -> Option<&Record> {
        match self {
            Storage::Replica(record) => Some(record),
            _ => None,
        }
    }
}

/// `Disk(x=9, prepared T1, unacknowledged T3)`, `Begun(1)`
impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Storage::Server(disk) => write!(f, "Disk({})", disk.in_words()),
            Storage::Replica(Record { promised, accepted }) => {
                write!(f, "Promised({promised:?}, {accepted:?})")
            }
            Storage::Client(begun) => write!(f, "Begun({})", begun.attempts),
            Storage::Master(master) => {
                write!(f, "Epoch({}, done {})", master.epoch, master.done.len())
            }
        }
    }
}

/// `T1`, or `T3 of T1` if that is an attempt at what was T1 first.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.txn)?;
        if self.timestamp != self.txn {
            write!(f, " of {}", self.timestamp)?;
        }
        Ok(())
    }
}

/// `committed`, `committed x=9 y=11`, `refused`, `died`, `restarted 2`, `moved 1`.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Committed(values) if values.0.is_empty() => f.write_str("committed"),
            Outcome::Committed(values) => write!(f, "committed {values:?}"),
            Outcome::Aborted(Why::Refused) => f.write_str("refused"),
            Outcome::Aborted(Why::Died) => f.write_str("died"),
            Outcome::Aborted(Why::Moved(epoch)) => write!(f, "moved {epoch}"),
            Outcome::Restarted(incarnation) => write!(f, "restarted {incarnation}"),
        }
    }
}
