//! What must be true of Raft: Figure 3, what the thesis and Ongaro's TLA+ specification add, and what
//! clients may expect.

use super::Raft;
use super::ask::name;
use super::history::{History, Rule};
use super::log::{Index, Log, Term};
use super::params::Membership;
use super::state::{Server, Stable, State, Storage};
use crate::model::cluster::enumerate;
use crate::model::{
    Answer, Disks, Expectation, Id, Link, NodeSet, Predicate, Property, Reason, View,
};

pub fn properties(raft: &Raft) -> Vec<Property<Raft>> {
    let mut all = figure_3();
    all.extend(of_storage_and_clients(raft));
    all.extend(progress());
    all
}

fn property(
    name: &'static str,
    about: &'static str,
    citation: &'static str,
    expectation: Expectation<Raft>,
) -> Property<Raft> {
    Property {
        name,
        about,
        citation,
        // 2: safe under all non-Byzantine conditions, including network delays, partitions, and packet
        // loss, duplication, and reordering; and servers may crash and come back.
        premise: vec![],
        assumes: vec![],
        expectation,
    }
}

fn always(of: fn(&Raft, &dyn View<Raft>) -> Answer) -> Expectation<Raft> {
    Expectation::Always(Predicate::World(of))
}

fn history(of: fn(&Raft, &History) -> Answer) -> Expectation<Raft> {
    Expectation::Always(Predicate::History(of))
}

fn storage(of: fn(&Raft, &Disks<'_, Raft>) -> Answer) -> Expectation<Raft> {
    Expectation::Always(Predicate::Storage(of))
}

/// The five of Figure 3, the rule of 5.4.2, and that terms and indices never go back.
fn figure_3() -> Vec<Property<Raft>> {
    vec![
        property(
            "election-safety",
            "At most one leader can be elected in a given term.",
            "Ongaro & Ousterhout 2014, Figure 3 and 5.2; TLA+: at most one leader per term",
            history(|_, h| unbroken(h, Rule::ElectionSafety)),
        ),
        property(
            "leader-append-only",
            "A leader never overwrites or deletes entries in its log; it only appends new entries.",
            "Ongaro & Ousterhout 2014, Figure 3 and 5.3",
            history(|_, h| unbroken(h, Rule::LeaderAppendOnly)),
        ),
        property(
            "log-matching",
            "If two logs contain an entry with the same index and term, then the logs are identical in \
             all entries up through the given index.",
            "Ongaro & Ousterhout 2014, Figure 3 and 5.3; TLA+: LogMatching",
            storage(log_matching),
        ),
        property(
            "leader-completeness",
            "If a log entry is committed in a given term, then that entry will be present in the logs \
             of the leaders for all higher-numbered terms.",
            "Ongaro & Ousterhout 2014, Figure 3 and 5.4; TLA+: LeaderCompleteness",
            always(leader_completeness),
        ),
        property(
            "state-machine-safety",
            "If a server has applied a log entry at a given index to its state machine, no other \
             server will ever apply a different log entry for the same index.",
            "Ongaro & Ousterhout 2014, Figure 3 and 5.4.3",
            always(state_machine_safety),
        ),
        property(
            "old-term-commit",
            "Only log entries from the leader's current term are committed by counting replicas.",
            "Ongaro & Ousterhout 2014, 5.4.2",
            history(|_, h| unbroken(h, Rule::OldTermCommit)),
        ),
        property(
            "monotone-terms",
            "The current term of a server increases monotonically over time, also over a crash.",
            "Ongaro & Ousterhout 2014, 5.1 and Figure 2",
            always(monotone_terms),
        ),
        property(
            "monotone-commit-index",
            "The commit index of a server increases monotonically while it is up.",
            "Ongaro & Ousterhout 2014, Figure 2",
            history(|_, h| unbroken(h, Rule::MonotoneCommitIndex)),
        ),
        property(
            "monotone-match-index",
            "What a leader knows to be replicated on a server increases monotonically while it leads.",
            "Ongaro & Ousterhout 2014, Figure 2",
            history(|_, h| unbroken(h, Rule::MonotoneMatchIndex)),
        ),
    ]
}

/// What rests on the disks, who decides, and what clients may expect.
///
/// Where the membership can change there is no *durability*: a majority of which servers should have an entry?
/// A leader commits by the latest configuration in its log, and that may be overwritten. Of S1 to S4, S4
/// is about to be removed: S1 and S2 commit an entry, two of three, and then the removal is lost; two of four have
/// the entry. That is safe, since three of four, who elect the next leader, are not without them. So what
/// is left to ask is that no leader lacks the entry, which is *leader-completeness*, and why it cannot:
/// *configurations-overlap*.
fn of_storage_and_clients(raft: &Raft) -> Vec<Property<Raft>> {
    let mut all = Vec::new();
    if raft.params.membership == Membership::Fixed {
        all.push(property(
            "durability",
            "What is committed is on the stable storage of a majority of the servers.",
            "Ongaro & Ousterhout 2014, 5.3, 5.4 and Figure 2",
            storage(durability),
        ));
    } else {
        all.push(property(
            "configurations-overlap",
            "Of the configurations of servers that hold all that is committed, no two can decide apart from \
             each other.",
            "Ongaro & Ousterhout 2014, 6; thesis, 4.1",
            always(configurations_overlap),
        ));
    }
    if raft.params.client_count() > 0 {
        all.push(property(
            "exactly-once",
            "No command of a client is executed twice.",
            "Ongaro & Ousterhout 2014, 8; thesis, 6.3",
            history(|_, h| unbroken(h, Rule::ExactlyOnce)),
        ));
        all.push(property(
            "linearizability",
            "Each operation of a client appears to take effect at one moment between its invocation \
             and its response.",
            "Ongaro & Ousterhout 2014, 8; Herlihy & Wing 1990",
            history(linearizability),
        ));
    }
    all
}

fn progress() -> Vec<Property<Raft>> {
    vec![
        property(
            "election-possible",
            "A leader can be elected.",
            "Ongaro & Ousterhout 2014, 5.2",
            Expectation::Reachable(Predicate::History(election_possible)),
        ),
        property(
            "commitment-possible",
            "An entry can be committed.",
            "Ongaro & Ousterhout 2014, 5.3",
            Expectation::Reachable(Predicate::History(commitment_possible)),
        ),
        property(
            "progress",
            "While a majority of the servers are up and connected, it stays possible that a leader \
             commits in its term, and that every client is served.",
            "Ongaro & Ousterhout 2014, 2 and 5.6",
            Expectation::NeverBlocked {
                condition: Some(Predicate::World(enough_are_up)),
                goal: Predicate::World(is_served),
            },
        ),
        property(
            "recovers",
            "Once all failures are repaired, it stays possible that a leader commits in its term, and \
             that every client is served.",
            "Ongaro & Ousterhout 2014, 5.5 and 5.6",
            Expectation::Recovers {
                goal: Predicate::World(is_served),
            },
        ),
    ]
}

fn unbroken(history: &History, rule: Rule) -> Answer {
    match history.breaches.get(&rule) {
        Some((who, text)) => Err(Reason::new(*who, text.clone())),
        None => Ok(()),
    }
}

/// What was applied where; and of two servers that have applied equally much, that the outcome is the
/// same.
fn state_machine_safety(raft: &Raft, world: &dyn View<Raft>) -> Answer {
    unbroken(world.history(), Rule::StateMachineSafety)?;
    for (one, here) in running(raft, world) {
        // Whoever comes before that one has been compared with it.
        let mut before = running(raft, world).take_while(|(other, _)| *other < one);
        let alike = before.find(|(_, there)| here.commit_index == there.commit_index);
        if let Some((other, there)) = alike
            && here.applied != there.applied
        {
            let text = format!(
                "{} and {} have applied {} entries each, and their state machines differ",
                name(other),
                name(one),
                here.commit_index
            );
            return Err(Reason::new(NodeSet::only(one).with(other), text));
        }
    }
    Ok(())
}

/// Also of a server that comes back: it is not in a term before the last that it was elected in.
fn monotone_terms(raft: &Raft, world: &dyn View<Raft>) -> Answer {
    unbroken(world.history(), Rule::MonotoneTerms)?;
    for (id, server) in running(raft, world) {
        let term = server.stable.current_term;
        if let Some(led) = world.history().led_after(id, term) {
            let text = format!(
                "{} is in term {term:?}, but was elected in term {led:?} before",
                name(id)
            );
            return Err(Reason::new(NodeSet::only(id), text));
        }
    }
    Ok(())
}

fn linearizability(_: &Raft, history: &History) -> Answer {
    match history.clients.verdict() {
        Ok(()) => Ok(()),
        Err(broken) => Err(Reason::new(NodeSet::EMPTY, broken.to_string())),
    }
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

fn log_matching(raft: &Raft, disks: &Disks<'_, Raft>) -> Answer {
    let log = |id: Id| stored(disks, id).map(|stable| &stable.log);
    let mut pairs = raft.servers.iter().flat_map(|one| {
        raft.servers
            .iter()
            .take_while(move |other| *other < one)
            .map(move |other| (one, other))
    });
    let wrong = pairs.find_map(|(one, other)| {
        let index = mismatch(log(one)?, log(other)?)?;
        Some((one, other, index))
    });
    let Some((one, other, index)) = wrong else {
        return Ok(());
    };
    let text = format!(
        "the logs of {} and {} have a later entry in common, but not entry {index}",
        name(other),
        name(one)
    );
    Err(Reason::new(NodeSet::only(one).with(other), text))
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
fn leader_completeness(raft: &Raft, world: &dyn View<Raft>) -> Answer {
    for (id, server) in running(raft, world) {
        if server.leading().is_none() {
            continue;
        }
        // An entry may be committed in a term while somebody is still being elected in an earlier one.
        let term = server.stable.current_term;
        let before = Term(term.0.saturating_sub(1));
        let Some(committed) = world.history().committed_by(before) else {
            continue;
        };
        let log = &server.stable.log;
        if committed.index > log.compacted() && log.term(committed.index) != Some(committed.term) {
            let text = format!(
                "{} leads term {term:?}, but its log does not have {} at {}, which was committed \
                 before",
                name(id),
                world
                    .history()
                    .value_at(committed.index)
                    .map_or_else(String::new, ToString::to_string),
                committed.index,
            );
            return Err(Reason::new(NodeSet::only(id), text));
        }
    }
    Ok(())
}

fn durability(raft: &Raft, disks: &Disks<'_, Raft>) -> Answer {
    let Some(committed) = disks.history().last_committed() else {
        return Ok(());
    };
    let has = |id: &Id| {
        stored(disks, *id).is_some_and(|stable| {
            let log = &stable.log;
            committed.index <= log.compacted() || log.term(committed.index) == Some(committed.term)
        })
    };
    let keepers: NodeSet = raft.first.all().iter().filter(has).collect();
    if raft.first.is_quorum(keepers) {
        return Ok(());
    }
    let others = raft.first.all().minus(keepers);
    let text = format!(
        "{} was committed at {}, but {} {} it not on stable storage",
        disks
            .history()
            .value_at(committed.index)
            .map_or_else(String::new, ToString::to_string),
        committed.index,
        enumerate(others.iter().map(name)),
        if others.len() == 1 { "has" } else { "have" },
    );
    Err(Reason::new(others, text))
}

/// Of the servers whose logs hold all that is committed. Whoever lacks some of it may use an older
/// configuration, and may even lead an older term: it can neither commit anything nor be elected,
/// because those that have it deny it. (And that the last configuration but one is committed, by a
/// leader that has committed an entry of its own term, is what keeps the others one step apart.)
fn configurations_overlap(raft: &Raft, world: &dyn View<Raft>) -> Answer {
    let committed = world.history().last_committed().unwrap_or_default();
    let holds_all = |log: &Log| {
        committed.index <= log.compacted() || log.term(committed.index) == Some(committed.term)
    };
    let complete = || {
        running(raft, world)
            .filter(|(_, s)| holds_all(&s.stable.log))
            .map(|(id, s)| (id, s.stable.log.configuration().1))
    };
    // Nearly always all have the same.
    let mut others = complete().map(|(_, configuration)| configuration);
    let first = others.next();
    if others.all(|other| Some(other) == first) {
        return Ok(());
    }
    for (nth, (other, there)) in complete().enumerate() {
        for (one, here) in complete().take(nth) {
            if here != there && !here.overlaps(there) {
                let text = format!(
                    "{} would decide by {here} and {} by {there}, and these can do without each other",
                    name(one),
                    name(other)
                );
                return Err(Reason::new(NodeSet::only(one).with(other), text));
            }
        }
    }
    Ok(())
}

fn election_possible(_: &Raft, history: &History) -> Answer {
    if history.has_leader() {
        return Ok(());
    }
    Err(Reason::new(NodeSet::EMPTY, "nobody was elected"))
}

fn commitment_possible(_: &Raft, history: &History) -> Answer {
    if history.has_committed() {
        return Ok(());
    }
    Err(Reason::new(NodeSet::EMPTY, "nothing was committed"))
}

/// Whether messages pass between two nodes, both ways.
fn is_open(world: &dyn View<Raft>, one: Id, other: Id) -> bool {
    let cut = |src, dst| world.globals().is_cut(Link::new(src, dst));
    one == other || !cut(one, other) && !cut(other, one)
}

/// The condition of progress: servers that are enough to decide are up, and connected to each other
/// and to all clients that are up.
fn enough_are_up(raft: &Raft, world: &dyn View<Raft>) -> Answer {
    let up = raft.servers.intersection(world.up());
    let clients = world.up().minus(raft.servers);
    let is_connected = |set: NodeSet| {
        let mut pairs = set
            .iter()
            .flat_map(|one| set.union(clients).iter().map(move |other| (one, other)));
        pairs.all(|(one, other)| is_open(world, one, other))
    };
    let decides = |set: NodeSet| {
        let mut all = set.iter().filter_map(|id| server(world, id));
        !set.is_empty() && all.all(|s| s.stable.log.configuration().1.is_quorum(set))
    };
    let servers: Vec<Id> = up.iter().collect();
    let subset = |chosen: u32| -> NodeSet {
        let some = |(at, id): (usize, &Id)| (chosen >> at & 1 == 1).then_some(*id);
        servers.iter().enumerate().filter_map(some).collect()
    };
    let mut sets = (0..1_u32 << servers.len()).rev().map(subset);
    if sets.any(|set| decides(set) && is_connected(set)) {
        return Ok(());
    }
    let text = "no majority of the servers are up and connected to each other and to the clients";
    Err(Reason::new(NodeSet::EMPTY, text))
}

/// The goal of progress: a leader has committed all that it has, a majority follow it and can be
/// reached, and no client that is up waits for anything, or has anything left to ask for.
fn is_served(raft: &Raft, world: &dyn View<Raft>) -> Answer {
    for id in world.up().minus(raft.servers).iter() {
        if let Some(State::Client(client)) = world.node(id).state()
            && (client.asked.is_some() || client.serial < raft.workload_of(id))
        {
            let client = raft.client_number(id) + 1;
            let text = format!("C{client} waits to be served");
            return Err(Reason::new(NodeSet::only(id), text));
        }
    }
    let followers = |leader: Id, term: Term| -> NodeSet {
        let follows = |s: &Server| s.leader == Some(leader) && s.stable.current_term == term;
        let followers = running(raft, world).filter(|(_, s)| follows(s));
        let reached = followers.filter(|(id, _)| is_open(world, leader, *id));
        reached.map(|(id, _)| id).collect()
    };
    let mut leaders = running(raft, world).filter(|(_, s)| s.leading().is_some());
    let serves = |(id, s): (Id, &Server)| {
        let log = &s.stable.log;
        let decides = |set: NodeSet| log.configuration().1.is_quorum(set);
        s.commit_index == log.last_index() && decides(followers(id, s.stable.current_term))
    };
    if leaders.any(serves) {
        return Ok(());
    }
    let text = "no leader that a majority follow, and can reach, has committed all that it has";
    Err(Reason::new(NodeSet::EMPTY, text))
}
