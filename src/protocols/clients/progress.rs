//! What progress of a replicated log asks of a world: servers that are connected, and clients that are
//! served.

use super::Serves;
use crate::model::{Answer, Id, Link, NodeSet, Protocol, Reason, View};

/// Whether messages pass between two nodes, both ways.
pub fn is_open<P: Protocol>(world: &dyn View<P>, one: Id, other: Id) -> bool {
    let cut = |src, dst| world.globals().is_cut(Link::new(src, dst));
    one == other || !cut(one, other) && !cut(other, one)
}

/// Whether some of the servers are up and connected, to each other and to all clients that are up, and are
/// enough to decide.
pub fn enough_are_up<P: Protocol>(
    world: &dyn View<P>,
    servers: NodeSet,
    decide: &dyn Fn(NodeSet) -> bool,
) -> Answer {
    let up = servers.intersection(world.up());
    let clients = world.up().minus(servers);
    let is_connected = |set: NodeSet| {
        let mut pairs = set
            .iter()
            .flat_map(|one| set.union(clients).iter().map(move |other| (one, other)));
        pairs.all(|(one, other)| is_open(world, one, other))
    };
    let servers: Vec<Id> = up.iter().collect();
    let subset = |chosen: u32| -> NodeSet {
        let some = |(at, id): (usize, &Id)| (chosen >> at & 1 == 1).then_some(*id);
        servers.iter().enumerate().filter_map(some).collect()
    };
    let mut sets = (0..1_u32 << servers.len()).rev().map(subset);
    let enough = sets.any(|set| decide(set) && is_connected(set));
    let text = "no majority of the servers are up and connected to each other and to the clients";
    Reason::unless(enough, NodeSet::EMPTY, || text.to_owned())
}

/// Whether no client that is up waits for anything, or has anything left to ask for.
pub fn clients_are_served<P: Protocol + Serves>(protocol: &P, world: &dyn View<P>) -> Answer {
    let clients = protocol.clients();
    for id in world.up().iter().skip_while(|id| clients.is_server(*id)) {
        let client = world.state(id).and_then(P::client);
        let waits = client.is_some_and(|client| {
            client.asked.is_some() || client.serial < clients.workload_of(id)
        });
        Reason::unless(!waits, NodeSet::only(id), || {
            format!("C{} waits to be served", clients.number(id) + 1)
        })?;
    }
    Ok(())
}
