//! The rules that its handlers follow.

use crate::model::Rule;

const V: &str = "view service";
const S: &str = "server";
const C: &str = "client";

pub(super) const RULES: &[Rule] = &[
    Rule::start(
        V,
        "6.824 lab 2A: the view service begins without a view, or with the one that is set up",
    ),
    Rule::start(
        S,
        "6.824 lab 2A: a server has no part until a view gives it one",
    ),
    Rule::start(C, "6.824 lab 2B: a clerk"),
    Rule::recovery(
        V,
        "here: the view service keeps its view on the disk, and goes on with it",
    ),
    Rule::recovery(
        S,
        "6.824 lab 2A: a server that has lost its state is another server; one that has it on its disk goes on; VRR 4.3: one \
         that has elected its primary with others asks them",
    ),
    Rule::recovery(C, "here: a client never uses a serial number twice"),
    Rule::message(
        V,
        "Ping",
        "6.824 lab 2A: whoever pings is up, and is told the view; the primary's ping with its number acknowledges it, and \
         only then is there another",
    ),
    Rule::message(V, "GetView", "6.824 lab 2A: whoever asks is told the view"),
    Rule::timer(
        V,
        "Dead",
        "6.824 lab 2A: a server that has not pinged for too long is dead: if the view is acknowledged the backup takes the \
         place of the primary, and an idle server that of the backup",
    ),
    Rule::timer(
        S,
        "Ping",
        "6.824 lab 2A: each server pings, and says in which view it is; VRR 4.1: the primary says what is committed",
    ),
    Rule::timer(
        S,
        "Dead",
        "Alsberg & Day 1976: whoever is silent for too long has failed, and the other goes on alone; VRR 4.2: a backup \
         that does not hear from its primary wants another view",
    ),
    Rule::timer(
        S,
        "Resend",
        "Alsberg & Day 1976; VRR 4: what is not answered is sent again",
    ),
    Rule::message(
        S,
        "Ping",
        "Alsberg & Day 1976: the other one is up; if it has lost its state it is the new backup",
    ),
    Rule::message(
        S,
        "View",
        "6.824 lab 2B: a new primary transfers its state to the backup before it acknowledges the view and serves",
    ),
    Rule::message(
        S,
        "State",
        "6.824 lab 2B: a new backup gets the state, with the table of what was answered, once",
    ),
    Rule::message(
        S,
        "Synced",
        "6.824 lab 2B: the backup has the state: the primary acknowledges the view, and serves",
    ),
    Rule::message(
        S,
        "Request",
        "Alsberg & Day 1976: the primary has the backup do it first, reads as well (6.824 lab 2B); what was done is \
         answered from the table",
    ),
    Rule::message(
        S,
        "Forward",
        "6.824 lab 2B: a backup that has the state does what the primary of its own view asks",
    ),
    Rule::message(
        S,
        "Forwarded",
        "Alsberg & Day 1976: the backup has it: the primary executes it, and answers",
    ),
    Rule::message(
        S,
        "Prepare",
        "VRR 4.1: a backup appends in order, says so, and executes what is committed",
    ),
    Rule::message(
        S,
        "PrepareOk",
        "VRR 4.1: what a majority has is committed: the primary executes it, and answers",
    ),
    Rule::message(S, "Commit", "VRR 4.1: a backup executes what is committed"),
    Rule::message(
        S,
        "StartViewChange",
        "VRR 4.2: a server wants another view; if a majority does, each tells its primary what it has",
    ),
    Rule::message(
        S,
        "DoViewChange",
        "VRR 4.2: with what a majority has, the log of the latest view, and of several the longest, the view begins",
    ),
    Rule::message(
        S,
        "StartView",
        "VRR 4.2: the view has begun: a backup takes over its log",
    ),
    Rule::message(
        S,
        "GetState",
        "VRR 5.2: who has missed something is sent the present view",
    ),
    Rule::message(
        S,
        "Recovery",
        "VRR 4.3: who is in normal status tells its view, and the primary its log",
    ),
    Rule::message(
        S,
        "RecoveryResponse",
        "VRR 4.3: with the answers of a majority, the primary of the latest view among them, a server takes part again",
    ),
    Rule::timer(
        C,
        "Think",
        "6.824 lab 2B: a client asks for one thing at a time",
    ),
    Rule::timer(
        C,
        "Retry",
        "6.824 lab 2B: a client that gets no answer asks the view service who is primary; of a static pair it tries the other",
    ),
    Rule::choice(C, "here: a client draws what it asks for"),
    Rule::message(
        C,
        "View",
        "6.824 lab 2B: a client asks the primary of the view",
    ),
    Rule::message(
        C,
        "Reply",
        "6.824 lab 2B: an answer counts if it is to what was asked last",
    ),
];
