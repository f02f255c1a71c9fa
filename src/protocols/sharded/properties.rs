//! What must be true of transactions across shards: each is atomic (BHG 7.3), all together are strictly serialisable, and
//! locks, records and ages are what makes them so.

use super::claims::Tried;
use super::movement::{self, disks};
use super::progress::{all_are_through, all_up_are_through, somebody_waits};
use super::replication::{self, disk_of, latest, majorities_are_up};
use super::transaction::conflict;
use super::{Deadlocks, History, Sharded, State};
use crate::model::{Answer, Assumption, Disks, NodeSet, OneNode, Predicate, Property, Reason};
use crate::protocols::atomic_commitment::properties::NOBODY_FAILS;
use crate::protocols::transactions::{Level, Txn};

const AC: &str = "Bernstein, Hadzilacos & Goodman 1987, 7.3";

pub(super) fn properties(protocol: &Sharded) -> Vec<Property<Sharded>> {
    let mut properties = of_each_transaction();
    properties.extend(of_all_together(protocol));
    properties.extend(of_locks_and_records(protocol));
    properties.extend(movement::properties(protocol));
    properties.extend(replication::properties(protocol));
    properties.extend(that_come_about(protocol));
    properties.extend(of_progress(protocol));
    properties
}

fn of_each_transaction() -> Vec<Property<Sharded>> {
    vec![
        Property::always(
            "atomicity",
            "No two nodes decide differently, and no client is told otherwise.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC1",
            Predicate::History(|protocol, history| {
                of_every(protocol, history, |protocol, tried| {
                    tried.outcomes.differ(&|set| protocol.names(set))
                })
            }),
        ),
        Property::always(
            "irrevocability",
            "No node reverses its decision.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC2",
            Predicate::History(|protocol, history| {
                of_every(protocol, history, |protocol, tried| {
                    tried.outcomes.are_reversed(&|set| protocol.names(set))
                })
            }),
        ),
        Property::always(
            "validity",
            "A transaction commits only if all owners of its keys voted YES.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC3",
            Predicate::History(|protocol, history| of_every(protocol, history, commits_against)),
        ),
        Property::always(
            "exactly-once",
            "What a client asks for once takes effect once at most, however often it is tried.",
            "Ongaro 2014, 6.3",
            Predicate::History(takes_effect_once),
        ),
    ]
}

fn of_all_together(protocol: &Sharded) -> Vec<Property<Sharded>> {
    let mut properties = vec![Property::always(
        "strict-serialisability",
        "All that was read and written looks as if transactions had run one after another, in the order of time.",
        "Papadimitriou 1979; Herlihy & Wing 1990, 3.3",
        Predicate::History(is_serialisable),
    )];
    if protocol.keeps_the_sum {
        properties.push(Property::always(
            "sum-kept",
            "Transfers keep the sum of all accounts: whoever reads them all reads that, and so it is on the disks when nothing is under way.",
            "Gray & Reuter 1993, 1.2: consistency",
            Predicate::all([Predicate::History(reads_the_sum), Predicate::Storage(rests_at_the_sum)]),
        ));
    }
    properties
}

fn of_locks_and_records(protocol: &Sharded) -> Vec<Property<Sharded>> {
    let mut properties = vec![
        Property::always(
            "locks-exclude",
            "No two transactions hold locks in conflict.",
            "Bernstein, Hadzilacos & Goodman 1987, 3.2",
            Predicate::EachNode(Sharded::replicas, locks_exclude),
        ),
        Property::always(
            "no-lock-after-decision",
            "Who knows the outcome of a transaction takes no locks for it any more.",
            "Mohan, Lindsay & Obermarck 1986, 2",
            Predicate::History(no_late_locks),
        ),
        Property::always(
            "prepared-survives",
            "Who has voted YES for another coordinator has that on its disk until it knows the outcome, or has handed it over.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.4",
            Predicate::Storage(prepared_survives),
        ),
    ];
    if matches!(
        protocol.params.deadlocks,
        Deadlocks::WaitDie | Deadlocks::WoundWait
    ) {
        properties.push(Property::always(
            "age-decides",
            "No transaction gives way to one that was first asked for later.",
            "Rosenkrantz, Stearns & Lewis 1978",
            Predicate::History(age_decides),
        ));
    }
    properties
}

fn that_come_about(protocol: &Sharded) -> Vec<Property<Sharded>> {
    let mut properties = vec![Property::reachable(
        "commit-possible",
        "Somebody is told that a transaction committed.",
        AC,
        Predicate::History(somebody_commits),
    )];
    if protocol.has_conflicts() {
        if protocol.params.deadlocks != Deadlocks::NoWait {
            properties.push(Property::reachable(
                "waiting-possible",
                "Somebody waits for a lock.",
                "Bernstein, Hadzilacos & Goodman 1987, 3.2",
                Predicate::World(somebody_waits),
            ));
        }
        if protocol.params.deadlocks != Deadlocks::None {
            properties.push(Property::reachable(
                "giving-way-possible",
                "Somebody gives way to another.",
                "Rosenkrantz, Stearns & Lewis 1978",
                Predicate::History(somebody_gives_way),
            ));
        }
    }
    properties
}

/// Who waits for a vote for ever waits for ever for one that was lost. A server that has replicas fails with a majority
/// of them.
fn of_progress(protocol: &Sharded) -> Vec<Property<Sharded>> {
    let lost = protocol.params.vote_timeout.is_none();
    let lost = lost.then_some(Assumption::NoLoss);
    let no_cut_or_loss = [Assumption::NoCut].into_iter().chain(lost);
    let (about, given, assumes): (_, _, Vec<_>) = if protocol.has_replicas() {
        (
            "While a majority of each server's replicas is up, every transaction ends, and every client is told, without waiting for a repair.",
            Some(Predicate::World(majorities_are_up)),
            no_cut_or_loss.collect(),
        )
    } else {
        (
            "Every transaction ends, and every client is told, without waiting for a repair.",
            None,
            no_cut_or_loss.chain([NOBODY_FAILS]).collect(),
        )
    };
    let non_blocking = Property::never_blocked(
        "non-blocking",
        about,
        "Rosenkrantz, Stearns & Lewis 1978",
        given,
        Predicate::World(all_up_are_through),
    );
    let recovers = Property::recovers(
        "recovers",
        "Once all failures are repaired, every transaction ends, every client is told, and nothing is remembered of it that need not be.",
        "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC5",
        Predicate::World(all_are_through),
    );
    let may_be_lost = lost.map_or(Vec::new(), |lost| {
        vec![lost, Assumption::NoCut, NOBODY_FAILS]
    });
    vec![
        non_blocking.assuming(assumes),
        recovers.assuming(may_be_lost),
    ]
}

/// Asks of each attempt what there is against it.
fn of_every(
    protocol: &Sharded,
    history: &History,
    against: impl Fn(&Sharded, &Tried) -> Option<(NodeSet, String)>,
) -> Answer {
    let found = history.attempts.iter().find_map(|(txn, tried)| {
        let (nodes, text) = against(protocol, tried)?;
        Some((nodes, format!("in {txn} {text}")))
    });
    Reason::against(found)
}

fn commits_against(protocol: &Sharded, tried: &Tried) -> Option<(NodeSet, String)> {
    let committed = tried.outcomes.committed;
    let silent = tried.owners.minus(tried.outcomes.voted_yes);
    if committed.is_empty() || silent.is_empty() {
        return None;
    }
    let text = format!(
        "{} committed but {} never voted yes",
        protocol.names(committed),
        protocol.names(silent)
    );
    Some((committed.union(silent), text))
}

fn takes_effect_once(protocol: &Sharded, history: &History) -> Answer {
    of_every(protocol, history, |protocol, tried| {
        let who = tried.again;
        let text = || format!("{} committed, and again", protocol.names(who));
        (!who.is_empty()).then(|| (who, text()))
    })?;
    let committed = |(_, tried): &(&Txn, &Tried)| !tried.outcomes.committed.is_empty();
    let committed: Vec<_> = history.attempts.iter().filter(committed).collect();
    for (nth, (txn, tried)) in committed.iter().enumerate() {
        let mut before = committed[..nth].iter();
        let other = before.find(|(_, other)| other.at.is_some() && other.at == tried.at);
        if let Some((other, first)) = other {
            let nodes = first.outcomes.committed.union(tried.outcomes.committed);
            let text =
                format!("{other} and {txn} committed, which are attempts at one transaction");
            return Err(Reason::new(nodes, text));
        }
    }
    Ok(())
}

fn is_serialisable(_: &Sharded, history: &History) -> Answer {
    match history.reads_and_writes.judge(Level::Strict) {
        Ok(_) => Ok(()),
        Err(anomaly) => Err(Reason::new(NodeSet::EMPTY, anomaly.to_string())),
    }
}

fn reads_the_sum(protocol: &Sharded, history: &History) -> Answer {
    let text = |(txn, sum)| {
        format!(
            "{txn} read {sum} in all, and there are {}",
            protocol.total()
        )
    };
    let found = history.wrong_sum.map(text);
    Reason::against(found.map(|text| (NodeSet::EMPTY, text)))
}

/// Nothing is under way where nobody is prepared: what one owner has written its others have.
fn rests_at_the_sum(protocol: &Sharded, storages: &Disks<'_, Sharded>) -> Answer {
    let disks = disks(protocol, storages);
    let mut written = disks.iter().filter_map(|(_, disk)| *disk);
    if written.any(|disk| disk.prepared_parts().next().is_some()) {
        return Ok(());
    }
    let accounts = protocol.accounts.iter();
    let values = accounts.map(|key| u64::from(protocol.value_on(&disks, *key)));
    let sum: u64 = values.sum();
    Reason::unless(sum == protocol.total(), NodeSet::EMPTY, || {
        format!(
            "the accounts have {sum} in all, and had {}",
            protocol.total()
        )
    })
}

fn locks_exclude(protocol: &Sharded, node: &OneNode<'_, Sharded>) -> Answer {
    let server = node.state().and_then(|state| match state {
        State::Replica(replica) => replica.settled(),
        state => state.server(),
    });
    let Some(server) = server else {
        return Ok(());
    };
    let parts: Vec<_> = server.parts().map(|part| &part.request).collect();
    for (nth, part) in parts.iter().enumerate() {
        let mut before = parts[..nth].iter();
        let other = before.find(|other| conflict(&other.operations, &part.operations));
        if let Some(other) = other {
            let name = protocol.names(NodeSet::only(node.id));
            let (one, other) = (other.attempt.txn, part.attempt.txn);
            let text =
                format!("{one} and {other} both hold locks at {name}, which are in conflict");
            return Err(Reason::new(NodeSet::only(node.id), text));
        }
    }
    Ok(())
}

fn no_late_locks(protocol: &Sharded, history: &History) -> Answer {
    let found = history.late_locks.map(|(txn, id)| {
        let nodes = NodeSet::only(id);
        let text = format!(
            "{} knew the outcome of {txn} and took locks",
            protocol.names(nodes)
        );
        (nodes, text)
    });
    Reason::against(found)
}

fn prepared_survives(protocol: &Sharded, disks: &Disks<'_, Sharded>) -> Answer {
    for (txn, tried) in &disks.history().attempts {
        let outcomes = &tried.outcomes;
        let decided = outcomes.committed.union(outcomes.aborted);
        let coordinator = tried.coordinator;
        let handed = tried.handed;
        let voted = outcomes.voted_yes.minus(decided).minus(coordinator);
        let uncertain = voted.minus(handed).union(tried.taken);
        for id in uncertain.iter() {
            let disk = disk_of(protocol, disks, id);
            let is_prepared = disk.is_some_and(|disk| disk.prepared.contains_key(txn))
                || latest(protocol, disks, id).is_some_and(|latest| latest.ends(*txn));
            Reason::unless(is_prepared, NodeSet::only(id), || {
                let name = protocol.names(NodeSet::only(id));
                format!("{name} voted yes in {txn} and has no record of it")
            })?;
        }
    }
    Ok(())
}

fn age_decides(_: &Sharded, history: &History) -> Answer {
    let text = |(who, to)| format!("{who} gave way to {to}, which is younger");
    let found = history.unjust.map(text);
    Reason::against(found.map(|text| (NodeSet::EMPTY, text)))
}

pub(super) fn somebody_commits(protocol: &Sharded, history: &History) -> Answer {
    let mut attempts = history.attempts.values();
    let told = |tried: &Tried| tried.outcomes.committed.intersection(protocol.clients());
    let is_told = attempts.any(|tried| !told(tried).is_empty());
    Reason::unless(is_told, NodeSet::EMPTY, || {
        "no transaction committed".to_owned()
    })
}

fn somebody_gives_way(_: &Sharded, history: &History) -> Answer {
    Reason::unless(history.gave_way, NodeSet::EMPTY, || {
        "nobody gave way".to_owned()
    })
}

impl Sharded {
    /// Whether two clients have asked, or may ask, for what is in conflict.
    fn has_conflicts(&self) -> bool {
        let several = self.params.clients.clients() > 1;
        let mut drawn = self.drawn.iter();
        let drawn = drawn.any(|one| {
            self.drawn
                .iter()
                .any(|other| one.is_in_conflict_with(other))
        });
        let mut scripts = self.scripts.iter().enumerate();
        let scripts = scripts.any(|(nth, one)| {
            let others = self.scripts[nth + 1..].iter().flatten();
            let mut others = others.flat_map(|other| one.iter().map(move |one| (one, other)));
            others.any(|(one, other)| one.is_in_conflict_with(other))
        });
        several && (drawn || scripts)
    }
}
