//! The rules that its handlers follow: BHG 7.5 and Skeen's papers.

use crate::model::Rule;

const C: &str = "coordinator";
const P: &str = "participant";

pub(super) const RULES: &[Rule] = &[
    Rule::recovery(
        "",
        "BHG 7.5, recovery: without a record it had not voted YES, and aborts; undecided, it asks and may not decide \
         alone",
    ),
    Rule::timer(
        C,
        "Begin",
        "BHG 7.5, phase 1: the coordinator asks everybody to vote",
    ),
    Rule::timer(
        C,
        "Vote",
        "BHG 7.5, timeout: while votes are missing the coordinator may abort",
    ),
    Rule::message(
        C,
        "Yes",
        "BHG 7.5, phase 2: once everybody has voted YES, it says so to all, and does not commit yet",
    ),
    Rule::message(C, "No", "BHG 7.5, phase 2: one NO aborts"),
    Rule::message(
        "",
        "Ack",
        "BHG 7.5, phase 3 and TR4: it commits once all that are up have acknowledged; Skeen 1982: once a quorum has",
    ),
    Rule::message(
        P,
        "CanCommit",
        "BHG 7.5, phase 1: a participant votes: YES is forced to the disk before it is told, for it is a promise; one that \
         votes NO aborts at once",
    ),
    Rule::message(
        P,
        "PreCommit",
        "BHG 7.5, phase 2: it is no longer uncertain: everybody voted YES. It forces that, then acknowledges",
    ),
    Rule::message(
        P,
        "PreAbort",
        "Skeen 1982: who waits moves towards abort, and acknowledges; nobody turns back",
    ),
    Rule::message(
        "",
        "Commit",
        "BHG 7.5, phase 3: the decision, from whoever knows it; TR2: a backup that finds somebody committed commits",
    ),
    Rule::message(
        "",
        "Abort",
        "BHG 7.5, phase 3: the decision, from whoever knows it; TR1: a backup that finds somebody aborted aborts",
    ),
    Rule::timer(
        P,
        "CanCommit",
        "BHG 7.5, timeout: until it votes, a participant may abort unilaterally",
    ),
    Rule::timer(
        C,
        "Silence",
        "BHG 7.5: a participant that does not acknowledge has failed, and is no reason to abort; Skeen 1982: it asks \
         where all stand",
    ),
    Rule::timer(
        P,
        "Silence",
        "BHG 7.5, termination: its coordinator has failed: the next in line takes its place and asks where all stand. When \
         nobody is left to answer: TR3, all uncertain, abort; TR4, somebody pre-committed, move the uncertain ones \
         there, then commit. Skeen 1982: by quorums; Skeen and Stonebraker 1983: alone, by a timeout transition",
    ),
    Rule::message(
        "",
        "StateReq",
        "BHG 7.5, termination: it says where it stands; who has decided says that, who has not voted aborts first",
    ),
    Rule::message(
        "",
        "State",
        "BHG 7.5, once all that are up have answered: TR3, all uncertain, abort; TR4, somebody pre-committed, move the \
         uncertain ones there, then commit. Skeen 1982: by quorums",
    ),
    Rule::message(
        "",
        "Inquiry",
        "BHG 7.5: whoever asks is told the decision once it is known",
    ),
    Rule::message(
        "",
        "Recovered",
        "Skeen 1985; BHG 7.5, total failure: only those that failed last know enough to decide",
    ),
    Rule::choice("", "BHG 7.3: each participant has one vote, YES or NO"),
];
