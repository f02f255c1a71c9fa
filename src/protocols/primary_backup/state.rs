//! Views, and where nodes stand.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::elected::Replica;
use super::{Command, Copy, Op, ViewService, name};
use crate::model::{Few, Id};

/// 0 stands for no view.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ViewNumber(pub u32);

/// A server between two crashes that made it forget its state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Member {
    pub server: Id,
    /// How often it came back with nothing.
    pub incarnation: u32,
}

/// Who is primary and who is backup.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct View {
    pub number: ViewNumber,
    pub primary: Member,
    pub backup: Option<Member>,
}

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Server {
    pub incarnation: u32,
    /// The last view that it has heard of.
    pub view: Option<View>,
    /// Blank if it has no part that needs the state.
    pub copy: Arc<Copy>,
    pub role: Role,
}

/// The part that a server has in its view.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    Idle,
    /// The backup to be, which has not got the state.
    Awaiting,
    Backup,
    Primary(Primary),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Primary {
    pub phase: Phase,
    /// What clients wait for, and was not begun.
    pub line: Vec<Command>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Its backup has not got the state.
    Transferring,
    /// One operation at a time is with the backup, and not executed here.
    Serving { forwarded: Option<Command> },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Client {
    /// The number of its last command.
    pub serial: u32,
    /// Whom it takes for the primary.
    pub server: Option<Id>,
    /// What it waits for.
    pub asked: Option<Asked>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Asked {
    pub op: Op,
    /// How often it may still ask again; `None` if it never gives up.
    pub tries_left: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    Service(ViewService),
    Server(Server),
    /// A server that elects its primary with others.
    Replica(Replica),
    Client(Client),
}

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Storage {
    /// The view, and whether it is acknowledged.
    Service(Option<View>, bool),
    /// All of it with `durable`, otherwise the incarnation alone.
    Server(Server),
    /// Of a server that elects its primary: how often it has recovered.
    Replica {
        nonce: u32,
        /// The last view that it voted for.
        wanted: ViewNumber,
    },
    /// The number of its last command.
    Client(u32),
}

impl ViewNumber {
    pub fn next(self) -> Self {
        ViewNumber(self.0 + 1)
    }

    pub fn previous(self) -> Self {
        ViewNumber(self.0.saturating_sub(1))
    }
}

impl Member {
    /// A server that was never down.
    pub fn first(server: Id) -> Self {
        Member {
            server,
            incarnation: 0,
        }
    }
}

impl View {
    pub fn has(&self, member: Member) -> bool {
        self.primary == member || self.backup == Some(member)
    }

    pub fn members(&self) -> Few<Member> {
        self.backup.into_iter().chain([self.primary]).collect()
    }
}

impl Server {
    /// With nothing.
    pub fn blank(incarnation: u32) -> Self {
        Server {
            incarnation,
            view: None,
            copy: Arc::default(),
            role: Role::Idle,
        }
    }

    pub fn number(&self) -> ViewNumber {
        self.view.map_or(ViewNumber(0), |view| view.number)
    }

    pub fn has_state(&self) -> bool {
        matches!(self.role, Role::Backup | Role::Primary(_))
    }

    pub fn primary(&self) -> Option<&Primary> {
        match &self.role {
            Role::Primary(primary) => Some(primary),
            _ => None,
        }
    }

    /// Whether it answers clients.
    pub fn serves(&self) -> bool {
        let serves = |primary: &Primary| matches!(primary.phase, Phase::Serving { .. });
        self.primary().is_some_and(serves)
    }

    /// The backup that the primary has.
    pub fn its_backup(&self) -> Option<Member> {
        self.primary()?;
        self.view?.backup
    }

    /// What of it is written down: clients that wait ask again.
    pub fn record(&self) -> Self {
        let mut record = self.clone();
        if let Role::Primary(primary) = &mut record.role {
            primary.line.clear();
        }
        record
    }
}

impl State {
    pub fn server(&self) -> Option<&Server> {
        match self {
            State::Server(server) => Some(server),
            _ => None,
        }
    }

    pub fn replica(&self) -> Option<&Replica> {
        match self {
            State::Replica(replica) => Some(replica),
            _ => None,
        }
    }

    /// What a server has executed.
    pub fn copy(&self) -> Option<&Copy> {
        match self {
            State::Server(server) => Some(&server.copy),
            State::Replica(replica) => Some(&replica.copy),
            State::Service(_) | State::Client(_) => None,
        }
    }

    /// The number of the last view that a server has heard of.
    pub fn number(&self) -> Option<ViewNumber> {
        match self {
            State::Server(server) => Some(server.number()),
            State::Replica(replica) => Some(replica.view),
            State::Service(_) | State::Client(_) => None,
        }
    }
}

impl fmt::Debug for ViewNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// `S1`, and `S1.2` when it has come back with nothing twice.
impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&name(self.server))?;
        match self.incarnation {
            0 => Ok(()),
            n => write!(f, ".{n}"),
        }
    }
}

/// `2: S1, S2`.
impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:?}", self.number, self.primary)?;
        match self.backup {
            Some(backup) => write!(f, ", {backup:?}"),
            None => f.write_str(" alone"),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("incarnation", &self.incarnation)
            .field("view", &self.view)
            .field("copy", &self.copy)
            .field("role", &self.role)
            .finish()
    }
}

/// As a record of a log.
impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Storage::Service(view, acknowledged) => {
                let acknowledged = if *acknowledged { ", acknowledged" } else { "" };
                match view {
                    Some(view) => write!(f, "View({view:?}{acknowledged})"),
                    None => f.write_str("View(none)"),
                }
            }
            Storage::Server(server) => match server.view {
                Some(view) => write!(f, "Server({view:?}, {:?})", server.copy),
                None => write!(f, "Incarnation({})", server.incarnation),
            },
            Storage::Replica { nonce, wanted } => write!(f, "Recovery({nonce}, wants {wanted:?})"),
            Storage::Client(serial) => write!(f, "Begun({serial})"),
        }
    }
}
