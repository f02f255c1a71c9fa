//! What progress of transactions across shards asks of a world, and who waits for whom where it does not come.

use super::state::Disk;
use super::{Client, Master, Server, Sharded, State};
use crate::model::{Answer, FewMap, Id, NodeSet, Reason, View};
use crate::protocols::consensus::Ballot;
use crate::protocols::transactions::Txn;

/// Somebody waits at a server for somebody else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Wait {
    who: Txn,
    at: Id,
    whom: Txn,
}

/// Whether nothing is under way at the servers that are up, and all clients that are up have been told.
pub(super) fn all_up_are_through(protocol: &Sharded, world: &dyn View<Sharded>) -> Answer {
    let waits = waits(protocol, world);
    if let Some(cycle) = cycle(&waits) {
        return Err(told(protocol, &cycle));
    }
    for (id, disk) in disks(protocol, world) {
        if let Some(txn) = disk.prepared.keys().next() {
            let name = protocol.names(NodeSet::only(id));
            let text = format!("{name} voted yes in {txn} and does not know the outcome");
            return Err(Reason::new(NodeSet::only(id), text));
        }
    }
    if let Some(wait) = waits.first() {
        return Err(told(protocol, &[*wait]));
    }
    for (id, server) in servers(protocol, world) {
        if let Some((txn, collecting)) = server.collecting.iter().next() {
            let missing = collecting.owners.minus(collecting.yes);
            let (name, missing) = (protocol.names(NodeSet::only(id)), protocol.names(missing));
            let text = format!("{name} waits for the vote of {missing} in {txn}");
            return Err(Reason::new(NodeSet::only(id), text));
        }
    }
    for id in protocol.clients().intersection(world.up()).iter() {
        let client = world.node(id).state().and_then(|state| state.client());
        let is_through = client.is_some_and(|client| protocol.is_through(id, client));
        Reason::unless(is_through, NodeSet::only(id), || {
            format!("{} waits to be told", protocol.names(NodeSet::only(id)))
        })?;
    }
    if master(protocol, world).is_some() {
        all_are_done(protocol, world)?;
    }
    Ok(())
}

/// Whether the last change has come to its end, as the master knows.
pub(super) fn all_are_done(protocol: &Sharded, world: &dyn View<Sharded>) -> Answer {
    let Some(master) = master(protocol, world) else {
        return Err(Reason::new(NodeSet::EMPTY, "nobody has the ring change"));
    };
    let missing = protocol.missing(master);
    Reason::unless(missing.is_empty(), missing, || {
        let (epoch, names) = (master.epoch, protocol.names(missing));
        format!("M waits until {names} is done with epoch {epoch}")
    })?;
    let is_last = master.epoch == protocol.last_epoch();
    Reason::unless(is_last, NodeSet::EMPTY, || {
        format!("M has yet to begin epoch {}", master.epoch + 1)
    })
}

/// Whether only those are down that have left for good, as the master knows.
pub(super) fn all_needed_are_up(protocol: &Sharded, world: &dyn View<Sharded>) -> Answer {
    let down = protocol.all().minus(world.up());
    let has_left = |id: &Id| {
        let master = master(protocol, world);
        protocol.is_server(*id) && master.is_some_and(|master| protocol.has_left(master, *id))
    };
    let needed: NodeSet = down.iter().filter(|id| !has_left(id)).collect();
    Reason::unless(needed.is_empty(), needed, || {
        format!("{} is down", protocol.names(needed))
    })
}

/// The master, if it is up.
fn master(protocol: &Sharded, world: &dyn View<Sharded>) -> Option<Master> {
    world.node(protocol.master()?).state()?.master()
}

/// Whether everybody is up and through, and no coordinator remembers anything that it need not.
pub(super) fn all_are_through(protocol: &Sharded, world: &dyn View<Sharded>) -> Answer {
    let down = protocol.all().minus(world.up());
    if !down.is_empty() {
        let are = if down.len() == 1 { "is" } else { "are" };
        let text = format!("{} {are} down", protocol.names(down));
        return Err(Reason::new(down, text));
    }
    all_up_are_through(protocol, world)?;
    for (id, disk) in disks(protocol, world) {
        if let Some(txn) = disk.committed.keys().next() {
            let missing = protocol.unacknowledged(disk, *txn);
            let (name, missing) = (protocol.names(NodeSet::only(id)), protocol.names(missing));
            let text = format!("{name} waits until {missing} acknowledges {txn}");
            return Err(Reason::new(NodeSet::only(id), text));
        }
    }
    Ok(())
}

/// Whether somebody waits for a lock.
pub(super) fn somebody_waits(protocol: &Sharded, world: &dyn View<Sharded>) -> Answer {
    let waits = !waits(protocol, world).is_empty();
    Reason::unless(waits, NodeSet::EMPTY, || "nobody waits".to_owned())
}

impl Sharded {
    fn is_through(&self, id: Id, client: &Client) -> bool {
        client.asked.is_none() && client.begun.transactions >= self.workload_of(id)
    }
}

/// The servers that are up: of the replicas of one, who leads the highest ballot.
fn servers<'a>(protocol: &Sharded, world: &'a dyn View<Sharded>) -> Vec<(Id, &'a Server)> {
    let of = |server: Id| {
        let up = protocol.nodes_of(server).intersection(world.up());
        let states = up.iter().filter_map(|id| world.node(id).state());
        let serving = states.filter_map(|state| Some((state.ballot(), state.server()?)));
        let (_, state) = serving.max_by_key(|(ballot, _)| *ballot)?;
        Some((server, state))
    };
    protocol.servers().iter().filter_map(of).collect()
}

/// What is on the disk of each server of which some node is up, as far as those know that are up.
fn disks<'a>(protocol: &Sharded, world: &'a dyn View<Sharded>) -> Vec<(Id, &'a Disk)> {
    let of = |server: Id| {
        let up = protocol.nodes_of(server).intersection(world.up());
        let states = up.iter().filter_map(|id| world.node(id).state());
        let disk = states.map(|state| match state {
            State::Replica(replica) => {
                let accepted = &replica.record.accepted;
                Some((accepted.ballot, accepted.version, &accepted.disk))
            }
            state => Some((Ballot::default(), 0, &state.server()?.disk)),
        });
        let latest = disk.max_by_key(|disk| disk.map(|(ballot, version, _)| (ballot, version)));
        latest.flatten().map(|(_, _, disk)| (server, disk))
    };
    protocol.servers().iter().filter_map(of).collect()
}

/// Who waits for whom, and where.
fn waits(protocol: &Sharded, world: &dyn View<Sharded>) -> Vec<Wait> {
    let mut waits = Vec::new();
    for (at, server) in servers(protocol, world) {
        for (place, request) in server.waiting.iter().enumerate() {
            let rivals = protocol.in_conflict(server, &request.operations, place);
            waits.extend(rivals.iter().map(|rival| Wait {
                who: request.attempt.txn,
                at,
                whom: rival.attempt.txn,
            }));
        }
    }
    waits.sort_unstable();
    waits
}

/// Waits of which each is for who waits next, and the last for the first.
fn cycle(waits: &[Wait]) -> Option<Vec<Wait>> {
    // Nearly always there is none, and then this is soon told: nobody is left who waits for somebody that waits.
    let mut left = waits.to_vec();
    loop {
        let mut who: Vec<Txn> = left.iter().map(|wait| wait.who).collect();
        who.sort_unstable();
        who.dedup();
        let before = left.len();
        left.retain(|wait| who.binary_search(&wait.whom).is_ok());
        if left.is_empty() {
            return None;
        }
        if left.len() == before {
            break;
        }
    }
    let waits = &left[..];
    waits.iter().find_map(|start| {
        // The wait by which each was come to.
        let mut by: FewMap<Txn, Wait> = FewMap::new();
        let mut open = vec![*start];
        while let Some(wait) = open.pop() {
            if by.contains_key(&wait.whom) {
                continue;
            }
            by.insert(wait.whom, wait);
            open.extend(waits.iter().filter(|next| next.who == wait.whom));
        }
        let mut cycle = vec![*by.get(&start.who)?];
        while cycle.last()?.who != start.who {
            cycle.push(*by.get(&cycle.last()?.who)?);
        }
        cycle.reverse();
        Some(cycle)
    })
}

/// `T1 waits at S2 for T2, T2 waits at S1 for T1`
fn told(protocol: &Sharded, waits: &[Wait]) -> Reason {
    let clause = |wait: &Wait| {
        let Wait { who, at, whom } = wait;
        let name = protocol.names(NodeSet::only(*at));
        format!("{who} waits at {name} for {whom}")
    };
    let clauses: Vec<String> = waits.iter().map(clause).collect();
    let nodes = waits.iter().map(|wait| wait.at).collect();
    Reason::new(nodes, clauses.join(", "))
}
