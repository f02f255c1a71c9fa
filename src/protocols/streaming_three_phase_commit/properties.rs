//! What must be true of streaming three-phase commit: what is true of two-phase commit, and that sinks are not blocked.

use super::{Storage, StreamingThreePhaseCommit as S3pc, flow};
use crate::model::{Answer, Assumption, Disks, NodeSet, Predicate, Property, Reason, View};
use crate::protocols::streaming::properties::{
    Epochs, ExactlyOnce, checkpoints_are_cuts, doubts, no_record_is_twice, nobody_in_doubt,
    nothing_is_lost, of_epochs,
};
use crate::protocols::streaming::{
    Checkpoint, Dataflow, MANAGER, OPERATOR, SINK, SOURCE, Store, manager,
};

impl ExactlyOnce for S3pc {
    fn flow(&self) -> Dataflow {
        self.flow.flow()
    }

    fn store(storage: &Storage) -> Option<&Store> {
        storage.store()
    }

    /// The newest that anybody knows to be complete: a new job manager asks.
    fn restore_point<'a>(&self, disks: &Disks<'a, Self>) -> Option<&'a Checkpoint> {
        let all = self.sinks().with(manager());
        let known = all.iter().filter_map(|id| disks.of(id)?.completed());
        known.max_by_key(|checkpoint| checkpoint.epoch)
    }

    fn epochs(history: &flow::History) -> &Epochs {
        &history.epochs
    }
}

/// The network of three-phase commit: it delivers, and whoever is silent has failed.
const RELIABLE: [Assumption; 3] = [Assumption::NoLoss, Assumption::NoCut, Assumption::Synchrony];

/// The job manager is replaced once at most: see what `awaits` says.
const ONE_REPLACEMENT: Assumption = Assumption::MaxCrashes {
    crashes: 1,
    role: Some(MANAGER),
};

pub(super) fn properties(protocol: &S3pc) -> Vec<Property<S3pc>> {
    let mut properties = vec![no_record_is_twice()];
    properties.extend(checkpoints_are_cuts());
    properties.extend(nothing_is_lost());
    properties.extend(of_epochs());
    let reliable = properties
        .into_iter()
        .map(|property| property.assuming(RELIABLE));
    let mut properties: Vec<_> = reliable.collect();
    properties.extend(of_progress(protocol));
    properties
}

/// Somebody never fails; see `three_phase_commit`.
fn no_total_failure(protocol: &S3pc) -> Assumption {
    let sinks = u32::from(protocol.params.sinks);
    Assumption::MaxCrashes {
        crashes: sinks - 1,
        role: Some(SINK),
    }
}

/// Nobody who has this role crashes.
fn lives(role: &'static str) -> Assumption {
    Assumption::MaxCrashes {
        crashes: 0,
        role: Some(role),
    }
}

fn of_progress(protocol: &S3pc) -> [Property<S3pc>; 2] {
    let non_blocking = Property::never_blocked(
        "non-blocking",
        "No sink that is up stays in doubt about what it has prepared, without waiting for a repair.",
        "Skeen 1981; Bernstein, Hadzilacos & Goodman 1987, 7.5",
        None,
        Predicate::World(nobody_in_doubt),
    );
    let recovers = Property::recovers(
        "recovers",
        "Once all failures are repaired, all checkpoints are completed, and no sink is in doubt.",
        "Bernstein, Hadzilacos & Goodman 1987, 7.3, AC5",
        Predicate::World(all_is_done),
    );
    let once = &[ONE_REPLACEMENT];
    let mut repaired = RELIABLE.to_vec();
    let mut stays = [RELIABLE.as_slice(), once, &[no_total_failure(protocol)]].concat();
    if protocol.params.checkpoint_timeout.is_none() {
        // A job manager that lives waits for all tasks for ever.
        let tasks = [SOURCE, OPERATOR, SINK].map(lives);
        stays = [RELIABLE.as_slice(), once, &tasks].concat();
        // What is sent to a node that is down may be missed by nobody: which takes two crashes.
        repaired.push(Assumption::MaxCrashes {
            crashes: 1,
            role: None,
        });
    }
    [non_blocking.assuming(stays), recovers.assuming(repaired)]
}

pub(super) fn all_is_done(protocol: &S3pc, world: &dyn View<S3pc>) -> Answer {
    let log = world.storage(manager()).and_then(Storage::log);
    let number = log.map_or(0, |log| log.completed.number);
    let expected = protocol.params.checkpoints;
    if number < expected {
        let text = format!("{number} of {expected} checkpoints are complete");
        return Err(Reason::new(NodeSet::only(manager()), text));
    }
    doubts(protocol, world, protocol.sinks())
}
