//! The rules that its handlers follow: BHG 7.4, and PMS in every slot.

use crate::model::Rule;

const P: &str = "participant";

pub(super) const RULES: &[Rule] = &[
    Rule::recovery(
        P,
        "BHG 7.4, recovery: without a record it had not voted YES, and aborts; prepared, it has to ask",
    ),
    Rule::recovery(
        "",
        "PMS 2.5: what was on stable storage is remembered: what it promised, and what it accepted",
    ),
    Rule::timer(
        P,
        "Begin",
        "GL 4.2: a participant begins: its vote says so; YES is forced before it is told, and one that votes NO aborts at once",
    ),
    Rule::timer(
        P,
        "Prepare",
        "BHG 7.4: until it votes, a participant may abort unilaterally",
    ),
    Rule::timer(
        P,
        "Outcome",
        "BHG 7.4: in its window of uncertainty it may not decide alone: it asks all replicas",
    ),
    Rule::message(
        P,
        "Prepare",
        "BHG 7.4: a participant votes; YES is forced before it is told, and one that votes NO aborts at once; what it said \
         it says again to whoever asks",
    ),
    Rule::message(P, "Commit", "BHG 7.4: the decision, which it records"),
    Rule::message(P, "Abort", "BHG 7.4: the decision, which it records"),
    Rule::choice("", "BHG 7.3: each participant has one vote, YES or NO"),
    Rule::timer(
        "",
        "Votes",
        "BHG 7.4: a vote is missing: the leader has ABORT chosen; where nobody has begun, it asks",
    ),
    Rule::message(
        "",
        "Yes",
        "BHG 7.4: once all have voted YES the leader has COMMIT chosen by the replicas (GL 4.2), before anybody is told; a first \
         vote begins the transaction",
    ),
    Rule::message("", "No", "BHG 7.4: one NO, and the leader has ABORT chosen"),
    Rule::message("", "Inquiry", "BHG 7.4: who knows the decision tells it"),
    Rule::timer(
        "",
        "Log",
        "PMS 2.4, 3: a leader sends again what is not accepted; who does not hear from one prepares a ballot of its own",
    ),
    Rule::message(
        "",
        "Log",
        "PMS 2.2, 3: the replicas choose what is in each slot; the first decision that is chosen counts, and whoever leads \
         tells it",
    ),
];
