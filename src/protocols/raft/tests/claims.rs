//! What servers and clients say of their steps.

use super::*;
use crate::model::InsideHandlers;

/// Where a server says that it knows of a committed entry.
fn committed(reaction: &Reaction<Raft>) -> Vec<Index> {
    let index = |claim: &Claim| match claim {
        Claim::Committed { index, .. } => Some(*index),
        _ => None,
    };
    reaction.observations.iter().filter_map(index).collect()
}

/// What is committed is said by whoever learns it, even if a snapshot takes its place at once, but not
/// by whoever gets that snapshot.
#[test]
fn a_snapshot_takes_no_claim_away_and_makes_none() {
    let raft = raft(&Params {
        snapshot_after: Some(1),
        ..core()
    });
    let src = Id::from(0);
    let mut follower = Lone::new(&raft, "S2");
    let msg = append(1, at(0, 0), &[1, 1], 2);
    let reaction = follower.react(Input::Message { src, msg: &msg });
    assert_eq!(committed(&reaction), [1, 2]);
    assert_eq!(follower.server().stable.log.compacted(), 2);

    let mut other = Lone::new(&raft, "S3");
    let msg = Msg::InstallSnapshot(InstallSnapshot {
        term: Term(1),
        snapshot: Arc::clone(&follower.server().stable.log.snapshot),
        round: 0,
    });
    let reaction = other.react(Input::Message { src, msg: &msg });
    assert_eq!(other.server().commit_index, 2);
    assert!(committed(&reaction).is_empty());
}

/// A leader that crashes behind its first answer has said nothing of the entry behind.
#[test]
fn a_crash_cuts_the_claims_that_it_comes_before() {
    let raft = raft(&Params::default());
    let mut leader = Lone::new(&raft, "S1");
    leader.wins("S2");
    for serial in [1, 2] {
        let op = "put x 1".parse().expect("an operation");
        leader.hears("C1", Msg::Request(serial, Ask::Operation(op)));
    }
    let msg = appended(1, AppendResult::Matched(3));
    let input = Input::Message {
        src: Id::from(1),
        msg: &msg,
    };
    let first = leader
        .node
        .lasting(&raft, leader.id, input)
        .points(InsideHandlers::InOrder)
        .remove(0);
    let crashed = leader
        .node
        .clone()
        .react(&raft, leader.id, input, Some(&first));
    assert_eq!(sent(&crashed).len(), 1);
    assert_eq!(committed(&crashed), [1, 2]);
    assert_eq!(committed(&leader.react(input)), [1, 2, 3]);
}

/// A command whose serial number is on the disk has not been asked for yet; but whoever comes back
/// never hears of it.
#[test]
fn a_client_has_asked_once_it_has_sent() {
    let raft = raft(&Params::default());
    let mut client = Lone::new(&raft, "C1");
    let input = Input::Timeout(&Timer::Think);
    let first = client
        .node
        .lasting(&raft, client.id, input)
        .points(InsideHandlers::InOrder)
        .remove(0);
    let crashed = client.node.react(&raft, client.id, input, Some(&first));
    assert_eq!(crashed.saved(), Some(&Storage::Client(1)));
    assert_eq!(crashed.observations, []);
    let (serial, reply) = (1, None);
    let back = client.react(Input::Start);
    assert_eq!(back.observations, [Claim::Returned { serial, reply }]);
}
