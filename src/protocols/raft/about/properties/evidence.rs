//! What leaders count on is on the disks: votes, and replicas.
//!
//! By these safety is proved. Where one is broken no harm may have been done yet; the next crash or the
//! next election may do it.

use crate::model::cluster::enumerate;
use crate::model::{Answer, Id, NodeSet, Nodes, Predicate, Property, Reason};
use crate::protocols::clients::name;
use crate::protocols::raft::{Leader, Log, Raft, Server, Stable, Storage};

pub fn properties() -> Vec<Property<Raft>> {
    vec![
        Property::always(
            "votes-on-disk",
            "Enough servers have on stable storage that they voted for the leader of their term, and none \
             of these a log that is more up-to-date than the one it was elected with.",
            "Ongaro & Ousterhout 2014, 5.2, 5.4.1 and Figure 2; Verdi: votes_correct, cronies_correct",
            Predicate::Nodes(votes_on_disk),
        ),
        Property::always(
            "replicas-on-disk",
            "What a leader takes for replicated on a server is on its stable storage, unless that is in a \
             later term.",
            "Ongaro & Ousterhout 2014, 5.3 and Figure 2; Verdi: match_index_all_entries",
            Predicate::Nodes(replicas_on_disk),
        ),
    ]
}

/// The leader of the last term in which one was elected, as long as it leads. (Those that a majority has
/// left behind count on nobody any more.)
fn last_leader<'a>(nodes: &Nodes<'a, Raft>) -> Option<(Id, &'a Server, &'a Leader)> {
    let (term, id) = nodes.history().leaders.last_key_value()?;
    let server = nodes.state(*id)?.server()?;
    let leader = server.leading()?;
    (server.stable.current_term == *term).then_some((*id, server, leader))
}

fn disk<'a>(nodes: &Nodes<'a, Raft>, id: Id) -> Option<&'a Stable> {
    nodes.storage(id).and_then(Storage::stable)
}

/// Asked until the leader has committed an entry of its term: then a snapshot may stand for what it was
/// elected with. Whoever is in a later term may have voted; whoever has entries of this one got them from
/// this leader.
fn votes_on_disk(raft: &Raft, nodes: &Nodes<'_, Raft>) -> Answer {
    let (id, server) = match last_leader(nodes) {
        Some((id, server, _)) if !server.has_committed_own_term() => (id, server),
        _ => return Ok(()),
    };
    let (term, log) = (server.stable.current_term, &server.stable.log);
    let last = log.first_of(term) - 1;
    let elected_with = log.position(last).unwrap_or_default();
    let is_behind = |voter: &Log| {
        let last = voter.last();
        last.term == term || (last.term, last.index) <= (elected_with.term, elected_with.index)
    };
    let voted = |disk: &Stable| {
        disk.current_term > term
            || disk.current_term == term && disk.voted_for == Some(id) && is_behind(&disk.log)
    };
    let may_have_voted = |voter: &Id| disk(nodes, *voter).is_some_and(voted);
    let voters: NodeSet = raft.servers.iter().filter(may_have_voted).collect();
    let (_, configuration) = log.configuration_at(last);
    if configuration.is_quorum(voters) {
        return Ok(());
    }
    let others = configuration.all().minus(voters);
    let text = format!(
        "{} leads term {term:?}, but {} cannot have voted for it, by what is on stable storage",
        name(id),
        enumerate(others.iter().map(name)),
    );
    Err(Reason::new(NodeSet::only(id), text))
}

fn replicas_on_disk(raft: &Raft, nodes: &Nodes<'_, Raft>) -> Answer {
    let Some((id, server, leader)) = last_leader(nodes) else {
        return Ok(());
    };
    let (term, log) = (server.stable.current_term, &server.stable.log);
    let lacks = |follower: &Id| {
        let matched = leader.of(*follower).matched;
        let has = |disk: &Stable| match log.position(matched) {
            _ if disk.current_term > term => true,
            Some(entry) => disk.log.holds(entry),
            None => disk.log.last_index() >= matched,
        };
        matched > 0 && !disk(nodes, *follower).is_some_and(has)
    };
    let Some(follower) = raft.servers.without(id).iter().find(lacks) else {
        return Ok(());
    };
    let text = format!(
        "{} leads term {term:?}, and takes its log up to {} for replicated on {}, which has it not on \
         stable storage",
        name(id),
        leader.of(follower).matched,
        name(follower),
    );
    Err(Reason::new(NodeSet::only(id).with(follower), text))
}
