//! The instances of two-phase commit on which its assumptions are weighed.

use super::{Params, PlannedVote, Presumption, Termination};
use crate::model::{Fault, Variant};

/// Enough for every cell of these instances.
const STATES_MAX: u64 = 3_000_000;

const CRASH: Fault = Fault::Crash { role: None };

/// Presumed abort under everything, once with crashes told apart by role, and once with one
/// participant more; then each other presumption and way to end uncertainty, and the query.
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
        Variant {
            states_max: STATES_MAX,
            ..Variant::new("presumed abort", basic, of(2, Abort, Basic))
        },
        Variant {
            faults: roles.into_iter().chain(rest).collect(),
            ..lean(
                "presumed abort, by role",
                "Who is in doubt asks the coordinator. It matters who crashes.",
                of(2, Abort, Basic),
            )
        },
        Variant {
            faults: vec![CRASH, Fault::Recovery, Fault::Loss, Fault::FalseSuspicion],
            ..lean(
                "presumed abort, three participants",
                "Who is in doubt asks the coordinator. There are no cuts: they would be too many.",
                of(3, Abort, Basic),
            )
        },
        lean(
            "presumed abort, cooperative",
            cooperative,
            of(2, Abort, Cooperative),
        ),
        lean(
            "presumed abort, with a query",
            "Everybody is asked beforehand whether it could take part: it bears what it bears without.",
            Params {
                query: true,
                ..of(2, Abort, Basic)
            },
        ),
        lean("presumed nothing", basic, of(2, Nothing, Basic)),
        lean(
            "presumed nothing, cooperative",
            cooperative,
            of(2, Nothing, Cooperative),
        ),
        lean("presumed commit", basic, of(2, Commit, Basic)),
        lean(
            "presumed commit, cooperative",
            cooperative,
            of(2, Commit, Cooperative),
        ),
    ]
}

/// So many participants, each free to vote as it likes.
fn of(participants: u8, presumption: Presumption, termination: Termination) -> Params {
    Params {
        participants,
        votes: vec![PlannedVote::Open; usize::from(participants)],
        presumption,
        termination,
        ..Params::default()
    }
}

fn lean(name: &'static str, about: &'static str, params: Params) -> Variant<Params> {
    Variant {
        states_max: STATES_MAX,
        ..Variant::new(name, about, params).lean()
    }
}
