//! Clients and what is done for them; parameters and the names of mistakes.

use super::*;

/// 5.3: it is the leader that answers, once the entry is applied.
#[test]
fn only_the_leader_answers() {
    let raft = raft(&Params::default());
    let content = Content::Command(Id::from(3), 1, "put x 1".parse().unwrap());
    let term = Term(1);
    let append = Msg::AppendEntries(AppendEntries {
        term,
        prev: at(0, 0),
        entries: [Entry { term, content }].into(),
        leader_commit: 1,
        round: 0,
    });
    let mut follower = Lone::new(&raft, "S2");
    let answer = follower.hears("S1", append);
    assert_eq!(
        answer,
        [(Id::from(0), appended(1, AppendResult::Matched(1)))]
    );
    assert_eq!(follower.server().commit_index, 1);
}

/// No variant of the matrix has clients.
#[test]
fn what_clients_are_told_follows_a_rule() {
    let raft = raft(&Params::default());
    crate::protocols::every_arm_has_a_rule(&raft);
}

/// A client that may ask twice asks twice, and then waits for something else.
#[test]
fn a_client_gives_up_when_it_has_asked_often_enough() {
    let raft = raft(&Params {
        tries: Some(2),
        ..Params::default()
    });
    let mut client = Lone::new(&raft, "C1");
    let asked = |client: &Lone| match client.node.state() {
        Some(State::Client(client)) => client.asked.is_some(),
        _ => panic!("no client"),
    };
    assert_eq!(client.fires(Timer::Think).len(), 1);
    assert_eq!(client.fires(Timer::Retry).len(), 1);
    assert!(asked(&client));
    assert_eq!(client.fires(Timer::Retry), []);
    assert!(!asked(&client));
    let next = client.fires(Timer::Think);
    assert!(matches!(next[..], [(_, Msg::Request(2, _))]), "{next:?}");
}

#[test]
fn what_clients_ask_is_read_and_written() {
    for text in [
        "put x 1",
        "get x",
        "add S4",
        "remove S1",
        "members S1 S2 S4",
        "transfer S2",
    ] {
        let ask: Ask = text.parse().expect(text);
        assert_eq!(ask.to_string(), text);
    }
    for text in [
        "add",
        "add 4",
        "members",
        "transfer S0",
        "steal x",
        "add S4 S5",
        "add S16",
        "members S1 S99",
    ] {
        assert!(text.parse::<Ask>().is_err(), "{text}");
    }
}

/// A client asks elsewhere until it is told, and takes no answer for another's.
#[test]
fn a_client_asks_until_it_is_told() {
    let raft = raft(&Params::default());
    let mut client = Lone::new(&raft, "C1");
    let [s1, s2] = [0, 1].map(Id::from);
    let ask = |serial| match serial {
        1 => Msg::Request(1, "put x 1".parse().unwrap()),
        _ => Msg::Request(2, "get x".parse().unwrap()),
    };
    assert_eq!(client.fires(Timer::Think), [(s1, ask(1))]);
    assert_eq!(client.fires(Timer::Retry), [(s2, ask(1))]);
    let not_leader = Msg::Reply(1, Reply::NotLeader(Some(s1)));
    assert_eq!(client.hears("S2", not_leader), [(s1, ask(1))]);
    // That leader may be an old one: the others have their turn.
    let s3 = Id::from(2);
    assert_eq!(client.fires(Timer::Retry), [(s3, ask(1))]);
    let not_leader = Msg::Reply(1, Reply::NotLeader(Some(s1)));
    assert_eq!(client.hears("S3", not_leader), [(s1, ask(1))]);
    let done: Reply = Reply::Answer("done".parse().unwrap());
    assert_eq!(client.hears("S1", Msg::Reply(7, done)), []);
    client.hears("S1", Msg::Reply(1, done));
    assert_eq!(client.fires(Timer::Think), [(s1, ask(2))]);
    // The serial number was saved, so it is never used for anything else.
    client.restarts();
    match client.node.up() {
        Some(up) => assert!(
            matches!(&up.state, State::Client(c) if c.serial == 2),
            "{up:?}"
        ),
        None => panic!("up"),
    }
}

/// Leaders make up so many commands and no more, whether snapshots stand for them or not.
#[test]
fn proposals_come_to_an_end() {
    let raft = raft(&Params {
        servers: 1,
        proposals: 2,
        snapshot_after: Some(1),
        ..core()
    });
    let mut leader = Lone::new(&raft, "S1");
    leader.fires(Timer::Election);
    for proposed in [1, 2, 2] {
        leader.fires(Timer::Propose);
        let log = &leader.server().stable.log;
        assert_eq!((log.compacted(), log.proposals()), (proposed, proposed));
    }
}

/// Values out of range are refused, and the range is named.
#[test]
fn parameters_out_of_range_are_refused() {
    let told = |params: Params| params.check().expect_err("out of range").message;
    let cases = [
        (
            told(Params {
                members: Some(9),
                ..core()
            }),
            "write 1 to 3",
        ),
        (
            told(Params {
                members: Some(0),
                ..core()
            }),
            "write 1 to 3",
        ),
        (
            told(Params {
                tries: Some(0),
                ..core()
            }),
            "write 1 to 1000",
        ),
        (
            told(Params {
                tries: Some(1001),
                ..core()
            }),
            "write 1 to 1000",
        ),
        (
            told(Params {
                snapshot_after: Some(10_001),
                ..core()
            }),
            "write 1 to 10000",
        ),
        (
            told(Params {
                clients: Workload::Drawn(Drawn {
                    clients: 1,
                    commands: 1001,
                    from: vec!["put x 1".to_owned()],
                }),
                ..core()
            }),
            "write 1 to 1000",
        ),
        (
            told(Params {
                membership: Membership::Single,
                ..core()
            }),
            "no-op",
        ),
    ];
    for (message, range) in cases {
        assert!(message.contains(range), "{message}");
    }
    let workload = serde_json::from_str::<Workload>(r#"["put x 1"]"#);
    let message = workload.expect_err("no list of lists").to_string();
    assert!(
        message.contains("a list of commands for each client"),
        "{message}"
    );
}

/// Every mistake that can be switched on is described, and the other way round.
#[test]
fn mistakes_are_known_by_name() {
    for bug in Raft::BUGS {
        let mistake: Mistake = serde_json::from_value(bug.name.into()).expect(bug.name);
        let back = serde_json::to_value(mistake).unwrap();
        assert_eq!(back, bug.name);
    }
    assert_eq!(Raft::BUGS.len(), 35);
}
