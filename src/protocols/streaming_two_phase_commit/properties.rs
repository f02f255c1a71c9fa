//! What must be true of streaming two-phase commit: output appears exactly once, epochs are atomic (BHG 7.3), and a
//! checkpoint is a consistent cut.

use super::protocol::MANAGER;
use super::{History, Params, State, Storage, StreamingTwoPhaseCommit as S2pc, manager, nth};
use crate::model::{
    Answer, Assumption, Disks, Id, NodeSet, OneNode, Predicate, Property, Protocol, Reason, View,
};
use crate::protocols::atomic_commitment::Outcomes;
use crate::protocols::streaming::{Checkpoint, Epoch, Part, Record, Store};

const SMF: &str = "Carbone et al. 2017, 4";
const TPCS: &str = "Flink, TwoPhaseCommitSinkFunction";

pub(super) fn properties(protocol: &S2pc) -> Vec<Property<S2pc>> {
    let mut properties = not_twice(protocol);
    properties.extend(not_lost(protocol));
    properties.extend(of_epochs());
    properties.extend(of_progress(protocol));
    properties
}

/// Nobody has a reason to start again. (Where this is asked for checkpoints are not given up.)
const NOTHING_FAILS: [Assumption; 4] = [
    Assumption::NO_CRASH,
    Assumption::NoLoss,
    Assumption::NoCut,
    Assumption::Fifo,
];

/// The crash that two-phase commit does not bear.
const COORDINATOR_LIVES: Assumption = Assumption::MaxCrashes {
    crashes: 0,
    role: Some(MANAGER),
};

impl S2pc {
    /// The external store is not to abort what is prepared as long as the job manager may come back to commit it. And who
    /// does not tell attempts apart may make only one.
    fn keeping_assumes(&self) -> Vec<Assumption> {
        let Params {
            transaction_timeout,
            fenced,
            ..
        } = &self.params;
        let mut assumes = Vec::new();
        if transaction_timeout.is_some() {
            let reliable = [Assumption::NoLoss, Assumption::NoCut];
            let never_gives_up = [COORDINATOR_LIVES, Assumption::Synchrony];
            assumes.extend(reliable.into_iter().chain(never_gives_up));
        }
        assumes.extend(NOTHING_FAILS.into_iter().filter(|_| !fenced));
        assumes
    }
}

/// Without alignment a checkpoint is no consistent cut, and what is read again may be in the output already: so nothing may
/// be read again.
fn not_twice(protocol: &S2pc) -> Vec<Property<S2pc>> {
    let no_record_twice = Property::always(
        "no-record-twice",
        "No record is twice in the output of a sink.",
        TPCS,
        Predicate::EachNode(S2pc::sinks, no_record_twice),
    );
    let Params {
        aligned, fenced, ..
    } = protocol.params;
    if !aligned {
        return vec![no_record_twice.assuming(NOTHING_FAILS)];
    }
    let all = [
        no_record_twice,
        Property::always(
            "covered-by-a-checkpoint",
            "Whatever is in the output of a sink is before the offsets of the last checkpoint that is complete: it will not be read again.",
            SMF,
            Predicate::Storage(covered),
        ),
        Property::always(
            "consistent-cut",
            "In a checkpoint that is complete, each operator has seen the records before the offsets of the sources, and no others.",
            "Chandy & Lamport 1985, 3; Carbone et al. 2015, 4",
            Predicate::Storage(consistent_cut),
        ),
    ];
    let one_attempt = if fenced {
        Vec::new()
    } else {
        NOTHING_FAILS.to_vec()
    };
    let all = all.into_iter();
    all.map(|property| property.assuming(one_attempt.clone()))
        .collect()
}

fn not_lost(protocol: &S2pc) -> Vec<Property<S2pc>> {
    let all = [
        Property::always(
            "none-lost",
            "Whatever is before those offsets is in the output of each sink, or in a transaction that is prepared there and listed in the checkpoint.",
            SMF,
            Predicate::Storage(none_lost),
        ),
        Property::always(
            "exact-prefix",
            "The output of a sink is what has been read of each source up to some place, without gaps.",
            SMF,
            Predicate::EachNode(S2pc::sinks, exact_prefix),
        ),
        Property::always(
            "atomicity",
            "What belongs to an epoch is committed by every sink or by none.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC1",
            Predicate::History(|protocol, history| {
                of_every(history, |outcomes| {
                    outcomes.differ(&|set| protocol.names(set))
                })
            }),
        ),
        Property::always(
            "prepared-survives",
            "What a sink has voted for is in the external store until it knows the outcome.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.4",
            Predicate::Storage(prepared_survives),
        ),
    ];
    let all = all.into_iter();
    all.map(|property| property.assuming(protocol.keeping_assumes()))
        .collect()
}

fn of_epochs() -> Vec<Property<S2pc>> {
    vec![
        Property::always(
            "irrevocability",
            "No sink reverses its decision about an epoch.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC2",
            Predicate::History(|protocol, history| {
                of_every(history, |outcomes| {
                    outcomes.are_reversed(&|set| protocol.names(set))
                })
            }),
        ),
        Property::always(
            "validity",
            "A checkpoint is complete only if all sinks have voted for it.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC3",
            Predicate::History(all_have_voted),
        ),
        Property::always(
            "epochs-in-order",
            "A sink commits epochs in their order.",
            TPCS,
            Predicate::EachNode(S2pc::sinks, epochs_in_order),
        ),
        Property::reachable(
            "output-possible",
            "Some sink has output.",
            SMF,
            Predicate::Storage(some_output),
        ),
    ]
}

/// A loss, a crash of a task and an unfortunate order of messages come to an end when a checkpoint takes too long, unless it
/// may take for ever.
fn of_progress(protocol: &S2pc) -> Vec<Property<S2pc>> {
    let mut assumes = vec![COORDINATOR_LIVES, Assumption::NoCut];
    let mut reliable = Vec::new();
    if protocol.params.checkpoint_timeout.is_none() {
        reliable = vec![Assumption::NoLoss, Assumption::NoCut];
        assumes = vec![Assumption::NO_CRASH, Assumption::NoLoss, Assumption::NoCut];
    }
    if !protocol.params.fenced {
        reliable = NOTHING_FAILS.to_vec();
        assumes = NOTHING_FAILS.to_vec();
    }
    vec![
        Property::never_blocked(
            "non-blocking",
            "No sink that is up stays in doubt about what it has prepared, without waiting for a repair.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3",
            None,
            Predicate::World(nobody_in_doubt),
        )
        .assuming(assumes),
        Property::recovers(
            "recovers",
            "Once all failures are repaired, all checkpoints are completed, and no sink is in doubt.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC5",
            Predicate::World(all_is_done),
        )
        .assuming(reliable),
    ]
}

fn store(storage: Option<&Storage>) -> Option<&Store> {
    Some(&storage?.disk()?.store)
}

/// The last checkpoint that is complete, if there is one.
fn completed<'a>(disks: &Disks<'a, S2pc>) -> Option<&'a Checkpoint> {
    let log = disks.of(manager())?.log()?;
    (log.completed.number > 0).then_some(&log.completed)
}

impl S2pc {
    fn names(&self, set: NodeSet) -> String {
        self.cluster().names(set)
    }

    fn name(&self, id: Id) -> String {
        self.names(NodeSet::only(id))
    }

    /// How much of each source is covered by a checkpoint.
    fn offsets(&self, checkpoint: Option<&Checkpoint>) -> Vec<u32> {
        let offset = |id| match checkpoint.map(|it| self.part(it, id)) {
            Some(Part::Offset(offset)) => offset,
            _ => 0,
        };
        self.sources().iter().map(offset).collect()
    }
}

fn no_record_twice(protocol: &S2pc, node: &OneNode<'_, S2pc>) -> Answer {
    let Some(store) = store(node.storage()) else {
        return Ok(());
    };
    let mut output: Vec<Record> = store.output().collect();
    output.sort_unstable();
    let twice = output.windows(2).find(|two| two[0] == two[1]);
    let twice = twice.map(|two| format!("{} has {} twice", protocol.name(node.id), two[0]));
    Reason::against(twice.map(|text| (NodeSet::only(node.id), text)))
}

fn covered(protocol: &S2pc, disks: &Disks<'_, S2pc>) -> Answer {
    let offsets = protocol.offsets(completed(disks));
    let beyond = |record: &Record| {
        let offset = offsets.get(usize::from(record.source));
        offset.is_none_or(|offset| record.offset >= *offset)
    };
    let found = protocol.sinks().iter().find_map(|id| {
        let record = store(disks.of(id))?.output().find(beyond)?;
        let name = protocol.name(id);
        let text =
            format!("{record} is in the output of {name} and in no checkpoint that is complete");
        Some((NodeSet::only(id), text))
    });
    Reason::against(found)
}

fn none_lost(protocol: &S2pc, disks: &Disks<'_, S2pc>) -> Answer {
    let Some(checkpoint) = completed(disks) else {
        return Ok(());
    };
    let offsets = protocol.offsets(Some(checkpoint));
    let found = protocol.sinks().iter().find_map(|id| {
        let mut missing: Vec<Vec<bool>> = offsets.iter().map(|n| vec![true; *n as usize]).collect();
        let mut has = |record: Record| {
            let of_source = missing.get_mut(usize::from(record.source));
            if let Some(place) = of_source.and_then(|it| it.get_mut(record.offset as usize)) {
                *place = false;
            }
        };
        if let (Some(store), Part::Pending(listed)) =
            (store(disks.of(id)), protocol.part(checkpoint, id))
        {
            store.output().for_each(&mut has);
            let listed = listed.iter().filter_map(|name| store.prepared.get(name));
            for transaction in listed {
                transaction.records.iter().copied().for_each(&mut has);
            }
        }
        let of_source = |(source, missing): (u8, &Vec<bool>)| {
            let offset = missing.iter().position(|it| *it)?;
            let offset = u32::try_from(offset).ok()?;
            Some(Record { source, offset })
        };
        let record = (0..).zip(&missing).find_map(of_source)?;
        let (name, epoch) = (protocol.name(id), checkpoint.epoch);
        let text = format!("{record} is in checkpoint {epoch}, and {name} has lost it");
        Some((NodeSet::only(id), text))
    });
    Reason::against(found)
}

fn exact_prefix(protocol: &S2pc, node: &OneNode<'_, S2pc>) -> Answer {
    let Some(store) = store(node.storage()) else {
        return Ok(());
    };
    let mut output: Vec<Record> = store.output().collect();
    output.sort_unstable();
    output.dedup();
    let mut expected = vec![0u32; protocol.sources().len()];
    let gap = output.into_iter().find_map(|record| {
        let expected = expected.get_mut(usize::from(record.source))?;
        let is_next = *expected == record.offset;
        *expected += 1;
        (!is_next).then_some(record)
    });
    let gap = gap.map(|record| {
        let name = protocol.name(node.id);
        format!("{record} is in the output of {name}, and not all that is before it")
    });
    Reason::against(gap.map(|text| (NodeSet::only(node.id), text)))
}

fn consistent_cut(protocol: &S2pc, disks: &Disks<'_, S2pc>) -> Answer {
    let Some(checkpoint) = completed(disks) else {
        return Ok(());
    };
    let offsets = protocol.offsets(Some(checkpoint));
    let operators = protocol.operators();
    let found = operators.iter().find_map(|id| {
        let Part::Count(count) = protocol.part(checkpoint, id) else {
            return None;
        };
        let place = u32::try_from(nth(operators, id)).unwrap_or(u32::MAX);
        let its = |offset: &u32| (0..*offset).filter(|it| protocol.dealt_to(*it) == place).count();
        let expected: usize = offsets.iter().map(its).sum();
        (expected != count as usize).then(|| {
            let (name, epoch) = (protocol.name(id), checkpoint.epoch);
            let text = format!(
                "in checkpoint {epoch} {name} has seen {count} records, of {expected} that belong there"
            );
            (NodeSet::only(id), text)
        })
    });
    Reason::against(found)
}

/// Asks of each epoch what there is against it.
fn of_every(history: &History, against: impl Fn(&Outcomes) -> Option<(NodeSet, String)>) -> Answer {
    let found = history.epochs.iter().find_map(|(epoch, outcomes)| {
        let (nodes, text) = against(outcomes)?;
        Some((nodes, format!("in {epoch} {text}")))
    });
    Reason::against(found)
}

fn all_have_voted(protocol: &S2pc, history: &History) -> Answer {
    of_every(history, |outcomes| {
        if !outcomes.committed.contains(manager()) {
            return None;
        }
        let missing = protocol.sinks().minus(outcomes.voted_yes);
        let text = || {
            format!(
                "the checkpoint is complete, and {} has not voted",
                protocol.names(missing)
            )
        };
        (!missing.is_empty()).then(|| (missing.with(manager()), text()))
    })
}

fn prepared_survives(protocol: &S2pc, disks: &Disks<'_, S2pc>) -> Answer {
    let undecided = |outcomes: &Outcomes| {
        let decided = outcomes.committed.union(outcomes.aborted);
        outcomes.voted_yes.minus(decided)
    };
    let is_there = |id: Id, epoch: &Epoch| {
        let prepared = store(disks.of(id)).map(|store| &store.prepared);
        prepared.is_some_and(|prepared| prepared.values().any(|it| it.epoch == *epoch))
    };
    let lost = |(epoch, outcomes): (&Epoch, &Outcomes)| {
        let id = undecided(outcomes)
            .iter()
            .find(|id| !is_there(*id, epoch))?;
        let name = protocol.name(id);
        let text = format!("{name} has voted for {epoch}, and nothing of it is in its store");
        Some((NodeSet::only(id), text))
    };
    Reason::against(disks.history().epochs.iter().find_map(lost))
}

fn epochs_in_order(protocol: &S2pc, node: &OneNode<'_, S2pc>) -> Answer {
    let Some(store) = store(node.storage()) else {
        return Ok(());
    };
    let epochs: Vec<Epoch> = store.committed.iter().map(|(_, it)| it.epoch).collect();
    let late = epochs.windows(2).find(|two| two[0] > two[1]);
    let late = late.map(|two| {
        let name = protocol.name(node.id);
        format!("{name} commits {} behind {}", two[1], two[0])
    });
    Reason::against(late.map(|text| (NodeSet::only(node.id), text)))
}

pub(super) fn some_output(protocol: &S2pc, disks: &Disks<'_, S2pc>) -> Answer {
    let has_output = |id: Id| store(disks.of(id)).is_some_and(|it| it.output().next().is_some());
    let some = protocol.sinks().iter().any(has_output);
    Reason::unless(some, NodeSet::EMPTY, || "no sink has any output".to_owned())
}

pub(super) fn is_complete(_: &S2pc, disks: &Disks<'_, S2pc>) -> Answer {
    let some = completed(disks).is_some();
    Reason::unless(some, NodeSet::only(manager()), || {
        "no checkpoint is complete".to_owned()
    })
}

/// What of a sink is prepared.
fn in_doubt(world: &dyn View<S2pc>, id: Id) -> Vec<Epoch> {
    let store = store(world.storage(id));
    store.map_or(Vec::new(), |it| {
        it.prepared.values().map(|it| it.epoch).collect()
    })
}

/// Of those that are up.
fn nobody_in_doubt(protocol: &S2pc, world: &dyn View<S2pc>) -> Answer {
    let is_up = |id: &Id| world.state(*id).and_then(State::task).is_some();
    doubts(
        protocol,
        world,
        protocol.sinks().iter().filter(is_up).collect(),
    )
}

fn doubts(protocol: &S2pc, world: &dyn View<S2pc>, sinks: NodeSet) -> Answer {
    let doubts = |id: &Id| !in_doubt(world, *id).is_empty();
    let sinks: NodeSet = sinks.iter().filter(doubts).collect();
    let Some(first) = sinks.iter().next() else {
        return Ok(());
    };
    let epochs: Vec<String> = in_doubt(world, first)
        .iter()
        .map(ToString::to_string)
        .collect();
    let (name, epochs) = (
        protocol.name(first),
        crate::model::cluster::enumerate(epochs),
    );
    let text = format!("{name} has prepared {epochs} and does not know the outcome");
    Err(Reason::new(sinks, text))
}

pub(super) fn all_is_done(protocol: &S2pc, world: &dyn View<S2pc>) -> Answer {
    let log = world.storage(manager()).and_then(Storage::log);
    let number = log.map_or(0, |log| log.completed.number);
    let expected = protocol.params.checkpoints;
    if number < expected {
        let text = format!("{number} of {expected} checkpoints are complete");
        return Err(Reason::new(NodeSet::only(manager()), text));
    }
    doubts(protocol, world, protocol.sinks())
}
