//! Which nodes stand for which server: one, or a group of replicas. A server goes by the id of its first replica,
//! wherever servers are meant and not nodes.

use std::fmt;

use super::{Mistake, Sharded};
use crate::model::actor::Done;
use crate::model::cluster::index;
use crate::model::{Command, FewMap, Id, NodeSet, Out};

/// The replicas of each server, in the order of servers. They come first of all nodes, those of a server next to each
/// other.
#[derive(Clone, Debug)]
pub(super) struct Groups {
    groups: Vec<NodeSet>,
    /// The place of its group, of each node.
    of: Vec<usize>,
}

/// A server by its place among the servers. On the ring it is called `node 1`: so x, y and z are on S1, S2 and S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node(pub usize);

impl Groups {
    /// Of so many servers; of the first ones this says how many replicas may fail. All others are by themselves.
    pub fn of(servers: u8, faults: &[u8]) -> Self {
        let mut groups = Groups {
            groups: Vec::new(),
            of: Vec::new(),
        };
        for server in 0..usize::from(servers) {
            let faults = faults.get(server).copied().unwrap_or(0);
            let first = groups.of.len();
            let behind = first + 2 * usize::from(faults) + 1;
            let replicas = NodeSet::first(behind).minus(NodeSet::first(first));
            groups.groups.push(replicas);
            groups.of.resize(behind, server);
        }
        groups
    }

    pub fn nodes(&self) -> usize {
        self.of.len()
    }

    /// The servers, by their first replicas.
    pub fn servers(&self) -> impl Iterator<Item = Id> {
        (0..self.groups.len()).map(|place| self.server(Node(place)))
    }

    pub fn server(&self, node: Node) -> Id {
        let replicas = self.groups[node.0].iter().next();
        replicas.expect("a server has a replica")
    }

    /// The server that a node stands for, if it stands for any.
    fn place(&self, node: Id) -> Option<usize> {
        self.of.get(index(node)).copied()
    }
}

impl Sharded {
    pub(super) fn servers(&self) -> NodeSet {
        self.groups.servers().collect()
    }

    /// All replicas of all servers.
    pub(super) fn replicas(&self) -> NodeSet {
        NodeSet::first(self.groups.nodes())
    }

    pub(super) fn is_server(&self, node: Id) -> bool {
        self.groups.place(node).is_some()
    }

    /// Whom a node stands for: a server, or itself.
    pub(super) fn stands_for(&self, node: Id) -> Id {
        match self.groups.place(node) {
            Some(place) => self.groups.server(Node(place)),
            None => node,
        }
    }

    /// The nodes that stand for somebody.
    pub(super) fn nodes_of(&self, somebody: Id) -> NodeSet {
        match self.groups.place(somebody) {
            Some(place) => self.groups.groups[place],
            None => NodeSet::only(somebody),
        }
    }

    pub(super) fn is_replicated(&self, node: Id) -> bool {
        self.nodes_of(node).len() > 1
    }

    pub(super) fn has_replicas(&self) -> bool {
        self.groups.nodes() > self.groups.groups.len()
    }

    /// Whether an incarnation of a server is over for somebody who knows so much of others: another has been it since, and
    /// has promised what this one does not know of. (One that is by itself is never two at a time.)
    pub(super) fn is_superseded(
        &self,
        known: &FewMap<Id, u32>,
        server: Id,
        incarnation: u32,
    ) -> bool {
        let last = known.get(&server).copied().unwrap_or(1);
        let is_over = self.is_replicated(server) && incarnation < last;
        is_over && !self.makes(Mistake::HearsSuperseded)
    }

    /// Of these, those that a timer may be said to wait for: nobody can tell which replica of a server is to blame.
    pub(super) fn awaited(&self, set: NodeSet) -> NodeSet {
        if set.iter().any(|id| self.is_replicated(id)) {
            return NodeSet::EMPTY;
        }
        set
    }

    /// `S2`, and `S2b` and `S2c` where that has three replicas.
    pub(super) fn server_name(&self, node: Id) -> Option<String> {
        let place = self.groups.place(node)?;
        let number = index(node) - index(self.groups.server(Node(place)));
        let number = u8::try_from(number).expect("few replicas");
        let letter = (number > 0).then(|| char::from(b'a' + number));
        Some(format!(
            "S{}{}",
            place + 1,
            letter.map_or(String::new(), String::from)
        ))
    }

    /// Has a node speak to servers, and what it says go to all their replicas.
    pub(super) fn speaks<T>(
        &self,
        o: &mut Out<Self>,
        speak: impl FnOnce(&mut Out<Self>) -> T,
    ) -> T {
        if !self.has_replicas() {
            return speak(o);
        }
        let mut done = Out::default();
        let result = speak(&mut done);
        done.each_in_order(&mut |done| match done {
            Done::Observed(claim) => o.observe(claim),
            Done::Gave(Command::Send(to, msg)) => o.broadcast(self.nodes_of(to), &msg),
            Done::Gave(command) => o.give(command),
        });
        result
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.0 + 1)
    }
}
