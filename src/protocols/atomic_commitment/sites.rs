//! What the sites (the nodes, in MLO's word) are called, and where they stand.

use crate::model::cluster::{enumerate, index};
use crate::model::{Id, Node, NodeSet, Protocol};

/// Where the coordinator lives.
pub fn coordinator() -> Id {
    Id::from(0)
}

pub(super) fn name(id: Id) -> String {
    match index(id) {
        0 => "C".to_owned(),
        i => format!("P{i}"),
    }
}

/// For sentences.
pub fn names(set: NodeSet) -> String {
    enumerate(set.iter().map(name))
}

/// Where a site stands: in its phases while it is up, by its records while it is down.
pub fn status<P: Protocol>(
    node: &Node<P>,
    phases: impl FnOnce(&P::State) -> String,
    records: impl FnOnce(&P::Storage) -> String,
) -> String {
    match node {
        Node::Absent => "not started".to_owned(),
        Node::Up(up) => phases(&up.state),
        Node::Down { storage } => match storage.as_ref().map(records) {
            Some(records) if !records.is_empty() => format!("down ({records})"),
            _ => "down".to_owned(),
        },
    }
}
