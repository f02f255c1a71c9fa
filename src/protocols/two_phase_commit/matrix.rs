//! The instances of two-phase commit on which its assumptions are weighed.

use super::params::{Params, PlannedVote, Presumption, Termination};
use crate::model::{Fault, Limit, Variant};

/// Presumed abort under everything, and once with crashes told apart by role; then each other
/// presumption and way to end uncertainty.
pub fn variants() -> Vec<Variant<Params>> {
    use Presumption::{Abort, Commit, Nothing};
    use Termination::{Basic, Cooperative};
    let basic = "Who is in doubt asks the coordinator.";
    let cooperative = "Who is in doubt asks everybody.";
    let roles = ["coordinator", "participant"].map(|role| Fault::Crash { role: Some(role) });
    let rest = [
        Fault::Recovery,
        Fault::Loss,
        Fault::Cut,
        Fault::FalseSuspicion,
    ];
    vec![
        Variant::new("presumed abort", basic, of(Abort, Basic)),
        Variant {
            faults: roles.into_iter().chain(rest).collect(),
            ..lean(
                "presumed abort, by role",
                "Who is in doubt asks the coordinator. It matters who crashes.",
                of(Abort, Basic),
            )
        },
        lean(
            "presumed abort, cooperative",
            cooperative,
            of(Abort, Cooperative),
        ),
        lean("presumed nothing", basic, of(Nothing, Basic)),
        lean(
            "presumed nothing, cooperative",
            cooperative,
            of(Nothing, Cooperative),
        ),
        lean("presumed commit", basic, of(Commit, Basic)),
        lean(
            "presumed commit, cooperative",
            cooperative,
            of(Commit, Cooperative),
        ),
    ]
}

/// Two participants, each free to vote as it likes.
fn of(presumption: Presumption, termination: Termination) -> Params {
    Params {
        participants: 2,
        votes: vec![PlannedVote::Open; 2],
        presumption,
        termination,
        ..Params::default()
    }
}

/// An instance in which a question that is under way is not asked again: where timers fire at will,
/// repeated questions are nearly all that there is. Nothing can be duplicated then.
fn lean(name: &'static str, about: &'static str, params: Params) -> Variant<Params> {
    let mut variant = Variant::new(name, about, params);
    variant.faults.retain(|fault| *fault != Fault::Duplication);
    Variant {
        copies: Limit::AtMost(1),
        ..variant
    }
}
