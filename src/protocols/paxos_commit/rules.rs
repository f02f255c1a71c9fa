//! The rules that its handlers follow: GL 4.2, and PMS 2.2 in every instance.

use crate::model::Rule;

const P: &str = "participant";

pub(super) const RULES: &[Rule] = &[
    Rule::recovery(
        P,
        "BHG 7.4, recovery: without a record it had not voted, and aborts; prepared, it has to ask",
    ),
    Rule::recovery(
        "",
        "PMS 2.5: what was on stable storage is remembered: promises and acceptances; a first leader takes over",
    ),
    Rule::timer(
        P,
        "Begin",
        "GL 4.2: a participant begins: its vote is phase 2a of ballot 0, and *prepared* is forced before it is told; one \
         that votes *aborted* aborts at once",
    ),
    Rule::timer(
        P,
        "Prepare",
        "GL 4.2: until it votes *prepared*, a participant may abort, and its vote says so",
    ),
    Rule::timer(
        P,
        "Outcome",
        "GL 4.2: once it is prepared it may not decide alone: it asks an acceptor",
    ),
    Rule::message(
        P,
        "Prepare",
        "GL 4.2: a participant votes, phase 2a of ballot 0 in its own instance: *prepared* is forced before it is told; \
         one that votes *aborted* aborts at once",
    ),
    Rule::message(P, "Commit", "GL 4.2: the outcome, from whoever knows it"),
    Rule::message(P, "Abort", "GL 4.2: the outcome, from whoever knows it"),
    Rule::message(
        P,
        "Phase2b",
        "GL 4.2: acceptors may tell participants themselves: commit once every instance has chosen *prepared*, by a \
         majority in one ballot; abort once one has chosen *aborted*",
    ),
    Rule::choice("", "BHG 7.3: each participant has one vote, YES or NO"),
    Rule::timer(
        "",
        "Votes",
        "GL 4.2: votes are missing: it makes do with what there is, and the leader asks the others in a ballot of its own",
    ),
    Rule::timer(
        "",
        "Retry",
        "PMS 2.4: a leader that waits too long asks again; who follows one takes over",
    ),
    Rule::message(
        "",
        "Vote",
        "GL 4.2, phase 2b of ballot 0: it accepts a vote, unless it has promised a higher ballot (PMS 2.2, P1a), and may \
         tell of all instances in one message; the first leader asks the other participants to prepare",
    ),
    Rule::message(
        "",
        "Inquiry",
        "GL 4.2: who is asked for an outcome that it does not know finds out, in a higher ballot",
    ),
    Rule::message(
        "",
        "Phase1a",
        "PMS 2.2, phase 1b, in all instances: if this ballot is greater than any that it has answered, it promises to \
         accept nothing below, and reports what it has accepted",
    ),
    Rule::message(
        "",
        "Phase1b",
        "GL 4.2, phase 2a: of a majority the vote that was reported in the highest ballot, and *aborted* where none was",
    ),
    Rule::message(
        "",
        "Phase2a",
        "PMS 2.2, phase 2b: it accepts, unless it has promised a higher ballot (P1a)",
    ),
    Rule::message(
        "",
        "Phase2b",
        "GL 4.2: commit once every instance has chosen *prepared*, by a majority in one ballot; abort once one has chosen \
         *aborted*",
    ),
    Rule::message(
        "",
        "Refused",
        "PMS 2.2: who learns that a higher ballot has begun should abandon its own",
    ),
    Rule::message("", "Commit", "GL 4.2: the outcome, from whoever knows it"),
    Rule::message("", "Abort", "GL 4.2: the outcome, from whoever knows it"),
];
