//! The atomic commitment problem (BHG 7.3), as every protocol has to solve it that commits with
//! one coordinator: read from a history of votes and decisions, whatever the protocol.

use super::protocol::name;
use super::{History, Outcomes, PlannedVote, Txn};
use crate::model::cluster::enumerate;
use crate::model::{Answer, NodeSet, Reason};

/// Who was to vote, and how.
#[derive(Clone, Copy, Debug)]
pub struct Ballot<'a> {
    pub participants: NodeSet,
    /// In the order of the participants.
    pub votes: &'a [PlannedVote],
}

/// AC1.
pub fn atomicity<P>(_: &P, history: &History) -> Answer {
    for (txn, outcomes) in history.transactions() {
        let (committed, aborted) = (outcomes.committed, outcomes.aborted);
        // A single node that decided both ways is what irrevocability is about.
        if !committed.is_empty() && !aborted.is_empty() && committed.union(aborted).len() > 1 {
            let text = format!(
                "{} committed but {} aborted",
                names(committed),
                names(aborted)
            );
            return refuse(history, txn, committed.union(aborted), text);
        }
    }
    Ok(())
}

/// AC2.
pub fn irrevocability<P>(_: &P, history: &History) -> Answer {
    for (txn, outcomes) in history.transactions() {
        let both = outcomes.committed.intersection(outcomes.aborted);
        if !both.is_empty() {
            let text = format!("{} decided both to commit and to abort", names(both));
            return refuse(history, txn, both, text);
        }
    }
    Ok(())
}

/// AC3.
pub fn validity(ballot: &Ballot<'_>, history: &History) -> Answer {
    for (txn, outcomes) in history.transactions() {
        let committed = outcomes.committed;
        let silent = ballot.participants.minus(outcomes.voted_yes);
        // A YES from one who was to vote NO does not make it so.
        let against = opponents(ballot, outcomes);
        let (who, what) = match () {
            () if committed.is_empty() => continue,
            () if !silent.is_empty() => (silent, "never voted yes"),
            () if !against.is_empty() => (against, "was to vote no"),
            () => continue,
        };
        let text = format!("{} committed but {} {what}", names(committed), names(who));
        return refuse(history, txn, committed.union(who), text);
    }
    Ok(())
}

/// Those who were to vote NO, by plan or by choice. (Votes are what they are whether anybody asks
/// for them or not.)
fn opponents(ballot: &Ballot<'_>, outcomes: &Outcomes) -> NodeSet {
    let planned = ballot.participants.iter().zip(ballot.votes);
    planned
        .filter(|(_, vote)| **vote == PlannedVote::No)
        .fold(outcomes.chose_no, |set, (id, _)| set.with(id))
}

/// AC4, where nothing failed.
pub fn abort_has_a_reason(ballot: &Ballot<'_>, history: &History) -> Answer {
    for (txn, outcomes) in history.transactions() {
        let against = opponents(ballot, outcomes).union(outcomes.voted_no);
        if !outcomes.aborted.is_empty() && against.is_empty() {
            let text = format!(
                "{} aborted but nobody was for no, and nothing failed",
                names(outcomes.aborted)
            );
            return refuse(history, txn, outcomes.aborted, text);
        }
    }
    Ok(())
}

/// AC4, as it is guarded against vacuity.
pub fn commit_possible<P>(_: &P, history: &History) -> Answer {
    let committed = |(_, outcomes): (Txn, &Outcomes)| !outcomes.committed.is_empty();
    if history.transactions().any(committed) {
        return Ok(());
    }
    Err(Reason::new(NodeSet::EMPTY, "nobody committed"))
}

/// A reason, with the transaction where there are several.
pub fn refuse(history: &History, txn: Txn, nodes: NodeSet, text: String) -> Answer {
    let several = history.transactions().count() > 1;
    let text = if several {
        format!("in transaction {txn} {text}")
    } else {
        text
    };
    Err(Reason::new(nodes, text))
}

fn names(set: NodeSet) -> String {
    enumerate(set.iter().map(name))
}
