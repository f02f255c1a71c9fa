//! The clients of a cluster, together: how many servers they have, what they ask for, how long they wait.

use super::Ask;
use crate::model::cluster::index;
use crate::model::{BadParameter, Id, TimerRange};
use crate::protocols::key_value::Workload;

/// The clients of a cluster of so many servers: their workload, as it is read, and their patience.
#[derive(Clone, Debug)]
pub struct Clients {
    pub servers: usize,
    /// What each client asks for, one after the other, if that is written down.
    pub scripts: Vec<Vec<Ask>>,
    /// What clients draw from, if it is not, and how often.
    pub drawn: Vec<Ask>,
    pub commands: u32,
    pub think: TimerRange,
    pub retry: TimerRange,
    pub tries: Option<u32>,
}

/// What the clients of a workload ask for: their scripts, and what they draw from. `refused` says what of it makes no
/// sense, and why.
pub fn asks(
    workload: &Workload,
    refused: &dyn Fn(Ask) -> Option<String>,
) -> Result<(Vec<Vec<Ask>>, Vec<Ask>), BadParameter> {
    let bad = |message: String| BadParameter::new("clients", message);
    workload.read(|line| {
        let ask: Ask = line.parse().map_err(bad)?;
        match refused(ask) {
            Some(why) => Err(bad(format!("`{line}`: {why}"))),
            None => Ok(ask),
        }
    })
}

impl Clients {
    /// Of a workload that is in order.
    pub fn new(
        servers: usize,
        workload: &Workload,
        (scripts, drawn): (Vec<Vec<Ask>>, Vec<Ask>),
        (think, retry, tries): (TimerRange, TimerRange, Option<u32>),
    ) -> Self {
        Clients {
            servers,
            scripts,
            drawn,
            commands: match workload {
                Workload::Scripts(_) => 0,
                Workload::Drawn(drawn) => drawn.commands,
            },
            think,
            retry,
            tries,
        }
    }

    /// How many commands a client has.
    pub fn workload_of(&self, id: Id) -> u32 {
        match self.scripts.get(usize::from(self.number(id))) {
            Some(script) => u32::try_from(script.len()).expect("a short script"),
            None => self.commands,
        }
    }

    /// What a client asks for that has asked so many times, if that is written down.
    pub fn next_of(&self, id: Id, serial: u32) -> Option<Ask> {
        let script = self.scripts.get(usize::from(self.number(id)))?;
        script.get(serial as usize).copied()
    }

    /// All that any client may ask for.
    pub fn all(&self) -> impl Iterator<Item = Ask> {
        self.scripts.iter().flatten().chain(&self.drawn).copied()
    }

    pub fn is_server(&self, id: Id) -> bool {
        index(id) < self.servers
    }

    /// The number of a client among the clients, from 0 on.
    pub fn number(&self, id: Id) -> u8 {
        u8::try_from(index(id) - self.servers).expect("few clients")
    }

    /// The first server that a client asks. (Ongaro & Ousterhout, 8: randomly chosen.)
    pub(super) fn first_server(&self, id: Id) -> Id {
        Id::from(usize::from(self.number(id)) % self.servers)
    }

    pub(super) fn server_after(&self, id: Id) -> Id {
        Id::from((index(id) + 1) % self.servers)
    }
}
