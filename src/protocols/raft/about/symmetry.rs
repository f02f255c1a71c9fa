//! Servers are alike where nobody asks them for anything: their names make no difference.
//!
//! Who voted, whose vote it was, who leads and who has answered are nodes in states, records and the history; no message
//! names anybody. Clients ask servers in their order, and commands that a leader makes up have its name.

use std::sync::Arc;

use crate::model::{Protocol, Renaming, Symmetry};
use crate::protocols::raft::{History, Leader, Raft, Role, Server, Stable, State, Storage};

pub fn symmetry(raft: &Raft) -> Option<Symmetry<Raft>> {
    let is_asked = raft.cluster().all() != raft.servers || raft.params.proposals > 0;
    let members = raft.params.first_members();
    let alike = vec![members, raft.servers.minus(members)];
    (!is_asked).then(|| Symmetry {
        storage: Arc::new(storage),
        ..Symmetry::of_states(alike, state, History::renamed)
    })
}

fn state(state: &State, by: &Renaming) -> State {
    match state {
        State::Server(server) => State::Server(Server {
            stable: stable(&server.stable, by),
            leader: server.leader.map(|id| by.id(id)),
            role: role(&server.role, by),
            ..server.clone()
        }),
        State::Client(_) => state.clone(),
    }
}

fn storage(storage: &Storage, by: &Renaming) -> Storage {
    match storage {
        Storage::Server(server) => Storage::Server(stable(server, by)),
        Storage::Client(_) => storage.clone(),
    }
}

fn stable(stable: &Stable, by: &Renaming) -> Stable {
    Stable {
        voted_for: stable.voted_for.map(|id| by.id(id)),
        ..stable.clone()
    }
}

fn role(role: &Role, by: &Renaming) -> Role {
    match role {
        Role::Follower => Role::Follower,
        Role::PreCandidate { promised } => Role::PreCandidate {
            promised: by.set(*promised),
        },
        Role::Candidate { votes, answered } => Role::Candidate {
            votes: by.set(*votes),
            answered: by.set(*answered),
        },
        Role::Leader(leader) => Role::Leader(Arc::new(Leader {
            progress: by.list(&leader.progress),
            heard: by.set(leader.heard),
            ..Leader::clone(leader)
        })),
    }
}
