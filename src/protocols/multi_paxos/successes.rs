//! How often a server comes to lead and a command is chosen, and how likely that is.

use super::properties::{running, somebody_led, something_chosen};
use super::{MultiPaxos, Role, Server};
use crate::model::{Id, Link, NodeSet, Nodes, Predicate, Success, Successes, TimerRange, View};
use crate::protocols::clients::successes::{a_majority_answers, election_and_entry, heard};

/// A server that prepares, or a leader that has proposed its first command, begins: nobody else does while the run
/// lasts. It needs answers of a majority without itself for the one, and then, of perhaps others, for the other.
pub fn successes(
    paxos: &MultiPaxos,
    after: Option<&dyn View<MultiPaxos>>,
) -> Successes<MultiPaxos> {
    let params = &paxos.params;
    let begun = after.and_then(|world| begins(paxos, world));
    let (led, chosen) = match begun {
        Some((id, prepares)) if params.clients.clients() == 0 && params.proposals > 0 => {
            let others = paxos.members.without(id);
            let answered = Some(a_majority_answers(id, others));
            if prepares {
                (answered, Some(election_and_entry(id, others)))
            } else {
                (None, answered)
            }
        }
        _ => (None, None),
    };
    let success = |name, about, reached, closed_form| Success {
        name,
        about,
        is_wanted: true,
        reached,
        closed_form,
    };
    let (leads, chooses) = (
        Predicate::History(somebody_led),
        Predicate::History(something_chosen),
    );
    Successes {
        all: vec![
            success("led", "A server comes to lead.", leads, led),
            success(
                "learned",
                "A leader knows a command to be chosen.",
                chooses,
                chosen,
            ),
        ],
        members: heard(paxos.members),
        patience: TimerRange::soonest(
            [params.election_timeout, params.heartbeat]
                .into_iter()
                .chain(params.prepare_retry),
        ),
    }
}

/// Who is the only one that has begun: a server that has asked everybody and heard nobody (`true`), or a leader whose
/// first command is under way to everybody.
fn begins(paxos: &MultiPaxos, world: &dyn View<MultiPaxos>) -> Option<(Id, bool)> {
    let nodes = Nodes::new(world);
    let role = |(id, server): (Id, &Server)| match &server.role {
        Role::Preparing { promised, .. } if *promised == NodeSet::only(id) => Some((id, true)),
        Role::Leader(leader) => {
            let mut in_flight = leader.accepted.values();
            let is_first =
                in_flight.next() == Some(&NodeSet::only(id)) && in_flight.next().is_none();
            (is_first && server.executed == 0).then_some((id, false))
        }
        _ => None,
    };
    let mut begun = running(paxos, &nodes).filter_map(role);
    let (id, prepares) = begun.next()?;
    let is_asked = |other| !world.is_silent(Link::new(id, other));
    let all_are = paxos.members.without(id).iter().all(is_asked);
    (all_are && begun.next().is_none()).then_some((id, prepares))
}
