//! What clients ask for, as Raft reads it.

use crate::model::{BadParameter, Id, NodeSet};
use crate::protocols::raft::{Ask, Membership, Params, Raft};

impl Params {
    pub(crate) fn client_count(&self) -> u8 {
        self.clients.clients()
    }

    /// What the clients ask for: their scripts, and what they draw from.
    pub(crate) fn asks(&self) -> Result<(Vec<Vec<Ask>>, Vec<Ask>), BadParameter> {
        self.clients.read(|line| self.ask(line))
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
        self.clients.check()?;
        self.asks().map(|_| ())
    }
}

impl Raft {
    /// How many commands a client has.
    pub(crate) fn workload_of(&self, id: Id) -> u32 {
        self.params.clients.commands_of(self.client_number(id))
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
