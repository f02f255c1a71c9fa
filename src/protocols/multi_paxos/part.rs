//! Multi-Paxos as a part of another algorithm: a log of decisions, which its leader proposes, and no clients.

use std::sync::Arc;

use super::{Claim, Command, Leader, Log, MultiPaxos, Role, Stable, State, Storage, Timer};
use crate::model::{Id, Out};
use crate::protocols::atomic_commitment::Decision;
use crate::protocols::consensus::Ballot;

/// The one that the servers are set up with.
const FIRST: Ballot = Ballot(1);

impl MultiPaxos {
    /// A first start, where all have promised the first ballot to the first server when they were set up: nobody
    /// can have accepted anything before.
    pub fn set_up(&self, id: Id, o: &mut Out<Self>) -> State {
        let first = Id::from(0);
        let mut server = self.server_starts(self.promised_at_first(), false, o);
        server.leader = Some(first);
        if id == first {
            o.cancel_timer(Timer::Election);
            o.set_timer(Timer::Heartbeat, self.params.heartbeat);
            o.observe(Claim::Led(FIRST));
            server.role = Role::Leader(Arc::new(Leader {
                answered: vec![0; self.servers.len()],
                ..Leader::default()
            }));
        }
        State::Server(server)
    }

    /// Recovery, with the same promise where nothing else was ever written.
    pub fn comes_back(&self, record: Option<&Storage>, o: &mut Out<Self>) -> State {
        let stable = record.and_then(Storage::stable).cloned();
        let stable = stable.unwrap_or_else(|| self.promised_at_first());
        State::Server(self.server_starts(stable, true, o))
    }

    fn promised_at_first(&self) -> Stable {
        Stable {
            promised: FIRST,
            log: Log::new(self.members),
        }
    }

    /// Has the leader propose a decision in the next slot.
    pub fn propose(&self, id: Id, state: &mut State, decision: Decision, o: &mut Out<Self>) {
        if let State::Server(server) = state
            && server.leading().is_some()
        {
            self.turn(id, server, o, |turn| {
                turn.propose_made_up(Command::Decision(decision));
            });
        }
    }
}

impl State {
    pub fn leads(&self) -> bool {
        self.server()
            .is_some_and(|server| server.leading().is_some())
    }

    /// The decisions that a server has executed, in their order.
    pub fn decisions(&self) -> impl Iterator<Item = Decision> {
        let server = self.server();
        let executed = server.map_or(0, |server| server.executed);
        let log = server
            .into_iter()
            .flat_map(|server| server.stable.log.iter());
        let executed = log.take_while(move |(slot, _)| *slot <= executed);
        executed.filter_map(|(_, proposal)| match proposal.value {
            Command::Decision(decision) => Some(decision),
            _ => None,
        })
    }
}
