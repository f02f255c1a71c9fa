//! What the sites (the nodes, in MLO's word) are called.

use crate::model::cluster::{enumerate, index};
use crate::model::{Id, NodeSet};

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
