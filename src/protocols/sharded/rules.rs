//! The rules that its handlers follow: MLO 3, BHG 3 and 7.4, RSL, and lab 4 of 6.824 where the ring changes.

use crate::model::Rule;

const S: &str = "server";
const C: &str = "client";
const M: &str = "master";

pub(super) const RULES: &[Rule] = &[
    Rule::recovery(
        S,
        "MLO 3, recovery: what is prepared is locked again, and asked about; what is committed is told again; all else was aborted",
    ),
    Rule::recovery(
        C,
        "Ongaro 6.3: a client goes on with numbers that it has never used",
    ),
    Rule::choice(
        C,
        "ASMKV 3: a transaction says beforehand all that it reads and writes",
    ),
    Rule::timer(
        C,
        "Think",
        "ASMKV 3: a transaction says beforehand all that it reads and writes",
    ),
    Rule::timer(
        C,
        "Retry",
        "Ongaro 6.3: a client that hears nothing asks again, with the same number",
    ),
    Rule::timer(
        C,
        "Backoff",
        "RSL: what has died is tried again with its old timestamp",
    ),
    Rule::message(
        C,
        "Reply",
        "Ongaro 6.3: a client is told once; what has died is tried again with its old timestamp (RSL)",
    ),
    Rule::message(
        S,
        "Begin",
        "MLO 3: the coordinator asks all owners for their votes; what its session knows it answers from there, and what was \
         begun before its last start was aborted",
    ),
    Rule::message(
        S,
        "Prepare",
        "BHG 3.2: an owner takes its locks, or lets age decide who waits and who dies (RSL); it executes, forces its record \
         and votes YES, or votes NO (MLO 3)",
    ),
    Rule::message(
        S,
        "Yes",
        "MLO 3: once all have voted YES the coordinator forces COMMIT, with what it writes itself, and tells the owners and \
         its client",
    ),
    Rule::message(
        S,
        "No",
        "MLO 3: one NO, and the coordinator aborts, without a record",
    ),
    Rule::message(
        S,
        "Commit",
        "MLO 3: an owner forces COMMIT with what is written, releases its locks (BHG 3.5), and acknowledges",
    ),
    Rule::message(
        S,
        "Abort",
        "MLO 3: an owner releases its locks; ABORT need not be forced or acknowledged",
    ),
    Rule::message(
        S,
        "Ack",
        "MLO 3: once all have acknowledged COMMIT it is forgotten",
    ),
    Rule::message(
        S,
        "Inquiry",
        "MLO 3, presumed abort: of what it does not know the coordinator says ABORT",
    ),
    Rule::message(
        S,
        "Wound",
        "RSL, wound-wait: what is not decided gives way to who is older",
    ),
    Rule::recovery(
        M,
        "6.824, lab 4: the ring is what it was, and who was not done is told again",
    ),
    Rule::timer(
        M,
        "Change",
        "6.824, lab 4: the ring changes, one change after the other, and those that it is about are told",
    ),
    Rule::timer(
        M,
        "Announce",
        "6.824, lab 4: those that are not done are told again",
    ),
    Rule::message(
        M,
        "Done",
        "6.824, lab 4: once all are done the next change may begin",
    ),
    Rule::message(
        M,
        "WhichEpoch",
        "6.824, lab 4: a client is told of the ring",
    ),
    Rule::message(
        M,
        "Orphaned",
        "MLO 3, presumed abort: who has left has told all that it had committed; all else was aborted",
    ),
    Rule::message(
        C,
        "Epoch",
        "6.824, lab 4: a client asks the owner by the newest ring, for the same attempt (Ongaro 6.3)",
    ),
    Rule::message(
        S,
        "Configure",
        "6.824, lab 4: a server freezes what another has from now on, and sends it; what it had not decided of that is \
         aborted",
    ),
    Rule::message(
        S,
        "Transfer",
        "6.824, lab 4: a range comes with its values, sessions and prepared parts, and is on the disk before that is \
         acknowledged",
    ),
    Rule::message(S, "Received", "6.824, lab 4: what another has is dropped"),
    Rule::timer(
        S,
        "Transfer",
        "6.824, lab 4: what was not acknowledged is sent again",
    ),
    Rule::timer(
        S,
        "Votes",
        "BHG 7.4: a vote is missing, and the coordinator aborts",
    ),
    Rule::timer(
        S,
        "Acks",
        "MLO 3: it tells COMMIT again to those that have not acknowledged it",
    ),
    Rule::timer(
        S,
        "Outcome",
        "BHG 7.4: in its window of uncertainty an owner may not decide alone: it asks",
    ),
    Rule::message(
        S,
        "Of",
        "a server that has replicas says in which incarnation it speaks: who has heard of one does not listen to those before",
    ),
    Rule::message(
        S,
        "PrepareBallot",
        "PMS 2.2, P1a: a replica promises to accept nothing below, and tells what it has accepted",
    ),
    Rule::message(
        S,
        "Promise",
        "PMS 2.2, P2c: whoever has a majority's promises proposes what was accepted under the highest ballot",
    ),
    Rule::message(
        S,
        "Accept",
        "PMS 2.2: a replica forces what it accepts before it says so, unless it has promised a higher ballot",
    ),
    Rule::message(
        S,
        "Accepted",
        "PMS 2.2, 2.3: what a majority has accepted is chosen, and said",
    ),
    Rule::message(
        S,
        "Refused",
        "PMS 2.4: whoever hears of a higher ballot leaves its own",
    ),
    Rule::timer(
        S,
        "Election",
        "PMS 2.4: a replica that hears from no leader prepares a ballot of its own",
    ),
    Rule::timer(
        S,
        "Heartbeat",
        "PMS 2.4: who leads says so, and asks again who has not accepted",
    ),
];
