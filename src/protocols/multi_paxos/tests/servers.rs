//! Other servers: who is asked and told what before and after a change.

use super::*;
use crate::protocols::clients::{Servers, names};

fn set(text: &str) -> NodeSet {
    let number = |name: &str| name[1..].parse::<usize>().expect("a number");
    text.split_whitespace()
        .map(|name| Id::from(number(name) - 1))
        .collect()
}

fn changing(servers: u8, members: u8, window: u32) -> Params {
    Params {
        members: Some(members),
        window: Some(window),
        clients: Workload::Scripts(vec![vec!["add S1".to_owned()], vec![]]),
        ..params(servers, &[])
    }
}

fn asks(serial: u32, line: &str) -> Msg {
    Msg::Request(serial, line.parse().expect("something to ask for"))
}

fn said(reply: Reply) -> Msg {
    Msg::Reply(1, reply)
}

fn members(line: &str, servers: u8) -> Command {
    let client = Id::from(usize::from(servers));
    Command::asked(client, 1, line.parse().expect("a change")).expect("a command")
}

/// Whoever executes one slot after the other knows of each the servers that the last change gave it.
#[test]
fn each_slot_has_the_servers_of_the_last_change_before_it() {
    let sets = ["S1", "S2 S3", "S1 S2 S3"].map(set);
    for window in 1..=3 {
        // Each slot brings one of the sets, or nothing.
        for history in 0..4_usize.pow(4) {
            let brings = |slot: Slot| sets.get(history / 4_usize.pow(slot - 1) % 4);
            let first = set("S1 S2");
            let mut known = Configurations::of(first);
            for slot in 1..=4 {
                if let Some(servers) = brings(slot) {
                    known.change(slot + window, *servers);
                }
                known.pass(slot);
                let of = |later: Slot| {
                    let mut before = (1..=slot).rev().filter(|s| s + window <= later);
                    before.find_map(brings).copied().unwrap_or(first)
                };
                for later in slot + 1..=slot + window {
                    assert_eq!(
                        known.at(later),
                        of(later),
                        "{history}: {later} after {slot}"
                    );
                }
                assert_eq!(known.next(), of(slot + 1));
                assert_eq!(known.newest(), of(slot + window));
                assert_eq!(known.is_awaited(slot + 1), known.sets().count() > 1);
            }
        }
    }
    let mut known = Configurations::of(set("S1"));
    known.change(3, set("S1 S2"));
    assert_eq!(known.to_string(), "S1, from 3 S1 S2");
    assert_eq!(names(Servers::of(known.all()).into()), "S1 S2");
}

/// A majority of the new ones has to promise first, and what they report is proposed.
#[test]
fn new_servers_are_asked_before_anything_is_proposed_to_them() {
    let mut s1 = Lone::new(&changing(4, 1, 1), "S1");
    s1.fires(Timer::Election);
    let told = s1.hears("C1", asks(1, "members S1 S2 S3"));
    assert_eq!(told, [said(Reply::Accepted), prepare(1, 2)]);
    assert_eq!(s1.hears("C2", asks(1, "put x 1")), []);
    // S4 was not asked; and an old promise counts for nothing.
    assert_eq!(s1.hears("S4", promise(1, &[])), []);
    assert_eq!(s1.hears("S2", promise(0, &[])), []);
    // It asks again, as long as somebody is lacking.
    let heartbeat = s1.fires(Timer::Heartbeat);
    assert_eq!(heartbeat, [accept(1, &[], 1), prepare(1, 2)]);
    let old = |number| proposal(0, Command::Own(1, number));
    let proposed = [(2, Command::Own(1, 7))];
    assert_eq!(
        s1.hears("S2", promise(1, &[(2, old(7))])),
        [accept(1, &proposed, 1)]
    );
    assert_eq!(s1.fires(Timer::Heartbeat).len(), 1);
    // More than a majority is no use, and comes too late.
    assert_eq!(s1.hears("S3", promise(1, &[(3, old(8))])), []);
    let next = s1.hears("S3", accepted(1, &[2], None));
    let put = Command::Of(Id::from(5), 1, "put x 1".parse().expect("an operation"));
    assert_eq!(next, [accept(1, &[(3, put)], 2)]);
}

/// One slot after the other: α ahead of what is executed, whoever reported what lies behind.
#[test]
fn what_was_reported_waits_for_its_turn() {
    let mut s1 = Lone::new(&changing(3, 3, 2), "S1");
    s1.fires(Timer::Election);
    let reported = [(1, proposal(0, put(1))), (3, proposal(0, put(3)))];
    let first = [(1, put(1)), (2, Command::NoOp)];
    assert_eq!(
        s1.hears("S2", promise(1, &reported)),
        [accept(1, &first, 0)]
    );
    // What is on its way already is not proposed once more.
    assert_eq!(s1.hears("C1", asks(3, "put x 1")), []);
    assert!(s1.server().leading().expect("a leader").waiting.is_empty());
    let next = s1.hears("S2", accepted(1, &[1], None));
    assert_eq!(next[1..], [accept(1, &[(3, put(3))], 1)]);
}

/// A slot of the old servers needs a majority of those, whoever decides the slots behind it; and there are no-ops
/// until a change is in effect.
#[test]
fn each_slot_is_counted_by_its_own_servers() {
    let mut s1 = Lone::new(&changing(3, 3, 2), "S1");
    s1.fires(Timer::Election);
    s1.hears("S2", promise(1, &[]));
    let change = members("members S1 S2", 3);
    let proposed = s1.hears("C1", asks(1, "members S1 S2"));
    assert_eq!(proposed, [accept(1, &[(1, change)], 0)]);
    let after = s1.hears("S2", accepted(1, &[1], None));
    let no_op = accept(1, &[(2, Command::NoOp)], 1);
    assert_eq!(after, [said(Reply::Accepted), no_op]);
    // S1 and S3 decide slot 2, and not slot 3. S3 is told that it is over.
    let gone = s1.hears("S3", accepted(1, &[2], None));
    assert_eq!(gone, [accept(1, &[], 2)]);
    assert_eq!(s1.server().configurations.next(), set("S1 S2"));
    s1.hears("C2", asks(1, "put x 1"));
    assert_eq!(s1.hears("S3", accepted(1, &[3], None)), []);
    assert_eq!(s1.hears("S2", accepted(1, &[3], None)).len(), 1);
}

/// A leader that takes part no more leaves it to the others, and tells them all that is chosen.
#[test]
fn who_takes_part_no_more_hands_over() {
    for window in [1, 2] {
        let mut s1 = Lone::new(&changing(2, 1, window), "S1");
        s1.fires(Timer::Election);
        let told = s1.hears("C1", asks(1, "members S2"));
        assert_eq!(told.first(), Some(&said(Reply::Accepted)));
        let Some(Msg::State(_, state)) = told.last() else {
            panic!("no state: {told:?}");
        };
        assert_eq!(
            (state.last, state.configurations.next()),
            (window, set("S2"))
        );
        assert!(s1.server().leading().is_none());
        // It prepares nothing, but says it once more.
        assert_eq!(s1.fires(Timer::Election), told[told.len() - 1..]);
        // Whoever has heard it may lead, and promises nothing to who is gone.
        let mut s2 = Lone::new(&changing(2, 1, window), "S2");
        assert_eq!(s2.fires(Timer::Election), []);
        s2.hears("S1", told.last().expect("a state"));
        let late = s2.hears("S1", prepare(3, 1));
        assert!(matches!(&late[..], [Msg::State(_, known)] if known == state));
        assert_eq!(s2.hears("S1", prepare(3, window + 1)).len(), 1);
        assert_eq!(s2.server().stable.promised, Ballot(3));
        s2.fires(Timer::Election);
        assert!(s2.server().leading().is_some());
        s2.restarts();
        assert_eq!(s2.server().configurations.next(), set("S2"));
    }
}

/// Whoever hears that it takes part no more, while it prepares or leads, leaves that.
#[test]
fn who_hears_that_it_takes_part_no_more_stops() {
    let mut s3 = Lone::new(&changing(3, 1, 1), "S3");
    let state = |members: &str| {
        let configurations = Configurations::of(set(members));
        let last = if members == "S1 S2 S3" { 1 } else { 2 };
        let snapshot = Snapshot {
            last,
            configurations,
            ..Snapshot::default()
        };
        Msg::State(Ballot(1), Arc::new(snapshot))
    };
    for leads in [false, true] {
        let mut s1 = Lone::new(&changing(3, 1, 1), "S1");
        s1.hears("S2", state("S1 S2 S3"));
        s1.fires(Timer::Election);
        if leads {
            s1.hears("S2", promise(4, &[]));
        }
        assert_eq!(s1.server().leading().is_some(), leads);
        s1.hears("S2", state("S2 S3"));
        assert!(matches!(s1.server().role, Role::Follower));
    }
    // And whoever follows one that does no more follows nobody.
    s3.hears("S2", state("S1 S2 S3"));
    s3.hears("S1", accept(1, &[], 1));
    assert_eq!(s3.server().leader, Some(Id::from(0)));
    s3.hears("S2", state("S2 S3"));
    assert_eq!(s3.server().leader, None);
}

/// A leader of later slots has no part in what the next servers decide.
#[test]
fn who_does_not_decide_the_next_slot_confirms_nothing_there() {
    let params = Params {
        reads: Reads::Quorum,
        ..changing(3, 1, 3)
    };
    let mut s1 = Lone::new(&params, "S1");
    let mut configurations = Configurations::of(set("S2 S3"));
    configurations.change(3, set("S1"));
    let snapshot = Snapshot {
        last: 1,
        configurations,
        ..Snapshot::default()
    };
    s1.hears("S2", Msg::State(Ballot(1), Arc::new(snapshot)));
    s1.fires(Timer::Election);
    s1.hears("S2", promise(4, &[]));
    assert!(s1.server().leading().is_none());
    s1.hears("S3", promise(4, &[]));
    assert!(s1.server().leading().is_some());
    s1.hears("C2", asks(1, "get x"));
    let answer = Msg::Accepted(Accepted {
        ballot: Ballot(4),
        slots: Arc::default(),
        lacks: None,
        round: 1,
    });
    assert_eq!(s1.hears("S2", &answer), []);
    assert!(matches!(s1.hears("S3", &answer)[..], [Msg::Reply(..)]));
}

/// A change that was made is not made again, and one to nobody is refused.
#[test]
fn a_change_is_made_once() {
    let mut s1 = Lone::new(&changing(2, 1, 1), "S1");
    s1.fires(Timer::Election);
    for _ in 0..2 {
        let told = s1.hears("C1", asks(1, "remove S1"));
        assert_eq!(told, [said(Reply::Refused)]);
    }
    s1.hears("C1", asks(2, "add S2"));
    s1.hears("S2", promise(1, &[]));
    s1.hears("C2", asks(1, "remove S2"));
    let told = s1.hears("S2", accepted(1, &[3], None));
    assert_eq!(told[0], said(Reply::Accepted));
    let again = s1.hears("C1", asks(2, "add S2"));
    assert_eq!(again, [Msg::Reply(2, Reply::Accepted)]);
    assert_eq!(s1.server().configurations.all(), set("S1"));
}

/// Who has granted a lease accepts nothing from whoever leads slots of other servers, and does not know of it.
#[test]
fn a_lease_binds_against_leaders_of_other_slots() {
    let leases = Params {
        reads: Reads::Lease,
        ..changing(3, 2, 1)
    };
    let mut s3 = Lone::new(&leases, "S3");
    s3.hears("S1", accept(1, &[], 0));
    let other = accept(2, &[(1, put(1))], 0);
    assert_eq!(s3.hears("S2", &other), []);
    assert_eq!(s3.server().stable.promised, Ballot(1));
    s3.fires(Timer::Grant);
    assert_eq!(s3.hears("S2", &other), [accepted(2, &[1], None)]);
}

/// A read needs an answer of those who decide the next slot, and their promises.
#[test]
fn a_read_asks_the_servers_of_the_next_slot() {
    for reads in [Reads::Quorum, Reads::Lease] {
        let params = Params {
            reads,
            ..changing(3, 1, 1)
        };
        let mut s1 = Lone::new(&params, "S1");
        s1.fires(Timer::Election);
        s1.hears("C1", asks(1, "members S1 S2 S3"));
        s1.fires(Timer::Heartbeat);
        let answer = Msg::Accepted(Accepted {
            ballot: Ballot(1),
            slots: Arc::default(),
            lacks: None,
            round: 9,
        });
        let is_reply = |sent: &[Msg]| sent.iter().any(|msg| matches!(msg, Msg::Reply(..)));
        assert!(!is_reply(&s1.hears("C2", asks(1, "get x"))));
        assert!(!is_reply(&s1.hears("S2", answer)));
        assert!(is_reply(&s1.hears("S2", promise(1, &[]))), "{reads:?}");
    }
}
