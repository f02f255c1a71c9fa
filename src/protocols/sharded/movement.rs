//! What must be true while the ring changes: each key has one owner, is never lost, and moves only if it must.

use super::progress::{all_are_done, all_needed_are_up, all_up_are_through};
use super::replication::disk_of;
use super::state::Disk;
use super::{History, Key, Sharded};
use crate::model::{Answer, Disks, Id, NodeSet, Predicate, Property, Reason};

const LAB: &str = "MIT 6.824, lab 4: sharded key/value service";

/// Those of a ring that changes.
pub(super) fn properties(protocol: &Sharded) -> Vec<Property<Sharded>> {
    if protocol.last_epoch() == 0 {
        return Vec::new();
    }
    let mut properties = vec![
        Property::always(
            "one-owner",
            "No two servers have the same key, by their disks.",
            LAB,
            Predicate::Storage(one_owner),
        ),
        Property::always(
            "key-kept",
            "Each key is on some disk: a server has it, or it is frozen for one.",
            LAB,
            Predicate::Storage(key_kept),
        ),
        Property::always(
            "minimal-movement",
            "A key moves only to who joins, or from who leaves.",
            "Karger et al. 1997, Consistent Hashing and Random Trees, 4: monotonicity",
            Predicate::Storage(minimal_movement),
        ),
        Property::reachable(
            "changes-possible",
            "The last change comes to its end.",
            LAB,
            Predicate::World(all_are_done),
        ),
    ];
    if protocol.moves_prepared_parts() {
        properties.push(Property::reachable(
            "prepared-moves-possible",
            "A prepared part moves with its keys.",
            LAB,
            Predicate::History(prepared_moves),
        ));
    }
    properties.push(Property::never_blocked(
        "leavers-not-needed",
        "Whoever has left and is done may go for good: everybody else goes on.",
        LAB,
        Some(Predicate::World(all_needed_are_up)),
        Predicate::World(all_up_are_through),
    ));
    properties
}

/// What is on the disks of the servers.
pub(super) fn disks<'a>(
    protocol: &Sharded,
    disks: &Disks<'a, Sharded>,
) -> Vec<(Id, Option<&'a Disk>)> {
    let of = |id| (id, disk_of(protocol, disks, id));
    protocol.servers().iter().map(of).collect()
}

/// Those of whose disks something is true. On a disk that was never written there is nothing.
fn those(disks: &[(Id, Option<&Disk>)], is_true: impl Fn(&Disk, Id) -> bool) -> NodeSet {
    let nothing = Disk::default();
    let is_true = |(id, disk): &&(Id, Option<&Disk>)| is_true(disk.unwrap_or(&nothing), *id);
    disks.iter().filter(is_true).map(|(id, _)| *id).collect()
}

impl Sharded {
    /// The value of a key that counts: its owner's, or one that is frozen.
    pub(super) fn value_on(&self, disks: &[(Id, Option<&Disk>)], key: Key) -> u32 {
        let owners = those(disks, |disk, id| self.has(disk, id, key));
        let mut written = disks.iter().filter_map(|(id, disk)| Some((*id, (*disk)?)));
        let cell = if let Some(owner) = owners.iter().next() {
            let disk = written.find(|(id, _)| *id == owner);
            disk.and_then(|(_, disk)| disk.values.get(&key))
        } else {
            let mut ranges = written.flat_map(|(_, disk)| disk.outgoing.values());
            ranges.find_map(|range| range.values.get(&key))
        };
        cell.map_or(self.params.balance, |cell| cell.value)
    }

    /// Whether a part of some transaction may move that another coordinates.
    fn moves_prepared_parts(&self) -> bool {
        let moves = |key| (1..=self.last_epoch()).any(|epoch| self.came_from(epoch, key).is_some());
        let mut all = self.scripts.iter().flatten().chain(&self.drawn);
        all.any(|transaction| {
            let coordinator = |epoch| self.coordinator_of(epoch, transaction);
            transaction.keys().any(|key| {
                moves(key)
                    && (0..=self.last_epoch())
                        .any(|epoch| self.owner(epoch, key) != coordinator(epoch))
            })
        })
    }
}

fn one_owner(protocol: &Sharded, storages: &Disks<'_, Sharded>) -> Answer {
    let disks = disks(protocol, storages);
    for key in &protocol.accounts {
        let owners = those(&disks, |disk, id| protocol.has(disk, id, *key));
        Reason::unless(owners.len() <= 1, owners, || {
            format!("{} both have {key}", protocol.names(owners))
        })?;
    }
    Ok(())
}

fn key_kept(protocol: &Sharded, storages: &Disks<'_, Sharded>) -> Answer {
    let disks = disks(protocol, storages);
    for key in &protocol.accounts {
        let keepers = those(&disks, |disk, id| {
            protocol.has(disk, id, *key) || protocol.is_frozen(disk, id, *key)
        });
        Reason::unless(!keepers.is_empty(), NodeSet::EMPTY, || {
            format!("{key} is on nobody's disk")
        })?;
    }
    Ok(())
}

fn minimal_movement(protocol: &Sharded, storages: &Disks<'_, Sharded>) -> Answer {
    for (id, disk) in disks(protocol, storages) {
        let Some(disk) = disk.filter(|disk| !disk.outgoing.is_empty()) else {
            continue;
        };
        let before = protocol.members(disk.epoch - 1);
        let leaves = !protocol.members(disk.epoch).contains(id);
        let mut targets = disk.outgoing.keys();
        if let Some(target) = targets.find(|target| before.contains(**target) && !leaves) {
            let (one, other) = (NodeSet::only(id), NodeSet::only(*target));
            let (from, to) = (protocol.names(one), protocol.names(other));
            let text =
                format!("{from}, which stays, has something for {to}, which was there before");
            return Err(Reason::new(one.union(other), text));
        }
    }
    Ok(())
}

fn prepared_moves(_: &Sharded, history: &History) -> Answer {
    Reason::unless(history.took_over, NodeSet::EMPTY, || {
        "no prepared part moved".to_owned()
    })
}
