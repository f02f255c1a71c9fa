//! The rules that its handlers follow. A number alone is a section of the paper, as everywhere in this folder.

use crate::model::Rule;

const S: &str = "server";
const C: &str = "client";

pub(in crate::protocols::raft) const RULES: &[Rule] = &[
    Rule::start("", "Raft 5.2: servers start up as followers"),
    Rule::recovery(
        S,
        "Raft Figure 2, persistent state: term, vote and log are what a server still has; it comes back as a follower",
    ),
    Rule::timer(
        S,
        "Election",
        "Raft Figure 2, rules for followers and candidates (5.2): election timeout: increment the term, vote for \
         oneself, ask all others; with pre-vote (thesis 9.6) first ask whether they would vote, and change no term",
    ),
    Rule::timer(
        S,
        "Heartbeat",
        "Raft Figure 2, rules for leaders (5.2): a heartbeat to each follower, also when idle",
    ),
    Rule::timer(
        S,
        "VoteRetry",
        "Raft 5.1: servers retry RPCs that are not answered in time",
    ),
    Rule::timer(
        S,
        "Propose",
        "Raft Figure 2, rules for leaders (5.3): append the command to the own log, then replicate it",
    ),
    Rule::timer(
        S,
        "LeaderHeard",
        "Raft thesis 4.2.3: a leader is defended for the minimum election timeout, no longer",
    ),
    Rule::timer(
        S,
        "CheckQuorum",
        "Raft thesis 6.2: a leader that does not hear from a majority steps down",
    ),
    Rule::timer(
        S,
        "Lease",
        "Raft thesis 6.4.1: a lease ends before anybody else can be elected",
    ),
    Rule::timer(
        S,
        "Transfer",
        "Raft thesis 3.10: a transfer that takes too long is given up",
    ),
    Rule::timer(
        S,
        "CatchUp",
        "Raft thesis 4.2.1: a new server that does not catch up is not added",
    ),
    Rule::message(
        S,
        "RequestVote",
        "Raft Figure 2, RequestVote RPC, receiver 1 and 2 (5.2, 5.4.1): one vote in a term, on disk before it is told, \
         for a log at least as up-to-date as one's own. A pre-vote (thesis 9.6) asks the same, but no vote is cast. Who \
         hears from a leader heeds neither (6; thesis 4.2.3)",
    ),
    Rule::message(
        S,
        "Vote",
        "Raft Figure 2, rules for candidates (5.2): votes of this term from a majority make a leader; pre-votes from one \
         only begin an election (thesis 9.6)",
    ),
    Rule::message(
        S,
        "AppendEntries",
        "Raft Figure 2, AppendEntries RPC, receiver 1 to 5 (5.1, 5.3): refuse an older term, or where the entry before \
         does not match; delete what conflicts, append what is new, on disk before it is told; commitIndex becomes \
         the smaller of leaderCommit and the index of the last new entry, and never goes back",
    ),
    Rule::message(
        S,
        "Appended",
        "Raft Figure 2, rules for leaders (5.3, 5.4.2): matchIndex only increases, and an entry of the own term that a \
         majority has is committed; on a conflict decrement nextIndex and retry, with a snapshot where the log lacks \
         what is needed (7). An answer of an older term is ignored, a newer term makes it step down (5.1). Reads are \
         answered once leadership is confirmed (8; thesis 6.4)",
    ),
    Rule::message(
        S,
        "InstallSnapshot",
        "Raft Figure 13, InstallSnapshot RPC, receiver (7): the snapshot takes the place of the log, but for what \
         follows its last entry",
    ),
    Rule::message(
        S,
        "TimeoutNow",
        "Raft thesis 3.10: whom the leader asks to take over starts an election at once",
    ),
    Rule::message(
        S,
        "Request",
        "Raft 5.3, 8: a leader appends a command, unless it was executed before (thesis 6.3); answers a read once it \
         knows that it still leads (8; thesis 6.4), at once by a lease (6.4.1); appends a change of membership (6; \
         thesis 4.1, 4.2); hands over to whom it is told to (thesis 3.10). Others say who leads (8; thesis 6.2)",
    ),
    Rule::recovery(C, "Raft 8: a client that comes back asks again"),
    Rule::message(
        C,
        "Reply",
        "Raft 8: a client is told the result, or whom to ask",
    ),
    Rule::timer(C, "Think", "Raft 8: a client asks a server"),
    Rule::timer(
        C,
        "Retry",
        "Raft 8: a client that is not answered asks another server",
    ),
    Rule::choice("", "Raft 8: what a client asks for is its own choice"),
];
