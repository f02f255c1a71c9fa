//! What must be true of Raft: Figure 3, what the thesis and Ongaro's TLA+ specification add, and what
//! clients may expect.

mod progress;
mod safety;
mod service;
mod steps;

use crate::model::{Disks, Id, Property, Value, View};
use crate::protocols::raft::{History, Index, Raft, Server, Stable, State, Storage};

/// None assumes anything. (2: safe under all non-Byzantine conditions, including network delays,
/// partitions, and packet loss, duplication, and reordering; and servers may crash and come back.)
pub fn properties(raft: &Raft) -> Vec<Property<Raft>> {
    let mut all = safety::properties();
    all.extend(service::properties(raft));
    all.extend(progress::properties());
    all
}

/// What was committed there.
fn value_at(raft: &Raft, history: &History, index: Index) -> Value {
    let entry = history.committed_at(index).expect("committed");
    raft.name_of(entry.content)
}

/// The servers that are up.
fn running<'a>(
    raft: &'a Raft,
    world: &'a dyn View<Raft>,
) -> impl Iterator<Item = (Id, &'a Server)> {
    raft.servers
        .iter()
        .filter_map(|id| server(world, id).map(|s| (id, s)))
}

fn server(world: &dyn View<Raft>, id: Id) -> Option<&Server> {
    match world.node(id).state() {
        Some(State::Server(server)) => Some(server),
        _ => None,
    }
}

/// What a server has on its disk.
fn stored<'a>(disks: &Disks<'a, Raft>, id: Id) -> Option<&'a Stable> {
    match disks.of(id) {
        Some(Storage::Server(stable)) => Some(stable),
        _ => None,
    }
}
