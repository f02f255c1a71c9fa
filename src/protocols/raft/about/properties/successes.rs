//! How often a leader is elected and an entry committed, and how likely that is.

use super::progress::{somebody_led, something_committed};
use super::running;
use crate::model::cluster::index;
use crate::model::{Id, Link, NodeSet, Nodes, Predicate, Success, Successes, TimerRange, View};
use crate::protocols::clients::successes::{a_majority_answers, election_and_entry, heard};
use crate::protocols::raft::{Index, Raft, Role, Server};

/// A candidate, or a leader that was just elected, begins: nobody else does while the run lasts. It needs
/// answers of a majority without itself for the one, and then, of perhaps others, for its first entry.
pub fn successes(raft: &Raft, after: Option<&dyn View<Raft>>) -> Successes<Raft> {
    let params = &raft.params;
    let begun = after.and_then(|world| begins(raft, world));
    let (elected, committed) = match begun {
        Some((id, asks)) if is_plain(raft) => {
            let others = raft.servers.without(id);
            let elected = a_majority_answers(id, others);
            if asks {
                (Some(elected.clone()), Some(election_and_entry(id, others)))
            } else {
                (None, Some(elected))
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
    Successes {
        all: vec![
            success(
                "elected",
                "A leader is elected.",
                Predicate::History(somebody_led),
                elected,
            ),
            success(
                "committed",
                "An entry is committed.",
                Predicate::History(something_committed),
                committed,
            ),
        ],
        members: heard(raft.servers),
        patience: TimerRange::soonest(
            [params.election_timeout, params.heartbeat]
                .into_iter()
                .chain(params.vote_retry),
        ),
    }
}

/// Whether there is nothing but an election, and the entry that begins a term.
fn is_plain(raft: &Raft) -> bool {
    let params = &raft.params;
    let all_take_part = raft.first.is_quorum(raft.servers) && params.members.is_none();
    let nothing_is_asked = params.clients.clients() == 0 && params.proposals == 0;
    all_take_part && nothing_is_asked && params.no_op && !params.leaders_are_defended()
}

/// Who is the only one that has begun: a candidate that has asked everybody and heard nobody (`true`), or a
/// leader whose first entry is under way to everybody.
fn begins(raft: &Raft, world: &dyn View<Raft>) -> Option<(Id, bool)> {
    let nodes = Nodes::new(world);
    let role = |(id, server): (Id, &Server)| match &server.role {
        Role::Candidate { votes, .. } if *votes == NodeSet::only(id) => Some((id, true)),
        Role::Leader(leader) => {
            let mut others = raft.servers.without(id).iter();
            let heard = |other| leader.progress[index(other)].matched > Index::default();
            (!others.any(heard)).then_some((id, false))
        }
        _ => None,
    };
    let mut begun = running(raft, &nodes).filter_map(role);
    let (id, asks) = begun.next()?;
    let is_asked = |other| !world.is_silent(Link::new(id, other));
    let all_are = raft.servers.without(id).iter().all(is_asked);
    (all_are && begun.next().is_none()).then_some((id, asks))
}
