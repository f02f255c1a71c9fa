//! Reads without the log, and leases: message by message.

use super::*;

/// A leader that reads by leases, elected just now by S2.
fn leasing() -> Lone {
    let raft = raft(&Params {
        check_quorum: true,
        reads: Reads::Lease,
        ..Params::default()
    });
    let mut leader = Lone::new(&raft, "S1");
    leader.wins("S2");
    leader
}

/// The answer to a request of a round: all matches up to here.
fn matched(index: Index, round: u32) -> Msg {
    Msg::Appended(Appended {
        term: Term(1),
        result: AppendResult::Matched(index),
        round,
    })
}

fn leading(lone: &Lone) -> &Leader {
    lone.server().leading().expect("a leader")
}

/// Whether a read of C1 is answered by what it is asked with.
fn answers_at_once(leader: &mut Lone, serial: u32) -> bool {
    let get = Msg::Request(serial, "get x".parse().unwrap());
    let is_answer = |(_, msg): &(Id, Msg)| matches!(msg, Msg::Reply(_, Reply::Answer(_)));
    leader.hears("C1", get).iter().any(is_answer)
}

/// A request that comes late does not take the place of a newer one of the same client.
#[test]
fn an_old_read_displaces_no_newer_one() {
    let raft = raft(&Params {
        reads: Reads::ReadIndex,
        ..Params::default()
    });
    let mut leader = Lone::new(&raft, "S1");
    leader.wins("S2");
    let get = |serial| Msg::Request(serial, "get x".parse().unwrap());
    for serial in [1, 2, 1] {
        leader.hears("C1", get(serial));
    }
    let reads = &leading(&leader).reads;
    assert_eq!(reads.iter().map(|r| r.serial).collect::<Vec<_>>(), [2]);
}

/// 8; thesis, 6.4: a new leader knows what is committed once an entry of its own term is. Until then it
/// answers no read, whatever lease it holds.
#[test]
fn a_lease_alone_answers_no_read() {
    let mut leader = leasing();
    let round = leading(&leader).round;
    leader.hears("S2", matched(0, round));
    assert!(
        leading(&leader)
            .leases
            .iter()
            .flatten()
            .any(|lease| lease.confirmed)
    );
    assert!(!answers_at_once(&mut leader, 1));
    leader.hears("S2", matched(1, round));
    assert!(answers_at_once(&mut leader, 1));
}

/// Thesis, 6.4.1: a lease counts once a majority has answered the heartbeats that it began with, and
/// the one before goes on until then.
#[test]
fn a_lease_goes_on_until_the_next_is_confirmed() {
    let mut leader = leasing();
    let mut serials = 1..;
    let mut answers = |leader: &mut Lone| answers_at_once(leader, serials.next().unwrap());
    // The lease that began with this round ends.
    let ends = |leader: &mut Lone, round: u32| {
        let mut leases = leading(leader).leases.iter();
        let slot = leases.position(|lease| lease.is_some_and(|lease| lease.round == round));
        leader.fires(Timer::Lease(u8::try_from(slot.unwrap()).unwrap()));
    };
    // The no-op is committed, but nobody has answered a heartbeat.
    leader.hears("S2", matched(1, 0));
    assert!(!answers(&mut leader));
    leader.fires(Timer::Heartbeat);
    let first = leading(&leader).round;
    assert!(!answers(&mut leader));
    leader.hears("S3", matched(1, first));
    assert!(answers(&mut leader));
    // The second begins, and the first still counts, until it is over.
    leader.fires(Timer::Heartbeat);
    let second = leading(&leader).round;
    assert!(second > first && answers(&mut leader));
    ends(&mut leader, first);
    assert!(!answers(&mut leader));
    // A late answer to the first confirms nothing any more.
    leader.hears("S2", matched(1, first));
    assert!(!answers(&mut leader));
    leader.hears("S2", matched(1, second));
    assert!(answers(&mut leader));
    // The third takes the place of the first, not of the second.
    leader.fires(Timer::Heartbeat);
    assert!(answers(&mut leader));
    ends(&mut leader, second);
    assert!(!answers(&mut leader));
}
