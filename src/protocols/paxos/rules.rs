//! The rules that its handlers follow: PMS 2.2 to 2.5.

use crate::model::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::recovery(
        "",
        "PMS 2.5: what was on stable storage is remembered: promises, acceptances, and the highest ballot ever used",
    ),
    Rule::timer(
        "proposer",
        "Propose",
        "PMS 2.2, phase 1a: a proposer takes a ballot that nobody has used, and asks for promises",
    ),
    Rule::timer(
        "proposer",
        "Retry",
        "PMS 2.2, 2.4: a proposal may be abandoned at any time; who waits too long tries a higher ballot",
    ),
    Rule::message(
        "proposer",
        "Promise",
        "PMS 2.2, phase 2a: once a majority has promised, it proposes the value of the highest ballot that they report, \
         or its own if they report none (P2c)",
    ),
    Rule::message(
        "proposer",
        "Nack",
        "PMS 2.2: who learns that a higher ballot has begun should abandon its own",
    ),
    Rule::message(
        "proposer",
        "Chosen",
        "PMS 2.3: once all learners know, there is nothing left to propose for",
    ),
    Rule::message(
        "acceptor",
        "Prepare",
        "PMS 2.2, phase 1b: if this ballot is greater than any that it has answered, it promises to accept nothing below, \
         and reports the highest that it has accepted",
    ),
    Rule::message(
        "acceptor",
        "Accept",
        "PMS 2.2, phase 2b: it accepts, unless it has promised a higher ballot (P1a)",
    ),
    Rule::message(
        "learner",
        "Accepted",
        "PMS 2.3: a value is chosen when a majority of acceptors has accepted it in one ballot",
    ),
];
