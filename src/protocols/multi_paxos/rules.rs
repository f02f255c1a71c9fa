//! The rules that its handlers follow.

use crate::model::Rule;

const S: &str = "server";
const C: &str = "client";

pub(super) const RULES: &[Rule] = &[
    Rule::start(
        "",
        "PMS 3: servers start as acceptors and learners that nobody leads",
    ),
    Rule::recovery(
        S,
        "PMS 2.5: what it promised and accepted is what an acceptor still has; up to where all is chosen it hears anew",
    ),
    Rule::timer(
        S,
        "Election",
        "PMS 2.4, 3: who hears from no leader prepares, for all slots at once, a ballot above all that it has heard of; who \
         takes part no more sends its state to those who do (PMS 3)",
    ),
    Rule::timer(
        S,
        "Heartbeat",
        "PMS 3 (phase 2a): the leader sends again what is in flight and not accepted, and says up to where all is chosen; and \
         asks again for promises that it lacks of servers that are new",
    ),
    Rule::timer(
        S,
        "PrepareRetry",
        "PMS 2.2 (phase 1a): it asks again those who have not promised",
    ),
    Rule::timer(
        S,
        "Propose",
        "PMS 3 (phase 2a): the leader proposes a command in the next slot",
    ),
    Rule::timer(
        S,
        "Lease",
        "PML 5.2: a lease ends before anybody else can come to lead",
    ),
    Rule::timer(
        S,
        "Grant",
        "PML 5.2: an acceptor keeps the lease that it has granted for so long, and no longer",
    ),
    Rule::message(
        S,
        "Prepare",
        "PMS 2.2 (phase 1b), 3: it promises, for all slots and on disk before it says so, to accept nothing below, and \
         reports what it has accepted from the slot on that it was asked for. Whoever has promised more refuses (P1a, \
         2.2). Where it has compacted some of that, it sends the state (PML 5.5), and so it does to whoever \
         takes part no more. While it grants a lease to another, it does \
         not answer (PML 5.2)",
    ),
    Rule::message(
        S,
        "Promise",
        "PMS 2.2 (P2c), 3: once a majority of those who decide a slot has promised, it proposes there what was reported under \
         the highest ballot, or a no-op in a gap, one slot after the other. A promise of an earlier ballot counts for nothing",
    ),
    Rule::message(
        S,
        "Accept",
        "PMS 2.2 (phase 2b): it accepts, on disk before it says so, unless it has promised a higher ballot (P1a); and \
         executes what is chosen as far as it has accepted it in this ballot, in the order of slots (3)",
    ),
    Rule::message(
        S,
        "Accepted",
        "PMS 2.2, 2.3, 3: what a majority of those who decide a slot has accepted in this ballot is chosen, and executed in \
         the order of slots, with the client answered; a change of them is in effect α slots later, and who is new is \
         asked for a promise; who lacks something is sent it. Reads are answered once a majority has confirmed the leader \
         (Ongaro 6.4), or at once by a lease (PML 5.2)",
    ),
    Rule::message(
        S,
        "Refused",
        "PMS 2.2, 2.4: a higher ballot was promised: it leaves its own, and waits before it prepares another",
    ),
    Rule::message(
        S,
        "State",
        "PML 5.5: a state stands for all slots up to its last, and says who decides those behind it (PMS 3)",
    ),
    Rule::message(
        S,
        "Request",
        "PMS 3: the leader proposes a command in the next slot, unless it was executed before (Ongaro 6.3), and not too \
         far ahead of what it has executed. Others say who leads",
    ),
    Rule::recovery(
        C,
        "Ongaro 6.3: a client that comes back asks for something else",
    ),
    Rule::message(
        C,
        "Reply",
        "PMS 3; Ongaro 6.2: a client is told the result, or whom to ask",
    ),
    Rule::timer(C, "Think", "PMS 3: a client asks a server"),
    Rule::timer(
        C,
        "Retry",
        "Ongaro 6.2: a client that is not answered asks another server",
    ),
    Rule::choice("", "PMS 3: what a client asks for is its own choice"),
];
