//! The rules that its handlers follow: those of streaming two-phase commit, and of three-phase commit.

use crate::model::Rule;
use crate::protocols::streaming::{MANAGER, OPERATOR, SINK, SOURCE};

pub(super) const RULES: &[Rule] = &[
    Rule::recovery(
        MANAGER,
        "a new job manager asks every sink for the last checkpoint that is complete, and does not go by its own log",
    ),
    Rule::recovery(
        SINK,
        "BHG 7.5: a sink that comes back takes no part in termination, and asks those that have stayed",
    ),
    Rule::recovery(
        "",
        "ABS 4.3: what a task had since the last checkpoint is gone; all start again, and it waits to be restored",
    ),
    Rule::timer(
        MANAGER,
        "Trigger",
        "ABS 4.1: sources are asked to put barriers among their records",
    ),
    Rule::timer(
        MANAGER,
        "Late",
        "SMF 4: a checkpoint that takes too long is given up; BHG 7.5: one that is known to sinks is completed without those \
         that have failed",
    ),
    Rule::message(
        MANAGER,
        "Ack",
        "Skeen 1981: once all have voted the sinks are told, before anything is decided",
    ),
    Rule::message(
        MANAGER,
        "AckPreCommit",
        "Skeen 1981: once all sinks that are up know that all have voted, the checkpoint is complete",
    ),
    Rule::message(
        MANAGER,
        "Failed",
        "ABS 4.3: when a task has failed all start again from the last checkpoint that is complete, in a new attempt",
    ),
    Rule::message(
        MANAGER,
        "Resolved",
        "a new job manager starts again from the newest checkpoint with which a sink has ended the attempt",
    ),
    Rule::message(
        MANAGER,
        "Unresolved",
        "BHG 7.5, total failure: if no sink has ended the attempt, where they stand decides",
    ),
    Rule::timer(
        MANAGER,
        "Query",
        "a new job manager needs an answer of every sink",
    ),
    Rule::message(
        SOURCE,
        "Trigger",
        "ABS 4.2: a source has its offset in the checkpoint, and sends barriers",
    ),
    Rule::timer(
        SOURCE,
        "Read",
        "ABS 3: a source reads a record and sends it on",
    ),
    Rule::message(
        OPERATOR,
        "Record",
        "ABS 4.2: a record behind the barrier of its channel waits until that has come on all; others are processed",
    ),
    Rule::message(
        OPERATOR,
        "Barrier",
        "ABS 4.2: once the barrier has come on all channels an operator has its state in the checkpoint, and sends barriers",
    ),
    Rule::message(
        SINK,
        "Record",
        "ABS 4.2: a record behind the barrier of its channel waits until that has come on all; others are written",
    ),
    Rule::message(
        SINK,
        "Barrier",
        "TPCS, preCommit: once the barrier has come on all channels a sink prepares its transaction, and then acknowledges all \
         that are not committed",
    ),
    Rule::message(
        SINK,
        "PreCommit",
        "Skeen 1981: a sink that knows that all have voted writes that down, with the whole checkpoint",
    ),
    Rule::message(
        SINK,
        "Commit",
        "TPCS, notifyCheckpointComplete: a sink commits what it has prepared up to this checkpoint",
    ),
    Rule::timer(
        SINK,
        "Silence",
        "BHG 7.5: whoever is silent has failed; the lowest sink that is up becomes the backup",
    ),
    Rule::message(
        SINK,
        "Inquiry",
        "BHG 7.5: who knows how the attempt has ended says so",
    ),
    Rule::message(
        SINK,
        "StateReq",
        "BHG 7.5: a sink says where it stands, and follows whoever asks",
    ),
    Rule::message(
        SINK,
        "State",
        "BHG 7.5, TR2 to TR4: the newest checkpoint that is known is the one with which the attempt ends; others are moved \
         there first",
    ),
    Rule::message(
        SINK,
        "AckPreCommit",
        "BHG 7.5, TR4: once the others are pre-committed a backup commits",
    ),
    Rule::message(
        SINK,
        "Decide",
        "TPCS, recoverAndCommit and recoverAndAbort: what is listed in the checkpoint is committed, all else is aborted",
    ),
    Rule::message(
        SINK,
        "Query",
        "a new job manager shows that the one before has failed; a sink answers when its attempt has ended",
    ),
    Rule::message(
        SINK,
        "Restore",
        "TPCS, recoverAndCommit and recoverAndAbort: a sink commits what is listed in the checkpoint, and aborts all else",
    ),
    Rule::message(
        "",
        "Restore",
        "ABS 4.3: in a new attempt a task has what it had in the checkpoint, and a source reads on from there",
    ),
    Rule::timer(
        "",
        "Restore",
        "ABS 4.3: who has failed says so until it is restored",
    ),
];
