//! Reads without the log, and leases.

use super::*;

/// A read is answered once a majority has answered a round that was sent after it was asked for; one that comes late
/// does not take the place of a newer one.
#[test]
fn a_read_waits_for_a_round_of_its_own() {
    let reads = Params {
        reads: Reads::Quorum,
        ..params(3, &[])
    };
    let mut s1 = Lone::new(&reads, "S1");
    s1.fires(Timer::Election);
    s1.hears("S2", promise(1, &[]));
    let get = |serial| {
        Msg::Request(
            serial,
            Ask::Operation("get x".parse().expect("an operation")),
        )
    };
    let answer = |round| {
        Msg::Accepted(Accepted {
            ballot: Ballot(1),
            slots: Arc::default(),
            lacks: None,
            round,
        })
    };
    assert_eq!(s1.hears("C1", get(2)).len(), 1);
    assert_eq!(s1.hears("C1", get(1)), []);
    assert_eq!(s1.hears("S2", answer(0)), []);
    let told = Msg::Reply(2, Reply::Answer("0".parse().expect("an answer")));
    assert_eq!(s1.hears("S2", answer(1)), [told]);
}

fn leases() -> Params {
    Params {
        reads: Reads::Lease,
        ..params(3, &[])
    }
}

/// Who has granted a lease promises nothing to anybody else, and prepares nothing, until it is over; nor does who comes
/// back, since it may have granted one.
#[test]
fn a_lease_binds_who_granted_it() {
    let mut s2 = Lone::new(&leases(), "S2");
    for restarts in [false, true] {
        s2.hears("S1", accept(1, &[], 0));
        if restarts {
            s2.restarts();
        }
        assert_eq!(s2.hears("S3", prepare(3, 1)), []);
        assert_eq!(s2.fires(Timer::Election), []);
        assert_eq!(s2.server().stable.promised, Ballot(1));
    }
    s2.fires(Timer::Grant);
    assert_eq!(s2.hears("S3", prepare(3, 1)), [promise(3, &[])]);
    // Its leader may prepare another ballot.
    s2.hears("S3", accept(3, &[], 0));
    assert_eq!(s2.hears("S3", prepare(6, 1)), [promise(6, &[])]);
}

/// Whoever leads knows what was chosen before only when it has executed what was reported to it: until then a round
/// that a majority has answered, with a command that overtook the others, is not enough.
#[test]
fn a_read_waits_for_what_was_reported() {
    for params in [
        leases(),
        Params {
            reads: Reads::Quorum,
            ..leases()
        },
    ] {
        let mut s1 = Lone::new(&params, "S1");
        s1.fires(Timer::Election);
        s1.hears("S2", promise(1, &[(1, proposal(0, put(1)))]));
        let get = Msg::Request(2, Ask::Operation("get x".parse().expect("an operation")));
        let is_reply = |sent: &[Msg]| sent.iter().any(|msg| matches!(msg, Msg::Reply(2, _)));
        assert!(!is_reply(&s1.hears("C1", &get)));
        let answer = |slots: &[Slot]| {
            Msg::Accepted(Accepted {
                ballot: Ballot(1),
                slots: slots.into(),
                lacks: None,
                round: 9,
            })
        };
        assert!(!is_reply(&s1.hears("S2", answer(&[]))));
        assert!(!is_reply(&s1.hears("C1", &get)));
        assert!(is_reply(&s1.hears("S2", answer(&[1]))));
    }
}

/// A lease counts once a majority has answered the round that it began with, until its own timer fires.
#[test]
fn a_leader_relies_on_a_lease_that_was_granted() {
    let mut s1 = Lone::new(&leases(), "S1");
    s1.fires(Timer::Election);
    s1.hears("S2", promise(1, &[]));
    let read = |s1: &mut Lone, serial| {
        let ask = Ask::Operation("get x".parse().expect("an operation"));
        let sent = s1.hears("C1", Msg::Request(serial, ask));
        matches!(sent[..], [Msg::Reply(..)])
    };
    let answer = |round| {
        Msg::Accepted(Accepted {
            ballot: Ballot(1),
            slots: Arc::default(),
            lacks: None,
            round,
        })
    };
    assert!(!read(&mut s1, 1));
    s1.hears("S2", answer(1));
    assert!(read(&mut s1, 2));
    s1.fires(Timer::Heartbeat);
    s1.fires(Timer::Lease(0));
    // The next one has begun, and nobody has granted it yet.
    assert!(!read(&mut s1, 3));
    s1.hears("S3", answer(3));
    assert!(read(&mut s1, 4));
    s1.fires(Timer::Lease(1));
    assert!(!read(&mut s1, 5));
}
