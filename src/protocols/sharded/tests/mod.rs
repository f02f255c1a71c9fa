//! What is written, where it goes, who gives way, and what it costs. (Whole instances, also with each mistake, are
//! explored by the shipped scenarios.)

mod moves;
mod replicas;

use super::*;
use crate::model::facts::Ledger;
use crate::model::{BadParameter, Event, Protocol, Rules, System, Time, World};
use crate::protocols::key_value::Workload;

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
