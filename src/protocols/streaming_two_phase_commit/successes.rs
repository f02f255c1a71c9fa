//! How often output appears, and how likely that is where there is one checkpoint, and nothing in it.

use super::properties::{all_is_done, is_complete, some_output};
use super::{Params, StreamingTwoPhaseCommit};
use crate::model::{ClosedForm, Likelihood, NodeSet, Predicate, Success, Successes, TimerRange};

pub(super) fn successes(
    protocol: &StreamingTwoPhaseCommit,
    from_the_start: bool,
) -> Successes<StreamingTwoPhaseCommit> {
    let Params {
        records,
        checkpoints,
        restore,
        outcome,
        checkpoint_timeout,
        ..
    } = protocol.params;
    let is_known = from_the_start && records == 0 && checkpoints == 1;
    let form = |formula, messages| {
        let all = protocol.tasks().with(super::manager());
        let likelihood = Likelihood::take_part(all).and(Likelihood::arrive(messages));
        is_known.then_some(ClosedForm {
            formula,
            likelihood,
        })
    };
    let [s, o, k] = [protocol.sources(), protocol.operators(), protocol.sinks()].map(NodeSet::len);
    let channels = if o == 0 { s * k } else { s * o + o * k };
    let acknowledged = s + channels + (s + o + k);
    let success = |name, about, reached, closed_form| Success {
        name,
        about,
        is_wanted: true,
        reached,
        closed_form,
    };
    let timers = [restore, outcome];
    Successes {
        all: vec![
            success(
                "complete",
                "A checkpoint is complete.",
                Predicate::Storage(is_complete),
                form("Π a · (1 − p)^(triggers + barriers + tasks)", acknowledged),
            ),
            success(
                "all-done",
                "All checkpoints are complete, and no sink is in doubt.",
                Predicate::World(all_is_done),
                form(
                    "Π a · (1 − p)^(triggers + barriers + tasks + sinks)",
                    acknowledged + k,
                ),
            ),
            success(
                "output",
                "Some sink has output.",
                Predicate::Storage(some_output),
                None,
            ),
        ],
        members: Vec::new(),
        patience: TimerRange::soonest(timers.into_iter().chain(checkpoint_timeout)),
    }
}
