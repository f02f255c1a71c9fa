//! What clients ask for: scripts, or what they draw.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::BadParameter;
use crate::model::params::within;

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

impl Workload {
    pub fn clients(&self) -> u8 {
        match self {
            Workload::Scripts(scripts) => u8::try_from(scripts.len()).unwrap_or(u8::MAX),
            Workload::Drawn(drawn) => drawn.clients,
        }
    }

    /// How many commands a client has.
    pub fn commands_of(&self, client: u8) -> u32 {
        match self {
            Workload::Scripts(scripts) => {
                u32::try_from(scripts[usize::from(client)].len()).expect("a short script")
            }
            Workload::Drawn(drawn) => drawn.commands,
        }
    }

    /// The scripts, and what clients draw from, each line read.
    pub fn read<T>(
        &self,
        line: impl Fn(&String) -> Result<T, BadParameter>,
    ) -> Result<(Vec<Vec<T>>, Vec<T>), BadParameter> {
        let (scripts, drawn): (&[Vec<String>], &[String]) = match self {
            Workload::Scripts(scripts) => (scripts, &[]),
            Workload::Drawn(drawn) => (&[], &drawn.from),
        };
        let script = |script: &Vec<String>| script.iter().map(&line).collect();
        let scripts: Result<_, _> = scripts.iter().map(script).collect();
        let drawn: Result<_, _> = drawn.iter().map(&line).collect();
        Ok((scripts?, drawn?))
    }

    /// Refuses too many clients or commands, and nothing to draw.
    pub fn check(&self) -> Result<(), BadParameter> {
        let count = self.clients();
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
