//! What Multi-Paxos says of itself: who takes part, who waits for whom, what a check leaves open, and where a
//! node stands.

use super::log::entry;
use super::rules::RULES;
use super::{
    Ballot, Claim, History, Mistake, Msg, MultiPaxos, Params, Proposal, Reads, Role, Server,
    Stable, State, Storage, Timer,
};
use crate::model::arms::Told;
use crate::model::cluster::numbered;
use crate::model::operation::{Linearization, Operations};
use crate::model::{
    BadParameter, Bug, Cluster, Id, Input, KeyState, NodeSet, Property, Protocol, Rule, Size, Step,
    Successes, Time, Variant, View,
};
use crate::protocols::clients::{Ask, Clients, name};
use crate::protocols::key_value::{ReplicatedStore, Workload, in_order};

impl Protocol for MultiPaxos {
    const NAME: &'static str = "multi-paxos";
    const ABOUT: &'static str =
        "Multi-Paxos: a leader has one slot after the other of a log chosen by a majority.";
    const SOURCES: &'static [&'static str] = &[
        "Lamport 2001, Paxos Made Simple",
        "van Renesse & Altinbuken 2015, Paxos Made Moderately Complex",
        "Chandra, Griesemer & Redstone 2007, Paxos Made Live",
        "Lamport, Malkhi & Zhou 2010, Reconfiguring a State Machine",
    ];
    const BUGS: &'static [Bug] = Mistake::BUGS;
    const SIZES: &'static [Size] = &[
        Size::nodes("servers", "S"),
        Size::nodes("clients", "C"),
        Size::nodes("clients.clients", "C"),
        Size::of("clients.commands"),
        Size::of("proposals"),
    ];
    /// A server comes to lead, and a client asks: heartbeats go on for ever.
    const TIMEOUTS_AT_FIRST: Option<u32> = Some(2);

    type Params = Params;
    type History = History;

    fn new(params: &Params) -> Result<Self, BadParameter> {
        params.check()?;
        let patience = (params.think, params.retry, params.tries);
        let asks = params.asks()?;
        let clients = Clients::new(params.servers.into(), &params.clients, asks, patience);
        let is_fixed = !clients.all().any(|ask| matches!(ask, Ask::Members(_)));
        Ok(MultiPaxos {
            params: params.clone(),
            servers: params.servers(),
            members: params.members(),
            clients,
            is_fixed,
        })
    }

    fn cluster(&self) -> Cluster {
        let servers = numbered("S", "server", self.servers.len());
        let clients = numbered("C", "client", self.params.clients.clients().into());
        Cluster::new(servers.chain(clients))
    }

    /// Who leads was promised its ballot; what is written was accepted; and what it has come to execute it has
    /// learned. (A snapshot stands for what was executed elsewhere.)
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Claim> {
        let led = step.newly(|state, _| {
            let leads = state?
                .server()
                .filter(|server| server.leading().is_some())?;
            Some(Claim::Led(leads.stable.promised))
        });
        let accepted = step.newly(|_, storage| match storage {
            Some(Storage::Server(stable)) => {
                let claim = |(slot, proposal)| Claim::Accepted(slot, proposal);
                stable.log.iter().map(claim).collect()
            }
            _ => Vec::new(),
        });
        led.chain(accepted).chain(newly_learned(step))
    }

    fn record(&self, history: &mut History, id: Id, claim: &Claim) {
        history.record(self, id, claim);
    }

    /// A follower waits for its leader, which sends heartbeats to it as long as it leads. All others wait for time to
    /// pass: a server that prepares may be refused, and a leader cannot answer a client on its own.
    fn awaits(&self, id: Id, state: &State, timer: &Timer) -> NodeSet {
        match (state, timer) {
            (State::Server(server), Timer::Election) if server.takes_part(id) => {
                server.leader.map_or(NodeSet::EMPTY, NodeSet::only)
            }
            _ => NodeSet::EMPTY,
        }
    }

    /// A check looks at so many ballots and no further.
    fn withheld(&self, id: Id, state: &State, input: Input<'_, Self>) -> Option<&'static str> {
        let server = state.server()?;
        let prepares = matches!(input, Input::Timeout(Timer::Election));
        let above = server.seen.max(server.stable.promised);
        let may_prepare = server.leading().is_none() && server.takes_part(id);
        let beyond = || self.ballot_above(above, id) > Ballot(self.params.ballots);
        (prepares && may_prepare && !self.binds(server, id) && beyond()).then_some("ballots")
    }

    fn rules() -> &'static [Rule] {
        RULES
    }

    fn linearize(operations: &Operations) -> Option<Linearization> {
        in_order(operations)
    }

    fn hears(&self, role: &str, told: Told<'_, Self>) -> bool {
        let p = &self.params;
        let (client, server) = (role == "client", role == "server");
        let several = server && p.servers > 1;
        match told {
            Told::Message(Msg::Reply(..)) | Told::Timer(Timer::Retry) => client,
            Told::Timer(Timer::Think) => client && self.clients.all().next().is_some(),
            Told::Timer(Timer::Election | Timer::Heartbeat) => server,
            Told::Message(
                Msg::Prepare(..)
                | Msg::Promise(..)
                | Msg::Accept(_)
                | Msg::Accepted(_)
                | Msg::Refused(..),
            ) => several,
            Told::Timer(Timer::PrepareRetry) => several && p.prepare_retry.is_some(),
            Told::Message(Msg::State(..)) => {
                several && (p.snapshot_after.is_some() || !self.is_fixed)
            }
            Told::Message(Msg::Request(..)) => server && p.clients.clients() > 0,
            Told::Timer(Timer::Propose) => server && p.proposals > 0,
            Told::Timer(Timer::Lease(_)) => server && p.reads == Reads::Lease,
            Told::Timer(Timer::Grant) => several && p.reads == Reads::Lease,
        }
    }

    fn status_up(&self, state: &State) -> String {
        match state {
            State::Server(s) if self.is_fixed => server(s),
            State::Server(s) => format!("{}, {}", server(s), s.configurations),
            State::Client(c) => c.status(),
        }
    }

    fn status_down(&self, storage: &Storage) -> String {
        let words = |s: &Stable| format!("promised {:?}, {:?}", s.promised, s.log);
        storage.stable().map_or_else(String::new, words)
    }

    /// What it has promised and accepted, up to where it has executed that, and its part as a proposer.
    fn key_state(&self, state: &State) -> KeyState {
        let key = KeyState::default();
        let State::Server(s) = state else {
            return key;
        };
        let role = match s.role {
            Role::Follower => "follower",
            Role::Preparing { .. } => "preparing",
            Role::Leader(_) => "leader",
        };
        let Stable { promised, log } = &s.stable;
        let accepted: Vec<String> = log.iter().map(|(slot, p)| entry(slot, p)).collect();
        let key = key
            .with("", role)
            .with("promised", format!("{promised:?}"))
            .with("accepted", accepted.join(" "))
            .with("executed", s.executed.to_string());
        if self.is_fixed {
            return key;
        }
        key.with("members", s.configurations.to_string())
    }

    fn properties(&self) -> Vec<Property<Self>> {
        super::properties::properties(self)
    }

    fn successes(&self, after: Option<&dyn View<Self>>) -> Successes<Self> {
        super::successes::successes(self, after)
    }

    fn matrix() -> Vec<Variant<Params>> {
        super::matrix::variants()
    }
}

impl ReplicatedStore for MultiPaxos {
    fn instances(servers: u8, clients: &Workload) -> Vec<(&'static str, Params)> {
        let params = Params {
            servers,
            clients: clients.clone(),
            ..Params::default()
        };
        vec![("", params)]
    }

    fn head_start(&self) -> Time {
        self.params.election_timeout.min
    }
}

/// `leader of ballot 2, [1=2:put x 1], 1 executed`.
fn server(s: &Server) -> String {
    let Stable { promised, log } = &s.stable;
    let role = match &s.role {
        Role::Follower => match s.leader {
            Some(leader) => format!("follows {} in ballot {promised:?}", name(leader)),
            None => format!("promised {promised:?}"),
        },
        Role::Preparing { .. } => format!("prepares ballot {promised:?}"),
        Role::Leader(_) => format!("leader of ballot {promised:?}"),
    };
    format!("{role}, {log:?}, {} executed", s.executed)
}

/// What a step has added to what its server has executed, as far as that is still in its log, and accepted in the
/// ballot of a leader that it hears from, or is.
fn newly_learned(step: &Step<'_, MultiPaxos>) -> impl Iterator<Item = Claim> {
    let servers = step
        .states()
        .and_then(|(before, after)| Some((before.server()?, after.server()?)));
    servers.into_iter().flat_map(|(before, after)| {
        let executed = before.executed + 1..=after.executed;
        let in_ballot = |p: &Proposal| p.ballot == after.stable.promised;
        executed.filter_map(move |slot| {
            let proposal = after.stable.log.get(slot).filter(in_ballot)?;
            Some(Claim::Learned(slot, proposal.value))
        })
    })
}
