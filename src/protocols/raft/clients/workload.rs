//! What clients ask for: scripts, or what they draw.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::params::within;
use crate::model::{BadParameter, Id, NodeSet};
use crate::protocols::raft::{Ask, Membership, Params, Raft};

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

impl Params {
    pub(crate) fn client_count(&self) -> u8 {
        match &self.clients {
            Workload::Scripts(scripts) => u8::try_from(scripts.len()).unwrap_or(u8::MAX),
            Workload::Drawn(drawn) => drawn.clients,
        }
    }

    /// What the clients ask for: their scripts, and what they draw from.
    pub(crate) fn asks(&self) -> Result<(Vec<Vec<Ask>>, Vec<Ask>), BadParameter> {
        let (scripts, drawn): (&[Vec<String>], &[String]) = match &self.clients {
            Workload::Scripts(scripts) => (scripts, &[]),
            Workload::Drawn(drawn) => (&[], &drawn.from),
        };
        let read = |line: &String| self.ask(line);
        let script = |script: &Vec<String>| script.iter().map(read).collect();
        let scripts: Result<_, _> = scripts.iter().map(script).collect();
        let drawn: Result<_, _> = drawn.iter().map(read).collect();
        Ok((scripts?, drawn?))
    }

    fn ask(&self, line: &str) -> Result<Ask, BadParameter> {
        let bad = |message: String| BadParameter::new("clients", message);
        let ask: Ask = line.parse().map_err(bad)?;
        let named = match ask {
            Ask::Operation(_) => return Ok(ask),
            Ask::Transfer(id) => NodeSet::only(id),
            Ask::Members(members) => members.named(),
        };
        if !named.is_subset(NodeSet::first(self.servers.into())) {
            let message = format!("`{line}`: there are only {} servers", self.servers);
            return Err(bad(message));
        }
        if matches!(ask, Ask::Members(_)) && self.membership == Membership::Fixed {
            let message = format!(
                "`{line}`: nobody can be added or removed with `\"membership\": \"fixed\"`; \
                 write \"single\" or \"joint\""
            );
            return Err(bad(message));
        }
        Ok(ask)
    }

    pub(crate) fn check_workload(&self) -> Result<(), BadParameter> {
        let count = self.client_count();
        let what = format!("{count} clients");
        within("clients", count, 0..=CLIENTS_MAX, &what)?;
        if let Workload::Drawn(drawn) = &self.clients {
            let commands = drawn.commands;
            if drawn.clients == 0 || drawn.from.is_empty() || commands == 0 {
                let message = "nothing to draw: write how many clients and commands, and from what";
                return Err(BadParameter::new("clients", message));
            }
            let what = format!("{commands} commands");
            within("clients", commands, 1..=COMMANDS_MAX, &what)?;
        }
        self.asks().map(|_| ())
    }
}

impl Raft {
    /// How many commands a client has.
    pub(crate) fn workload_of(&self, id: Id) -> u32 {
        match &self.params.clients {
            Workload::Scripts(_) => {
                let script = &self.scripts[self.client_number(id) as usize];
                u32::try_from(script.len()).expect("a short script")
            }
            Workload::Drawn(drawn) => drawn.commands,
        }
    }

    /// Whether any client has anything to ask for.
    pub(crate) fn has_workload(&self) -> bool {
        self.scripts.iter().any(|script| !script.is_empty()) || !self.drawn.is_empty()
    }

    /// Whether any client may ask for a transfer of leadership.
    pub(crate) fn transfers_are_asked_for(&self) -> bool {
        let mut all = self.scripts.iter().flatten().chain(&self.drawn);
        all.any(|ask| matches!(ask, Ask::Transfer(_)))
    }
}
