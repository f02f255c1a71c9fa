//! What stays possible.

use super::running;
use crate::model::{Answer, Id, NodeSet, Nodes, Predicate, Property, Reason, View};
use crate::protocols::clients::progress;
use crate::protocols::raft::{History, Raft, Server, Term};

pub fn properties() -> Vec<Property<Raft>> {
    vec![
        Property::reachable(
            "election-possible",
            "A leader can be elected.",
            "Ongaro & Ousterhout 2014, 5.2",
            Predicate::History(somebody_led),
        ),
        Property::reachable(
            "commitment-possible",
            "An entry can be committed.",
            "Ongaro & Ousterhout 2014, 5.3",
            Predicate::History(something_committed),
        ),
        Property::never_blocked(
            "progress",
            "While a majority of the servers are up and connected, it stays possible that a leader \
             commits in its term, and that every client is served.",
            "Ongaro & Ousterhout 2014, 2 and 5.6",
            Some(Predicate::World(enough_are_up)),
            Predicate::World(is_served),
        ),
        Property::recovers(
            "recovers",
            "Once all failures are repaired, it stays possible that a leader commits in its term, and \
             that every client is served.",
            "Ongaro & Ousterhout 2014, 5.5 and 5.6",
            Predicate::World(is_served),
        ),
    ]
}

pub(super) fn somebody_led(_: &Raft, history: &History) -> Answer {
    found(!history.leaders.is_empty(), "nobody was elected")
}

pub(super) fn something_committed(_: &Raft, history: &History) -> Answer {
    found(!history.committed.is_empty(), "nothing was committed")
}

/// The condition of progress: servers that are enough to decide are up, and connected to each other
/// and to all clients that are up.
fn enough_are_up(raft: &Raft, world: &dyn View<Raft>) -> Answer {
    let nodes = Nodes::new(world);
    let decide = |set: NodeSet| {
        let mut all = running(raft, &nodes).filter(|(id, _)| set.contains(*id));
        !set.is_empty() && all.all(|(_, s)| s.stable.log.configuration().1.is_quorum(set))
    };
    progress::enough_are_up(world, raft.servers, &decide)
}

/// The goal of progress: a leader has committed all that it has, a majority follow it and can be
/// reached, and no client that is up waits for anything, or has anything left to ask for.
fn is_served(raft: &Raft, world: &dyn View<Raft>) -> Answer {
    let nodes = Nodes::new(world);
    progress::clients_are_served(raft, world)?;
    let followers = |leader: Id, term: Term| -> NodeSet {
        let follows = |s: &Server| s.leader == Some(leader) && s.stable.current_term == term;
        let followers = running(raft, &nodes).filter(|(_, s)| follows(s));
        let reached = followers.filter(|(id, _)| progress::is_open(world, leader, *id));
        reached.map(|(id, _)| id).collect()
    };
    let mut leaders = running(raft, &nodes).filter(|(_, s)| s.leading().is_some());
    let serves = |(id, s): (Id, &Server)| {
        let log = &s.stable.log;
        let decides = |set: NodeSet| log.configuration().1.is_quorum(set);
        s.commit_index == log.last_index() && decides(followers(id, s.stable.current_term))
    };
    let text = "no leader that a majority follow, and can reach, has committed all that it has";
    found(leaders.any(serves), text)
}

fn found(something: bool, otherwise: &str) -> Answer {
    let nobody = || Reason::new(NodeSet::EMPTY, otherwise);
    something.then_some(()).ok_or_else(nobody)
}
