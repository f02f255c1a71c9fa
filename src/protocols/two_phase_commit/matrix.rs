//! The instances of two-phase commit on which its assumptions are weighed.

use super::params::{Params, PlannedVote, Presumption, Termination};
use crate::model::{Fault, Variant};

/// Each presumption with each way to end uncertainty; and once who crashes told apart by role.
pub fn variants() -> Vec<Variant<Params>> {
    use Presumption::{Abort, Commit, Nothing};
    use Termination::{Basic, Cooperative};
    let of = |presumption, termination| Params {
        participants: 2,
        votes: vec![PlannedVote::Open; 2],
        presumption,
        termination,
        ..Params::default()
    };
    let asks_coordinator = "Who is in doubt asks the coordinator.";
    let asks_everybody = "Who is in doubt asks everybody.";
    let roles = ["coordinator", "participant"].map(|role| Fault::Crash { role: Some(role) });
    let rest = [
        Fault::Recovery,
        Fault::Loss,
        Fault::Cut,
        Fault::FalseSuspicion,
    ];
    vec![
        Variant::new("presumed abort", asks_coordinator, of(Abort, Basic)),
        Variant {
            faults: roles.into_iter().chain(rest).collect(),
            ..Variant::new(
                "presumed abort, by role",
                "Who is in doubt asks the coordinator; it matters who crashes.",
                of(Abort, Basic),
            )
        },
        Variant::new(
            "presumed abort, cooperative",
            asks_everybody,
            of(Abort, Cooperative),
        ),
        Variant::new("presumed nothing", asks_coordinator, of(Nothing, Basic)),
        Variant::new(
            "presumed nothing, cooperative",
            asks_everybody,
            of(Nothing, Cooperative),
        ),
        Variant::new("presumed commit", asks_coordinator, of(Commit, Basic)),
        Variant::new(
            "presumed commit, cooperative",
            asks_everybody,
            of(Commit, Cooperative),
        ),
    ]
}
