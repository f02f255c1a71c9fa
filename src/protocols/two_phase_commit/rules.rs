//! The rules that its handlers follow: BHG 7.4, with the presumptions of MLO.

use crate::model::Rule;

const C: &str = "coordinator";
const P: &str = "participant";

pub(super) const RULES: &[Rule] = &[
    Rule::recovery(
        C,
        "BHG 7.4, recovery; MLO: it goes on by its last record, and without one presumes",
    ),
    Rule::timer(
        C,
        "Begin",
        "BHG 7.4, step 1: the coordinator asks everybody to vote; MLO, presumed commit: a collecting record (initiation) \
         is forced before that",
    ),
    Rule::timer(
        C,
        "Vote",
        "BHG 7.4, timeout: while votes are missing nobody can have committed, so the coordinator may abort",
    ),
    Rule::timer(
        C,
        "Resend",
        "MLO: the decision is sent again until all who have to have acknowledged it",
    ),
    Rule::message(
        C,
        "Yes",
        "BHG 7.4, step 3: the coordinator commits once everybody has voted YES",
    ),
    Rule::message(C, "No", "BHG 7.4, step 3: one NO aborts"),
    Rule::message(
        C,
        "Ack",
        "MLO: once all have acknowledged, nobody will ask any more, and it may forget",
    ),
    Rule::message(
        C,
        "Inquiry",
        "BHG 7.4; MLO: whoever asks is told the decision; while votes are collected there is none, and nothing is \
         presumed; where nothing is known, what is presumed",
    ),
    Rule::message(
        C,
        "Able",
        "not in the papers: once everybody could take part, votes are asked for",
    ),
    Rule::recovery(
        P,
        "BHG 7.4, recovery: without a record it had not voted YES, and aborts; prepared, it has to ask",
    ),
    Rule::message(
        P,
        "Prepare",
        "BHG 7.4, step 2: a participant votes: YES is forced to the disk before it is told, for it is a promise; one that \
         votes NO aborts at once",
    ),
    Rule::message(
        P,
        "Query",
        "not in the papers: that it could take part binds nobody",
    ),
    Rule::message(
        P,
        "Commit",
        "BHG 7.4, step 4: a participant records the decision and gives up its locks",
    ),
    Rule::message(
        P,
        "Abort",
        "BHG 7.4, step 4: a participant records the decision and gives up its locks",
    ),
    Rule::timer(
        P,
        "Prepare",
        "BHG 7.4, timeout: until it votes, a participant may abort unilaterally",
    ),
    Rule::timer(
        P,
        "Inquiry",
        "BHG 7.4, timeout: once it has voted YES it is uncertain and may not decide alone: it can only ask",
    ),
    Rule::message(
        P,
        "Inquiry",
        "BHG 7.4, cooperative termination: who has decided says so, who has not voted aborts first, and who is \
         uncertain is no help",
    ),
    Rule::message(
        P,
        "Uncertain",
        "BHG 7.4, cooperative termination: that all who answer are uncertain says nothing of the outcome",
    ),
    Rule::choice(P, "BHG 7.3: each participant has one vote, YES or NO"),
];
