//! How often a transaction commits, and how likely that is where a client has only one.

use super::claims::Tried;
use super::properties::somebody_commits;
use super::{History, Sharded, Transaction};
use crate::model::{
    Answer, ClosedForm, Likelihood, NodeSet, Predicate, Reason, Success, Successes, TimerRange,
};

/// Of k owners all have to be up, and k - 1 to be asked, to be heard and to be told.
pub(super) fn successes(protocol: &Sharded, known: bool) -> Successes<Sharded> {
    let only = protocol
        .only()
        .filter(|_| known && protocol.last_epoch() == 0 && !protocol.has_replicas());
    let form = |formula, messages: fn(usize) -> usize| {
        let owners = protocol.owners(0, only?);
        let all = owners.union(protocol.clients());
        let messages = Likelihood::arrive(messages(owners.len()));
        let likelihood = Likelihood::take_part(all).and(messages);
        Some(ClosedForm {
            formula,
            likelihood,
        })
    };
    let heard = |id| Likelihood::TakesPart(id).and(Likelihood::arrive(2));
    let owners = only.map_or(NodeSet::EMPTY, |only| protocol.owners(0, only));
    let params = &protocol.params;
    let timers = [params.retry, params.ack_timeout, params.inquiry];
    Successes {
        all: vec![
            success(
                "commit-told",
                "A client is told that its transaction committed.",
                somebody_commits,
                form("Π a · (1 − p)^2k", |k| 2 * k),
            ),
            success(
                "everybody-commits",
                "Every owner comes to know that a transaction committed.",
                everybody_commits,
                form("Π a · (1 − p)^(3k − 2)", |k| 3 * k - 2),
            ),
        ],
        members: owners.iter().map(heard).collect(),
        patience: TimerRange::soonest(timers.into_iter().chain(params.vote_timeout)),
    }
}

fn success(
    name: &'static str,
    about: &'static str,
    reached: fn(&Sharded, &History) -> Answer,
    closed_form: Option<ClosedForm>,
) -> Success<Sharded> {
    Success {
        name,
        about,
        is_wanted: true,
        reached: Predicate::History(reached),
        closed_form,
    }
}

fn everybody_commits(_: &Sharded, history: &History) -> Answer {
    let knows = |tried: &Tried| tried.owners.is_subset(tried.outcomes.committed);
    let begun = |tried: &&Tried| !tried.owners.is_empty();
    let some = history.attempts.values().filter(begun).any(knows);
    Reason::unless(some, NodeSet::EMPTY, || "too few have committed".to_owned())
}

impl Sharded {
    /// The only transaction, if there is only one and nobody refuses it.
    fn only(&self) -> Option<&Transaction> {
        let [script] = &self.scripts[..] else {
            return None;
        };
        let [only] = &script[..] else {
            return None;
        };
        let done = |value: u32| {
            let operations = only.operations();
            operations
                .iter()
                .all(|operation| operation.on(value).is_some())
        };
        done(self.params.balance).then_some(only)
    }
}
