//! What must be true of output that appears exactly once, whoever commits it: no record is there twice, none is lost, epochs
//! are atomic (BHG 7.3), and a checkpoint is a consistent cut.

use super::{Checkpoint, Dataflow, Epoch, Part, Record, Store, manager, nth};
use crate::model::cluster::enumerate;
use crate::model::{
    Answer, Disks, FewMap, Id, NodeSet, OneNode, Predicate, Property, Protocol, Reason, View,
};
use crate::protocols::atomic_commitment::Outcomes;

/// What was claimed of each epoch.
pub type Epochs = FewMap<Epoch, Outcomes>;

/// A protocol that has output appear exactly once.
pub trait ExactlyOnce: Protocol {
    fn flow(&self) -> Dataflow;

    /// What a sink has in the external store.
    fn store(storage: &Self::Storage) -> Option<&Store>;

    /// The checkpoint from which all would start again, if there is one that is complete.
    fn restore_point<'a>(&self, disks: &Disks<'a, Self>) -> Option<&'a Checkpoint>;

    fn epochs(history: &Self::History) -> &Epochs;
}

const SMF: &str = "Carbone et al. 2017, 4";
const TPCS: &str = "Flink, TwoPhaseCommitSinkFunction";

fn sinks<P: ExactlyOnce>(protocol: &P) -> NodeSet {
    protocol.flow().sinks()
}

pub fn no_record_is_twice<P: ExactlyOnce>() -> Property<P> {
    Property::always(
        "no-record-twice",
        "No record is twice in the output of a sink.",
        TPCS,
        Predicate::EachNode(sinks, no_record_twice),
    )
}

/// That a checkpoint is where it may be started again.
pub fn checkpoints_are_cuts<P: ExactlyOnce>() -> [Property<P>; 2] {
    [
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
    ]
}

/// That what is prepared is kept, and committed by all.
pub fn nothing_is_lost<P: ExactlyOnce>() -> [Property<P>; 4] {
    [
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
            Predicate::EachNode(sinks, exact_prefix),
        ),
        Property::always(
            "atomicity",
            "What belongs to an epoch is committed by every sink or by none.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC1",
            Predicate::History(|protocol: &P, history| {
                let flow = protocol.flow();
                of_every::<P>(history, |outcomes| outcomes.differ(&|set| flow.names(set)))
            }),
        ),
        Property::always(
            "prepared-survives",
            "What a sink has voted for is in the external store until it knows the outcome.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.4",
            Predicate::Storage(prepared_survives),
        ),
    ]
}

/// That epochs are decided as they have to be, and that there is output at all.
pub fn of_epochs<P: ExactlyOnce>() -> [Property<P>; 4] {
    [
        Property::always(
            "irrevocability",
            "No sink reverses its decision about an epoch.",
            "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC2",
            Predicate::History(|protocol: &P, history| {
                let flow = protocol.flow();
                of_every::<P>(history, |outcomes| {
                    outcomes.are_reversed(&|set| flow.names(set))
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
            Predicate::EachNode(sinks, epochs_in_order),
        ),
        Property::reachable(
            "output-possible",
            "Some sink has output.",
            SMF,
            Predicate::Storage(some_output),
        ),
    ]
}

impl Dataflow {
    /// How much of each source is covered by a checkpoint.
    fn offsets(self, checkpoint: Option<&Checkpoint>) -> Vec<u32> {
        let offset = |id| match checkpoint.map(|it| self.part(it, id)) {
            Some(Part::Offset(offset)) => offset,
            _ => 0,
        };
        self.sources().iter().map(offset).collect()
    }
}

fn no_record_twice<P: ExactlyOnce>(protocol: &P, node: &OneNode<'_, P>) -> Answer {
    let flow = protocol.flow();
    let Some(store) = node.storage().and_then(P::store) else {
        return Ok(());
    };
    let mut output: Vec<Record> = store.output().collect();
    output.sort_unstable();
    let twice = output.windows(2).find(|two| two[0] == two[1]);
    let twice = twice.map(|two| format!("{} has {} twice", flow.name(node.id), two[0]));
    Reason::against(twice.map(|text| (NodeSet::only(node.id), text)))
}

fn covered<P: ExactlyOnce>(protocol: &P, disks: &Disks<'_, P>) -> Answer {
    let flow = protocol.flow();
    let offsets = flow.offsets(protocol.restore_point(disks));
    let beyond = |record: &Record| {
        let offset = offsets.get(usize::from(record.source));
        offset.is_none_or(|offset| record.offset >= *offset)
    };
    let found = flow.sinks().iter().find_map(|id| {
        let record = disks.of(id).and_then(P::store)?.output().find(beyond)?;
        let name = flow.name(id);
        let text =
            format!("{record} is in the output of {name} and in no checkpoint that is complete");
        Some((NodeSet::only(id), text))
    });
    Reason::against(found)
}

fn none_lost<P: ExactlyOnce>(protocol: &P, disks: &Disks<'_, P>) -> Answer {
    let flow = protocol.flow();
    let Some(checkpoint) = protocol.restore_point(disks) else {
        return Ok(());
    };
    let offsets = flow.offsets(Some(checkpoint));
    let found = flow.sinks().iter().find_map(|id| {
        let mut missing: Vec<Vec<bool>> = offsets.iter().map(|n| vec![true; *n as usize]).collect();
        let mut has = |record: Record| {
            let of_source = missing.get_mut(usize::from(record.source));
            if let Some(place) = of_source.and_then(|it| it.get_mut(record.offset as usize)) {
                *place = false;
            }
        };
        if let (Some(store), Part::Pending(listed)) =
            (disks.of(id).and_then(P::store), flow.part(checkpoint, id))
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
        let (name, epoch) = (flow.name(id), checkpoint.epoch);
        let text = format!("{record} is in checkpoint {epoch}, and {name} has lost it");
        Some((NodeSet::only(id), text))
    });
    Reason::against(found)
}

fn exact_prefix<P: ExactlyOnce>(protocol: &P, node: &OneNode<'_, P>) -> Answer {
    let flow = protocol.flow();
    let Some(store) = node.storage().and_then(P::store) else {
        return Ok(());
    };
    let mut output: Vec<Record> = store.output().collect();
    output.sort_unstable();
    output.dedup();
    let mut expected = vec![0u32; flow.sources().len()];
    let gap = output.into_iter().find_map(|record| {
        let expected = expected.get_mut(usize::from(record.source))?;
        let is_next = *expected == record.offset;
        *expected += 1;
        (!is_next).then_some(record)
    });
    let gap = gap.map(|record| {
        let name = flow.name(node.id);
        format!("{record} is in the output of {name}, and not all that is before it")
    });
    Reason::against(gap.map(|text| (NodeSet::only(node.id), text)))
}

fn consistent_cut<P: ExactlyOnce>(protocol: &P, disks: &Disks<'_, P>) -> Answer {
    let flow = protocol.flow();
    let Some(checkpoint) = protocol.restore_point(disks) else {
        return Ok(());
    };
    let offsets = flow.offsets(Some(checkpoint));
    let operators = flow.operators();
    let found = operators.iter().find_map(|id| {
        let Part::Count(count) = flow.part(checkpoint, id) else {
            return None;
        };
        let place = u32::try_from(nth(operators, id)).unwrap_or(u32::MAX);
        let its = |offset: &u32| (0..*offset).filter(|it| flow.dealt_to(*it) == place).count();
        let expected: usize = offsets.iter().map(its).sum();
        (expected != count as usize).then(|| {
            let (name, epoch) = (flow.name(id), checkpoint.epoch);
            let text = format!(
                "in checkpoint {epoch} {name} has seen {count} records, of {expected} that belong there"
            );
            (NodeSet::only(id), text)
        })
    });
    Reason::against(found)
}

/// Asks of each epoch what there is against it.
fn of_every<P: ExactlyOnce>(
    history: &P::History,
    against: impl Fn(&Outcomes) -> Option<(NodeSet, String)>,
) -> Answer {
    let found = P::epochs(history).iter().find_map(|(epoch, outcomes)| {
        let (nodes, text) = against(outcomes)?;
        Some((nodes, format!("in {epoch} {text}")))
    });
    Reason::against(found)
}

fn all_have_voted<P: ExactlyOnce>(protocol: &P, history: &P::History) -> Answer {
    let flow = protocol.flow();
    of_every::<P>(history, |outcomes| {
        if !outcomes.committed.contains(manager()) {
            return None;
        }
        let missing = flow.sinks().minus(outcomes.voted_yes);
        let text = || {
            format!(
                "the checkpoint is complete, and {} has not voted",
                flow.names(missing)
            )
        };
        (!missing.is_empty()).then(|| (missing.with(manager()), text()))
    })
}

fn prepared_survives<P: ExactlyOnce>(protocol: &P, disks: &Disks<'_, P>) -> Answer {
    let flow = protocol.flow();
    let undecided = |outcomes: &Outcomes| {
        let decided = outcomes.committed.union(outcomes.aborted);
        outcomes.voted_yes.minus(decided)
    };
    let is_there = |id: Id, epoch: &Epoch| {
        let prepared = disks.of(id).and_then(P::store).map(|store| &store.prepared);
        prepared.is_some_and(|prepared| prepared.values().any(|it| it.epoch == *epoch))
    };
    let lost = |(epoch, outcomes): (&Epoch, &Outcomes)| {
        let id = undecided(outcomes)
            .iter()
            .find(|id| !is_there(*id, epoch))?;
        let name = flow.name(id);
        let text = format!("{name} has voted for {epoch}, and nothing of it is in its store");
        Some((NodeSet::only(id), text))
    };
    Reason::against(P::epochs(disks.history()).iter().find_map(lost))
}

fn epochs_in_order<P: ExactlyOnce>(protocol: &P, node: &OneNode<'_, P>) -> Answer {
    let flow = protocol.flow();
    let Some(store) = node.storage().and_then(P::store) else {
        return Ok(());
    };
    let epochs: Vec<Epoch> = store.committed.iter().map(|(_, it)| it.epoch).collect();
    let late = epochs.windows(2).find(|two| two[0] > two[1]);
    let late = late.map(|two| {
        let name = flow.name(node.id);
        format!("{name} commits {} behind {}", two[1], two[0])
    });
    Reason::against(late.map(|text| (NodeSet::only(node.id), text)))
}

pub fn some_output<P: ExactlyOnce>(protocol: &P, disks: &Disks<'_, P>) -> Answer {
    let flow = protocol.flow();
    let has_output = |id: Id| {
        disks
            .of(id)
            .and_then(P::store)
            .is_some_and(|it| it.output().next().is_some())
    };
    let some = flow.sinks().iter().any(has_output);
    Reason::unless(some, NodeSet::EMPTY, || "no sink has any output".to_owned())
}

pub fn is_complete<P: ExactlyOnce>(protocol: &P, disks: &Disks<'_, P>) -> Answer {
    let some = protocol
        .restore_point(disks)
        .is_some_and(|it| it.number > 0);
    Reason::unless(some, NodeSet::only(manager()), || {
        "no checkpoint is complete".to_owned()
    })
}

/// What of a sink is prepared.
fn in_doubt<P: ExactlyOnce>(world: &dyn View<P>, id: Id) -> Vec<Epoch> {
    let store = world.storage(id).and_then(P::store);
    store.map_or(Vec::new(), |it| {
        it.prepared.values().map(|it| it.epoch).collect()
    })
}

/// Of those that are up.
pub fn nobody_in_doubt<P: ExactlyOnce>(protocol: &P, world: &dyn View<P>) -> Answer {
    let flow = protocol.flow();
    let is_up = |id: &Id| world.state(*id).is_some();
    doubts(protocol, world, flow.sinks().iter().filter(is_up).collect())
}

pub fn doubts<P: ExactlyOnce>(protocol: &P, world: &dyn View<P>, sinks: NodeSet) -> Answer {
    let flow = protocol.flow();
    let doubts = |id: &Id| !in_doubt(world, *id).is_empty();
    let sinks: NodeSet = sinks.iter().filter(doubts).collect();
    let Some(first) = sinks.iter().next() else {
        return Ok(());
    };
    let epochs: Vec<String> = in_doubt(world, first)
        .iter()
        .map(ToString::to_string)
        .collect();
    let (name, epochs) = (flow.name(first), enumerate(epochs));
    let text = format!("{name} has prepared {epochs} and does not know the outcome");
    Err(Reason::new(sinks, text))
}
