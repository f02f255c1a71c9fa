//! The single-decree protocol of Lamport, "Paxos Made Simple" (2001), section 2.2, as actors without
//! timers: each proposer has one ballot of its own, and begins it at the start.
//!
//! ```text
//!     proposer   Prepare(n)          Accept(n, v)
//!               ───────────▶ every  ─────────────▶ every
//!               ◀─────────── accep- ◀───────────── accep-
//!                Promise(n, ·) tor   Accepted(n)    tor
//! ```
//!
//! Nothing fails and nothing is sent again: this is for comparing engines, which have the same worlds
//! of it. They are written for Stateright's trait, and adapted to ours. (The protocol that is shipped is `protocols::paxos`.)

use std::borrow::Cow;

use jury::model::cluster::index;
use jury::model::{
    Answer, BadParameter, Cluster, Expectation, Id, NodeSet, Predicate, Property, Protocol, Reason,
    View,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stateright::actor::{self, Actor, ActorModel, ActorModelState, Network, Out};

/// Higher is later. A proposer's is its place, from 1 on.
pub type Ballot = u8;

/// Proposers propose their place.
pub type Value = u8;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// Phase 1 (a).
    Prepare(Ballot),
    /// Phase 1 (b), with the proposal of the highest ballot accepted, if any.
    Promise(Ballot, Option<(Ballot, Value)>),
    /// Phase 2 (a).
    Accept(Ballot, Value),
    /// Phase 2 (b).
    Accepted(Ballot),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    Preparing {
        promised: NodeSet,
        highest: Option<(Ballot, Value)>,
    },
    Proposing {
        value: Value,
        accepted: NodeSet,
    },
    Chosen(Value),
    Acceptor {
        promised: Ballot,
        accepted: Option<(Ballot, Value)>,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub proposers: u8,
    pub acceptors: u8,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            proposers: 2,
            acceptors: 3,
        }
    }
}

/// Proposers come first, then acceptors.
#[derive(Clone, Debug)]
pub struct Synod {
    pub proposers: NodeSet,
    pub acceptors: NodeSet,
}

impl Synod {
    fn is_majority(&self, some: NodeSet) -> bool {
        some.len() * 2 > self.acceptors.len()
    }

    fn to_acceptors(&self, msg: &Msg, o: &mut Out<Self>) {
        for acceptor in self.acceptors.iter() {
            o.send(index(acceptor).into(), msg.clone());
        }
    }
}

fn ballot(id: Id) -> Ballot {
    Ballot::try_from(index(id) + 1).expect("few proposers")
}

/// What a node that Stateright knows is called here.
fn here(id: actor::Id) -> Id {
    usize::from(id).into()
}

impl Actor for Synod {
    type Msg = Msg;
    type Timer = ();
    type State = State;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: actor::Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        if self.acceptors.contains(here(id)) {
            return State::Acceptor {
                promised: 0,
                accepted: None,
            };
        }
        self.to_acceptors(&Msg::Prepare(ballot(here(id))), o);
        State::Preparing {
            promised: NodeSet::EMPTY,
            highest: None,
        }
    }

    fn on_msg(
        &self,
        id: actor::Id,
        state: &mut Cow<'_, State>,
        src: actor::Id,
        msg: Msg,
        o: &mut Out<Self>,
    ) {
        // Taken whole even where nothing changes, so that a delivery is a step for Stateright's
        // actor model too: that leaves out what borrows the state and sends nothing.
        let state = state.to_mut();
        match (&mut *state, msg) {
            (State::Acceptor { promised, accepted }, Msg::Prepare(n)) if n > *promised => {
                *promised = n;
                o.send(src, Msg::Promise(n, *accepted));
            }
            (State::Acceptor { promised, accepted }, Msg::Accept(n, v)) if n >= *promised => {
                *promised = n;
                *accepted = Some((n, v));
                o.send(src, Msg::Accepted(n));
            }
            (State::Preparing { promised, highest }, Msg::Promise(_, last)) => {
                promised.insert(here(src));
                *highest = last.max(*highest);
                if self.is_majority(*promised) {
                    let value = highest.map_or(ballot(here(id)), |(_, value)| value);
                    self.to_acceptors(&Msg::Accept(ballot(here(id)), value), o);
                    *state = State::Proposing {
                        value,
                        accepted: NodeSet::EMPTY,
                    };
                }
            }
            (State::Proposing { value, accepted }, Msg::Accepted(_)) => {
                accepted.insert(here(src));
                if self.is_majority(*accepted) {
                    *state = State::Chosen(*value);
                }
            }
            _ => {}
        }
    }
}

jury::stateright_actor!(Synod);

impl Protocol for Synod {
    const NAME: &'static str = "synod";
    const ABOUT: &'static str = "One ballot for each proposer.";
    const SOURCES: &'static [&'static str] = &["Lamport 2001, section 2.2"];

    type Params = Params;
    type History = ();

    fn new(params: &Params) -> Result<Self, BadParameter> {
        let (proposers, nodes) = (params.proposers, params.proposers + params.acceptors);
        if params.acceptors == 0 {
            return Err(BadParameter::new("acceptors", "there must be one"));
        }
        let proposers = NodeSet::first(usize::from(proposers));
        Ok(Synod {
            proposers,
            acceptors: NodeSet::first(usize::from(nodes)).minus(proposers),
        })
    }

    fn cluster(&self) -> Cluster {
        let proposer = |id| (format!("P{}", ballot(id)), "proposer");
        let acceptor = |id| {
            (
                format!("A{}", index(id) + 1 - self.proposers.len()),
                "acceptor",
            )
        };
        let proposers = self.proposers.iter().map(proposer);
        Cluster::new(proposers.chain(self.acceptors.iter().map(acceptor)))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property {
            name: "agreement",
            about: "No two proposers learn that different values were chosen.",
            citation: "Lamport 2001, section 2.1",
            premise: vec![],
            assumes: vec![],
            expectation: Expectation::Always(Predicate::World(agreement)),
        }]
    }
}

fn agreement(synod: &Synod, world: &dyn View<Synod>) -> Answer {
    let chosen = |id: Id| match world.node(id).state() {
        Some(State::Chosen(value)) => Some(*value),
        _ => None,
    };
    let mut chosen = synod.proposers.iter().filter_map(chosen);
    let first = chosen.next();
    if chosen.all(|value| Some(value) == first) {
        return Ok(());
    }
    Err(Reason::new(synod.proposers, "two values were chosen"))
}

/// Stateright's own actor model of the same actors, with each message delivered once and in any order:
/// there it has our worlds and our events.
pub fn actor_model(synod: &Synod) -> ActorModel<Synod> {
    fn agreement(_: &ActorModel<Synod>, world: &ActorModelState<Synod>) -> bool {
        let mut chosen = world.actor_states.iter().filter_map(|state| match **state {
            State::Chosen(value) => Some(value),
            _ => None,
        });
        let first = chosen.next();
        chosen.all(|value| Some(value) == first)
    }
    let nodes = synod.proposers.len() + synod.acceptors.len();
    ActorModel::new((), ())
        .actors((0..nodes).map(|_| synod.clone()))
        .init_network(Network::new_unordered_nonduplicating([]))
        .property(stateright::Expectation::Always, "agreement", agreement)
}
