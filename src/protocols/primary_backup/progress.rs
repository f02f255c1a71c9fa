//! What stays possible.

use super::properties::{as_named, running};
use super::{Failover, History, Member, PrimaryBackup, Replica, State, View};
use crate::model::{
    Answer, Assumption, Id, Link, NodeSet, Nodes, Predicate, Property, Protocol, Reason,
    View as World,
};

const NOBODY_FAILS: Assumption = Assumption::MaxCrashes {
    crashes: 0,
    role: Some("server"),
};

pub fn properties(protocol: &PrimaryBackup) -> Vec<Property<PrimaryBackup>> {
    let mut all = vec![
        Property::reachable(
            "service-possible",
            "An operation can be answered.",
            "Alsberg & Day 1976",
            Predicate::History(somebody_is_answered),
        ),
        Property::reachable(
            "takeover-possible",
            "Another server than the first can become primary.",
            "Alsberg & Day 1976",
            Predicate::History(somebody_took_over),
        ),
    ];
    let served = || Predicate::World(all_are_served);
    if protocol.params.failover == Failover::Elected {
        all.push(Property::never_blocked(
            "progress",
            "While a majority of the servers are up, have their state, and are connected, every client can be served.",
            "Liskov & Cowling 2012, 4",
            Some(Predicate::World(a_majority_has_the_state)),
            served(),
        ));
    } else if protocol.is_static() {
        all.push(Property::never_blocked(
            "progress",
            "While a server that has the state is up and connected, every client can be served.",
            "Alsberg & Day 1976",
            Some(Predicate::World(one_has_the_state)),
            served(),
        ));
    } else {
        all.push(Property::never_blocked(
            "progress",
            "While the view service is up and connected, and of an acknowledged view the primary or the backup, of \
             one that is not acknowledged both, every client can be served.",
            "MIT 6.824, lab 2A",
            Some(Predicate::World(view_can_go_on)),
            served(),
        ));
        all.push(
            Property::never_blocked(
                "survives-one-failure",
                "While the view service is up and connected, and any server that has the state, every client can be \
                 served. (Not if it is the primary that fails before it has acknowledged its view, or its new backup.)",
                "MIT 6.824, lab 2A: the view service may wait for ever for an acknowledgement",
                Some(Predicate::World(one_has_the_state)),
                served(),
            )
            .assuming([NOBODY_FAILS]),
        );
    }
    let recovers = Property::recovers(
        "recovers",
        "Once all failures are repaired, every client can be served.",
        "MIT 6.824, lab 2B",
        served(),
    );
    all.push(match () {
        () if protocol.params.durable => recovers,
        // VRR, 2: no more than f of 2f + 1 fail at a time.
        () if protocol.params.failover == Failover::Elected => {
            let crashes = (u32::from(protocol.params.servers) - 1) / 2;
            let role = Some("server");
            recovers.assuming([Assumption::MaxCrashes { crashes, role }])
        }
        () => recovers.assuming([NOBODY_FAILS]),
    });
    all
}

pub(super) fn somebody_is_answered(_: &PrimaryBackup, history: &History) -> Answer {
    Reason::unless(history.returned, NodeSet::EMPTY, || {
        "nobody was answered".to_owned()
    })
}

fn somebody_took_over(_: &PrimaryBackup, history: &History) -> Answer {
    let nobody = || "nobody took over".to_owned();
    Reason::unless(history.taken_over, NodeSet::EMPTY, nobody)
}

/// Whether messages pass between any two of these nodes, both ways.
fn is_connected(world: &dyn World<PrimaryBackup>, set: NodeSet) -> bool {
    let cut = |src, dst| world.globals().is_cut(Link::new(src, dst));
    set.iter().all(|src| set.iter().all(|dst| !cut(src, dst)))
}

/// All that are up are connected, the view service is up if there is one, and a server that has the state is.
fn one_has_the_state(protocol: &PrimaryBackup, world: &dyn World<PrimaryBackup>) -> Answer {
    let nodes = Nodes::new(world);
    let mut service = protocol.service.iter();
    let is_held = running(protocol, &nodes).any(|(_, server)| server.has_state());
    let is_so = is_held
        && service.all(|service| world.up().contains(*service))
        && is_connected(world, world.up());
    Reason::unless(is_so, NodeSet::EMPTY, || {
        "no server that has the state is up and connected".to_owned()
    })
}

/// All that are up are connected, and a majority of the servers have lost nothing, or have it back.
fn a_majority_has_the_state(protocol: &PrimaryBackup, world: &dyn World<PrimaryBackup>) -> Answer {
    let has_state = |id: &Id| {
        let replica = world.state(*id).and_then(State::replica);
        replica.is_some_and(Replica::has_state)
    };
    let have = protocol.servers.iter().filter(has_state).count();
    let is_so = protocol.is_majority(have) && is_connected(world, world.up());
    Reason::unless(is_so, NodeSet::EMPTY, || {
        "no majority of servers that have the state is up and connected".to_owned()
    })
}

fn view_can_go_on(protocol: &PrimaryBackup, world: &dyn World<PrimaryBackup>) -> Answer {
    let nodes = Nodes::new(world);
    let service = protocol.service.and_then(|id| nodes.state(id));
    let is_so = match service {
        Some(State::Service(service)) => {
            let goes_on = |view: View| {
                let is_there = |member: Member| as_named(&nodes, member).is_some();
                let primary = is_there(view.primary);
                match view.backup {
                    Some(backup) if service.acknowledged => primary || is_there(backup),
                    Some(backup) => primary && is_there(backup),
                    None => primary,
                }
            };
            let somebody = || running(protocol, &nodes).next().is_some();
            service.view.map_or_else(somebody, goes_on) && is_connected(world, world.up())
        }
        _ => false,
    };
    Reason::unless(is_so, NodeSet::EMPTY, || {
        "the view service is down, or those are who could go on".to_owned()
    })
}

/// No client that is up waits for anything, or has anything left to ask for.
pub(super) fn all_are_served(protocol: &PrimaryBackup, world: &dyn World<PrimaryBackup>) -> Answer {
    let waits = |id: &Id| match world.state(*id) {
        Some(State::Client(client)) => {
            client.asked.is_some() || client.serial < protocol.workload_of(*id)
        }
        _ => false,
    };
    let waiting: NodeSet = world.up().iter().filter(waits).collect();
    Reason::unless(waiting.is_empty(), waiting, || {
        let names = protocol.cluster().names(waiting);
        let verb = if waiting.len() == 1 { "waits" } else { "wait" };
        format!("{names} {verb} to be served")
    })
}
