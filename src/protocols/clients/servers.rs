//! Servers, which come first in the cluster.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::cluster::index;
use crate::model::{Id, NodeSet};

/// The largest number of servers.
pub const SERVERS_MAX: u8 = 15;

/// A set of servers in few bytes, since logs and messages are made of them: servers come first among
/// the nodes, and there are few.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "NodeSet", into = "NodeSet")]
pub struct Servers(u16);

const _: () = assert!(SERVERS_MAX as u32 <= u16::BITS);

impl Servers {
    /// Of a set that has no other nodes.
    pub fn of(set: NodeSet) -> Self {
        Servers::try_from(set).expect("servers")
    }
}

impl TryFrom<NodeSet> for Servers {
    type Error = String;

    fn try_from(set: NodeSet) -> Result<Self, String> {
        let bits = u16::try_from(set.bits());
        bits.map(Servers)
            .map_err(|_| format!("{set:?}: servers are among the first {}", u16::BITS))
    }
}

impl From<Servers> for NodeSet {
    fn from(servers: Servers) -> Self {
        NodeSet::from_bits(servers.0.into())
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        NodeSet::from(*self).fmt(f)
    }
}

/// What a server is called.
pub fn name(id: Id) -> String {
    format!("S{}", index(id) + 1)
}

/// Several, separated by spaces.
pub fn names(set: NodeSet) -> String {
    let names: Vec<String> = set.iter().map(name).collect();
    names.join(" ")
}
