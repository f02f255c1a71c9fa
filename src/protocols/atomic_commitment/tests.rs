//! The rules, on histories made by hand, and who votes how.

use super::properties::{decide_alike, decide_once};
use super::*;
use crate::model::{Id, NodeSet};

fn set(ids: &[usize]) -> NodeSet {
    ids.iter().copied().map(Id::from).collect()
}

/// A history of decisions, one after the other.
fn decided(decisions: &[(Txn, usize, Decision)]) -> History {
    let mut history = History::default();
    for &(txn, id, decision) in decisions {
        history.record(Id::from(id), &Claim::Decided(txn, decision));
    }
    history
}

/// AC1 is about two sites, AC2 about one, and neither about two transactions.
#[test]
fn sites_decide_alike_and_once() {
    use Decision::{Abort, Commit};
    let table = [
        (vec![(1, 0, Commit), (1, 1, Commit)], None, None),
        (vec![(1, 0, Commit), (2, 1, Abort)], None, None),
        (
            vec![(1, 0, Commit), (1, 1, Abort)],
            Some("C committed but P1 aborted"),
            None,
        ),
        (
            vec![(1, 2, Abort), (1, 2, Commit)],
            None,
            Some("P2 decided both to commit and to abort"),
        ),
        (
            vec![(1, 0, Abort), (2, 1, Abort), (2, 2, Commit)],
            Some("in transaction 2 P2 committed but P1 aborted"),
            None,
        ),
    ];
    let cluster = Ballot::new(2, &[]).expect("a ballot").cluster();
    let names = |set| cluster.names(set);
    for (decisions, alike, once) in table {
        let history = decided(&decisions);
        let text = |answer: crate::model::Answer| answer.err().map(|reason| reason.text);
        assert_eq!(text(decide_alike(&names, &history)).as_deref(), alike);
        assert_eq!(text(decide_once(&names, &history)).as_deref(), once);
    }
}

/// Who decides gives up its locks.
#[test]
fn locks_last_until_the_decision() {
    let mut history = History::default();
    for id in [1, 2] {
        history.record(Id::from(id), &Claim::Locked(1));
    }
    history.record(Id::from(1), &Claim::Released(1));
    let locked = |history: &History| history.transactions().next().map(|(_, o)| o.locked);
    assert_eq!(locked(&history), Some(set(&[2])));
    history.record(Id::from(2), &Claim::Decided(1, Decision::Abort));
    assert_eq!(locked(&history), Some(NodeSet::EMPTY));
}

#[test]
fn a_ballot_has_a_vote_for_each_participant_or_all_vote_yes() {
    let by_default = Ballot::new(2, &[]).expect("a ballot");
    assert_eq!(by_default.participants, set(&[1, 2]));
    assert_eq!(by_default.planned(PlannedVote::Yes), set(&[1, 2]));
    let planned = Ballot::new(2, &[PlannedVote::Open, PlannedVote::No]).expect("a ballot");
    assert_eq!(planned.planned(PlannedVote::Yes), NodeSet::EMPTY);
    assert_eq!(planned.planned(PlannedVote::No), set(&[2]));
    let peers = Ballot::of_peers(2, &[PlannedVote::No, PlannedVote::Yes]).expect("a ballot");
    assert_eq!(peers.participants, set(&[0, 1]));
    assert_eq!(peers.planned(PlannedVote::No), set(&[0]));
    assert_eq!(peers.cluster().names(peers.participants), "P1 and P2");
    let refused = |n, votes: &[_]| Ballot::new(n, votes).expect_err("no ballot").parameter;
    assert_eq!(refused(0, &[]), "participants");
    assert_eq!(refused(MAX_PARTICIPANTS + 1, &[]), "participants");
    assert_eq!(refused(2, &[PlannedVote::Yes]), "votes");
}

#[test]
fn transactions_are_counted_where_there_are_several() {
    let mut words = PerTxn::new(1);
    words[1] = "prepared";
    assert_eq!(words.in_words(|word| word), "prepared");
    let mut words = PerTxn::new(3);
    (words[1], words[3]) = ("prepared", "aborted");
    assert_eq!(words.in_words(|word| word), "1: prepared, 3: aborted");
}
