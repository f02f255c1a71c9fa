//! Ballots, slots and what is in them: acceptors, proposers and learners alone.

use super::*;

#[test]
fn ballots_are_the_servers_own() {
    for n in 1..=5 {
        let paxos = paxos(&params(n, &[]));
        let mut seen = Vec::new();
        for id in paxos.servers.iter() {
            let mut ballot = Ballot::default();
            for _ in 0..4 {
                let next = paxos.ballot_above(ballot, id);
                assert!(next > ballot);
                seen.push(next.0);
                ballot = next;
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (1..=4 * u32::from(n)).collect::<Vec<_>>(), "{n}");
    }
}

/// One promise for all slots, and it outlives a crash, as what was accepted does.
#[test]
fn an_acceptor_keeps_its_word_in_every_slot() {
    let mut s3 = Lone::new(&params(3, &[]), "S3");
    assert_eq!(s3.hears("S2", prepare(2, 1)), [promise(2, &[])]);
    for _ in 0..2 {
        assert_eq!(s3.hears("S1", prepare(1, 1)), [refused(1, 2)]);
        for slot in [1, 7] {
            let late = accept(1, &[(slot, put(1))], 0);
            assert_eq!(s3.hears("S1", late), [refused(1, 2)]);
        }
        s3.restarts();
    }
    let in_two = [(1, put(1)), (3, put(2))];
    assert_eq!(
        s3.hears("S2", accept(2, &in_two, 0)),
        [accepted(2, &[1, 3], None)]
    );
    s3.restarts();
    let all = [(1, proposal(2, put(1))), (3, proposal(2, put(2)))];
    assert_eq!(s3.hears("S1", prepare(4, 1)), [promise(4, &all)]);
    // A late prepare changes nothing.
    assert_eq!(s3.hears("S1", prepare(1, 1)), [refused(1, 4)]);
    // It is asked for what its leader does not know to be chosen, and no more.
    assert_eq!(s3.hears("S1", prepare(4, 2)), [promise(4, &all[1..])]);
}

/// P2c in each slot, in whatever order it is told; no-ops in the gaps; new commands behind.
#[test]
fn a_new_leader_proposes_what_was_reported() {
    let (low, high) = ((2, proposal(1, put(1))), (2, proposal(3, put(2))));
    for (own, told) in [(low, high), (high, low)] {
        let mut s1 = Lone::new(&params(3, &[]), "S1");
        s1.hears("S3", accept(own.1.ballot.0, &[(own.0, own.1.value)], 0));
        assert_eq!(s1.fires(Timer::Election), [prepare(4, 1)]);
        // An old promise counts for nothing.
        assert_eq!(s1.hears("S2", promise(1, &[])), []);
        let proposed = [
            (1, Command::NoOp),
            (2, put(2)),
            (3, Command::NoOp),
            (4, put(3)),
        ];
        let report = promise(4, &[told, (4, proposal(2, put(3)))]);
        assert_eq!(s1.hears("S2", report), [accept(4, &proposed, 0)]);
        let asked = Msg::Request(4, Ask::Operation("put x 1".parse().expect("an operation")));
        assert_eq!(s1.hears("C1", asked), [accept(4, &[(5, put(4))], 0)]);
    }
}

/// What is chosen out of order waits for the gap.
#[test]
fn slots_are_executed_in_order() {
    let mut s1 = Lone::new(&params(3, &[]), "S1");
    s1.fires(Timer::Election);
    s1.hears("S2", promise(1, &[(2, proposal(0, put(1)))]));
    // The answer of an earlier ballot, or of the same server again, is no majority of two more.
    assert_eq!(s1.hears("S2", accepted(0, &[1, 2], None)), []);
    assert_eq!(s1.hears("S2", accepted(1, &[2], None)), []);
    assert_eq!(s1.server().executed, 0);
    let told = Msg::Reply(1, Reply::Answer("done".parse().expect("an answer")));
    assert_eq!(s1.hears("S3", accepted(1, &[1], None)), [told]);
    assert_eq!(s1.server().executed, 2);
}

/// It executes what it has accepted in the leader's ballot, and says what it lacks.
#[test]
fn a_follower_learns_from_its_leader_alone() {
    let mut s2 = Lone::new(&params(3, &[]), "S2");
    s2.hears("S1", accept(1, &[(1, put(1)), (2, put(2))], 1));
    assert_eq!(s2.server().executed, 1);
    assert_eq!(
        s2.hears("S3", accept(3, &[(3, put(3))], 3)),
        [accepted(3, &[3], Some(2))]
    );
    assert_eq!(s2.server().executed, 1);
    assert_eq!(
        s2.hears("S3", accept(3, &[(2, put(2))], 3)),
        [accepted(3, &[2], None)]
    );
    assert_eq!(s2.server().executed, 3);
}

/// A compacted slot is not an empty one.
#[test]
fn a_state_stands_for_what_is_compacted() {
    let compacts = Params {
        snapshot_after: Some(2),
        ..params(3, &[])
    };
    let mut s2 = Lone::new(&compacts, "S2");
    s2.hears("S1", accept(1, &[(1, put(1)), (2, put(2)), (3, put(3))], 2));
    assert_eq!(s2.log(), "[..2|3=1:put x 1]");
    let told = s2.hears("S3", prepare(3, 1));
    let mut s3 = Lone::new(&compacts, "S3");
    assert_eq!(s3.fires(Timer::Election), [prepare(3, 1)]);
    let proposed = s3.hears("S2", told.into_iter().next().expect("an answer"));
    assert_eq!(proposed, [accept(3, &[(3, put(3))], 2)]);
    assert_eq!(s3.server().executed, 2);
    // What is compacted is not accepted again.
    s3.hears("S1", accept(4, &[(1, put(1)), (2, put(2))], 2));
    s3.restarts();
    assert_eq!(s3.log(), "[..2|3=3:put x 1]");
    assert_eq!(s3.server().executed, 2);
}

/// Who is refused leaves the ballot that was refused, and no other, and prepares one above what was promised.
#[test]
fn a_refused_server_waits_and_goes_above() {
    let mut s1 = Lone::new(&params(3, &[]), "S1");
    s1.fires(Timer::Election);
    s1.hears("S2", promise(1, &[]));
    s1.hears("S3", refused(1, 5));
    assert!(matches!(s1.server().role, Role::Follower));
    assert_eq!(s1.fires(Timer::Election), [prepare(7, 1)]);
    s1.hears("S3", refused(1, 5));
    assert!(matches!(s1.server().role, Role::Preparing { .. }));
    s1.hears("S3", refused(7, 11));
    assert_eq!(s1.fires(Timer::Election), [prepare(13, 1)]);
}

/// A command gets one slot: asked for again it waits for that, and is answered from the table once it is executed.
#[test]
fn a_command_that_is_asked_for_again_gets_no_other_slot() {
    let mut s1 = Lone::new(&params(3, &[]), "S1");
    s1.fires(Timer::Election);
    s1.hears("S2", promise(1, &[]));
    let ask = || Msg::Request(1, Ask::Operation("inc x".parse().expect("an operation")));
    assert_eq!(s1.hears("C1", ask()).len(), 1);
    assert_eq!(s1.hears("C1", ask()), []);
    let told = [Msg::Reply(
        1,
        Reply::Answer("1".parse().expect("an answer")),
    )];
    assert_eq!(s1.hears("S2", accepted(1, &[1], None)), told);
    assert_eq!(s1.hears("C1", ask()), told);
    assert_eq!(s1.server().last(), 1);
}

/// So many commands ahead of what is executed, and no more (PMS, 3): the rest waits.
#[test]
fn a_leader_gets_so_far_ahead_and_no_further() {
    let narrow = Params {
        window: Some(2),
        clients: Workload::Scripts(vec![vec![], vec![], vec![]]),
        ..params(3, &[])
    };
    let mut s1 = Lone::new(&narrow, "S1");
    s1.fires(Timer::Election);
    s1.hears("S2", promise(1, &[]));
    let ask = || Msg::Request(1, Ask::Operation("inc x".parse().expect("an operation")));
    for (client, sends) in [("C1", 1), ("C2", 1), ("C3", 0), ("C3", 0)] {
        assert_eq!(s1.hears(client, ask()).len(), sends, "{client}");
    }
    let proposed = s1.hears("S2", accepted(1, &[1], None));
    assert!(
        matches!(proposed[..], [Msg::Reply(..), Msg::Accept(_)]),
        "{proposed:?}"
    );
    assert_eq!(s1.server().last(), 3);
}
