//! What clients ask for: scripts, or what they draw.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Ask;
use crate::model::cluster::index;
use crate::model::params::within;
use crate::model::{BadParameter, Id, TimerRange};

/// The largest numbers of clients, and of commands that one draws.
const CLIENTS_MAX: u8 = 15;
const COMMANDS_MAX: u32 = 1000;

/// What clients ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = r#"expected a list of commands for each client: [["put x 1"]]; or what each draws its commands from: {"clients": 1, "commands": 2, "from": ["put x 1"]}"#
)]
pub enum Workload {
    /// One script for each client.
    Scripts(Vec<Vec<String>>),
    /// Each client draws its commands.
    Drawn(Drawn),
}

/// A workload that is left to chance: to the seed in a run, to the search in a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drawn {
    #[schemars(range(min = 1, max = 15))]
    pub clients: u8,
    /// How many commands each has.
    #[schemars(range(min = 1, max = 1000))]
    pub commands: u32,
    /// What they are drawn from; written twice it is drawn twice as often.
    pub from: Vec<String>,
}

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

impl Workload {
    pub fn client_count(&self) -> u8 {
        match self {
            Workload::Scripts(scripts) => u8::try_from(scripts.len()).unwrap_or(u8::MAX),
            Workload::Drawn(drawn) => drawn.clients,
        }
    }

    fn commands(&self) -> u32 {
        match self {
            Workload::Scripts(_) => 0,
            Workload::Drawn(drawn) => drawn.commands,
        }
    }

    /// What the clients ask for: their scripts, and what they draw from. `refused` says what of it makes no
    /// sense, and why.
    pub fn asks(
        &self,
        refused: &dyn Fn(Ask) -> Option<String>,
    ) -> Result<(Vec<Vec<Ask>>, Vec<Ask>), BadParameter> {
        let (scripts, drawn): (&[Vec<String>], &[String]) = match self {
            Workload::Scripts(scripts) => (scripts, &[]),
            Workload::Drawn(drawn) => (&[], &drawn.from),
        };
        let bad = |message: String| BadParameter::new("clients", message);
        let read = |line: &String| {
            let ask: Ask = line.parse().map_err(bad)?;
            match refused(ask) {
                Some(why) => Err(bad(format!("`{line}`: {why}"))),
                None => Ok(ask),
            }
        };
        let script = |script: &Vec<String>| script.iter().map(read).collect();
        let scripts: Result<_, _> = scripts.iter().map(script).collect();
        let drawn: Result<_, _> = drawn.iter().map(read).collect();
        Ok((scripts?, drawn?))
    }

    pub fn check(&self) -> Result<(), BadParameter> {
        let count = self.client_count();
        let what = format!("{count} clients");
        within("clients", count, 0..=CLIENTS_MAX, &what)?;
        if let Workload::Drawn(drawn) = self {
            let commands = drawn.commands;
            if drawn.clients == 0 || drawn.from.is_empty() || commands == 0 {
                let message = "nothing to draw: write how many clients and commands, and from what";
                return Err(BadParameter::new("clients", message));
            }
            let what = format!("{commands} commands");
            within("clients", commands, 1..=COMMANDS_MAX, &what)?;
        }
        Ok(())
    }
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
            commands: workload.commands(),
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
