//! What is written, where it goes, who gives way, and what it costs. (Whole instances, also with each mistake, are
//! explored by the shipped scenarios.)

use super::state::{Cell, Session};
use super::*;
use crate::model::facts::Ledger;
use crate::model::{BadParameter, Event, NodeSet, Protocol, Rules, System, Time, World};
use crate::protocols::key_value::Workload;
use crate::protocols::transactions::{Txn, Version};

fn with(clients: &[&[&str]]) -> Params {
    let script = |lines: &&[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    Params {
        clients: Workload::Scripts(clients.iter().map(script).collect()),
        vote_timeout: None,
        ..Params::default()
    }
}

fn made(params: &Params) -> Sharded {
    Sharded::new(params).expect("good parameters")
}

/// What a run without failures costs in which all that can be delivered is, the servers' forced writes alone.
fn cost(servers: u8, transaction: &str, balance: u32) -> (u64, u32, u32, Option<Outcome>) {
    let params = Params {
        servers,
        balance,
        attempts: 1,
        ..with(&[&[transaction]])
    };
    let system = System::new(made(&params), Rules::fault_free());
    let mut world: World<Sharded> = system.initial();
    let mut ledger = Ledger::new(&system);
    let client = system.protocol.clients().iter().next().expect("one");
    let mut told = None;
    let mut next = Some(Event::Timeout {
        id: client,
        timer: Timer::Think,
    });
    while let Some(event) = next {
        if let Event::Deliver(envelope) = &event
            && let Msg::Reply(_, outcome) = &envelope.msg
        {
            told = Some(outcome.clone());
        }
        let effects = system.apply(&mut world, &event);
        ledger.note(Time::ZERO, &event, &effects, &world);
        let mut events = system.enabled(&mut world).events;
        events.retain(|event| matches!(event, Event::Deliver(_)));
        // NO is the last vote to come.
        let is_no = |event: &Event<Sharded>| match event {
            Event::Deliver(envelope) => matches!(envelope.msg, Msg::No(..)),
            _ => false,
        };
        next = events.into_iter().min_by_key(is_no);
    }
    let costs = &ledger.costs;
    let forced = costs.forced[..usize::from(servers)].iter().sum();
    (costs.messages, costs.delays, forced, told)
}

/// Two-phase commit with presumed abort, whose coordinator is one of the k owners: k - 1 are asked, vote, are told and
/// acknowledge; all but the coordinator force twice.
#[test]
fn what_a_commit_costs() {
    for (k, transaction) in [(1, "put x=1"), (2, "put x=1 y=1"), (3, "put x=1 y=1 z=1")] {
        let (messages, delays, forced, told) = cost(3, transaction, 0);
        let until_all_know = if k == 1 { 1 } else { 4 };
        assert_eq!(
            (messages, delays, forced),
            (
                4 * k - 2,
                until_all_know,
                u32::try_from(2 * k - 1).expect("few")
            ),
            "{transaction}"
        );
        assert_eq!(told, Some(Outcome::Committed(Values::default())));
    }
}

/// Presumed abort: nobody forces ABORT, or acknowledges it.
#[test]
fn what_an_abort_costs() {
    for (k, transaction) in [(2, "if x=0 y=1 put x=1"), (3, "if x=0 y=1 put z=1")] {
        let (messages, _, forced, told) = cost(3, transaction, 0);
        let others = u32::try_from(k - 2).expect("few");
        assert_eq!((messages, forced), (3 * k - 2, others), "{transaction}");
        assert_eq!(told, Some(Outcome::Aborted(Why::Refused)));
    }
}

#[test]
fn a_transaction_is_read_as_it_is_written() {
    for text in [
        "read x",
        "read x y",
        "put x=1",
        "put x=1 y=2",
        "if y=1 put x=0",
        "if x=1 y=1 put x=0 z=2",
        "transfer x y 1",
    ] {
        let read: Transaction = text.parse().expect(text);
        assert_eq!(read.to_string(), text);
    }
    for (text, advice) in [
        ("", "write `read x y`"),
        ("get x", "write `read x y`"),
        ("read", "write `read x y`"),
        ("read X", "a key is one lower-case letter"),
        ("read x x", "`x` twice"),
        ("put x", "write `x=1`"),
        ("put x=1 x=2", "`x` twice"),
        ("put x=-1", "a whole number"),
        ("if x=1", "write `read x y`"),
        ("if put x=1", "write `if y=1 put x=0`"),
        ("if y=1 put", "write `if y=1 put x=0`"),
        ("transfer x y", "write `transfer x y 1`"),
        ("transfer x x 1", "`x` twice"),
        ("transfer x y much", "a whole number"),
    ] {
        let refused = text.parse::<Transaction>().expect_err(text);
        assert!(refused.contains(advice), "{text}: {refused}");
    }
}

#[test]
fn a_scenario_is_told_which_transaction_makes_no_sense() {
    let refused = |params: &Params| {
        let BadParameter { parameter, message } = Sharded::new(params).expect_err("it is bad");
        (parameter, message)
    };
    let (parameter, message) = refused(&with(&[&["move x y"]]));
    assert_eq!(parameter, "clients");
    assert!(
        message.starts_with("`move x y` is no transaction"),
        "{message}"
    );
    let many = Params {
        attempts: 1000,
        ..with(&[&["read x"; 30]])
    };
    assert_eq!(refused(&many).0, "attempts");
    let mistake = Params {
        bug: Some(Mistake::CountsVotes),
        ..Params::default()
    };
    assert_eq!(refused(&mistake).0, "bug");
}

/// Small instances are about x on S1, y on S2 and z on S3.
#[test]
fn the_ring_places_x_y_and_z() {
    for servers in [2, 3, 4] {
        for virtual_nodes in 1..=5 {
            let protocol = made(&Params {
                servers,
                virtual_nodes,
                ..Params::default()
            });
            let owner = |key| protocol.owner(0, Key(key));
            assert_eq!([owner(b'x'), owner(b'y')], [0, 1].map(Id::from));
            assert_eq!(owner(b'z') == Id::from(2), servers > 2);
        }
    }
}

/// Each attempt has its own number, whoever's it is.
#[test]
fn numbers_of_attempts_are_distinct() {
    let protocol = made(&with(&[&["read x"], &["read x"], &["read x"]]));
    let mut numbers = Vec::new();
    for attempts in 0..4 {
        for (nth, client) in protocol.clients().iter().enumerate() {
            let begun = Begun {
                transactions: 1,
                attempts,
            };
            let txn = protocol.next_number(client, begun);
            assert_eq!(usize::from(protocol.client_of(txn)), nth);
            numbers.push(txn.0);
        }
    }
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
}

/// What the ring does is what keys do: who joins gets some, and from whoever leaves they go.
#[test]
fn keys_move_with_the_ring() {
    let protocol = made(&Params {
        servers: 3,
        changes: ["S3 joins", "S1 leaves", "S1 joins"]
            .map(str::to_owned)
            .to_vec(),
        ..with(&[&["read x y z"]])
    });
    let [x, y, z] = [b'x', b'y', b'z'].map(Key);
    let [s1, s2, s3] = [0, 1, 2].map(Id::from);
    let owners = |epoch| [x, y, z].map(|key| protocol.owner(epoch, key));
    assert_eq!(
        [0, 1, 2, 3].map(owners),
        [[s1, s2, s1], [s1, s2, s3], [s3, s2, s3], [s1, s2, s3]]
    );
    assert_eq!([x, y, z].map(|key| protocol.since(3, key)), [3, 0, 1]);
    assert_eq!(protocol.came_from(2, x), Some(s1));
    assert_eq!(protocol.sources(2, s3), NodeSet::only(s1));
    assert_eq!(protocol.targets(2, s1), NodeSet::only(s3));
    assert_eq!(protocol.targets(2, s2), NodeSet::EMPTY);
    assert_eq!(protocol.participants(2), NodeSet::first(3));
}

#[test]
fn a_scenario_is_told_which_change_makes_no_sense() {
    for (changes, advice) in [
        (&["S3 comes"][..], "write `S3 joins` or `S1 leaves`"),
        (&["S4 joins"], "there is no S4 among 3 servers"),
        (&["C1 leaves"], "there is no C1"),
        (&["S0 joins"], "there is no S0"),
        (&["S3 joins", "S3 joins"], "is one of the members by then"),
        (
            &["S1 leaves", "S1 leaves"],
            "is none of the members by then",
        ),
        (&["S1 leaves", "S2 leaves", "S3 leaves"], "nobody is left"),
        (&["S1 joins", "S2 joins", "S3 joins"], "nobody is left"),
    ] {
        let params = Params {
            servers: 3,
            changes: changes.iter().map(|line| (*line).to_owned()).collect(),
            ..Params::default()
        };
        let refused = Sharded::new(&params).expect_err("it is bad");
        assert_eq!(refused.parameter, "changes");
        assert!(refused.message.contains(advice), "{}", refused.message);
    }
    let mistake = Params {
        bug: Some(Mistake::ServesFrozen),
        ..Params::default()
    };
    assert_eq!(
        Sharded::new(&mistake).expect_err("nothing moves").parameter,
        "bug"
    );
}

/// A part in several keys goes where they go, and is one again where they meet.
#[test]
fn a_range_is_cut_out_and_put_in() {
    let [x, y] = [b'x', b'y'].map(Key);
    let (txn, other) = (Txn(1), Txn(2));
    let cell = |value| Cell {
        value,
        version: Version::Initial,
    };
    let part = Part {
        request: Request {
            attempt: Attempt {
                txn,
                timestamp: txn,
            },
            coordinator: Id::from(3),
            operations: vec![Operation::Take(x, 1), Operation::Give(y, 1)],
        },
        reads: vec![(x, Version::Initial), (y, Version::Initial)],
        writes: vec![(x, 9), (y, 11)],
    };
    let session = |txn| Session {
        txn,
        values: Values::default(),
    };
    let mut from = Disk {
        values: [(x, cell(10)), (y, cell(7))].into_iter().collect(),
        prepared: [(txn, part.clone())].into_iter().collect(),
        sessions: [(0, session(other)), (1, session(txn))]
            .into_iter()
            .collect(),
        ..Disk::default()
    };
    let all = from.clone();
    let range = from.cut(|key| key == y);
    assert_eq!(format!("{range:?}"), "y=7, prepared T1");
    assert_eq!(from.in_words(), "x=10, prepared T1");
    assert_eq!(range.prepared[&txn].writes, [(y, 11)]);
    from.put(range.clone());
    assert_eq!(from, all);

    let later = session(Txn(3));
    let mut to = Disk {
        sessions: [(0, later.clone())].into_iter().collect(),
        ..Disk::default()
    };
    to.put(range);
    assert_eq!(to.sessions[&0], later);
    assert_eq!(to.sessions[&1], session(txn));
}
