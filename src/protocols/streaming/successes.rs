//! How often output appears, and how likely that is where there is one checkpoint, and nothing in it.

use super::manager;
use super::properties::{ExactlyOnce, is_complete, some_output};
use crate::model::{ClosedForm, Likelihood, NodeSet, Predicate, Success, Successes, Time};

/// How votes become a decision.
pub struct Phases {
    /// How many messages to or from each sink there are in between.
    pub before_the_decision: usize,
    /// How likely it is that there is a decision, and that all know it, as one writes that.
    pub formulas: [&'static str; 2],
}

/// Of a checkpoint; of all that there are; and of output. Nothing is known unless all that happens is one empty checkpoint.
pub fn successes<P: ExactlyOnce>(
    protocol: &P,
    is_known: bool,
    phases: &Phases,
    all_is_done: Predicate<P>,
    patience: Time,
) -> Successes<P> {
    let flow = protocol.flow();
    let form = |formula, messages| {
        let all = flow.tasks().with(manager());
        let likelihood = Likelihood::take_part(all).and(Likelihood::arrive(messages));
        is_known.then_some(ClosedForm {
            formula,
            likelihood,
        })
    };
    let [s, o, k] = [flow.sources(), flow.operators(), flow.sinks()].map(NodeSet::len);
    let channels = if o == 0 { s * k } else { s * o + o * k };
    let decided = s + channels + (s + o + k) + phases.before_the_decision * k;
    let [complete, done] = phases.formulas;
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
                "complete",
                "A checkpoint is complete.",
                Predicate::Storage(is_complete),
                form(complete, decided),
            ),
            success(
                "all-done",
                "All checkpoints are complete, and no sink is in doubt.",
                all_is_done,
                form(done, decided + k),
            ),
            success(
                "output",
                "Some sink has output.",
                Predicate::Storage(some_output),
                None,
            ),
        ],
        members: Vec::new(),
        patience,
    }
}
