//! How often clients are answered, and how likely that is.

use super::progress::{all_are_served, somebody_is_answered};
use super::{PrimaryBackup, Workload};
use crate::model::{
    ClosedForm, Id, Likelihood, NodeSet, Predicate, Success, Successes, TimerRange,
};

/// A client asks the primary, which asks the backup: four messages. With one operation that is all.
pub fn successes(protocol: &PrimaryBackup, known: bool) -> Successes<PrimaryBackup> {
    let params = &protocol.params;
    let pair: NodeSet = NodeSet::first(2);
    let one = match &params.clients {
        Workload::Scripts(scripts) => scripts.len() == 1 && scripts[0].len() == 1,
        Workload::Drawn(_) => false,
    };
    let client = protocol.client(0);
    let form = (known && params.paired && one).then(|| ClosedForm {
        formula: "a² · (1 − p)⁴",
        likelihood: Likelihood::take_part(pair)
            .and(Likelihood::TakesPart(client))
            .and(Likelihood::arrive(4)),
    });
    let heard = |id: Id| Likelihood::TakesPart(id).and(Likelihood::arrive(2));
    let success = |name, about, reached, closed_form| Success {
        name,
        about,
        is_wanted: true,
        reached,
        closed_form,
    };
    Successes {
        all: vec![
            success(
                "answered",
                "A client is answered.",
                Predicate::History(somebody_is_answered),
                form.clone(),
            ),
            success(
                "all-served",
                "Every client has been answered all that it asked for.",
                Predicate::World(all_are_served),
                None,
            ),
        ],
        members: pair.iter().map(heard).collect(),
        patience: TimerRange::soonest([params.resend, params.patience, params.retry]),
    }
}
