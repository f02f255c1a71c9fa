//! The rules that its handlers follow: Skeen 1981, with termination and recovery of BHG 7.4.

use crate::model::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::recovery(
        "",
        "BHG 7.4, recovery: without a record it had not voted YES, and aborts; prepared, it has to ask",
    ),
    Rule::timer(
        "",
        "Begin",
        "Skeen 1981: it votes and tells everybody: YES is forced to the disk first, for it is a promise; who votes NO \
         aborts at once, and who has the YES of everybody commits",
    ),
    Rule::timer(
        "",
        "Vote",
        "BHG 7.4, timeout: until it votes, a participant may abort unilaterally",
    ),
    Rule::timer(
        "",
        "Inquiry",
        "BHG 7.4, timeout: once it has voted YES it is uncertain and may not decide alone: it can only ask",
    ),
    Rule::message(
        "",
        "Yes",
        "Skeen 1981, phase 2: it commits once it has the YES of everybody, its own too",
    ),
    Rule::message("", "No", "Skeen 1981, phase 2: one NO aborts"),
    Rule::message(
        "",
        "Inquiry",
        "BHG 7.4, cooperative termination: who has decided says so, who has not voted aborts first, and who is \
         uncertain tells what it has, its vote",
    ),
    Rule::message(
        "",
        "Commit",
        "BHG 7.4, cooperative termination: the decision, from one who knows it",
    ),
    Rule::message(
        "",
        "Abort",
        "BHG 7.4, cooperative termination: the decision, from one who knows it",
    ),
    Rule::choice("", "BHG 7.3: each participant has one vote, YES or NO"),
];
