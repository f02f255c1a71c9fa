//! What must be true of streaming two-phase commit: output appears exactly once, epochs are atomic (BHG 7.3), and a
//! checkpoint is a consistent cut.

use super::{Params, Storage, StreamingTwoPhaseCommit as S2pc};
use crate::model::{Answer, Assumption, Disks, NodeSet, Predicate, Property, Reason, View};
use crate::protocols::streaming::properties::{
    Epochs, ExactlyOnce, checkpoints_are_cuts, doubts, no_record_is_twice, nobody_in_doubt,
    nothing_is_lost, of_epochs,
};
use crate::protocols::streaming::{Checkpoint, Dataflow, MANAGER, Store, manager};

impl ExactlyOnce for S2pc {
    fn flow(&self) -> Dataflow {
        self.flow
    }

    fn store(storage: &Storage) -> Option<&Store> {
        Some(&storage.disk()?.store)
    }

    fn restore_point<'a>(&self, disks: &Disks<'a, Self>) -> Option<&'a Checkpoint> {
        let log = disks.of(manager())?.log()?;
        (log.completed.number > 0).then_some(&log.completed)
    }

    fn epochs(history: &Self::History) -> &Epochs {
        &history.epochs
    }
}

pub(super) fn properties(protocol: &S2pc) -> Vec<Property<S2pc>> {
    let Params {
        aligned, fenced, ..
    } = protocol.params;
    // Without alignment a checkpoint is no consistent cut, and what is read again may be in the output already.
    let is_exact = aligned && fenced;
    let once = NOTHING_FAILS.into_iter().filter(|_| !is_exact);
    let mut properties = vec![no_record_is_twice().assuming(once.collect::<Vec<_>>())];
    if aligned {
        let one_attempt = NOTHING_FAILS.into_iter().filter(|_| !fenced);
        let one_attempt: Vec<_> = one_attempt.collect();
        let cuts = checkpoints_are_cuts().into_iter();
        properties.extend(cuts.map(|it| it.assuming(one_attempt.clone())));
    }
    let kept = nothing_is_lost().into_iter();
    properties.extend(kept.map(|it| it.assuming(protocol.keeping_assumes())));
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

/// What is sent to a node that is down is missed by nobody if that has not begun to listen: which takes a second crash.
const ONE_CRASH: Assumption = Assumption::MaxCrashes {
    crashes: 1,
    role: None,
};

/// A loss, a crash of a task and an unfortunate order of messages come to an end when a checkpoint takes too long, unless it
/// may take for ever.
fn of_progress(protocol: &S2pc) -> Vec<Property<S2pc>> {
    let mut assumes = vec![COORDINATOR_LIVES, Assumption::NoCut];
    let mut reliable = Vec::new();
    if protocol.params.checkpoint_timeout.is_none() {
        reliable = vec![Assumption::NoLoss, Assumption::NoCut, ONE_CRASH];
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

pub(super) fn all_is_done(protocol: &S2pc, world: &dyn View<S2pc>) -> Answer {
    let log = world.storage(manager()).and_then(Storage::log);
    let number = log.map_or(0, |log| log.completed.number);
    let expected = protocol.params.checkpoints;
    if number < expected {
        let text = format!("{number} of {expected} checkpoints are complete");
        return Err(Reason::new(NodeSet::only(manager()), text));
    }
    doubts(protocol, world, protocol.flow.sinks())
}
