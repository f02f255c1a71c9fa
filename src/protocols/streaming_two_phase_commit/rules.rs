//! The rules that its handlers follow: ABS and SMF, and the contract of transactional sinks.

use crate::model::Rule;
use crate::protocols::streaming::{MANAGER, OPERATOR, SINK, SOURCE};

pub(super) const RULES: &[Rule] = &[
    Rule::recovery(
        MANAGER,
        "SMF 4: a new job manager knows of nothing that was under way; all start again from the last checkpoint that is complete",
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
        "SMF 4: a checkpoint that takes too long is given up; its transactions belong to the next one, or all start again",
    ),
    Rule::message(
        MANAGER,
        "Ack",
        "SMF 4: once all tasks have acknowledged a checkpoint it is written down as complete, and then sinks are notified",
    ),
    Rule::message(
        MANAGER,
        "Failed",
        "ABS 4.3: when a task has failed all start again from the last checkpoint that is complete, in a new attempt",
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
        "Notify",
        "TPCS, notifyCheckpointComplete: a sink commits what it has prepared up to this checkpoint",
    ),
    Rule::timer(
        SINK,
        "Outcome",
        "BHG 7.4: a sink in doubt asks, which it does by voting again",
    ),
    Rule::timer(
        SINK,
        "Expire",
        "KIP-98, transaction timeout: the store aborts a transaction that nobody has finished",
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
