//! What must be true of Raft: Figure 3, what the thesis and Ongaro's TLA+ specification add, and what
//! clients may expect.

mod evidence;
mod progress;
mod safety;
mod service;
mod steps;
mod successes;

pub use self::successes::successes;
use crate::model::{Id, Nodes, Property, Value};
use crate::protocols::raft::{History, Index, Raft, Server};

/// None assumes anything. (2: safe under all non-Byzantine conditions, including network delays,
/// partitions, and packet loss, duplication, and reordering; and servers may crash and come back.)
pub fn properties(raft: &Raft) -> Vec<Property<Raft>> {
    let mut all = safety::properties();
    all.extend(evidence::properties());
    all.extend(service::properties(raft));
    all.extend(progress::properties());
    all
}

/// What was committed there.
fn value_at(raft: &Raft, history: &History, index: Index) -> Value {
    raft.name_of(history.committed[&index].content)
}

/// The servers that are up.
fn running<'a>(
    raft: &'a Raft,
    nodes: &'a Nodes<'_, Raft>,
) -> impl Iterator<Item = (Id, &'a Server)> {
    let server = |id| Some((id, nodes.state(id)?.server()?));
    raft.servers.iter().filter_map(server)
}
