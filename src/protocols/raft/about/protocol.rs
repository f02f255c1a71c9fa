//! What Raft says of itself: who takes part, who waits for whom, what a check leaves open, and where
//! a node stands.

use super::rules::RULES;
use crate::model::arms::Told;
use crate::model::cluster::numbered;
use crate::model::operation::{Linearization, Operations};
use crate::model::{
    BadParameter, Bug, Cluster, Id, Input, KeyState, NodeSet, Property, Protocol, Rule, Size, Step,
    Successes, Symmetry, Time, Variant, View,
};
use crate::protocols::clients::{Clients, name};
use crate::protocols::key_value::{ReplicatedStore, Workload, in_order};
use crate::protocols::raft::{
    Ask, Claim, Configuration, History, Membership, Mistake, Msg, Params, Raft, Reads, Role,
    Server, Stable, State, Storage, Timer,
};

impl Protocol for Raft {
    const NAME: &'static str = "raft";
    const ABOUT: &'static str =
        "Raft: a leader, elected by a majority, replicates a log of commands to a state machine.";
    const SOURCES: &'static [&'static str] = &[
        "Ongaro & Ousterhout 2014, In Search of an Understandable Consensus Algorithm (Extended Version)",
        "Ongaro 2014, Consensus: Bridging Theory and Practice",
        "Ongaro 2015, Bug in single-server membership changes",
    ];
    const BUGS: &'static [Bug] = Mistake::BUGS;
    const SIZES: &'static [Size] = &[
        Size::nodes("servers", "S").along(&["members"]),
        Size::nodes("clients", "C"),
        Size::nodes("clients.clients", "C"),
        Size::of("clients.commands"),
        Size::of("proposals"),
    ];
    /// A server is elected, and a client asks: heartbeats go on for ever.
    const TIMEOUTS_AT_FIRST: Option<u32> = Some(2);

    type Params = Params;
    type History = History;

    fn new(params: &Params) -> Result<Self, BadParameter> {
        params.check()?;
        let patience = (params.think, params.retry, params.tries);
        let asks = params.asks()?;
        Ok(Raft {
            params: params.clone(),
            servers: NodeSet::first(params.servers.into()),
            first: Configuration::of(params.first_members()),
            clients: Clients::new(params.servers.into(), &params.clients, asks, patience),
        })
    }

    fn cluster(&self) -> Cluster {
        let servers = numbered("S", "server", self.servers.len());
        let clients = numbered("C", "client", self.params.clients.clients().into());
        Cluster::new(servers.chain(clients))
    }

    /// Who leads was elected, and knows what it has come to know as committed. (A snapshot stands for
    /// what was committed elsewhere.)
    fn claims(&self, step: &Step<'_, Self>) -> impl Iterator<Item = Claim> {
        let elected = step.newly(|state, _| {
            let leader = state?
                .server()
                .filter(|server| server.leading().is_some())?;
            Some(Claim::Elected(leader.stable.current_term))
        });
        elected.chain(newly_committed(step))
    }

    fn record(&self, history: &mut History, id: Id, claim: &Claim) {
        history.record(self, id, claim);
    }

    /// A follower waits for its leader, which sends heartbeats as long as it leads: to all that take
    /// part, and that may cease to be so where the membership changes. All others wait for time to
    /// pass: a candidate may lose, and a leader cannot answer a client on its own.
    fn awaits(&self, _: Id, state: &State, timer: &Timer) -> NodeSet {
        match (state, timer) {
            (State::Server(server), Timer::Election)
                if self.params.membership == Membership::Fixed =>
            {
                server.leader.map_or(NodeSet::EMPTY, NodeSet::only)
            }
            _ => NodeSet::EMPTY,
        }
    }

    /// A check looks at so many terms and no further.
    fn withheld(&self, id: Id, state: &State, input: Input<'_, Self>) -> Option<&'static str> {
        let server = state.server()?;
        let current = server.stable.current_term;
        let term = match input {
            Input::Timeout(Timer::Election)
                if server.leading().is_none() && server.may_campaign(id) =>
            {
                current
            }
            Input::Message {
                msg: Msg::TimeoutNow(term),
                ..
            } if *term >= current => *term,
            _ => return None,
        };
        (term.0 >= self.params.terms).then_some("terms")
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
                Msg::RequestVote(_) | Msg::Vote(_) | Msg::AppendEntries(_) | Msg::Appended(_),
            ) => several,
            Told::Timer(Timer::VoteRetry) => several && p.vote_retry.is_some(),
            Told::Message(Msg::InstallSnapshot(_)) => several && p.snapshot_after.is_some(),
            Told::Timer(Timer::LeaderHeard) => several && p.leaders_are_defended(),
            Told::Message(Msg::Request(..)) => server && p.clients.clients() > 0,
            Told::Timer(Timer::Propose) => server && p.proposals > 0,
            Told::Timer(Timer::CatchUp) => server && p.membership != Membership::Fixed,
            Told::Timer(Timer::CheckQuorum) => server && p.check_quorum,
            Told::Timer(Timer::Lease(_)) => server && p.reads == Reads::Lease,
            Told::Message(Msg::TimeoutNow(_)) | Told::Timer(Timer::Transfer) => {
                server
                    && self
                        .clients
                        .all()
                        .any(|ask| matches!(ask, Ask::Transfer(_)))
            }
        }
    }

    fn status_up(&self, state: &State) -> String {
        match state {
            State::Server(s) => server(s),
            State::Client(c) => c.status(),
        }
    }

    fn status_down(&self, storage: &Storage) -> String {
        let words = |s: &Stable| format!("term {:?}, {:?}", s.current_term, s.log);
        storage.stable().map_or_else(String::new, words)
    }

    /// Figure 2, *State*, as far as it is of one server alone.
    fn key_state(&self, state: &State) -> KeyState {
        let key = KeyState::default();
        let State::Server(s) = state else {
            return key;
        };
        let role = match s.role {
            Role::Follower => "follower",
            Role::PreCandidate { .. } => "pre-candidate",
            Role::Candidate { .. } => "candidate",
            Role::Leader(_) => "leader",
        };
        let Stable {
            current_term,
            voted_for,
            log,
        } = &s.stable;
        let entries = log.iter().map(|(_, entry)| format!("{entry:?}")).collect();
        let vote = voted_for.map_or_else(String::new, |who| format!(", vote {}", name(who)));
        key.with("", role)
            .with("term", format!("{current_term:?}{vote}"))
            .with_log("log", u64::from(log.compacted()) + 1, entries)
            .with("commit", s.commit_index.to_string())
    }

    fn symmetry(&self) -> Option<Symmetry<Self>> {
        super::symmetry::symmetry(self)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        super::properties::properties(self)
    }

    fn successes(&self, after: Option<&dyn View<Self>>) -> Successes<Self> {
        super::properties::successes(self, after)
    }

    fn matrix() -> Vec<Variant<Params>> {
        super::matrix::variants()
    }
}

impl ReplicatedStore for Raft {
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

/// `leader of term 2, [1:no-op 2:put x 1], 1 committed`.
fn server(s: &Server) -> String {
    let term = s.stable.current_term;
    let role = match &s.role {
        Role::Follower => match s.leader {
            Some(leader) => format!("follows {} in term {term:?}", name(leader)),
            None => format!("follower in term {term:?}"),
        },
        Role::PreCandidate { .. } => format!("might campaign after term {term:?}"),
        Role::Candidate { .. } => format!("candidate of term {term:?}"),
        Role::Leader(_) => format!("leader of term {term:?}"),
    };
    format!("{role}, {:?}, {} committed", s.stable.log, s.commit_index)
}

/// What a step has added to what its server knows to be committed, as far as that is still in its log.
fn newly_committed(step: &Step<'_, Raft>) -> impl Iterator<Item = Claim> {
    let servers = step
        .states()
        .and_then(|(before, after)| Some((before.server()?, after.server()?)));
    servers.into_iter().flat_map(|(before, after)| {
        let committed = before.commit_index + 1..=after.commit_index;
        committed.filter_map(|index| {
            Some(Claim::Committed {
                index,
                entry: *after.stable.log.get(index)?,
                during: after.stable.current_term,
            })
        })
    })
}
