//! The epochs of the ring: who is a member in each, and which keys move as it begins.

use super::groups::{Groups, Node};
use super::{Key, Mistake, Sharded};
use crate::model::cluster::index;
use crate::model::{BadParameter, Id, NodeSet};
use crate::protocols::consistent_hashing::{Ring, Space};

/// How often the ring has changed.
pub type Epoch = u8;

/// The ring of one epoch.
#[derive(Clone, Debug)]
pub(super) struct Configuration {
    pub members: NodeSet,
    ring: Ring<Node>,
}

impl Configuration {
    /// That of servers by their places.
    pub fn of(members: NodeSet, groups: &Groups, virtual_nodes: u32) -> Self {
        let nodes = || members.iter().map(|place| Node(index(place)));
        Configuration {
            members: nodes().map(|node| groups.server(node)).collect(),
            ring: Ring::of(Space::WHOLE, nodes(), virtual_nodes),
        }
    }
}

/// The members of each epoch, by their places: at first all servers but those that join before they leave.
pub(super) fn members(changes: &[String], servers: u8) -> Result<Vec<NodeSet>, BadParameter> {
    let bad = |message: String| BadParameter::new("changes", message);
    let read = |line: &String| change(line, servers).map_err(bad);
    let all: Vec<(Id, bool)> = changes.iter().map(read).collect::<Result<_, _>>()?;
    let joins_first = |id: &Id| {
        let first = all.iter().find(|(server, _)| server == id);
        first.is_some_and(|(_, joins)| *joins)
    };
    let servers = NodeSet::first(servers.into()).iter();
    let mut members: NodeSet = servers.filter(|id| !joins_first(id)).collect();
    let mut epochs = vec![members];
    for (line, (server, joins)) in changes.iter().zip(&all) {
        if members.contains(*server) == *joins {
            let is = if *joins { "is one" } else { "is none" };
            return Err(bad(format!(
                "`{line}`, and {is} of the members by then: leave it out"
            )));
        }
        members = if *joins {
            members.with(*server)
        } else {
            members.without(*server)
        };
        epochs.push(members);
    }
    if epochs.iter().any(|members| members.is_empty()) {
        return Err(bad("nobody is left to own a key".to_owned()));
    }
    Ok(epochs)
}

/// Reads `S3 joins` or `S1 leaves`.
fn change(line: &str, servers: u8) -> Result<(Id, bool), String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (server, joins) = match words[..] {
        [server, "joins"] => (server, true),
        [server, "leaves"] => (server, false),
        _ => {
            return Err(format!(
                "`{line}` is no change: write `S3 joins` or `S1 leaves`"
            ));
        }
    };
    let number = server
        .strip_prefix('S')
        .and_then(|number| number.parse().ok());
    match number.filter(|number| (1..=usize::from(servers)).contains(number)) {
        Some(number) => Ok((Id::from(number - 1), joins)),
        None => Err(format!(
            "`{line}`: there is no {server} among {servers} servers"
        )),
    }
}

impl Sharded {
    pub(super) fn last_epoch(&self) -> Epoch {
        let changes = self.configurations.len() - 1;
        Epoch::try_from(changes).expect("few changes")
    }

    pub(super) fn members(&self, epoch: Epoch) -> NodeSet {
        self.configurations[usize::from(epoch)].members
    }

    /// Those whom the change to this epoch is about: who is a member, or was one.
    pub(super) fn participants(&self, epoch: Epoch) -> NodeSet {
        match epoch.checked_sub(1) {
            Some(before) => self.members(before).union(self.members(epoch)),
            None => NodeSet::EMPTY,
        }
    }

    pub(super) fn owner(&self, epoch: Epoch, key: Key) -> Id {
        let Configuration { members, ring } = &self.configurations[usize::from(epoch)];
        if self.makes(Mistake::PlacesByRemainder) {
            let place = Space::WHOLE.key([key.0]) % members.len() as u64;
            let place = usize::try_from(place).expect("few servers");
            return members.iter().nth(place).expect("there is a server");
        }
        let node = ring.owner([key.0]);
        self.groups.server(*node.expect("there is a server"))
    }

    /// The owner before, of a key that moves as this epoch begins.
    pub(super) fn came_from(&self, epoch: Epoch, key: Key) -> Option<Id> {
        let from = self.owner(epoch.checked_sub(1)?, key);
        (from != self.owner(epoch, key)).then_some(from)
    }

    /// The epoch in which a key came to its owner.
    pub(super) fn since(&self, epoch: Epoch, key: Key) -> Epoch {
        let mut moves = (1..=epoch).rev();
        let last = moves.find(|epoch| self.came_from(*epoch, key).is_some());
        last.unwrap_or(0)
    }

    /// Those that have something for this server as this epoch begins.
    pub(super) fn sources(&self, epoch: Epoch, id: Id) -> NodeSet {
        let to_it = |key: &&Key| self.owner(epoch, **key) == id;
        let keys = self.accounts.iter().filter(to_it);
        keys.filter_map(|key| self.came_from(epoch, *key)).collect()
    }

    /// Those for whom this server has something as this epoch begins.
    pub(super) fn targets(&self, epoch: Epoch, id: Id) -> NodeSet {
        let from_it = |key: &&Key| self.came_from(epoch, **key) == Some(id);
        let keys = self.accounts.iter().filter(from_it);
        keys.map(|key| self.owner(epoch, *key)).collect()
    }
}
