//! Figure 3: elections, logs, and what is applied. (What steps show is in `steps.rs`.)

use super::{steps, value_at};
use crate::model::{Answer, NodeSet, OneNode, Predicate, Property, Reason, TwoDisks, TwoNodes};
use crate::protocols::clients::name;
use crate::protocols::raft::{History, Index, Log, Raft, State, Storage, Term};

/// The five of Figure 3, the rule of 5.4.2, that of what a follower may rely on, and that terms and indices
/// never go back.
pub fn properties() -> Vec<Property<Raft>> {
    vec![
        Property::always(
            "election-safety",
            "At most one leader can be elected in a given term.",
            "Ongaro & Ousterhout 2014, Figure 3 and 5.2; TLA+: at most one leader per term",
            Predicate::History(election_safety),
        ),
        Property::always(
            "leader-append-only",
            "A leader never overwrites or deletes entries in its log; it only appends new entries.",
            "Ongaro & Ousterhout 2014, Figure 3 and 5.3",
            Predicate::Step("leader-append-only", steps::leader_append_only),
        ),
        Property::always(
            "log-matching",
            "If two logs contain an entry with the same index and term, then the logs are identical in \
             all entries up through the given index.",
            "Ongaro & Ousterhout 2014, Figure 3 and 5.3; TLA+: LogMatching",
            Predicate::EveryTwoDisks(servers, log_matching),
        ),
        Property::always(
            "leader-completeness",
            "If a log entry is committed in a given term, then that entry will be present in the logs \
             of the leaders for all higher-numbered terms.",
            "Ongaro & Ousterhout 2014, Figure 3 and 5.4; TLA+: LeaderCompleteness",
            Predicate::EachNode(servers, leader_completeness),
        ),
        Property::always(
            "state-machine-safety",
            "If a server has applied a log entry at a given index to its state machine, no other \
             server will ever apply a different log entry for the same index.",
            "Ongaro & Ousterhout 2014, Figure 3 and 5.4.3",
            Predicate::all([
                Predicate::History(applied_alike),
                Predicate::EveryTwo(servers, outcome_is_the_same),
            ]),
        ),
        Property::always(
            "old-term-commit",
            "Only log entries from the leader's current term are committed by counting replicas.",
            "Ongaro & Ousterhout 2014, 5.4.2",
            Predicate::Step("old-term-commit", steps::old_term_commit),
        ),
        Property::always(
            "only-what-was-checked",
            "A follower acknowledges and commits no entries but those that the request spoke of, and \
             what precedes them.",
            "Ongaro & Ousterhout 2014, Figure 2 (AppendEntries RPC, 2 to 5)",
            Predicate::Step("only-what-was-checked", steps::only_what_was_checked),
        ),
        Property::always(
            "monotone-terms",
            "The current term of a server increases monotonically over time, also over a crash.",
            "Ongaro & Ousterhout 2014, 5.1 and Figure 2",
            Predicate::all([
                Predicate::Step("monotone-terms", steps::monotone_terms),
                Predicate::EachNode(servers, comes_back_in_its_term),
            ]),
        ),
        Property::always(
            "monotone-commit-index",
            "The commit index of a server increases monotonically while it is up.",
            "Ongaro & Ousterhout 2014, Figure 2",
            Predicate::Step("monotone-commit-index", steps::monotone_commit_index),
        ),
        Property::always(
            "monotone-match-index",
            "What a leader knows to be replicated on a server increases monotonically while it leads.",
            "Ongaro & Ousterhout 2014, Figure 2",
            Predicate::Step("monotone-match-index", steps::monotone_match_index),
        ),
    ]
}

fn election_safety(_: &Raft, history: &History) -> Answer {
    let Some((term, first, second)) = history.elected_both else {
        return Ok(());
    };
    let (one, other) = (name(first), name(second));
    let text = format!("{one} and {other} were both elected in term {term:?}");
    Err(Reason::new(NodeSet::only(first).with(second), text))
}

/// No two servers take different entries for committed in one place.
fn applied_alike(raft: &Raft, history: &History) -> Answer {
    let Some((id, at, entry)) = history.committed_another else {
        return Ok(());
    };
    let first = history.committed[&at];
    let text = format!(
        "{} takes {} (term {:?}) for committed at {at}, where {} (term {:?}) was",
        name(id),
        raft.name_of(entry.content),
        entry.term,
        raft.name_of(first.content),
        first.term
    );
    Err(Reason::new(NodeSet::only(id), text))
}

/// Of two servers that have applied equally much, the outcome is the same.
fn outcome_is_the_same(_: &Raft, nodes: &TwoNodes<'_, Raft>) -> Answer {
    let Some([State::Server(one), State::Server(other)]) = nodes.states() else {
        return Ok(());
    };
    if one.commit_index != other.commit_index || one.applied == other.applied {
        return Ok(());
    }
    let [first, second] = nodes.ids;
    let text = format!(
        "{} and {} have applied {} entries each, and their state machines differ",
        name(first),
        name(second),
        one.commit_index
    );
    Err(Reason::new(NodeSet::only(first).with(second), text))
}

fn log_matching(_: &Raft, disks: &TwoDisks<'_, Raft>) -> Answer {
    let Some([Storage::Server(one), Storage::Server(other)]) = disks.both() else {
        return Ok(());
    };
    let Some(index) = mismatch(&one.log, &other.log) else {
        return Ok(());
    };
    let [first, second] = disks.ids();
    let text = format!(
        "the logs of {} and {} have a later entry in common, but not entry {index}",
        name(first),
        name(second)
    );
    Err(Reason::new(NodeSet::only(first).with(second), text))
}

/// Where two logs differ before an entry that they have in common.
fn mismatch(one: &Log, other: &Log) -> Option<Index> {
    let compacted = one.compacted().max(other.compacted());
    let first = compacted + 1;
    let is_rooted = one.term(compacted) == other.term(compacted);
    let (one, other) = (one.from(first), other.from(first));
    let mut pairs = one.iter().zip(other);
    let common = pairs.rposition(|(a, b)| a.term == b.term)?;
    if !is_rooted {
        return Some(compacted);
    }
    if one[..=common] == other[..=common] {
        return None;
    }
    let differs = one.iter().zip(other).position(|(a, b)| a != b)?;
    Some(first + Index::try_from(differs).expect("a short log"))
}

/// It is enough to look for the last entry of those that were committed: log matching has the rest.
fn leader_completeness(raft: &Raft, node: &OneNode<'_, Raft>) -> Answer {
    let server = node.state().and_then(State::server);
    let Some(server) = server.filter(|server| server.leading().is_some()) else {
        return Ok(());
    };
    // An entry may be committed in a term while somebody is still being elected in an earlier one.
    let term = server.stable.current_term;
    let before = Term(term.0.saturating_sub(1));
    let Some(committed) = node.history().committed_by(before) else {
        return Ok(());
    };
    if server.stable.log.holds(committed) {
        return Ok(());
    }
    let text = format!(
        "{} leads term {term:?}, but its log does not have {} at {}, which was committed before",
        name(node.id),
        value_at(raft, node.history(), committed.index),
        committed.index,
    );
    Err(Reason::new(NodeSet::only(node.id), text))
}

/// A server that comes back is not in a term before the last that it was elected in.
fn comes_back_in_its_term(_: &Raft, node: &OneNode<'_, Raft>) -> Answer {
    let Some(server) = node.state().and_then(State::server) else {
        return Ok(());
    };
    let term = server.stable.current_term;
    let Some(led) = node.history().led_after(node.id, term) else {
        return Ok(());
    };
    let text = format!(
        "{} is in term {term:?}, but was elected in term {led:?} before",
        name(node.id)
    );
    Err(Reason::new(NodeSet::only(node.id), text))
}

fn servers(raft: &Raft) -> NodeSet {
    raft.servers
}
