//! How often a transaction commits, and how likely that is.
//!
//! Nobody commits unless everybody is up, willing, and heard: whatever the protocol, likelihoods are
//! products. What differs is how many messages have to arrive.

use super::{AtomicCommitment, Ballot, PlannedVote};
use crate::model::{Answer, ClosedForm, Id, Likelihood, NodeSet, Predicate, Reason, Success};

/// The option of a vote that is left open, as [`Choice`](super::Choice) has it.
const YES: &str = "Yes";

/// y: a participant is up and votes YES.
pub fn willing(ballot: &Ballot, id: Id) -> Likelihood {
    let votes_yes = match () {
        () if ballot.planned(PlannedVote::No).contains(id) => Likelihood::impossible(),
        () if ballot.planned(PlannedVote::Open).contains(id) => Likelihood::Chooses {
            node: id,
            option: YES,
            of: 2,
        },
        () => Likelihood::certain(),
    };
    Likelihood::TakesPart(id).and(votes_yes)
}

/// Π y: all participants are.
pub fn unanimous(ballot: &Ballot) -> Likelihood {
    let participants = ballot.participants.iter();
    Likelihood::All(participants.map(|id| willing(ballot, id)).collect())
}

/// For each participant: that it is willing, asked and heard.
pub fn members(ballot: &Ballot) -> Vec<Likelihood> {
    let heard = |id| willing(ballot, id).and(Likelihood::arrive(2));
    ballot.participants.iter().map(heard).collect()
}

pub fn commit_decided<P: AtomicCommitment>(closed_form: Option<ClosedForm>) -> Success<P> {
    Success {
        name: "commit-decided",
        about: "Somebody decides to commit.",
        is_wanted: true,
        reached: Predicate::History(|protocol: &P, history: &P::History| {
            committed(protocol, history, |by, _| !by.is_empty())
        }),
        closed_form,
    }
}

pub fn everybody_commits<P: AtomicCommitment>(closed_form: Option<ClosedForm>) -> Success<P> {
    Success {
        name: "everybody-commits",
        about: "Every participant decides to commit.",
        is_wanted: true,
        reached: Predicate::History(|protocol: &P, history: &P::History| {
            committed(protocol, history, |by, all| all.is_subset(by))
        }),
        closed_form,
    }
}

/// Commit is decided, and somebody who voted YES does not know it.
pub fn left_in_doubt<P: AtomicCommitment>(closed_form: Option<ClosedForm>) -> Success<P> {
    Success {
        name: "left-in-doubt",
        about: "Commit is decided, and some participant does not come to know it.",
        is_wanted: false,
        reached: Predicate::History(|protocol: &P, history: &P::History| {
            let some = |by: NodeSet, all: NodeSet| !by.is_empty() && !all.is_subset(by);
            committed(protocol, history, some)
        }),
        closed_form,
    }
}

/// Whether in each transaction enough have committed, of all participants.
fn committed<P: AtomicCommitment>(
    protocol: &P,
    history: &P::History,
    enough: impl Fn(NodeSet, NodeSet) -> bool,
) -> Answer {
    let all = protocol.ballot().participants;
    let mut transactions = history.as_ref().transactions().peekable();
    let began = transactions.peek().is_some();
    let holds = began && transactions.all(|(_, outcomes)| enough(outcomes.committed, all));
    Reason::unless(holds, all, || "too few have committed".to_owned())
}
