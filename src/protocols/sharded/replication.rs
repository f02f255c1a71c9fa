//! What must be true of the replicas of a server, and what is on the disk of a server that has some.

use super::state::{Disk, Storage};
use super::{Proposal, Sharded};
use crate::model::{Answer, Disks, Id, NodeSet, Predicate, Property, Reason, View};

/// Those of replicas.
pub(super) fn properties(protocol: &Sharded) -> Vec<Property<Sharded>> {
    if !protocol.has_replicas() {
        return Vec::new();
    }
    vec![Property::always(
        "chosen-survives",
        "What the replicas of a server have chosen and said, any majority of them knows, or what came after it.",
        "Lamport 2001, Paxos Made Simple, 2.2: P2c",
        Predicate::Storage(chosen_survives),
    )]
}

/// What each replica of a server has accepted, in the order of ballots and versions.
fn accepted<'a>(
    protocol: &Sharded,
    storages: &Disks<'a, Sharded>,
    server: Id,
) -> Vec<(Id, Option<&'a Proposal>)> {
    let replicas = protocol.nodes_of(server).iter();
    let of = |id| {
        let record = storages.of(id).and_then(Storage::record);
        (id, record.map(|record| &*record.accepted))
    };
    let mut accepted: Vec<_> = replicas.map(of).collect();
    accepted.sort_by_key(|(_, proposal)| proposal.map(|p| (p.ballot, p.version)));
    accepted
}

/// What a server is to have on its disk, as the replica knows that has accepted the latest of it.
pub(super) fn latest<'a>(
    protocol: &Sharded,
    storages: &Disks<'a, Sharded>,
    server: Id,
) -> Option<&'a Proposal> {
    accepted(protocol, storages, server).last()?.1
}

/// What is on the disk of a server.
pub(super) fn disk_of<'a>(
    protocol: &Sharded,
    storages: &Disks<'a, Sharded>,
    server: Id,
) -> Option<&'a Disk> {
    if protocol.is_replicated(server) {
        return latest(protocol, storages, server).map(|latest| &latest.disk);
    }
    storages.of(server).and_then(Storage::disk)
}

/// Whoever is behind F others, in that order, is the first of some majority: a new leader would go on with what that one
/// has accepted.
fn chosen_survives(protocol: &Sharded, storages: &Disks<'_, Sharded>) -> Answer {
    for (server, (version, _)) in &storages.history().chosen {
        let accepted = accepted(protocol, storages, *server);
        let faults = accepted.len() / 2;
        for (id, proposal) in &accepted[faults..] {
            let knows = proposal.map_or(0, |proposal| proposal.version);
            Reason::unless(knows >= *version, NodeSet::only(*id), || {
                let names = protocol.names(NodeSet::only(*id));
                let group = protocol.names(protocol.nodes_of(*server));
                format!(
                    "{group} have chosen version {version}, and a majority knows only version {knows}, of {names}"
                )
            })?;
        }
    }
    Ok(())
}

/// Whether of each server a majority of the replicas is up, and of those that have one the master.
pub(super) fn majorities_are_up(protocol: &Sharded, world: &dyn View<Sharded>) -> Answer {
    for server in protocol.servers().iter() {
        let up = protocol.nodes_of(server).intersection(world.up());
        Reason::unless(
            protocol.is_majority(up, server),
            protocol.nodes_of(server),
            || {
                let place = protocol.names(NodeSet::only(server));
                format!("no majority of {place}'s replicas is up")
            },
        )?;
    }
    let master = protocol
        .master()
        .is_none_or(|master| world.up().contains(master));
    Reason::unless(master, NodeSet::EMPTY, || "M is down".to_owned())
}
