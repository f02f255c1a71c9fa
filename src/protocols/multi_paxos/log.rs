//! What an acceptor has accepted, slot by slot, and the snapshot that may stand for its beginning.
//!
//! Invariants: the first slot is 1; all slots are behind those that the snapshot stands for, in order, each
//! once. There may be gaps. Copies share their slots until one of them changes.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Ballot, Configurations, Proposal};
use crate::model::{Id, NodeSet};
use crate::protocols::atomic_commitment::Decision;
use crate::protocols::clients::{Ask, Members};
use crate::protocols::key_value::{Applied, Op};

/// The number of an instance of consensus; zero is before the first.
pub type Slot = u32;

/// What an instance chooses: a command of the state machine (PMS, 3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Command {
    /// Leaves the state unchanged (PMS, 3).
    NoOp,
    /// What a client asked for, under its serial number.
    Of(Id, u32, Op),
    /// What a leader made up itself; see `Params::proposals`. Who, by its place among the servers, and which
    /// of those in its log. Written `a1`, the first of S1.
    Own(u8, u8),
    /// What a leader has decided, where the log is that of a coordinator.
    Decision(Decision),
    /// A client's wish, under its serial number, that other servers should decide, α slots later (PMS, 3).
    Members(Id, u32, Members),
}

impl Command {
    /// What a client asks for, under its serial number. Nobody hands over leadership here.
    pub fn asked(client: Id, serial: u32, ask: Ask) -> Option<Self> {
        match ask {
            Ask::Operation(op) => Some(Command::Of(client, serial, op)),
            Ask::Members(members) => Some(Command::Members(client, serial, members)),
            Ask::Transfer(_) => None,
        }
    }

    /// Who asked for it, under which serial number.
    pub fn origin(self) -> Option<(Id, u32)> {
        match self {
            Command::Of(client, serial, _) | Command::Members(client, serial, _) => {
                Some((client, serial))
            }
            Command::NoOp | Command::Own(..) | Command::Decision(_) => None,
        }
    }
}

/// The state that all slots up to the last of it lead to (Paxos Made Live, 5.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Snapshot {
    pub last: Slot,
    pub applied: Applied,
    pub configurations: Configurations,
    /// How many commands it stands for that leaders made up.
    pub own: u32,
}

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Log {
    pub snapshot: Arc<Snapshot>,
    accepted: Arc<Vec<(Slot, Proposal)>>,
}

impl Log {
    /// That of a cluster that is set up with these servers.
    pub fn new(members: NodeSet) -> Self {
        let snapshot = Snapshot {
            configurations: Configurations::of(members),
            ..Snapshot::default()
        };
        Log {
            snapshot: Arc::new(snapshot),
            accepted: Arc::default(),
        }
    }

    /// The last slot that the snapshot stands for.
    pub fn compacted(&self) -> Slot {
        self.snapshot.last
    }

    /// The last slot of which the acceptor knows anything.
    pub fn last(&self) -> Slot {
        self.accepted.last().map_or(self.compacted(), |last| last.0)
    }

    /// The last proposal that was accepted in a slot.
    pub fn get(&self, slot: Slot) -> Option<Proposal> {
        let at = self.place(slot).ok()?;
        Some(self.accepted[at].1)
    }

    /// All that was accepted from a slot on.
    pub fn from(&self, slot: Slot) -> &[(Slot, Proposal)] {
        let at = self.place(slot).unwrap_or_else(|at| at);
        &self.accepted[at..]
    }

    pub fn iter(&self) -> impl Iterator<Item = (Slot, Proposal)> {
        self.accepted.iter().copied()
    }

    /// Takes the place of what was accepted before. Nothing is accepted any more in a slot that the snapshot
    /// stands for.
    pub fn accept(&mut self, slot: Slot, proposal: Proposal) {
        if slot <= self.compacted() {
            return;
        }
        let accepted = Arc::make_mut(&mut self.accepted);
        match accepted.binary_search_by_key(&slot, |(slot, _)| *slot) {
            Ok(at) => accepted[at].1 = proposal,
            Err(at) => accepted.insert(at, (slot, proposal)),
        }
    }

    /// Lets a snapshot stand for all slots up to its last. What was accepted behind it is kept.
    pub fn compact(&mut self, snapshot: Arc<Snapshot>) {
        self.accepted = Arc::new(self.from(snapshot.last + 1).to_vec());
        self.snapshot = snapshot;
    }

    /// How many commands up to a slot leaders have made up.
    pub fn own_up_to(&self, slot: Slot) -> u32 {
        let accepted = self.iter().take_while(|(at, _)| *at <= slot);
        let own = accepted.filter(|(_, p)| matches!(p.value, Command::Own(..)));
        self.snapshot.own + u32::try_from(own.count()).expect("a short log")
    }

    fn place(&self, slot: Slot) -> Result<usize, usize> {
        self.accepted.binary_search_by_key(&slot, |(slot, _)| *slot)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::NoOp => f.write_str("no-op"),
            Command::Of(_, _, op) => write!(f, "{op}"),
            Command::Decision(decision) => f.write_str(decision.word()),
            Command::Members(_, _, members) => write!(f, "{}", Ask::Members(*members)),
            Command::Own(by, number) => write!(f, "{}{number}", char::from(b'a' + by % 26)),
        }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `[1=1:put x 1 3=2:no-op]`: slots, ballots and commands, behind what a snapshot stands for.
impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        if self.compacted() > 0 {
            write!(f, "..{}|", self.compacted())?;
        }
        for (at, (slot, proposal)) in self.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{}", entry(slot, proposal))?;
        }
        f.write_str("]")
    }
}

/// `3=2:no-op`: in slot 3, in ballot 2.
pub fn entry(slot: Slot, proposal: Proposal) -> String {
    let Proposal { ballot, value } = proposal;
    let Ballot(ballot) = ballot;
    format!("{slot}={ballot}:{value}")
}
