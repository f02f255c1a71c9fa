//! The rules that its handlers follow: Raz 1995, with termination and recovery of BHG 7.4.

use crate::model::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::recovery(
        "",
        "BHG 7.4, recovery: without a record it had not sent READY, and aborts; ready, it has to ask",
    ),
    Rule::timer(
        "",
        "Done",
        "Raz 1995: done itself, it sends READY to the last neighbour that has not sent its own, and forces that first; who \
         has READY from all neighbours coordinates and commits; who is for NO aborts, and says so",
    ),
    Rule::timer(
        "",
        "Silence",
        "Raz 1995: until it sends READY, a participant may abort unilaterally",
    ),
    Rule::timer(
        "",
        "Inquiry",
        "BHG 7.4, timeout: once it has sent READY it is uncertain and may not decide alone: it can only ask",
    ),
    Rule::message(
        "",
        "Ready",
        "Raz 1995: READY says that everybody on that side is for it; whoever is done and has it from all neighbours but \
         one forces its own and sends it there, and who has it from all coordinates and commits",
    ),
    Rule::message(
        "",
        "ReadyAgain",
        "Raz 1995, as READY; and a question for the outcome",
    ),
    Rule::message(
        "",
        "Commit",
        "Raz 1995: the decision is passed on, away from where it came from",
    ),
    Rule::message(
        "",
        "Abort",
        "Raz 1995: ABORT takes the place of READY or COMMIT, and is passed on",
    ),
    Rule::message(
        "",
        "Inquiry",
        "BHG 7.4, cooperative termination: who has decided says so, who has not sent READY aborts first, and who is \
         uncertain is no help",
    ),
    Rule::message(
        "",
        "Uncertain",
        "BHG 7.4, cooperative termination: that all who answer are uncertain says nothing of the outcome",
    ),
    Rule::choice("", "BHG 7.3: each participant has one vote, YES or NO"),
];
