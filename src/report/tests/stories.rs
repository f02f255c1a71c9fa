//! The runs that the pictures show.

use super::build::{Build, decided, locked, released, voted};
use crate::model::{Observation, Time};
use crate::trace::{NodeRecord, Trace};

const NODES: [(&str, &str); 4] = [
    ("C", "coordinator"),
    ("P1", "participant"),
    ("P2", "participant"),
    ("P3", "participant"),
];
const PARTICIPANTS: [&str; 3] = ["P1", "P2", "P3"];

fn two_phase_commit(about: &str) -> Build {
    let mut b = Build::new("2pc", &NODES);
    b.trace.origin.scenario = Some("scenarios/2pc.json".to_owned());
    b.trace.origin.seed = Some(7);
    b.trace.origin.about = Some(about.to_owned());
    b
}

fn ask(b: &mut Build) {
    b.timeout("C", "Begin")
        .send(&PARTICIPANTS, "Prepare { txn: 1 }")
        .status("waiting");
}

fn vote_yes(b: &mut Build, p: &str) {
    b.deliver("C", p, "Prepare { txn: 1 }")
        .observe(voted("yes"))
        .observe(locked())
        .force("Prepared { txn: 1 }")
        .send(&["C"], "Yes { txn: 1 }")
        .status("prepared");
}

fn collect(b: &mut Build) {
    b.deliver("P2", "C", "Yes { txn: 1 }").state("one vote");
    b.deliver("P1", "C", "Yes { txn: 1 }").state("two votes");
}

fn commit(b: &mut Build, p: &str) {
    commit_as(b, p, "Commit { txn: 1 }");
}

fn commit_as(b: &mut Build, p: &str, message: &str) {
    b.deliver("C", p, message)
        .observe(decided("commit"))
        .observe(released())
        .force("Committed { txn: 1 }")
        .send(&["C"], "Ack { txn: 1 }")
        .status("committed");
}

pub fn happy() -> Trace {
    let mut b = two_phase_commit("Everybody votes yes and nothing goes wrong.");
    for p in PARTICIPANTS {
        b.choose(p, "vote", "Yes");
    }
    ask(&mut b);
    for p in ["P2", "P1", "P3"] {
        vote_yes(&mut b, p);
    }
    collect(&mut b);
    b.deliver("P3", "C", "Yes { txn: 1 }")
        .observe(decided("commit"))
        .force("Commit { txn: 1 }")
        .send(&PARTICIPANTS, "Commit { txn: 1 }")
        .status("committed");
    for p in ["P3", "P1", "P2"] {
        commit(&mut b, p);
    }
    b.deliver("P1", "C", "Ack { txn: 1 }").state("one answer");
    b.deliver("P3", "C", "Ack { txn: 1 }").state("two answers");
    b.deliver("P2", "C", "Ack { txn: 1 }")
        .save("End { txn: 1 }", false)
        .status("done");
    b.timeout("C", "Idle");
    b.verdict("ok", &["Every node that is up has decided commit."]);
    b.trace.costs.messages = 12;
    b.trace.costs.delays = 3;
    b.trace.costs.forced = vec![1, 2, 2, 2];
    b.trace.costs.lazy = vec![1, 0, 0, 0];
    b.trace.costs.locked = vec![
        Time::ZERO,
        Time(5_220_000),
        Time(6_960_000),
        Time(3_480_000),
    ];
    b.trace
}

/// The lesson of the whole chapter.
pub fn blocked() -> Trace {
    let mut b = two_phase_commit(
        "The coordinator dies after asking for votes: whoever voted yes is stuck.",
    );
    ask(&mut b);
    vote_yes(&mut b, "P1");
    vote_yes(&mut b, "P2");
    b.deliver("P1", "C", "Yes { txn: 1 }").state("one vote");
    b.crash("C");
    vote_yes(&mut b, "P3");
    b.arrive_at_down("P2", "C", "Yes { txn: 1 }");
    b.arrive_at_down("P3", "C", "Yes { txn: 1 }");
    for p in PARTICIPANTS {
        let peers: Vec<&str> = PARTICIPANTS.into_iter().filter(|q| *q != p).collect();
        b.wait(20_000);
        b.timeout(p, "Uncertain { txn: 1 }")
            .suspicion("true")
            .send(&peers, "WhatDecision { txn: 1 }")
            .send(&["C"], "WhatDecision { txn: 1 }")
            .status("uncertain");
        for q in peers {
            b.deliver(p, q, "WhatDecision { txn: 1 }");
        }
        b.arrive_at_down(p, "C", "WhatDecision { txn: 1 }");
    }
    b.verdict(
        "blocked",
        &[
            "P1, P2 and P3 are up and have not decided, and no ordinary event can bring them to \
             a decision.",
            "Each waits for C, which is down since step 5; they hold their locks until it \
             recovers.",
        ],
    );
    b.trace.costs.messages = 15;
    b.trace.costs.forced = vec![0, 1, 1, 1];
    b.trace.costs.lazy = vec![0; 4];
    b.trace.costs.locked = vec![Time::ZERO; 4];
    b.trace.facts.crashes = vec![1, 0, 0, 0];
    b.trace.facts.lost_at_down = 5;
    b.trace
}

pub fn crash_inside() -> Trace {
    let mut b = two_phase_commit("The coordinator dies while it tells the outcome.");
    ask(&mut b);
    for p in PARTICIPANTS {
        vote_yes(&mut b, p);
    }
    collect(&mut b);
    b.deliver("P3", "C", "Yes { txn: 1 }")
        .observe(decided("commit"))
        .force("Commit { txn: 1 }")
        .send(&["P1"], "Commit { txn: 1 }")
        .crash_after(2);
    commit(&mut b, "P1");
    b.wait(30_000)
        .recover("C")
        .send(&["P2", "P3"], "Commit { txn: 1 }")
        .status("committed");
    commit(&mut b, "P2");
    commit(&mut b, "P3");
    b.verdict("ok", &[]);
    b.trace.facts.crashes = vec![1, 0, 0, 0];
    b.trace
}

pub fn cut_and_heal() -> Trace {
    let mut b = two_phase_commit("The network splits while the votes are on their way.");
    ask(&mut b);
    vote_yes(&mut b, "P1");
    b.cut("{C, P1} | {P2, P3}")
        .loses("C", "P2", "Prepare { txn: 1 }")
        .loses("C", "P3", "Prepare { txn: 1 }");
    b.deliver("P1", "C", "Yes { txn: 1 }").state("one vote");
    b.wait(50_000)
        .timeout("C", "Votes { txn: 1 }")
        .suspicion("false")
        .observe(decided("abort"))
        .force("Abort { txn: 1 }")
        .send(&["P1"], "Abort { txn: 1 }")
        .send_lost(&["P2", "P3"], "Abort { txn: 1 }", Some("cut"))
        .status("aborted");
    b.deliver("C", "P1", "Abort { txn: 1 }")
        .observe(decided("abort"))
        .observe(released())
        .status("aborted");
    b.heal("{C, P1} | {P2, P3}");
    b.timeout("P2", "Bored").observe(decided("commit")).status("committed").violates(
        "atomicity",
        "P2 decided commit, but P1 and C decided abort on transaction 1 in this very long reason",
    );
    b.verdict(
        "violated",
        &["Atomicity broke in step 8: P2 decided commit, C abort."],
    );
    b.trace.facts.cuts = 1;
    b.trace.facts.lost_to_cuts = 4;
    b.trace.facts.suspicions.falsely = 1;
    b.trace
}

pub fn duplicates_and_drops() -> Trace {
    let mut b = two_phase_commit("A careless network.");
    ask(&mut b);
    b.duplicate("C", "P1", "Prepare { txn: 1 }");
    vote_yes(&mut b, "P1");
    b.deliver("C", "P1", "Prepare { txn: 1 }");
    b.drop("C", "P3", "Prepare { txn: 1 }");
    b.timeout("C", "Votes { txn: 1 }")
        .suspicion("early")
        .send_lost(&["P2"], "Prepare { txn: 1 }", Some("absorbed"))
        .send(&["C"], "Tick")
        .send(&["P3"], "Prepare { txn: 2 }");
    b.deliver("C", "C", "Tick")
        .send(&["P2"], "Abort { txn: 1 }");
    b.trace.facts.duplicates = 1;
    b.trace.facts.drops = 1;
    b.trace
}

/// A record and a message that share a name.
pub fn records_and_messages() -> Trace {
    let mut b = two_phase_commit("A record has the name of a message.");
    b.timeout("C", "Begin")
        .observe(decided("commit"))
        .force("Commit")
        .send(&["P1"], "Commit(1)")
        .status("committed");
    commit_as(&mut b, "P1", "Commit(1)");
    b.trace
}

/// Two transactions at once, and crashes of more than one node.
pub fn two_transactions() -> Trace {
    let mut b = two_phase_commit("Two transactions at once.");
    b.deliver("C", "P1", "Abort { txn: 2 }")
        .observe(Observation::Released { subject: 2 })
        .observe(Observation::Decided {
            subject: 2,
            value: "abort".into(),
        });
    b.deliver("C", "P1", "Commit { txn: 1 }")
        .observe(decided("commit"));
    b.trace.facts.crashes = vec![3, 1, 0, 2];
    b.trace
}

/// A token goes round: what a node holds has a name of its own.
pub fn a_token() -> Trace {
    let mut b = Build::new("ring", &[("A", "node"), ("B", "node")]);
    b.timeout("A", "Begin")
        .observe(Observation::took("the token"))
        .status("holds");
    b.timeout("B", "Bored").status("waits");
    b.timeout("A", "Done")
        .observe(Observation::gave("the token"))
        .send(&["B"], "Token")
        .status("waits");
    b.deliver("A", "B", "Token")
        .observe(Observation::took("the token"))
        .status("holds");
    b.timeout("A", "Bored").status("waits");
    b.trace
}

/// A coordinator that is back before anything else happens.
pub fn short_crash() -> Trace {
    let mut b = two_phase_commit("The coordinator is back at once.");
    ask(&mut b);
    b.crash("C").recover("C");
    b.verdict(
        "can block outside the assumptions: no crash of a coordinator",
        &[
            "P1 waits for C.",
            "This lies outside what non-blocking assumes: no crash of a coordinator.",
        ],
    );
    b.trace.costs.locked = vec![Time::ZERO, Time(90_023_974), Time(7), Time(90_023_999)];
    b.trace
}

/// Timers that set off so much that there is little room for their names.
pub fn terse_timers() -> Trace {
    let mut b = two_phase_commit("A timer that awaits nobody, and one that does.");
    b.timeout("C", "Begin")
        .send(&PARTICIPANTS, "Prepare { txn: 1 }")
        .send(&["P1"], "Hurry");
    b.timeout("C", "Votes")
        .suspicion("true")
        .send(&PARTICIPANTS, "Abort { txn: 1 }")
        .send(&["P1"], "Hurry");
    b.trace
}

pub fn late_joiner() -> Trace {
    let nodes = [("A", "server"), ("B", "server"), ("D", "server")];
    let mut b = Build::new("raft", &nodes);
    b.trace.start[2].after = NodeRecord {
        up: false,
        ..super::build::record("not started")
    };
    b.timeout("A", "Election")
        .send(&["B"], "RequestVote { term: 1, last: (0, 0) }");
    b.deliver("A", "B", "RequestVote { term: 1, last: (0, 0) }")
        .observe(voted("A"))
        .save("term: 1", true)
        .send(&["A"], "Vote { term: 1, granted: true }");
    b.deliver("B", "A", "Vote { term: 1, granted: true }")
        .observe(Observation::Elected { subject: 1 })
        .status("leader of term 1");
    b.recover("D").status("follower");
    for step in &mut b.trace.steps {
        step.at = None;
    }
    b.trace
}

/// A ring of many nodes, each speaking to the next and to the one across.
pub fn ring(nodes: usize, steps: usize) -> Trace {
    let names: Vec<String> = (0..nodes).map(|i| format!("A{i}")).collect();
    let nodes: Vec<(&str, &str)> = names
        .iter()
        .enumerate()
        .map(|(i, n)| (n.as_str(), if i < 3 { "proposer" } else { "acceptor" }))
        .collect();
    let mut b = Build::new("ring", &nodes);
    b.timeout("A0", "Begin").send(&["A1"], "Token { hops: 0 }");
    for i in 1..=steps {
        let at = |k: usize| names[k % names.len()].as_str();
        let across = at(i * 5 + 3);
        b.deliver(at(i - 1), at(i), &format!("Token {{ hops: {} }}", i - 1))
            .send(&[at(i + 1)], &format!("Token {{ hops: {i} }}"))
            .send(&[across], "Greeting");
        if i % 3 == 0 {
            b.deliver(at(i), across, "Greeting");
        }
    }
    b.trace
}

const SERVERS: [(&str, &str); 3] = [("S1", "server"), ("S2", "server"), ("S3", "server")];

fn beat(b: &mut Build, leader: &str, followers: &[&str], term: u32) {
    let append = format!("Append({term}, 1@{term}, commit 1)");
    b.timeout(leader, "Heartbeat").send(followers, &append);
    for follower in followers {
        b.deliver(leader, follower, &append)
            .send(&[leader], &format!("Appended({term}, matched 1)"));
        b.deliver(follower, leader, &format!("Appended({term}, matched 1)"));
    }
}

/// Two leaders, between and behind whom there is nothing but heartbeats: what the second overwrites lies in
/// the midst of many steps. The network is cut for a while.
pub fn a_long_run() -> Trace {
    let mut b = Build::new("raft", &SERVERS);
    b.trace.origin.about = Some("One leader overwrites what another has written.".to_owned());
    b.timeout("S1", "Election")
        .send(&["S2", "S3"], "RequestVote(1)")
        .key(1, &[], 0);
    b.deliver("S1", "S2", "RequestVote(1)")
        .send(&["S1"], "Vote(1, granted)")
        .key(1, &[], 0);
    b.deliver("S2", "S1", "Vote(1, granted)")
        .observe(Observation::Elected { subject: 1 });
    for _ in 0..8 {
        beat(&mut b, "S1", &["S2", "S3"], 1);
    }
    b.timeout("S1", "Propose")
        .send(&["S2", "S3"], "Append(1, 0@0 +1:put x 1, commit 0)")
        .key(1, &["1:put x 1"], 0);
    b.deliver("S1", "S2", "Append(1, 0@0 +1:put x 1, commit 0)")
        .send(&["S1"], "Appended(1, matched 1)")
        .key(1, &["1:put x 1"], 0);
    b.cut("{S1} | {S2, S3}");
    b.timeout("S3", "Election")
        .send(&["S2"], "RequestVote(2)")
        .key(2, &[], 0);
    b.deliver("S3", "S2", "RequestVote(2)")
        .send(&["S3"], "Vote(2, denied)")
        .key(2, &["1:put x 1"], 0);
    b.deliver("S2", "S3", "Vote(2, denied)");
    b.timeout("S2", "Election")
        .observe(Observation::Elected { subject: 3 });
    for _ in 0..8 {
        beat(&mut b, "S2", &["S3"], 3);
    }
    b.heal("{S1} | {S2, S3}");
    for _ in 0..8 {
        beat(&mut b, "S2", &["S3"], 3);
    }
    b.deliver("S2", "S1", "Append(3, 0@0 +3:put x 2, commit 0)")
        .send(&["S2"], "Appended(3, matched 1)")
        .key(3, &["3:put x 2"], 0);
    b.deliver("S1", "S2", "Appended(3, matched 1)")
        .observe(Observation::Committed {
            subject: 1,
            value: "put x 2".into(),
            term: 3,
            during: 3,
        })
        .key(3, &["3:put x 2"], 1);
    for _ in 0..12 {
        beat(&mut b, "S2", &["S1", "S3"], 3);
    }
    b.trace
}

/// Clients that have asked, and a protocol that prints ids.
pub fn clients() -> Trace {
    let nodes = [
        ("S1", "server"),
        ("C1", "client"),
        ("C2", "client"),
        ("C3", "client"),
    ];
    let progress = |next: u32| {
        let of = |next: u32| serde_json::json!({ "matched": next - 1, "next": next, "round": 7 });
        serde_json::json!({ "Id(1)": of(1), "Id(2)": of(next), "Id(3)": of(2) })
    };
    let mut b = Build::new("ring", &nodes);
    b.timeout("S1", "Tick(Id(1))")
        .send(&["C2"], "Token { of: Id(3) }")
        .status("serves Id(2), not Xid(1) or Id(9)");
    if let Some(after) = &mut b.trace.steps[0].after {
        after.state = serde_json::json!({
            "leader": "Id(3)",
            "progress": progress(4),
        });
    }
    b.deliver("S1", "C2", "Token { of: Id(3) }")
        .observe(Observation::noted("hears of Id(1)"))
        .status("has asked");
    for client in ["C1", "C3"] {
        b.timeout(client, "Think").status("has asked");
    }
    b.timeout("S1", "Tick(Id(2))")
        .status("serves Id(2), not Xid(1) or Id(9)");
    if let Some(after) = &mut b.trace.steps[4].after {
        after.state = serde_json::json!({
            "leader": "Id(3)",
            "progress": progress(5),
        });
    }
    b.trace
}
